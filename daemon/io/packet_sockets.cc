// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/packet_sockets.h"

#include <errno.h>

#include <algorithm>
#include <array>

#include "daemon/io/clock.h"
#include "daemon/io/link_layer_tap.h"
#include "daemon/io/neighbor_frame.h"
#include "daemon/io/neighbor_socket.h"
#include "daemon/io/packet_socket.h"
#include "daemon/io/stranger_socket.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

// After so many batches in a row the other sockets and timers have their turn.
constexpr unsigned kRound = 2;

std::string_view name_of(Channel channel) {
  switch (channel) {
    case Channel::kIcmp6:
      return "ICMPv6";
    case Channel::kDhcp6Client:
    case Channel::kDhcp6Server:
      return "DHCPv6";
    case Channel::kRegistration:
      return "address registration";
    case Channel::kEcho:
      return "ICMPv6 echo";
    case Channel::kNeighbors:
      return "Neighbor Discovery";
    case Channel::kPcp:
      return "PCP";
    case Channel::kStrangers:
      return "TCP and SCTP";
  }
  return "";
}

bool listed(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_registered(const WantedSockets& wanted, const std::string& name,
                   const Ip6Address& address) {
  return std::find(wanted.registrations.begin(), wanted.registrations.end(),
                   std::pair(name, address)) != wanted.registrations.end();
}

}  // namespace

class PacketSockets::Port {
 public:
  Port(EventLoop& loop, OwnedFd socket, const LinkState& on, Channel what, Role as)
      : link(on), channel(what), role(as), fd(std::move(socket)), watch(loop, fd.get()) {}
  LinkState link;
  Channel channel;
  Role role;
  std::string complaint;  // the trouble last logged; empty while all is well
  OwnedFd fd;
  Watch watch;
  std::optional<LinkLayerTap> tap;  // while somebody wants to know who sends
};

PacketSockets::PacketSockets(EventLoop& loop, Receive receive, LogSink log)
    : loop_(loop), receive_(std::move(receive)), log_(std::move(log)) {}
PacketSockets::~PacketSockets() = default;

bool PacketSockets::retry_wanted() const { return !not_made_.empty(); }

void PacketSockets::fit(const WantedSockets& wanted, const std::vector<LinkState>& links) {
  const auto usable = [&](const std::string& name) {
    const auto found = std::find_if(links.begin(), links.end(), [&](const LinkState& link) {
      return link.name == name && link.up && link.link_local;
    });
    return found == links.end() ? nullptr : &*found;
  };
  std::erase_if(ports_, [&](const auto& entry) {
    const Port& port = *entry.second;
    const LinkState* link = usable(port.link.name);
    const auto& names = port.role == Role::kUplink ? wanted.uplinks : wanted.lans;
    return !listed(names, port.link.name) ||
           (port.channel == Channel::kEcho && !listed(wanted.echo, port.link.name)) ||
           (port.channel == Channel::kStrangers && !listed(wanted.strangers, port.link.name)) ||
           (port.channel == Channel::kDhcp6Server && port.role == Role::kUplink &&
            !listed(wanted.relay_uplinks, port.link.name)) ||
           (port.role == Role::kLan && port.channel == Channel::kDhcp6Client &&
            !listed(wanted.watched, port.link.name)) ||
           (port.channel == Channel::kPcp && !listed(wanted.pcp, port.link.name)) ||
           (port.channel == Channel::kNeighbors && !listed(wanted.neighbors, port.link.name)) ||
           (port.channel == Channel::kRegistration &&
            !is_registered(wanted, port.link.name, std::get<Ip6Address>(entry.first))) ||
           link == nullptr || link->index != port.link.index ||
           link->link_local != port.link.link_local;
  });
  std::erase_if(not_made_, [&](const auto& entry) {
    const auto& [name, channel, address] = entry.first;
    if (channel == Channel::kRegistration && !is_registered(wanted, name, address)) return true;
    if (channel == Channel::kPcp && !listed(wanted.pcp, name)) return true;
    const bool listed_uplink = channel == Channel::kDhcp6Server ? listed(wanted.relay_uplinks, name)
                                                                : listed(wanted.uplinks, name);
    return (!listed_uplink && !listed(wanted.lans, name)) || usable(name) == nullptr;
  });
  for (const std::string& name : wanted.uplinks) {
    if (const LinkState* link = usable(name)) {
      fit_one(name, Channel::kIcmp6, Role::kUplink, *link);
      fit_one(name, Channel::kDhcp6Client, Role::kUplink, *link);
    }
  }
  for (const std::string& name : wanted.echo) {
    if (const LinkState* link = usable(name)) fit_one(name, Channel::kEcho, Role::kUplink, *link);
  }
  for (const std::string& name : wanted.strangers) {
    if (const LinkState* link = usable(name))
      fit_one(name, Channel::kStrangers, Role::kUplink, *link);
  }
  for (const auto& [name, address] : wanted.registrations) {
    if (const LinkState* link = usable(name))
      fit_one(name, Channel::kRegistration, Role::kUplink, *link, address);
  }
  for (const std::string& name : wanted.relay_uplinks) {
    if (const LinkState* link = usable(name))
      fit_one(name, Channel::kDhcp6Server, Role::kUplink, *link);
  }
  for (const std::string& name : wanted.lans) {
    if (const LinkState* link = usable(name)) {
      fit_one(name, Channel::kIcmp6, Role::kLan, *link);
      fit_one(name, Channel::kDhcp6Server, Role::kLan, *link);
      fit_tap(name, listed(wanted.station_lans, name));
    }
  }
  for (const std::string& name : wanted.watched) {
    if (const LinkState* link = usable(name))
      fit_one(name, Channel::kDhcp6Client, Role::kLan, *link);
  }
  for (const std::string& name : wanted.pcp) {
    if (const LinkState* link = usable(name)) fit_one(name, Channel::kPcp, Role::kLan, *link);
  }
  for (const std::string& name : wanted.neighbors) {
    const Role role = listed(wanted.uplinks, name) ? Role::kUplink : Role::kLan;
    if (const LinkState* link = usable(name)) fit_one(name, Channel::kNeighbors, role, *link);
  }
}

