// SPDX-License-Identifier: Apache-2.0
// When the advertiser speaks (RFC 4861 sections 6.2.4 to 6.2.6).
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "net/text.h"
#include "tests/unit/ra/support.h"

namespace sixgate::ra {
namespace {

using namespace test;

std::vector<Duration> gaps(const std::vector<Sent>& sent) {
  std::vector<Duration> out;
  for (std::size_t i = 1; i < sent.size(); ++i) out.push_back(sent[i].at - sent[i - 1].at);
  return out;
}

Advertisement brisk(seconds least, seconds most) {
  Advertisement content = home();
  content.settings.min_interval = least;
  content.settings.max_interval = most;
  return content;
}

TEST(Advertiser, IsSilentUntilItIsConfigured) {
  Lan lan;
  lan.solicit(ip("fe80::99"));
  EXPECT_EQ(lan.advertiser.next_deadline(), std::nullopt);
  EXPECT_EQ(lan.advertiser.counters().solicitations, 1U);
}

TEST(Advertiser, SpeaksAtOnceWhenItIsConfigured) {
  Lan lan;
  lan.configure(home());
  EXPECT_EQ(lan.advertiser.next_deadline(), kStart);
  lan.run_for(seconds(0));
  ASSERT_EQ(lan.sent.size(), 1U);
  EXPECT_EQ(lan.sent[0].to, kAllNodes);
}

TEST(Advertiser, AnEarlyOrRepeatedExpireDoesNothing) {
  Lan lan;
  lan.configure(home());
  lan.run_for(seconds(0));
  const auto deadline = lan.advertiser.next_deadline();
  for (int i = 0; i < 100; ++i) lan.advertiser.expire(kStart + milliseconds(i));
  lan.collect();
  EXPECT_EQ(lan.sent.size(), 1U);
  EXPECT_EQ(lan.advertiser.next_deadline(), deadline);
}

TEST(Advertiser, ALateExpireSendsOneAdvertisement) {
  Lan lan;
  lan.configure(home());
  lan.now = kStart + hours(5);
  lan.advertiser.expire(lan.now);
  lan.collect();
  EXPECT_EQ(lan.sent.size(), 1U);
  EXPECT_GE(*lan.advertiser.next_deadline(), lan.now + seconds(3));
}

TEST(Conformance, Row_4861_R_11_InitialBurstOfThreeAtMostSixteenSecondsApart) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Lan lan(seed);
    lan.configure(home());
    lan.run_for(hours(1));
    const auto between = gaps(lan.multicasts());
    ASSERT_GE(between.size(), 5U);
    EXPECT_EQ(lan.sent[0].at, kStart);
    for (std::size_t i = 0; i < between.size(); ++i) {
      if (i < 2) {
        EXPECT_EQ(between[i], seconds(16)) << "the drawn interval is at least 200 s";
      } else {
        EXPECT_GE(between[i], seconds(200));
        EXPECT_LE(between[i], seconds(600));
      }
    }
  }
}

TEST(Conformance, Row_4861_R_10_IntervalsAreUniformBetweenMinimumAndMaximum) {
  Lan lan(7);
  lan.configure(brisk(seconds(3), seconds(10)));
  lan.run_for(hours(4));
  const auto between = gaps(lan.multicasts());
  ASSERT_GT(between.size(), 2000U);
  std::array<unsigned, 7> bins{};
  for (const Duration gap : between) {
    ASSERT_GE(gap, seconds(3));
    ASSERT_LE(gap, seconds(10));
    ++bins[std::min<std::size_t>(6, static_cast<std::size_t>((gap - seconds(3)) / seconds(1)))];
  }
  for (const unsigned bin : bins) {
    EXPECT_NEAR(bin, static_cast<double>(between.size()) / 7, 80);
  }
  // Another interface draws for itself.
  Lan other(8);
  other.configure(brisk(seconds(3), seconds(10)));
  other.run_for(hours(1));
  EXPECT_NE(other.sent[1].at, lan.sent[1].at);
}

