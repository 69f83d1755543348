// SPDX-License-Identifier: Apache-2.0
// What the relay agent counts of what it hears on one interface: messages taken, relayed and dropped, by reason.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sixgate::dhcp6 {

enum class RelayDrop : std::uint8_t {
  kMalformed,  // no message, or one of a relay agent without one message inside (RFC 9915 section 9)
  kNotOfClients,  // Advertise, Reply or Reconfigure from a client's side (sections 16.3, 16.10, 16.11)
  kUnicast,       // a client speaks to All_DHCP_Relay_Agents_and_Servers only (section 14)
  kNoSource,      // whoever sent it cannot be answered
  kTooManyHops,  // HOP_COUNT_LIMIT (section 19.1.2)
  kNotUpstream,  // Relay-reply of somebody who is no server of ours
  kUnknownLink,  // Relay-reply for a link that we do not relay for
  kTooLarge,     // does not fit into a datagram with what we add
};
inline constexpr std::size_t kRelayDropCount = static_cast<std::size_t>(RelayDrop::kTooLarge) + 1;

std::string_view to_string(RelayDrop reason);  // "malformed", "not-of-clients", ...: for status

struct RelayCounters {
  std::uint64_t received = 0;  // all, also the dropped
  std::uint64_t relayed = 0;
  std::array<std::uint64_t, kRelayDropCount> dropped{};  // by RelayDrop

  std::uint64_t& operator[](RelayDrop reason) { return dropped[static_cast<std::size_t>(reason)]; }
  std::uint64_t operator[](RelayDrop reason) const {
    return dropped[static_cast<std::size_t>(reason)];
  }
  bool operator==(const RelayCounters&) const = default;
};

}  // namespace sixgate::dhcp6
