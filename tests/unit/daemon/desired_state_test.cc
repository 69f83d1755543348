// SPDX-License-Identifier: Apache-2.0
#include "daemon/desired_state.h"

#include <gtest/gtest.h>

#include <set>

#include "house_model.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

using testing::address;
using testing::default_routes;
using testing::heard_prefix;
using testing::heard_router;
using testing::HouseModel;
using testing::kNow;
using testing::prefix;
using testing::prefixes_on;
using testing::route_to;
using testing::said_on;
using testing::uplink_config;

TEST(DesiredState, AHomeInOrder) {
  HouseModel model;
  const DesiredState state = model.derive_now();
  const std::vector<KernelRoute> defaults = default_routes(state);
  ASSERT_EQ(defaults.size(), 1U);
  EXPECT_EQ(defaults[0].gateway, address("fe80::1"));
  EXPECT_EQ(defaults[0].interface, "wan0");
  EXPECT_EQ(defaults[0].expires, kNow + seconds(1800));
  EXPECT_EQ(state.addresses.size(), 4U);
  EXPECT_EQ(state.advertisements.size(), 2U);
  EXPECT_EQ(state.forwarding,
            (std::map<std::string, std::string>{{"net/ipv6/conf/all/forwarding", "1"}}));
  EXPECT_TRUE(state.ruleset.provisioned);
  for (const char* lan : {"lan0", "lan1"}) {
    const ra::RouterAdvertisement said = said_on(state, lan);
    EXPECT_EQ(said.router_lifetime, seconds(2700));
    EXPECT_EQ(prefixes_on(state, lan).size(), 2U);
  }
}

TEST(DesiredState, TheSameHouseGivesTheSameValue) {
  HouseModel model;
  EXPECT_EQ(model.derive_now(), model.derive_now());
}

// The uplink's routes.

TEST(DesiredState, RoutersRankByPreferenceThenAddress) {
  HouseModel model;
  model.heard.routers = {heard_router("fe80::3", kNow + seconds(600)),
                         heard_router("fe80::1", kNow + seconds(600)),
                         heard_router("fe80::2", kNow + seconds(600)),
                         heard_router("fe80::4", kNow)};  // not a default router any more
  model.heard.routers[2].preference = ra::RouterPreference::kHigh;
  model.heard.routers[1].preference = ra::RouterPreference::kLow;
  model.config.uplinks[0].metric = 500;
  const std::vector<KernelRoute> routes = default_routes(model.derive_now());
  ASSERT_EQ(routes.size(), 3U);
  EXPECT_EQ(routes[0].gateway, address("fe80::2"));
  EXPECT_EQ(routes[1].gateway, address("fe80::3"));
  EXPECT_EQ(routes[2].gateway, address("fe80::1"));
  // Never one metric twice: the kernel would share the traffic among them.
  EXPECT_EQ(routes[0].metric, 500U);
  EXPECT_EQ(routes[1].metric, 501U);
  EXPECT_EQ(routes[2].metric, 502U);
  EXPECT_EQ(routes[0].preference, ra::RouterPreference::kHigh);
  EXPECT_EQ(routes[2].preference, ra::RouterPreference::kLow);
}

TEST(DesiredState, ARouterThatAnswersComesBeforeOneThatDoesNot) {
  HouseModel model;
  model.heard.routers = {heard_router("fe80::1", kNow + seconds(600)),
                         heard_router("fe80::2", kNow + seconds(600))};
  model.heard.routers[0].preference = ra::RouterPreference::kHigh;
  model.heard.routers[0].silent = true;
  const std::vector<KernelRoute> routes = default_routes(model.derive_now());
  ASSERT_EQ(routes.size(), 2U);
  EXPECT_EQ(routes[0].gateway, address("fe80::2"));
  EXPECT_EQ(routes[1].gateway, address("fe80::1")) << "nobody knows whether it comes back";
  model.heard.routers[1].silent = true;
  EXPECT_EQ(default_routes(model.derive_now())[0].gateway, address("fe80::1"));
}