TEST(Conformance, Row_4861_R_09_MulticastsAreThreeSecondsApartUnderAFlood) {
  Lan lan;
  Advertisement content = home();
  content.settings.unicast_solicited = false;
  lan.configure(content);
  for (int i = 0; i < 2000; ++i) {  // 100 a second for 20 s
    lan.solicit(i % 2 == 0 ? Ip6Address()
                           : Ip6Address::from_halves(0xfe80000000000000, static_cast<unsigned>(i)));
    lan.run_for(milliseconds(10));
  }
  lan.run_for(seconds(10));
  const auto between = gaps(lan.multicasts());
  EXPECT_GE(between.size(), 5U) << "somebody is answered all the time";
  for (const Duration gap : between) EXPECT_GE(gap, seconds(3));
}

TEST(Conformance, Row_4861_R_08_AnswersAreDelayedUpToHalfASecond) {
  for (const bool unicast : {false, true}) {
    Lan lan;
    Advertisement content = home();
    content.settings.unicast_solicited = unicast;
    lan.configure(content);
    lan.run_for(minutes(1));
    std::set<Duration> delays;
    for (int i = 0; i < 100; ++i) {
      lan.run_for(seconds(5));
      lan.sent.clear();
      const Instant asked = lan.now;
      lan.solicit(ip("fe80::99"));
      lan.run_for(milliseconds(500));
      ASSERT_EQ(lan.sent.size(), 1U);
      delays.insert(lan.sent[0].at - asked);
    }
    EXPECT_GT(delays.size(), 90U);
    EXPECT_LT(*delays.begin(), milliseconds(50));
    EXPECT_GT(*delays.rbegin(), milliseconds(450));
  }
}

TEST(Conformance, Row_4861_R_24_AUnicastAnswerDoesNotResetTheMulticastTimer) {
  Lan lan;
  lan.configure(home());
  lan.run_for(minutes(1));
  lan.sent.clear();
  const auto deadline = lan.advertiser.next_deadline();
  lan.solicit(ip("fe80::99"));
  lan.solicit(ip("2001:db8:0:1::99"));
  lan.run_for(milliseconds(500));
  ASSERT_EQ(lan.sent.size(), 2U);
  EXPECT_EQ((std::set<Ip6Address>{lan.sent[0].to, lan.sent[1].to}),
            (std::set<Ip6Address>{ip("fe80::99"), ip("2001:db8:0:1::99")}));
  EXPECT_EQ(lan.advertiser.next_deadline(), deadline);
}

TEST(Advertiser, AnswersAHostWithoutAddressByMulticastAndResetsTheTimer) {
  Lan lan;
  lan.configure(home());
  lan.run_for(minutes(1));
  lan.sent.clear();
  lan.solicit(Ip6Address());
  lan.run_for(milliseconds(500));
  ASSERT_EQ(lan.sent.size(), 1U);
  EXPECT_EQ(lan.sent[0].to, kAllNodes);
  EXPECT_GE(*lan.advertiser.next_deadline(), lan.sent[0].at + seconds(200));
}

TEST(Advertiser, AnswersWithinThreeSecondsOfAMulticastOnlyAfterThem) {
  Lan lan;
  lan.configure(home());
  lan.run_for(minutes(1));
  const Instant last = lan.sent.back().at;
  // Into the middle of a quiet time, then twice in a row.
  lan.solicit(Ip6Address());
  lan.run_for(seconds(1));
  const Instant first = lan.sent.back().at;
  EXPECT_GT(first, last);
  lan.solicit(Ip6Address());
  lan.run_for(seconds(10));
  EXPECT_GE(lan.sent.back().at, first + seconds(3));
  EXPECT_LE(lan.sent.back().at, first + milliseconds(3500));
}

TEST(Advertiser, TheSameHostAskingAgainWaitsForTheSameAnswer) {
  Lan lan;
  lan.configure(home());
  lan.run_for(minutes(1));
  lan.sent.clear();
  for (int i = 0; i < 10; ++i) lan.solicit(ip("fe80::99"));
  lan.run_for(milliseconds(500));
  EXPECT_EQ(lan.sent.size(), 1U);
  EXPECT_EQ(lan.advertiser.counters().solicitations_coalesced, 9U);
}

