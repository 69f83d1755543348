// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/state_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "daemon/io/clock.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

constexpr std::size_t kLargestState = 4 << 20;

Unexpected<FileError> directory_error(std::string message, int code) {
  return Unexpected<FileError>(FileError{code, std::move(message)});
}

}  // namespace

Expected<Done, FileError> make_directories(const std::string& path, mode_t mode) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), mode) != 0 && errno != EEXIST) {
      const int code = errno;
      struct stat status {};
      if (::stat(part.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
        return directory_error(cat("cannot create ", part, ": ", error_text(code)), code);
      }
    }
    if (end == std::string::npos) return Done{};
  }
}

Expected<Done, FileError> StateDirectory::prepare() {
  // Only the last part is ours alone: others pass through those above it to the control socket.
  if (const std::size_t slash = path_.rfind('/'); slash != std::string::npos && slash > 0) {
    if (auto made = make_directories(path_.substr(0, slash), 0755); !made) return made;
  }
  if (auto made = make_directories(path_, 0700); !made) return made;
  const std::string name = path_ + "/lock";
  OwnedFd lock(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  // On a medium that is read-only an earlier run's serves as well.
  if (!lock && errno == EROFS)
    lock = OwnedFd(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!lock) {
    const int code = errno;
    return directory_error(cat("cannot open ", name, ": ", error_text(code)), code);
  }
  // One that was killed a moment ago holds it until the kernel has taken it apart.
  int locked = ::flock(lock.get(), LOCK_EX | LOCK_NB);
  for (unsigned patience = 50; locked != 0 && errno == EWOULDBLOCK && patience > 0; --patience) {
    (void)::poll(nullptr, 0, 20);
    locked = ::flock(lock.get(), LOCK_EX | LOCK_NB);
  }
  if (locked != 0) {
    const int code = errno;
    if (code != EWOULDBLOCK) {
      return directory_error(cat("cannot lock ", name, ": ", error_text(code)), code);
    }
    char holder[16] = {};
    const ssize_t got = ::pread(lock.get(), holder, sizeof holder - 1, 0);
    const auto pid = parse_decimal(
        std::string_view(holder, got > 0 ? static_cast<std::size_t>(got) : std::size_t{0}));
    return directory_error(
        cat("another sixgated", pid ? cat(" (process ", *pid, ")") : std::string(),
            " uses the state directory ", path_),
        code);
  }
  const std::string pid = std::to_string(::getpid());
  // Only the message above misses it when it cannot be written.
  if (::ftruncate(lock.get(), 0) == 0) (void)!::pwrite(lock.get(), pid.data(), pid.size(), 0);
  lock_ = std::move(lock);
  return Done{};
}

Expected<Done, FileError> StateDirectory::give_to(uid_t user, gid_t group) {
  for (const std::string& name : {path_, file(), path_ + "/lock", path_ + "/leases"}) {
    if (::lchown(name.c_str(), user, group) != 0 && errno != ENOENT) {
      const int code = errno;
      return directory_error(cat("cannot change the owner of ", name, ": ", error_text(code)),
                             code);
    }
  }
  return Done{};
}

Expected<std::optional<std::string>, FileError> StateDirectory::load() const {
  auto text = read_file(file(), kLargestState);
  if (text) return std::optional<std::string>(std::move(*text));
  if (text.error().code == ENOENT) return std::optional<std::string>();
  return Unexpected<FileError>(text.error());
}

Expected<Done, FileError> StateDirectory::store(std::string_view text) const {
  return replace_file(file(), text);
}

void StateDirectory::set_aside() const {
  (void)::rename(file().c_str(), (path_ + "/state.unreadable").c_str());
}

}  // namespace sixgate::daemon
