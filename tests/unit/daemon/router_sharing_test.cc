// SPDX-License-Identifier: Apache-2.0
// The whole Router where one /64 must do for several links (RFC 7278).
#include <gtest/gtest.h>

#include "net/text.h"
#include "router_run.h"

namespace sixgate::daemon {
namespace {

using namespace testing;

const Prefix kShared = prefix("2001:db8:5::/64");

ra::RouterAdvertisement isp_of_sharing(std::uint32_t preferred = 3600, std::uint32_t valid = 7200) {
  ra::RouterAdvertisement said;
  said.router_lifetime = seconds(1800);
  ra::PrefixInformation option;
  option.prefix = kShared;
  option.on_link = option.autonomous = true;
  option.preferred = Lifetime(preferred);
  option.valid = Lifetime(valid);
  said.options.emplace_back(option);
  return said;
}

conf::Config without_delegation() {
  conf::Config config = two_lans();
  config.uplinks[0].request_prefix.kind = conf::PrefixRequest::Kind::kNone;
  config.uplinks[0].request_address = conf::RequestAddress::kNever;
  config.uplinks[0].route_check.mode = conf::RouteCheckConfig::Mode::kOff;
  config.ula.mode = conf::UlaConfig::Mode::kNone;
  return config;
}

// A host there says that it has this address.
void answer(RouterRun& run, const std::string& interface, const char* target, unsigned station,
            const Ip6Address& to) {
  ra::NeighborAdvertisement said;
  said.target = address(target);
  said.solicited = !to.is_multicast();
  said.options.emplace_back(ra::TargetLinkLayerAddress(mac(station)));
  const auto bytes = ra::to_bytes(said);
  PacketIn in{interface, Channel::kNeighbors, address(target), to, 255, bytes};
  in.link_layer = mac(station);
  run.router->receive(in, run.now);
  run.settle();
}

void ask(RouterRun& run, const std::string& interface, const char* target, unsigned station) {
  ra::NeighborSolicitation said;
  said.target = address(target);
  said.options.emplace_back(ra::SourceLinkLayerAddress(mac(station)));
  const auto bytes = ra::to_bytes(said);
  const Ip6Address source = Ip6Address::from_halves(0xfe80000000000000, mac(station).eui64());
  const Ip6Address group =
      Ip6Address::from_halves(0xff02000000000000, 0x1ff000000 | (address(target).low() & 0xffffff));
  PacketIn in{interface, Channel::kNeighbors, source, group, 255, bytes};
  in.link_layer = mac(station);
  run.router->receive(in, run.now);
  run.settle();
}

const KernelRoute* route_to(const RouterRun& run, const char* text) {
  for (const KernelRoute& route : run.kernel.routes) {
    if (route.destination == prefix(text) && route.kind == KernelRoute::Kind::kUnicast &&
        route.table == kMainTable)
      return &route;
  }
  return nullptr;
}

const StatusSharing& sharing(RouterRun& run, Status& keep) {
  keep = run.router->status(run.now);
  EXPECT_TRUE(keep.uplinks.at(0).sharing.has_value());
  return *keep.uplinks.at(0).sharing;
}

TEST(RouterSharing, EachLanGetsTheLinks64AndTheUplinkAnAddressAlone) {
  RouterRun run(without_delegation());
  run.start();
  run.hear(isp_of_sharing());
  run.run_for(seconds(5));
  for (const char* lan : {"lan0", "lan1"}) {
    const auto said = prefix_said(run.last_on(lan), kShared);
    ASSERT_TRUE(said.has_value()) << lan;
    EXPECT_TRUE(said->autonomous);
    EXPECT_GT(run.last_on(lan).router_lifetime, seconds(0));
    ASSERT_EQ(run.addresses_on(lan).size(), 1U);
    EXPECT_TRUE(kShared.contains(run.addresses_on(lan)[0]->address));
    // The provider's router has ::1, as likely as not.
    EXPECT_NE(run.addresses_on(lan)[0]->address, address("2001:db8:5::1"));
  }
  // RFC 7278 section 4.1: the /64 lies on one LAN, and on the uplink no more.
  ASSERT_EQ(run.addresses_on("wan0").size(), 1U);
  EXPECT_EQ(run.addresses_on("wan0")[0]->prefix_length, 128U);
  ASSERT_NE(route_to(run, "2001:db8:5::/64"), nullptr);
  EXPECT_EQ(route_to(run, "2001:db8:5::/64")->interface, "lan0");
  EXPECT_EQ(run.router->wanted_sockets().neighbors,
            (std::vector<std::string>{"lan0", "lan1", "wan0"}));
  ASSERT_TRUE(run.firewall.has_value());
  EXPECT_TRUE(run.firewall->provisioned);
  EXPECT_TRUE(run.firewall->delegated.empty());  // the provider's own hosts may speak from it
  for (const auto& lan : run.firewall->lans) EXPECT_EQ(lan.assigned, std::vector<Prefix>{kShared});
}

TEST(RouterSharing, Row_4389_13_LifetimesAreThoseOfTheUplinkAtMost) {
  RouterRun run(without_delegation());
  run.start();
  run.hear(isp_of_sharing(300, 600));
  run.run_for(seconds(100));
  run.solicit("lan0");
  run.run_for(seconds(4));
  const auto said = prefix_said(run.last_on("lan0"), kShared);
  ASSERT_TRUE(said.has_value());
  EXPECT_LE(said->preferred, Lifetime(200));
  EXPECT_LE(said->valid, Lifetime(500));
  EXPECT_GT(said->valid, Lifetime(400));
}

TEST(RouterSharing, WhenTheUplinksPrefixEndsHostsAreTold) {
  RouterRun run(without_delegation());
  run.start();
  run.hear(isp_of_sharing());
  run.run_for(minutes(1));
  run.hear(isp_of_sharing(0, 0));
  run.run_for(seconds(5));
  for (const char* lan : {"lan0", "lan1"}) {
    const auto said = prefix_said(run.last_on(lan), kShared);
    ASSERT_TRUE(said.has_value());
    EXPECT_TRUE(said->preferred.is_zero());
    EXPECT_TRUE(said->valid.is_zero());
    EXPECT_TRUE(run.addresses_on(lan).empty());
  }
  EXPECT_EQ(route_to(run, "2001:db8:5::/64"), nullptr);
  EXPECT_TRUE(run.router->wanted_sockets().neighbors.empty());
  EXPECT_TRUE(run.logged("is shared no more"));
}

TEST(RouterSharing, Row_4389_11_HostsGetRoutesWhenTheyAnswerAndLoseThem) {
  RouterRun run(without_delegation());
  run.start();
  run.hear(isp_of_sharing());
  run.run_for(seconds(5));
  run.neighbors.clear();
  ask(run, "wan0", "2001:db8:5::77", 0x61);
  ASSERT_EQ(run.neighbors.size(), 2U);
  EXPECT_EQ(run.neighbors[0].packet.interface, "lan0");
  EXPECT_EQ(run.neighbors[1].packet.interface, "lan1");
  EXPECT_EQ(route_to(run, "2001:db8:5::77/128"), nullptr);
  answer(run, "lan1", "2001:db8:5::77", 0x62, *run.link("lan1").link_local);
  run.run_for(milliseconds(100));
  ASSERT_NE(route_to(run, "2001:db8:5::77/128"), nullptr);
  EXPECT_EQ(route_to(run, "2001:db8:5::77/128")->interface, "lan1");
  ASSERT_EQ(run.neighbors.size(), 3U);
  EXPECT_EQ(run.neighbors[2].packet.interface, "wan0");
  EXPECT_EQ(run.neighbors[2].packet.payload[0], 136);

  Status keep;
  const StatusSharing& shown = sharing(run, keep);
  EXPECT_EQ(shown.prefix, kShared);
  ASSERT_EQ(shown.hosts.size(), 1U);
  EXPECT_EQ(shown.hosts_of.at("lan1"), 1U);
  EXPECT_EQ(shown.why, "wan delegates nothing, and advertises this /64");
  EXPECT_NE(to_json(keep).find("\"hosts_of\":{\"lan0\":0,\"lan1\":1,\"wan0\":0}"),
            std::string::npos)
      << to_json(keep);

  run.run_for(seconds(30));
  ask(run, "wan0", "2001:db8:5::77", 0x61);  // it does not answer any more
  run.run_for(seconds(6));
  EXPECT_EQ(route_to(run, "2001:db8:5::77/128"), nullptr);
}

TEST(RouterSharing, AfterACrashHostsKeepTheirRoutesAndAreAsked) {
  RouterRun run(without_delegation());
  run.start();
  run.hear(isp_of_sharing());
  run.run_for(seconds(5));
  ask(run, "wan0", "2001:db8:5::77", 0x61);
  answer(run, "lan1", "2001:db8:5::77", 0x62, *run.link("lan1").link_local);
  run.run_for(seconds(1));
  ASSERT_NE(route_to(run, "2001:db8:5::77/128"), nullptr);

  run.advertisements.clear();
  run.neighbors.clear();
  run.start(run.memory);
  EXPECT_NE(route_to(run, "2001:db8:5::77/128"), nullptr);
  run.run_for(milliseconds(500));
  EXPECT_NE(route_to(run, "2001:db8:5::77/128"), nullptr);
  ASSERT_FALSE(run.neighbors.empty());
  EXPECT_EQ(run.neighbors[0].packet.interface, "lan1");
  answer(run, "lan1", "2001:db8:5::77", 0x62, *run.link("lan1").link_local);
  run.hear(isp_of_sharing());
  run.run_for(seconds(60));
  EXPECT_NE(route_to(run, "2001:db8:5::77/128"), nullptr);
  for (const SaidPacket& packet : run.advertisements) {
    const auto said = prefix_said(packet.said, kShared);
    ASSERT_TRUE(said.has_value());
    EXPECT_FALSE(said->valid.is_zero()) << "hosts were told that it is gone";
  }
}

TEST(RouterSharing, ADelegationIsWaitedForAndThenTakesOver) {
  conf::Config config = without_delegation();
  config.uplinks[0].request_prefix.kind = conf::PrefixRequest::Kind::kPlain;
  RouterRun run(config);
  run.server.prefixes.clear();
  run.start();
  run.hear(isp_of_sharing(86400, 86400));
  run.run_for(seconds(15));
  Status keep;
  EXPECT_FALSE(sharing(run, keep).prefix.has_value());
  EXPECT_EQ(sharing(run, keep).why, "waiting whether a prefix is delegated");
  EXPECT_EQ(keep.lans.at(0).no_prefix_reason, "wan: waiting whether a prefix is delegated");
  run.run_for(seconds(10));
  EXPECT_EQ(sharing(run, keep).prefix, kShared);
  EXPECT_TRUE(keep.lans.at(0).no_prefix_reason.empty());
  ask(run, "wan0", "2001:db8:5::77", 0x61);
  answer(run, "lan0", "2001:db8:5::77", 0x62, *run.link("lan0").link_local);

  run.delegate({prefix("2001:db8:1::/56")});
  run.run_for(hours(2));
  ASSERT_NE(route_to(run, "2001:db8:1::/64"), nullptr) << run.log_text();
  EXPECT_TRUE(run.logged("there is a better prefix now"));
  EXPECT_EQ(route_to(run, "2001:db8:5::77/128"), nullptr);
  // Deprecated at once, while what was begun may go on; later withdrawn.
  bool deprecated = false;
  for (const SaidPacket& packet : run.advertisements) {
    const auto own = prefix_said(packet.said, prefix("2001:db8:1::/64"));
    const auto shared = prefix_said(packet.said, kShared);
    if (packet.interface != "lan0" || !own || !shared) continue;
    EXPECT_TRUE(shared->preferred.is_zero());
    deprecated = deprecated || !shared->valid.is_zero();
  }
  EXPECT_TRUE(deprecated);
}

TEST(RouterSharing, OneDelegated64ServesBothLans) {
  conf::Config config = without_delegation();
  config.uplinks[0].request_prefix.kind = conf::PrefixRequest::Kind::kPlain;
  config.lans[1].request.priority = 1;
  RouterRun run(config);
  run.server.prefixes.clear();
  run.delegate({prefix("2001:db8:7::/64")});
  run.start();
  run.hear(isp_router(true, true));
  run.run_for(seconds(40));
  for (const char* lan : {"lan0", "lan1"})
    EXPECT_TRUE(prefix_said(run.last_on(lan), prefix("2001:db8:7::/64")).has_value()) << lan;
  ASSERT_NE(route_to(run, "2001:db8:7::/64"), nullptr);
  EXPECT_EQ(route_to(run, "2001:db8:7::/64")->interface, "lan1");
  EXPECT_EQ(run.router->wanted_sockets().neighbors, (std::vector<std::string>{"lan0", "lan1"}));
  answer(run, "lan0", "2001:db8:7::77", 0x62, kAllNodes);
  answer(run, "lan0", "2001:db8:7::77", 0x62, *run.link("lan0").link_local);
  run.run_for(seconds(1));
  ASSERT_NE(route_to(run, "2001:db8:7::77/128"), nullptr);
  EXPECT_EQ(route_to(run, "2001:db8:7::77/128")->interface, "lan0");
  const Status status = run.router->status(run.now);
  for (const std::string& problem : status.problems)
    EXPECT_EQ(problem.find("gets no prefix"), std::string::npos) << problem;
}

TEST(RouterSharing, Row_4389_05_AnotherRouterOnALanEndsItsPart) {
  RouterRun run(without_delegation());
  run.start();
  run.hear(isp_of_sharing());
  run.run_for(seconds(20));
  ra::RouterAdvertisement rogue;
  rogue.router_lifetime = seconds(1800);
  run.hear(rogue, "lan0", "fe80::bad");
  run.run_for(seconds(5));
  EXPECT_TRUE(run.logged("lan0 takes no part in the sharing"));
  EXPECT_TRUE(prefix_said(run.last_on("lan0"), kShared)->valid.is_zero());
  EXPECT_FALSE(prefix_said(run.last_on("lan1"), kShared)->valid.is_zero());
  EXPECT_EQ(route_to(run, "2001:db8:5::/64")->interface, "lan1");
  EXPECT_EQ(run.router->wanted_sockets().neighbors, (std::vector<std::string>{"lan1", "wan0"}));
  const Status status = run.router->status(run.now);
  EXPECT_NE(status.lans.at(0).no_prefix_reason.find("another router"), std::string::npos);
  // The provider goes on, and in an hour it may be tried again.
  for (int i = 0; i < 13; ++i) {
    run.run_for(minutes(5));
    run.hear(isp_of_sharing());
  }
  run.run_for(seconds(5));
  EXPECT_FALSE(prefix_said(run.last_on("lan0"), kShared)->valid.is_zero());
}

TEST(RouterSharing, OffMeansOff) {
  conf::Config config = without_delegation();
  config.uplinks[0].share_prefix = conf::SharePrefix::kOff;
  RouterRun run(config);
  run.start();
  run.hear(isp_of_sharing());
  run.run_for(minutes(1));
  EXPECT_TRUE(run.addresses_on("lan0").empty());
  ASSERT_NE(route_to(run, "2001:db8:5::/64"), nullptr);
  EXPECT_EQ(route_to(run, "2001:db8:5::/64")->interface, "wan0");
  Status keep;
  EXPECT_EQ(sharing(run, keep).why, "share_prefix = \"off\"");
}

TEST(RouterSharing, ConfiguredHostsHaveTheirRouteAndExclusionsAreNotAsked) {
  conf::Config config = without_delegation();
  config.lans[1].share_hosts = {address("::10")};
  config.uplinks[0].share_exclude = {prefix("::1000/116")};
  RouterRun run(config);
  run.start();
  run.hear(isp_of_sharing());
  run.run_for(seconds(5));
  ASSERT_NE(route_to(run, "2001:db8:5::10/128"), nullptr);
  EXPECT_EQ(route_to(run, "2001:db8:5::10/128")->interface, "lan1");
  run.neighbors.clear();
  ask(run, "wan0", "2001:db8:5::1abc", 0x61);
  EXPECT_TRUE(run.neighbors.empty());
}

conf::Config relayed() {
  conf::Config config = without_delegation();
  config.lans[0].ra_relay = "wan";
  return config;
}

bool may_send(const RouterRun& run, const std::string& interface) {
  for (const auto& lan : run.firewall->lans) {
    if (lan.interface == interface) return !lan.assigned.empty();
  }
  return false;
}

std::size_t proxied(const RouterRun& run, const std::string& interface) {
  return static_cast<std::size_t>(
      std::count_if(run.advertisements.begin(), run.advertisements.end(),
                    [&](const auto& one) { return one.interface == interface && one.said.proxy; }));
}

TEST(RouterSharing, Row_4389_06_NothingIsForwardedBeforeTwoAdvertisementsWithTheProxyBit) {
  RouterRun run(relayed());
  run.start();
  run.hear(isp_of_sharing());
  std::size_t before = 0;
  while (!may_send(run, "lan0")) {
    ASSERT_LT(run.now, kNow + seconds(40));
    EXPECT_LT(before, 2U) << "two were sent a while ago";
    before = proxied(run, "lan0");
    // A question is not passed on either.
    run.neighbors.clear();
    ask(run, "wan0", "2001:db8:5::77", 0x61);
    for (const auto& one : run.neighbors) EXPECT_NE(one.packet.interface, "lan0");
    run.run_for(milliseconds(200));
  }
  EXPECT_GE(proxied(run, "lan0"), 2U);
  run.run_for(seconds(4));
  run.neighbors.clear();
  ask(run, "wan0", "2001:db8:5::77", 0x61);
  EXPECT_TRUE(std::any_of(run.neighbors.begin(), run.neighbors.end(),
                          [](const auto& one) { return one.packet.interface == "lan0"; }));

  // After a crash hosts go on: they were told.
  run.start(run.memory);
  EXPECT_TRUE(may_send(run, "lan0"));
}

TEST(RouterSharing, RelayedWithdrawnAndBackAgain) {
  RouterRun run(relayed());
  run.start();
  ra::RouterAdvertisement isp = isp_of_sharing();
  ra::PrefixInformation more = *ra::find<ra::PrefixInformation>(isp.options);
  more.prefix = prefix("2001:db8:6::/64");
  isp.options.emplace_back(more);
  run.hear(isp);
  run.run_for(seconds(30));
  for (const char* text : {"2001:db8:5::/64", "2001:db8:6::/64"}) {
    const auto said = prefix_said(run.last_on("lan0"), prefix(text));
    ASSERT_TRUE(said.has_value()) << text;
    EXPECT_FALSE(said->valid.is_zero());
    ASSERT_NE(route_to(run, text), nullptr);
  }
  EXPECT_GT(run.last_on("lan0").router_lifetime, seconds(0));
  EXPECT_TRUE(run.last_on("lan0").proxy);
  EXPECT_FALSE(run.last_on("lan1").proxy);
  // A host of the second prefix is found, too.
  ask(run, "wan0", "2001:db8:6::77", 0x61);
  answer(run, "lan0", "2001:db8:6::77", 0x62, *run.link("lan0").link_local);
  run.run_for(seconds(1));
  ASSERT_NE(route_to(run, "2001:db8:6::77/128"), nullptr);

  isp.router_lifetime = seconds(0);
  run.hear(isp);
  run.run_for(seconds(4));
  EXPECT_EQ(run.last_on("lan0").router_lifetime, seconds(0));
  EXPECT_FALSE(prefix_said(run.last_on("lan0"), kShared)->valid.is_zero());

  // RFC 4389 section 4.1.3.3: what came through another proxy is not told on.
  isp.router_lifetime = seconds(1800);
  isp.proxy = true;
  run.hear(isp);
  run.run_for(seconds(4));
  EXPECT_EQ(run.last_on("lan0").router_lifetime, seconds(0));
  EXPECT_TRUE(prefix_said(run.last_on("lan0"), kShared)->valid.is_zero());
}

TEST(RouterSharing, ARelayedLanTakesNothingOfADelegation) {
  conf::Config config = two_lans();
  config.lans[0].ra_relay = "wan";
  RouterRun run(config);
  run.start();
  ra::RouterAdvertisement isp = isp_of_sharing();
  isp.managed = isp.other = true;
  run.hear(isp);
  run.run_for(seconds(30));
  const auto& lan0 = run.last_on("lan0");
  EXPECT_EQ(ra::find_all<ra::PrefixInformation>(lan0.options).size(), 1U);
  EXPECT_TRUE(prefix_said(lan0, kShared).has_value());
  const auto& lan1 = run.last_on("lan1");
  EXPECT_TRUE(prefix_said(lan1, prefix("2001:db8:1::/64")).has_value());
  EXPECT_FALSE(prefix_said(lan1, kShared).has_value());
}

}  // namespace
}  // namespace sixgate::daemon
