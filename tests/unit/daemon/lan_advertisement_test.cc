// SPDX-License-Identifier: Apache-2.0
// What a LAN's Router Advertisements are made of: its keys, its prefixes, its uplinks.
#include "daemon/lan_advertisement.h"

#include <gtest/gtest.h>

#include "house_model.h"

namespace sixgate::daemon {
namespace {

using namespace testing;

ra::Advertisement said_on_lan0(const HouseModel& model) {
  return model.derive_now().advertisements.at("lan0");
}

conf::LanAdvertising& keys(HouseModel& model) { return model.config.lans[0].advertising; }

conf::PrefixRule rule(std::string_view text) { return *conf::parse_prefix_rule(text); }

const ra::AdvertisedPrefix* find(const ra::Advertisement& said, const char* text) {
  for (const ra::AdvertisedPrefix& entry : said.prefixes) {
    if (entry.prefix == prefix(text)) return &entry;
  }
  return nullptr;
}

TEST(Conformance, Row_7084_L_7_FlagsAreSetForEachLanAndPrefix) {
  HouseModel model;
  keys(model).offlink = true;
  keys(model).rules = {rule("ula onlink=yes slaac=no router=yes"), rule("all pd=yes")};
  const ra::Advertisement said = said_on_lan0(model);
  const auto* global = find(said, "2001:db8:1::/64");
  EXPECT_FALSE(global->on_link);
  EXPECT_TRUE(global->autonomous);
  EXPECT_TRUE(global->delegation_preferred);
  EXPECT_FALSE(global->router_address);
  const auto* local = find(said, "fd00:6:6::/64");
  EXPECT_TRUE(local->on_link);
  EXPECT_FALSE(local->autonomous);
  EXPECT_FALSE(local->delegation_preferred) << "the first rule that fits is the only one";
  EXPECT_EQ(local->router_address, address("fd00:6:6::1"));
}

TEST(LanAdvertisement, PrefixesAreHiddenDeprecatedOrFilteredForHostsOnly) {
  HouseModel model;
  keys(model).rules = {rule("fd00::/8 hidden"), rule("wan deprecated valid=600")};
  ra::Advertisement said = said_on_lan0(model);
  EXPECT_EQ(find(said, "fd00:6:6::/64"), nullptr);
  EXPECT_EQ(find(said, "2001:db8:1::/64")->preferred_until, kNow);
  EXPECT_EQ(find(said, "2001:db8:1::/64")->max_valid, Lifetime(600));
  EXPECT_NE(address_in(model.derive_now().addresses, address("fd00:6:6::1")), nullptr)
      << "the router keeps its address";
  keys(model).rules.clear();
  keys(model).filter = {prefix("fd00::/8")};
  said = said_on_lan0(model);
  EXPECT_EQ(said.prefixes.size(), 1U);
  EXPECT_TRUE(said.default_router) << "there is a global prefix all the same";
}

TEST(LanAdvertisement, BeingADefaultRouterIsAChoice) {
  HouseModel model;
  model.lose_global_prefixes();
  EXPECT_FALSE(said_on_lan0(model).default_router);
  keys(model).default_router = conf::DefaultRouter::kWithoutPrefix;
  EXPECT_TRUE(said_on_lan0(model).default_router);
  model.heard.routers.clear();
  EXPECT_FALSE(said_on_lan0(model).default_router);
  keys(model).default_router = conf::DefaultRouter::kAlways;
  EXPECT_TRUE(said_on_lan0(model).default_router);
}

TEST(LanAdvertisement, RoutesAreThoseOfTheHouseAndTheConfigured) {
  HouseModel model;
  keys(model).route_preference = ra::RouterPreference::kHigh;
  keys(model).routes = {{prefix("2001:db8:5::/48"), ra::RouterPreference::kLow, Lifetime(1800)}};
  const ra::Advertisement said = said_on_lan0(model);
  ASSERT_EQ(said.routes.size(), 3U);
  EXPECT_EQ(said.routes[0].max_valid, Lifetime(1800));
  EXPECT_EQ(said.routes[0].preference, ra::RouterPreference::kLow);
  EXPECT_EQ(said.routes[1].preference, ra::RouterPreference::kHigh);
}

TEST(LanAdvertisement, Pref64IsConfiguredOrLearntFromAnUplinkThatWorks) {
  HouseModel model;
  EXPECT_TRUE(said_on_lan0(model).translations.empty());
  model.heard.pref64 = ra::HeardPref64{prefix("2001:db8:64::/96"), kNow + seconds(900)};
  ASSERT_EQ(said_on_lan0(model).translations.size(), 1U);
  EXPECT_EQ(said_on_lan0(model).translations[0].valid_until, kNow + seconds(900));
  model.wan.carrier = false;
  EXPECT_TRUE(said_on_lan0(model).translations.empty());
  model.wan.carrier = true;
  keys(model).learn_pref64 = false;
  EXPECT_TRUE(said_on_lan0(model).translations.empty());
  keys(model).pref64 = prefix("64:ff9b::/96");
  ASSERT_EQ(said_on_lan0(model).translations.size(), 1U);
  EXPECT_EQ(said_on_lan0(model).translations[0].prefix, prefix("64:ff9b::/96"));
}

TEST(LanAdvertisement, TheMtuIsTheUplinksOnlyWhereThatIsWished) {
  HouseModel model;
  model.heard.mtu = 1480;
  EXPECT_EQ(said_on_lan0(model).settings.mtu, 1480U);
  keys(model).uplink_mtu = false;
  EXPECT_FALSE(said_on_lan0(model).settings.mtu);
}

TEST(LanAdvertisement, AStaticPrefixOpensTheHouseAsADelegatedOneDoes) {
  HouseModel model;
  model.lose_global_prefixes();
  EXPECT_FALSE(model.derive_now().ruleset.provisioned);
  model.give(0, "2001:db8:77::/64", "static");
  const DesiredState state = model.derive_now();
  EXPECT_TRUE(state.ruleset.provisioned);
  EXPECT_TRUE(state.advertisements.at("lan0").default_router);
  EXPECT_NE(address_in(state.addresses, address("2001:db8:77::1")), nullptr);
}

// What the uplink's router says, on a LAN that it is told on to.
struct Relayed : HouseModel {
  Relayed() {
    config.lans[0].ra_relay = "wan";
    prefixes[0].clear();
    give(0, "2001:db8:5::/64", "wan");
    prefixes[0][0].shared = true;
    heard.prefixes = {heard_prefix("2001:db8:5::/64", false, true)};
    heard.managed = heard.other = true;
    heard.hop_limit = 60;
    heard.reachable = milliseconds(20000);
    heard.retrans = milliseconds(500);
    heard.mtu = 1420;
    heard.rdnss = {{address("fe80::1"), kNow + seconds(900)},
                   {address("2001:db8:53::1"), kNow + seconds(600)}};
    heard.dnssl = {{domain("isp.example"), kNow + seconds(600)}};
    heard.routes = {{prefix("2001:db8:77::/48"), address("fe80::1"), ra::RouterPreference::kLow,
                     kNow + seconds(300)}};
    heard.pref64 = {prefix("64:ff9b::/96"), kNow + seconds(800)};
    heard.routers[0].preference = ra::RouterPreference::kHigh;
    heard.routers[0].further = {{200, {1, 2, 3, 4, 5, 6}}, {12, {1, 2, 3, 4, 5, 6}}};
  }
};

TEST(Conformance, Row_4389_04_WhatTheUplinkSaysIsToldOnWithTheProxyBitAndOurLinkLayerAddress) {
  Relayed model;
  model.config.lans[0].relay.servers.push_back({address("ff02::1:2"), ""});
  const ra::Advertisement said = said_on_lan0(model);
  EXPECT_TRUE(ra::header(said).proxy);
  EXPECT_EQ(said.link_layer, mac(2));
  EXPECT_TRUE(said.default_router);
  EXPECT_TRUE(said.managed);
  EXPECT_TRUE(said.other);
  EXPECT_EQ(said.settings.hop_limit, 60);
  EXPECT_EQ(said.settings.reachable, milliseconds(20000));
  EXPECT_EQ(said.settings.retrans, milliseconds(500));
  EXPECT_EQ(said.settings.mtu, 1420U) << "the uplink's MTU is respected";
  EXPECT_EQ(said.settings.preference, ra::RouterPreference::kHigh);
  ASSERT_EQ(said.prefixes.size(), 1U);
  EXPECT_FALSE(said.prefixes[0].on_link);
  EXPECT_TRUE(said.prefixes[0].autonomous);
  EXPECT_EQ(said.dns_servers, std::vector<Ip6Address>{address("2001:db8:53::1")})
      << "the link-local one is out of reach";
  EXPECT_EQ(said.dns_valid_until, kNow + seconds(600));
  EXPECT_EQ(said.search_domains, std::vector<DomainName>{domain("isp.example")});
  ASSERT_EQ(said.routes.size(), 1U);
  EXPECT_EQ(said.routes[0].prefix, prefix("2001:db8:77::/48"));
  ASSERT_EQ(said.translations.size(), 1U);
  EXPECT_EQ(said.translations[0].valid_until, kNow + seconds(800));
  EXPECT_EQ(said.further_options, (std::vector<ra::UnknownOption>{{200, {1, 2, 3, 4, 5, 6}}}));
  // The other LAN says what it always does.
  const ra::Advertisement other = model.derive_now().advertisements.at("lan1");
  EXPECT_FALSE(other.proxy);
  EXPECT_TRUE(other.further_options.empty());
}

TEST(LanAdvertisement, WithoutARelayAgentOurServerAnswersAndTheFlagsAreOurs) {
  const Relayed model;
  EXPECT_FALSE(said_on_lan0(model).managed);
}

TEST(LanAdvertisement, WhatIsToldOnEndsWithTheUplink) {
  Relayed model;
  model.heard.routers[0].router_until = kNow;
  EXPECT_FALSE(said_on_lan0(model).default_router);
  model.heard.routers[0].router_until = kNow + seconds(100);
  model.wan.carrier = false;
  EXPECT_FALSE(said_on_lan0(model).default_router);
  model.wan.carrier = true;
  model.prefixes[0].clear();  // no part in the sharing: a loop, say
  EXPECT_FALSE(said_on_lan0(model).default_router);
}

}  // namespace
}  // namespace sixgate::daemon
