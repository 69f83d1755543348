// SPDX-License-Identifier: Apache-2.0
// A message of Neighbor Discovery with its IPv6 header, as a packet socket has it: what is overheard was not
// checked by the kernel, and what is sent has the header that we give it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "net/byte_reader.h"
#include "net/ip6_address.h"

namespace sixgate::daemon {

struct NeighborFrame {
  Ip6Address source;
  Ip6Address destination;
  unsigned hop_limit = 0;
  std::span<const std::uint8_t> payload;  // ICMPv6, from the type on
};

// Without extension headers, and with the right checksum. What the link has added behind it is left out.
Parsed<NeighborFrame> parse_neighbor_frame(std::span<const std::uint8_t> octets);

// Hop limit 255; the checksum is put in.
std::vector<std::uint8_t> neighbor_frame(const Ip6Address& source, const Ip6Address& destination,
                                         std::span<const std::uint8_t> payload);

}  // namespace sixgate::daemon
