// SPDX-License-Identifier: Apache-2.0
// Space: which addresses are taken, and by which LAN.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "delegation/place.h"
#include "net/prefix.h"

namespace sixgate::delegation {

// A run of addresses, both ends included.
struct Run {
  Place first;
  Place last;

  static Run of(const Prefix& prefix);
  // The aligned block of `length` that `place` lies in.
  static Run block(const Place& place, unsigned length);
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

  // The beginning of a free block of `length` inside `whole`: the lowest, or the nearest to a
  // place.
  std::optional<Place> lowest(const Run& whole, unsigned length, std::size_t lan) const;
  std::optional<Place> nearest(const Run& whole, unsigned length, const Place& to,
                               std::size_t lan) const;

 private:
  struct Taken {
    Run run;
    std::size_t owner;
    bool free_for_owner;
  };
  const Taken* in_the_way(const Run& run, std::size_t lan) const;
  std::optional<Place> upward(const Run& whole, unsigned length, const Place& from,
                              std::size_t lan) const;
  std::optional<Place> downward(const Run& whole, unsigned length, const Place& from,
                                std::size_t lan) const;

  std::vector<Taken> taken_;
};

}  // namespace sixgate::delegation
