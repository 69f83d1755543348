// SPDX-License-Identifier: Apache-2.0
// What old and new rules both let pass or refuse, they do so at each moment on the way from the one to the other.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "firewall/nft.h"
#include "tests/unit/firewall/random_rulesets.h"

namespace sixgate::firewall {
namespace {

using test::overlaps_within;
using test::RandomRulesets;

constexpr unsigned kStagesSeed = 20261127;

// In the order of the rules.
const std::vector<std::vector<NftSetId>> kLookups{
    {NftSetId::kAssigned64, NftSetId::kAssigned, NftSetId::kAssignedOverlap},
    {NftSetId::kLocal64, NftSetId::kLocal, NftSetId::kLocalOverlap},
    {NftSetId::kDelegated, NftSetId::kDelegatedOverlap},
    {NftSetId::kDoorTcp, NftSetId::kPinholeTcp, NftSetId::kPinholeTcpOverlap},
    {NftSetId::kDoorUdp, NftSetId::kPinholeUdp, NftSetId::kPinholeUdpOverlap},
    {NftSetId::kPinholeOther, NftSetId::kPinholeOtherOverlap},
    {NftSetId::kOpen, NftSetId::kOpenOverlap},
    {NftSetId::kShut, NftSetId::kShutOverlap}};

// As an element with nothing but hosts and one port.
using Packet = NftElement;

bool matches(const NftElement& element, const Packet& packet) {
  return element.interface == packet.interface && element.prefix.contains(packet.prefix) &&
         element.source.contains(packet.source) && element.first <= packet.first &&
         packet.first <= element.last;
}

bool matches(const NftSets& sets, NftSetId set, const Packet& packet) {
  return std::ranges::any_of(sets[set], [&](const NftElement& e) { return matches(e, packet); });
}

// One that both elements match, where there is one.
void meet(const NftElement& a, const NftElement& b, std::vector<Packet>& packets) {
  if (a.interface != b.interface || !a.prefix.overlaps(b.prefix) || !a.source.overlaps(b.source) ||
      a.first > b.last || b.first > a.last)
    return;
  const auto host = [](const Prefix& x, const Prefix& y) {
    return Prefix(x.length() > y.length() ? x.address() : y.address(), 128);
  };
  Packet packet{a.interface, host(a.prefix, b.prefix)};
  packet.source = host(a.source, b.source);
  packet.first = packet.last = std::max(a.first, b.first);
  packets.push_back(packet);
}

std::vector<Packet> packets_of_both(const NftSets& from, const NftSets& to,
                                    const std::vector<NftSetId>& lookup) {
  std::vector<Packet> packets;
  for (const NftSetId old : lookup) {
    for (const NftSetId fresh : lookup) {
      for (const NftElement& a : from[old]) {
        for (const NftElement& b : to[fresh]) meet(a, b, packets);
      }
    }
  }
  return packets;
}

// What a packet may see of the sets, as time goes on: while a transaction is under way what it takes out is already gone
// and what it brings not yet there (Linux 6.1).
std::vector<NftSets> moments(const NftSets& from, const std::vector<NftSets>& stages) {
  std::vector<NftSets> seen{from};
  for (const NftSets& stage : stages) {
    NftSets under_way;
    for (const NftSetKind& kind : kNftSetKinds) {
      std::ranges::set_intersection(seen.back()[kind.id], stage[kind.id],
                                    std::back_inserter(under_way[kind.id]));
    }
    seen.push_back(std::move(under_way));
    seen.push_back(stage);
  }
  return seen;
}

// Whether it finds itself, however long it takes from one set to the next.
bool always_found(const std::vector<NftSets>& seen, const std::vector<NftSetId>& lookup,
                  const Packet& packet, std::size_t set = 0, std::size_t since = 0) {
  if (set == lookup.size()) return false;
  for (std::size_t at = since; at < seen.size(); ++at) {
    if (!matches(seen[at], lookup[set], packet) && !always_found(seen, lookup, packet, set + 1, at))
      return false;
  }
  return true;
}

void expect_no_gap(const NftSets& from, const std::vector<NftSets>& stages, int& packets) {
  const std::vector<NftSets> seen = moments(from, stages);
  for (const auto& lookup : kLookups) {
    for (const Packet& packet : packets_of_both(from, stages.back(), lookup)) {
      ++packets;
      ASSERT_TRUE(always_found(seen, lookup, packet))
          << packet.interface << " " << packet.prefix.address().to_string();
    }
  }
}

// The sets without what is left of the way to them.
NftSets settled(NftSets sets) {
  for (const auto& lookup : kLookups) sets[lookup.back()].clear();
  return sets;
}

TEST(NftStages, LeaveNoGapInWhatOldAndNewBothMatch) {
  SCOPED_TRACE(testing::Message() << "seed " << kStagesSeed);
  RandomRulesets random(kStagesSeed);
  NftSets now = nft_sets(random.next());
  int packets = 0;
  int in_two = 0;
  for (int round = 0; round < 2000; ++round) {
    const NftSets wanted = nft_sets(random.next());
    const std::vector<NftSets> stages = nft_stages(now, wanted);
    ASSERT_LE(stages.size(), 2U);
    ASSERT_EQ(settled(stages.back()), wanted) << "round " << round;
    NftSets before = now;
    for (const NftSets& stage : stages) {
      ASSERT_FALSE(overlaps_within(stage)) << "round " << round;
      ASSERT_EQ(apply_steps(before, nft_steps(before, stage)), stage) << "round " << round;
      before = stage;
    }
    expect_no_gap(now, stages, packets);
    in_two += stages.size() == 2 ? 1 : 0;
    now = stages.back();
  }
  EXPECT_GT(in_two, 100);
  EXPECT_GT(packets, 5000);
}

// Whoever stops between the two takes up there, from what the kernel has.
TEST(NftStages, GoOnFromBetween) {
  SCOPED_TRACE(testing::Message() << "seed " << kStagesSeed);
  RandomRulesets random(kStagesSeed);
  NftSets now = nft_sets(random.next());
  int packets = 0;
  for (int round = 0; round < 2000; ++round) {
    const NftSets wanted = nft_sets(random.next());
    const NftSets left = nft_stages(now, wanted).front();
    const std::vector<NftSets> stages = nft_stages(left, wanted);
    expect_no_gap(left, stages, packets);
    ASSERT_EQ(settled(stages.back()), wanted) << "round " << round;
    now = stages.back();
  }
  EXPECT_GT(packets, 5000);
}

TEST(NftStages, PutWhatOverlapsBesideFirst) {
  NftSets from;
  NftSets to;
  const NftElement small{"wan0", Prefix::parse("2001:db8:1000::/56").value()};
  const NftElement large{"wan0", Prefix::parse("2001:db8:1000::/52").value()};
  from[NftSetId::kDelegated] = {small};
  to[NftSetId::kDelegated] = {large};
  const std::vector<NftSets> stages = nft_stages(from, to);
  ASSERT_EQ(stages.size(), 2U);
  EXPECT_EQ(nft_difference(from, stages[0]),
            "add element ip6 sixgate delegated_overlap { \"wan0\" . 2001:db8:1000::/52 }\n");
  EXPECT_EQ(nft_difference(stages[0], stages[1]),
            "delete element ip6 sixgate delegated { \"wan0\" . 2001:db8:1000::/56 }\n"
            "add element ip6 sixgate delegated { \"wan0\" . 2001:db8:1000::/52 }\n");
  // It goes with the next change.
  const std::vector<NftSets> next = nft_stages(stages[1], to);
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(nft_difference(stages[1], next[0]),
            "delete element ip6 sixgate delegated_overlap { \"wan0\" . 2001:db8:1000::/52 }\n");
}

TEST(NftStages, AreOneWhereNothingOverlaps) {
  NftSets from;
  NftSets to;
  from[NftSetId::kAssigned64] = {{"lan0", Prefix::parse("2001:db8:1::/64").value()}};
  to[NftSetId::kAssigned64] = {{"lan0", Prefix::parse("2001:db8:2::/64").value()}};
  to[NftSetId::kAssigned] = {{"lan1", Prefix::parse("2001:db8:1::/60").value()}};
  EXPECT_EQ(nft_stages(from, to), std::vector<NftSets>{to});
}

}  // namespace
}  // namespace sixgate::firewall
