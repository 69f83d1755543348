// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/packet_sockets.h"

#include <errno.h>

#include <algorithm>

#include "daemon/io/clock.h"
#include "daemon/io/neighbor_frame.h"
#include "daemon/io/neighbor_socket.h"
#include "daemon/io/packet_socket.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

// The largest IPv6 payload without a jumbogram: nothing legitimate is cut short.
constexpr std::size_t kBuffer = 65536;
// After so many in a row the other sockets and timers have their turn.
constexpr unsigned kRound = 32;

std::string_view name_of(Channel channel) {
  switch (channel) {
    case Channel::kIcmp6:
      return "ICMPv6";
    case Channel::kDhcp6Client:
    case Channel::kDhcp6Server:
      return "DHCPv6";
    case Channel::kEcho:
      return "ICMPv6 echo";
    case Channel::kNeighbors:
      return "Neighbor Discovery";
  }
  return "";
}

bool listed(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
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
};

PacketSockets::PacketSockets(EventLoop& loop, Receive receive, LogSink log)
    : loop_(loop), receive_(std::move(receive)), log_(std::move(log)), buffer_(kBuffer) {}
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
           (port.channel == Channel::kNeighbors && !listed(wanted.neighbors, port.link.name)) ||
           link == nullptr || link->index != port.link.index ||
           link->link_local != port.link.link_local;
  });
  std::erase_if(not_made_, [&](const auto& entry) {
    const std::string& name = entry.first.first;
    return (!listed(wanted.uplinks, name) && !listed(wanted.lans, name)) || usable(name) == nullptr;
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
  for (const std::string& name : wanted.lans) {
    if (const LinkState* link = usable(name)) {
      fit_one(name, Channel::kIcmp6, Role::kLan, *link);
      fit_one(name, Channel::kDhcp6Server, Role::kLan, *link);
    }
  }
  for (const std::string& name : wanted.neighbors) {
    const Role role = listed(wanted.uplinks, name) ? Role::kUplink : Role::kLan;
    if (const LinkState* link = usable(name)) fit_one(name, Channel::kNeighbors, role, *link);
  }
}

Expected<OwnedFd> PacketSockets::open_socket(Channel channel, Role role, const LinkState& link) {
  switch (channel) {
    case Channel::kEcho:
      return make_echo_socket(link);
    case Channel::kIcmp6:
      return make_icmp6_socket(link, role == Role::kLan);
    case Channel::kDhcp6Server:
      return make_dhcp6_server_socket(link);
    case Channel::kNeighbors:
      return make_neighbor_socket(link);
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
                            const LinkState& link) {
  const std::pair key(interface, channel);
  if (ports_.contains(key)) return;
  Expected<OwnedFd> made = open_socket(channel, role, link);
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
  if (port.channel == Channel::kNeighbors) return overheard(port);
  for (unsigned i = 0; i < kRound; ++i) {
    const auto datagram = receive_datagram(port.fd.get(), buffer_);
    if (!datagram) {
      const int code = datagram.error();
      if (code != EAGAIN) {
        complain(port, cat("receiving ", name_of(port.channel), " on ", port.link.name, ": ",
                           error_text(code)));
      }
      return;
    }
    if (datagram->truncated) {
      complain(port, cat("an ", name_of(port.channel), " packet on ", port.link.name,
                         " was larger than any buffer and is ignored"));
      continue;
    }
    // RFC 6980 section 5. The kernel's own suppress_frag_ndisc does not shield raw sockets.
    if (port.channel == Channel::kIcmp6 && datagram->fragmented) {
      ++fragments_[port.link.name];
      log_({LogLevel::kDebug, cat("an ICMPv6 packet on ", port.link.name, " from ",
                                  datagram->source, " came in fragments and is ignored")});
      continue;
    }
    receive_({.interface = port.link.name,
              .channel = port.channel,
              .source = datagram->source,
              .destination = datagram->destination,
              .hop_limit = datagram->hop_limit,
              .payload = std::span(buffer_).first(datagram->size)});
  }
}

void PacketSockets::overheard(Port& port) {
  for (unsigned i = 0; i < kRound; ++i) {
    const auto got = receive_neighbor(port.fd.get(), buffer_);
    if (!got) {
      const int code = got.error();
      if (code != EAGAIN)
        complain(port, cat("listening on ", port.link.name, ": ", error_text(code)));
      return;
    }
    const auto frame = parse_neighbor_frame(std::span(buffer_).first(got->size));
    if (!frame) continue;
    receive_({.interface = port.link.name,
              .channel = port.channel,
              .source = frame->source,
              .destination = frame->destination,
              .hop_limit = frame->hop_limit,
              .payload = frame->payload,
              .station = got->station,
              .outgoing = got->outgoing});
  }
}

std::uint64_t PacketSockets::fragments(const std::string& interface) const {
  const auto found = fragments_.find(interface);
  return found == fragments_.end() ? 0 : found->second;
}

void PacketSockets::send(const PacketOut& packet) {
  const auto found = ports_.find({packet.interface, packet.channel});
  if (found == ports_.end()) return;  // the interface went meanwhile; the engine will send again
  Port& port = *found->second;
  if (packet.channel == Channel::kNeighbors) {
    const auto frame =
        neighbor_frame(packet.source.value_or(Ip6Address()), packet.destination, packet.payload);
    if (const int code = send_neighbor(port.fd.get(), port.link, packet.station, frame); code != 0)
      complain(port, cat("sending on ", packet.interface, ": ", error_text(code)));
    else
      port.complaint.clear();
    return;
  }
  const std::uint16_t to = packet.channel == Channel::kDhcp6Client ? kDhcp6ServerPort : packet.port;
  const int code = send_datagram(port.fd.get(), port.link, packet.source, packet.destination, to,
                                 packet.payload);
  if (code == 0) {
    port.complaint.clear();
    return;
  }
  // A full queue or a link that just went down: every protocol here sends again in its own time.
  complain(port, cat("sending ", name_of(packet.channel), " on ", packet.interface, ": ",
                     error_text(code)));
}

}  // namespace sixgate::daemon
