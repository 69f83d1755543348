// SPDX-License-Identifier: Apache-2.0
// PacketSockets: the sockets that the Router wants, one set for each interface, made when the interface is
// ready, made anew when it is replaced or its link-local address changes, closed when it goes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/io/event_loop.h"
#include "daemon/kernel_state.h"
#include "daemon/router.h"
#include "net/log.h"

namespace sixgate::daemon {

class PacketSockets {
 public:
  using Receive = std::function<void(const PacketIn&)>;
  PacketSockets(EventLoop& loop, Receive receive, LogSink log);
  ~PacketSockets();

  // Makes and closes sockets so that they fit. What could not be made (port 546 taken) is tried again at
  // each call; retry_wanted() says that there is such a thing.
  void fit(const WantedSockets& wanted, const std::vector<LinkState>& links);
  bool retry_wanted() const;

  void send(const PacketOut& packet);

  // How many packets of Neighbor Discovery came in fragments (RFC 6980) and were ignored.
  std::uint64_t fragments(const std::string& interface) const;

 private:
  class Port;
  enum class Role : std::uint8_t { kUplink, kLan };
  void fit_one(const std::string& interface, Channel channel, Role role, const LinkState& link);
  Expected<OwnedFd> open_socket(Channel channel, Role role, const LinkState& link);
  void received(Port& port);
  void overheard(Port& port);
  void complain(Port& port, std::string text);

  EventLoop& loop_;
  Receive receive_;
  LogSink log_;
  std::map<std::pair<std::string, Channel>, std::unique_ptr<Port>> ports_;
  std::map<std::pair<std::string, Channel>, std::string> not_made_;  // and why, as last said
  std::map<std::string, std::uint64_t> fragments_;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace sixgate::daemon
