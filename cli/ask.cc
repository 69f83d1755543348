// SPDX-License-Identifier: Apache-2.0
#include "cli/ask.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "daemon/io/clock.h"
#include "daemon/io/control_socket.h"
#include "daemon/io/owned_fd.h"
#include "net/text.h"

namespace sixgate::cli {
namespace {

constexpr std::size_t kLargestAnswer = 16 << 20;
constexpr timeval kPatience{10, 0};

Unexpected<AskError> ask_error(ExitCode code, std::string message) {
  return Unexpected<AskError>(AskError{code, std::move(message)});
}

Unexpected<AskError> trouble(const std::string& socket, int code) {
  const bool slow = code == EAGAIN;
  return ask_error(
      kFailure,
      cat(socket, ": ", slow ? std::string("sixgated does not answer") : daemon::error_text(code)));
}

// Connected, with the command said.
Expected<daemon::OwnedFd, AskError> say(const std::string& socket, std::string_view command) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.empty() || socket.size() >= sizeof address.sun_path) {
    return ask_error(kUsage, cat("not the path of a socket: ", printable(socket)));
  }
  ::memcpy(address.sun_path, socket.data(), socket.size());
  daemon::OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return trouble(socket, errno);
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int code = errno;
    if (code == EACCES || code == EPERM) {
      return ask_error(kNoPermission, cat("not allowed to ask sixgated at ", socket,
                                          ": try as root, or as a member of its group"));
    }
    if (code == ENOENT || code == ECONNREFUSED) {
      return ask_error(kNotRunning,
                       cat("sixgated is not running (nobody answers at ", socket, ")"));
    }
    return trouble(socket, code);
  }
  const std::string request = cat(daemon::kControlGreeting, command, '\n');
  if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    return trouble(socket, errno);
  }
  return fd;
}

}  // namespace

Expected<std::string, AskError> ask(const std::string& socket, std::string_view command) {
  const auto fd = say(socket, command);
  if (!fd) return Unexpected<AskError>(fd.error());
  std::string answer;
  for (;;) {
    char buffer[16384];
    const ssize_t got = ::recv(fd->get(), buffer, sizeof buffer, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return trouble(socket, errno);
    if (got == 0) break;
    answer.append(buffer, static_cast<std::size_t>(got));
    if (answer.size() > kLargestAnswer) return trouble(socket, EMSGSIZE);
  }
  if (answer.empty() || answer.back() != '\n') {
    return ask_error(kFailure, cat(socket, ": sixgated ended in the middle of its answer"));
  }
  answer.pop_back();
  return answer;
}

Expected<Done, AskError> follow(const std::string& socket, std::string_view command,
                                const std::function<bool(std::string_view line)>& take) {
  const auto fd = say(socket, command);
  if (!fd) return Unexpected<AskError>(fd.error());
  // From here on nothing may happen for days.
  constexpr timeval kForEver{0, 0};
  (void)::setsockopt(fd->get(), SOL_SOCKET, SO_RCVTIMEO, &kForEver, sizeof kForEver);
  std::string text;
  for (;;) {
    char buffer[16384];
    const ssize_t got = ::recv(fd->get(), buffer, sizeof buffer, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return trouble(socket, errno);
    if (got == 0) return ask_error(kFailure, cat(socket, ": sixgated has ended the connection"));
    text.append(buffer, static_cast<std::size_t>(got));
    std::size_t done = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', done)) {
      if (!take(std::string_view(text).substr(done, end - done))) return Done{};
      done = end + 1;
    }
    text.erase(0, done);
    if (text.size() > kLargestAnswer) return trouble(socket, EMSGSIZE);
  }
}

}  // namespace sixgate::cli
