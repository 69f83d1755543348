// SPDX-License-Identifier: Apache-2.0
// Questions and answers across the segments of a shared /64 (RFC 4389 section 4.1.3, RFC 4861 section 7.2.8).
#include <gtest/gtest.h>

#include "net/text.h"
#include "tests/unit/ra/proxy_stage.h"

namespace sixgate::ra {
namespace {

using namespace test;

constexpr std::uint8_t kIsp = 1;
constexpr std::uint8_t kHost = 0x11;
constexpr std::uint8_t kOther = 0x12;
constexpr std::string_view kHostAddress = "2001:db8:5::11";

// There is a host on the LAN, and its question is over.
void learn_host(ProxyStage& stage) {
  stage.plug(kLan, kHostAddress, kHost);
  stage.ask(kWan, kIsp, kHostAddress);
  stage.run_for(seconds(5));
}

TEST(NdProxy, Row_4389_01_AsksInOurOwnNameAndAnswersOnlyWhenTheHostHas) {
  ProxyStage stage;
  stage.ask(kWan, kIsp, kHostAddress);
  for (const auto& [segment, station] :
       {std::pair(kLan, kLanMac), std::pair(kGuests, kGuestsMac)}) {
    const auto asked = stage.solicitations(segment);
    ASSERT_EQ(asked.size(), 1U) << segment;
    EXPECT_EQ(asked[0].target, ip(kHostAddress));
    ASSERT_NE(find<SourceLinkLayerAddress>(asked[0].options), nullptr);
    EXPECT_EQ(find<SourceLinkLayerAddress>(asked[0].options)->mac(), station);
  }
  EXPECT_EQ(stage.sent[0].source, link_local(kLanMac));
  EXPECT_EQ(stage.sent[0].destination, group_of(ip(kHostAddress)));
  EXPECT_EQ(stage.sent[0].station, MacAddress({0x33, 0x33, 0xff, 0, 0, 0x11}));
  stage.run_for(seconds(30));
  EXPECT_TRUE(stage.advertisements(kWan).empty());
  EXPECT_TRUE(stage.proxy.hosts().empty());

  stage.plug(kLan, kHostAddress, kHost);
  stage.ask(kWan, kIsp, kHostAddress);
  ASSERT_EQ(stage.advertisements(kWan).size(), 1U);
  EXPECT_EQ(stage.place(kHostAddress), kLan);

  // Known by now, and still it is asked each time: when it is silent, so are we.
  stage.run_for(seconds(5));
  stage.mute = true;
  stage.ask(kWan, kIsp, kHostAddress);
  EXPECT_EQ(stage.advertisements(kWan).size(), 1U);
}

TEST(NdProxy, Row_4389_02_AnswersWithOurLinkLayerAddressAndLearnsTheHosts) {
  ProxyStage stage;
  stage.plug(kLan, kHostAddress, kHost);
  stage.ask(kWan, kIsp, kHostAddress);
  const auto answers = stage.advertisements(kWan);
  ASSERT_EQ(answers.size(), 1U);
  const auto& [packet, message] = answers[0];
  EXPECT_EQ(packet.station, mac(kIsp));
  EXPECT_EQ(packet.destination, link_local(mac(kIsp)));
  EXPECT_EQ(packet.source, link_local(kWanMac));
  EXPECT_EQ(message.target, ip(kHostAddress));
  ASSERT_NE(find<TargetLinkLayerAddress>(message.options), nullptr);
  EXPECT_EQ(find<TargetLinkLayerAddress>(message.options)->mac(), kWanMac);
  ASSERT_EQ(stage.proxy.hosts().size(), 1U);
  EXPECT_EQ(stage.proxy.hosts()[0].station, mac(kHost));
  EXPECT_GE(stage.changes, 1U);
}

TEST(NdProxy, Row_4389_09_ProxyAdvertisementsHaveNoOverrideAndTheHostsOwnRouterFlag) {
  for (const bool router : {false, true}) {
    ProxyStage stage;
    stage.routers = router;
    stage.plug(kLan, kHostAddress, kHost);
    stage.ask(kWan, kIsp, kHostAddress);
    const auto answers = stage.advertisements(kWan);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_TRUE(answers[0].second.solicited);
    EXPECT_FALSE(answers[0].second.override_cache);
    EXPECT_EQ(answers[0].second.router, router);
  }
}

TEST(NdProxy, Row_4389_07_NothingGoesBackToWhereItCameFrom) {
  ProxyStage stage;
  stage.plug(kWan, "2001:db8:5::1", kIsp);
  stage.ask(kLan, kHost, "2001:db8:5::1");  // the provider's own address, asked for by a host
  EXPECT_EQ(stage.place("2001:db8:5::1"), kWan);
  ASSERT_EQ(stage.advertisements(kLan).size(), 1U);
  EXPECT_EQ(stage.advertisements(kLan)[0].first.station, mac(kHost));
  stage.sent.clear();
  // Somebody on its own segment asks for it: nobody else hears of it, nor does the segment again.
  stage.ask(kWan, 2, "2001:db8:5::1");
  EXPECT_TRUE(stage.sent.empty());
  // Of an unknown address the others only.
  stage.ask(kWan, 2, "2001:db8:5::77");
  EXPECT_TRUE(stage.solicitations(kWan).empty());
  EXPECT_EQ(stage.solicitations(kLan).size(), 1U);
}

TEST(NdProxy, AKnownHostIsAskedWhereItIs) {
  ProxyStage stage;
  learn_host(stage);
  stage.sent.clear();
  stage.ask(kWan, kIsp, kHostAddress);
  EXPECT_EQ(stage.solicitations(kLan).size(), 1U);
  EXPECT_TRUE(stage.solicitations(kGuests).empty());
}

// RFC 4861 section 7.3.3: the provider's router verifies what it knows by asking us alone.
TEST(NdProxy, AUnicastQuestionWakesTheHostAlone) {
  ProxyStage stage;
  learn_host(stage);
  stage.sent.clear();
  stage.hear(kWan, mac(kIsp), link_local(mac(kIsp)), ip(kHostAddress),
             to_bytes(stage.question(kHostAddress, mac(kIsp))));
  ASSERT_EQ(stage.sent.size(), 2U);
  EXPECT_EQ(stage.sent[0].segment, kLan);
  EXPECT_EQ(stage.sent[0].station, mac(kHost));
  EXPECT_EQ(stage.sent[0].destination, ip(kHostAddress));
  EXPECT_EQ(stage.sent[1].segment, kWan);
}

TEST(NdProxy, AskersOfOneAddressShareOneQuestion) {
  ProxyStage stage;
  for (std::uint8_t i = 1; i <= 20; ++i) stage.ask(kWan, i, kHostAddress);
  EXPECT_EQ(stage.solicitations(kLan).size(), 1U);
  stage.run_for(milliseconds(1000));
  stage.ask(kWan, 1, kHostAddress);  // its second of three
  EXPECT_EQ(stage.solicitations(kLan).size(), 2U);
  stage.answer(kLan, mac(kHost), ip(kHostAddress), link_local(kLanMac));
  EXPECT_EQ(stage.advertisements(kWan).size(), kMaxAskers);
}

// Two hosts behind different segments.
TEST(NdProxy, LansHearOfEachOther) {
  ProxyStage stage;
  stage.plug(kGuests, "2001:db8:5::21", 0x21);
  stage.ask(kLan, kHost, "2001:db8:5::21");
  ASSERT_EQ(stage.advertisements(kLan).size(), 1U);
  EXPECT_EQ(find<TargetLinkLayerAddress>(stage.advertisements(kLan)[0].second.options)->mac(),
            kLanMac);
  EXPECT_EQ(stage.place("2001:db8:5::21"), kGuests);
}

TEST(NdProxy, Row_4389_10_DadCrossesBothWaysAndFindsDuplicates) {
  for (const auto& [claimant, owner] : {std::pair(kLan, kWan), std::pair(kWan, kLan)}) {
    ProxyStage stage;
    stage.plug(owner, kHostAddress, kOther);
    stage.dad(claimant, kHost, kHostAddress, {1, 2, 3, 4, 5, 6});
    const auto asked = stage.solicitations(owner);
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(find<SourceLinkLayerAddress>(asked[0].options), nullptr);
    // RFC 7527: the host knows its own by the nonce.
    ASSERT_NE(find<Nonce>(asked[0].options), nullptr);
    EXPECT_EQ(find<Nonce>(asked[0].options)->octets, (std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6}));
    EXPECT_TRUE(stage.sent[0].source.is_unspecified());
    const auto heard = stage.advertisements(claimant);
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].first.destination, kAllNodes);
    EXPECT_FALSE(heard[0].second.solicited);
    EXPECT_EQ(stage.proxy.counters().duplicates, 1U);
    stage.run_for(seconds(10));
    EXPECT_EQ(stage.place(kHostAddress), owner);
  }
}

