// SPDX-License-Identifier: Apache-2.0
// Several uplinks, uplinks by contract, and uplinks without IPv6.
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "router_run.h"

namespace sixgate::daemon {
namespace {

using testing::address;
using testing::isp_router;
using testing::prefix;
using testing::prefix_said;
using testing::RouterRun;
using testing::two_lans;
using testing::uplink_config;

const Prefix kOfFirst = prefix("2001:db8:1::/64");
const Prefix kOfSecond = prefix("2001:db8:5000::/64");

// Two providers on wan0 and wan1, online.
struct TwoWays : RouterRun {
  explicit TwoWays(conf::Config of = configuration()) : RouterRun(std::move(of)) {
    server.prefixes[iaid("other")] = {prefix("2001:db8:5000::/56")};
    server.addresses[iaid("other")] = {address("2001:db8:ffff::9")};
    start();
    hear(isp_router(true, true));
    hear(isp_router(true, true), "wan1", "fe80::2");
    run_for(seconds(10));
  }
  static conf::Config configuration() {
    conf::Config config = two_lans();
    config.uplinks.push_back(uplink_config("other", "wan1"));
    return config;
  }
  Lifetime preferred(const Prefix& wanted) const {
    const auto said = prefix_said(last_on("lan0"), wanted);
    return said ? said->preferred : Lifetime(0);
  }
  Lifetime valid(const Prefix& wanted) const {
    const auto said = prefix_said(last_on("lan0"), wanted);
    return said ? said->valid : Lifetime(0);
  }
  void cable(const std::string& name, bool there) {
    link(name).carrier = there;
    look();
  }
};

TEST(RouterUplinks, EveryLanHasASlash64OfEach) {
  TwoWays run;
  EXPECT_GT(run.preferred(kOfFirst), Lifetime(0));
  EXPECT_GT(run.preferred(kOfSecond), Lifetime(0));
}

// RFC 6296: hosts have the house's own prefix and no other; each uplink has a /64 for it.
TEST(RouterUplinks, WhatIsTranslatedIsNotGivenToHosts) {
  conf::Config config = TwoWays::configuration();
  config.uplinks[0].nptv6 = config.uplinks[1].nptv6 = true;
  TwoWays run(config);
  EXPECT_EQ(run.valid(kOfFirst), Lifetime(0));
  EXPECT_EQ(run.valid(kOfSecond), Lifetime(0));
  EXPECT_GT(run.last_on("lan0").router_lifetime, seconds(0));
  ASSERT_TRUE(run.firewall.has_value());
  const firewall::Ruleset rules = *run.firewall;
  ASSERT_EQ(rules.translations.size(), 4U) << "two LANs, two uplinks";
  const auto& first = rules.translations.front();
  EXPECT_EQ(first.uplink, "wan0");
  EXPECT_EQ(first.external, kOfFirst);
  EXPECT_TRUE(first.begins);
  EXPECT_TRUE(first.internal.address().is_unique_local());
  EXPECT_TRUE(rules.provisioned);
  const auto from_inside = [&](const std::string& interface) {
    return std::any_of(run.kernel.routes.begin(), run.kernel.routes.end(), [&](const auto& route) {
      return route.gateway && route.interface == interface && route.source == first.internal;
    });
  };
  EXPECT_TRUE(from_inside("wan0") && from_inside("wan1"));
  EXPECT_TRUE(std::exchange(run.ways_changed, false));
  run.look();
  run.run_for(seconds(1));
  EXPECT_FALSE(run.ways_changed) << "all is as it was";
  run.cable("wan0", false);
  run.run_for(seconds(10));
  EXPECT_FALSE(from_inside("wan0"));
  EXPECT_TRUE(from_inside("wan1"));
  EXPECT_TRUE(std::exchange(run.ways_changed, false));
  EXPECT_GT(run.last_on("lan0").router_lifetime, seconds(0));
  // By the kernel, while nothing else is wanted than what is left.
  std::erase_if(run.kernel.routes, [](const auto& route) { return route.interface == "wan1"; });
  run.link("wan1").up = false;
  run.look();
  EXPECT_TRUE(run.ways_changed);
}

TEST(RouterUplinks, WhereNothingIsTranslatedNoFlowDependsOnTheWay) {
  TwoWays run;
  run.cable("wan0", false);
  run.run_for(seconds(10));
  EXPECT_FALSE(run.ways_changed);
}

// RFC 6887 section 11.3: the answers of a host leave by the better uplink, and with another's address they would not.
TEST(RouterUplinks, ProgramsAreToldTheAddressOfTheUplinkThatCarriesThem) {
  conf::Config config = TwoWays::configuration();
  config.uplinks[0].nptv6 = config.uplinks[1].nptv6 = true;
  config.uplinks[1].metric = config.uplinks[0].metric + 88;  // "other", which comes before "wan"
  config.lans[0].pcp = true;
  TwoWays run(config);
  const auto outside = [&] {
    const pcp::Link& link = run.router->desired().pcp_links.at(0);
    return Prefix(link.external_of(link.prefixes.at(0).prefix.address()), 64);
  };
  EXPECT_EQ(outside(), kOfFirst);
  EXPECT_EQ(run.memory.pcp_externals.size(), 1U);
  const auto kept = parse_stored_state(serialise(run.memory, run.now, "boot"), run.now, "boot");
  ASSERT_TRUE(kept.has_value());
  EXPECT_EQ(kept->pcp_externals, run.memory.pcp_externals);
  run.run_for(seconds(20));
  const auto epoch = run.memory.pcp_epoch;
  run.cable("wan0", false);
  run.run_for(seconds(10));
  EXPECT_EQ(outside(), kOfSecond);
  EXPECT_GT(run.memory.pcp_epoch, epoch) << "RFC 6887 section 8.5";
  run.cable("wan0", true);
  run.hear(isp_router(true, true));
  run.run_for(seconds(1));
  EXPECT_EQ(outside(), kOfFirst);
  std::swap(config.uplinks[0].metric, config.uplinks[1].metric);
  run.reload(config);
  EXPECT_EQ(outside(), kOfSecond);
}

TEST(RouterUplinks, ADeadUplinkDeprecatesItsOwnPrefixesAndTheyComeBack) {
  TwoWays run;
  run.cable("wan0", false);
  run.run_for(seconds(2));
  EXPECT_GT(run.preferred(kOfFirst), Lifetime(0)) << "a moment without carrier moves nobody";
  run.run_for(seconds(8));
  EXPECT_EQ(run.preferred(kOfFirst), Lifetime(0));
  EXPECT_GT(run.valid(kOfFirst), Lifetime(0)) << "what has begun may go on as long as it can";
  EXPECT_GT(run.preferred(kOfSecond), Lifetime(0));
  EXPECT_GT(run.last_on("lan0").router_lifetime, seconds(0));
  for (const KernelRoute& route : run.kernel.routes) {
    EXPECT_FALSE(route.gateway && route.interface == "wan0") << "a way out that leads nowhere";
  }
  const KernelAddress* own = testing::address_in(run.kernel.addresses, address("2001:db8:1::1"));
  ASSERT_NE(own, nullptr);
  EXPECT_LE(own->preferred_until, run.now);

  run.cable("wan0", true);
  run.hear(isp_router(true, true));
  run.run_for(seconds(10));
  EXPECT_GT(run.preferred(kOfFirst), Lifetime(0));
  EXPECT_GT(run.preferred(kOfSecond), Lifetime(0));
}

TEST(RouterUplinks, ARouterThatSaysGoodByeMakesItsUplinkDead) {
  TwoWays run;
  ra::RouterAdvertisement last = isp_router(true, true);
  last.router_lifetime = seconds(0);
  run.hear(last, "wan1", "fe80::2");
  run.run_for(seconds(10));
  EXPECT_GT(run.preferred(kOfFirst), Lifetime(0));
  EXPECT_EQ(run.preferred(kOfSecond), Lifetime(0));
  run.hear(isp_router(true, true), "wan1", "fe80::2");
  run.run_for(seconds(5));
  EXPECT_GT(run.preferred(kOfSecond), Lifetime(0));
}

TEST(RouterUplinks, WhenBothAreDeadNothingIsDeprecated) {
  TwoWays run;
  run.cable("wan0", false);
  run.cable("wan1", false);
  run.run_for(seconds(30));
  EXPECT_GT(run.preferred(kOfFirst), Lifetime(0));
  EXPECT_GT(run.preferred(kOfSecond), Lifetime(0));
  EXPECT_EQ(run.last_on("lan0").router_lifetime, seconds(0));
}

TEST(RouterUplinks, NothingIsDeprecatedAfterARestartBeforeTheUplinkSpeaks) {
  TwoWays first;
  TwoWays run;
  run.advertisements.clear();
  run.start(first.memory);
  run.hear(isp_router(true, true), "wan1", "fe80::2");
  run.run_for(seconds(20));
  EXPECT_GT(run.preferred(kOfFirst), Lifetime(0));
  run.run_for(seconds(20));  // the grace is over, and wan0 has no router
  EXPECT_EQ(run.preferred(kOfFirst), Lifetime(0));
  EXPECT_GT(run.preferred(kOfSecond), Lifetime(0));
}

TEST(RouterUplinks, CarrierHoldKeepsEverything) {
  conf::Config config = two_lans();
  config.uplinks[0].carrier_hold = seconds(6);
  RouterRun run(config);
  run.start_online();
  run.run_for(minutes(1));
  const Instant lost = run.now;
  run.link("wan0").carrier = false;
  run.look();
  run.run_for(seconds(5));
  run.link("wan0").carrier = true;
  run.look();
  run.hear(isp_router(true, true));
  run.run_for(minutes(5));
  for (const auto& one : run.on("lan0", lost)) {
    EXPECT_GT(one.said.router_lifetime, seconds(0));
    EXPECT_FALSE(prefix_said(one.said, kOfFirst)->preferred.is_zero());
  }
  // What lasts longer is told.
  run.link("wan0").carrier = false;
  run.look();
  run.run_for(seconds(12));
  EXPECT_EQ(run.last_on("lan0").router_lifetime, seconds(0));
}

TEST(RouterUplinks, AnUplinkThatIsTakenAwayGivesBackWhatItWasToldToGiveBack) {
  conf::Config config = TwoWays::configuration();
  config.uplinks[1].release_on_stop = true;
  TwoWays run(config);
  run.server.deaf_to = {dhcp6::MessageType::kRelease};
  const std::size_t before = run.dhcp.size();
  run.router->reload(two_lans(), run.now);  // run.config: the link is still there to be heard on
  run.settle();
  const std::vector<std::string> both{"wan0", "wan1"};
  EXPECT_EQ(run.router->wanted_sockets().uplinks, both) << "until it is said";
  run.run_for(seconds(9));
  ASSERT_GE(run.dhcp.size(), before + 2) << "and said again";
  EXPECT_EQ(run.dhcp[before].message.type, dhcp6::MessageType::kRelease);
  run.run_for(seconds(3));
  EXPECT_EQ(run.router->wanted_sockets().uplinks.size(), 1U);
}

TEST(RouterUplinks, WhatIsConfiguredNoMoreIsNotKeptForEver) {
  TwoWays run;
  conf::Config config = two_lans();
  config.lans.pop_back();
  run.reload(config);
  run.run_for(hours(3));
  EXPECT_EQ(run.memory.advertised.size(), 1U);
}

TEST(RouterUplinks, CountersOfOldPrefixesGo) {
  StoredState stored;
  for (unsigned i = 0; i < 100; ++i) {
    stored.dad_counters["lan0 " + prefix("2001:db8:7::/48").subnet(64, i)->to_string()] = 1;
  }
  stored.dad_counters["lan0 2001:db8:1::/64"] = 1;
  RouterRun run;
  run.start(stored);
  run.hear(isp_router(true, true));
  run.run_for(minutes(1));
  EXPECT_EQ(run.memory.dad_counters.size(), 101U) << "not before the providers have spoken";
  run.run_for(minutes(29));
  EXPECT_EQ(run.memory.dad_counters.size(), 1U);
}

// Another prefix and the old one with lifetime 0 in one Reply: one change of the kernel, one word to the hosts.
TEST(RouterUplinks, ARenewalThatRenumbersIsOneTransaction) {
  RouterRun run;
  run.start_online();
  run.delegate({prefix("2001:db8:2::/56")});
  run.server.withdrawn = {prefix("2001:db8:1::/56")};
  run.run_for(seconds(990));
  const Instant renewed = run.now;
  run.run_for(seconds(12));
  const auto touches = [](const ChangeSet& set, const char* text, bool put) {
    return std::any_of(set.begin(), set.end(), [&](const Change& change) {
      const auto* made = std::get_if<PutAddress>(&change);
      const auto* removed = std::get_if<RemoveAddress>(&change);
      return put ? made != nullptr && made->address.address == address(text)
                 : removed != nullptr && removed->address.address == address(text);
    });
  };
  unsigned moving = 0;
  for (const auto& [at, set] : run.sets) {
    if (at < renewed) continue;
    const bool any = touches(set, "2001:db8:2::1", true) || touches(set, "2001:db8:1::1", false);
    if (!any) continue;
    ++moving;
    EXPECT_TRUE(touches(set, "2001:db8:2::1", true));
    EXPECT_TRUE(touches(set, "2001:db8:2:1::1", true));
    EXPECT_TRUE(touches(set, "2001:db8:1::1", false));
    EXPECT_TRUE(touches(set, "2001:db8:1:1::1", false));
  }
  EXPECT_EQ(moving, 1U);
  const auto told = run.on("lan0", renewed);
  ASSERT_FALSE(told.empty());
  EXPECT_TRUE(prefix_said(told[0].said, kOfFirst)->valid.is_zero());
  EXPECT_FALSE(prefix_said(told[0].said, prefix("2001:db8:2::/64"))->preferred.is_zero());
}

conf::Config by_contract() {
  conf::Config config = two_lans();
  config.uplinks[0].mode = conf::UplinkMode::kStatic;
  config.uplinks[0].prefixes = {prefix("2001:db8:1::/56")};
  config.uplinks[0].gateway = address("fe80::1");
  return config;
}

TEST(RouterUplinks, AContractNeedsNoServer) {
  RouterRun run(by_contract());
  run.start();
  run.run_for(seconds(10));
  EXPECT_TRUE(run.dhcp.empty());
  EXPECT_TRUE(run.has_default_route());
  EXPECT_GT(run.last_on("lan0").router_lifetime, seconds(0));
  const auto said = prefix_said(run.last_on("lan0"), kOfFirst);
  ASSERT_TRUE(said.has_value());
  EXPECT_EQ(said->valid, two_lans().lans[0].ra.max_valid);
  // It is nothing that was learnt.
  EXPECT_TRUE(run.memory.leases.empty());
}

TEST(RouterUplinks, WithoutAGatewayTheRoutersThatAreHeardServe) {
  conf::Config config = by_contract();
  config.uplinks[0].gateway.reset();
  RouterRun run(config);
  run.start();
  run.run_for(seconds(10));
  EXPECT_FALSE(run.has_default_route());
  EXPECT_EQ(run.last_on("lan0").router_lifetime, seconds(0));
  run.hear(isp_router(true, true));
  run.run_for(seconds(10));
  EXPECT_TRUE(run.dhcp.empty());
  EXPECT_TRUE(run.has_default_route());
  EXPECT_GT(run.last_on("lan0").router_lifetime, seconds(0));
}

TEST(RouterUplinks, AnotherContractRenumbersAtOnce) {
  RouterRun run(by_contract());
  run.start();
  run.run_for(seconds(10));
  conf::Config config = by_contract();
  config.uplinks[0].prefixes = {prefix("2001:db8:9::/56")};
  run.reload(config);
  run.run_for(seconds(5));
  EXPECT_TRUE(prefix_said(run.last_on("lan0"), kOfFirst)->valid.is_zero());
  EXPECT_FALSE(prefix_said(run.last_on("lan0"), prefix("2001:db8:9::/64"))->preferred.is_zero());
}

TEST(RouterUplinks, WithoutIpv6UpstreamTheHouseHasItsOwnPrefix) {
  conf::Config config = two_lans();
  config.uplinks[0].mode = conf::UplinkMode::kNone;
  RouterRun run(config);
  run.start();
  run.hear(isp_router(true, true));  // whoever this is
  run.run_for(minutes(2));
  EXPECT_TRUE(run.dhcp.empty());
  EXPECT_FALSE(run.has_default_route());
  const auto prefixes = ra::find_all<ra::PrefixInformation>(run.last_on("lan0").options);
  ASSERT_EQ(prefixes.size(), 1U);
  EXPECT_TRUE(kUniqueLocal.contains(prefixes[0].prefix));
  EXPECT_EQ(run.last_on("lan0").router_lifetime, seconds(0));
}

TEST(RouterUplinks, FromDhcpToNoneAndBack) {
  RouterRun run;
  run.start_online();
  conf::Config none = two_lans();
  none.uplinks[0].mode = conf::UplinkMode::kNone;
  run.reload(none);
  run.run_for(seconds(10));
  EXPECT_FALSE(run.has_default_route());
  EXPECT_TRUE(prefix_said(run.last_on("lan0"), kOfFirst)->valid.is_zero());
  run.reload(two_lans());
  run.hear(isp_router(true, true));
  run.run_for(seconds(10));
  EXPECT_TRUE(run.has_default_route());
  EXPECT_FALSE(prefix_said(run.last_on("lan0"), kOfFirst)->preferred.is_zero());
}

}  // namespace
}  // namespace sixgate::daemon
