// SPDX-License-Identifier: Apache-2.0
// What hosts of the LANs are told, as it follows from the house.
#include <gtest/gtest.h>

#include <set>

#include "daemon/desired_state.h"
#include "house_model.h"

namespace sixgate::daemon {
namespace {

using testing::address;
using testing::default_routes;
using testing::domain;
using testing::HouseModel;
using testing::kNow;
using testing::prefix;
using testing::prefixes_on;
using testing::said_on;

TEST(DesiredState, FlagsFollowTheAddressing) {
  struct Case {
    conf::Addressing addressing;
    bool managed, other, autonomous;
  };
  const Case cases[] = {{conf::Addressing::kSlaac, false, false, true},
                        {conf::Addressing::kSlaacStateless, false, true, true},
                        {conf::Addressing::kSlaacDhcpv6, true, true, true},
                        {conf::Addressing::kDhcpv6, true, true, false}};
  for (const Case& c : cases) {
    SCOPED_TRACE(conf::to_string(c.addressing));
    HouseModel model;
    model.config.lans[0].addressing = c.addressing;
    const DesiredState state = model.derive_now();
    const ra::RouterAdvertisement said = said_on(state, "lan0");
    EXPECT_EQ(said.managed, c.managed);
    EXPECT_EQ(said.other, c.other);
    ASSERT_EQ(prefixes_on(state, "lan0").size(), 2U);
    for (const ra::PrefixInformation& p : prefixes_on(state, "lan0")) {
      EXPECT_TRUE(p.on_link);
      EXPECT_EQ(p.autonomous, c.autonomous);
    }
    // Nobody else's LAN is touched.
    EXPECT_FALSE(said_on(state, "lan1").managed);
  }
}

TEST(Conformance, Row_7084_G_4_NoDefaultRouterOnTheUplinkNoneOnTheLans) {
  HouseModel model;
  model.heard.routers[0].router_until = kNow;
  for (const bool known : {true, false}) {
    if (!known) model.heard.routers.clear();
    const DesiredState state = model.derive_now();
    for (const char* lan : {"lan0", "lan1"}) {
      EXPECT_EQ(said_on(state, lan).router_lifetime, seconds(0));
      EXPECT_EQ(prefixes_on(state, lan).size(), 2U);
    }
  }
}

// RFC 7084 G-5 (b): a route over a dead link leads nowhere, even if the kernel still has it.
TEST(DesiredState, AnUplinkWithoutCarrierIsNoDefaultRouter) {
  HouseModel model;
  model.wan.carrier = false;
  const DesiredState state = model.derive_now();
  EXPECT_FALSE(state.advertisements.at("lan0").default_router);
  EXPECT_EQ(default_routes(state).size(), 1U);  // kept for when it comes back
}

// RFC 7084 WLL-3: IPV6CP has ended, and the PPP link goes on for IPv4.
TEST(DesiredState, AnUplinkWithoutLinkLocalAddressIsNoDefaultRouter) {
  HouseModel model;
  model.wan.link_local.reset();
  const DesiredState state = model.derive_now();
  EXPECT_FALSE(state.advertisements.at("lan0").default_router);
  EXPECT_EQ(default_routes(state).size(), 1U);  // kept for when it comes back
}

TEST(DesiredState, WithinCarrierHoldTheLansHearNothing) {
  HouseModel model;
  model.wan.carrier = false;
  House house = model.house();
  house.uplinks[0].held = true;
  EXPECT_TRUE(derive(house, kNow).advertisements.at("lan0").default_router);
  model.wan_present = false;  // ppp devices go and come anew
  house = model.house();
  house.uplinks[0].held = true;
  EXPECT_TRUE(derive(house, kNow).advertisements.at("lan0").default_router);
  model.heard.routers.clear();  // a router that says good-bye is gone
  house = model.house();
  house.uplinks[0].held = true;
  EXPECT_FALSE(derive(house, kNow).advertisements.at("lan0").default_router);
}

TEST(Conformance, Row_7084_L_4_WithoutAnyPrefixNoDefaultRouter) {
  HouseModel model;
  model.delegations.clear();
  model.prefixes = {{}, {}};
  const DesiredState state = model.derive_now();
  ASSERT_EQ(default_routes(state).size(), 1U);
  for (const char* lan : {"lan0", "lan1"})
    EXPECT_EQ(said_on(state, lan).router_lifetime, seconds(0));
}

TEST(Conformance, Row_7084_ULA_5_WithUlaAloneNoDefaultRouter) {
  HouseModel model;
  model.lose_global_prefixes();
  const DesiredState state = model.derive_now();
  ASSERT_EQ(default_routes(state).size(), 1U);
  for (const char* lan : {"lan0", "lan1"}) {
    const ra::RouterAdvertisement said = said_on(state, lan);
    EXPECT_EQ(said.router_lifetime, seconds(0));
    EXPECT_EQ(prefixes_on(state, lan).size(), 1U);
    const auto routes = ra::find_all<ra::RouteInformation>(said.options);
    ASSERT_EQ(routes.size(), 1U);
    EXPECT_EQ(routes[0].prefix, prefix("fd00:6:6::/48"));
    EXPECT_FALSE(routes[0].lifetime.is_zero());
  }
}

// One LAN that was left out by a small delegation must not attract traffic that it cannot answer.
TEST(DesiredState, ALanThatWasLeftOutIsNoDefaultRouter) {
  HouseModel model;
  std::erase_if(model.prefixes[1], [](const auto& p) { return p.origin == "wan"; });
  const DesiredState state = model.derive_now();
  EXPECT_EQ(said_on(state, "lan0").router_lifetime, seconds(2700));
  EXPECT_EQ(said_on(state, "lan1").router_lifetime, seconds(0));
}

TEST(Conformance, Row_7084_L_3_DelegationsAndUlaAreRoutesWithAndWithoutTheUplink) {
  for (const bool connected : {true, false}) {
    HouseModel model;
    model.wan_present = connected;
    const auto routes =
        ra::find_all<ra::RouteInformation>(said_on(model.derive_now(), "lan0").options);
    ASSERT_EQ(routes.size(), 2U);
    std::set<Prefix> said;
    for (const ra::RouteInformation& route : routes) {
      EXPECT_FALSE(route.lifetime.is_zero());
      said.insert(route.prefix);
    }
    EXPECT_EQ(said, (std::set<Prefix>{prefix("2001:db8:1::/56"), prefix("fd00:6:6::/48")}));
  }
}

TEST(DesiredState, ADeprecatedDelegationIsNoRouteForNewTraffic) {
  HouseModel model;
  model.delegations[0].standing = delegation::Standing::kDeprecated;
  const auto routes =
      ra::find_all<ra::RouteInformation>(said_on(model.derive_now(), "lan0").options);
  ASSERT_EQ(routes.size(), 1U);
  EXPECT_EQ(routes[0].prefix, prefix("fd00:6:6::/48"));
}

// Resolvers.

std::vector<Ip6Address> servers_of(const HouseModel& model) {
  return model.derive_now().advertisements.at("lan0").dns_servers;
}

// RFC 8106 section 5.3.1.
TEST(Conformance, Row_8106_06_BothSourcesAreUsedAndDhcpv6ComesFirst) {
  HouseModel model;
  model.heard.rdnss = {{address("2001:db8:53::1"), kNow + seconds(600)},
                       {address("2001:db8:53::3"), kNow + seconds(600)}};
  model.heard.dnssl = {{domain("ra.example"), kNow + seconds(600)}};
  EXPECT_EQ(servers_of(model), (std::vector{address("2001:db8:53::1"), address("2001:db8:53::3")}));
  model.lease.dns_servers = {address("2001:db8:53::2"), address("2001:db8:53::3")};
  model.lease.search_domains = {domain("dhcp.example")};
  EXPECT_EQ(servers_of(model), (std::vector{address("2001:db8:53::2"), address("2001:db8:53::3"),
                                            address("2001:db8:53::1")}));
  EXPECT_EQ(model.derive_now().advertisements.at("lan0").search_domains,
            (std::vector{domain("dhcp.example"), domain("ra.example")}));
}

TEST(Conformance, Row_7084_L_11_ResolversAndDomainsAreInTheAdvertisement) {
  HouseModel model;
  model.lease.dns_servers = {address("2001:db8:53::2")};
  model.lease.search_domains = {domain("home.example")};
  const ra::RouterAdvertisement said = said_on(model.derive_now(), "lan1");
  const auto* servers = ra::find<ra::RecursiveDnsServers>(said.options);
  const auto* domains = ra::find<ra::DnsSearchList>(said.options);
  ASSERT_NE(servers, nullptr);
  ASSERT_NE(domains, nullptr);
  EXPECT_EQ(servers->addresses, model.lease.dns_servers);
  EXPECT_EQ(domains->names, model.lease.search_domains);
  // RFC 9096 section 3.4: not longer than the longest valid lifetime of a delegation.
  EXPECT_EQ(servers->lifetime, Lifetime(3600));
  EXPECT_EQ(domains->lifetime, Lifetime(3600));
}

TEST(DesiredState, ResolversThatNoHostCanReachAreNotSaid) {
  HouseModel model;
  model.lease.dns_servers = {address("fe80::53"), address("2001:db8:53::2")};
  model.heard.rdnss = {{address("fe80::54"), kNow + seconds(600)},
                       {address("2001:db8:53::9"), kNow}};  // over
  EXPECT_EQ(servers_of(model), std::vector{address("2001:db8:53::2")});
}

TEST(DesiredState, ResolversMayBeRefusedReplacedOrHidden) {
  HouseModel model;
  model.lease.dns_servers = {address("2001:db8:53::2")};
  model.lease.search_domains = {domain("isp.example")};
  model.config.uplinks[0].use_dns = false;
  EXPECT_TRUE(servers_of(model).empty());
  model.config.uplinks[0].use_dns = true;
  model.config.lans[0].search_domains = {domain("home.arpa")};
  EXPECT_EQ(servers_of(model), std::vector{address("2001:db8:53::2")});
  EXPECT_EQ(model.derive_now().advertisements.at("lan0").search_domains,
            std::vector{domain("home.arpa")});
  EXPECT_EQ(model.derive_now().advertisements.at("lan1").search_domains,
            std::vector{domain("isp.example")});
  model.config.lans[0].dns_servers = {address("fd00:6:6::53")};
  EXPECT_EQ(servers_of(model), std::vector{address("fd00:6:6::53")});
  model.config.lans[0].dns_servers.clear();
  model.config.lans[0].advertise_dns = false;
  EXPECT_TRUE(servers_of(model).empty());
}

TEST(DesiredState, ResolversOfTheIspEndWithTheLastDelegation) {
  HouseModel model;
  model.lease.dns_servers = {address("2001:db8:53::2")};
  model.lose_global_prefixes();
  const auto said = said_on(model.derive_now(), "lan0");
  EXPECT_EQ(ra::find<ra::RecursiveDnsServers>(said.options), nullptr);
}

// MTU.

std::uint32_t mtu_on(const HouseModel& model, const std::string& lan) {
  const auto said = said_on(model.derive_now(), lan);
  const auto* option = ra::find<ra::Mtu>(said.options);
  return option == nullptr ? 0 : option->mtu;
}

TEST(Conformance, Row_4861_R_31_TheSmallestMtuOfTheUplinksIsSaidNeverBelow1280) {
  HouseModel model;
  EXPECT_EQ(mtu_on(model, "lan0"), 1500U);
  model.heard.mtu = 1480;
  EXPECT_EQ(mtu_on(model, "lan0"), 1480U);
  model.wan.mtu = 1492;  // PPPoE; what is said of the path is smaller still
  EXPECT_EQ(mtu_on(model, "lan0"), 1480U);
  model.heard.mtu.reset();
  EXPECT_EQ(mtu_on(model, "lan0"), 1492U);
  model.wan.mtu = 600;
  EXPECT_EQ(mtu_on(model, "lan0"), 1280U);
  model.wan.mtu = 9000;
  EXPECT_EQ(mtu_on(model, "lan0"), 1500U);  // the LAN's own
  model.heard.mtu = 1480;
  model.config.lans[0].ra.mtu = 1400;
  EXPECT_EQ(mtu_on(model, "lan0"), 1400U);
  EXPECT_EQ(mtu_on(model, "lan1"), 1480U);
  model.config.lans[0].ra.mtu = 0;  // not said at all
  EXPECT_EQ(mtu_on(model, "lan0"), 0U);
}

TEST(DesiredState, TheAdvertisementNamesTheLinkLayerAddressOfItsLan) {
  const DesiredState state = HouseModel().derive_now();
  const auto said = said_on(state, "lan1");
  const auto* option = ra::find<ra::SourceLinkLayerAddress>(said.options);
  ASSERT_NE(option, nullptr);
  EXPECT_EQ(option->mac(), testing::mac(3));
}

}  // namespace
}  // namespace sixgate::daemon
