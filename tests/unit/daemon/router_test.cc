// SPDX-License-Identifier: Apache-2.0
#include "daemon/router.h"

#include <gtest/gtest.h>

#include "router_run.h"

namespace sixgate::daemon {
namespace {

using testing::address;
using testing::is_firewall;
using testing::isp_router;
using testing::kForwarding;
using testing::kLans;
using testing::kNow;
using testing::prefix;
using testing::prefix_said;
using testing::RouterRun;

// The beginning.

TEST(Router, ChangesNothingBeforeItHasSeenLinksAndKernel) {
  Rng rng(1);
  RouterRun run;
  Router router(run.config, StoredState{}, rng, kNow);
  EXPECT_FALSE(router.drain().changes.has_value());
  router.links(run.links, kNow);
  EXPECT_FALSE(router.drain().changes.has_value());
  router.kernel(run.kernel, kNow);
  EXPECT_TRUE(router.drain().changes.has_value());
}

TEST(Router, RulesComeBeforeForwardingAndForwardingBeforeAnyWord) {
  RouterRun run;
  run.hold = true;
  run.start();
  ASSERT_TRUE(run.held.has_value());
  EXPECT_TRUE(std::any_of(run.held->begin(), run.held->end(), is_firewall));
  for (const Change& change : *run.held) EXPECT_NE(change, Change(SetSysctl{kForwarding, "1"}));
  EXPECT_TRUE(run.advertisements.empty());
  run.answer_held();
  ASSERT_TRUE(run.held.has_value());
  EXPECT_EQ(*run.held, (ChangeSet{SetSysctl{kForwarding, "1"}}));
  EXPECT_TRUE(run.advertisements.empty());
  run.answer_held();
  run.run_for(seconds(1));
  EXPECT_FALSE(run.advertisements.empty());
}

TEST(Router, ComesOnline) {
  RouterRun run;
  run.start_online();
  EXPECT_TRUE(run.has_default_route());
  EXPECT_EQ(run.kernel.sysctls[kForwarding], "1");
  EXPECT_TRUE(run.firewall->provisioned);
  EXPECT_TRUE(run.has_address("2001:db8:ffff::7"));
  EXPECT_TRUE(run.has_address("2001:db8:1::1"));
  EXPECT_TRUE(run.has_address("2001:db8:1:1::1"));
  for (const char* lan : kLans) {
    EXPECT_EQ(run.last_on(lan).router_lifetime, seconds(2700));
    EXPECT_EQ(ra::find_all<ra::PrefixInformation>(run.last_on(lan).options).size(), 2U);
  }
  EXPECT_EQ(run.router->wanted_sockets(), (WantedSockets{.uplinks = {"wan0"},
                                                         .lans = {"lan0", "lan1"},
                                                         .echo = {"wan0"},
                                                         .watched = {"lan0", "lan1"},
                                                         .strangers = {"wan0"}}));
}

TEST(Conformance, Row_7084_L_5_EveryLanAdvertisesByDefault) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(2));
  for (const char* lan : kLans) {
    EXPECT_GE(run.on(lan).size(), 3U) << lan;
    const Instant asked = run.now;
    run.solicit(lan);
    run.run_for(seconds(4));
    EXPECT_FALSE(run.on(lan, asked).empty()) << lan;
  }
}

// RouterRun fails when one is seen on an uplink.
TEST(Conformance, Row_4861_R_14_NoAdvertisementOnTheUplinkEver) {
  RouterRun run;
  run.start_online();
  for (int i = 0; i < 12; ++i) {
    run.run_for(minutes(30));
    run.solicit("wan0");
    run.hear(isp_router(true, true));
  }
  run.stop();
  run.run_for(minutes(1));
  EXPECT_GT(run.on("lan0").size(), 20U);
  EXPECT_TRUE(run.on("wan0").empty());
}

TEST(Conformance, Row_7084_W_3_TheDefaultRouteFollowsTheRouterLifetime) {
  RouterRun run;
  run.start_online();
  const auto route = [&run]() -> const KernelRoute* {
    for (const KernelRoute& r : run.kernel.routes) {
      if (r.destination.length() == 0) return &r;
    }
    return nullptr;
  };
  ASSERT_NE(route(), nullptr);
  EXPECT_EQ(route()->gateway, address("fe80::1"));
  EXPECT_EQ(route()->interface, "wan0");
  ra::RouterAdvertisement last = isp_router(true, true);
  last.router_lifetime = seconds(0);
  run.hear(last);
  EXPECT_EQ(route(), nullptr);

  last.router_lifetime = seconds(60);
  run.hear(last);
  ASSERT_NE(route(), nullptr);
  EXPECT_EQ(route()->expires, run.now + seconds(60));
  run.run_for(seconds(61));
  run.look();
  EXPECT_EQ(route(), nullptr);
}

