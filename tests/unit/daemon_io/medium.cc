// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/daemon_io/medium.h"

#include <linux/aio_abi.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace sixgate::daemon {
namespace {

Medium* g_standing = nullptr;

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

Medium::Medium(std::string directory, std::function<void()> on_step)
    : directory_(std::move(directory)), on_step_(std::move(on_step)), names_(names()) {
  for (const auto& [name, file] : names_) contents_[file] = content(file);
  g_standing = this;
}

Medium::~Medium() { g_standing = nullptr; }

Medium* Medium::standing() { return g_standing; }

std::map<std::string, ino_t> Medium::names() const {
  std::map<std::string, ino_t> found;
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    struct stat about {};
    if (::stat(entry.path().c_str(), &about) == 0) found[entry.path()] = about.st_ino;
  }
  return found;
}

std::string Medium::content(ino_t file) const {
  for (const auto& [name, number] : names()) {
    if (number == file) return read_all(name);
  }
  return {};
}

std::set<std::optional<std::string>> Medium::after_power_cut(const std::string& path) const {
  std::set<std::optional<std::string>> may;
  for (const auto& known : {names_, names()}) {
    const auto named = known.find(path);
    if (named == known.end()) {
      may.insert(std::nullopt);
      continue;
    }
    const auto found = contents_.find(named->second);
    const std::string sure = found == contents_.end() ? std::string() : found->second;
    const std::string now = content(named->second);
    may.insert(sure);
    for (std::size_t size = sure.size(); size <= now.size(); ++size)
      may.insert(now.substr(0, size));
  }
  return may;
}

void Medium::step() {
  if (in_step_) return;
  in_step_ = true;
  // A number is given again: what begins otherwise is another file.
  std::erase_if(contents_, [this](const auto& one) {
    const std::string now = content(one.first);
    return !now.empty() && !now.starts_with(one.second);
  });
  on_step_();
  in_step_ = false;
}

void Medium::wrote() {
  ++writes_;
  step();
}

std::optional<Medium::Asked> Medium::ask(int fd) {
  struct stat about {};
  if (::fstat(fd, &about) != 0) return std::nullopt;
  Asked asked{.file = about.st_ino, .number = ++asked_};
  if (S_ISDIR(about.st_mode)) {
    struct stat ours {};
    if (::stat(directory_.c_str(), &ours) != 0 || ours.st_ino != about.st_ino) return std::nullopt;
    asked.directory = true;
    asked.names = names();
    return asked;
  }
  asked.content = read_all("/proc/self/fd/" + std::to_string(fd));
  return asked;
}

void Medium::synced(const Asked& asked) {
  ++syncs_;
  // What was asked for in the background may end after what was asked for later.
  if (int& newest = newest_[asked.file]; newest < asked.number) {
    newest = asked.number;
    if (asked.directory)
      names_ = asked.names;
    else
      contents_[asked.file] = asked.content;
  }
  step();
}

void Medium::renamed() { step(); }

}  // namespace sixgate::daemon

using sixgate::daemon::Medium;

// The names are the linker's.
// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl50-cpp,readability-identifier-naming)
extern "C" {

ssize_t __real_write(int fd, const void* data, size_t size);
int __real_fsync(int fd);
int __real_fdatasync(int fd);
int __real_rename(const char* from, const char* to);
long __real_syscall(long number, ...);

ssize_t __wrap_write(int fd, const void* data, size_t size) {
  const ssize_t result = __real_write(fd, data, size);
  struct stat about {};
  Medium* const medium = Medium::standing();
  if (medium != nullptr && ::fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) medium->wrote();
  return result;
}

static int watched(int fd, int (*sync)(int)) {
  Medium* const medium = Medium::standing();
  const auto asked = medium != nullptr ? medium->ask(fd) : std::nullopt;
  const int result = sync(fd);
  if (asked && result == 0) medium->synced(*asked);
  return result;
}

int __wrap_fsync(int fd) { return watched(fd, __real_fsync); }
int __wrap_fdatasync(int fd) { return watched(fd, __real_fdatasync); }

int __wrap_rename(const char* from, const char* to) {
  const int result = __real_rename(from, to);
  if (Medium::standing() != nullptr && result == 0) Medium::standing()->renamed();
  return result;
}

long __wrap_syscall(long number, ...) {
  static std::optional<Medium::Asked> under_way;  // there is one at a time
  va_list list;
  va_start(list, number);
  long given[5];
  for (long& one : given) one = va_arg(list, long);
  va_end(list);
  Medium* const medium = Medium::standing();
  if (medium != nullptr && number == SYS_io_submit) {
    const auto* const request = *reinterpret_cast<iocb* const*>(given[2]);
    under_way = medium->ask(static_cast<int>(request->aio_fildes));
  }
  const long result = __real_syscall(number, given[0], given[1], given[2], given[3], given[4]);
  if (medium != nullptr && number == SYS_io_getevents && result == 1 && under_way) {
    const auto* const event = reinterpret_cast<const io_event*>(given[3]);
    if (event->res == 0) medium->synced(*std::exchange(under_way, std::nullopt));
  }
  return result;
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier,cert-dcl50-cpp,readability-identifier-naming)
