// SPDX-License-Identifier: Apache-2.0
// What the DHCPv6 client counts: messages it sent and took, and those it dropped, by reason.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sixgate::dhcp6 {

enum class ClientDrop : std::uint8_t {
  kMalformed,            // not a DHCPv6 message (RFC 9915 section 21.1)
  kUnknownType,          // section 16
  kNotForClients,        // Solicit, Request, Relay-forward, ... (sections 16.2 to 16.14)
  kMulticast,            // section 16
  kNoServerId,           // sections 16.3, 16.10, 16.11
  kNoClientId,           //
  kOtherClientId,        //
  kOtherTransaction,     // no exchange, or not the one running
  kNoRapidCommit,        // Reply to Solicit without option 14 (section 18.2.1)
  kNotFromServerAsked,   // Reply of another server than the one named in the message
  kNothingOffered,       // Advertise without a usable address or prefix (section 18.2.9)
  kServerFailed,         // Reply with UnspecFail or UseMulticast (section 18.2.10)
  kReconfigureRefused,   // Reconfigure not negotiated, or no key (section 16.11)
  kReconfigureInvalid,   // wrong Reconfigure Message option
  kReconfigureUnproven,  // HMAC-MD5 wrong (section 20.4)
  kReconfigureReplayed,  // replay detection value not higher (section 20.3)
  kReconfigureBusy,      // one is being carried out (section 18.2.11)
};
inline constexpr std::size_t kClientDropCount =
    static_cast<std::size_t>(ClientDrop::kReconfigureBusy) + 1;

std::string_view to_string(
    ClientDrop reason);  // "malformed", "other-transaction", ...: for status output

struct ClientCounters {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;   // all, also the dropped
  std::uint64_t held_back = 0;  // transmissions delayed by the rate limit (section 14.1)
  std::array<std::uint64_t, kClientDropCount> dropped{};  // by ClientDrop

  std::uint64_t& operator[](ClientDrop reason) { return dropped[static_cast<std::size_t>(reason)]; }
  std::uint64_t operator[](ClientDrop reason) const {
    return dropped[static_cast<std::size_t>(reason)];
  }
  bool operator==(const ClientCounters&) const = default;
};

}  // namespace sixgate::dhcp6