TEST(Conformance, Row_4861_H_03_TheSecondRouterTakesOver) {
  HouseModel model;
  model.heard.routers = {heard_router("fe80::1", kNow + seconds(600)),
                         heard_router("fe80::2", kNow + seconds(900))};
  ASSERT_EQ(default_routes(model.derive_now()).size(), 2U);
  EXPECT_EQ(default_routes(model.derive_now())[0].gateway, address("fe80::1"));
  model.heard.routers[0].router_until = kNow;
  const std::vector<KernelRoute> routes = default_routes(model.derive_now());
  ASSERT_EQ(routes.size(), 1U);
  EXPECT_EQ(routes[0].gateway, address("fe80::2"));
  EXPECT_EQ(routes[0].metric, model.config.uplinks[0].metric);
  EXPECT_EQ(said_on(model.derive_now(), "lan0").router_lifetime, seconds(2700));
}

TEST(DesiredState, UplinksConfiguredAlikeBothKeepTheirWayOut) {
  HouseModel model;
  conf::UplinkConfig other = model.config.uplinks[0];
  other.name = "other";
  other.interface = "wan1";
  model.config.uplinks.push_back(other);
  std::vector<KernelRoute> routes = default_routes(model.derive_now());
  std::erase_if(routes, [](const KernelRoute& r) { return r.source.length() > 0; });
  ASSERT_EQ(routes.size(), 2U);
  EXPECT_EQ(routes[0].interface, "wan0");
  EXPECT_EQ(routes[1].interface, "wan1");
  EXPECT_LT(routes[0].metric, routes[1].metric);
}

TEST(Conformance, Row_6603_04_TheExcludedPrefixIsReachedOnTheUplink) {
  HouseModel model;
  model.delegations[0].excluded = prefix("2001:db8:1:ff::/64");
  DesiredState state = model.derive_now();
  const KernelRoute* way = route_to(state, prefix("2001:db8:1:ff::/64"));
  ASSERT_NE(way, nullptr);
  EXPECT_EQ(way->kind, KernelRoute::Kind::kUnicast);
  EXPECT_EQ(way->interface, "wan0");
  EXPECT_EQ(way->gateway, address("fe80::1"));
  EXPECT_EQ(way->expires, kNow + seconds(1800)) << "neither outlives its router nor the delegation";
  EXPECT_EQ(route_to(state, prefix("2001:db8:1::/56"))->kind, KernelRoute::Kind::kUnreachable);

  // Where the router says that it is on-link, that is the better way.
  model.heard.prefixes = {heard_prefix("2001:db8:1:ff::/64", true, true)};
  state = model.derive_now();
  const KernelRoute* best = nullptr;
  for (const KernelRoute& route : state.routes) {
    if (route.destination == prefix("2001:db8:1:ff::/64") &&
        (best == nullptr || route.metric < best->metric))
      best = &route;
  }
  ASSERT_NE(best, nullptr);
  EXPECT_EQ(best->interface, "wan0");
  EXPECT_FALSE(best->gateway.has_value());
}

// Two providers, each with a delegation and an address of its own.
struct TwoUplinks : HouseModel {
  ra::Heard heard_there;
  dhcp6::Lease lease_there;
  LinkState wan_there = testing::ready_link("wan1", 9);

  TwoUplinks() {
    config.uplinks.push_back(uplink_config("other", "wan1"));
    delegate("2001:db8:5000::/48", "other");
    lease_there.addresses.push_back(
        {1, address("2001:db8:ffff::9"), kNow + seconds(1800), kNow + seconds(3600)});
    heard_there.any = true;
    heard_there.routers.push_back(heard_router("fe80::2", kNow + seconds(600)));
  }
  House two() const {
    House out = house();
    out.uplinks[1].link = &wan_there;
    out.uplinks[1].heard = &heard_there;
    out.uplinks[1].lease = &lease_there;
    return out;
  }
};