TEST(Advertiser, AFloodOfSolicitorsIsAnsweredByOneMulticast) {
  Lan lan;
  lan.configure(home());
  lan.run_for(minutes(1));
  lan.sent.clear();
  for (unsigned i = 0; i < 100000; ++i) {
    lan.solicit(Ip6Address::from_halves(0xfe80000000000000, 0x10000U + i));
  }
  lan.run_for(milliseconds(3500));
  EXPECT_EQ(lan.multicasts().size(), 1U);
  EXPECT_EQ(lan.sent.size(), 1U + kMaxWaitingSolicitors);
}

TEST(Conformance, Row_4861_R_12_AChangeIsSaidUpToThreeTimesQuickly) {
  Lan lan;
  lan.configure(home());
  lan.run_for(minutes(20));
  const std::size_t before = lan.sent.size();
  Advertisement changed = home();
  changed.prefixes.push_back(
      advertised("2001:db8:0:2::/64", kStart + hours(24), kStart + hours(48)));
  const Instant at = lan.now;
  lan.configure(changed);
  lan.run_for(minutes(30));
  std::vector<Sent> since(lan.sent.begin() + static_cast<std::ptrdiff_t>(before), lan.sent.end());
  ASSERT_GT(since.size(), 4U);
  EXPECT_EQ(since[0].at, at);
  const auto between = gaps(since);
  EXPECT_EQ(between[0], seconds(16));
  EXPECT_EQ(between[1], seconds(16));
  for (std::size_t i = 2; i < between.size(); ++i) EXPECT_GE(between[i], seconds(200));
}

TEST(Advertiser, ChangesInQuickSuccessionKeepTheThreeSeconds) {
  Lan lan;
  Advertisement content = home();
  for (unsigned i = 0; i < 200; ++i) {
    content.prefixes[0].prefix = *prefix("2001:db8::/48").subnet(64, i % 4);
    lan.configure(content);
    lan.run_for(milliseconds(100));
  }
  lan.run_for(minutes(1));
  for (const Duration gap : gaps(lan.multicasts())) EXPECT_GE(gap, seconds(3));
  EXPECT_TRUE(find_prefix(lan.sent.back().message, "2001:db8:0:3::/64")->preferred > Lifetime(0));
  EXPECT_TRUE(find_prefix(lan.sent.back().message, "2001:db8:0:1::/64")->valid.is_zero());
}

TEST(Advertiser, TheSameValueAgainIsNoChange) {
  Lan lan;
  lan.configure(home());
  lan.run_for(minutes(20));
  const auto deadline = lan.advertiser.next_deadline();
  for (int i = 0; i < 10; ++i) lan.configure(home());
  EXPECT_EQ(lan.advertiser.next_deadline(), deadline);
}

// A lease renewed every few minutes: nobody is woken for it.
TEST(Advertiser, LifetimesThatGrowWaitForTheNextAdvertisement) {
  Lan lan;
  lan.configure(home());
  lan.run_for(minutes(20));
  const auto deadline = lan.advertiser.next_deadline();
  lan.configure(home(lan.now));
  EXPECT_EQ(lan.advertiser.next_deadline(), deadline);
  Advertisement shorter = home(lan.now);
  shorter.prefixes[0].valid_until = lan.now + hours(3);  // still beyond what is said
  lan.configure(shorter);
  EXPECT_EQ(lan.advertiser.next_deadline(), deadline);
  shorter.prefixes[0].valid_until = lan.now + hours(1);
  lan.configure(shorter);
  EXPECT_EQ(lan.advertiser.next_deadline(), lan.now);
}

