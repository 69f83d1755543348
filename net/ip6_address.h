// SPDX-License-Identifier: Apache-2.0
// Ip6Address: 128 bits in network order, with RFC 5952 text and the questions RFC 4291 lets one ask of it.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/big_endian.h"

namespace sixgate {

class Ip6Address {
 public:
  using Bytes = std::array<std::uint8_t, 16>;

  constexpr Ip6Address() = default;  // the unspecified address ::
  constexpr explicit Ip6Address(const Bytes& bytes) : bytes_(bytes) {}
  // From the upper and lower 64 bits, each as a host integer: (0x20010db800000000, 1) is 2001:db8::1.
  static constexpr Ip6Address from_halves(std::uint64_t high, std::uint64_t low) {
    Ip6Address a;
    store_big_endian<8>(a.bytes_.data(), high);
    store_big_endian<8>(a.bytes_.data() + 8, low);
    return a;
  }
  // RFC 4291 section 2.2 text, including the dotted-quad ending. No zone index, no prefix length.
  static std::optional<Ip6Address> parse(std::string_view text);
  std::string to_string() const;  // RFC 5952

  constexpr const Bytes& bytes() const { return bytes_; }
  constexpr std::uint64_t high() const { return half(0); }
  // The interface identifier of an address in a /64.
  constexpr std::uint64_t low() const { return half(8); }

  constexpr bool is_unspecified() const { return high() == 0 && low() == 0; }
  constexpr bool is_loopback() const { return high() == 0 && low() == 1; }
  constexpr bool is_multicast() const { return bytes_[0] == 0xff; }
  constexpr bool is_link_local() const { return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80; }
  constexpr bool is_unique_local() const { return (bytes_[0] & 0xfe) == 0xfc; }  // RFC 4193
  constexpr bool is_v4_mapped() const { return high() == 0 && (low() >> 32) == 0xffff; }
  // A unicast address that is neither link-local, unique-local, loopback nor unspecified.
  constexpr bool is_global_unicast() const {
    return !is_unspecified() && !is_loopback() && !is_multicast() && !is_link_local() &&
           !is_unique_local() && !is_v4_mapped();
  }

  friend constexpr bool operator==(const Ip6Address& a, const Ip6Address& b) {
    return a.high() == b.high() && a.low() == b.low();
  }
  // As the octets are ordered, in two steps instead of sixteen: thousands of prefixes are sorted by it.
  friend constexpr std::strong_ordering operator<=>(const Ip6Address& a, const Ip6Address& b) {
    const auto high = a.high() <=> b.high();
    return high != 0 ? high : a.low() <=> b.low();
  }

 private:
  constexpr std::uint64_t half(unsigned at) const { return load_big_endian<8>(bytes_.data() + at); }
  Bytes bytes_{};
};

// RFC 4291 section 2.7.1, RFC 9915 section 7.1.
inline constexpr Ip6Address kAllNodes = Ip6Address::from_halves(0xff02000000000000, 1);
inline constexpr Ip6Address kAllRouters = Ip6Address::from_halves(0xff02000000000000, 2);
inline constexpr Ip6Address kAllDhcpRelayAgentsAndServers =
    Ip6Address::from_halves(0xff02000000000000, 0x10002);
inline constexpr Ip6Address kAllDhcpServers = Ip6Address::from_halves(0xff05000000000000, 0x10003);

}  // namespace sixgate
