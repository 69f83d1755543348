// SPDX-License-Identifier: Apache-2.0
// The plan of one delegation: which block each LAN gets of it. The order of claims and the fair
// share are described in carve.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "delegation/space.h"
#include "net/prefix.h"

namespace sixgate::delegation {

struct Block {
  std::uint64_t index = 0;  // counts /64s from the start of the delegation
  unsigned length = 64;
  bool operator==(const Block&) const = default;
};

// What one LAN claims. Claims stand in configuration order.
struct Claim {
  std::size_t lan = 0;  // its owner number in the Space
  unsigned wanted = 64;
  int priority = 0;
  bool served_elsewhere = false;  // has, or will keep, a block of another delegation of this kind
  std::optional<std::uint64_t> hint;    // an index aligned to `wanted`; may lie outside
  std::optional<Block> held;            // what it has of this very delegation
  bool wanted_changed = false;          // `held` was carved for another ip6assign
  std::optional<std::uint64_t> before;  // its index in an earlier delegation
};

// One result for each claim; none: left out.
std::vector<std::optional<Block>> plan(const Prefix& delegation, const Space& taken,
                                       const std::vector<Claim>& claims);

}  // namespace sixgate::delegation
