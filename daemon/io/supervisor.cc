// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/supervisor.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "net/text.h"

namespace sixgate::daemon {

Supervisor::Supervisor(const char* notify_socket, const char* watchdog_usec,
                       const char* watchdog_pid) {
  if (notify_socket == nullptr || (notify_socket[0] != '/' && notify_socket[0] != '@') ||
      ::strlen(notify_socket) >= sizeof(sockaddr_un::sun_path)) {
    return;
  }
  path_ = notify_socket;
  socket_ = OwnedFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const bool ours = watchdog_pid == nullptr ||
                    parse_decimal(watchdog_pid) == static_cast<std::uint64_t>(::getpid());
  if (watchdog_usec == nullptr || !ours) return;
  const std::uint64_t half = parse_decimal(watchdog_usec).value_or(0) / 2;
  if (half > 0) watchdog_interval_ = Duration(static_cast<std::int64_t>(half));
}

void Supervisor::reloading() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  const std::int64_t micros = static_cast<std::int64_t>(t.tv_sec) * 1000000 + t.tv_nsec / 1000;
  send(cat("RELOADING=1\nMONOTONIC_USEC=", micros));
}

void Supervisor::status(std::string_view text) { send(cat("STATUS=", printable(text))); }

void Supervisor::send(std::string_view state) {
  if (!socket_) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  ::memcpy(to.sun_path, path_.data(), path_.size());
  if (to.sun_path[0] == '@') to.sun_path[0] = '\0';  // the abstract namespace
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
  // A supervisor that does not listen is no reason to stop.
  (void)::sendto(socket_.get(), state.data(), state.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&to), length);
}

}  // namespace sixgate::daemon