// odhcpd stops advertising when a lifetime is below its minimum interval.
TEST(Advertiser, SpeaksThreeTimesWithinTheShortestLifetime) {
  for (const int valid : {10, 30, 60, 150, 300, 599, 900, 1700}) {
    Lan lan;
    Advertisement content = home();
    content.prefixes[0].preferred_until = kStart + seconds(valid / 2);
    content.prefixes[0].valid_until = kStart + seconds(valid);
    lan.configure(content);
    lan.run_until(kStart + seconds(valid));
    for (std::size_t i = 0; i + 1 < lan.sent.size(); ++i) {
      const PrefixInformation* said = find_prefix(lan.sent[i].message, "2001:db8:0:1::/64");
      ASSERT_TRUE(said);
      auto shortest = said->preferred.is_zero() ? said->valid : said->preferred;
      if (shortest.is_zero()) continue;
      const Duration allowed =
          std::max<Duration>(seconds(3), Duration(seconds(shortest.count())) / 3);
      EXPECT_LE(lan.sent[i + 1].at - lan.sent[i].at, allowed) << "valid " << valid << ", RA " << i;
    }
    EXPECT_GE(lan.sent.size(), 3U);
  }
}

TEST(Conformance, Row_4861_R_13_StopsWithFinalAdvertisementsWithinFiveSeconds) {
  Lan lan;
  lan.configure(home());
  lan.run_for(minutes(20));
  lan.sent.clear();
  const Instant at = lan.now;
  lan.advertiser.stop(lan.now);
  EXPECT_EQ(lan.advertiser.next_deadline(), at);
  lan.run_for(hours(1));
  ASSERT_EQ(lan.sent.size(), 2U) << "as many as fit before procd kills";
  for (const Sent& sent : lan.sent) {
    EXPECT_EQ(sent.to, kAllNodes);
    EXPECT_EQ(sent.message.router_lifetime, seconds(0));
    EXPECT_FALSE(find<PrefixInformation>(sent.message.options)) << "hosts keep their addresses";
  }
  EXPECT_EQ(lan.sent[0].at, at);
  EXPECT_EQ(lan.sent[1].at, at + seconds(3));
  EXPECT_EQ(lan.advertiser.next_deadline(), std::nullopt);
}

TEST(Advertiser, StopsInTimeEvenAfterARecentMulticast) {
  for (int since = 0; since <= 3000; since += 100) {
    Lan lan;
    lan.configure(home());
    lan.run_for(milliseconds(since));
    lan.sent.clear();
    const Instant at = lan.now;
    lan.advertiser.stop(at);
    lan.solicit(ip("fe80::99"));
    lan.run_for(hours(1));
    ASSERT_GE(lan.sent.size(), 1U) << "and answers nobody any more";
    ASSERT_LE(lan.sent.size(), 2U);
    EXPECT_EQ(lan.sent[0].message.router_lifetime, seconds(0));
    EXPECT_EQ(lan.sent[0].at, std::max(at, kStart + seconds(3)));
    EXPECT_LE(lan.sent.back().at, at + kFarewell);
  }
}

TEST(Advertiser, WithNothingSaidThereIsNothingToTakeBack) {
  Lan lan;
  lan.configure(home());
  lan.advertiser.stop(lan.now);
  EXPECT_EQ(lan.advertiser.next_deadline(), std::nullopt);
}

TEST(Advertiser, SpeaksAgainAfterAStopAndWhenTheLinkReturns) {
  Lan lan;
  lan.configure(home());
  lan.run_for(minutes(20));
  lan.advertiser.stop(lan.now);
  lan.run_for(seconds(1));
  lan.sent.clear();
  lan.configure(home());
  lan.run_for(seconds(40));
  ASSERT_EQ(lan.sent.size(), 3U);
  EXPECT_EQ(lan.sent[0].message.router_lifetime, seconds(2700));
  lan.run_for(minutes(20));
  lan.sent.clear();
  lan.advertiser.announce(lan.now);
  lan.run_for(seconds(0));
  EXPECT_EQ(lan.sent.size(), 1U);
}

TEST(Conformance, Row_7084_G_5_LosingTheDefaultRouterIsSaidAtOnce) {
  Lan lan;
  lan.configure(home());
  lan.run_for(minutes(20));
  lan.sent.clear();
  Advertisement lost = home();
  lost.default_router = false;
  lan.configure(lost);
  lan.run_for(seconds(1));
  ASSERT_EQ(lan.sent.size(), 1U);
  EXPECT_EQ(lan.sent[0].message.router_lifetime, seconds(0));
  EXPECT_EQ(find_prefix(lan.sent[0].message, "2001:db8:0:1::/64")->valid, Lifetime(5400));
}

