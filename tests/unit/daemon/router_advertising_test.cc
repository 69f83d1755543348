// SPDX-License-Identifier: Apache-2.0
// The Router's voice on its LANs over flaps, restarts and other routers.
#include <gtest/gtest.h>

#include "net/text.h"
#include "router_run.h"

namespace sixgate::daemon {
namespace {

using namespace testing;

const StatusField* field(const StatusLan& lan, std::string_view name) {
  for (const StatusField& one : lan.next_ra) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

// Away, and there again.
void flap(RouterRun& run, const std::string& interface, Duration away) {
  run.link(interface).carrier = false;
  run.look();
  run.run_for(away);
  run.link(interface).carrier = true;
  run.look();
}

TEST(RouterAdvertising, AFlapWithinTheHoldChangesNothing) {
  for (const int away : {1, 5}) {
    RouterRun run;
    run.start_online();
    run.run_for(minutes(1));
    const Instant down = run.now;
    flap(run, "lan0", seconds(away));
    run.run_for(seconds(100));
    EXPECT_TRUE(run.on("lan0", down).empty()) << "away for " << away << " s";
  }
}

TEST(RouterAdvertising, ALongerOneAndAnotherInterfaceAreSpokenToAnew) {
  for (const bool replaced : {false, true}) {
    RouterRun run;
    run.start_online();
    run.run_for(minutes(1));
    if (replaced) {
      run.link("lan0").index = 77;
    } else {
      run.link("lan0").carrier = false;
      run.look();
      run.run_for(seconds(6));
      run.link("lan0").carrier = true;
    }
    const Instant back = run.now;
    run.look();
    run.run_for(seconds(1));
    ASSERT_EQ(run.on("lan0", back).size(), 1U);
    EXPECT_TRUE(prefix_said(run.on("lan0", back)[0].said, prefix("2001:db8:1::/64")));
  }
}

// RFC 4861 section 6.2.8: hosts know a router by its link-local address.
TEST(RouterAdvertising, Row_4861_R_28_AnotherLinkLocalAddressIsAnotherRouter) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  const Ip6Address old = *run.link("lan0").link_local;
  const Instant changed = run.now;
  run.link("lan0").link_local.reset();  // the new one is tentative first
  run.look();
  run.run_for(seconds(1));
  run.link("lan0").link_local = address("fe80::7:7");
  run.look();
  run.run_for(seconds(40));
  const auto said = run.on("lan0", changed);
  ASSERT_GE(said.size(), 6U);
  unsigned farewells = 0;
  for (std::size_t i = 0; i < said.size(); ++i) {
    if (!said[i].source) {
      EXPECT_GT(said[i].said.router_lifetime, seconds(0));
      EXPECT_TRUE(prefix_said(said[i].said, prefix("2001:db8:1::/64")));
      continue;
    }
    ++farewells;
    EXPECT_EQ(said[i].source, old);
    EXPECT_EQ(said[i].said.router_lifetime, seconds(0));
    EXPECT_TRUE(ra::find_all<ra::PrefixInformation>(said[i].said.options).empty())
        << "the prefixes stay";
    for (const auto& route : ra::find_all<ra::RouteInformation>(said[i].said.options))
      EXPECT_TRUE(route.lifetime.is_zero());
    ASSERT_GT(i, 0U) << "the new one is heard first";
    EXPECT_EQ(said[i - 1].at, said[i].at);
  }
  EXPECT_EQ(farewells, 3U);
  EXPECT_TRUE(run.on("lan1", changed).empty());
}

TEST(RouterAdvertising, TheHoldIsConfigurable) {
  conf::Config config = two_lans();
  config.lans[0].advertising.carrier_hold = seconds(60);
  RouterRun run(config);
  run.start_online();
  run.run_for(minutes(1));
  const Instant down = run.now;
  flap(run, "lan0", seconds(50));
  run.run_for(seconds(2));
  EXPECT_TRUE(run.on("lan0", down).empty());
}

// A link that is away for less than the hold, but for longer than an interval.
TEST(RouterAdvertising, WhatFellDueWhileALinkWasAwayIsSaidWhenItIsBack) {
  conf::Config config = two_lans();
  config.lans[0].advertising.carrier_hold = minutes(30);
  RouterRun run(config);
  run.start_online();
  run.run_for(minutes(1));
  const Instant down = run.now;
  flap(run, "lan0", minutes(15));
  const Instant back = run.now;
  const auto said = run.on("lan0", down);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].at, back);
  EXPECT_GT(*run.router->next_deadline(), back);
}

TEST(RouterAdvertising, HandingOverTellsHostsNothingAndKeepsEverything) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  const KernelState before = run.kernel;
  const Instant at = run.now;
  run.router->hand_over(run.now);
  run.settle();
  EXPECT_TRUE(run.finished);
  EXPECT_TRUE(run.on("lan0", at).empty());
  EXPECT_EQ(run.kernel, before);
  EXPECT_EQ(run.disk.advertised.at("lan0").size(), 2U);
  EXPECT_FALSE(run.disk.leases.empty());
  // The successor goes on with the same.
  run.finished = false;
  run.start(run.disk);
  run.hear(testing::isp_router(true, true));
  run.run_for(seconds(10));
  for (const auto& words : run.on("lan0", at)) {
    EXPECT_TRUE(prefix_said(words.said, prefix("2001:db8:1::/64"))->preferred.count() > 0);
    EXPECT_EQ(words.said.router_lifetime, seconds(2700));
  }
}

