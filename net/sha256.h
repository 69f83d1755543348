// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4), for what must be stable and unguessable at once: RFC 7217 interface identifiers,
// the checksum of stored state.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sixgate {

class Sha256 {
 public:
  using Digest = std::array<std::uint8_t, 32>;
  void update(std::span<const std::uint8_t> bytes);
  Digest finish();  // the object is used up
  static Digest of(std::span<const std::uint8_t> bytes);

 private:
  void block(std::span<const std::uint8_t, 64> bytes);
  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::uint8_t, 64> pending_{};
  std::size_t pending_size_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace sixgate
