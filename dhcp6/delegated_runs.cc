// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/delegated_runs.h"

#include <iterator>

namespace sixgate::dhcp6 {

void DelegatedRuns::add(std::uint64_t first, std::uint64_t last) {
  auto after = runs_.upper_bound(first);
  if (after != runs_.end() && last + 1 == after->first) {
    last = after->second;
    after = runs_.erase(after);
  }
  if (after != runs_.begin()) {
    const auto before = std::prev(after);
    if (before->second + 1 == first) {
      before->second = last;
      return;
    }
  }
  runs_.emplace_hint(after, first, last);
}

void DelegatedRuns::remove(std::uint64_t first, std::uint64_t last) {
  const auto after = runs_.upper_bound(first);
  if (after == runs_.begin()) return;
  const auto run = std::prev(after);
  const std::uint64_t end = run->second;
  if (end < last) return;
  if (end > last) runs_.emplace_hint(after, last + 1, end);
  if (run->first == first)
    runs_.erase(run);
  else
    run->second = first - 1;
}

// Runs do not overlap: only the last one that begins at or before `last` can be in the way with its end, and it is the
// one that ends latest.
std::optional<std::uint64_t> DelegatedRuns::in_the_way(std::uint64_t first,
                                                       std::uint64_t last) const {
  auto at = runs_.upper_bound(last);
  if (at == runs_.begin()) return std::nullopt;
  --at;
  if (at->second < first) return std::nullopt;
  return at->second;
}

}  // namespace sixgate::dhcp6
