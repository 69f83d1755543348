// SPDX-License-Identifier: Apache-2.0
// Differences of elements: from any rules to any others, and never through a state that the kernel refuses.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "firewall/ip6tables.h"
#include "firewall/nft.h"

namespace sixgate::firewall {
namespace {

constexpr unsigned kSeed = 20261122;

// Few names and few, nested prefixes, so that rulesets share and overlap much.
class RandomRulesets {
 public:
  explicit RandomRulesets(unsigned seed) : engine_(seed) {}
  Ruleset next() {
    constexpr std::array kNames{"wan0", "lan0", "lan1", "lan2", "ppp0"};
    Ruleset ruleset;
    ruleset.provisioned = below(2) == 1;
    for (const char* name : kNames) {
      switch (below(4)) {
        case 0:
          break;
        case 1:
          ruleset.uplinks.push_back({name});
          break;
        default:
          ruleset.lans.push_back(
              {name, static_cast<Zone>(below(4)), prefixes(), prefixes(), std::nullopt});
          if (below(4) == 0) ruleset.lans.back().reaches = {"lan0", "lan2"};
      }
    }
    for (unsigned i = below(12); i > 0; --i) ruleset.pinholes.push_back(pinhole(ruleset));
    for (unsigned i = below(3); i > 0; --i) ruleset.knocks.push_back({kNames[below(5)], below(2)});
    ruleset.delegated = prefixes();
    ruleset.excluded = prefixes();
    ruleset.refuse_middles = below(2) == 1;
    return ruleset;
  }

 private:
  unsigned below(unsigned end) {
    return std::uniform_int_distribution<unsigned>(0, end - 1)(engine_);
  }
  // For one of few hosts, mostly in what its LAN has.
  FirewallPinhole pinhole(const Ruleset& ruleset) {
    constexpr std::array<std::uint8_t, 4> kProtocols{6, 17, 132, 6};
    FirewallPinhole one;
    one.interface = "lan0";
    one.host = Ip6Address::from_halves(0x20010db800000000, below(2));
    if (!ruleset.lans.empty()) {
      const FirewallLan& lan = ruleset.lans[below(static_cast<unsigned>(ruleset.lans.size()))];
      one.interface = lan.interface;
      if (!lan.assigned.empty()) {
        one.host = lan.assigned[0].with_suffix(Ip6Address::from_halves(0, below(2)));
      }
    }
    one.protocol = kProtocols[below(4)];
    one.first_port = static_cast<std::uint16_t>(below(6));
    one.last_port = static_cast<std::uint16_t>(below(8) == 0 ? 65535 : one.first_port + below(4));
    const std::vector<Prefix> sources = prefixes();
    if (!sources.empty()) one.source = sources[0];
    return one;
  }
  std::vector<Prefix> prefixes() {
    std::vector<Prefix> out;
    for (unsigned i = below(4); i > 0; --i) {
      const std::uint64_t network =
          0x20010db800000000 | (std::uint64_t{below(4)} << 30) | below(16);
      out.push_back(Prefix(Ip6Address::from_halves(network, 0), 56 + below(9)));
    }
    return out;
  }
  std::mt19937 engine_;
};

bool overlaps_within(const NftSets& sets) {
  for (const NftSetKind& kind : kNftSetKinds) {
    if (!is_interval(kind.key)) continue;
    const std::vector<NftElement>& elements = sets[kind.id];
    for (std::size_t i = 0; i < elements.size(); ++i) {
      for (std::size_t j = i + 1; j < elements.size(); ++j) {
        const NftElement& a = elements[i];
        const NftElement& b = elements[j];
        if (a.interface == b.interface && a.prefix.overlaps(b.prefix) &&
            a.source.overlaps(b.source) && a.first <= b.last && b.first <= a.last) {
          return true;
        }
      }
    }
  }
  return false;
}

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

// What a packet may find in neither of two sets, while it moves between them.
TEST(NftDifference, WhatMovesBetweenSiblingsIsInBothForAMoment) {
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  RandomRulesets random(kSeed);
  NftSets now = nft_sets(random.next());
  int moves = 0;
  for (int round = 0; round < 2000; ++round) {
    const NftSets wanted = nft_sets(random.next());
    const NftSets between = nft_between(now, wanted).value_or(now);
    ASSERT_FALSE(overlaps_within(between)) << "round " << round;
    moves += between == now ? 0 : 1;
    const bool moves_here = between[NftSetId::kAssigned64] != now[NftSetId::kAssigned64] ||
                            between[NftSetId::kAssigned] != now[NftSetId::kAssigned];
    for (const NftSetId set : {NftSetId::kAssigned64, NftSetId::kAssigned}) {
      if (!moves_here) continue;
      ASSERT_TRUE(std::ranges::includes(between[set], wanted[set])) << "round " << round;
      for (const NftElement& old : now[set]) {
        const bool in_the_way = std::ranges::any_of(wanted[set], [&](const NftElement& fresh) {
          return fresh != old && set == NftSetId::kAssigned && fresh.interface == old.interface &&
                 fresh.prefix.overlaps(old.prefix);
        });
        ASSERT_NE(std::ranges::binary_search(between[set], old), in_the_way) << "round " << round;
      }
    }
    now = wanted;
  }
  EXPECT_GT(moves, 100);
  EXPECT_EQ(nft_between(now, now).value_or(now), now);
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