TEST(Conformance, Row_7084_G_5_LosingTheDefaultRouterIsToldOnEveryLanAtOnce) {
  enum class Loss { kSaid, kLink, kExpired };
  for (const Loss loss : {Loss::kSaid, Loss::kLink, Loss::kExpired}) {
    RouterRun run;
    run.start_online();
    run.run_for(minutes(5));
    ra::RouterAdvertisement said = isp_router(true, true);
    Instant lost = run.now;
    switch (loss) {
      case Loss::kSaid:
        said.router_lifetime = seconds(0);
        run.hear(said);
        break;
      case Loss::kLink:
        run.link("wan0").carrier = false;
        run.look();
        break;
      case Loss::kExpired:
        said.router_lifetime = seconds(10);
        run.hear(said);
        lost = run.now + seconds(10);
        run.run_for(seconds(10));
        break;
    }
    run.run_for(seconds(1));
    for (const char* lan : kLans) {
      const auto told = run.on(lan, lost);
      ASSERT_FALSE(told.empty()) << lan << ' ' << static_cast<int>(loss);
      EXPECT_EQ(told[0].said.router_lifetime, seconds(0));
      EXPECT_EQ(ra::find_all<ra::PrefixInformation>(told[0].said.options).size(), 2U);
    }
  }
}

TEST(Conformance, Row_ROB_04_AFlapOfTheUplinkDeprecatesNothing) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(5));
  const Instant down = run.now;
  run.link("wan0").carrier = false;
  run.look();
  run.run_for(seconds(20));
  for (const char* lan : kLans) EXPECT_EQ(run.last_on(lan).router_lifetime, seconds(0));
  const Instant up = run.now;
  run.link("wan0").carrier = true;
  run.look();
  run.hear(isp_router(true, true));
  run.run_for(seconds(1));
  for (const char* lan : kLans) {
    EXPECT_GT(run.last_on(lan).router_lifetime, seconds(0)) << lan;
    ASSERT_FALSE(run.on(lan, up).empty());
    for (const auto& one : run.on(lan, down)) {
      for (const auto& said : ra::find_all<ra::PrefixInformation>(one.said.options)) {
        EXPECT_FALSE(said.preferred.is_zero()) << said.prefix.to_string();
        if (kUniqueLocal.contains(said.prefix)) continue;
        // They go on counting.
        EXPECT_LE(said.valid,
                  remaining(run.router->state().leases.at("wan").prefixes[0].valid_until, one.at));
      }
    }
  }
}

// Links.

TEST(Router, AnAbsentInterfaceIsWaitedFor) {
  RouterRun run;
  const std::vector<LinkState> all = run.links;
  run.links = {all[0]};
  run.start_online();
  EXPECT_TRUE(run.advertisements.empty());
  const Status status = run.router->status(run.now);
  ASSERT_EQ(status.problems.size(), 2U);
  EXPECT_EQ(status.problems[0], "lan lan0: there is no interface lan0");
  EXPECT_FALSE(status.lans[0].present);
  run.links = all;
  run.look();
  run.run_for(seconds(1));
  EXPECT_EQ(run.last_on("lan0").router_lifetime, seconds(2700));
  EXPECT_TRUE(run.has_address("2001:db8:1::1"));
}

// A link that was away hears nothing stale when it comes back.
TEST(Router, ALanThatComesBackHearsOnlyWhatIsTrueNow) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  run.link("lan0").carrier = false;
  run.look();
  run.delegate({prefix("2001:db8:2::/56")});
  run.server.withdrawn = {prefix("2001:db8:1::/56")};
  run.run_for(seconds(1010));
  ASSERT_TRUE(run.has_address("2001:db8:2::1"));
  const Instant back = run.now;
  run.hold = true;
  run.link("lan0").carrier = true;
  run.look();
  run.run_for(seconds(2));
  run.hold = false;
  if (run.held) run.answer_held();
  run.run_for(seconds(4));
  ASSERT_FALSE(run.on("lan0", back).empty());
  for (const auto& words : run.on("lan0", back)) {
    const auto old = prefix_said(words.said, prefix("2001:db8:1::/64"));
    EXPECT_TRUE(!old || old->valid.is_zero()) << (words.at - back).count();
    EXPECT_TRUE(prefix_said(words.said, prefix("2001:db8:2::/64")).has_value());
  }
}

}  // namespace
}  // namespace sixgate::daemon
