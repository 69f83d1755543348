// SPDX-License-Identifier: Apache-2.0
// Place: an address as a number of 128 bits that can be counted with, or a distance between two. The machines of
// homes often have 32 bits, and their compilers no such type.
#pragma once

#include <compare>
#include <cstdint>

#include "net/ip6_address.h"

namespace sixgate::delegation {

struct Place {
  std::uint64_t high = 0;  // counts /64s
  std::uint64_t low = 0;

  static constexpr Place of(const Ip6Address& address) { return {address.high(), address.low()}; }
  constexpr Ip6Address address() const { return Ip6Address::from_halves(high, low); }

  friend constexpr auto operator<=>(const Place&, const Place&) = default;
  // Modulo 2^128.
  friend constexpr Place operator+(const Place& a, const Place& b) {
    const std::uint64_t sum = a.low + b.low;
    return {a.high + b.high + (sum < a.low ? 1U : 0U), sum};
  }
  friend constexpr Place operator-(const Place& a, const Place& b) {
    return {a.high - b.high - (a.low < b.low ? 1U : 0U), a.low - b.low};
  }
  friend constexpr Place operator&(const Place& a, const Place& b) {
    return {a.high & b.high, a.low & b.low};
  }
  friend constexpr Place operator|(const Place& a, const Place& b) {
    return {a.high | b.high, a.low | b.low};
  }
  constexpr Place operator~() const { return {~high, ~low}; }
};

inline constexpr Place kNextPlace{0, 1};

}  // namespace sixgate::delegation
