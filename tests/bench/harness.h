// SPDX-License-Identifier: Apache-2.0
// Times small functions against a memcpy of the same bytes in the same run: machines differ, and are shared,
// but the ratio travels. Each figure is the best of several rounds, which is the one least disturbed.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace sixgate::bench {

// The compiler must assume that somebody looks at `value`.
template <class T>
inline void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

// Nanoseconds of one call.
template <class Work>
double nanoseconds(Work work) {
  using Clock = std::chrono::steady_clock;
  using Nanoseconds = std::chrono::duration<double, std::nano>;
  constexpr Nanoseconds kRound = std::chrono::milliseconds(30);
  std::size_t calls = 1;
  double best = 0;
  for (int round = 0; round < 8;) {
    const auto begin = Clock::now();
    for (std::size_t i = 0; i < calls; ++i) work();
    const Nanoseconds spent = Clock::now() - begin;
    if (spent < kRound) {  // too short to be believed
      calls *= 2;
      continue;
    }
    const double one = spent.count() / static_cast<double>(calls);
    if (round == 0 || one < best) best = one;
    ++round;
  }
  return best;
}

inline double memcpy_nanoseconds(std::span<const std::uint8_t> bytes) {
  std::vector<std::uint8_t> copy(bytes.size());
  return nanoseconds([&] {
    std::size_t size = bytes.size();
    asm volatile("" : "+r"(size));  // not a constant: a real memcpy
    std::memcpy(copy.data(), bytes.data(), size);
    keep(copy[0]);
  });
}

inline void print_header() {
  std::printf("%-28s %8s %12s %14s %10s\n", "", "octets", "ns", "million/s", "x memcpy");
}

template <class Work>
void measure(std::string_view name, std::span<const std::uint8_t> bytes, Work work) {
  const double baseline = memcpy_nanoseconds(bytes);
  const double spent = nanoseconds(work);
  std::printf("%-28.*s %8zu %12.1f %14.3f %10.1f\n", static_cast<int>(name.size()), name.data(),
              bytes.size(), spent, 1e3 / spent, spent / baseline);
}

}  // namespace sixgate::bench
