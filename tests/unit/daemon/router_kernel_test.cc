// SPDX-License-Identifier: Apache-2.0
// Router and a kernel that refuses, undoes, or finds an address in use.
#include "daemon/router.h"

#include <gtest/gtest.h>

#include <set>

#include "router_run.h"

namespace sixgate::daemon {
namespace {

using testing::address;
using testing::is_firewall;
using testing::isp_router;
using testing::kForwarding;
using testing::kLans;
using testing::prefix;
using testing::prefix_said;
using testing::RouterRun;
using testing::two_lans;

bool puts_address_on(const Change& change, const std::string& interface) {
  const auto* put = std::get_if<PutAddress>(&change);
  return put != nullptr && put->address.interface == interface;
}

// Trouble with the kernel.

TEST(Router, WhatTheKernelRefusesIsTriedAgainMoreAndMoreRarely) {
  RouterRun run;
  std::vector<Instant> tried;
  run.refuse = [&](const Change& change) {
    const bool it = puts_address_on(change, "lan1");
    if (it && (tried.empty() || tried.back() != run.now)) tried.push_back(run.now);
    return it;
  };
  run.start_online();
  run.run_for(minutes(6));
  ASSERT_GE(tried.size(), 8U);
  std::vector<Duration> gaps;
  for (std::size_t i = 1; i < tried.size(); ++i) gaps.push_back(tried[i] - tried[i - 1]);
  EXPECT_EQ(gaps.back(), seconds(60));
  for (std::size_t i = 1; i < gaps.size(); ++i) {
    if (gaps[i - 1] < seconds(1)) continue;  // another address was wanted meanwhile
    EXPECT_LE(gaps[i], seconds(60));
  }
  EXPECT_LE(tried.size(), 20U);
  EXPECT_TRUE(run.logged("cannot put address")) << run.log_text();
  // Everything else is as it should be.
  EXPECT_TRUE(run.has_address("2001:db8:1::1"));
  EXPECT_EQ(run.kernel.sysctls[kForwarding], "1");

  run.refuse = nullptr;
  run.run_for(seconds(61));
  EXPECT_TRUE(run.has_address("2001:db8:1:1::1"));
}

// One thing that the kernel refuses for good must not keep a new prefix waiting.
TEST(Router, ARefusedChangeHoldsUpNothingElse) {
  RouterRun run;
  run.refuse = [](const Change& change) {
    const auto* sysctl = std::get_if<SetSysctl>(&change);
    return sysctl != nullptr && sysctl->key == "net/ipv6/conf/lan0/accept_ra";
  };
  run.start();
  run.run_for(minutes(5));  // the back-off has reached its most
  run.hear(isp_router(true, true));
  run.run_for(seconds(3));
  EXPECT_TRUE(run.has_default_route());
  EXPECT_TRUE(run.has_address("2001:db8:1::1"));
}

TEST(Router, DoesNotFightSomebodyWhoUndoesItsWork) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  const std::size_t before = run.sets.size();
  run.meddle = [](KernelState& kernel) {
    std::erase_if(kernel.addresses, [](const auto& a) { return a.interface == "lan0"; });
  };
  std::erase_if(run.kernel.addresses, [](const auto& a) { return a.interface == "lan0"; });
  run.look();
  for (int i = 0; i < 100; ++i) {
    run.run_for(milliseconds(100));
    run.look();
  }
  EXPECT_GE(run.sets.size() - before, 2U);
  EXPECT_LE(run.sets.size() - before, 12U);  // ten seconds
  run.meddle = nullptr;
  run.run_for(minutes(2));
  EXPECT_TRUE(run.has_address("2001:db8:1::1"));
}

TEST(Router, PutsBackWhatSomebodyDeletes) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  const KernelState whole = run.kernel;
  run.kernel.addresses.clear();
  run.kernel.routes.clear();
  run.kernel.sysctls[kForwarding] = "0";
  run.look();
  EXPECT_EQ(run.kernel.addresses.size(), whole.addresses.size());
  EXPECT_EQ(run.kernel.routes.size(), whole.routes.size());
  EXPECT_EQ(run.kernel.sysctls, whole.sysctls);
}