TEST(Conformance, Row_8028_02_EverySourceHasARouteByItsOwnUplinkAndNoOther) {
  TwoUplinks model;
  model.heard_there.routes = {{prefix("2001:db8:7777::/48"), address("fe80::2"),
                               ra::RouterPreference::kMedium, kNow + seconds(900)}};
  const DesiredState state = derive(model.two(), kNow);
  const auto ways = [&](const char* source, const Prefix& destination) {
    std::vector<KernelRoute> out;
    for (const KernelRoute& route : state.routes) {
      if (route.source == prefix(source) && route.destination == destination) out.push_back(route);
    }
    return out;
  };
  struct Case {
    const char* source;
    const char* interface;
    const char* router;
  };
  for (const Case& one :
       {Case{"2001:db8:1::/56", "wan0", "fe80::1"}, Case{"2001:db8:5000::/48", "wan1", "fe80::2"},
        Case{"2001:db8:ffff::9/128", "wan1", "fe80::2"}}) {
    const auto found = ways(one.source, Prefix());
    ASSERT_EQ(found.size(), 2U) << one.source;
    for (const KernelRoute& route : found) {
      if (route.kind == KernelRoute::Kind::kUnreachable) {
        EXPECT_GT(route.metric, 1U << 30);
        continue;
      }
      EXPECT_EQ(route.interface, one.interface);
      EXPECT_EQ(route.gateway, address(one.router));
    }
  }
  // What the router of one uplink says of a part of the Internet is no way for the other's packets.
  EXPECT_EQ(ways("2001:db8:5000::/48", prefix("2001:db8:7777::/48")).size(), 1U);
  EXPECT_TRUE(ways("2001:db8:1::/56", prefix("2001:db8:7777::/48")).empty());
  EXPECT_TRUE(ways("::/0", prefix("2001:db8:7777::/48")).empty());
}

TEST(DesiredState, ADeadUplinkIsLeftByNobodyAndItsPacketsAreRefused) {
  TwoUplinks model;
  House house = model.two();
  house.uplinks[0].dead = true;
  const DesiredState state = derive(house, kNow);
  bool refused = false;
  for (const KernelRoute& route : default_routes(state)) {
    EXPECT_NE(route.interface, "wan0");
    refused = refused || (route.kind == KernelRoute::Kind::kUnreachable &&
                          route.source == prefix("2001:db8:1::/56"));
  }
  EXPECT_TRUE(refused);
  EXPECT_TRUE(state.advertisements.at("lan0").default_router);
}

TEST(DesiredState, WithOneUplinkNothingGoesBySource) {
  HouseModel model;
  for (const KernelRoute& route : model.derive_now().routes) EXPECT_EQ(route.source, Prefix());
  // One where there is no IPv6 to be had does not count.
  model.config.uplinks.push_back(uplink_config("none", "wan1"));
  model.config.uplinks.back().mode = conf::UplinkMode::kNone;
  House house = model.house();
  const ra::Heard silence;
  house.uplinks[1].heard = &silence;
  for (const KernelRoute& route : derive(house, kNow).routes) EXPECT_EQ(route.source, Prefix());
}

TEST(DesiredState, WhatIsAgreedWithTheProviderIsThereWithoutAWord) {
  HouseModel model;
  conf::UplinkConfig& wan = model.config.uplinks[0];
  wan.mode = conf::UplinkMode::kStatic;
  wan.address = conf::InterfaceAddress{address("2001:db8:0:1::2"), 64};
  wan.gateway = address("2001:db8:0:1::1");
  model.heard = {};
  const DesiredState state = model.derive_now();
  const KernelAddress* own = testing::address_in(state.addresses, address("2001:db8:0:1::2"));
  ASSERT_NE(own, nullptr);
  EXPECT_EQ(own->prefix_length, 64U);
  EXPECT_TRUE(own->valid_until.is_never());
  const KernelRoute* link = route_to(state, prefix("2001:db8:0:1::/64"));
  ASSERT_NE(link, nullptr);
  EXPECT_EQ(link->interface, "wan0");
  const auto routes = default_routes(state);
  ASSERT_EQ(routes.size(), 1U);
  EXPECT_EQ(routes[0].gateway, address("2001:db8:0:1::1"));
  EXPECT_TRUE(routes[0].expires.is_never());
  EXPECT_TRUE(state.ruleset.provisioned);
  EXPECT_TRUE(state.advertisements.at("lan0").default_router);

  model.wan.link_local.reset();  // a tunnel such as WireGuard's, which has none
  EXPECT_TRUE(model.derive_now().advertisements.at("lan0").default_router);
}

