// SPDX-License-Identifier: Apache-2.0
#include "daemon/flow_timeouts.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "house_model.h"
#include "router_run.h"

namespace sixgate::daemon::testing {
namespace {

TEST(FlowTimeouts, AreRaisedAndNeverLowered) {
  HouseModel model;
  const DesiredState desired = model.derive_now();
  KernelState kernel;
  kernel.sysctls = {{"net/netfilter/nf_conntrack_udp_timeout", "30"},
                    {"net/netfilter/nf_conntrack_udp_timeout_stream", "300"},
                    {"net/netfilter/nf_conntrack_tcp_timeout_established", "432000"}};
  std::vector<std::string> set;
  for (const Change& change :
       difference(desired, kernel, desired.ruleset, Removal::kAllowed, kNow)) {
    if (const auto* one = std::get_if<SetSysctl>(&change))
      set.push_back(one->key + "=" + one->value);
  }
  EXPECT_EQ(set, std::vector<std::string>{"net/netfilter/nf_conntrack_udp_timeout=120"});
  model.config.firewall.backend = conf::FirewallConfig::Choice::kNone;
  EXPECT_FALSE(model.derive_now().sysctls.contains("net/netfilter/nf_conntrack_udp_timeout"));
}

// Over a crash too; not over a reboot, after which the kernel's are its own again.
TEST(FlowTimeouts, WhatTheyWereBeforeIsKept) {
  const std::string key = "net/netfilter/nf_conntrack_udp_timeout";
  RouterRun run;
  run.kernel.sysctls[key] = "30";
  run.kernel.sysctls["net/netfilter/nf_conntrack_generic_timeout"] = "600";
  run.start_online();
  EXPECT_EQ(run.kernel.sysctls[key], "120");
  const std::map<std::string, std::string> wanted{{key, "30"}};
  EXPECT_EQ(run.router->state().flow_timeouts, wanted);
  run.run_for(seconds(1));
  EXPECT_EQ(run.memory.flow_timeouts, wanted) << "where a crash leaves it";
  const std::string text = serialise(run.memory, run.now, "boot");
  const auto crashed = parse_stored_state(text, run.now, "boot");
  ASSERT_TRUE(crashed.has_value());
  EXPECT_EQ(crashed->flow_timeouts, wanted);
  run.start(*crashed);
  run.run_for(seconds(1));
  EXPECT_EQ(run.router->state().flow_timeouts, wanted) << "they are raised already";
  const auto rebooted = parse_stored_state(text, run.now, "next");
  ASSERT_TRUE(rebooted.has_value());
  EXPECT_TRUE(rebooted->flow_timeouts.empty());
  // Flash is not worn by it.
  StoredState other = run.memory;
  other.flow_timeouts.clear();
  EXPECT_FALSE(other.worth_writing(run.memory, run.now));
}

}  // namespace
}  // namespace sixgate::daemon::testing
