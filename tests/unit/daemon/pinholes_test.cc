// SPDX-License-Identifier: Apache-2.0
// What is opened to a host follows it: under each prefix of the moment, and to where DHCPv6 put it.
#include "daemon/pinholes.h"

#include <gtest/gtest.h>

#include "house_model.h"
#include "router_run.h"

namespace sixgate::daemon::testing {
namespace {

conf::PinholeConfig pinhole(const char* host, const char* lan = "") {
  conf::PinholeConfig one;
  one.lan = lan;
  one.host = conf::parse_pinhole_host(host).value();
  one.ports = {{22, 22}};
  return one;
}

std::vector<std::string> hosts_of(const firewall::Ruleset& ruleset) {
  std::vector<std::string> out;
  for (const firewall::FirewallPinhole& one : ruleset.pinholes)
    out.push_back(one.interface + " " + one.host.to_string());
  return out;
}

using Hosts = std::vector<std::string>;

TEST(Pinholes, ASuffixIsGoodUnderEveryGlobalPrefixOfItsLan) {
  HouseModel model;
  model.config.pinholes = {pinhole("::77", "lan1")};
  EXPECT_EQ(hosts_of(model.derive_now().ruleset), Hosts{"lan1 2001:db8:1:1::77"});
  model.delegate("2001:db8:2::/56", "wan");
  model.give(1, "2001:db8:2:1::/64", "wan");
  EXPECT_EQ(hosts_of(model.derive_now().ruleset),
            (Hosts{"lan1 2001:db8:1:1::77", "lan1 2001:db8:2:1::77"}));
  model.lose_global_prefixes();
  EXPECT_EQ(hosts_of(model.derive_now().ruleset), Hosts{});
}

TEST(Pinholes, AMacAddressStandsForTheAddressMadeOfIt) {
  HouseModel model;
  model.config.pinholes = {pinhole("02:00:5e:00:53:01")};
  EXPECT_EQ(hosts_of(model.derive_now().ruleset),
            (Hosts{"lan0 2001:db8:1::5eff:fe00:5301", "lan1 2001:db8:1:1:0:5eff:fe00:5301"}));
}

TEST(Pinholes, AnAddressIsOpenWhereItsPrefixIs) {
  HouseModel model;
  model.config.pinholes = {pinhole("2001:db8:1:1::5"), pinhole("2001:db8:77::5")};
  EXPECT_EQ(hosts_of(model.derive_now().ruleset), Hosts{"lan1 2001:db8:1:1::5"});
}

TEST(Pinholes, HaveEveryProtocolPortAndSource) {
  HouseModel model;
  conf::PinholeConfig one = pinhole("::77", "lan0");
  one.protocols = {6, 17};
  one.ports = {{22, 22}, {80, 90}};
  one.sources = {prefix("2001:db8:9::/48"), prefix("2001:db8:8::/48")};
  model.config.pinholes = {one};
  EXPECT_EQ(model.derive_now().ruleset.pinholes.size(), 8U);
}

// We are its default router all the same: hosts that ignore routes (RFC 4191) answer the protected LANs so.
TEST(Pinholes, AClosedLanHasNone) {
  HouseModel model;
  model.config.lans[0].zone = firewall::Zone::kClosed;
  model.config.pinholes = {pinhole("::77")};
  const DesiredState state = model.derive_now();
  EXPECT_EQ(hosts_of(state.ruleset), Hosts{"lan1 2001:db8:1:1::77"});
  EXPECT_TRUE(state.advertisements.at("lan0").default_router);
}

TEST(Pinholes, WhatALanReachesIsSaidByName) {
  HouseModel model;
  model.config.lans[1].name = model.config.lans[1].request.name = "printers";
  model.config.lans[0].zone = firewall::Zone::kIsolated;
  model.config.lans[0].reaches = {"printers"};
  const firewall::Ruleset rules = model.derive_now().ruleset;
  EXPECT_EQ(rules.lans[0].reaches, std::vector<std::string>{"lan1"});
  EXPECT_FALSE(rules.lans[1].reaches.has_value());
}

// The host is where the DHCPv6 server put it, for as long as it is there.
// An address that was not made of the MAC address (RFC 7217, RFC 8981, or by hand).
TEST(Pinholes, AreWhereTheirHostIsHeard) {
  for (const bool by_name : {false, true}) {
    RouterRun run;
    conf::ReservationConfig desk;
    desk.kept.mac = MacAddress({2, 0, 0, 0, 1, 1});
    desk.kept.name = "desk";
    run.config.reservations = {desk};
    run.config.pinholes = {pinhole(by_name ? "desk" : "02:00:00:00:01:01", "lan0")};
    run.start_online();
    const auto is_open = [&](const char* at) {
      const auto hosts = hosts_of(*run.firewall);
      return std::count(hosts.begin(), hosts.end(), std::string("lan0 ") + at);
    };
    EXPECT_EQ(is_open("2001:db8:1::abcd"), 0);
    run.hear("lan0", "2001:db8:1::abcd", 1);
    EXPECT_EQ(is_open("2001:db8:1::abcd"), 1);
    run.hear("lan0", "fe80::abcd", 1);
    run.hear("lan0", "2001:db8:1::abce", 2);
    EXPECT_EQ(is_open("2001:db8:1::abce"), 0) << "another's";
    run.hear("lan0", "2001:db8:1::abcd", 2);
    run.hear("lan0", "2001:db8:1::1:1", 1);
    EXPECT_EQ(is_open("2001:db8:1::abcd"), 0) << "another's now";
    EXPECT_EQ(is_open("2001:db8:1::1:1"), 1);
  }
}

TEST(Pinholes, StatusSaysWhereTheyAre) {
  conf::Config config = two_lans();
  config.pinholes = {pinhole("::77", "lan0"), pinhole("2001:db8:77::5"), pinhole("nas")};
  config.pinholes[0].sources = {prefix("2001:db8:9::/48"), prefix("2001:db8:a::/48")};
  config.pinholes[0].protocols = {6, 17};
  RouterRun run(config);
  run.start_online();
  const std::vector<StatusPinhole> said = run.router->status(run.now).pinholes;
  ASSERT_EQ(said.size(), 3U);
  EXPECT_EQ(said[0].host, "::77");
  EXPECT_EQ(said[0].lan, "lan0");
  EXPECT_EQ(said[0].protocols, "tcp+udp");
  EXPECT_EQ(said[0].ports, std::vector<std::string>{"22"});
  EXPECT_EQ(said[0].sources, config.pinholes[0].sources);
  EXPECT_EQ(said[0].addresses, std::vector{address("2001:db8:1::77")});
  EXPECT_TRUE(said[1].addresses.empty()) << "in no prefix of the house";
  EXPECT_EQ(said[2].host, "nas");
  EXPECT_TRUE(said[2].addresses.empty()) << "nobody is called so";
}

TEST(Pinholes, FollowALease) {
  conf::Config config = two_lans();
  config.lans[0].addressing = conf::Addressing::kDhcpv6;
  config.pinholes = {pinhole("duid:00030001020000000001", "lan0"),
                     pinhole("duid:00030001020000000009")};
  RouterRun run(config);
  run.start_online();
  EXPECT_EQ(hosts_of(run.router->desired().ruleset), Hosts{});
  const dhcp6::Duid duid = dhcp6::Duid::parse("00030001020000000001").value();
  dhcp6::Message solicit{.type = dhcp6::MessageType::kSolicit, .transaction_id = 7, .options = {}};
  solicit.options.push_back(dhcp6::ClientId{duid});
  solicit.options.push_back(dhcp6::RapidCommit{});
  solicit.options.push_back(dhcp6::IaNa{.iaid = 1});
  const auto reply = run.ask("lan0", solicit);
  ASSERT_TRUE(reply.has_value());
  dhcp6::IaNa held{.iaid = 1};
  Hosts global;
  const dhcp6::IaNa* given = dhcp6::find<dhcp6::IaNa>(reply->options);
  ASSERT_NE(given, nullptr);
  for (const dhcp6::IaAddress& one : dhcp6::find_all<dhcp6::IaAddress>(given->options)) {
    held.options.push_back(one);
    if (!kUniqueLocal.contains(one.address)) global.push_back("lan0 " + one.address.to_string());
  }
  ASSERT_EQ(global.size(), 1U);
  EXPECT_EQ(hosts_of(run.router->desired().ruleset), global);
  EXPECT_EQ(run.firewall, run.router->desired().ruleset);
  dhcp6::Message release{.type = dhcp6::MessageType::kRelease, .transaction_id = 8, .options = {}};
  release.options.push_back(dhcp6::ClientId{duid});
  release.options.push_back(dhcp6::ServerId{*run.router->state().duid});
  release.options.push_back(held);
  ASSERT_TRUE(run.ask("lan0", release).has_value());
  EXPECT_EQ(hosts_of(run.router->desired().ruleset), Hosts{});
}

}  // namespace
}  // namespace sixgate::daemon::testing
