// SPDX-License-Identifier: Apache-2.0
#include "delegation/unique_local.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "delegation/carve.h"

namespace sixgate::delegation {
namespace {

TEST(UniqueLocal, TakesOnlyOnesOfItsKind) {
  EXPECT_TRUE(is_usable_unique_local(*Prefix::parse("fd12:3456:789a::/48")));
  EXPECT_TRUE(is_usable_unique_local(*Prefix::parse("fd12:3456:789a:1::/64")));
  EXPECT_FALSE(is_usable_unique_local(*Prefix::parse("fc12:3456:789a::/48")));
  EXPECT_FALSE(is_usable_unique_local(*Prefix::parse("fd12::/32")));
  EXPECT_FALSE(is_usable_unique_local(*Prefix::parse("2001:db8::/48")));
}

TEST(Conformance, Row_7084_ULA_1_GeneratesAUla48) {
  Rng rng(1);
  const Prefix p = generate_unique_local(rng);
  EXPECT_EQ(p.length(), 48U);
  EXPECT_TRUE(p.address().is_unique_local());
  const auto carved = carve({{.prefix = p, .origin = std::string(kOriginUla)}},
                            {{.name = "lan", .interface = "eth1"}}, {});
  ASSERT_EQ(carved.assignments.size(), 1U);
  EXPECT_TRUE(p.contains(carved.assignments[0].prefix));
}

// The /48 itself is stored by the daemon; here: its parts go to the same LANs after a restart.
TEST(Conformance, Row_7084_ULA_2_SubnetsStayOverAReboot) {
  Rng rng(2);
  const std::vector<Delegation> ula{
      {.prefix = generate_unique_local(rng), .origin = std::string(kOriginUla)}};
  const auto before = carve(
      ula, {{.name = "lan", .interface = "eth1"}, {.name = "guest", .interface = "eth2"}}, {});
  const CarveMemory stored = before.memory;
  const auto after = carve(
      ula, {{.name = "guest", .interface = "eth2"}, {.name = "lan", .interface = "eth1"}}, stored);
  ASSERT_EQ(after.assignments.size(), 2U);
  EXPECT_EQ(after.assignments[0], before.assignments[1]);
  EXPECT_EQ(after.assignments[1], before.assignments[0]);
}

TEST(Conformance, Row_4193_01_GlobalIdsAreRandom) {
  std::set<Prefix> seen;
  std::array<int, 40> ones{};
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Rng rng(seed);
    const Prefix p = generate_unique_local(rng);
    seen.insert(p);
    const std::uint64_t global_id = p.address().high() >> 16 & 0xffffffffff;
    for (unsigned bit = 0; bit < 40; ++bit) ones[bit] += static_cast<int>(global_id >> bit & 1);
  }
  EXPECT_EQ(seen.size(), 100U);
  for (unsigned bit = 0; bit < 40; ++bit) {
    EXPECT_GT(ones[bit], 20) << "bit " << bit;
    EXPECT_LT(ones[bit], 80) << "bit " << bit;
  }
}

TEST(Conformance, Row_4193_02_LocalBitIsSet) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Rng rng(seed);
    const Prefix p = generate_unique_local(rng);
    EXPECT_EQ(p.address().bytes()[0], 0xfd);
    EXPECT_EQ(p.address().high() & 0xffff, 0U) << "the subnet id is not part of it";
    EXPECT_EQ(p.address().low(), 0U);
  }
}

}  // namespace
}  // namespace sixgate::delegation
