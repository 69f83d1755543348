// SPDX-License-Identifier: Apache-2.0
// Supervisor: what systemd wants to hear (sd_notify(3)); without NOTIFY_SOCKET every call does nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/io/owned_fd.h"
#include "net/time.h"

namespace sixgate::daemon {

class Supervisor {
 public:
  // `notify_socket`, `watchdog_usec`, `watchdog_pid`: the environment variables of the same names.
  Supervisor(const char* notify_socket, const char* watchdog_usec, const char* watchdog_pid);

  void ready() { send("READY=1"); }
  void reloading();  // ready() ends it
  void stopping() { send("STOPPING=1"); }
  void status(std::string_view text);
  void alive() { send("WATCHDOG=1"); }
  // How often alive() is due: half of what the supervisor allows.
  std::optional<Duration> watchdog_interval() const { return watchdog_interval_; }

 private:
  void send(std::string_view state);
  OwnedFd socket_;
  std::string path_;
  std::optional<Duration> watchdog_interval_;
};

}  // namespace sixgate::daemon
