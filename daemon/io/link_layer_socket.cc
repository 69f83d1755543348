// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/link_layer_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <sys/socket.h>

#include <algorithm>
#include <iterator>

#include "daemon/io/clock.h"
#include "net/text.h"

namespace sixgate::daemon {

sockaddr_ll link_layer_address(const LinkState& link) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_IPV6);
  address.sll_ifindex = static_cast<int>(link.index);
  return address;
}

Expected<OwnedFd> make_link_layer_socket(const LinkState& link, std::span<const sock_filter> filter,
                                         Overhears whom) {
  // Of no protocol at first: it hears nothing.
  OwnedFd fd(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // The kernel only reads it.
  const sock_fprog program{static_cast<unsigned short>(filter.size()),
                           const_cast<sock_filter*>(filter.data())};
  sockaddr_ll address = link_layer_address(link);
  if (whom == Overhears::kOurKernelToo) address.sll_protocol = htons(ETH_P_ALL);
  if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int code = errno;
    return fail(cat("packet socket on ", link.name, ": ", error_text(code)));
  }
  return fd;
}

Expected<OverheardFrame, int> receive_frame(int fd, std::span<std::uint8_t> buffer) {
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
  if (from.sll_halen == station.size()) {
    std::copy_n(std::begin(from.sll_addr), station.size(), station.begin());
    out.station = MacAddress(station);
  }
  return out;
}

}  // namespace sixgate::daemon
