// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/packet_socket.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>

#include "daemon/io/clock.h"
#include "net/text.h"
#include "pcp/message.h"

namespace sixgate::daemon {
namespace {

constexpr int kHopLimit =
    255;  // RFC 4861 sections 4.1 and 4.2: nobody beyond the link can send this

constexpr int kFreeBind = 78;  // IPV6_FREEBIND of <linux/in6.h>

constexpr int kReceiveFragmentSize = 77;  // IPV6_RECVFRAGSIZE of <linux/in6.h>

template <class T>
bool set(int fd, int level, int option, const T& value) {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

Unexpected<Error> failed(std::string_view what, const LinkState& link) {
  const int code = errno;
  return fail(cat(what, " on ", link.name, ": ", error_text(code)));
}

in6_addr to_kernel(const Ip6Address& address) {
  in6_addr out{};
  ::memcpy(&out, address.bytes().data(), sizeof out);
  return out;
}

Ip6Address from_kernel(const in6_addr& address) {
  Ip6Address::Bytes bytes;
  ::memcpy(bytes.data(), &address, bytes.size());
  return Ip6Address(bytes);
}

// Packets of this interface only, also when addresses of several are alike. By name: what is bound to an
// interface stays with it and dies with it.
bool bind_to_interface(int fd, const LinkState& link) {
  return ::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, link.name.c_str(),
                      static_cast<socklen_t>(link.name.size() + 1)) == 0;
}

bool bind_to(int fd, const Ip6Address& address, std::uint16_t port, unsigned scope = 0) {
  sockaddr_in6 local{};
  local.sin6_family = AF_INET6;
  local.sin6_port = htons(port);
  local.sin6_addr = to_kernel(address);
  local.sin6_scope_id = scope;
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) == 0;
}

bool set_common(int fd, const LinkState& link) {
  const int index = static_cast<int>(link.index);
  return set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
         set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1) &&
         set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, index) &&
         set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
}

// Ancillary data of one kind, in octets that are aligned for the kernel.
struct Control {
  alignas(cmsghdr) unsigned char bytes[128] = {};
};

// One datagram as sendmsg and recvmsg have it. The header points into the rest.
struct Frame {
  sockaddr_in6 peer{};
  iovec part{};
  Control control;
  msghdr header{};
  void hold(std::span<std::uint8_t> payload, std::size_t control_size) {
    part = {payload.data(), payload.size()};
    header.msg_name = &peer;
    header.msg_namelen = sizeof peer;
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.bytes;
    header.msg_controllen = control_size;
  }
};

ReceivedDatagram told_of(msghdr& message, const sockaddr_in6& from, std::size_t size) {
  ReceivedDatagram out;
  out.size = size;
  out.source = from_kernel(from.sin6_addr);
  out.port = ntohs(from.sin6_port);
  out.truncated = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != IPPROTO_IPV6) continue;
    if (c->cmsg_type == IPV6_PKTINFO && c->cmsg_len >= CMSG_LEN(sizeof(in6_pktinfo))) {
      in6_pktinfo info{};
      ::memcpy(&info, CMSG_DATA(c), sizeof info);
      out.destination = from_kernel(info.ipi6_addr);
      out.index = info.ipi6_ifindex;
    } else if (c->cmsg_type == IPV6_HOPLIMIT && c->cmsg_len >= CMSG_LEN(sizeof(int))) {
      int hops = 0;
      ::memcpy(&hops, CMSG_DATA(c), sizeof hops);
      out.hop_limit = static_cast<unsigned>(hops);
    } else if (c->cmsg_type == kReceiveFragmentSize) {
      out.fragmented = true;  // said of reassembled packets only
    }
  }
  return out;
}

}  // namespace

Expected<OwnedFd> make_icmp6_socket(const LinkState& link, bool as_router) {
  OwnedFd fd(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6));
  if (!fd) return failed("ICMPv6 socket", link);
  // The filter before the interface: nothing else ever waits in the buffer.
  icmp6_filter filter{};
  ::memset(&filter, 0xff, sizeof filter);  // a bit set means: blocked
  const auto pass = [&](unsigned type) { filter.icmp6_filt[type >> 5] &= ~(1U << (type & 31)); };
  pass(ND_ROUTER_ADVERT);
  if (as_router) pass(ND_ROUTER_SOLICIT);
  if (!set(fd.get(), IPPROTO_ICMPV6, ICMP6_FILTER, filter) || !bind_to_interface(fd.get(), link) ||
      !set_common(fd.get(), link) || !set(fd.get(), IPPROTO_IPV6, kReceiveFragmentSize, 1) ||
      !set(fd.get(), IPPROTO_IPV6, IPV6_UNICAST_HOPS, kHopLimit) ||
      !set(fd.get(), IPPROTO_IPV6, IPV6_MULTICAST_HOPS, kHopLimit)) {
    return failed("ICMPv6 socket", link);
  }
  if (as_router) {
    // RFC 4861 section 6.2.8: what is said of an address that we have no more is said from it.
    (void)set(fd.get(), IPPROTO_IPV6, kFreeBind, 1);
    // The kernel is a member only while it forwards, and we answer solicitations from the start.
    ipv6_mreq request{};
    request.ipv6mr_multiaddr = to_kernel(kAllRouters);
    request.ipv6mr_interface = link.index;
    if (!set(fd.get(), IPPROTO_IPV6, IPV6_JOIN_GROUP, request))
      return failed("joining ff02::2", link);
  }
  return fd;
}

