// SPDX-License-Identifier: Apache-2.0
// Duid: who a DHCPv6 client or server is (RFC 9915 section 11). Opaque: whatever a peer sends
// within the allowed size is kept and echoed octet for octet; only our own are built by type.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/mac_address.h"
#include "net/short_octets.h"

namespace sixgate::dhcp6 {

class Duid {
 public:
  // Section 11.1 has a two-octet type and 1..128 octets after it. Shorter ones are seen and mean no
  // harm, so from one octet on all are taken.
  static constexpr std::size_t kMinSize = 1;
  static constexpr std::size_t kMaxSize = 130;

  // DUID-LLT (section 11.2); the time counts seconds from 2000-01-01 00:00 UTC, modulo 2^32.
  static Duid llt(const MacAddress& mac, std::uint32_t seconds_since_2000);
  // DUID-EN (section 11.3): none when `identifier` is empty or over 124 octets.
  static std::optional<Duid> en(std::uint32_t enterprise, std::span<const std::uint8_t> identifier);
  // DUID-LL (section 11.4).
  static Duid ll(const MacAddress& mac);
  // DUID-UUID (section 11.5).
  static Duid uuid(std::span<const std::uint8_t, 16> uuid);

  // Any 1..130 octets.
  static std::optional<Duid> from_bytes(std::span<const std::uint8_t> bytes);
  // Hex digits, with or without colons or dashes between octets: "000300010200...",
  // "00:03:00:01:...".
  static std::optional<Duid> parse(std::string_view text);
  std::string to_string() const;  // hex digits without separators

  std::span<const std::uint8_t> bytes() const { return bytes_.span(); }
  // The Ethernet address inside an LLT or LL: a hint for people, not to be relied on (section 11).
  std::optional<MacAddress> link_layer() const;

  friend auto operator<=>(const Duid&, const Duid&) = default;
  friend bool operator==(const Duid&, const Duid&) = default;

 private:
  explicit Duid(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  ShortOctets bytes_;
};

}  // namespace sixgate::dhcp6
