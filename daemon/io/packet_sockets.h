// SPDX-License-Identifier: Apache-2.0
// PacketSockets: the sockets that the Router wants, one set for each interface, made when the interface is
// ready, made anew when it is replaced or its link-local address changes, closed when it goes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "daemon/io/event_loop.h"
#include "daemon/io/packet_socket.h"
#include "daemon/kernel_state.h"
#include "daemon/router.h"
#include "net/log.h"

namespace sixgate::daemon {

class PacketSockets {
 public:
  // Packets of one interface that were there at the same time.
  using Receive = std::function<void(std::span<const PacketIn>)>;
  PacketSockets(EventLoop& loop, Receive receive, LogSink log);
  ~PacketSockets();

  // Makes and closes sockets so that they fit. What could not be made (port 546 taken) is tried again at
  // each call; retry_wanted() says that there is such a thing.
  void fit(const WantedSockets& wanted, const std::vector<LinkState>& links);
  bool retry_wanted() const;

  void send(std::span<const PacketOut> packets);
  void send(const PacketOut& packet) { send(std::span(&packet, 1)); }

  // How many packets of Neighbor Discovery came in fragments (RFC 6980) and were ignored.
  std::uint64_t fragments(const std::string& interface) const;

 private:
  class Port;
  enum class Role : std::uint8_t { kUplink, kLan };
  // An interface, a channel, and of kRegistration the address.
  using Key = std::tuple<std::string, Channel, Ip6Address>;
  void fit_one(const std::string& interface, Channel channel, Role role, const LinkState& link,
               const Ip6Address& address = {});
  void fit_tap(const std::string& interface, bool wanted);
  Expected<OwnedFd> open_socket(Channel channel, Role role, const LinkState& link,
                                const Ip6Address& address);
  void received(Port& port);
  bool is_acceptable(Port& port, const ReceivedDatagram& datagram);
  std::size_t send_some(Port& port, std::span<const PacketOut> packets);
  void send_frame(Port& port, const PacketOut& packet);
  void overheard(Port& port);
  void complain(Port& port, std::string text);

  EventLoop& loop_;
  Receive receive_;
  LogSink log_;
  std::map<Key, std::unique_ptr<Port>> ports_;
  std::map<Key, std::string> not_made_;  // and why, as last said
  std::map<std::string, std::uint64_t> fragments_;
  DatagramBatch batch_;
  std::vector<PacketIn> packets_;  // of the batch
};

}  // namespace sixgate::daemon
