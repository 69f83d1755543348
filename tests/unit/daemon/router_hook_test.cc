// SPDX-License-Identifier: Apache-2.0
// Hook scripts and passed-on settings through the life of a whole router.
#include <gtest/gtest.h>

#include <algorithm>

#include "router_run.h"

namespace sixgate::daemon::testing {
namespace {

std::vector<std::string> actions(const RouterRun& run, const std::string& uplink = "wan") {
  std::vector<std::string> out;
  for (const HookRun& one : run.hooks) {
    if (one.uplink == uplink) out.emplace_back(to_string(one.action));
  }
  return out;
}

bool tells(const HookRun& run, const std::string& words) {
  return std::any_of(
      run.environment.begin(), run.environment.end(),
      [&](const std::string& variable) { return variable.find(words) != std::string::npos; });
}

conf::Config with_hook() {
  conf::Config config = two_lans();
  config.hook = "/bin/hook";
  config.hook_timeout = seconds(7);
  return config;
}

TEST(RouterHook, FollowsALeaseFromStartToStop) {
  RouterRun run(with_hook());
  run.start_online();
  const auto first = actions(run);
  ASSERT_FALSE(first.empty());
  EXPECT_EQ(first.front(), "started");
  EXPECT_EQ(std::count(first.begin(), first.end(), "bound"), 1);
  EXPECT_EQ(run.hooks.back().script, (HookScript{"/bin/hook", seconds(7)}));
  EXPECT_EQ(run.hooks.back().interface, "wan0");
  EXPECT_TRUE(tells(run.hooks.back(), "PREFIXES=2001:db8:1::/56,1800,3600,"));

  run.hooks.clear();
  run.run_for(seconds(1100));  // T1 is at 1000 s
  EXPECT_EQ(actions(run), (std::vector<std::string>{"updated"}));

  run.hooks.clear();
  run.delegate({prefix("2001:db8:9::/56")});
  run.run_for(seconds(1000));
  EXPECT_TRUE(std::any_of(run.hooks.begin(), run.hooks.end(), [](const HookRun& one) {
    return one.action == HookAction::kUpdated && tells(one, "2001:db8:9::/56,1800,3600,");
  }));

  run.hooks.clear();
  run.stop();
  run.run_for(seconds(20));
  EXPECT_TRUE(run.finished);
  EXPECT_EQ(actions(run), (std::vector<std::string>{"stopped"}));
}

TEST(RouterHook, TheEndWaitsForTheLastRun) {
  RouterRun run(with_hook());
  run.start_online();
  run.hold_hooks = true;
  run.stop();
  run.run_for(seconds(20));
  ASSERT_EQ(actions(run).back(), "stopped");
  EXPECT_FALSE(run.finished);
  run.router->hook_ended(run.hooks.back(), {}, run.now);
  run.settle();
  EXPECT_TRUE(run.finished);
}

TEST(RouterHook, AScriptThatHangsOrFailsHoldsNothingUp) {
  RouterRun run(with_hook());
  run.hold_hooks = true;
  run.start_online();
  EXPECT_TRUE(run.has_address("2001:db8:1::1"));
  EXPECT_EQ(actions(run), (std::vector<std::string>{"started"}));
  run.router->hook_ended(run.hooks.back(), {"/bin/hook: did not end in time", ""}, run.now);
  run.settle();
  EXPECT_TRUE(run.logged("uplink wan: hook started: /bin/hook: did not end in time; IPv6 goes on"));
  EXPECT_EQ(run.router->status(run.now).problems,
            std::vector<std::string>{"uplink wan: hook /bin/hook: did not end in time"});
  EXPECT_EQ(actions(run), (std::vector<std::string>{"started", "bound"}));
}

TEST(RouterHook, AnUplinkMayHaveItsOwnAndEndsWithAReload) {
  conf::Config config = with_hook();
  config.uplinks.push_back(uplink_config("lte", "wwan0"));
  config.uplinks[1].hook = "/bin/lte";
  RouterRun run(config);
  run.start_online();
  for (const HookRun& one : run.hooks)
    EXPECT_EQ(one.script.path, one.uplink == "lte" ? "/bin/lte" : "/bin/hook");
  EXPECT_EQ(actions(run, "lte").front(), "started");

  run.hooks.clear();
  config.uplinks.erase(config.uplinks.begin());
  run.reload(config);
  run.run_for(seconds(1));
  EXPECT_EQ(actions(run), (std::vector<std::string>{"unbound", "stopped"}));
}

// A restart of ours must not take from the LANs what the provider told us of DNS.
TEST(RouterServices, InformationOutlivesARestart) {
  conf::Config config = two_lans();
  config.uplinks[0].request_prefix.kind = conf::PrefixRequest::Kind::kNone;
  config.uplinks[0].request_address = conf::RequestAddress::kNever;
  RouterRun run(config);
  run.server.configuration = {dhcp6::DnsServers{{address("2001:db8::53")}},
                              dhcp6::CaptivePortal{"https://portal.example/api"}};
  run.start();
  run.hear(isp_router(false, true));
  run.run_for(seconds(5));
  const auto told = [&] { return run.router->desired().services; };
  EXPECT_EQ(told().dns_servers, std::vector{address("2001:db8::53")});
  EXPECT_EQ(told().captive_portal, "https://portal.example/api");

  const Services before = told();
  run.server.status = dhcp6::Status::kUnspecFail;
  run.start(run.disk);
  EXPECT_EQ(told(), before);
  run.hear(isp_router(false, true));
  run.run_for(minutes(5));
  EXPECT_EQ(told(), before);
  run.hear(isp_router(false, false));  // nothing is to be had here any more
  EXPECT_EQ(told(), Services{});
}

TEST(RouterServices, EndWithTheLease) {
  RouterRun run;
  run.server.configuration = {dhcp6::DnsServers{{address("2001:db8::53")}},
                              dhcp6::NtpServers{{address("2001:db8::123")}, {}, {}, {}}};
  run.start_online();
  EXPECT_EQ(run.router->desired().services.ntp_servers, std::vector{address("2001:db8::123")});
  EXPECT_EQ(run.router->status(run.now).uplinks[0].services.ntp_servers.size(), 1U);
  run.server.status = dhcp6::Status::kUnspecFail;
  run.run_for(hours(2));
  EXPECT_EQ(run.router->desired().services, Services{});
}

}  // namespace
}  // namespace sixgate::daemon::testing
