// SPDX-License-Identifier: Apache-2.0
// What the rules count, by the same names in both backends: a named counter of nft, a chain of ip6tables in which the
// packet's fate is. Neither is written anew when prefixes and pinholes change, so the numbers go on.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/ruleset.h"

namespace sixgate::firewall {

struct CountedKind {
  std::string_view name;
  std::string_view why;  // for a person
};
extern const std::array<CountedKind, 16> kCountedKinds;

struct Count {
  std::string name;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  bool operator==(const Count&) const = default;
};
using Counts = std::vector<Count>;  // in the order of kCountedKinds

std::string_view why_counted(std::string_view name);  // empty: no such kind

// Adds to the kind of that name; others are nobody's concern.
void add_count(Counts& counts, std::string_view name, std::uint64_t packets, std::uint64_t bytes);

// All kinds, with nothing counted.
Counts no_counts();

// What began through one pinhole to its host's present address. Of nft alone: ip6tables writes such rules anew with
// every change.
struct PinholeCount {
  FirewallPinhole pinhole;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  bool operator==(const PinholeCount&) const = default;
};

// From the text of `ip6tables-save -c`. Rules that only lead on to a chain of ours are not counted.
Counts ip6tables_counts(std::string_view saved);

// What one rule has met since it was written: with nft when the skeleton was loaded, with ip6tables at the last change.
struct RuleCount {
  std::string table{};  // of ip6tables
  std::string chain{};  // of the table sixgate, or of ip6tables without "sixgate-"
  unsigned number = 0;  // in its chain, from 1
  std::string match{};  // of ip6tables: what it is about, in its words
  std::string why{};
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  bool operator==(const RuleCount&) const = default;
};
using RuleCounts = std::vector<RuleCount>;  // chain by chain

RuleCounts ip6tables_rule_counts(std::string_view saved);

// All of it, of one moment.
struct Counted {
  Counts kinds{};
  std::vector<PinholeCount> pinholes{};
  RuleCounts rules{};
};

}  // namespace sixgate::firewall