TEST(Advertiser, ALinkMayAskForMoreQuietThanThreeSeconds) {
  Lan lan;
  Advertisement content = home();
  content.settings.multicast_gap = seconds(20);
  lan.configure(content);
  for (int i = 0; i < 3000; ++i) {
    lan.solicit(Ip6Address());
    lan.run_for(milliseconds(100));
  }
  const auto between = gaps(lan.multicasts());
  EXPECT_GE(between.size(), 13U);
  for (const Duration gap : between) EXPECT_GE(gap, seconds(20));
  lan.advertiser.stop(lan.now);
  lan.run_for(minutes(1));
  EXPECT_LE(lan.sent.back().at, lan.now - minutes(1) + kFarewell) << "who leaves does not wait";
}

TEST(Advertiser, UnicastAnswersAreBoundedAndAHostIsAnsweredAllTheSame) {
  Lan lan;
  Advertisement content = home();
  content.settings.unicast_rate = 10;
  lan.configure(content);
  lan.run_for(minutes(5));
  lan.sent.clear();
  const Instant at = lan.now;
  unsigned forged = 0;
  for (int i = 0; i < 6000; ++i) {  // 100 a second for a minute, each from somebody else
    lan.solicit(Ip6Address::from_halves(0xfe80000000000000, 0x10000 + ++forged));
    lan.run_for(milliseconds(10));
  }
  const std::size_t multicasts = lan.multicasts().size();
  const std::size_t unicasts = lan.sent.size() - multicasts;
  EXPECT_LE(unicasts, 10U * 60 + 10 * 10 + 1);
  EXPECT_GT(lan.advertiser.counters().unicast_withheld, 5000U);
  EXPECT_LE(multicasts, 21U);
  EXPECT_GE(multicasts, 15U) << "whoever is not answered alone is answered with the others";
  const auto between = gaps(lan.multicasts());
  for (const Duration gap : between) EXPECT_LE(gap, milliseconds(3500));
  EXPECT_LE(lan.multicasts().front().at, at + seconds(12));
}

TEST(Advertiser, WithoutALimitEveryHostIsAnsweredAlone) {
  Lan lan;
  Advertisement content = home();
  content.settings.unicast_rate = 0;
  lan.configure(content);
  lan.run_for(minutes(5));
  lan.sent.clear();
  for (unsigned i = 0; i < 2000; ++i) {
    lan.solicit(Ip6Address::from_halves(0xfe80000000000000, 0x10000 + i));
    lan.run_for(milliseconds(20));
  }
  lan.run_for(seconds(1));
  EXPECT_EQ(lan.sent.size() - lan.multicasts().size(), 2000U);
}

TEST(Advertiser, WithoutADelayTheAnswerIsThereAtOnce) {
  Lan lan;
  Advertisement content = home();
  content.settings.solicited_delay = milliseconds(0);
  content.settings.unicast_rate = 0;
  lan.configure(content);
  lan.run_for(minutes(5));
  lan.sent.clear();
  for (unsigned i = 0; i < 1000; ++i)
    lan.solicit(Ip6Address::from_halves(0xfe80000000000000, 0x10000 + i));
  ASSERT_EQ(lan.sent.size(), 1000U) << "also to more than wait at a time";
  for (const Sent& sent : lan.sent) EXPECT_EQ(sent.at, lan.now);
}

