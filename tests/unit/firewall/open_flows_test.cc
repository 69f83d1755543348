// SPDX-License-Identifier: Apache-2.0
// Which open flows the rules would not let begin any more.
#include "firewall/open_flows.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/firewall/texts.h"

namespace sixgate::firewall {
namespace {

const Ip6Address kHost = address("2001:db8:0:1::5");
const Ip6Address kGuest = address("2001:db8:0:3::5");
const Ip6Address kOutside = address("2001:db8:9::9");

Ruleset house() {
  Ruleset rules;
  rules.uplinks = {{"wan0"}};
  rules.lans = {{"lan0", Zone::kProtected, {prefix("2001:db8:0:1::/64")}, {prefix("fd00:1::/64")}},
                {"lan1", Zone::kExposed, {prefix("2001:db8:0:2::/64")}, {prefix("fd00:2::/64")}},
                {"guest0", Zone::kIsolated, {prefix("2001:db8:0:3::/64")}, {}}};
  rules.pinholes = {{"lan0", kHost, 6, 22, 23, prefix("2001:db8:9::/48")},
                    {"guest0", kGuest, 132, 0, 65535, {}}};
  rules.provisioned = true;
  return normalise(rules);
}

bool ended(Flow flow, const Ruleset& rules = house()) { return is_no_longer_allowed(flow, rules); }

TEST(OpenFlows, WhatPinholesOpenGoesOnAndNothingElseFromOutside) {
  EXPECT_FALSE(ended({6, kOutside, kHost, 4000, 22}));
  EXPECT_FALSE(ended({6, kOutside, kHost, 4000, 23}));
  EXPECT_TRUE(ended({6, kOutside, kHost, 4000, 24}));
  EXPECT_TRUE(ended({17, kOutside, kHost, 4000, 22}));
  EXPECT_TRUE(ended({6, address("2001:db8:8::9"), kHost, 4000, 22}));
  EXPECT_TRUE(ended({6, kOutside, address("2001:db8:0:1::6"), 4000, 22}));
  EXPECT_FALSE(ended({132, kOutside, kGuest, 1, 1}));
  Ruleset without = house();
  without.pinholes.clear();
  EXPECT_TRUE(ended({6, kOutside, kHost, 4000, 22}, without));
  EXPECT_TRUE(may_have_narrowed(house(), without));
  EXPECT_FALSE(may_have_narrowed(without, house()));
}

TEST(OpenFlows, WhatTheInsideBeganGoesOn) {
  EXPECT_FALSE(ended({6, kHost, kOutside, 4000, 443}));
  EXPECT_FALSE(ended({17, kGuest, kOutside, 4000, 53}));
}

TEST(OpenFlows, WhatIsNeverBlockedGoesOn) {
  for (const std::uint8_t protocol : std::initializer_list<std::uint8_t>{58, 50, 51, 139})
    EXPECT_FALSE(ended({protocol, kOutside, kHost, 0, 0})) << unsigned{protocol};
  EXPECT_FALSE(ended({17, kOutside, kHost, 500, 500}));
  EXPECT_FALSE(ended({6, kOutside, address("2001:db8:0:2::5"), 4000, 80})) << "exposed";
}

TEST(OpenFlows, BetweenLansTheirZonesDecide) {
  EXPECT_FALSE(ended({6, kHost, kGuest, 4000, 80}));
  EXPECT_TRUE(ended({6, kGuest, kHost, 4000, 22}));
  EXPECT_TRUE(ended({6, address("fd00:2::5"), address("fd00:1::5"), 4000, 22}));
  Ruleset friendly = house();
  friendly.lans[0].reaches = {"lan0"};  // guest0, by name the first
  EXPECT_EQ(friendly.lans[0].interface, "guest0");
  EXPECT_FALSE(ended({6, kGuest, kHost, 4000, 22}, friendly));
  EXPECT_TRUE(may_have_narrowed(friendly, house()));
}

TEST(OpenFlows, NobodyKnowsWhatCameByAKnock) {
  Ruleset rules = house();
  rules.knocks = {{"lan0", 7}};
  EXPECT_FALSE(ended({6, kOutside, kHost, 4000, 24}, rules));
  EXPECT_TRUE(ended({6, kOutside, kGuest, 4000, 24}, rules));
  EXPECT_TRUE(may_have_narrowed(rules, house()));
}

TEST(OpenFlows, WhatAnybodyMayAnswerGoesOnUntilNobodyMay) {
  Ruleset rules = house();
  for (FirewallLan& lan : rules.lans) lan.any_endpoint = lan.interface == "lan0";
  EXPECT_FALSE(ended({17, kOutside, kHost, 4000, 24}, rules));
  EXPECT_TRUE(ended({17, kOutside, kGuest, 4000, 24}, rules));
  EXPECT_TRUE(may_have_narrowed(rules, house()));
  EXPECT_TRUE(has_shut_tcp(rules, house()));
  EXPECT_FALSE(may_have_narrowed(house(), rules));
  EXPECT_FALSE(has_shut_tcp(house(), rules));
}

// What a router behind a LAN has, where the zone does not say who may open to it.
TEST(OpenFlows, BehindALanMayBeOpenThatIsGuardedAndShutThatIsExposed) {
  const Prefix open = prefix("2001:db8:0:10::/60");
  const Prefix shut = prefix("2001:db8:0:20::/60");
  const Flow in{6, kOutside, address("2001:db8:0:11::5"), 4000, 80};
  const Flow out{6, kOutside, address("2001:db8:0:21::5"), 4000, 80};
  const auto rules = [&](bool says) {
    Ruleset made = house();
    for (FirewallLan& lan : made.lans) {
      if (lan.interface == "lan0") lan.assigned.push_back(open);
      if (lan.interface == "lan1") lan.assigned.push_back(shut);
      if (says && lan.interface == "lan0") lan.open = {open};
      if (says && lan.interface == "lan1") lan.shut = {shut};
    }
    return normalise(made);
  };
  EXPECT_TRUE(ended(in, rules(false)));
  EXPECT_FALSE(ended(in, rules(true)));
  EXPECT_FALSE(ended(out, rules(false)));
  EXPECT_TRUE(ended(out, rules(true)));
  EXPECT_TRUE(ended({6, kOutside, address("2001:db8:0:1::6"), 4000, 80}, rules(true)));
  EXPECT_FALSE(ended({6, kOutside, address("2001:db8:0:2::6"), 4000, 80}, rules(true)));

  // Each says something that the other does not.
  const auto with = [&](std::string_view interface) {
    Ruleset made = rules(false);
    for (FirewallLan& lan : made.lans) {
      if (lan.interface != interface) continue;
      (interface == "lan0" ? lan.open : lan.shut) = {interface == "lan0" ? open : shut};
    }
    return normalise(made);
  };
  for (const auto& [wide, narrow] :
       {std::pair(with("lan0"), rules(false)), std::pair(rules(false), with("lan1"))}) {
    EXPECT_TRUE(may_have_narrowed(wide, narrow));
    EXPECT_TRUE(has_shut_tcp(wide, narrow));
    EXPECT_FALSE(may_have_narrowed(narrow, wide));
    EXPECT_FALSE(has_shut_tcp(narrow, wide));
  }
  EXPECT_FALSE(has_shut_tcp(with("lan0"), house())) << "gone with its prefix";
  Ruleset guarded = with("lan0");
  std::erase_if(guarded.lans, [](const FirewallLan& lan) { return lan.zone == Zone::kExposed; });
  guarded.pinholes.clear();
  EXPECT_TRUE(lets_tcp_in(guarded));
  for (FirewallLan& lan : guarded.lans) lan.open.clear();
  EXPECT_FALSE(lets_tcp_in(guarded));
}

TEST(OpenFlows, StrangersAndOldAddressesAreNotOurs) {
  EXPECT_FALSE(ended({6, kOutside, address("2001:db8:7::5"), 4000, 24}));
  EXPECT_FALSE(ended({6, kOutside, address("fd00:1::5"), 4000, 24}));
}

// What is left of them in the table of connections would go on nowhere.
TEST(OpenFlows, FlowsOfAPrefixThatWentEndWithIt) {
  Ruleset after = house();
  std::ranges::find(after.lans, "lan0", &FirewallLan::interface)->assigned = {
      prefix("2001:db8:1:1::/64")};
  after = normalise(after);
  const auto gone = no_longer_assigned(house(), after);
  EXPECT_EQ(gone, std::vector{prefix("2001:db8:0:1::/64")});
  EXPECT_TRUE(no_longer_assigned(house(), house()).empty());
  EXPECT_TRUE(is_of({6, kHost, kOutside, 4000, 443}, gone, after)) << "begun inside";
  EXPECT_TRUE(is_of({6, kOutside, kHost, 4000, 22}, gone, after)) << "begun outside";
  EXPECT_FALSE(is_of({6, kHost, address("2001:db8:0:2::5"), 4000, 443}, gone, after)) << "at home";
  EXPECT_FALSE(is_of({6, kHost, address("2001:db8:0:1::6"), 4000, 443}, gone, after));
  EXPECT_FALSE(is_of({6, kGuest, kOutside, 4000, 443}, gone, after)) << "of another prefix";
}

// One /64 for several links (RFC 7278): lan1 is exposed, lan0 is not.
TEST(OpenFlows, WhereLinksHaveOnePrefixTheKernelKnowsWhoIsWhere) {
  Ruleset rules = house();
  for (FirewallLan& lan : rules.lans) {
    if (lan.interface != "guest0") lan.assigned = lan.local = {prefix("2001:db8:0:1::/64")};
  }
  std::ranges::find(rules.lans, "lan0", &FirewallLan::interface)->interface = "lan9";
  for (FirewallPinhole& hole : rules.pinholes) {
    if (hole.interface == "lan0") hole.interface = "lan9";
  }
  rules = normalise(rules);
  const Ip6Address exposed = address("2001:db8:0:1::6");
  const Ip6Address upstream = address("2001:db8:0:1::1");
  const Whereabouts where = [&](const Ip6Address& host) -> std::optional<std::string> {
    if (host == kHost) return "lan9";
    if (host == exposed) return "lan1";
    if (host == upstream) return "wan0";
    return host == kGuest ? std::optional<std::string>() : "lo";
  };
  const auto is_ended = [&](const Flow& flow) { return is_no_longer_allowed(flow, rules, where); };
  EXPECT_TRUE(is_ended({6, kOutside, kHost, 4000, 24}));
  EXPECT_FALSE(is_ended({6, address("2001:db8:9::8"), kHost, 4000, 22}));
  EXPECT_FALSE(is_ended({6, kOutside, exposed, 4000, 24}));
  EXPECT_TRUE(is_ended({6, exposed, kHost, 4000, 24})) << "kept apart";
  EXPECT_FALSE(is_ended({6, kHost, exposed, 4000, 24}));
  EXPECT_TRUE(is_ended({6, upstream, kHost, 4000, 24})) << "on the uplink's link";
  EXPECT_FALSE(is_ended({6, kHost, upstream, 4000, 24}));
  EXPECT_TRUE(is_ended({6, kOutside, kGuest, 4000, 22})) << "the prefix says enough";
  EXPECT_FALSE(is_ended({6, kOutside, address("2001:db8:0:1::ff"), 4000, 24})) << "the router";
  EXPECT_EQ(interface_of(rules, kHost, where), "lan9");
  EXPECT_EQ(interface_of(rules, upstream, where), std::nullopt);
  const std::vector gone{prefix("2001:db8:0:3::/64")};
  EXPECT_FALSE(is_of({6, kGuest, kHost, 4000, 80}, gone, rules, where));
  EXPECT_TRUE(is_of({6, kGuest, upstream, 4000, 80}, gone, rules, where));
}

// RFC 6296 section 2.4 and RFC 8028: two providers know lan0 by a prefix each.
class TranslatedFlows : public ::testing::Test {
 protected:
  TranslatedFlows() {
    rules_.uplinks = {{"wan0"}, {"wan1"}};
    rules_.lans = {{"lan0", Zone::kProtected, {kInternal}, {kInternal}},
                   {"lan1", Zone::kProtected, {}, {prefix("fd00:2::/64")}}};
    rules_.translations = {{"wan0", "lan0", kInternal, kFirst},
                           {"wan1", "lan0", kInternal, kSecond},
                           {"wan0", "lan0", kInternal, kEnding, false}};
    rules_ = normalise(rules_);
  }
  Ruleset without(const Prefix& external) const {
    Ruleset after = rules_;
    std::erase_if(after.translations, [&](const auto& one) { return one.external == external; });
    return after;
  }
  static TrackedFlow out(const Prefix& external, const Ip6Address& peer = kOutside) {
    return {{17, kOwn, peer, 4000, 53}, peer, external.with_suffix(kOwn), 7};
  }
  static TrackedFlow in(const Prefix& external, const Ip6Address& peer = kOutside) {
    return {{17, peer, kOwn, 4000, 53}, external.with_suffix(kOwn), peer, 7};
  }
  bool is_lost(const TrackedFlow& tracked, const Ruleset& after) const {
    return has_lost_its_address(tracked, rules_, after, {},
                                [&](const Ip6Address& source, const std::string& received_on,
                                    const Ip6Address& peer, std::uint32_t mark) {
                                  EXPECT_EQ(mark, 7U);
                                  EXPECT_EQ(source, kOwn);
                                  EXPECT_EQ(received_on, "lan0");
                                  EXPECT_EQ(peer, kOutside);
                                  return way_;
                                });
  }
  static inline const Prefix kInternal = prefix("fd00:1::/64");
  static inline const Prefix kFirst = prefix("2001:db8:7:1::/64");
  static inline const Prefix kSecond = prefix("2001:db8:8:1::/64");
  static inline const Prefix kEnding = prefix("2001:db8:6:1::/64");
  static inline const Ip6Address kOwn = address("fd00:1::5");
  Ruleset rules_;
  std::optional<std::string> way_ = "wan0";
};

TEST_F(TranslatedFlows, EndWithTheirExternalPrefix) {
  for (const auto& flow : {out(kFirst), in(kFirst)}) {
    EXPECT_FALSE(is_lost(flow, rules_));
    EXPECT_TRUE(is_lost(flow, without(kFirst)));
    EXPECT_FALSE(is_lost(flow, without(kEnding)));
  }
  way_ = std::nullopt;
  EXPECT_TRUE(is_lost(out(kFirst), without(kFirst))) << "with no way out at all";
  EXPECT_FALSE(is_lost(out(kFirst), rules_)) << "it may come back";
  EXPECT_TRUE(may_have_narrowed(rules_, without(kFirst)));
  EXPECT_FALSE(may_have_narrowed(without(kFirst), rules_));
}

TEST_F(TranslatedFlows, GoOnWithWhatIsRunningOut) {
  EXPECT_FALSE(is_lost(out(kEnding), rules_));
  EXPECT_FALSE(is_lost(in(kEnding), rules_));
}

TEST_F(TranslatedFlows, EndWhenTheirHostsPacketsLeaveByAnotherUplink) {
  EXPECT_TRUE(is_lost(out(kSecond), rules_));
  EXPECT_TRUE(is_lost(in(kSecond), rules_)) << "its answers are refused";
  way_ = "wan1";
  EXPECT_FALSE(is_lost(out(kSecond), rules_));
  EXPECT_FALSE(is_lost(in(kSecond), rules_));
  EXPECT_TRUE(is_lost(out(kFirst), rules_));
  EXPECT_TRUE(is_lost(in(kEnding), rules_));
  way_ = "vpn0";
  EXPECT_FALSE(is_lost(out(kFirst), rules_)) << "our rules say nothing of it";
}

TEST_F(TranslatedFlows, OfOthersAreTheirs) {
  const Prefix foreign = prefix("2001:db8:5:1::/64");
  way_ = "wan1";
  EXPECT_FALSE(is_lost(out(foreign), without(kFirst))) << "translated by somebody else";
  EXPECT_FALSE(is_lost({{17, kOwn, kOutside, 1, 1}, kOutside, kOwn}, without(kFirst)));
  EXPECT_FALSE(is_lost({{17, kOutside, kHost, 1, 1}, kHost, kOutside}, without(kFirst)));
}

TEST_F(TranslatedFlows, BetweenLansGoOn) {
  TrackedFlow hairpin = in(kFirst, address("fd00:2::7"));
  EXPECT_FALSE(is_lost(hairpin, without(kFirst)));
  way_ = "wan1";
  EXPECT_FALSE(is_lost(hairpin, rules_));
}

TEST(OpenFlows, ARenumberingMovesPinholesAndSoMayNarrow) {
  Ruleset moved = house();
  moved.pinholes[0].host = address("2001:db8:0:1::7");
  EXPECT_TRUE(may_have_narrowed(house(), moved));
  Ruleset more = house();
  more.lans[0].assigned.push_back(prefix("2001:db8:0:4::/64"));
  EXPECT_TRUE(has_more_assigned(house(), more)) << "an earlier run may have opened it";
  EXPECT_FALSE(has_more_assigned(more, house()));
  for (const Ruleset& other : {more, house()}) {
    EXPECT_FALSE(may_have_narrowed(house(), other));
    EXPECT_FALSE(may_have_narrowed(other, house()));
  }
}

}  // namespace
}  // namespace sixgate::firewall