TEST(NdProxy, Row_4389_10_TwoDadsAtOnceAreHeardByBoth) {
  ProxyStage stage;
  stage.dad(kLan, kHost, kHostAddress, {1, 1, 1, 1, 1, 1});
  stage.dad(kWan, kOther, kHostAddress, {2, 2, 2, 2, 2, 2});
  EXPECT_EQ(stage.solicitations(kWan).size(), 1U);
  ASSERT_GE(stage.solicitations(kLan).size(), 1U);
  EXPECT_EQ(find<Nonce>(stage.solicitations(kLan)[0].options)->octets,
            (std::vector<std::uint8_t>{2, 2, 2, 2, 2, 2}));
}

TEST(NdProxy, Row_4389_10_AHostThatMovedIsNotDefended) {
  ProxyStage stage;
  stage.plug(kLan, kHostAddress, kHost);
  stage.ask(kWan, kIsp, kHostAddress);
  ASSERT_EQ(stage.place(kHostAddress), kLan);
  stage.run_for(seconds(20));
  stage.unplug(kLan, kHostAddress);
  stage.plug(kGuests, kHostAddress, kHost);
  stage.sent.clear();
  stage.dad(kGuests, kHost, kHostAddress);
  EXPECT_TRUE(stage.advertisements(kGuests).empty());
  stage.run_for(seconds(3));
  EXPECT_TRUE(stage.advertisements(kGuests).empty());
  EXPECT_EQ(stage.place(kHostAddress), kGuests);
  // Who had it where it was is told to ask again.
  ASSERT_EQ(stage.advertisements(kLan).size(), 1U);
  EXPECT_EQ(stage.advertisements(kLan)[0].first.destination, kAllNodes);
}

