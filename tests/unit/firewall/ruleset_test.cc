// SPDX-License-Identifier: Apache-2.0
#include "firewall/ruleset.h"

#include <gtest/gtest.h>

#include "firewall/forbidden.h"
#include "tests/unit/firewall/texts.h"

namespace sixgate::firewall {
namespace {

TEST(NormaliseRuleset, SortsAndKeepsOnlyOutermostPrefixes) {
  Ruleset ruleset;
  ruleset.uplinks = {{"wan1"}, {"wan0"}, {"wan1"}};
  ruleset.lans = {{"lan1", Zone::kExposed, {}, {}},
                  {"lan0",
                   Zone::kProtected,
                   {prefix("2001:db8:0:1::/64"), prefix("2001:db8::/60"), prefix("2001:db8::/60")},
                   {prefix("fd00::/64")}}};
  ruleset.delegated = {prefix("2001:db8::/56"), prefix("2001:db8::/48")};
  const Ruleset normal = normalise(ruleset);
  EXPECT_EQ(normal.uplinks, (std::vector<FirewallUplink>{{"wan0"}, {"wan1"}}));
  ASSERT_EQ(normal.lans.size(), 2U);
  EXPECT_EQ(normal.lans[0].interface, "lan0");
  EXPECT_EQ(normal.lans[0].assigned, (std::vector<Prefix>{prefix("2001:db8::/60")}));
  EXPECT_EQ(normal.lans[0].local,
            (std::vector<Prefix>{prefix("2001:db8::/60"), prefix("fd00::/64")}));
  EXPECT_EQ(normal.delegated, (std::vector<Prefix>{prefix("2001:db8::/48")}));
  EXPECT_EQ(normalise(normal), normal);
}

TEST(NormaliseRuleset, AnInterfaceIsOneThing) {
  Ruleset ruleset;
  ruleset.uplinks = {{"wan0"}};
  ruleset.lans = {{"lan0", Zone::kProtected, {prefix("2001:db8:0:1::/64")}, {}},
                  {"lan0", Zone::kExposed, {prefix("2001:db8:0:2::/64")}, {}},
                  {"wan0", Zone::kExposed, {}, {}}};
  const Ruleset normal = normalise(ruleset);
  ASSERT_EQ(normal.lans.size(), 1U);
  EXPECT_EQ(normal.lans[0].zone, Zone::kProtected);
  EXPECT_EQ(normal.lans[0].assigned.size(), 2U);
}

TEST(NormaliseRuleset, LeavesOutWhatIsNoInterfaceName) {
  Ruleset ruleset;
  ruleset.uplinks = {{""},          {"a b"}, {"wan\" accept #"}, {"0123456789abcdef"},
                     {"pppoe-wan"}, {"w+"}};
  ruleset.lans = {{"..", Zone::kProtected, {}, {}}, {"br-lan.7@x", Zone::kProtected, {}, {}}};
  const Ruleset normal = normalise(ruleset);
  EXPECT_EQ(normal.uplinks, (std::vector<FirewallUplink>{{"pppoe-wan"}}));
  ASSERT_EQ(normal.lans.size(), 1U);
  EXPECT_EQ(normal.lans[0].interface, "br-lan.7@x");
}

// RFC 6603: the excluded prefix lies on the WAN link, so it is neither ours nor unassigned.
TEST(NormaliseRuleset, CutsExcludedPrefixesOutOfDelegations) {
  Ruleset ruleset;
  ruleset.delegated = {prefix("2001:db8::/62"), prefix("2001:db8:1::/64")};
  ruleset.excluded = {prefix("2001:db8:0:2::/64"), prefix("2001:db8:1::/64"),
                      prefix("2001:db8:2::/64")};
  const Ruleset normal = normalise(ruleset);
  EXPECT_EQ(normal.delegated,
            (std::vector<Prefix>{prefix("2001:db8::/63"), prefix("2001:db8:0:3::/64")}));
  EXPECT_TRUE(normal.excluded.empty());
}

TEST(NormaliseRuleset, AStationHasPrefixesOfItsLanAndNoneInAnothers) {
  const MacAddress one({2, 0, 0, 0, 0, 1});
  const MacAddress two({2, 0, 0, 0, 0, 2});
  Ruleset ruleset;
  ruleset.uplinks = {{"wan0"}};
  ruleset.lans = {{"lan0", Zone::kProtected, {prefix("2001:db8:0:10::/60")}, {}},
                  {"lan1", Zone::kProtected, {prefix("2001:db8:0:20::/60")}, {}}};
  const FirewallStation whole{"lan0", prefix("2001:db8:0:10::/60"), one};
  const FirewallStation other{"lan1", prefix("2001:db8:0:24::/62"), two};
  ruleset.stations = {other,
                      {"lan0", prefix("2001:db8:0:20::/60"), one},
                      {"lan0", prefix("2001:db8:0:14::/62"), two},
                      {"wan0", prefix("2001:db8:0:10::/60"), two},
                      whole,
                      whole};
  EXPECT_EQ(normalise(ruleset).stations, (std::vector<FirewallStation>{whole, other}));
}

TEST(ForbiddenDocumentation, IsAllowedWhereWeLiveInIt) {
  Ruleset ruleset;
  EXPECT_EQ(forbidden_documentation(ruleset),
            (std::vector<Prefix>{prefix("2001:db8::/32"), prefix("3fff::/20")}));
  ruleset.delegated = {prefix("2001:db8:7::/48")};
  EXPECT_EQ(forbidden_documentation(ruleset), (std::vector<Prefix>{prefix("3fff::/20")}));
  ruleset.delegated.clear();
  ruleset.lans = {{"lan0", Zone::kProtected, {prefix("3fff:1::/64")}, {}}};
  EXPECT_EQ(forbidden_documentation(ruleset), (std::vector<Prefix>{prefix("2001:db8::/32")}));
}

TEST(NormaliseRuleset, AClosedLanHasNothingOfTheInternet) {
  Ruleset ruleset;
  ruleset.lans = {{"lan0", Zone::kClosed, {prefix("2001:db8:0:1::/64")}, {prefix("fd00::/64")}}};
  const Ruleset normal = normalise(ruleset);
  EXPECT_TRUE(normal.lans[0].assigned.empty());
  EXPECT_EQ(normal.lans[0].local,
            (std::vector<Prefix>{prefix("2001:db8:0:1::/64"), prefix("fd00::/64")}));
}

TEST(NormaliseRuleset, NothingIsWithdrawnThatIsLocal) {
  Ruleset ruleset;
  ruleset.lans = {{"lan0", Zone::kClosed, {prefix("2001:db8:0:1::/64")}, {prefix("fd00:1::/64")}}};
  ruleset.lans[0].withdrawn = {prefix("2001:db8:0:1::/64"), prefix("fd00:1::/64"),
                               prefix("2001:db8:9:1::/64"), prefix("2001:db8:9:1:8000::/65")};
  EXPECT_EQ(normalise(ruleset).lans.at(0).withdrawn,
            std::vector<Prefix>{prefix("2001:db8:9:1::/64")});
}

TEST(NormaliseRuleset, WhatIsBehindALanDiffersFromItsZoneOrIsNotSaid) {
  for (const auto& [zone, open, shut] :
       {std::tuple(Zone::kProtected, true, false), std::tuple(Zone::kIsolated, true, false),
        std::tuple(Zone::kExposed, false, true), std::tuple(Zone::kClosed, false, false)}) {
    const std::vector<Prefix> some{prefix("2001:db8:0:14::/62"), prefix("2001:db8:0:10::/60"),
                                   prefix("2001:db8:1::/48")};
    Ruleset ruleset;
    ruleset.lans = {
        {"lan0", zone, {prefix("2001:db8:0:1::/64"), prefix("2001:db8:0:10::/60")}, {}}};
    ruleset.lans[0].open = ruleset.lans[0].shut = some;
    const FirewallLan lan = normalise(ruleset).lans.at(0);
    const std::vector<Prefix> kept{prefix("2001:db8:0:10::/60")};
    EXPECT_EQ(lan.open, open ? kept : std::vector<Prefix>{}) << to_string(zone);
    EXPECT_EQ(lan.shut, shut ? kept : std::vector<Prefix>{}) << to_string(zone);
    EXPECT_EQ(is_exposed(lan, address("2001:db8:0:11::1")), open);
    EXPECT_EQ(is_exposed(lan, address("2001:db8:0:1::1")), zone == Zone::kExposed);
  }
}

TEST(NormaliseRuleset, APinholeIsForAHostInWhatItsLanHas) {
  const Ip6Address host = Ip6Address::parse("2001:db8:0:1::5").value();
  const Ip6Address stranger = Ip6Address::parse("2001:db8:0:2::5").value();
  Ruleset ruleset;
  ruleset.lans = {{"lan0", Zone::kProtected, {prefix("2001:db8:0:1::/64")}, {}},
                  {"lan1", Zone::kClosed, {prefix("2001:db8:0:2::/64")}, {}}};
  ruleset.pinholes = {{"lan0", host, 6, 22, 22, {}},
                      {"lan0", stranger, 6, 22, 22, {}},
                      {"lan1", stranger, 6, 22, 22, {}},
                      {"lan2", host, 6, 22, 22, {}}};
  const Ruleset normal = normalise(ruleset);
  EXPECT_EQ(normal.pinholes, (std::vector<FirewallPinhole>{{"lan0", host, 6, 22, 22, {}}}));
  EXPECT_EQ(normalise(normal), normal);
}

TEST(NormaliseRuleset, AKnockIsForALanWithSomethingOfTheInternet) {
  Ruleset ruleset;
  ruleset.lans = {{"lan0", Zone::kProtected, {prefix("2001:db8:0:1::/64")}, {}},
                  {"lan1", Zone::kClosed, {prefix("2001:db8:0:2::/64")}, {}}};
  ruleset.knocks = {{"lan0", 7}, {"lan1", 7}, {"lan2", 7}, {"lan0", 7}};
  const Ruleset normal = normalise(ruleset);
  EXPECT_EQ(normal.knocks, (std::vector<FirewallKnock>{{"lan0", 7}}));
  EXPECT_EQ(normalise(normal), normal);
}

// The kernel's interval sets refuse two elements that overlap.
TEST(NormaliseRuleset, PinholesThatOverlapBecomeSomeThatDoNot) {
  const Ip6Address host = Ip6Address::parse("2001:db8:0:1::5").value();
  const Prefix some = prefix("2001:db8:9::/48");
  Ruleset ruleset;
  ruleset.lans = {{"lan0", Zone::kProtected, {prefix("2001:db8:0:1::/64")}, {}}};
  ruleset.pinholes = {{"lan0", host, 6, 20, 30, {}},       {"lan0", host, 6, 25, 40, some},
                      {"lan0", host, 6, 31, 35, {}},       {"lan0", host, 17, 20, 30, {}},
                      {"lan0", host, 6, 65535, 65535, {}}, {"lan0", host, 132, 1, 2, some},
                      {"lan0", host, 132, 0, 0, {}},       {"lan0", host, 6, 9, 8, {}}};
  EXPECT_EQ(normalise(ruleset).pinholes,
            (std::vector<FirewallPinhole>{{"lan0", host, 6, 20, 35, {}},
                                          {"lan0", host, 6, 36, 40, some},
                                          {"lan0", host, 6, 65535, 65535, {}},
                                          {"lan0", host, 17, 20, 30, {}},
                                          {"lan0", host, 132, 0, 65535, {}}}));
}

TEST(Zones, SayWhichLansMayOpenToWhich) {
  const FirewallLan safe{"lan0", Zone::kProtected, {}, {}};
  const FirewallLan open{"lan1", Zone::kExposed, {}, {}};
  const FirewallLan other{"lan2", Zone::kExposed, {}, {}};
  const FirewallLan guest{"lan3", Zone::kIsolated, {}, {}};
  const FirewallLan things{"lan4", Zone::kClosed, {}, {}};
  for (const FirewallLan& to : {safe, open, other, guest, things}) {
    EXPECT_TRUE(reaches(safe, to));
    EXPECT_TRUE(reaches(to, to));
    EXPECT_EQ(reaches(open, to), to.zone == Zone::kExposed);
    EXPECT_EQ(reaches(guest, to), to.interface == guest.interface);
    EXPECT_EQ(reaches(things, to), to.interface == things.interface);
  }
  FirewallLan told = guest;
  told.reaches = {"lan4"};
  EXPECT_TRUE(reaches(told, things));
  EXPECT_FALSE(reaches(told, safe));
  FirewallLan alone = safe;
  alone.reaches.emplace();
  EXPECT_FALSE(reaches(alone, open));
  EXPECT_TRUE(reaches(alone, alone));
}

TEST(ZoneNames, GoBothWays) {
  EXPECT_EQ(parse_zone("protected"), Zone::kProtected);
  for (const Zone zone : {Zone::kProtected, Zone::kExposed, Zone::kIsolated, Zone::kClosed}) {
    EXPECT_EQ(parse_zone(to_string(zone)), zone);
  }
  EXPECT_EQ(parse_zone("open"), std::nullopt);
}

}  // namespace
}  // namespace sixgate::firewall
