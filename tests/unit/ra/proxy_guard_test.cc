// SPDX-License-Identifier: Apache-2.0
// No loop forms between the segments of a shared /64 (RFC 4389 sections 4.1.3.3 and 6).
#include <gtest/gtest.h>

#include <deque>

#include "tests/unit/ra/proxy_stage.h"

namespace sixgate::ra {
namespace {

using namespace test;

constexpr std::string_view kTarget = "2001:db8:5::11";

void advertise(ProxyStage& stage, const std::string& on, RouterAdvertisement message) {
  stage.hear(on, mac(0x66), link_local(mac(0x66)), kAllNodes, to_bytes(message));
}

RouterAdvertisement of_a_router() {
  RouterAdvertisement message;
  message.router_lifetime = seconds(1800);
  return message;
}

TEST(ProxyGuard, Row_4389_05_AnAdvertisementOnALanEndsItsPartForAnHour) {
  ProxyStage stage;
  stage.plug(kLan, kTarget, 0x11);
  stage.ask(kWan, 1, kTarget);
  ASSERT_EQ(stage.place(kTarget), kLan);
  advertise(stage, kLan, of_a_router());
  EXPECT_TRUE(stage.proxy.blocks().contains(kLan));
  EXPECT_TRUE(stage.said("another router"));
  EXPECT_EQ(stage.place(kTarget), "");
  stage.sent.clear();
  stage.ask(kWan, 1, "2001:db8:5::12");
  EXPECT_TRUE(stage.solicitations(kLan).empty());
  EXPECT_EQ(stage.solicitations(kGuests).size(), 1U);
  stage.ask(kLan, 0x11, "2001:db8:5::13");
  EXPECT_TRUE(stage.solicitations(kWan).empty());

  stage.run_for(minutes(50));
  advertise(stage, kLan, of_a_router());
  stage.run_for(minutes(59));
  EXPECT_TRUE(stage.proxy.blocks().contains(kLan));
  stage.run_for(minutes(2));
  EXPECT_FALSE(stage.proxy.blocks().contains(kLan));
  stage.ask(kWan, 1, kTarget);
  EXPECT_EQ(stage.place(kTarget), kLan);
}

TEST(ProxyGuard, Row_4389_05_AProxiedAdvertisementEndsThePartOfTheUplinkToo) {
  ProxyStage stage;
  advertise(stage, kWan, of_a_router());  // the provider's own
  EXPECT_TRUE(stage.proxy.blocks().empty());
  RouterAdvertisement proxied = of_a_router();
  proxied.proxy = true;
  advertise(stage, kWan, proxied);
  EXPECT_TRUE(stage.proxy.blocks().contains(kWan));
  EXPECT_TRUE(stage.said("Proxy bit"));
  stage.ask(kWan, 1, kTarget);
  EXPECT_TRUE(stage.sent.empty());
}

TEST(ProxyGuard, Row_4389_05_OneHeardBeforeCounts) {
  ProxyStage stage;
  stage.proxy.heard_router(kLan, of_a_router(), link_local(mac(0x66)), stage.now,
                           stage.now + minutes(59));
  stage.proxy.heard_router(kGuests, of_a_router(), link_local(mac(0x66)), stage.now,
                           stage.now + minutes(61));
  EXPECT_TRUE(stage.proxy.blocks().contains(kLan));
  EXPECT_FALSE(stage.proxy.blocks().contains(kGuests));
}

// A Thread border router advertises its own ULA, and routes, and is nobody's way out.
TEST(ProxyGuard, ABorderRouterOfItsOwnPrefixIsNoOtherWay) {
  ProxyStage stage;
  RouterAdvertisement message;
  PrefixInformation option;
  option.prefix = prefix("fd11:2233:4455:6677::/64");
  option.on_link = option.autonomous = true;
  option.valid = option.preferred = Lifetime(1800);
  message.options.emplace_back(option);
  advertise(stage, kLan, message);
  EXPECT_TRUE(stage.proxy.blocks().empty());
  option.prefix = prefix("2001:db8:5::/64");
  message.options.emplace_back(option);
  advertise(stage, kLan, message);
  EXPECT_TRUE(stage.proxy.blocks().contains(kLan));
}

TEST(ProxyGuard, WhatWeSentOnOneSegmentHeardOnAnotherIsALoop) {
  ProxyStage stage;
  stage.hear(kGuests, kLanMac, link_local(kLanMac), group_of(ip(kTarget)),
             to_bytes(stage.question(kTarget, kLanMac)));
  EXPECT_TRUE(stage.proxy.blocks().contains(kGuests));  // the later of the two
  EXPECT_TRUE(stage.said("another way between lan0 and lan1"));
  EXPECT_TRUE(stage.sent.empty());
}

// Some access points give back what they get.
TEST(ProxyGuard, WhatComesBackWhereItWasSentIsNoLoop) {
  ProxyStage stage;
  stage.hear(kLan, kLanMac, link_local(kLanMac), group_of(ip(kTarget)),
             to_bytes(stage.question(kTarget, kLanMac)));
  stage.ask(kWan, 1, kTarget);
  const std::vector<ProxyPacket> sent = stage.sent;
  ASSERT_EQ(sent.size(), 2U);
  stage.hear(kLan, kLanMac, sent[0].source, sent[0].destination, sent[0].payload);
  EXPECT_TRUE(stage.proxy.blocks().empty());
  EXPECT_EQ(stage.sent.size(), 2U);
}

// The link-layer addresses are rewritten by the other proxy; the nonce is not.
TEST(ProxyGuard, ANonceThatComesByAnotherWayIsALoop) {
  ProxyStage stage;
  stage.dad(kWan, 7, kTarget, {9, 9, 9, 9, 9, 9});
  stage.dad(kWan, 7, kTarget, {9, 9, 9, 9, 9, 9});  // once more, from the same host
  EXPECT_TRUE(stage.proxy.blocks().empty());
  stage.dad(kLan, 0x77, kTarget, {9, 9, 9, 9, 9, 9});
  EXPECT_TRUE(stage.proxy.blocks().contains(kLan));
  EXPECT_FALSE(stage.proxy.blocks().contains(kWan));
}

// The second proxy is between the uplink and one LAN; the host is on the other, which has done nothing.
TEST(ProxyGuard, ANonceThatWePassedOnAndThatComesBackIsOfWhereItArrives) {
  for (const bool uplink_first : {false, true}) {
    ProxyStage stage;
    stage.dad(kGuests, 7, kTarget, {9, 9, 9, 9, 9, 9});
    ASSERT_EQ(stage.solicitations(kWan).size(), 1U);
    ASSERT_EQ(stage.solicitations(kLan).size(), 1U);
    if (uplink_first) {  // from lan0, or from lan1? It is not used, and nobody is blamed.
      stage.dad(kWan, 0x77, kTarget, {9, 9, 9, 9, 9, 9});
      EXPECT_TRUE(stage.proxy.blocks().empty());
    }
    stage.dad(kLan, 0x77, kTarget, {9, 9, 9, 9, 9, 9});
    EXPECT_TRUE(stage.proxy.blocks().contains(kLan));
    EXPECT_EQ(stage.proxy.blocks().size(), 1U);
    EXPECT_TRUE(
        stage.said("lan0 takes no part in the sharing for an hour: there is another way to lan0: a "
                   "solicitation that was sent on lan1 arrives on lan0"));
    EXPECT_EQ(stage.sent.size(), 2U);  // and nothing goes round
  }
}

// A proxy that passes on in one direction only is found by what we ask in our own name.
TEST(ProxyGuard, OurOwnNoncesTellWhereAQuestionWentOut) {
  ProxyStage stage;
  stage.ask(kGuests, 7, kTarget);
  const auto asked = stage.solicitations(kLan);
  ASSERT_EQ(asked.size(), 1U);
  const Nonce* nonce = find<Nonce>(asked[0].options);
  ASSERT_NE(nonce, nullptr);
  EXPECT_NE(nonce->octets, find<Nonce>(stage.solicitations(kWan)[0].options)->octets);
  stage.dad(kWan, 0x77, kTarget, nonce->octets);
  EXPECT_TRUE(stage.proxy.blocks().contains(kLan));
  EXPECT_EQ(stage.proxy.blocks().size(), 1U);
}

TEST(ProxyGuard, NoncesAreForgottenAndBounded) {
  ProxyStage stage;
  stage.dad(kWan, 7, kTarget, {9, 9, 9, 9, 9, 9});
  stage.run_for(ProxyGuard::kNonceMemory + seconds(1));
  stage.dad(kLan, 0x77, kTarget, {9, 9, 9, 9, 9, 9});
  EXPECT_TRUE(stage.proxy.blocks().empty());
  for (unsigned i = 0; i < 2000; ++i)
    stage.dad(kLan, 7, kTarget,
              {1, 1, 1, 1, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)});
  EXPECT_TRUE(stage.proxy.blocks().empty());
}

// Two of us between the same two links: each hears what the other asks, and nothing goes round.
TEST(ProxyGuard, Row_4389_05_TwoProxiesOfTheSamePairNoticeEachOther) {
  struct Frame {
    std::string segment;
    MacAddress station;
    ProxyPacket packet;
    int sender;
  };
  ProxyStage stages[2]{ProxyStage(1), ProxyStage(2)};
  for (int i = 0; i < 2; ++i) {
    stages[i].settings.segments.pop_back();
    for (ProxySegment& one : stages[i].settings.segments) {
      one.station = mac(static_cast<std::uint8_t>((i + 1) * 16 + (one.upstream ? 1 : 2)));
      one.link_local = link_local(one.station);
    }
    stages[i].proxy.configure(stages[i].settings, kStart);
  }
  std::deque<Frame> air;
  const auto gather = [&](int i) {
    for (const ProxyPacket& packet : std::exchange(stages[i].sent, {})) {
      const auto& segments = stages[i].settings.segments;
      const MacAddress from = packet.segment == kWan ? segments[0].station : segments[1].station;
      air.push_back({packet.segment, from, packet, i});
    }
  };
  // Each hears what the other sends, until nothing is under way; how many there were.
  const auto settle = [&] {
    for (int i = 0; i < 2; ++i) gather(i);
    unsigned frames = 0;
    while (!air.empty() && frames < 100) {
      const Frame frame = air.front();
      air.pop_front();
      ++frames;
      const int other = 1 - frame.sender;
      stages[other].hear(frame.segment, frame.station, frame.packet.source,
                         frame.packet.destination, frame.packet.payload);
      gather(other);
    }
    return frames;
  };
  // A host's DAD on the LAN, heard by both.
  for (int i = 0; i < 2; ++i) stages[i].dad(kLan, 0x55, kTarget, {7, 7, 7, 7, 7, 7});
  EXPECT_LE(settle(), 4U);
  EXPECT_TRUE(stages[0].proxy.blocks().contains(kLan));
  EXPECT_TRUE(stages[1].proxy.blocks().contains(kLan));

  // A question without a nonce of its host's.
  for (int i = 0; i < 2; ++i) {
    stages[i].run_for(minutes(61));
    stages[i].sent.clear();
    EXPECT_TRUE(stages[i].proxy.blocks().empty());
  }
  for (int i = 0; i < 2; ++i) stages[i].ask(kWan, 1, "2001:db8:5::33");
  EXPECT_LE(settle(), 6U);
  EXPECT_TRUE(stages[0].proxy.blocks().contains(kLan) || stages[1].proxy.blocks().contains(kLan));
}

}  // namespace
}  // namespace sixgate::ra