void PacketSockets::fit_tap(const std::string& interface, bool wanted) {
  const auto found = ports_.find(Key(interface, Channel::kDhcp6Server, {}));
  if (found == ports_.end()) return;
  Port& port = *found->second;
  if (wanted == port.tap.has_value()) return;
  port.tap.reset();
  if (!wanted) return;
  auto tap = LinkLayerTap::open(port.link);
  if (tap)
    port.tap.emplace(std::move(*tap));
  else
    complain(port, tap.error().message);
}

Expected<OwnedFd> PacketSockets::open_socket(Channel channel, Role role, const LinkState& link,
                                             const Ip6Address& address) {
  switch (channel) {
    case Channel::kEcho:
      return make_echo_socket(link);
    case Channel::kIcmp6:
      return make_icmp6_socket(link, role == Role::kLan);
    case Channel::kDhcp6Server:
      return role == Role::kLan ? make_dhcp6_server_socket(link) : make_dhcp6_relay_socket(link);
    case Channel::kNeighbors:
      return make_neighbor_socket(link);
    case Channel::kRegistration:
      return make_registration_socket(link, address);
    case Channel::kPcp:
      return make_pcp_socket(link);
    case Channel::kStrangers:
      return make_stranger_socket(link);
    case Channel::kDhcp6Client:
      break;
  }
  auto made = make_dhcp6_client_socket(link);
  if (!made) return fail(made.error().message);
  if (made->shared) {
    log_({LogLevel::kWarning,
          cat("another program listens on UDP port 546 too; if it is a DHCPv6 client on ",
              link.name, ", the two will disturb each other")});
  }
  return std::move(made->fd);
}

void PacketSockets::fit_one(const std::string& interface, Channel channel, Role role,
                            const LinkState& link, const Ip6Address& address) {
  const Key key(interface, channel, address);
  if (ports_.contains(key)) return;
  Expected<OwnedFd> made = open_socket(channel, role, link, address);
  if (!made) {
    std::string& said = not_made_[key];
    if (said != made.error().message) log_({LogLevel::kError, made.error().message});
    said = std::move(made.error().message);
    return;
  }
  OwnedFd fd = std::move(*made);
  if (not_made_.erase(key) > 0) {
    log_({LogLevel::kInfo, cat(name_of(channel), " on ", interface, ": listening now")});
  }
  auto port = std::make_unique<Port>(loop_, std::move(fd), link, channel, role);
  Port& reference = *port;
  ports_.emplace(key, std::move(port));
  reference.watch.on_readable([this, &reference] { received(reference); });
}

void PacketSockets::complain(Port& port, std::string text) {
  if (port.complaint == text) return;
  log_({LogLevel::kWarning, text});
  port.complaint = std::move(text);
}

void PacketSockets::received(Port& port) {
  // A packet may make the Router want other sockets, but sockets are only fitted from the event loop's own
  // turns: `port` stays while we are here.
  if (port.channel == Channel::kNeighbors || port.channel == Channel::kStrangers)
    return overheard(port);
  for (unsigned round = 0; round < kRound; ++round) {
    if (const int code = batch_.receive(port.fd.get()); code != 0) {
      if (code != EAGAIN) {
        complain(port, cat("receiving ", name_of(port.channel), " on ", port.link.name, ": ",
                           error_text(code)));
      }
      return;
    }
    packets_.clear();
    const std::span<const ReceivedDatagram> datagrams = batch_.datagrams();
    for (std::size_t i = 0; i < datagrams.size(); ++i) {
      const ReceivedDatagram& datagram = datagrams[i];
      if (!is_acceptable(port, datagram)) continue;
      packets_.push_back({.interface = port.link.name,
                          .channel = port.channel,
                          .source = datagram.source,
                          .destination = datagram.destination,
                          .hop_limit = datagram.hop_limit,
                          .payload = batch_.payload(i),
                          .port = datagram.port,
                          .link_layer = port.tap ? port.tap->of(datagram.source) : std::nullopt});
    }
    if (!packets_.empty()) receive_(packets_);
    if (datagrams.size() < DatagramBatch::kMost) return;  // there is no more
  }
}

