// SPDX-License-Identifier: Apache-2.0
// Router when its configuration changes, and when it stops.
#include "daemon/router.h"

#include <gtest/gtest.h>

#include "router_run.h"

namespace sixgate::daemon {
namespace {

using testing::kLans;
using testing::prefix;
using testing::prefix_said;
using testing::RouterRun;
using testing::two_lans;

// Reload.

TEST(Router, AnUnchangedConfigurationChangesNothing) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  const std::size_t sets = run.sets.size();
  const std::size_t said = run.advertisements.size();
  run.reload(run.config);
  run.run_for(seconds(3));
  EXPECT_EQ(run.sets.size(), sets);
  EXPECT_EQ(run.advertisements.size(), said);
  EXPECT_TRUE(run.logged("configuration unchanged"));
}

TEST(Router, ALanThatIsTakenAwayIsToldSoAndForgotten) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  conf::Config one = two_lans();
  one.lans.pop_back();
  const Instant reloaded = run.now;
  run.reload(one);
  EXPECT_FALSE(run.has_address("2001:db8:1:1::1"));
  // Its socket is needed for the last words.
  EXPECT_EQ(run.router->wanted_sockets().lans, (std::vector<std::string>{"lan0", "lan1"}));
  run.run_for(minutes(1));
  const auto told = run.on("lan1", reloaded);
  ASSERT_GE(told.size(), 2U);  // the withdrawal, and the last words
  for (const auto& words : told) EXPECT_EQ(words.said.router_lifetime, seconds(0));
  const auto gone = prefix_said(told[0].said, prefix("2001:db8:1:1::/64"));
  ASSERT_TRUE(gone.has_value());
  EXPECT_TRUE(gone->valid.is_zero());
  EXPECT_EQ(run.router->wanted_sockets().lans, std::vector<std::string>{"lan0"});
  // The other LAN has not noticed.
  for (const auto& words : run.on("lan0", reloaded))
    EXPECT_FALSE(prefix_said(words.said, prefix("2001:db8:1::/64"))->preferred.is_zero());
}

// The farewell of the removed LAN went on beside the advertisements of the new one, and had the last word.
TEST(Router, ALanThatComesBackDuringItsFarewellIsWelcome) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  conf::Config one = two_lans();
  one.lans.pop_back();
  run.reload(one);
  run.run_for(seconds(4));
  const Instant back = run.now;
  run.reload(two_lans());
  run.run_for(minutes(2));
  for (const auto& words : run.on("lan1", back)) {
    EXPECT_GT(words.said.router_lifetime, seconds(0)) << (words.at - back).count();
    const auto said = prefix_said(words.said, prefix("2001:db8:1:1::/64"));
    ASSERT_TRUE(said.has_value());
    EXPECT_FALSE(said->preferred.is_zero());
  }
  EXPECT_GE(run.on("lan1", back).size(), 3U);
  EXPECT_EQ(run.router->wanted_sockets().lans, (std::vector<std::string>{"lan0", "lan1"}));
}

TEST(Router, ARenamedLanKeepsItsPrefix) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  conf::Config renamed = two_lans();
  renamed.lans[1].name = renamed.lans[1].request.name = "guests";
  std::swap(renamed.lans[0], renamed.lans[1]);
  const Instant reloaded = run.now;
  run.reload(renamed);
  run.run_for(minutes(1));
  EXPECT_TRUE(run.has_address("2001:db8:1:1::1"));
  for (const auto& words : run.on("lan1", reloaded)) {
    EXPECT_TRUE(prefix_said(words.said, prefix("2001:db8:1:1::/64")).has_value());
    EXPECT_GT(words.said.router_lifetime, seconds(0));
  }
  EXPECT_TRUE(run.disk.advertised.contains("guests"));
}

TEST(Router, AnUplinkThatIsTakenAwayTakesItsRoutesAndPrefixesAlong) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  conf::Config none = two_lans();
  none.uplinks.clear();
  run.reload(none);
  run.run_for(seconds(5));
  EXPECT_FALSE(run.has_default_route());
  EXPECT_TRUE(run.addresses_on("wan0").empty());
  EXPECT_FALSE(run.has_address("2001:db8:1::1"));
  EXPECT_FALSE(run.disk.leases.contains("wan"));
  EXPECT_TRUE(run.router->wanted_sockets().uplinks.empty());
  EXPECT_EQ(run.last_on("lan0").router_lifetime, seconds(0));
  const auto gone = prefix_said(run.last_on("lan0"), prefix("2001:db8:1::/64"));
  ASSERT_TRUE(gone.has_value());
  EXPECT_TRUE(gone->valid.is_zero());
}

