// SPDX-License-Identifier: Apache-2.0
// ControlSocket: answers the person's tool over a Unix socket. One request line, "sixgate 1 COMMAND", one
// line of JSON back, and the connection is closed. Requests are bounded, and a peer that hangs is cut off.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/io/event_loop.h"
#include "daemon/io/owned_fd.h"
#include "net/expected.h"

namespace sixgate::daemon {

inline constexpr std::string_view kControlGreeting = "sixgate 1 ";
inline constexpr std::size_t kLongestRequest = 256;

class ControlSocket {
 public:
  static constexpr Duration kPatience = seconds(5);
  static constexpr std::size_t kMostClients = 32;

  // The answer to a command: JSON without a newline.
  using Answer = std::function<std::string(std::string_view command)>;
  // An open listening socket.
  ControlSocket(EventLoop& loop, OwnedFd listener, Answer answer);
  ~ControlSocket();

  std::size_t clients() const { return clients_.size(); }

 private:
  class Client;
  void accept();
  void sweep();

  EventLoop& loop_;
  Answer answer_;
  OwnedFd listener_;
  std::list<std::unique_ptr<Client>> clients_;  // oldest first
  Timer impatience_;
  Watch watch_;
};

// Listens at `path` with mode 0660, in a directory that is made when missing. A socket left behind by a
// sixgated that is no more is replaced; one that somebody answers on is an error.
Expected<OwnedFd> listen_at(const std::string& path);

// {"schema":1,"error":"..."}
std::string error_answer(std::string_view text);

}  // namespace sixgate::daemon
