// SPDX-License-Identifier: Apache-2.0
// Runs of delegated /64s against a model that knows each of them.
#include "dhcp6/delegated_runs.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>
#include <vector>

#include "net/rng.h"

namespace sixgate::dhcp6 {
namespace {

TEST(DelegatedRuns, NeighboursAreOneRun) {
  DelegatedRuns runs;
  EXPECT_FALSE(runs.in_the_way(0, ~std::uint64_t{0}));
  runs.add(10, 10);
  runs.add(12, 13);
  EXPECT_EQ(runs.count(), 2U);
  runs.add(11, 11);
  EXPECT_EQ(runs.count(), 1U);
  EXPECT_EQ(runs.in_the_way(10, 10), 13U);
  EXPECT_EQ(runs.in_the_way(0, 9), std::nullopt);
  EXPECT_EQ(runs.in_the_way(14, 20), std::nullopt);
  runs.remove(12, 13);
  EXPECT_EQ(runs.in_the_way(10, 10), 11U);
  runs.remove(10, 10);
  EXPECT_EQ(runs.in_the_way(0, 20), 11U);
  runs.remove(11, 11);
  EXPECT_EQ(runs.count(), 0U);
}

TEST(DelegatedRuns, ThousandsSideBySideAreSteppedOverAtOnce) {
  DelegatedRuns runs;
  for (std::uint64_t i = 0; i < 10'000; ++i) runs.add(i, i);
  EXPECT_EQ(runs.count(), 1U);
  EXPECT_EQ(runs.in_the_way(17, 17), 9'999U);
}

TEST(DelegatedRuns, AgreeWithASetOfAll) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    DelegatedRuns runs;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> blocks;
    std::set<std::uint64_t> all;
    for (int step = 0; step < 500; ++step) {
      const std::uint64_t size = std::uint64_t{1} << rng.below(4);
      const std::uint64_t first = rng.below(16) * 8 / size * size;
      const auto taken = all.lower_bound(first);
      if (taken == all.end() || *taken >= first + size) {
        runs.add(first, first + size - 1);
        blocks.emplace_back(first, first + size - 1);
        for (std::uint64_t i = 0; i < size; ++i) all.insert(first + i);
      } else if (!blocks.empty()) {
        const std::size_t which = static_cast<std::size_t>(rng.below(blocks.size()));
        runs.remove(blocks[which].first, blocks[which].second);
        for (std::uint64_t i = blocks[which].first; i <= blocks[which].second; ++i) all.erase(i);
        blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(which));
      }
      for (std::uint64_t at = 0; at < 130; ++at) {
        // The end of the run that the last one of at..at+3 lies in or before.
        std::optional<std::uint64_t> expected;
        for (std::uint64_t i = at; i <= at + 3; ++i) {
          if (!all.contains(i)) continue;
          std::uint64_t end = i;
          while (all.contains(end + 1)) ++end;
          expected = end;
        }
        ASSERT_EQ(runs.in_the_way(at, at + 3), expected) << at << " after step " << step;
      }
    }
  }
}

}  // namespace
}  // namespace sixgate::dhcp6
