// SPDX-License-Identifier: Apache-2.0
// DelegatedRuns: which /64s are delegated, as runs without a gap, so that a search for a free one steps over any number
// of neighbours at once. Numbers are the upper halves of addresses; both ends belong to a run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

namespace sixgate::dhcp6 {

class DelegatedRuns {
 public:
  // What is added does not overlap what is there; what is removed is there.
  void add(std::uint64_t first, std::uint64_t last);
  void remove(std::uint64_t first, std::uint64_t last);
  // The end of the last run that overlaps first..last.
  std::optional<std::uint64_t> in_the_way(std::uint64_t first, std::uint64_t last) const;
  std::size_t count() const { return runs_.size(); }

 private:
  std::map<std::uint64_t, std::uint64_t> runs_;  // first -> last
};

}  // namespace sixgate::dhcp6
