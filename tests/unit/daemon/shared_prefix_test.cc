// SPDX-License-Identifier: Apache-2.0
// Which /64 is shared, by whom, for how long (RFC 7278 section 4).
#include "daemon/shared_prefix.h"

#include <gtest/gtest.h>

#include "tests/unit/daemon/house_model.h"

namespace sixgate::daemon {
namespace {

using namespace testing;
using Source = SharedPrefix::Source;
using Names = std::vector<std::string>;

struct Case {
  Case() {
    ra::HeardPrefix one = heard_prefix("2001:db8:5::/64", true, true);
    one.preferred_until = kNow + hours(1);
    one.valid_until = one.on_link_until = one.said_until = kNow + hours(2);
    heard.any = true;
    heard.prefixes.push_back(one);
    facts.config = &config;
    facts.heard = &heard;
    facts.lans = {lan("home"), lan("guests")};
  }
  static SharingFacts::Lan lan(const std::string& name, int priority = 0) {
    SharingFacts::Lan out;
    out.name = name;
    out.priority = priority;
    return out;
  }
  void delegate(std::size_t index, const char* text) {
    facts.lans[index].own = prefix(text);
    facts.lans[index].preferred_until = kNow + hours(3);
    facts.lans[index].valid_until = kNow + hours(4);
    facts.delegated.push_back(prefix(text));
  }
  std::optional<SharedPrefix> decide(const std::optional<SharedPrefix>& before = {},
                                     Instant now = kNow) const {
    return decide_sharing(facts, before, now);
  }
  conf::UplinkConfig config = uplink_config("wan", "wan0");
  ra::Heard heard;
  SharingFacts facts;
};

TEST(DecideSharing, TheAdvertised64WhenNothingIsDelegated) {
  const Case one;
  const auto shared = one.decide();
  ASSERT_TRUE(shared.has_value());
  EXPECT_EQ(shared->source, Source::kAdvertised);
  EXPECT_EQ(shared->prefix, prefix("2001:db8:5::/64"));
  EXPECT_EQ(shared->lans, (Names{"home", "guests"}));
  EXPECT_EQ(why_shared(one.facts, shared, kNow), "wan delegates nothing, and advertises this /64");
}

TEST(DecideSharing, Row_4389_13_NoLongerThanTheLinkSays) {
  Case one;
  EXPECT_EQ(one.decide()->preferred_until, kNow + hours(1));
  EXPECT_EQ(one.decide()->valid_until, kNow + hours(2));
  // RFC 4862 section 5.5.3 (e) lets hosts keep an address for two hours; the link says ten minutes.
  one.heard.prefixes[0].said_until = kNow + minutes(10);
  EXPECT_EQ(one.decide()->valid_until, kNow + minutes(10));
  EXPECT_EQ(one.decide()->preferred_until, kNow + minutes(10));
  one.heard.prefixes[0].said_until = kNow;
  EXPECT_FALSE(one.decide().has_value());
}

TEST(DecideSharing, ADelegationIsWaitedFor) {
  Case one;
  one.facts.delegation_due = kNow + seconds(20);
  EXPECT_FALSE(one.decide().has_value());
  EXPECT_EQ(why_shared(one.facts, {}, kNow), "waiting whether a prefix is delegated");
  EXPECT_EQ(sharing_deadline(one.facts, {}, kNow), kNow + seconds(20));
  EXPECT_TRUE(one.decide({}, kNow + seconds(20)).has_value());
  // What is shared already is not given up for the waiting, after a flap of the link say.
  const auto before = one.decide({}, kNow + seconds(20));
  EXPECT_TRUE(one.decide(before).has_value());
  one.config.share_prefix = conf::SharePrefix::kOn;
  EXPECT_TRUE(one.decide().has_value());
}

TEST(DecideSharing, OffAndUplinksWithoutIpv6) {
  Case one;
  one.config.share_prefix = conf::SharePrefix::kOff;
  EXPECT_FALSE(one.decide(SharedPrefix{}).has_value());
  one.config.share_prefix = conf::SharePrefix::kAuto;
  one.config.mode = conf::UplinkMode::kNone;
  EXPECT_FALSE(one.decide().has_value());
}

TEST(DecideSharing, OnlyPrefixesThatHostsMayMakeAddressesIn) {
  for (int kind = 0; kind < 4; ++kind) {
    Case one;
    ra::HeardPrefix& heard = one.heard.prefixes[0];
    if (kind == 0) heard.autonomous = false;
    if (kind == 1) heard.prefix = prefix("fd00:1:2:3::/64");
    if (kind == 2) heard.prefix = prefix("2001:db8:5::/63");
    if (kind == 3) one.facts.delegated.push_back(prefix("2001:db8:5::/48"));
    EXPECT_FALSE(one.decide().has_value()) << kind;
  }
}

TEST(DecideSharing, StaysWithThePrefixThatHostsHave) {
  Case one;
  const auto before = one.decide();
  ra::HeardPrefix other = heard_prefix("2001:db8:4::/64", true, true);
  other.preferred_until = kNow + hours(5);
  other.said_until = other.valid_until = kNow + hours(6);
  one.heard.prefixes.insert(one.heard.prefixes.begin(), other);
  EXPECT_EQ(one.decide(before)->prefix, prefix("2001:db8:5::/64"));
  EXPECT_EQ(one.decide()->prefix, other.prefix);
  // Until the link deprecates it.
  one.heard.prefixes[1].preferred_until = kNow;
  EXPECT_EQ(one.decide(before)->prefix, other.prefix);
}

TEST(DecideSharing, LansThatCannotTakePartAreLeftOut) {
  Case one;
  one.facts.lans[0].able = false;
  EXPECT_EQ(one.decide()->lans, Names{"guests"});
  one.facts.lans[1].able = false;
  EXPECT_FALSE(one.decide().has_value());
  Case proxied;
  proxied.facts.upstream_able = false;
  EXPECT_FALSE(proxied.decide().has_value());
}

TEST(DecideSharing, OneDelegated64ForSeveralLans) {
  Case one;
  one.heard.prefixes.clear();
  one.facts.lans[1].priority = 5;
  one.delegate(1, "2001:db8:7::/64");
  const auto shared = one.decide();
  ASSERT_TRUE(shared.has_value());
  EXPECT_EQ(shared->source, Source::kDelegated);
  EXPECT_EQ(shared->lans, (Names{"guests", "home"}));
  EXPECT_EQ(shared->valid_until, kNow + hours(4));
  // One for the other may be on its way.
  one.facts.delegation_due = kNow + seconds(20);
  EXPECT_FALSE(one.decide().has_value());
  EXPECT_TRUE(one.decide(shared).has_value());
}

TEST(DecideSharing, NothingIsSharedWhereEachHasItsOwn) {
  Case one;
  one.delegate(0, "2001:db8:7::/64");
  one.delegate(1, "2001:db8:7:1::/64");
  EXPECT_FALSE(one.decide().has_value());
  EXPECT_EQ(why_shared(one.facts, {}, kNow), "each LAN has a prefix of its own");
  one.config.share_prefix = conf::SharePrefix::kOn;
  EXPECT_EQ(one.decide()->source, Source::kAdvertised);
}

TEST(DecideSharing, AfterAStartTheLinkMayBeSilentForAWhile) {
  Case one;
  const auto before = one.decide();
  one.heard = ra::Heard();
  EXPECT_EQ(one.decide(before)->prefix, before->prefix);
  EXPECT_FALSE(one.decide(before, before->valid_until).has_value());
  one.heard.any = true;  // it has spoken, of other things
  EXPECT_FALSE(one.decide(before).has_value());
}

TEST(DecideSharing, ARealDelegationDeprecatesItFirst) {
  Case one;
  const auto before = one.decide();
  one.delegate(0, "2001:db8:7::/64");
  one.delegate(1, "2001:db8:7:1::/64");
  const auto ending = one.decide(before);
  ASSERT_TRUE(ending.has_value());
  EXPECT_EQ(ending->prefix, before->prefix);
  EXPECT_LE(ending->preferred_until, kNow);
  EXPECT_EQ(ending->valid_until, kNow + kSharingFarewell);
  EXPECT_EQ(one.decide(ending, kNow + minutes(10)), ending);
  EXPECT_FALSE(one.decide(ending, kNow + kSharingFarewell).has_value());
  // No longer than the link says, either.
  one.heard.prefixes[0].said_until = kNow + minutes(5);
  EXPECT_EQ(one.decide(ending)->valid_until, kNow + minutes(5));
  // The delegation ends, and it is good again.
  one.facts.lans[0].own.reset();
  one.facts.lans[1].own.reset();
  one.facts.delegated.clear();
  EXPECT_FALSE(one.decide(ending)->ends.has_value());
}

// Where a LAN is told what the link says, all of it that hosts may use is shared, at once, and with that LAN alone.
TEST(DecideSharing, ARelayedLanHasAllPrefixesOfTheLinkAndWaitsForNothing) {
  Case one;
  one.facts.lans[1].relays = true;
  one.facts.delegation_due = kNow + minutes(1);
  ra::HeardPrefix more = one.heard.prefixes[0];
  more.prefix = prefix("2001:db8:6::/64");
  more.autonomous = false;
  more.on_link = true;
  one.heard.prefixes.push_back(more);
  more.prefix = prefix("fd00:5::/64");  // stays where it is
  one.heard.prefixes.push_back(more);
  auto shared = one.decide();
  ASSERT_TRUE(shared.has_value());
  EXPECT_EQ(shared->lans, Names{"guests"});
  EXPECT_EQ(shared->prefixes(),
            (std::vector<Prefix>{prefix("2001:db8:5::/64"), prefix("2001:db8:6::/64")}));
  EXPECT_EQ(why_shared(one.facts, shared, kNow), "Router Advertisements of wan are told on");
  // The other LAN comes in when nothing is delegated after all.
  shared = one.decide(shared, kNow + minutes(1));
  ASSERT_TRUE(shared.has_value());
  EXPECT_EQ(shared->lans, (Names{"home", "guests"}));
  // And goes its own way when something is.
  one.delegate(0, "2001:db8:100::/64");
  shared = one.decide(shared, kNow + minutes(2));
  ASSERT_TRUE(shared.has_value());
  EXPECT_EQ(shared->lans, Names{"guests"});
  EXPECT_FALSE(shared->ends.has_value());
}

TEST(DecideSharing, AloneARelayedLanMayHaveALinkWithoutSlaac) {
  Case one;
  one.heard.prefixes[0].autonomous = false;
  EXPECT_FALSE(one.decide().has_value());
  one.facts.lans[0].relays = true;
  const auto shared = one.decide();
  ASSERT_TRUE(shared.has_value());
  EXPECT_EQ(shared->lans, Names{"home"}) << "hosts of the other one would make addresses";
  one.facts.upstream_able = false;
  EXPECT_FALSE(one.decide(shared).has_value());
}

}  // namespace
}  // namespace sixgate::daemon