TEST(DesiredState, AGatewayOfTheContractIsTheOnlyOne) {
  HouseModel model;
  model.config.uplinks[0].mode = conf::UplinkMode::kStatic;
  model.config.uplinks[0].gateway = address("fe80::99");
  const auto routes = default_routes(model.derive_now());
  ASSERT_EQ(routes.size(), 1U);
  EXPECT_EQ(routes[0].gateway, address("fe80::99"));
}

// A router of the uplink cannot draw the traffic of the home to itself.
TEST(DesiredState, WhatIsDelegatedLiesAtHomeWhateverTheUplinkSays) {
  HouseModel model;
  model.heard.routes = {{prefix("2001:db8:1::/64"), address("fe80::1"), ra::RouterPreference::kHigh,
                         kNow + seconds(600)},
                        {prefix("2001:db8:1:1:8000::/65"), address("fe80::1"),
                         ra::RouterPreference::kHigh, kNow + seconds(600)}};
  model.heard.prefixes = {heard_prefix("2001:db8:1:7::/64", true, false)};
  const DesiredState state = model.derive_now();
  const KernelRoute* home = route_to(state, prefix("2001:db8:1::/64"));
  ASSERT_NE(home, nullptr);
  EXPECT_EQ(home->interface, "lan0");
  EXPECT_EQ(route_to(state, prefix("2001:db8:1:1:8000::/65")), nullptr);
  EXPECT_EQ(route_to(state, prefix("2001:db8:1:7::/64")), nullptr);
  // But for the part that the ISP keeps (RFC 6603).
  model.delegations[0].excluded = prefix("2001:db8:1:7::/64");
  EXPECT_NE(route_to(model.derive_now(), prefix("2001:db8:1:7::/64")), nullptr);
}

TEST(DesiredState, MoreSpecificRoutesAreTakenWithTheirPreference) {
  HouseModel model;
  const auto heard = [](const char* text, ra::RouterPreference preference, Instant until) {
    return ra::HeardRoute{prefix(text), address("fe80::1"), preference, until};
  };
  model.heard.routes = {heard("::/0", ra::RouterPreference::kHigh, kNow + seconds(600)),
                        heard("2001:db8:a::/48", ra::RouterPreference::kHigh, kNow + seconds(600)),
                        heard("2001:db8:b::/48", ra::RouterPreference::kLow, kNow + seconds(600)),
                        heard("2001:db8:c::/48", ra::RouterPreference::kMedium, kNow)};
  const DesiredState state = model.derive_now();
  EXPECT_EQ(default_routes(state).size(), 1U);  // RFC 4191 section 3.1: ::/0 is the router's own
  const KernelRoute* high = route_to(state, prefix("2001:db8:a::/48"));
  const KernelRoute* low = route_to(state, prefix("2001:db8:b::/48"));
  ASSERT_NE(high, nullptr);
  ASSERT_NE(low, nullptr);
  EXPECT_EQ(high->gateway, address("fe80::1"));
  EXPECT_EQ(high->expires, kNow + seconds(600));
  EXPECT_LT(high->metric, low->metric);
  EXPECT_EQ(route_to(state, prefix("2001:db8:c::/48")), nullptr);
}

// Addresses: of autonomous prefixes, of IA_NA. Neither says that anything is on link (RFC 5942 section 4).
TEST(Conformance, Row_7084_WAA_2_OnlyTheLFlagMakesAPrefixOnLink) {
  HouseModel model;
  model.heard.prefixes = {heard_prefix("2001:db8:a::/64", false, true),
                          heard_prefix("2001:db8:b::/64", true, false),
                          heard_prefix("2001:db8:c::/64", true, true)};
  model.slaac = {{prefix("2001:db8:a::/64"), address("2001:db8:a::5")},
                 {prefix("2001:db8:c::/64"), address("2001:db8:c::5")}};
  model.lease.addresses.push_back(
      {1, address("2001:db8:d::7"), kNow + seconds(100), kNow + seconds(200)});
  const DesiredState state = model.derive_now();
  EXPECT_EQ(route_to(state, prefix("2001:db8:a::/64")), nullptr);
  EXPECT_EQ(route_to(state, prefix("2001:db8:d::/64")), nullptr);
  for (const char* on_link : {"2001:db8:b::/64", "2001:db8:c::/64"}) {
    const KernelRoute* route = route_to(state, prefix(on_link));
    ASSERT_NE(route, nullptr) << on_link;
    EXPECT_EQ(route->interface, "wan0");
    EXPECT_FALSE(route->gateway.has_value());
  }
  for (const KernelRoute& route : state.routes) {
    if (route.interface == "wan0" && !route.gateway) {
      EXPECT_FALSE(route.destination.contains(address("2001:db8:d::7")))
          << route.destination.to_string();
      EXPECT_FALSE(route.destination.contains(address("2001:db8:a::5")))
          << route.destination.to_string();
    }
  }
  const KernelAddress* slaac = testing::address_in(state.addresses, address("2001:db8:a::5"));
  const KernelAddress* leased = testing::address_in(state.addresses, address("2001:db8:d::7"));
  ASSERT_NE(slaac, nullptr);
  ASSERT_NE(leased, nullptr);
  EXPECT_EQ(slaac->preferred_until, kNow + seconds(1800));
  EXPECT_EQ(slaac->valid_until, kNow + seconds(3600));
  EXPECT_EQ(leased->prefix_length, 128U);
  EXPECT_EQ(leased->preferred_until, kNow + seconds(100));
  EXPECT_EQ(leased->valid_until, kNow + seconds(200));
  EXPECT_EQ(leased->interface, "wan0");
}

