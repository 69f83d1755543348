// SPDX-License-Identifier: Apache-2.0
// Router after an earlier run.
#include "daemon/router.h"

#include <gtest/gtest.h>

#include "router_run.h"

namespace sixgate::daemon {
namespace {

using testing::address;
using testing::isp_router;
using testing::kForwarding;
using testing::kNow;
using testing::RouterRun;

bool takes_away(const Change& change) {
  return std::holds_alternative<RemoveAddress>(change) ||
         std::holds_alternative<RemoveRoute>(change) || std::holds_alternative<RemoveRule>(change);
}

TEST(Router, NothingOfAnEarlierRunIsRemovedBeforeTheUplinkSpeaks) {
  RouterRun first;
  first.start_online();
  first.run_for(minutes(1));

  RouterRun run;
  run.kernel = first.kernel;
  run.now = first.now;
  KernelAddress stale;
  stale.interface = "lan0";
  stale.address = address("2001:db8:dead::1");
  stale.preferred_until = stale.valid_until = run.now + hours(1);
  stale.ours = true;
  run.kernel.addresses.push_back(stale);
  run.server.silent = true;
  run.start(first.disk);
  run.run_for(seconds(29));
  for (const auto& [at, set] : run.sets)
    EXPECT_TRUE(std::none_of(set.begin(), set.end(), takes_away)) << (at - kNow).count();
  EXPECT_TRUE(run.has_default_route());
  EXPECT_TRUE(run.has_address("2001:db8:ffff::7"));
  EXPECT_TRUE(run.has_address("2001:db8:dead::1"));
  // And hosts keep their router meanwhile.
  EXPECT_EQ(run.last_on("lan0").router_lifetime, seconds(2700));

  run.run_for(seconds(2));  // the bounded wait is over
  EXPECT_FALSE(run.has_address("2001:db8:dead::1"));
  EXPECT_TRUE(run.has_address("2001:db8:1::1"));
  EXPECT_TRUE(run.has_default_route());  // until a router has spoken, or its own end
}

TEST(Router, WhatTheUplinkSaysTakesThePlaceOfWhatWasInherited) {
  RouterRun first;
  first.start_online();
  RouterRun run;
  run.kernel = first.kernel;
  run.now = first.now;
  run.server.silent = true;
  run.start(first.disk);
  ASSERT_TRUE(run.has_default_route());
  ra::RouterAdvertisement other = isp_router(true, true);
  other.router_lifetime = seconds(0);
  run.hear(other);
  EXPECT_FALSE(run.has_default_route());
}

// Linux before 5.18 does not say whose an address is; the state file does.
TEST(Router, KnowsItsAddressesOnAKernelThatDoesNot) {
  RouterRun first;
  first.start_online();
  RouterRun run;
  run.now = first.now;
  run.kernel = first.kernel;
  for (KernelAddress& a : run.kernel.addresses) a.ours = false;
  KernelAddress foreign = run.kernel.addresses[0];
  foreign.interface = "lan0";
  foreign.address = address("2001:db8:77::77");
  run.kernel.addresses.push_back(foreign);
  StoredState stored = first.disk;
  KernelAddress stale = foreign;  // ours, and nobody wants it any more
  stale.address = address("2001:db8:dead::1");
  run.kernel.addresses.push_back(stale);
  stored.addresses.push_back(stale);
  run.start(stored);
  run.hear(isp_router(true, true));
  run.run_for(minutes(1));
  EXPECT_FALSE(run.has_address("2001:db8:dead::1"));
  EXPECT_TRUE(run.has_address("2001:db8:77::77"));
  EXPECT_TRUE(run.has_address("2001:db8:1::1"));
}

// A set may wait for a slow firewall while the end of the bounded wait passes.
TEST(Router, NoDeadlineLiesInThePastWhileAChangeIsUnderWay) {
  RouterRun run;
  run.hold = true;
  run.server.silent = true;
  run.start();
  run.run_for(minutes(2));  // checks each deadline
  run.hold = false;
  run.answer_held();
  run.run_for(seconds(2));
  EXPECT_EQ(run.kernel.sysctls[kForwarding], "1");
}

}  // namespace
}  // namespace sixgate::daemon