void PacketSockets::overheard(Port& port) {
  static_assert(kLargestFirst <= kLargestNeighborFrame);
  std::array<std::uint8_t, kLargestNeighborFrame> buffer;
  for (unsigned i = 0; i < kRound; ++i) {
    const auto got = receive_frame(port.fd.get(), buffer);
    if (!got) {
      const int code = got.error();
      if (code != EAGAIN)
        complain(port, cat("listening on ", port.link.name, ": ", error_text(code)));
      return;
    }
    if (port.channel == Channel::kStrangers) {
      const PacketIn heard{.interface = port.link.name,
                           .channel = port.channel,
                           .payload = std::span(buffer).first(got->size),
                           .outgoing = got->outgoing};
      receive_({&heard, 1});
      continue;
    }
    const auto frame = parse_neighbor_frame(std::span(buffer).first(got->size));
    if (!frame) continue;
    const PacketIn heard{.interface = port.link.name,
                         .channel = port.channel,
                         .source = frame->source,
                         .destination = frame->destination,
                         .hop_limit = frame->hop_limit,
                         .payload = frame->payload,
                         .link_layer = got->station,
                         .outgoing = got->outgoing};
    receive_({&heard, 1});
  }
}

bool PacketSockets::is_acceptable(Port& port, const ReceivedDatagram& datagram) {
  if (datagram.truncated) {
    complain(port, cat("an ", name_of(port.channel), " packet on ", port.link.name,
                       " was larger than any buffer and is ignored"));
    return false;
  }
  // RFC 6980 section 5. The kernel's own suppress_frag_ndisc does not shield raw sockets.
  if (port.channel == Channel::kIcmp6 && datagram.fragmented) {
    ++fragments_[port.link.name];
    log_({LogLevel::kDebug, cat("an ICMPv6 packet on ", port.link.name, " from ", datagram.source,
                                " came in fragments and is ignored")});
    return false;
  }
  return true;
}

std::uint64_t PacketSockets::fragments(const std::string& interface) const {
  const auto found = fragments_.find(interface);
  return found == fragments_.end() ? 0 : found->second;
}

void PacketSockets::send(std::span<const PacketOut> packets) {
  while (!packets.empty()) {
    const PacketOut& first = packets.front();
    // Those of one socket go together, without overtaking others.
    const auto same = std::find_if(packets.begin(), packets.end(), [&](const PacketOut& packet) {
      return packet.channel != first.channel || packet.interface != first.interface ||
             (packet.channel == Channel::kRegistration && packet.source != first.source);
    });
    const auto run = packets.first(static_cast<std::size_t>(same - packets.begin()));
    const bool registers = first.channel == Channel::kRegistration;
    const auto found =
        ports_.find(Key(first.interface, first.channel,
                        registers ? first.source.value_or(Ip6Address()) : Ip6Address()));
    // An interface that went meanwhile: the engine will send again.
    packets = packets.subspan(found == ports_.end() ? run.size() : send_some(*found->second, run));
  }
}

void PacketSockets::send_frame(Port& port, const PacketOut& packet) {
  const auto frame =
      neighbor_frame(packet.source.value_or(Ip6Address()), packet.destination, packet.payload);
  if (const int code = send_neighbor(port.fd.get(), port.link, packet.station, frame); code != 0)
    complain(port, cat("sending on ", packet.interface, ": ", error_text(code)));
  else
    port.complaint.clear();
}

// How many are done with, sent or not.
std::size_t PacketSockets::send_some(Port& port, std::span<const PacketOut> packets) {
  if (port.channel == Channel::kNeighbors) {
    send_frame(port, packets.front());
    return 1;
  }
  std::array<OutgoingDatagram, kMostSentTogether> datagrams;
  const std::size_t count = std::min(packets.size(), datagrams.size());
  for (std::size_t i = 0; i < count; ++i) {
    const PacketOut& packet = packets[i];
    const bool to_server =
        packet.channel == Channel::kDhcp6Client || packet.channel == Channel::kRegistration;
    const std::uint16_t to = to_server ? kDhcp6ServerPort : packet.port;
    datagrams[i] = {packet.source, packet.destination, to, packet.payload};
  }
  std::size_t sent = 0;
  const int code =
      send_datagrams(port.fd.get(), port.link, std::span(datagrams).first(count), sent);
  if (code == 0) {
    port.complaint.clear();
    return sent;
  }
  // A full queue or a link that just went down: every protocol here sends again in its own time.
  complain(port,
           cat("sending ", name_of(port.channel), " on ", port.link.name, ": ", error_text(code)));
  return 1;
}

}  // namespace sixgate::daemon
