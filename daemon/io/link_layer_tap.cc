// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/link_layer_tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "daemon/io/clock.h"
#include "daemon/io/packet_socket.h"
#include "net/byte_reader.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

constexpr std::size_t kHeader = 40;  // of IPv6 (RFC 8200 section 3)
constexpr std::uint32_t kNextHeader = 6;
constexpr std::size_t kSource = 8;
// Datagrams that UDP refuses are heard here too and never asked for.
constexpr std::size_t kMostHeard = 256;

// UDP to port 547. Without extension headers, as clients send; a packet with some has no known sender.
constexpr std::array<sock_filter, 6> kToServers{{
    {BPF_LD | BPF_B | BPF_ABS, 0, 0, kNextHeader},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, IPPROTO_UDP},
    {BPF_LD | BPF_H | BPF_ABS, 0, 0, kHeader + 2},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, kDhcp6ServerPort},
    {BPF_RET | BPF_K, 0, 0, kHeader},
    {BPF_RET | BPF_K, 0, 0, 0},
}};

}  // namespace

Expected<LinkLayerTap> LinkLayerTap::open(const LinkState& link) {
  const auto failed = [&] {
    const int code = errno;
    return fail(cat("packet socket on ", link.name, ": ", error_text(code),
                    "; DHCPv6 servers are not told clients' link-layer addresses"));
  };
  // No protocol yet: nothing is heard before the filter and the interface are set.
  OwnedFd fd(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return failed();
  auto filter = kToServers;
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
    return failed();
  sockaddr_ll local{};
  local.sll_family = AF_PACKET;
  local.sll_protocol = htons(ETH_P_IPV6);
  local.sll_ifindex = static_cast<int>(link.index);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0)
    return failed();
  return LinkLayerTap(std::move(fd));
}

void LinkLayerTap::read_all() {
  for (;;) {
    std::array<std::uint8_t, kHeader> header{};
    sockaddr_ll from{};
    socklen_t size = sizeof from;
    const ssize_t got = ::recvfrom(fd_.get(), header.data(), header.size(), MSG_DONTWAIT,
                                   reinterpret_cast<sockaddr*>(&from), &size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return;
    MacAddress::Bytes mac{};
    if (static_cast<std::size_t>(got) < kHeader || from.sll_pkttype == PACKET_OUTGOING ||
        from.sll_halen != mac.size())
      continue;
    std::copy_n(std::begin(from.sll_addr), mac.size(), mac.begin());
    ByteReader reader(header);
    reader.skip(kSource);
    if (heard_.size() >= kMostHeard) heard_.clear();
    heard_.insert_or_assign(reader.address(), MacAddress(mac));
  }
}

std::optional<MacAddress> LinkLayerTap::of(const Ip6Address& source) {
  read_all();
  const auto found = heard_.find(source);
  if (found == heard_.end()) return std::nullopt;
  const MacAddress mac = found->second;
  heard_.erase(found);
  return mac;
}

}  // namespace sixgate::daemon
