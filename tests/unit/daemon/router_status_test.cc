// SPDX-License-Identifier: Apache-2.0
// What status says of the house.
#include "daemon/router.h"

#include <gtest/gtest.h>

#include "router_run.h"

namespace sixgate::daemon {
namespace {

using testing::address;
using testing::isp_router;
using testing::prefix;
using testing::RouterRun;

TEST(Router, StatusSaysWhyTheNewestRulesAreNotInPlace) {
  RouterRun run;
  run.start_online();
  run.refuse = [](const Change& change) { return std::holds_alternative<ApplyFirewall>(change); };
  conf::Config other = run.config;
  other.lans[0].zone = firewall::Zone::kIsolated;
  run.reload(other);
  run.run_for(seconds(5));
  const Status refused = run.router->status(run.now);
  EXPECT_FALSE(refused.firewall_applied);
  ASSERT_FALSE(refused.problems.empty());
  EXPECT_EQ(refused.problems[0], "firewall: the newest rules are not in place: refused");
  run.refuse = nullptr;
  run.run_for(seconds(120));
  EXPECT_TRUE(run.router->status(run.now).firewall_applied);
  EXPECT_TRUE(run.router->status(run.now).problems.empty());
}

TEST(Router, StatusOfAHomeInOrder) {
  RouterRun run;
  run.start_online();
  run.run_for(seconds(100));
  const Status status = run.router->status(run.now);
  EXPECT_EQ(status.duid, run.router->state().duid->to_string());
  EXPECT_EQ(status.unique_local, run.router->state().unique_local);
  EXPECT_TRUE(status.firewall_applied);
  EXPECT_TRUE(status.provisioned);
  EXPECT_TRUE(status.problems.empty());
  ASSERT_EQ(status.uplinks.size(), 1U);
  const StatusUplink& uplink = status.uplinks[0];
  EXPECT_EQ(uplink.name, "wan");
  EXPECT_EQ(uplink.interface, "wan0");
  EXPECT_TRUE(uplink.present && uplink.ready && uplink.managed && uplink.other);
  EXPECT_EQ(uplink.client, "bound");
  EXPECT_EQ(uplink.server, run.server.duid.to_string());
  ASSERT_TRUE(uplink.renew_in.has_value());
  EXPECT_LE(*uplink.renew_in, Lifetime(900));
  EXPECT_GE(*uplink.renew_in, Lifetime(890));
  ASSERT_EQ(uplink.delegations.size(), 1U);
  EXPECT_EQ(uplink.delegations[0].prefix, prefix("2001:db8:1::/56"));
  EXPECT_EQ(uplink.delegations[0].standing, "live");
  EXPECT_GE(uplink.delegations[0].valid, Lifetime(3490));
  EXPECT_LE(uplink.delegations[0].valid, Lifetime(3500));
  ASSERT_EQ(uplink.addresses.size(), 1U);
  EXPECT_EQ(uplink.addresses[0].address, address("2001:db8:ffff::7"));
  ASSERT_EQ(uplink.routers.size(), 1U);
  EXPECT_EQ(uplink.routers[0].address, address("fe80::1"));
  EXPECT_EQ(uplink.counters.at("ra_received"), 1U);
  EXPECT_GE(uplink.counters.at("dhcp6_sent"), 2U);
  ASSERT_EQ(status.lans.size(), 2U);
  const StatusLan& lan = status.lans[1];
  EXPECT_EQ(lan.zone, "protected");
  EXPECT_EQ(lan.addressing, "slaac");
  EXPECT_EQ(lan.router_lifetime, Lifetime(2700));
  EXPECT_TRUE(lan.router_lifetime_reason.empty());
  ASSERT_EQ(lan.prefixes.size(), 2U);
  const auto global = std::find_if(lan.prefixes.begin(), lan.prefixes.end(),
                                   [](const auto& p) { return p.origin == "wan"; });
  ASSERT_NE(global, lan.prefixes.end());
  EXPECT_EQ(global->prefix, prefix("2001:db8:1:1::/64"));
  EXPECT_EQ(global->address, address("2001:db8:1:1::1"));
}

TEST(Router, StatusSaysWhyThereIsNoDefaultRouter) {
  RouterRun run;
  run.start();
  run.run_for(seconds(1));
  EXPECT_EQ(run.router->status(run.now).lans[0].router_lifetime_reason, "no prefix but ULA");
  run.hear(isp_router(true, true));
  run.run_for(seconds(5));
  EXPECT_EQ(run.router->status(run.now).lans[0].router_lifetime_reason, "");
  run.link("wan0").carrier = false;
  run.look();
  EXPECT_EQ(run.router->status(run.now).lans[0].router_lifetime_reason, "the uplink is down");
  run.link("wan0").carrier = true;
  run.look();
  ra::RouterAdvertisement last = isp_router(true, true);
  last.router_lifetime = seconds(0);
  run.hear(last);
  EXPECT_EQ(run.router->status(run.now).lans[0].router_lifetime_reason,
            "no uplink has a default router");
}

TEST(Router, StatusCountsWhatWasDropped) {
  RouterRun run;
  run.start_online();
  const std::vector<std::uint8_t> said = ra::to_bytes(isp_router(true, true));
  run.router->receive({"wan0", Channel::kIcmp6, address("fe80::1"), kAllNodes, 64, said}, run.now);
  run.router->receive({"wan0", Channel::kIcmp6, address("2001:db8::1"), kAllNodes, 255, said},
                      run.now);
  run.router->receive({"nowhere", Channel::kIcmp6, address("fe80::1"), kAllNodes, 255, said},
                      run.now);
  run.settle();
  std::uint64_t dropped = 0;
  const Status status = run.router->status(run.now);
  for (const auto& [name, count] : status.uplinks[0].counters) {
    if (name.starts_with("ra_dropped_")) dropped += count;
  }
  EXPECT_EQ(dropped, 2U);
}

}  // namespace
}  // namespace sixgate::daemon
