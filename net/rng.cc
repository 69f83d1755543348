// SPDX-License-Identifier: Apache-2.0
#include "net/rng.h"

#include <bit>

namespace sixgate {
namespace {

using State = std::array<std::uint32_t, 16>;

void quarter_round(State& s, std::size_t a, std::size_t b, std::size_t c, std::size_t d) {
  s[a] += s[b];
  s[d] = std::rotl(s[d] ^ s[a], 16);
  s[c] += s[d];
  s[b] = std::rotl(s[b] ^ s[c], 12);
  s[a] += s[b];
  s[d] = std::rotl(s[d] ^ s[a], 8);
  s[c] += s[d];
  s[b] = std::rotl(s[b] ^ s[c], 7);
}

}  // namespace

Rng::Rng(const Seed& seed) {
  for (std::size_t i = 0; i < key_.size(); ++i) {
    key_[i] = std::uint32_t{seed[4 * i]} | std::uint32_t{seed[4 * i + 1]} << 8 |
              std::uint32_t{seed[4 * i + 2]} << 16 | std::uint32_t{seed[4 * i + 3]} << 24;
  }
}

Rng::Rng(std::uint64_t seed) {
  key_[0] = static_cast<std::uint32_t>(seed);
  key_[1] = static_cast<std::uint32_t>(seed >> 32);
}

// RFC 8439 section 2.3 with a 64-bit block counter and nonce zero: one key is one stream.
void Rng::refill() {
  const State start{0x61707865,
                    0x3320646e,
                    0x79622d32,
                    0x6b206574,
                    key_[0],
                    key_[1],
                    key_[2],
                    key_[3],
                    key_[4],
                    key_[5],
                    key_[6],
                    key_[7],
                    static_cast<std::uint32_t>(counter_),
                    static_cast<std::uint32_t>(counter_ >> 32),
                    0,
                    0};
  State s = start;
  for (int i = 0; i < 10; ++i) {
    quarter_round(s, 0, 4, 8, 12);
    quarter_round(s, 1, 5, 9, 13);
    quarter_round(s, 2, 6, 10, 14);
    quarter_round(s, 3, 7, 11, 15);
    quarter_round(s, 0, 5, 10, 15);
    quarter_round(s, 1, 6, 11, 12);
    quarter_round(s, 2, 7, 8, 13);
    quarter_round(s, 3, 4, 9, 14);
  }
  for (std::size_t i = 0; i < 16; ++i) {
    const std::uint32_t word = s[i] + start[i];
    for (std::size_t j = 0; j < 4; ++j)
      block_[4 * i + j] = static_cast<std::uint8_t>(word >> (8 * j));
  }
  ++counter_;
  used_ = 0;
}

void Rng::fill(std::span<std::uint8_t> out) {
  for (std::uint8_t& octet : out) {
    if (used_ == block_.size()) refill();
    octet = block_[used_++];
  }
}

std::uint64_t Rng::u64() {
  std::array<std::uint8_t, 8> octets{};
  fill(octets);
  std::uint64_t value = 0;
  for (const std::uint8_t octet : octets) value = value << 8 | octet;
  return value;
}

std::uint32_t Rng::u32() { return static_cast<std::uint32_t>(u64() >> 32); }

std::uint64_t Rng::below(std::uint64_t bound) {
  if (bound == 0) return 0;
  // Values under 2^64 mod bound would make the low results likelier: draw again.
  const std::uint64_t uneven = (0 - bound) % bound;
  for (;;) {
    const std::uint64_t value = u64();
    if (value >= uneven) return value % bound;
  }
}

Duration Rng::between(Duration low, Duration high) {
  if (high <= low) return low;
  const auto span = static_cast<std::uint64_t>((high - low).count()) + 1;
  return low + Duration(static_cast<std::int64_t>(below(span)));
}

bool Rng::chance(double probability) {
  return static_cast<double>(u64() >> 11) * 0x1.0p-53 < probability;
}

}  // namespace sixgate
