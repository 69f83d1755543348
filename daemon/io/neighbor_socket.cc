// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/neighbor_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "daemon/io/clock.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

Unexpected<Error> failed(std::string_view what, const LinkState& link) {
  const int code = errno;
  return fail(cat(what, " on ", link.name, ": ", error_text(code)));
}

// From the IPv6 header on: Next Header 58, Hop Limit 255, type 135 or 136. All else never leaves the kernel.
constexpr std::array<sock_filter, 9> kFilter{{
    {BPF_LD | BPF_B | BPF_ABS, 0, 0, 6},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 6, IPPROTO_ICMPV6},
    {BPF_LD | BPF_B | BPF_ABS, 0, 0, 7},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 4, 255},
    {BPF_LD | BPF_B | BPF_ABS, 0, 0, 40},
    {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ND_NEIGHBOR_SOLICIT},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, ND_NEIGHBOR_ADVERT},
    {BPF_RET | BPF_K, 0, 0, 2048},
    {BPF_RET | BPF_K, 0, 0, 0},
}};

sockaddr_ll on(const LinkState& link) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_IPV6);
  address.sll_ifindex = static_cast<int>(link.index);
  return address;
}

}  // namespace

Expected<OwnedFd> make_neighbor_socket(const LinkState& link) {
  // Of no protocol at first: nothing is heard before the filter is there.
  OwnedFd fd(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return failed("packet socket", link);
  // The kernel only reads it.
  const sock_fprog program{static_cast<unsigned short>(kFilter.size()),
                           const_cast<sock_filter*>(kFilter.data())};
  // Every solicited-node group: whose hosts they are is not known beforehand.
  packet_mreq membership{};
  membership.mr_ifindex = static_cast<int>(link.index);
  membership.mr_type = PACKET_MR_ALLMULTI;
  const sockaddr_ll address = on(link);
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::setsockopt(fd.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) !=
          0)
    return failed("packet socket", link);
  return fd;
}

Expected<OverheardFrame, int> receive_neighbor(int fd, std::span<std::uint8_t> buffer) {
  sockaddr_ll from{};
  socklen_t size = sizeof from;
  ssize_t got = 0;
  do {
    got = ::recvfrom(fd, buffer.data(), buffer.size(), MSG_DONTWAIT,
                     reinterpret_cast<sockaddr*>(&from), &size);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return Unexpected<int>(errno);
  OverheardFrame out;
  out.size = static_cast<std::size_t>(got);
  out.outgoing = from.sll_pkttype == PACKET_OUTGOING;
  MacAddress::Bytes station{};
  if (from.sll_halen == station.size()) std::copy_n(from.sll_addr, station.size(), station.begin());
  out.station = MacAddress(station);
  return out;
}

int send_neighbor(int fd, const LinkState& link, const MacAddress& station,
                  std::span<const std::uint8_t> frame) {
  sockaddr_ll to = on(link);
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
