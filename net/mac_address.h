// SPDX-License-Identifier: Apache-2.0
// MacAddress: a 48-bit link-layer address (RFC 2464).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sixgate {

class MacAddress {
 public:
  using Bytes = std::array<std::uint8_t, 6>;
  constexpr MacAddress() = default;
  constexpr explicit MacAddress(const Bytes& bytes) : bytes_(bytes) {}
  static std::optional<MacAddress> parse(
      std::string_view text);  // "02:00:5e:00:53:01", also with '-'
  std::string to_string() const;

  constexpr const Bytes& bytes() const { return bytes_; }
  constexpr bool is_multicast() const { return (bytes_[0] & 1) != 0; }
  constexpr bool is_zero() const { return *this == MacAddress(); }
  // Modified EUI-64 (RFC 4291 appendix A): ff:fe in the middle, universal/local bit inverted.
  constexpr std::uint64_t eui64() const {
    std::uint64_t id = 0;
    const std::array<std::uint8_t, 8> octets{static_cast<std::uint8_t>(bytes_[0] ^ 2),
                                             bytes_[1],
                                             bytes_[2],
                                             0xff,
                                             0xfe,
                                             bytes_[3],
                                             bytes_[4],
                                             bytes_[5]};
    for (const std::uint8_t octet : octets) id = id << 8 | octet;
    return id;
  }
  friend constexpr auto operator<=>(const MacAddress&, const MacAddress&) = default;

 private:
  Bytes bytes_{};
};

}  // namespace sixgate
