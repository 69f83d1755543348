// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/neighbor_socket.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "daemon/io/clock.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

constexpr std::uint32_t about_packet(int what) {
  return static_cast<std::uint32_t>(SKF_AD_OFF + what);
}

// IPv6 that is of no VLAN above this link; from its header on: Next Header 58, Hop Limit 255, type 135 or 136. All else
// never leaves the kernel.
constexpr std::array<sock_filter, 13> kFilter{{
    {BPF_LD | BPF_W | BPF_ABS, 0, 0, about_packet(SKF_AD_PROTOCOL)},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 10, ETH_P_IPV6},
    {BPF_LD | BPF_W | BPF_ABS, 0, 0, about_packet(SKF_AD_VLAN_TAG_PRESENT)},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 8, 0},
    {BPF_LD | BPF_B | BPF_ABS, 0, 0, kIp6NextHeaderAt},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 6, IPPROTO_ICMPV6},
    {BPF_LD | BPF_B | BPF_ABS, 0, 0, 7},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 4, 255},
    {BPF_LD | BPF_B | BPF_ABS, 0, 0, kIp6HeaderSize},
    {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ND_NEIGHBOR_SOLICIT},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, ND_NEIGHBOR_ADVERT},
    {BPF_RET | BPF_K, 0, 0, kLargestNeighborFrame},
    {BPF_RET | BPF_K, 0, 0, 0},
}};

}  // namespace

Expected<OwnedFd> make_neighbor_socket(const LinkState& link) {
  auto fd = make_link_layer_socket(link, kFilter, Overhears::kOurKernelToo);
  if (!fd) return fd;
  // Every solicited-node group: whose hosts they are is not known beforehand.
  packet_mreq membership{};
  membership.mr_ifindex = static_cast<int>(link.index);
  membership.mr_type = PACKET_MR_ALLMULTI;
  if (::setsockopt(fd->get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) !=
      0) {
    const int code = errno;
    return fail(cat("packet socket on ", link.name, ": ", error_text(code)));
  }
  return fd;
}

int send_neighbor(int fd, const LinkState& link, const MacAddress& station,
                  std::span<const std::uint8_t> frame) {
  sockaddr_ll to = link_layer_address(link);
  to.sll_halen = static_cast<unsigned char>(station.bytes().size());
  std::copy(station.bytes().begin(), station.bytes().end(), to.sll_addr);
  ssize_t sent = 0;
  do {
    sent = ::sendto(fd, frame.data(), frame.size(), MSG_DONTWAIT,
                    reinterpret_cast<const sockaddr*>(&to), sizeof to);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? errno : 0;
}

}  // namespace sixgate::daemon
