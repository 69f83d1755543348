// SPDX-License-Identifier: Apache-2.0
// Carving: which part of each delegation goes to which LAN. One pure function: the same inputs give
// the same plan, and the memory it returns keeps the plan stable when LANs are added, renamed or
// reordered, over a restart, and on a new delegation.
//
// The order of claims in one delegation:
//   1. ip6hint (larger blocks first);
//   2. what the LAN had in this delegation, or the same subnet number in a new one;
//   3. the lowest free block, larger blocks first.
// Every LAN gets a /64 before any LAN gets more than its fair share: when an ip6assign does not
// fit, the lowest priority, and there the largest block, shrinks step by step. With fewer /64s than
// LANs, those go by priority, then by configuration order, to LANs that have nothing yet first.
// A LAN that asks for a block longer than /64 gets that or nothing. Such blocks lie side by side in
// one /64 while there is room in it; beside a LAN that needs a whole one, and with no other left, it
// is priority again that decides who has it.
// Nothing is ever used twice, also when delegations overlap.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delegation/place.h"
#include "delegation/pool.h"
#include "net/log.h"
#include "net/prefix.h"

namespace sixgate::delegation {

// The longest ip6assign: the default pool of the DHCPv6 server, ::1000 to ::ffff, must fit in.
inline constexpr unsigned kLongestAssign = 112;

// What one LAN asks for. The order of requests is the configuration's, and decides between equal
// priorities.
struct LanRequest {
  std::string name;
  std::string interface;
  unsigned assign_length = 64;        // ip6assign, 48..kLongestAssign
  std::optional<std::uint64_t> hint;  // ip6hint: which /64 of the delegation the block begins with
  std::vector<std::string>
      classes;       // ip6class: origins it takes prefixes from; none means every origin
  int priority = 0;  // the higher one is served first when space is short

  // Less than a /64: hosts make no addresses of their own in it (RFC 4862 section 5.5.3 d).
  bool splits_slash64() const { return assign_length > 64; }
  bool takes_from(std::string_view origin) const {
    return classes.empty() || std::find(classes.begin(), classes.end(), origin) != classes.end();
  }
  bool operator==(const LanRequest&) const = default;
};

struct Assignment {
  std::string lan;
  std::string interface;
  std::string origin;
  Prefix delegation;
  Prefix prefix;  // may be shorter than /64: the LAN's on-link prefix is then the first /64 of it
  Standing standing = Standing::kLive;

  // The on-link prefix: what the Router Advertisement says and the router's own address lies in.
  Prefix on_link() const { return Prefix(prefix.address(), std::max(prefix.length(), 64U)); }
  bool operator==(const Assignment&) const = default;
};

// What a LAN had.
struct Remembered {
  std::string lan;
  std::string interface;
  std::string origin;
  Prefix delegation;
  Place index;  // from the start of the delegation
  unsigned length = 64;
  unsigned wanted =
      64;  // the ip6assign of that time: a block that is smaller was cut by lack of space

  friend auto operator<=>(const Remembered&, const Remembered&) = default;
};

// To be stored by the owner and given to the next carve(). Of each LAN and origin it keeps what it
// has in the present delegations or, without one, what it had last; also of LANs that are not
// configured now.
struct CarveMemory {
  std::vector<Remembered> entries;
  bool operator==(const CarveMemory&) const = default;
};

// A LAN that gets nothing from a live delegation it would take a prefix from.
struct LeftOut {
  std::string lan;
  std::string interface;
  std::string origin;
  Prefix delegation;
  std::string finding;  // the text in CarveResult::findings; empty: it has a prefix of this origin
  bool operator==(const LeftOut&) const = default;
};

struct CarveResult {
  std::vector<Assignment> assignments;  // in the order of the LAN requests, then of the delegations
  CarveMemory memory;
  LogLines
      findings;  // error: a LAN is left out, a delegation is unusable; warning: a wish is not met
  std::vector<LeftOut> left_out;
};

// How many /64s these LANs need at least, those that take from `origin`.
std::uint64_t slash64s_needed(const std::vector<LanRequest>& lans, std::string_view origin);

CarveResult carve(const std::vector<Delegation>& delegations, const std::vector<LanRequest>& lans,
                  const CarveMemory& memory);

}  // namespace sixgate::delegation