// Whoever claims an address does not get it while its host answers.
TEST(NdProxy, AClaimElsewhereDoesNotMoveAHostThatAnswers) {
  ProxyStage stage;
  stage.plug(kLan, kHostAddress, kHost);
  stage.ask(kWan, kIsp, kHostAddress);
  stage.plug(kWan, kHostAddress, kOther);
  for (int i = 0; i < 5; ++i) {
    stage.answer(kWan, mac(kOther), ip(kHostAddress), kAllNodes);
    stage.run_for(seconds(2));
    EXPECT_EQ(stage.place(kHostAddress), kLan);
  }
  EXPECT_EQ(stage.proxy.table().counters().conflicts, 5U);
}

TEST(NdProxy, Row_4389_11_HostsAreLearnedFromTheirDad) {
  ProxyStage stage;
  stage.plug(kLan, kHostAddress, kHost);
  stage.dad(kLan, kHost, kHostAddress);
  EXPECT_TRUE(stage.proxy.hosts().empty());  // it may still turn out to be a duplicate
  stage.run_for(seconds(2));
  EXPECT_EQ(stage.place(kHostAddress), kLan);
}

// RFC 4862 section 5.1, DupAddrDetectTransmits: whoever asks more than once answers later.
TEST(NdProxy, Row_4389_11_AHostWithALongDadIsWaitedFor) {
  ProxyStage stage;
  for (int i = 0; i < 5; ++i) {
    stage.dad(kLan, kHost, kHostAddress);
    stage.run_for(seconds(1));
  }
  stage.plug(kLan, kHostAddress, kHost);
  stage.run_for(seconds(1));
  EXPECT_EQ(stage.place(kHostAddress), kLan);
}