Expected<OwnedFd> make_echo_socket(const LinkState& link) {
  OwnedFd fd(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6));
  if (!fd) return failed("ICMPv6 echo socket", link);
  icmp6_filter filter{};
  ::memset(&filter, 0xff, sizeof filter);
  filter.icmp6_filt[ICMP6_ECHO_REPLY >> 5] &= ~(1U << (ICMP6_ECHO_REPLY & 31));
  if (!set(fd.get(), IPPROTO_ICMPV6, ICMP6_FILTER, filter) || !bind_to_interface(fd.get(), link) ||
      !set_common(fd.get(), link)) {
    return failed("ICMPv6 echo socket", link);
  }
  return fd;
}

Expected<Dhcp6Socket> make_dhcp6_client_socket(const LinkState& link) {
  Dhcp6Socket made{OwnedFd(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))};
  const int fd = made.fd.get();
  if (fd < 0 || !set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) || !bind_to_interface(fd, link) ||
      !set_common(fd, link)) {
    return failed("DHCPv6 client socket", link);
  }
  const auto bind = [&] {
    return bind_to(fd, link.link_local.value_or(Ip6Address()), kDhcp6ClientPort, link.index);
  };
  if (bind()) return made;
  if (errno == EADDRINUSE) {
    // Another client may hold the port for an interface of its own, and share it: ours is the more exact
    // address, so what is sent to us comes to us.
    if (set(fd, SOL_SOCKET, SO_REUSEADDR, 1) && bind()) {
      made.shared = true;
      return made;
    }
    if (errno == EADDRINUSE) {
      return fail(
          cat("UDP port ", kDhcp6ClientPort, " on ", link.name,
              " is taken by another DHCPv6 client: stop it (networkd, NetworkManager, dhcpcd, "
              "dhclient) or configure it to leave this interface"));
    }
  }
  return failed("binding UDP port 546", link);
}

Expected<OwnedFd> make_registration_socket(const LinkState& link, const Ip6Address& address) {
  OwnedFd fd(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // Another client may hold the port for every address: ours is the more exact one.
  if (!fd || !set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1) || !bind_to_interface(fd.get(), link) ||
      !set_common(fd.get(), link) || !set(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1) ||
      !bind_to(fd.get(), address, kDhcp6ClientPort))
    return failed("binding UDP port 546 of an own address", link);
  return fd;
}

Expected<OwnedFd> make_pcp_socket(const LinkState& link) {
  OwnedFd fd(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd || !set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1) || !bind_to_interface(fd.get(), link) ||
      !set_common(fd.get(), link) || !bind_to(fd.get(), {}, pcp::kServerPort))
    return failed("binding UDP port 5351 (is there another PCP server, such as miniupnpd?)", link);
  return fd;
}

namespace {

// UDP port 547. What is sent to groups goes as far as they reach (RFC 9915 section 19).
Expected<OwnedFd> make_port_547(const LinkState& link) {
  constexpr int kRelayHopLimit = 8;
  OwnedFd fd(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd || !set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1) || !bind_to_interface(fd.get(), link) ||
      !set_common(fd.get(), link) ||
      !set(fd.get(), IPPROTO_IPV6, IPV6_MULTICAST_HOPS, kRelayHopLimit)) {
    return failed("DHCPv6 server socket", link);
  }
  if (!bind_to(fd.get(), {}, kDhcp6ServerPort)) {
    if (errno == EADDRINUSE) {
      return fail(
          cat("UDP port ", kDhcp6ServerPort, " on ", link.name,
              " is taken by another DHCPv6 server: stop it (odhcpd, dnsmasq, kea, dhcpd) or "
              "configure it to leave this interface"));
    }
    return failed("binding UDP port 547", link);
  }
  return fd;
}

}  // namespace

