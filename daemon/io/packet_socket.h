// SPDX-License-Identifier: Apache-2.0
// One socket on one interface: ICMPv6 for Neighbor Discovery, or UDP as a DHCPv6 client or server.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/io/owned_fd.h"
#include "daemon/kernel_state.h"
#include "net/expected.h"

namespace sixgate::daemon {

// A raw ICMPv6 socket that hears Router Advertisements, and on a LAN (`as_router`) Router Solicitations too,
// as a member of ff02::2. The kernel computes and verifies checksums.
Expected<OwnedFd> make_icmp6_socket(const LinkState& link, bool as_router);

// One that hears Echo Replies.
Expected<OwnedFd> make_echo_socket(const LinkState& link);

struct Dhcp6Socket {
  OwnedFd fd;
  bool shared = false;  // another program has port 546 too
};
// UDP from the link-local address, port 546 (RFC 9915 section 7.2).
Expected<Dhcp6Socket> make_dhcp6_client_socket(const LinkState& link);

// UDP port 547, as a member of ff02::1:2 and ff05::1:3 (RFC 9915 sections 7.1, 7.2).
Expected<OwnedFd> make_dhcp6_server_socket(const LinkState& link);

// UDP port 547 towards servers: a member of no group, for nobody there is to take us for one.
Expected<OwnedFd> make_dhcp6_relay_socket(const LinkState& link);

struct ReceivedDatagram {
  std::size_t size = 0;
  Ip6Address source;
  std::uint16_t port = 0;  // of the source
  Ip6Address destination;
  unsigned hop_limit = 0;
  unsigned index = 0;  // the interface it came in on
  bool truncated = false;
  bool fragmented = false;  // it came in pieces, which the kernel put together
};
// One datagram into `buffer`, without waiting. The error is an errno value; EAGAIN: there is none.
Expected<ReceivedDatagram, int> receive_datagram(int fd, std::span<std::uint8_t> buffer);

// What waits in a socket, several datagrams with one call of the kernel.
class DatagramBatch {
 public:
  static constexpr std::size_t kMost = 32;
  // The largest IPv6 payload without a jumbogram: nothing legitimate is cut short.
  static constexpr std::size_t kLargest = 65536;

  DatagramBatch();
  // 0, or an errno value; EAGAIN: there is none.
  int receive(int fd);
  std::span<const ReceivedDatagram> datagrams() const {
    return std::span(datagrams_).first(count_);
  }
  std::span<const std::uint8_t> payload(std::size_t i) const {
    return {octets_.get() + i * kStride, datagrams_[i].size};
  }

 private:
  // Beginnings that are 64 kB apart would share one set of the processor's caches, which holds fewer than there are.
  static constexpr std::size_t kStride = kLargest + 192;
  std::span<std::uint8_t> buffer(std::size_t i) { return {octets_.get() + i * kStride, kLargest}; }
  std::unique_ptr<std::uint8_t[]> octets_;
  std::array<ReceivedDatagram, kMost> datagrams_;
  std::size_t count_ = 0;
};

struct OutgoingDatagram {
  std::optional<Ip6Address> source;  // none: the link's link-local address
  Ip6Address destination;
  std::uint16_t port = 0;
  std::span<const std::uint8_t> payload;
};
inline constexpr std::size_t kMostSentTogether = 32;
// As many of them as the kernel takes with one call, at most kMostSentTogether, in `sent`. 0, or an errno value for
// the first one.
int send_datagrams(int fd, const LinkState& link, std::span<const OutgoingDatagram> datagrams,
                   std::size_t& sent);

// UDP port 546 of an address of ours, for what is said of it alone (RFC 9686).
Expected<OwnedFd> make_registration_socket(const LinkState& link, const Ip6Address& address);

// UDP port 5351: requests of the Port Control Protocol (RFC 6887).
Expected<OwnedFd> make_pcp_socket(const LinkState& link);

inline constexpr std::uint16_t kDhcp6ClientPort = 546;
inline constexpr std::uint16_t kDhcp6ServerPort = 547;

}  // namespace sixgate::daemon