TEST(DesiredState, WhatIsOverOnTheUplinkIsNotWanted) {
  HouseModel model;
  model.heard.prefixes = {heard_prefix("2001:db8:a::/64", true, true)};
  model.heard.prefixes[0].valid_until = model.heard.prefixes[0].on_link_until = kNow;
  model.slaac = {{prefix("2001:db8:a::/64"), address("2001:db8:a::5")}};
  model.lease.addresses.push_back({1, address("2001:db8:d::7"), kNow, kNow});
  model.inherited_addresses.push_back({});
  model.inherited_addresses[0].interface = "wan0";
  model.inherited_addresses[0].address = address("2001:db8:e::1");
  model.inherited_addresses[0].valid_until = kNow;
  const DesiredState state = model.derive_now();
  for (const char* gone : {"2001:db8:a::5", "2001:db8:d::7", "2001:db8:e::1"})
    EXPECT_EQ(testing::address_in(state.addresses, address(gone)), nullptr) << gone;
  EXPECT_EQ(route_to(state, prefix("2001:db8:a::/64")), nullptr);
}

// Unconfirmed is not unwanted; confirmed takes the place of inherited.
TEST(DesiredState, WhatAnEarlierRunLeftStays) {
  HouseModel model;
  model.heard = ra::Heard{};
  KernelAddress address_left;
  address_left.interface = "wan0";
  address_left.address = address("2001:db8:e::1");
  address_left.preferred_until = address_left.valid_until = kNow + seconds(500);
  address_left.ours = true;
  KernelRoute route_left;
  route_left.interface = "wan0";
  route_left.gateway = address("fe80::1");
  route_left.metric = model.config.uplinks[0].metric;
  route_left.expires = kNow + seconds(500);
  model.inherited_addresses = {address_left};
  model.inherited_routes = {route_left};
  DesiredState state = model.derive_now();
  EXPECT_NE(testing::address_in(state.addresses, address_left.address), nullptr);
  EXPECT_EQ(default_routes(state), std::vector<KernelRoute>{route_left});
  EXPECT_TRUE(state.advertisements.at("lan0").default_router);
  EXPECT_TRUE(state.ruleset.provisioned);

  model.heard.any = true;
  model.heard.routers = {heard_router("fe80::1", kNow + seconds(1800))};
  state = model.derive_now();
  ASSERT_EQ(default_routes(state).size(), 1U);
  EXPECT_EQ(default_routes(state)[0].expires, kNow + seconds(1800));
}

TEST(DesiredState, AnAbsentUplinkWantsNothingButItsRules) {
  HouseModel model;
  model.wan_present = false;
  const DesiredState state = model.derive_now();
  EXPECT_TRUE(default_routes(state).empty());
  // Ready for when it comes, as far as the kernel has them: it must not hear the first advertisement.
  std::set<std::string> keys;
  for (const auto& [key, value] : state.sysctls) {
    if (key.find("wan0") != std::string::npos) keys.insert(key);
  }
  EXPECT_EQ(keys, (std::set<std::string>{"net/ipv6/conf/wan0/accept_ra",
                                         "net/ipv6/conf/wan0/disable_ipv6"}));
  ASSERT_EQ(state.ruleset.uplinks.size(), 1U);
  EXPECT_EQ(state.ruleset.uplinks[0].interface, "wan0");
}