// The octets are prepared once for many hosts; what they say is always of this very moment.
TEST(Advertiser, EveryAnswerSaysWhatIsTrueThen) {
  Lan lan;
  Advertisement content = home();
  content.settings.solicited_delay = milliseconds(0);
  content.settings.unicast_rate = 0;
  content.prefixes = {
      advertised("2001:db8:0:1::/64", after(seconds(100)), after(milliseconds(200'300))),
      advertised("2001:db8:0:2::/64", after(milliseconds(700)), after(seconds(900)))};
  lan.configure(content);
  lan.sent.clear();
  for (int i = 0; i < 2050; ++i) {
    lan.solicit(ip("fe80::99"));
    const RouterAdvertisement whole = lan.advertiser.current(lan.now);
    ASSERT_FALSE(lan.sent.empty());
    ASSERT_EQ(lan.sent.back().message, whole) << "after " << 100 * i << " ms";
    if (i == 1000) {
      content.dns_servers = {ip("2001:db8::53")};
      lan.configure(content);
    }
    lan.run_for(milliseconds(100));
  }
  EXPECT_EQ(find_prefix(lan.sent.back().message, "2001:db8:0:1::/64"), nullptr)
      << "no host holds it any more";
}

TEST(Advertiser, WhatAnAnswerSaidIsTakenBackForAsLongAsItsHostMayHoldIt) {
  Lan lan;
  Advertisement content = home();
  content.settings.solicited_delay = milliseconds(0);
  lan.configure(content);
  lan.run_for(minutes(50));
  lan.solicit(ip("fe80::98"));
  lan.solicit(ip("fe80::99"));  // from the same octets
  const Instant heard = lan.now;
  content.prefixes.erase(content.prefixes.begin());
  lan.configure(content);
  const auto held = lan.advertiser.advertised();
  const auto record = std::find_if(held.begin(), held.end(), [](const AdvertisedRecord& one) {
    return one.prefix == prefix("2001:db8:0:1::/64");
  });
  ASSERT_NE(record, held.end());
  EXPECT_GE(record->host_valid_until, heard + seconds(5400));
}

// RFC 7772 section 5.1: "on the order of 7 per hour". The intervals of RFC 4861 give nine, a third of the lifetimes
// that we say as the longest gives six; what matters is that nothing but news adds to them.
TEST(Conformance, Row_7772_02_ALinkWithoutNewsHearsFewMulticastsAnHour) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Lan lan(seed);
    Advertisement content = home();
    const bool slower = seed % 2 == 0;
    if (slower) {
      content.settings.max_interval = seconds(900);
      content.settings.min_interval = seconds(300);
    }
    lan.configure(content);
    lan.run_for(minutes(10));
    lan.sent.clear();
    for (int day = 0; day < 12; ++day) {
      // Its own lease is renewed every half an hour, and hosts come and go: no reason to wake up the others.
      for (int i = 0; i < 4; ++i) {
        lan.solicit(
            Ip6Address::from_halves(0xfe80000000000000, 0x10000 + static_cast<unsigned>(i)));
        lan.run_for(minutes(30));
        content.prefixes[0].preferred_until = lan.now + hours(24);
        content.prefixes[0].valid_until = lan.now + hours(48);
        lan.configure(content);
      }
    }
    EXPECT_LE(lan.multicasts().size(), 24U * (slower ? 7 : 10)) << seed;
    EXPECT_GE(lan.multicasts().size(), 24U * (slower ? 5 : 8)) << seed;
  }
}

TEST(Advertiser, ALinkWithoutMulticastIsSpokenToOneByOne) {
  Lan lan;
  Advertisement content = home();
  content.settings.unicast_only = true;
  lan.configure(content);
  lan.run_for(minutes(1));
  EXPECT_TRUE(lan.sent.empty()) << "nobody is there";
  lan.solicit(Ip6Address());
  lan.solicit(ip("fe80::99"));
  lan.solicit(ip("fe80::98"));
  lan.run_for(seconds(1));
  ASSERT_EQ(lan.sent.size(), 2U);
  EXPECT_EQ(lan.advertiser.counters().solicitations_unanswered, 1U);
  lan.sent.clear();
  content.default_router = false;
  lan.configure(content);
  lan.run_for(seconds(1));
  ASSERT_EQ(lan.sent.size(), 2U) << "those who asked hear of the change";
  for (const Sent& sent : lan.sent) {
    EXPECT_FALSE(sent.to.is_multicast());
    EXPECT_EQ(sent.message.router_lifetime, seconds(0));
  }
  lan.sent.clear();
  lan.run_for(hours(30));
  EXPECT_TRUE(lan.multicasts().empty());
  EXPECT_GE(lan.sent.size(), 2U * 24 * 6) << "and are kept informed for a day";
  EXPECT_LE(lan.sent.back().at, kStart + hours(24) + minutes(2));
}

}  // namespace
}  // namespace sixgate::ra
