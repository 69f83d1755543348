// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string_view>

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

}  // namespace

Expected<Secret> read_key_file(const std::string& path, conf::KnockAlgorithm algorithm,
                               const std::string& user) {
  // Not blocking: a FIFO of that name shall not hold us up.
  const OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd && errno == EACCES)
    return fail(cat("may not open ", path, ": chown it to the user that sixgated runs as"));
  if (!fd) return fail(cat("cannot open ", path, ": ", error_text(errno)));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0)
    return fail(cat("cannot look at ", path, ": ", error_text(errno)));
  if (!S_ISREG(status.st_mode)) return fail(cat(path, " is no plain file"));
  if (status.st_uid != 0 && status.st_uid != ::geteuid() && !becomes(user, status.st_uid))
    return fail(cat(path, " belongs to another user: chown it to the one that sixgated runs as"));
  if ((status.st_mode & 077) != 0)
    return fail(cat("others than its owner may use ", path, ": chmod 600 ", path));
  std::array<char, 512> text{};
  const ssize_t size = ::read(fd.get(), text.data(), text.size());
  if (size < 0) return fail(cat("cannot read ", path, ": ", error_text(errno)));
  Expected<Secret> key = conf::parse_knock_key(
      std::string_view(text.data(), static_cast<std::size_t>(size)), algorithm);
  ::explicit_bzero(text.data(), text.size());
  if (!key) return fail(cat(path, ": ", key.error().message));
  return key;
}

}  // namespace sixgate::daemon