TEST(DesiredState, AcceptRaIsOursOnEveryInterface) {
  const DesiredState state = HouseModel().derive_now();
  for (const char* interface : {"wan0", "lan0", "lan1"}) {
    EXPECT_EQ(state.sysctls.at(cat("net/ipv6/conf/", interface, "/accept_ra")), "0");
    EXPECT_EQ(state.sysctls.at(cat("net/ipv6/conf/", interface, "/disable_ipv6")), "0");
  }
  EXPECT_EQ(state.sysctls.at("net/ipv6/conf/lan0/accept_untracked_na"), "1");
  EXPECT_FALSE(state.sysctls.contains("net/ipv6/conf/wan0/accept_untracked_na"));
}

TEST(Conformance, Row_4861_H_04_WhatTheRouterSaysIsAppliedToTheUplink) {
  HouseModel model;
  DesiredState state = model.derive_now();
  for (const char* key :
       {"net/ipv6/conf/wan0/hop_limit", "net/ipv6/conf/wan0/mtu",
        "net/ipv6/neigh/wan0/base_reachable_time_ms", "net/ipv6/neigh/wan0/retrans_time_ms"})
    EXPECT_FALSE(state.sysctls.contains(key)) << key << " although nobody said it";

  model.heard.hop_limit = 63;
  model.heard.mtu = 1400;
  model.heard.reachable = milliseconds(45'000);
  model.heard.retrans = milliseconds(2'500);
  state = model.derive_now();
  EXPECT_EQ(state.sysctls.at("net/ipv6/conf/wan0/hop_limit"), "63");
  EXPECT_EQ(state.sysctls.at("net/ipv6/conf/wan0/mtu"), "1400");
  EXPECT_EQ(state.sysctls.at("net/ipv6/neigh/wan0/base_reachable_time_ms"), "45000");
  EXPECT_EQ(state.sysctls.at("net/ipv6/neigh/wan0/retrans_time_ms"), "2500");

  model.heard.mtu = 9000;                           // beyond the link
  model.heard.reachable = milliseconds(3'600'001);  // beyond AdvReachableTime's most
  state = model.derive_now();
  EXPECT_FALSE(state.sysctls.contains("net/ipv6/conf/wan0/mtu"));
  EXPECT_FALSE(state.sysctls.contains("net/ipv6/neigh/wan0/base_reachable_time_ms"));
}

TEST(DesiredState, EverySysctlThatIsAskedForIsWatched) {
  HouseModel model;
  model.heard.hop_limit = 63;
  model.heard.mtu = 1400;
  model.heard.reachable = milliseconds(45'000);
  model.heard.retrans = milliseconds(2'500);
  const DesiredState state = model.derive_now();
  const std::vector<std::string> list = watched_sysctls(model.config);
  const std::set<std::string> watched(list.begin(), list.end());
  EXPECT_EQ(watched.size(), list.size());
  for (const auto& all : {state.sysctls, state.forwarding}) {
    for (const auto& [key, value] : all) EXPECT_TRUE(watched.contains(key)) << key;
  }
}

// The LANs.

TEST(DesiredState, EachLanPrefixHasAnAddressAndAnOnLinkRouteThatEndWithIt) {
  const DesiredState state = HouseModel().derive_now();
  const KernelRoute* route = route_to(state, prefix("2001:db8:1:1::/64"));
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->interface, "lan1");
  EXPECT_FALSE(route->gateway.has_value());
  EXPECT_EQ(route->expires, kNow + seconds(3600));
  const KernelAddress* own = testing::address_in(state.addresses, address("2001:db8:1:1::1"));
  ASSERT_NE(own, nullptr);
  EXPECT_EQ(own->interface, "lan1");
  EXPECT_EQ(own->prefix_length, 64U);
  EXPECT_EQ(own->preferred_until, kNow + seconds(1800));
  EXPECT_EQ(own->valid_until, kNow + seconds(3600));
  EXPECT_TRUE(own->ours);
  const KernelAddress* ula = testing::address_in(state.addresses, address("fd00:6:6:1::1"));
  ASSERT_NE(ula, nullptr);
  EXPECT_TRUE(ula->valid_until.is_never());
  EXPECT_TRUE(route_to(state, prefix("fd00:6:6:1::/64"))->expires.is_never());
}

TEST(DesiredState, PreferredNeverOutlivesValid) {
  HouseModel model;
  model.prefixes[0][0].preferred_until = kNow + seconds(9000);
  const DesiredState state = model.derive_now();
  for (const KernelAddress& a : state.addresses) EXPECT_LE(a.preferred_until, a.valid_until);
  for (const ra::PrefixInformation& said : prefixes_on(state, "lan0"))
    EXPECT_LE(said.preferred, said.valid);
}

TEST(DesiredState, EveryDelegationHasAnUnreachableRouteBelowAllOthers) {
  HouseModel model;
  model.delegate("2001:db8:2::/60", "wan");
  model.delegations.back().valid_until = kNow;  // over
  const DesiredState state = model.derive_now();
  for (const char* text : {"2001:db8:1::/56", "fd00:6:6::/48"}) {
    const KernelRoute* route = route_to(state, prefix(text));
    ASSERT_NE(route, nullptr) << text;
    EXPECT_EQ(route->kind, KernelRoute::Kind::kUnreachable);
    EXPECT_TRUE(route->interface.empty());
    // The unreachable route of a delegation that is one /64 must lose against the LAN's own.
    for (const KernelRoute& other : state.routes) {
      if (other.kind == KernelRoute::Kind::kUnicast) {
        EXPECT_LT(other.metric, route->metric);
      }
    }
  }
  EXPECT_EQ(route_to(state, prefix("2001:db8:2::/60")), nullptr);
}

TEST(DesiredState, WhatCarriesPppoeIsGuardedLikeTheUplink) {
  using Uplinks = std::vector<firewall::FirewallUplink>;
  HouseModel model;
  model.wan.carriers = {"dsl0", "lan1"};
  EXPECT_EQ(model.derive_now().ruleset.uplinks, (Uplinks{{"wan0"}})) << "another VLAN's";
  model.wan.ppp = true;
  const firewall::Ruleset rules = model.derive_now().ruleset;
  EXPECT_EQ(rules.uplinks, (Uplinks{{"dsl0"}, {"wan0"}}));
  EXPECT_EQ(rules.lans.size(), 2U);
}

TEST(DesiredState, RulesKnowAssignedFromLocalAndUlaIsNeverAssigned) {
  HouseModel model;
  model.config.lans[1].zone = firewall::Zone::kExposed;
  model.delegations[0].excluded = prefix("2001:db8:1:ff::/64");
  const firewall::Ruleset rules = model.derive_now().ruleset;
  ASSERT_EQ(rules.lans.size(), 2U);
  EXPECT_EQ(rules.lans[0].zone, firewall::Zone::kProtected);
  EXPECT_EQ(rules.lans[1].zone, firewall::Zone::kExposed);
  for (const firewall::FirewallLan& lan : rules.lans) {
    EXPECT_EQ(lan.assigned.size(), 1U);
    EXPECT_EQ(lan.local.size(), 2U);
    for (const Prefix& p : lan.assigned) EXPECT_FALSE(kUniqueLocal.overlaps(p)) << p.to_string();
  }
  // Our own ULA is no source of the Internet's.
  EXPECT_TRUE(std::ranges::any_of(rules.delegated,
                                  [](const Prefix& p) { return kUniqueLocal.contains(p); }));
  for (const Prefix& p : rules.delegated) {
    EXPECT_FALSE(p.overlaps(prefix("2001:db8:1:ff::/64")))
        << p.to_string();  // RFC 6603: the ISP's own
  }
  EXPECT_EQ(rules, firewall::normalise(rules));
}

// RFC 7084 G-3: the uplink is connected and a delegation of it is on a LAN.
TEST(DesiredState, ProvisionedWhenUplinkAndDelegationAreThere) {
  EXPECT_TRUE(HouseModel().derive_now().ruleset.provisioned);

  HouseModel no_delegation;
  no_delegation.lose_global_prefixes();
  EXPECT_FALSE(no_delegation.derive_now().ruleset.provisioned);

  HouseModel no_uplink;
  no_uplink.wan_present = false;
  EXPECT_FALSE(no_uplink.derive_now().ruleset.provisioned);

  HouseModel silent;
  silent.heard = ra::Heard{};
  EXPECT_FALSE(silent.derive_now().ruleset.provisioned);
  silent.lease.addresses.push_back(
      {1, address("2001:db8:d::7"), kNow + seconds(100), kNow + seconds(200)});
  EXPECT_TRUE(silent.derive_now().ruleset.provisioned);

  HouseModel nothing_at_all;
  nothing_at_all.heard = ra::Heard{};
  nothing_at_all.lose_global_prefixes();
  EXPECT_FALSE(nothing_at_all.derive_now().ruleset.provisioned);
}

// RFC 7084 L-14: a private table leads back to hosts that still use what is no longer ours.
TEST(DesiredState, TheWayBackToWithdrawnPrefixesIsInATableOfItsOwn) {
  HouseModel model;
  model.withdrawn[0] = {prefix("2001:db8:9::/64")};
  model.withdrawn[1] = {prefix("2001:db8:9:1::/64"), prefix("2001:db8:9::/64")};
  const DesiredState state = model.derive_now();
  EXPECT_EQ(route_to(state, prefix("2001:db8:9::/64")), nullptr);  // not for everybody
  const KernelRoute* back = route_to(state, prefix("2001:db8:9::/64"), kWithdrawnTable);
  ASSERT_NE(back, nullptr);
  EXPECT_EQ(back->interface, "lan0");
  EXPECT_EQ(route_to(state, prefix("2001:db8:9:1::/64"), kWithdrawnTable)->interface, "lan1");
  EXPECT_EQ(state.rules, (std::vector<KernelRule>{KernelRule{prefix("2001:db8:9::/64")},
                                                  KernelRule{prefix("2001:db8:9:1::/64")}}));
  EXPECT_EQ(testing::address_in(state.addresses, address("2001:db8:9::1")), nullptr);
  for (const firewall::FirewallLan& lan : state.ruleset.lans) {
    for (const Prefix& p : lan.assigned)
      EXPECT_FALSE(p.overlaps(prefix("2001:db8:9::/48"))) << p.to_string();
    EXPECT_FALSE(lan.withdrawn.empty()) << "the host is told";
  }
}

TEST(DesiredState, AnAbsentLanIsInTheRulesAndNowhereElse) {
  HouseModel model;
  model.lan_present = false;
  model.withdrawn[0] = {prefix("2001:db8:9::/64")};
  const DesiredState state = model.derive_now();
  EXPECT_TRUE(state.addresses.empty());
  EXPECT_TRUE(state.rules.empty());
  EXPECT_TRUE(state.advertisements.empty());
  EXPECT_EQ(state.ruleset.lans.size(), 2U);
  for (const KernelRoute& route : state.routes)
    EXPECT_TRUE(route.interface.empty() || route.interface == "wan0");
}

// Two uplinks that the same metric was given never fight for one route of the kernel.
TEST(DesiredState, NoRouteOrAddressIsWantedTwice) {
  HouseModel model;
  model.config.uplinks.push_back(testing::uplink_config("other", "wan1"));
  model.heard.routers.push_back(heard_router("fe80::2", kNow + seconds(100)));
  model.heard.prefixes = {heard_prefix("2001:db8:a::/64", true, true)};
  model.slaac = {{prefix("2001:db8:a::/64"), address("2001:db8:a::5")}};
  model.lease.addresses.push_back(
      {1, address("2001:db8:a::5"), kNow + seconds(9), kNow + seconds(9)});
  const DesiredState state = model.derive_now();
  std::set<std::string> seen;
  for (const KernelRoute& r : state.routes)
    EXPECT_TRUE(seen.insert(cat(r.destination, ' ', r.source, ' ', r.metric, ' ', r.table)).second)
        << r.destination.to_string();
  for (const KernelAddress& a : state.addresses)
    EXPECT_TRUE(seen.insert(cat(a.interface, ' ', a.address)).second) << a.address.to_string();
}

}  // namespace
}  // namespace sixgate::daemon
