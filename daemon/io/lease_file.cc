// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/lease_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <utility>

#include "daemon/io/clock.h"
#include "daemon/io/file.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

// 65,000 leases have a few megabytes.
constexpr std::size_t kLargestJournal = 64 << 20;

std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

LeaseFile::LeaseFile(EventLoop& loop, std::string path, conf::Durability durability,
                     std::function<void()> rewrite, LogSink log)
    : path_(std::move(path)),
      durability_(durability),
      rewrite_(std::move(rewrite)),
      log_(std::move(log)),
      sync_(loop),
      retry_(loop, [this] { rewrite_(); }) {}

std::vector<std::uint8_t> LeaseFile::load() {
  const auto text = read_file(path_, kLargestJournal);
  if (text) return {text->begin(), text->end()};
  if (text.error().code != ENOENT) set_aside(cat("cannot be read (", text.error().message, ")"));
  return {};
}

void LeaseFile::set_aside(std::string_view why) {
  (void)::rename(path_.c_str(), (path_ + ".unreadable").c_str());
  log_({LogLevel::kWarning,
        cat(path_, " ", why, "; it is kept as ", path_, ".unreadable, starting without it")});
}

void LeaseFile::failed(std::string text) {
  fd_ = OwnedFd();
  next_ = OwnedFd();
  if (!in_trouble_) {
    log_({LogLevel::kWarning, cat("DHCPv6 leases cannot be stored (", text,
                                  "): serving goes on, a restart would forget; trying again")});
  }
  in_trouble_ = true;
  retry_.at(clock_now() + kRetry);
}

void LeaseFile::replace(std::span<const std::uint8_t> journal) {
  if (fd_ && !sync_.busy()) {
    begin_anew(journal);
  } else {
    replace_now(journal);
  }
}

void LeaseFile::replace_now(std::span<const std::uint8_t> journal) {
  fd_ = OwnedFd();
  next_ = OwnedFd();
  if (const auto written = replace_file(path_, text_of(journal)); !written)
    return failed(written.error().message);
  OwnedFd fd(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return failed(cat("cannot open ", path_, ": ", error_text(errno)));
  fd_ = std::move(fd);
  size_ = rewritten_size_ = journal.size();
  if (in_trouble_) log_({LogLevel::kInfo, "DHCPv6 leases can be stored again"});
  in_trouble_ = complained_ = false;
  retry_.cancel();
}

// The same steps as replace_file(), each begun when the one before is on the medium.
void LeaseFile::begin_anew(std::span<const std::uint8_t> journal) {
  constexpr int kAnew = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW;
  next_ = OwnedFd(::open(temporary_beside(path_).c_str(), kAnew, 0600));
  renamed_ = false;
  if (!next_) return give_up_anew(errno);
  if (const int code = write_all(next_.get(), text_of(journal)); code != 0)
    return give_up_anew(code);
  next_size_ = journal.size();
  rewritten_size_ = journal.size();
  OwnedFd same(::fcntl(next_.get(), F_DUPFD_CLOEXEC, 0));
  if (!same) return give_up_anew(errno);
  sync_.sync(std::move(same), [this](int code) { written_anew(code); });
}

void LeaseFile::written_anew(int code) {
  if (!next_ || renamed_) return;  // given up meanwhile
  // What was appended since is small.
  if (code == 0 && durability_ == conf::Durability::kPower && ::fdatasync(next_.get()) != 0)
    code = errno;
  if (code == 0 && ::rename(temporary_beside(path_).c_str(), path_.c_str()) != 0) code = errno;
  if (code != 0) return give_up_anew(code);
  renamed_ = true;
  OwnedFd directory = open_directory_of(path_);
  if (!directory) return in_its_place(errno);
  sync_.sync(std::move(directory), [this](int result) { in_its_place(result); });
}

void LeaseFile::in_its_place(int code) {
  if (!next_ || !renamed_) return;
  if (code != 0) return failed(cat("cannot sync the directory of ", path_, ": ", error_text(code)));
  fd_ = std::move(next_);
  size_ = next_size_;
  complained_ = false;
}

// The old file is still whole, and goes on growing.
void LeaseFile::give_up_anew(int code) {
  next_ = OwnedFd();
  (void)::unlink(temporary_beside(path_).c_str());
  if (!complained_) {
    log_({LogLevel::kWarning, cat("cannot write ", path_, " anew: ", error_text(code),
                                  "; it goes on growing, trying again")});
  }
  complained_ = true;
  retry_.at(clock_now() + kRetry);
}

void LeaseFile::append(std::span<const std::uint8_t> records) {
  if (records.empty() || !fd_) return;
  if (const int code = write_all(fd_.get(), text_of(records)); code != 0)
    return failed(cat("cannot write ", path_, ": ", error_text(code)));
  size_ += records.size();
  if (next_) {
    if (const int code = write_all(next_.get(), text_of(records)); code != 0) {
      if (renamed_) return failed(cat("cannot write ", path_, ": ", error_text(code)));
      give_up_anew(code);
    }
    next_size_ += records.size();
  }
  if (durability_ == conf::Durability::kPower) {
    // Until the directory is on the medium nobody knows which of the two a power cut leaves.
    const bool both = next_ && renamed_;
    if (::fdatasync(fd_.get()) != 0 || (both && ::fdatasync(next_.get()) != 0))
      return failed(cat("cannot sync ", path_, ": ", error_text(errno)));
  }
  // Not now: what waits for this record to be written is to go out first.
  if (!next_ && !complained_ && size_ > 2 * rewritten_size_ + kWorthRewriting)
    retry_.at(clock_now());
}

}  // namespace sixgate::daemon
