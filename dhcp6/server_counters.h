// SPDX-License-Identifier: Apache-2.0
// What the DHCPv6 server counts on one link: messages taken and sent, and those dropped, by reason.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sixgate::dhcp6 {

enum class ServerDrop : std::uint8_t {
  kMalformed,      // not a DHCPv6 message (RFC 9915 section 21.1)
  kUnknownType,    // section 16
  kNotForServers,  // Advertise, Reply, Reconfigure, Relay-reply
  kUnicast,        // section 16
  kNotLinkLocal,  // a client that speaks directly does so from its link-local address (section 13.1)
  kNoClientId,    // sections 16.2 to 16.9
  kUnexpectedServerId,  // sections 16.2, 16.5, 16.7
  kNoServerId,          // sections 16.4, 16.6, 16.8, 16.9
  kOtherServerId,       //
  kUnexpectedIa,        // section 16.12
  kUnexpectedOro,       // RFC 9686 section 4.2.1
  kNotItsAddress,       // it registers an address that it does not send from, or has from us
  kUnknownLink,         // relayed from a link that is not ours
  kIgnored,             // by configuration
  kNothingToSay,        // sections 18.3.3 and 18.3.5
  kNotReady,            // we have no DUID yet
};
inline constexpr std::size_t kServerDropCount = static_cast<std::size_t>(ServerDrop::kNotReady) + 1;

std::string_view to_string(ServerDrop reason);  // "malformed", "other-server-id", ...: for status

struct ServerCounters {
  std::uint64_t received = 0;  // all, also the dropped
  std::uint64_t sent = 0;
  std::uint64_t reconfigures = 0;
  std::array<std::uint64_t, kServerDropCount> dropped{};  // by ServerDrop

  std::uint64_t& operator[](ServerDrop reason) { return dropped[static_cast<std::size_t>(reason)]; }
  std::uint64_t operator[](ServerDrop reason) const {
    return dropped[static_cast<std::size_t>(reason)];
  }
  bool operator==(const ServerCounters&) const = default;
};

}  // namespace sixgate::dhcp6