// RFC 7084 G-3, and nobody is told otherwise.
TEST(Router, WithoutRulesNothingIsForwardedAndNobodyIsToldSo) {
  RouterRun run;
  run.refuse = is_firewall;
  run.start_online();
  run.run_for(minutes(3));
  EXPECT_EQ(run.kernel.sysctls[kForwarding], "0");
  for (const char* lan : kLans) {
    EXPECT_EQ(run.last_on(lan).router_lifetime, seconds(0));
    EXPECT_TRUE(prefix_said(run.last_on(lan), prefix("2001:db8:1::/64")) ||
                prefix_said(run.last_on(lan), prefix("2001:db8:1:1::/64")));
  }
  Status status = run.router->status(run.now);
  EXPECT_FALSE(status.firewall_applied);
  EXPECT_EQ(status.lans[0].router_lifetime_reason,
            "the firewall is not in place, so nothing is forwarded");
  run.refuse = nullptr;
  run.run_for(seconds(61));
  EXPECT_EQ(run.kernel.sysctls[kForwarding], "1");
  EXPECT_EQ(run.last_on("lan0").router_lifetime, seconds(2700));
  EXPECT_TRUE(run.router->status(run.now).firewall_applied);
}

// The rules before let pass whatever an interface brings that they do not know.
TEST(Router, ALanThatTheRulesDoNotKnowIsLedNowhere) {
  conf::Config both = two_lans();
  conf::Config one = both;
  one.lans.erase(one.lans.begin() + 1);
  RouterRun run(one);
  run.add_link("lan1", 77);
  run.start_online();
  ASSERT_FALSE(run.addresses_on("lan0").empty());
  run.refuse = is_firewall;
  run.reload(both);
  run.run_for(minutes(1));
  EXPECT_TRUE(run.addresses_on("lan1").empty());
  EXPECT_FALSE(run.addresses_on("lan0").empty());
  const Status status = run.router->status(run.now);
  EXPECT_EQ(status.lans.at(0).router_lifetime_reason, "");
  EXPECT_EQ(status.lans.at(1).router_lifetime_reason,
            "the firewall is not in place, so nothing is forwarded");
  EXPECT_EQ(run.last_on("lan1").router_lifetime, seconds(0));
  run.refuse = nullptr;
  run.run_for(seconds(70));
  EXPECT_FALSE(run.addresses_on("lan1").empty());
  EXPECT_EQ(run.last_on("lan1").router_lifetime, seconds(2700));
}

TEST(Router, IPv6BesideTheVlanOfAnUplinkIsAProblem) {
  RouterRun run;
  run.link("wan0").carriers = {"eth9"};
  run.start_online();
  EXPECT_TRUE(run.router->status(run.now).problems.empty());
  run.add_link("eth9", 99);
  run.look();
  ASSERT_EQ(run.router->status(run.now).problems.size(), 1U);
  EXPECT_NE(run.router->status(run.now).problems[0].find("what comes by eth9"), std::string::npos);
}

// What the kernel is told already does not have it yet.
TEST(Router, AKnockIsMadeAnewThoughAChangeIsUnderWay) {
  conf::Config config = two_lans();
  conf::KnockConfig knock;
  knock.spi = 0x1234;
  knock.key = Secret(std::vector<std::uint8_t>(32, 7));
  config.knock = knock;
  RouterRun run(config);
  run.start_online();
  ASSERT_EQ(run.kernel.knocks.size(), 1U);
  run.kernel.knocks[0].replay.sequence = 77;
  run.look();

  run.hold = true;
  run.kernel.routes.clear();
  run.look();
  ASSERT_TRUE(run.held.has_value());
  run.sets.clear();
  EXPECT_EQ(run.router->reset_knocks(run.now), 1U);
  run.look();  // somebody changed something meanwhile
  run.hold = false;
  run.answer_held();
  ASSERT_EQ(run.sets.size(), 2U);
  const auto makes_it = [](const Change& change) {
    return std::holds_alternative<PutKnock>(change);
  };
  EXPECT_TRUE(std::none_of(run.sets[0].second.begin(), run.sets[0].second.end(), makes_it));
  EXPECT_TRUE(std::any_of(run.sets[1].second.begin(), run.sets[1].second.end(), makes_it));
  EXPECT_EQ(run.kernel.knocks.at(0).replay.sequence, 0U);
}

// Duplicates (RFC 4862 section 5.4.5).

void collide(RouterRun& run, const Ip6Address& taken) {
  for (KernelAddress& a : run.kernel.addresses) {
    if (a.address == taken) a.dad_failed = true;
  }
  run.look();
}

