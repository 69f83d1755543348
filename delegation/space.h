// SPDX-License-Identifier: Apache-2.0
// Space: which /64s are taken, and by which LAN. Numbers are the upper 64 bits of addresses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "net/prefix.h"

namespace sixgate::delegation {

// A run of /64s, both ends included.
struct Run {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  // The whole of a prefix; of one longer than /64 the /64 it lies in.
  static Run of(const Prefix& prefix);
  // The aligned block of `length` that `number` lies in.
  static Run block(std::uint64_t number, unsigned length);
  bool overlaps(const Run& other) const { return first <= other.last && other.first <= last; }
  bool contains(const Run& other) const { return first <= other.first && other.last <= last; }
  bool operator==(const Run&) const = default;
};

class Space {
 public:
  static constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

  // What `owner` leaves to itself only, as its own deprecated prefix, is taken for everybody else.
  void take(const Run& run, std::size_t owner, bool free_for_owner = false);
  bool is_free(const Run& run, std::size_t lan) const { return !blocker(run, lan); }
  // The owner of what is in the way, kNobody when it is not a LAN's.
  std::optional<std::size_t> blocker(const Run& run, std::size_t lan) const;

  // The first number of a free block of `length` inside `whole`: the lowest, or the nearest to a
  // number.
  std::optional<std::uint64_t> lowest(const Run& whole, unsigned length, std::size_t lan) const;
  std::optional<std::uint64_t> nearest(const Run& whole, unsigned length, std::uint64_t to,
                                       std::size_t lan) const;

 private:
  struct Taken {
    Run run;
    std::size_t owner;
    bool free_for_owner;
  };
  const Taken* in_the_way(const Run& run, std::size_t lan) const;
  std::optional<std::uint64_t> upward(const Run& whole, unsigned length, std::uint64_t from,
                                      std::size_t lan) const;
  std::optional<std::uint64_t> downward(const Run& whole, unsigned length, std::uint64_t from,
                                        std::size_t lan) const;

  std::vector<Taken> taken_;
};

}  // namespace sixgate::delegation