TEST(Router, AnotherAddressingIsSaidAtOnce) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  conf::Config managed = two_lans();
  managed.lans[0].addressing = conf::Addressing::kDhcpv6;
  run.reload(managed);
  run.run_for(seconds(1));
  EXPECT_TRUE(run.last_on("lan0").managed);
  EXPECT_FALSE(prefix_said(run.last_on("lan0"), prefix("2001:db8:1::/64"))->autonomous);
  EXPECT_FALSE(run.last_on("lan1").managed);
}

// The end.

TEST(Router, StopTellsHostsAndTouchesNothing) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  const KernelState before = run.kernel;
  const std::size_t sets = run.sets.size();
  const unsigned durable = run.durable_stores;
  const Instant stopped = run.now;
  run.stop();
  EXPECT_FALSE(run.finished);
  EXPECT_EQ(run.durable_stores, durable + 1);
  run.run_for(seconds(10));
  EXPECT_TRUE(run.finished);
  for (const char* lan : kLans) {
    const auto told = run.on(lan, stopped);
    ASSERT_GE(told.size(), 1U);
    EXPECT_LE(told.size(), 3U);
    for (const auto& words : told) EXPECT_EQ(words.said.router_lifetime, seconds(0));
  }
  EXPECT_EQ(run.sets.size(), sets);
  EXPECT_EQ(run.kernel, before);
  // What was stored last tells what remains now.
  EXPECT_EQ(run.disk.leases.at("wan").prefixes[0].valid_until,
            run.router->state().leases.at("wan").prefixes[0].valid_until);
}

// Conntrack would take it up again from the next packet of the inside.
TEST(Router, WhatWasShutDoesNotComeBackFromItsMiddle) {
  conf::Config config = two_lans();
  conf::PinholeConfig pinhole;
  pinhole.lan = "lan0";
  pinhole.host = conf::HostSuffix{0x10};
  pinhole.ports = {{22, 22}, {80, 80}};
  config.pinholes = {pinhole};
  config.lans[1].zone = firewall::Zone::kExposed;
  RouterRun run(config);
  run.start_online();
  ASSERT_EQ(run.firewall->pinholes.size(), 2U);
  EXPECT_FALSE(run.firewall->refuse_middles) << "nothing was let in before the boot";

  // Wider is not stricter, and what a renumbering takes away is refused by its source.
  config.pinholes[0].ports = {{22, 90}};
  run.reload(config);
  run.run_for(seconds(1));
  EXPECT_FALSE(run.firewall->refuse_middles);
  run.delegate({prefix("2001:db8:9::/56")});
  run.run_for(hours(1));
  ASSERT_TRUE(run.has_address("2001:db8:9::1"));
  EXPECT_FALSE(run.firewall->refuse_middles);

  config.pinholes[0].ports = {{22, 22}};
  run.reload(config);
  run.run_for(seconds(1));
  EXPECT_TRUE(run.firewall->refuse_middles);

  // The next run does not know what the one before let in.
  run.start(run.memory);
  EXPECT_TRUE(run.firewall->refuse_middles);
}

// A flow may be silent for so long, and then it is gone.
TEST(Router, AfterADayNoFlowIsLeftThatCouldComeBack) {
  conf::Config config = two_lans();
  config.lans[1].zone = firewall::Zone::kExposed;
  RouterRun run(config);
  run.start_online();
  config.lans[1].zone = firewall::Zone::kProtected;
  run.reload(config);
  run.run_for(hours(24) - seconds(1));
  EXPECT_TRUE(run.firewall->refuse_middles);
  run.run_for(seconds(2));
  EXPECT_FALSE(run.firewall->refuse_middles);
}

// Where another router is on a LAN we may see one half of a flow, which would be in its middle for us.
TEST(Router, WhereNothingWasLetInNothingIsKeptFromComingBack) {
  RouterRun run;
  run.start_online();
  run.start(run.memory);
  run.run_for(seconds(1));
  EXPECT_FALSE(run.firewall->refuse_middles);
}

TEST(Router, AnExposedLanThatIsToBeProtectedIsShutToo) {
  conf::Config config = two_lans();
  config.lans[1].zone = firewall::Zone::kExposed;
  RouterRun run(config);
  run.start_online();
  EXPECT_FALSE(run.firewall->refuse_middles);
  config.lans[1].zone = firewall::Zone::kProtected;
  run.reload(config);
  run.run_for(seconds(1));
  EXPECT_TRUE(run.firewall->refuse_middles);
}

}  // namespace
}  // namespace sixgate::daemon
