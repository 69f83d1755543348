// SPDX-License-Identifier: Apache-2.0
// ControlSocket: answers the person's tool over a Unix socket. One request line, "sixgate 1 COMMAND", one
// line of JSON back, and the connection is closed; or a line for everything that happens, until one of both goes.
// Requests are bounded, and a peer that hangs is cut off.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
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
  // A listener that takes nothing may be stopped for a while, and can come back to where it was.
  static constexpr Duration kListenerPatience = seconds(60);
  static constexpr std::size_t kMostClients = 32;
  static constexpr std::size_t kMostListeners = 8;

  // Takes the answer to a command, JSON without a newline; now or later, or never if it comes too late.
  using Reply = std::function<void(std::string)>;
  using Answer = std::function<void(std::string_view command, Reply reply)>;
  // What a listener is told next: JSON without a newline, or nothing yet.
  using Stream = std::function<std::optional<std::string>()>;
  // The stream that a command asks for; an empty one when it asks for an answer.
  using OpenStream = std::function<Stream(std::string_view command)>;
  // An open listening socket.
  ControlSocket(EventLoop& loop, OwnedFd listener, Answer answer, OpenStream open_stream = {});
  ~ControlSocket();

  // Streams may have something to say.
  void wake();
  std::size_t clients() const { return clients_.size(); }

 private:
  class Client;
  void accept();
  void sweep();
  void be_impatient_by(Instant when);
  std::size_t listeners() const;

  EventLoop& loop_;
  Answer answer_;
  OpenStream open_stream_;
  OwnedFd listener_;
  std::list<std::unique_ptr<Client>> clients_;  // oldest first
  Timer impatience_;
  Instant impatient_at_ = Instant::never();  // what it is set to
  Watch watch_;
};

// Listens at `path` with mode 0660, in a directory that is made when missing. A socket left behind by a
// sixgated that is no more is replaced; one that somebody answers on is an error.
Expected<OwnedFd> listen_at(const std::string& path);

// {"schema":1,"error":"..."}
std::string error_answer(std::string_view text);

}  // namespace sixgate::daemon
