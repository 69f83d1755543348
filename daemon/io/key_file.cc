// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <utility>

#include "daemon/io/clock.h"
#include "daemon/io/owned_fd.h"
#include "daemon/io/privileges.h"
#include "net/text.h"

namespace sixgate::daemon {

namespace {

// Whether root goes on as the owner.
bool becomes(const std::string& user, uid_t owner) {
  if (::geteuid() != 0 || user.empty()) return false;
  const Expected<Account> account = find_account(user);
  return account && account->uid == owner;
}

Unexpected<FileError> refuse(std::string why, int code = 0) {
  return Unexpected(FileError{code, std::move(why)});
}

}  // namespace

Expected<Secret, FileError> read_key_file(const std::string& path, conf::KnockAlgorithm algorithm,
                                          const std::string& user) {
  // Not blocking: a FIFO of that name shall not hold us up.
  const OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd && errno == EACCES)
    return refuse(cat("may not open ", path, ": chown it to the user that sixgated runs as"),
                  EACCES);
  if (!fd) return refuse(cat("cannot open ", path, ": ", error_text(errno)));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0)
    return refuse(cat("cannot look at ", path, ": ", error_text(errno)));
  if (!S_ISREG(status.st_mode)) return refuse(cat(path, " is no plain file"));
  if (status.st_uid != 0 && status.st_uid != ::geteuid() && !becomes(user, status.st_uid))
    return refuse(cat(path, " belongs to another user: chown it to the one that sixgated runs as"));
  if ((status.st_mode & 077) != 0)
    return refuse(cat("others than its owner may use ", path, ": chmod 600 ", path));
  std::array<char, 512> text{};
  const ssize_t size = ::read(fd.get(), text.data(), text.size());
  if (size < 0) return refuse(cat("cannot read ", path, ": ", error_text(errno)));
  Expected<Secret> key = conf::parse_knock_key(
      std::string_view(text.data(), static_cast<std::size_t>(size)), algorithm);
  ::explicit_bzero(text.data(), text.size());
  if (!key) return refuse(cat(path, ": ", key.error().message));
  return std::move(*key);
}

}  // namespace sixgate::daemon
