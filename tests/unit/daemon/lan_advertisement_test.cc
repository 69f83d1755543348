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

}  // namespace
}  // namespace sixgate::daemon