TEST(NdProxy, Row_4389_11_HostsAreLearnedFromTheirQuestions) {
  ProxyStage stage;
  stage.plug(kLan, kHostAddress, kHost);
  stage.hear(kLan, mac(kHost), ip(kHostAddress), link_local(kLanMac),
             to_bytes(stage.question("fe80::a1", mac(kHost))));
  EXPECT_EQ(stage.place(kHostAddress), kLan);
}

// What our own kernel asks for on the LAN that has the /64 may be somewhere else.
TEST(NdProxy, WhatTheKernelAsksForIsLookedForElsewhere) {
  ProxyStage stage;
  stage.plug(kGuests, kHostAddress, kHost);
  stage.hear(kLan, kLanMac, link_local(kLanMac), group_of(ip(kHostAddress)),
             to_bytes(stage.question(kHostAddress, kLanMac)), true);
  EXPECT_EQ(stage.place(kHostAddress), kGuests);
  EXPECT_TRUE(stage.advertisements(kLan).empty());
}

TEST(NdProxy, Row_4389_11_AHostThatDoesNotAnswerIsAskedThriceAndForgotten) {
  ProxyStage stage;
  learn_host(stage);
  stage.unplug(kLan, kHostAddress);
  stage.sent.clear();
  stage.ask(kWan, kIsp, kHostAddress);
  stage.run_for(milliseconds(3500));
  EXPECT_EQ(stage.place(kHostAddress), kLan);
  EXPECT_EQ(stage.solicitations(kLan).size(), 4U);  // the question, and three of our own
  stage.run_for(seconds(2));
  EXPECT_EQ(stage.place(kHostAddress), "");
  EXPECT_TRUE(stage.advertisements(kWan).empty());
  EXPECT_EQ(stage.proxy.table().counters().gone, 1U);
}

TEST(NdProxy, Row_4389_11_ASilentHostIsAskedByUnicastAfterTenMinutes) {
  ProxyStage stage;
  stage.plug(kLan, kHostAddress, kHost);
  stage.ask(kWan, kIsp, kHostAddress);
  stage.sent.clear();
  stage.run_for(minutes(10) - seconds(1));
  EXPECT_TRUE(stage.sent.empty());
  stage.run_for(seconds(2));
  ASSERT_EQ(stage.sent.size(), 1U);
  EXPECT_EQ(stage.sent[0].station, mac(kHost));
  EXPECT_EQ(stage.sent[0].destination, ip(kHostAddress));
  EXPECT_EQ(stage.place(kHostAddress), kLan);
  stage.unplug(kLan, kHostAddress);
  stage.run_for(minutes(11));
  EXPECT_TRUE(stage.proxy.hosts().empty());
  EXPECT_FALSE(stage.proxy.next_deadline().has_value());
}