Expected<OwnedFd> make_dhcp6_relay_socket(const LinkState& link) { return make_port_547(link); }

Expected<OwnedFd> make_dhcp6_server_socket(const LinkState& link) {
  auto made = make_port_547(link);
  if (!made) return made;
  OwnedFd fd = std::move(*made);
  // Clients speak to the first, relay agents to the second.
  for (const Ip6Address& group : {kAllDhcpRelayAgentsAndServers, kAllDhcpServers}) {
    ipv6_mreq request{};
    request.ipv6mr_multiaddr = to_kernel(group);
    request.ipv6mr_interface = link.index;
    if (!set(fd.get(), IPPROTO_IPV6, IPV6_JOIN_GROUP, request))
      return failed(cat("joining ", group), link);
  }
  // After a power cut all clients ask at once: about 2,000 of them are heard, not 300. Without the capability it is
  // what net.core.rmem_max allows.
  constexpr int kRoom = 1 << 20;
  (void)set(fd.get(), SOL_SOCKET, SO_RCVBUF, kRoom);
  (void)set(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, kRoom);
  // As many answers as may wait for newcomers to be found (daemon/newcomer_limit.h), of any size.
  (void)set(fd.get(), SOL_SOCKET, SO_SNDBUF, kRoom);
  (void)set(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, kRoom);
  return fd;
}

Expected<ReceivedDatagram, int> receive_datagram(int fd, std::span<std::uint8_t> buffer) {
  Frame frame;
  frame.hold(buffer, sizeof frame.control.bytes);
  ssize_t got = 0;
  do {
    got = ::recvmsg(fd, &frame.header, MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return Unexpected<int>(errno);
  return told_of(frame.header, frame.peer, static_cast<std::size_t>(got));
}

// Memory that is touched only where something arrives.
DatagramBatch::DatagramBatch()
    : octets_(std::make_unique_for_overwrite<std::uint8_t[]>(kMost * kStride)) {}

int DatagramBatch::receive(int fd) {
  std::array<Frame, kMost> frames;
  std::array<mmsghdr, kMost> messages;
  for (std::size_t i = 0; i < kMost; ++i) {
    frames[i].hold(buffer(i), sizeof frames[i].control.bytes);
    messages[i].msg_hdr = frames[i].header;
  }
  count_ = 0;
  int got = 0;
  do {
    got = ::recvmmsg(fd, messages.data(), kMost, MSG_DONTWAIT, nullptr);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return errno;
  for (; count_ < static_cast<std::size_t>(got); ++count_) {
    mmsghdr& message = messages[count_];
    datagrams_[count_] = told_of(message.msg_hdr, frames[count_].peer, message.msg_len);
  }
  return 0;
}

int send_datagrams(int fd, const LinkState& link, std::span<const OutgoingDatagram> datagrams,
                   std::size_t& sent) {
  std::array<Frame, kMostSentTogether> frames;
  std::array<mmsghdr, kMostSentTogether> messages;
  std::size_t count = 0;
  sent = 0;
  for (; count < std::min(datagrams.size(), frames.size()); ++count) {
    const OutgoingDatagram& one = datagrams[count];
    const std::optional<Ip6Address>& from = one.source ? one.source : link.link_local;
    if (!from) break;
    Frame& frame = frames[count];
    frame.peer.sin6_family = AF_INET6;
    frame.peer.sin6_port = htons(one.port);
    frame.peer.sin6_addr = to_kernel(one.destination);
    frame.peer.sin6_scope_id = link.index;
    // sendmmsg only reads what this points to.
    // Without the padding behind it the ancillary data is what the kernel has room for on its stack.
    frame.hold({const_cast<std::uint8_t*>(one.payload.data()), one.payload.size()},
               CMSG_LEN(sizeof(in6_pktinfo)));
    in6_pktinfo info{};
    info.ipi6_addr = to_kernel(*from);
    info.ipi6_ifindex = link.index;
    cmsghdr* c = CMSG_FIRSTHDR(&frame.header);
    c->cmsg_level = IPPROTO_IPV6;
    c->cmsg_type = IPV6_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof info);
    ::memcpy(CMSG_DATA(c), &info, sizeof info);
    messages[count].msg_hdr = frame.header;
  }
  if (count == 0) return EADDRNOTAVAIL;
  int done = 0;
  do {
    done = ::sendmmsg(fd, messages.data(), static_cast<unsigned>(count), MSG_DONTWAIT);
  } while (done < 0 && errno == EINTR);
  if (done < 0) return errno;
  sent = static_cast<std::size_t>(done);
  return 0;
}

}  // namespace sixgate::daemon
