// SPDX-License-Identifier: Apache-2.0
// Rng: injected randomness. The key stream of ChaCha20 (RFC 8439 section 2.3), so that the daemon, which
// seeds it from the kernel, has numbers nobody on the link can guess (transaction ids, identifiers, keys),
// and a test, which seeds it with a number, sees the same run again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "net/time.h"

namespace sixgate {

class Rng {
 public:
  using Seed = std::array<std::uint8_t, 32>;
  explicit Rng(const Seed& seed);
  explicit Rng(std::uint64_t seed);  // for tests and simulation: replayable, guessable

  std::uint32_t u32();
  std::uint64_t u64();
  // Uniform in 0..bound-1 without modulo bias; 0 when bound is 0.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in low..high, both ends included.
  Duration between(Duration low, Duration high);
  bool chance(double probability);
  void fill(std::span<std::uint8_t> out);

 private:
  void refill();
  std::array<std::uint32_t, 8> key_{};
  std::uint64_t counter_ = 0;
  std::array<std::uint8_t, 64> block_{};
  std::size_t used_ = 64;
};

}  // namespace sixgate
