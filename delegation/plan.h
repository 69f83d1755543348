// SPDX-License-Identifier: Apache-2.0
// The plan of one delegation: which block each LAN gets of it. The order of claims and the fair
// share are described in carve.h.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "delegation/space.h"
#include "net/prefix.h"

namespace sixgate::delegation {

struct Block {
  Place index;  // counts from the start of the delegation
  unsigned length = 64;
  bool operator==(const Block&) const = default;
};

// What one LAN claims. Claims stand in configuration order.
struct Claim {
  std::size_t lan = 0;   // its owner number in the Space
  unsigned wanted = 64;  // beyond /64: exactly this, or nothing
  int priority = 0;
  bool served_elsewhere = false;  // has, or will keep, a block of another delegation of this kind
  std::optional<Place> hint;      // an index aligned to `wanted`, or of a /64; may lie outside
  std::optional<Block> held;      // what it has of this very delegation
  bool wanted_changed = false;    // `held` was carved for another ip6assign
  std::optional<Place> before;    // its index in an earlier delegation

  // Less than this it has no use for: hosts need a /64, unless a person says otherwise.
  unsigned smallest() const { return std::max(wanted, 64U); }
  // Beyond /64 the hint says which /64 the block lies in.
  bool is_at_hint(const Place& index) const {
    return hint && (wanted > 64 ? hint->high == index.high : *hint == index);
  }
};

// One result for each claim; none: left out.
std::vector<std::optional<Block>> plan(const Prefix& delegation, const Space& taken,
                                       const std::vector<Claim>& claims);

}  // namespace sixgate::delegation
