// SPDX-License-Identifier: Apache-2.0
// What goes to and comes from a client's UDP port, as values.
#pragma once

#include <cstdint>
#include <vector>

#include "net/ip6_address.h"

namespace sixgate::dhcp6 {

// To be sent from the link-local address, UDP port 546, to port 547
// (section 7.2). A client only ever writes to All_DHCP_Relay_Agents_and_Servers
// (section 14).
struct Datagram {
  Ip6Address destination;
  std::vector<std::uint8_t> payload;
  bool operator==(const Datagram&) const = default;
};

// How a datagram came in: clients do not accept multicast ones (section 16).
enum class Arrival : std::uint8_t { kUnicast, kMulticast };

}  // namespace sixgate::dhcp6
