// SPDX-License-Identifier: Apache-2.0
// A packet socket that hears what passes on one link, from the IPv6 header on, as far as a filter lets it.
#pragma once

#include <linux/filter.h>
#include <linux/if_packet.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "daemon/io/owned_fd.h"
#include "daemon/kernel_state.h"
#include "net/expected.h"

namespace sixgate::daemon {

// Where filters and readers find things, from the IPv6 header on (RFC 8200 section 3).
inline constexpr std::uint32_t kIp6NextHeaderAt = 6;
inline constexpr std::uint32_t kIp6HeaderSize = 40;

// What our own kernel sends, too, is heard only by a socket of all protocols (packet(7)); its filter has to look for IPv6.
enum class Overhears : std::uint8_t { kOthers, kOurKernelToo };
// Nothing is heard before the filter is there.
Expected<OwnedFd> make_link_layer_socket(const LinkState& link, std::span<const sock_filter> filter,
                                         Overhears whom = Overhears::kOthers);

sockaddr_ll link_layer_address(const LinkState& link);

struct OverheardFrame {
  std::size_t size = 0;               // from the IPv6 header on
  std::optional<MacAddress> station;  // from whom; none: no Ethernet address
  bool outgoing = false;              // our own kernel sent it
};
// One into `buffer`, without waiting. The error is an errno value; EAGAIN: there is none.
Expected<OverheardFrame, int> receive_frame(int fd, std::span<std::uint8_t> buffer);

}  // namespace sixgate::daemon