std::set<Ip6Address> global_addresses(const RouterRun& run, const std::string& interface) {
  std::set<Ip6Address> out;
  for (const KernelAddress* a : run.addresses_on(interface)) {
    if (!a->address.is_unique_local()) out.insert(a->address);
  }
  return out;
}

TEST(Router, AFixedAddressInUseIsReplacedByAStableOneAndThatByAnother) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  std::set<Ip6Address> seen;
  for (int i = 0; i < 3; ++i) {
    const std::set<Ip6Address> mine = global_addresses(run, "lan0");
    ASSERT_EQ(mine.size(), 1U) << i;
    EXPECT_TRUE(seen.insert(*mine.begin()).second) << "the same again";
    EXPECT_TRUE(prefix("2001:db8:1::/64").contains(*mine.begin()));
    collide(run, *mine.begin());
  }
  EXPECT_EQ(*seen.begin(), address("2001:db8:1::1"));
  EXPECT_TRUE(run.logged("is in use by another host"));
  // It is remembered: the next run does not collide again.
  RouterRun again;
  again.start(run.disk);
  again.hear(isp_router(true, true));
  again.run_for(seconds(5));
  EXPECT_EQ(global_addresses(again, "lan0"), global_addresses(run, "lan0"));
  // Other prefixes and LANs are not touched.
  EXPECT_TRUE(run.has_address("2001:db8:1:1::1"));
}

TEST(Router, AStableAddressOfTheUplinkIsRetriedThreeTimes) {
  RouterRun run;
  run.start();
  ra::RouterAdvertisement said = isp_router(false, false);
  ra::PrefixInformation autonomous;
  autonomous.prefix = prefix("2001:db8:a::/64");
  autonomous.autonomous = autonomous.on_link = true;
  autonomous.valid = autonomous.preferred = Lifetime(86400);
  said.options.push_back(autonomous);
  run.hear(said);
  run.run_for(seconds(3));
  std::set<Ip6Address> seen;
  for (int i = 0; i < 4; ++i) {
    const std::set<Ip6Address> mine = global_addresses(run, "wan0");
    ASSERT_EQ(mine.size(), 1U) << i;
    EXPECT_TRUE(seen.insert(*mine.begin()).second) << "the same again";
    EXPECT_TRUE(autonomous.prefix.contains(*mine.begin()));
    collide(run, *mine.begin());
  }
  EXPECT_EQ(seen.size(), 4U);
  // RFC 7217 section 6: IDGEN_RETRIES. Somebody answers for every address.
  const std::set<Ip6Address> last = global_addresses(run, "wan0");
  EXPECT_TRUE(last.empty() || seen.contains(*last.begin()));
}

TEST(Router, ALeasedAddressInUseIsDeclined) {
  RouterRun run;
  run.start_online();
  ASSERT_TRUE(run.has_address("2001:db8:ffff::7"));
  run.server.addresses[RouterRun::iaid("wan")] = {address("2001:db8:ffff::8")};
  collide(run, address("2001:db8:ffff::7"));
  run.run_for(minutes(3));
  EXPECT_TRUE(std::any_of(run.dhcp.begin(), run.dhcp.end(), [](const auto& one) {
    return one.message.type == dhcp6::MessageType::kDecline;
  }));
  EXPECT_FALSE(run.has_address("2001:db8:ffff::7"));
  EXPECT_TRUE(run.logged("declined"));
  EXPECT_TRUE(run.has_address("2001:db8:1::1"));
}

// ip6ifaceid = "random": drawn once, not at every event.
TEST(Router, ARandomIdentifierStaysOverEventsAndARestart) {
  conf::Config config = two_lans();
  config.lans[0].interface_id.kind = delegation::InterfaceIdPolicy::Kind::kRandom;
  RouterRun run(config);
  run.start_online();
  const std::set<Ip6Address> drawn = global_addresses(run, "lan0");
  ASSERT_EQ(drawn.size(), 1U);
  EXPECT_NE(*drawn.begin(), address("2001:db8:1::1"));
  run.run_for(hours(1));
  EXPECT_EQ(global_addresses(run, "lan0"), drawn);
  run.start(run.disk);
  run.hear(isp_router(true, true));
  run.run_for(minutes(1));
  EXPECT_EQ(global_addresses(run, "lan0"), drawn);
}

}  // namespace
}  // namespace sixgate::daemon