// RFC 9096 section 3.5, for everything that has a lifetime.
TEST(RouterAdvertising, WhatWasSaidBeforeACrashIsTakenBackAfterIt) {
  conf::Config config = two_lans();
  conf::LanAdvertising& said = config.lans[0].advertising;
  said.pref64 = prefix("64:ff9b::/96");
  said.captive_portal = "https://portal.example.org/api";
  said.encrypted_dns = {*conf::parse_encrypted_dns("1 a.example.org 2001:db8::1 alpn=dot")};
  said.routes = {*conf::parse_route_rule("2001:db8:5::/48")};
  config.lans[0].dns_servers = {address("2001:db8::53")};
  RouterRun run(config);
  run.start_online();
  run.run_for(minutes(1));
  const StoredState crashed = run.disk;
  run.config = two_lans();
  const Instant at = run.now;
  run.start(crashed);
  run.hear(testing::isp_router(true, true));
  run.run_for(seconds(10));
  ASSERT_FALSE(run.on("lan0", at).empty());
  const ra::Options options = run.on("lan0", at)[0].said.options;
  EXPECT_EQ(ra::find<ra::Pref64>(options)->lifetime, 0U);
  EXPECT_EQ(ra::find<ra::CaptivePortal>(options)->uri, ra::kUnrestrictedPortal);
  EXPECT_TRUE(ra::find<ra::EncryptedDns>(options)->lifetime.is_zero());
  bool route = false;
  for (const auto& one : ra::find_all<ra::RouteInformation>(options)) {
    if (one.prefix != prefix("2001:db8:5::/48")) continue;
    route = true;
    EXPECT_TRUE(one.lifetime.is_zero());
  }
  EXPECT_TRUE(route);
  const auto servers = ra::find_all<ra::RecursiveDnsServers>(options);
  ASSERT_FALSE(servers.empty());
  EXPECT_EQ(servers.back().addresses, std::vector{address("2001:db8::53")});
  EXPECT_TRUE(servers.back().lifetime.is_zero());
  // And it ends.
  run.run_for(hours(2));
  EXPECT_FALSE(ra::find<ra::EncryptedDns>(run.last_on("lan0").options));
}

TEST(RouterAdvertising, AStaticPrefixStandsBesideTheDelegatedAndCountsDown) {
  conf::Config config = two_lans();
  config.lans[0].advertising.static_prefixes = {
      *conf::parse_static_prefix("2001:db8:77::/64 preferred=600 valid=1200 decrement")};
  RouterRun run(config);
  run.start_online();
  EXPECT_TRUE(run.has_address("2001:db8:77::1"));
  EXPECT_TRUE(prefix_said(run.last_on("lan0"), prefix("2001:db8:1::/64")));
  const auto first = prefix_said(run.last_on("lan0"), prefix("2001:db8:77::/64"));
  ASSERT_TRUE(first);
  EXPECT_LE(first->valid.count(), 1200U);
  EXPECT_GE(first->valid.count(), 1190U);
  run.run_for(seconds(700));
  const auto later = prefix_said(run.last_on("lan0"), prefix("2001:db8:77::/64"));
  ASSERT_TRUE(later);
  EXPECT_LT(later->valid.count(), 700U);
  EXPECT_FALSE(prefix_said(run.last_on("lan1"), prefix("2001:db8:77::/64")));
}

TEST(RouterAdvertising, AnotherRouterIsReportedAndItsPrefixNeverUsed) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  const KernelState before = run.kernel;
  ra::RouterAdvertisement rogue;
  rogue.router_lifetime = seconds(1800);
  rogue.managed = true;
  ra::PrefixInformation option;
  option.prefix = prefix("2001:db8:bad::/64");
  option.on_link = option.autonomous = true;
  option.valid = option.preferred = Lifetime(3600);
  rogue.options = {option};
  for (int i = 0; i < 5; ++i) run.hear(rogue, "lan0", "fe80::bad");
  EXPECT_EQ(run.kernel, before);
  unsigned lines = 0;
  for (const LogLine& line : run.log) lines += line.text.find("fe80::bad") != std::string::npos;
  EXPECT_EQ(lines, 2U) << "that it is there, and that M differs:\n" << run.log_text();
  const Status status = run.router->status(run.now);
  ASSERT_EQ(status.lans[0].foreign_routers.size(), 1U);
  EXPECT_EQ(status.lans[0].foreign_routers[0].advertisements, 5U);
  ASSERT_EQ(status.problems.size(), 1U);
  EXPECT_NE(status.problems[0].find("fe80::bad"), std::string::npos);
  rogue.options.clear();
  run.hear(rogue, "lan0", "fe80::bad");
  EXPECT_TRUE(run.logged("advertises now"));
}

TEST(RouterAdvertising, StatusTellsTheNextAdvertisementAndWhyItIsSo) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  StatusLan lan = run.router->status(run.now).lans[0];
  ASSERT_TRUE(lan.next_ra_in);
  EXPECT_EQ(lan.next_ra_why, "the interval");
  EXPECT_EQ(field(lan, "router lifetime")->value, "2700 s");
  EXPECT_EQ(field(lan, "router lifetime")->why, "");
  EXPECT_NE(field(lan, "prefix 2001:db8:1::/64")->why.find("wan delegates"), std::string::npos);
  EXPECT_EQ(field(lan, "prefix 2001:db8:1::/64")->value.substr(0, 19), "on-link, autonomous");
  run.hear(ra::RouterAdvertisement{});
  run.run_for(seconds(12));
  lan = run.router->status(run.now).lans[0];
  EXPECT_EQ(field(lan, "router lifetime")->why, "no uplink has a default router, since 12 s");
  const std::string json = to_json(run.router->status(run.now));
  EXPECT_NE(json.find(R"("next_ra":{"due_in":)"), std::string::npos);
}

}  // namespace
}  // namespace sixgate::daemon