TEST(NdProxy, Row_4389_11_TenThousandDadsAreBounded) {
  ProxyStage stage;
  stage.plug(kGuests, "2001:db8:5::21", 0x21);
  stage.ask(kWan, kIsp, "2001:db8:5::21");
  for (unsigned i = 1; i <= 10'000; ++i) {
    stage.dad(kLan, kHost,
              cat("2001:db8:5::bad:", Ip6Address::from_halves(0, i).to_string().substr(2)));
    stage.now = stage.now + milliseconds(1);
    EXPECT_LE(stage.proxy.table().candidates(), kMaxProxyCandidates);
    EXPECT_LE(stage.proxy.questions(), kMaxProxyQuestions);
  }
  EXPECT_EQ(stage.proxy.hosts().size(), 1U);
  EXPECT_LT(stage.solicitations(kWan).size(), 300U);
  EXPECT_GT(stage.proxy.counters().withheld, 9'000U);
  // Who is known hears and is heard all the same.
  stage.ask(kWan, kIsp, "2001:db8:5::21");
  EXPECT_EQ(stage.advertisements(kWan).size(), 2U);
  stage.run_for(minutes(1));
  EXPECT_EQ(stage.proxy.table().candidates(), 0U);
  EXPECT_EQ(stage.proxy.questions(), 0U);
}

TEST(NdProxy, Row_4389_11_HostsOfOneSegmentAreBounded) {
  ProxyStage stage;
  for (unsigned i = 1; i <= 3'000; ++i) {
    const std::string address =
        cat("2001:db8:5::", Ip6Address::from_halves(0, 0x10000 + i).to_string().substr(2));
    stage.plug(kLan, address, kHost);
    stage.ask(kWan, kIsp, address);
    stage.run_for(milliseconds(60));
  }
  EXPECT_EQ(stage.proxy.hosts().size(), kMaxProxiedHostsOfSegment);
  EXPECT_EQ(stage.advertisements(kWan).size(), kMaxProxiedHostsOfSegment);
  EXPECT_GT(stage.proxy.table().counters().full, 2'000U);
  stage.plug(kGuests, "2001:db8:5::21", 0x21);
  stage.ask(kWan, kIsp, "2001:db8:5::21");
  EXPECT_EQ(stage.place("2001:db8:5::21"), kGuests);
}

TEST(NdProxy, Row_4389_12_AScanFromTheWanIsLimitedAndKnownHostsStayReachable) {
  ProxyStage stage;
  learn_host(stage);
  stage.sent.clear();
  const Instant begin = stage.now;
  unsigned answered = 0;
  for (unsigned i = 0; i < 10'000; ++i) {  // a thousand a second
    stage.ask(kWan, kIsp,
              cat("2001:db8:5::a:", Ip6Address::from_halves(0, 1 + i).to_string().substr(2)));
    stage.now = stage.now + milliseconds(1);
    stage.proxy.expire(stage.now);
    if (i % 1000 == 999) {
      stage.ask(kWan, kIsp, kHostAddress);
      answered = static_cast<unsigned>(stage.advertisements(kWan).size());
      EXPECT_EQ(answered, i / 1000 + 1);
      // And the hosts of the house find each other still.
      stage.ask(kLan, kHost, cat("2001:db8:5::c:", i));
    }
  }
  EXPECT_EQ(stage.now - begin, seconds(10));
  // RFC 6583: 32 at once, then at most 20 a second; beside these the known host's 10 and its questions.
  EXPECT_LE(stage.solicitations(kLan).size(), 32U + 10U * 20U + 10U + 1U);
  EXPECT_EQ(stage.solicitations(kWan).size(), 10U);
  EXPECT_LE(stage.proxy.questions(), 2 * kMaxProxyQuestions);
  EXPECT_EQ(stage.proxy.hosts().size(), 1U);
}

TEST(NdProxy, OurOwnAddressesAreAnsweredOnTheOtherSegments) {
  ProxyStage stage;
  stage.settings.own = {{ip("2001:db8:5::1"), {kLan}}};
  stage.proxy.configure(stage.settings, stage.now);
  stage.ask(kGuests, kHost, "2001:db8:5::1");
  ASSERT_EQ(stage.sent.size(), 1U);
  EXPECT_EQ(stage.advertisements(kGuests)[0].second.router, true);
  stage.ask(kLan, kHost, "2001:db8:5::1");  // the kernel's business
  EXPECT_EQ(stage.sent.size(), 1U);
  stage.dad(kWan, kOther, "2001:db8:5::1");  // somebody wants to have it
  ASSERT_EQ(stage.sent.size(), 2U);
  EXPECT_EQ(stage.advertisements(kWan)[0].first.destination, kAllNodes);
  EXPECT_TRUE(stage.proxy.hosts().empty());
}

TEST(NdProxy, FixedHostsAreAskedThereOnlyAndStay) {
  ProxyStage stage;
  stage.settings.fixed = {{ip(kHostAddress), kGuests}};
  stage.proxy.configure(stage.settings, stage.now);
  EXPECT_EQ(stage.place(kHostAddress), kGuests);
  stage.ask(kWan, kIsp, kHostAddress);
  EXPECT_TRUE(stage.solicitations(kLan).empty());
  EXPECT_EQ(stage.solicitations(kGuests).size(), 1U);
  EXPECT_TRUE(stage.advertisements(kWan).empty());  // not even for these
  stage.run_for(hours(2));
  EXPECT_EQ(stage.place(kHostAddress), kGuests);
  stage.answer(kLan, mac(kOther), ip(kHostAddress), kAllNodes);
  stage.run_for(seconds(5));
  EXPECT_EQ(stage.place(kHostAddress), kGuests);
  stage.settings.fixed.clear();
  stage.proxy.configure(stage.settings, stage.now);
  EXPECT_TRUE(stage.proxy.hosts().empty());
}

TEST(NdProxy, ExclusionsAreNeitherAskedForNorLearned) {
  ProxyStage stage;
  stage.settings.excluded = {prefix("2001:db8:5::/120")};
  stage.proxy.configure(stage.settings, stage.now);
  stage.plug(kLan, kHostAddress, kHost);
  stage.ask(kWan, kIsp, kHostAddress);
  stage.dad(kLan, kHost, kHostAddress);
  stage.answer(kLan, mac(kHost), ip(kHostAddress), kAllNodes);
  stage.run_for(seconds(5));
  EXPECT_TRUE(stage.sent.empty());
  EXPECT_TRUE(stage.proxy.hosts().empty());
}

TEST(NdProxy, HostsOfAnEarlierRunAreKeptWhileTheyAreAsked) {
  ProxyStage stage;
  stage.plug(kLan, kHostAddress, kHost);
  stage.proxy.restore(ip(kHostAddress), kLan, stage.now);
  stage.proxy.restore(ip("2001:db8:5::99"), kLan, stage.now);
  EXPECT_EQ(stage.proxy.hosts().size(), 2U);
  stage.run_for(seconds(5));
  EXPECT_EQ(stage.place(kHostAddress), kLan);
  EXPECT_EQ(stage.place("2001:db8:5::99"), "");
}

TEST(NdProxy, ASegmentWithoutCarrierKeepsItsHosts) {
  ProxyStage stage;
  stage.plug(kLan, kHostAddress, kHost);
  stage.ask(kWan, kIsp, kHostAddress);
  stage.settings.segments[1].ready = false;
  stage.proxy.configure(stage.settings, stage.now);
  stage.sent.clear();
  stage.run_for(hours(1));
  EXPECT_TRUE(stage.sent.empty());
  EXPECT_EQ(stage.place(kHostAddress), kLan);
  stage.unplug(kLan, kHostAddress);
  stage.settings.segments[1].ready = true;
  stage.proxy.configure(stage.settings, stage.now);
  stage.run_for(seconds(5));
  EXPECT_EQ(stage.place(kHostAddress), "");
}

TEST(NdProxy, ASegmentThatGoesTakesItsHostsAlong) {
  ProxyStage stage;
  stage.plug(kLan, kHostAddress, kHost);
  stage.ask(kWan, kIsp, kHostAddress);
  stage.settings.segments.erase(stage.settings.segments.begin() + 1);
  stage.proxy.configure(stage.settings, stage.now);
  EXPECT_TRUE(stage.proxy.hosts().empty());
}

TEST(NdProxy, WhatDoesNotPassTheChecksIsDropped) {
  ProxyStage stage;
  NeighborSolicitation message = stage.question(kHostAddress, mac(kIsp));
  const auto payload = to_bytes(message);
  stage.proxy.receive(
      {kWan, mac(kIsp), false, {payload, link_local(mac(kIsp)), group_of(ip(kHostAddress)), 64}},
      stage.now);
  stage.hear(kWan, mac(kIsp), Ip6Address(), group_of(ip(kHostAddress)), payload);  // :: with SLLA
  stage.ask("eth9", kIsp, kHostAddress);                                           // no segment
  stage.ask(kWan, kIsp, "2001:db8:6::1");  // not of the prefix
  EXPECT_TRUE(stage.sent.empty());
  EXPECT_EQ(stage.proxy.counters().discarded[Discard::kHopLimit], 1U);
  EXPECT_EQ(stage.proxy.counters().discarded[Discard::kUnspecifiedWithLinkLayer], 1U);
}

}  // namespace
}  // namespace sixgate::ra
