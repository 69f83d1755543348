// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "daemon/io/clock.h"
#include "daemon/io/owned_fd.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

Unexpected<FileError> file_error(std::string_view doing, const std::string& path, int code) {
  return Unexpected<FileError>(
      FileError{code, cat("cannot ", doing, ' ', path, ": ", error_text(code))});
}

}  // namespace

std::string temporary_beside(const std::string& path) { return path + ".new"; }

int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return 0;
}

OwnedFd open_directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  return OwnedFd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

Expected<std::string, FileError> read_file(const std::string& path, std::size_t limit) {
  const OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return file_error("open", path, errno);
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error("read", path, errno);
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > limit) return file_error("read", path, EFBIG);
  }
}

Expected<Done, FileError> replace_file(const std::string& path, std::string_view text,
                                       unsigned mode) {
  const std::string temporary = temporary_beside(path);
  OwnedFd fd(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd) return file_error("create", temporary, errno);
  int failed = write_all(fd.get(), text);
  if (failed == 0 && ::fsync(fd.get()) != 0) failed = errno;
  if (failed == 0 && ::close(fd.release()) != 0) failed = errno;
  if (failed == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) failed = errno;
  if (failed != 0) {
    ::unlink(temporary.c_str());  // a half-written file must not hold the space of a full disk
    return file_error("write", path, failed);
  }
  // The rename itself reaches the medium with the directory.
  const OwnedFd directory = open_directory_of(path);
  if (!directory || ::fsync(directory.get()) != 0)
    return file_error("sync the directory of", path, errno);
  return Done{};
}

Expected<Done, FileError> write_existing(const std::string& path, std::string_view text) {
  const OwnedFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return file_error("open", path, errno);
  if (const int failed = write_all(fd.get(), text); failed != 0) {
    return file_error("write", path, failed);
  }
  return Done{};
}

}  // namespace sixgate::daemon
