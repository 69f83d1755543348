// SPDX-License-Identifier: Apache-2.0
// Numbers in network order. Written out octet by octet without a loop: so the compiler sees one load or store and a
// swap, also where it does not unroll.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace sixgate {

template <std::size_t kWidth>
constexpr std::uint64_t load_big_endian(const std::uint8_t* at) {
  return [&]<std::size_t... kAt>(std::index_sequence<kAt...>) {
    return ((std::uint64_t{at[kAt]} << (8 * (kWidth - 1 - kAt))) | ...);
  }
  (std::make_index_sequence<kWidth>());
}

template <std::size_t kWidth>
constexpr void store_big_endian(std::uint8_t* at, std::uint64_t value) {
  [&]<std::size_t... kAt>(std::index_sequence<kAt...>) {
    ((at[kAt] = static_cast<std::uint8_t>(value >> (8 * (kWidth - 1 - kAt)))), ...);
  }
  (std::make_index_sequence<kWidth>());
}

}  // namespace sixgate
