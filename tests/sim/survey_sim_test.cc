// SPDX-License-Identifier: Apache-2.0
// The largest delegation, at ISPs that differ in what they do with hints: whatever they are like, on a lossy
// link too, the first lease has the widest prefix there is.
#include <gtest/gtest.h>

#include <algorithm>

#include "scene.h"

namespace sixgate::sim {
namespace {

using Hints = IspBehaviour::Hints;

TEST(SurveySim, TheWidestPrefixIsReached) {
  for (const std::uint64_t seed : seeds(250)) {
    Rng dice(seed * 977 + 5);
    IspBehaviour isp = usual_isp();
    isp.managed = dice.chance(0.5);
    isp.delegated_length = 57 + static_cast<unsigned>(dice.below(8));
    for (std::uint64_t more = dice.below(4); more > 0; --more) {
      isp.more_lengths.push_back(48 + static_cast<unsigned>(dice.below(17)));
    }
    constexpr Hints kHints[] = {Hints::kIgnored, Hints::kFollowed, Hints::kExact};
    isp.hints = kHints[dice.below(3)];
    // One delegation at a time from a server that ignores hints shows only one of its pools.
    isp.one_delegation = isp.hints != Hints::kIgnored && dice.chance(0.4);
    isp.address_kills_prefix = isp.managed && dice.chance(0.3);
    isp.preference = static_cast<std::uint8_t>(dice.chance(0.3) ? 255 : 0);
    unsigned widest = isp.delegated_length;
    for (const unsigned length : isp.more_lengths) widest = std::min(widest, length);
    // Where an address kills the prefix, the hints are asked one by one.
    if (isp.address_kills_prefix && isp.hints == Hints::kIgnored) continue;
    Scene scene(seed, isp);
    scene.begin();
    scene.world.run_until(scene.world.now() + minutes(3));
    const std::vector<Prefix> routed = scene.isp.routed();
    // Of nothing but /64s each LAN has one, where the ISP gives several.
    const bool several = widest == 64 && !isp.one_delegation;
    ASSERT_FALSE(routed.empty()) << "seed " << seed;
    ASSERT_LE(routed.size(), several ? 2U : 1U) << "seed " << seed;
    EXPECT_EQ(routed.front().length(), widest)
        << "seed " << seed << ": " << routed.front().to_string();
  }
}

// The ISP grows one day, and the invariants of Home hold all the while.
TEST(SurveySim, AWiderPrefixIsFoundWhenThereIsOne) {
  for (const std::uint64_t seed : seeds(6)) {
    Rng dice(seed * 31337 + 7);
    IspBehaviour isp = usual_isp();
    isp.managed = dice.chance(0.5);
    isp.delegated_length = 58 + static_cast<unsigned>(dice.below(7));
    isp.hints = dice.chance(0.5) ? Hints::kFollowed : Hints::kExact;
    Scene scene(seed, isp);
    scene.begin();
    scene.world.run_for(dice.between(minutes(5), hours(5)));
    const unsigned wide = isp.delegated_length - 1 - static_cast<unsigned>(dice.below(9));
    scene.isp.behaviour().more_lengths = {wide};
    scene.world.run_for(hours(9));
    const std::vector<Prefix> routed = scene.isp.routed();
    ASSERT_EQ(routed.size(), 1U) << "seed " << seed << ": the old one was released; there are "
                                 << routed.front().to_string() << ", " << routed.back().to_string();
    EXPECT_EQ(routed.front().length(), wide) << "seed " << seed;
  }
}

}  // namespace
}  // namespace sixgate::sim
