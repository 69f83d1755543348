// SPDX-License-Identifier: Apache-2.0
// Differences of elements: from any rules to any others, and never through a state that the kernel refuses.
#include <gtest/gtest.h>

#include <algorithm>

#include "firewall/ip6tables.h"
#include "firewall/nft.h"
#include "tests/unit/firewall/random_rulesets.h"

namespace sixgate::firewall {
namespace {

using test::overlaps_within;
using test::RandomRulesets;

constexpr unsigned kSeed = 20261122;

TEST(NftDifference, LeadsFromAnySetsToAnyOthers) {
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  RandomRulesets random(kSeed);
  NftSets now = nft_sets(random.next());
  for (int round = 0; round < 2000; ++round) {
    const NftSets wanted = nft_sets(random.next());
    const std::vector<NftStep> steps = nft_steps(now, wanted);
    NftSets state = now;
    for (const NftStep& step : steps) {
      for (const NftElement& element : step.elements) {
        // What is added was not there and overlaps nothing; what is removed was there.
        const auto& there = state[step.set];
        const bool found = std::ranges::binary_search(there, element);
        ASSERT_EQ(found, step.kind == NftStep::Kind::kRemove) << "round " << round;
      }
      state = apply_steps(std::move(state), {step});
      ASSERT_FALSE(overlaps_within(state)) << "round " << round;
    }
    ASSERT_EQ(state, wanted) << "round " << round;
    ASSERT_EQ(nft_difference(now, wanted).empty(), now == wanted);
    now = wanted;
  }
}

TEST(NftDifference, AddsBeforeItRemovesUnlessInTheWay) {
  NftSets from;
  NftSets to;
  from[NftSetId::kLocal] = {{"lan0", Prefix::parse("2001:db8:1::/64").value()},
                            {"lan0", Prefix::parse("2001:db8:2::/64").value()}};
  to[NftSetId::kLocal] = {{"lan0", Prefix::parse("2001:db8:2::/60").value()},
                          {"lan0", Prefix::parse("2001:db8:3::/64").value()}};
  EXPECT_EQ(
      nft_difference(from, to),
      "delete element ip6 sixgate local { \"lan0\" . 2001:db8:2::/64 }\n"
      "add element ip6 sixgate local { \"lan0\" . 2001:db8:2::/60, \"lan0\" . 2001:db8:3::/64 }\n"
      "delete element ip6 sixgate local { \"lan0\" . 2001:db8:1::/64 }\n");
}

TEST(NftSkeleton, IsConstantAndNeverFlushesASet) {
  EXPECT_EQ(nft_skeleton(), nft_skeleton());
  EXPECT_EQ(nft_skeleton().find("flush set"), std::string::npos);
  EXPECT_EQ(nft_skeleton().find("delete"), std::string::npos);
}

TEST(NftSets, MiddlesAreRefusedWhereSomethingWasShut) {
  Ruleset ruleset;
  ruleset.uplinks = {{"wan0"}};
  ruleset.lans = {{"lan0", Zone::kProtected, {}, {}}, {"lan1", Zone::kExposed, {}, {}}};
  const std::string refused = "-i lan0 -o wan0 -p tcp ! --syn";
  EXPECT_TRUE(nft_sets(ruleset)[NftSetId::kRefusing].empty());
  EXPECT_EQ(render_ip6tables(ruleset).find(refused), std::string::npos);
  ruleset.refuse_middles = true;
  EXPECT_EQ(nft_sets(ruleset)[NftSetId::kRefusing], std::vector<NftElement>{{"lan0"}});
  EXPECT_NE(render_ip6tables(ruleset).find(refused), std::string::npos);
  // An exposed LAN with something behind it that is guarded, and the other way round.
  ruleset.lans[0].assigned = ruleset.lans[0].open = {prefix("2001:db8:1:10::/60")};
  ruleset.lans[1].assigned = ruleset.lans[1].shut = {prefix("2001:db8:1:20::/60")};
  EXPECT_EQ(nft_sets(ruleset)[NftSetId::kRefusing], (std::vector<NftElement>{{"lan0"}, {"lan1"}}));
  const std::string text = render_ip6tables(ruleset);
  const auto place = [&](const std::string& rule) { return text.find(rule); };
  const std::size_t passes = place("-s 2001:db8:1:10::/60 -i lan0 -o wan0 -p tcp ! --syn");
  EXPECT_LT(passes, place("through -i lan0 -o wan0 -p tcp ! --syn"));
  EXPECT_NE(place("-s 2001:db8:1:20::/60 -i lan1 -o wan0 -p tcp ! --syn"), std::string::npos);
  EXPECT_EQ(place("through -i lan1 -o wan0 -p tcp ! --syn"), std::string::npos);
}

TEST(NftSets, WithholdTheUplinkUntilProvisioned) {
  Ruleset ruleset;
  ruleset.uplinks = {{"wan0"}};
  EXPECT_TRUE(nft_sets(ruleset)[NftSetId::kCrossing].empty());
  ruleset.provisioned = true;
  EXPECT_EQ(nft_sets(ruleset)[NftSetId::kCrossing], nft_sets(ruleset)[NftSetId::kWan]);
}

// Only where nothing comes in otherwise.
TEST(NftSets, TellWhichPinholeAnElementIs) {
  RandomRulesets random(kSeed);
  for (int round = 0; round < 200; ++round) {
    const Ruleset ruleset = normalise(random.next());
    const NftSets sets = nft_sets(ruleset);
    std::vector<FirewallPinhole> found;
    for (const NftSetKind& kind : kNftSetKinds) {
      if (!kind.counted) continue;
      for (const NftElement& element : sets[kind.id]) found.push_back(pinhole_of(kind.id, element));
    }
    std::ranges::sort(found);
    std::vector<FirewallPinhole> wanted = ruleset.pinholes;
    for (FirewallPinhole& one : wanted)
      if (!one.has_ports()) one.first_port = 0, one.last_port = 65535;
    std::ranges::sort(wanted);
    EXPECT_EQ(found, wanted);
  }
}

TEST(NftSets, ProgramsAskWhereTheyMay) {
  Ruleset ruleset;
  ruleset.lans.push_back({"a0", Zone::kProtected, {}, {}});
  ruleset.lans.push_back({"b0", Zone::kIsolated, {}, {}});
  ruleset.lans.back().pcp = true;
  EXPECT_EQ(nft_sets(ruleset)[NftSetId::kAsking], (std::vector<NftElement>{{"b0"}}));
  const std::string text = render_ip6tables(ruleset);
  EXPECT_NE(text.find("-A sixgate-to-us -i b0 -p udp --dport 5351"), std::string::npos);
  EXPECT_EQ(text.find("-A sixgate-to-us -i a0 -p udp --dport 5351"), std::string::npos)
      << "those inside may ask for anything";
}

TEST(NftSets, EndpointsOpenInGuardedLansAlone) {
  Ruleset ruleset;
  for (const auto& [name, zone] :
       {std::pair{"a0", Zone::kProtected}, std::pair{"b0", Zone::kExposed},
        std::pair{"c0", Zone::kIsolated}, std::pair{"d0", Zone::kClosed}}) {
    ruleset.lans.push_back({name, zone, {}, {}});
    ruleset.lans.back().any_endpoint = true;
  }
  ruleset.lans.push_back({"e0", Zone::kProtected, {}, {}});
  const NftSets sets = nft_sets(ruleset);
  EXPECT_EQ(sets[NftSetId::kAnyEndpoint], (std::vector<NftElement>{{"a0"}, {"c0"}}));
}

}  // namespace
}  // namespace sixgate::firewall
