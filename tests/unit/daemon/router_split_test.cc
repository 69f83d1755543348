// SPDX-License-Identifier: Apache-2.0
// The whole Router where LANs asked for less than a /64 (ip6assign beyond 64).
#include <gtest/gtest.h>

#include "router_run.h"

namespace sixgate::daemon {
namespace {

using namespace testing;

conf::Config split(unsigned length = 72) {
  conf::Config config = two_lans();
  config.ula.mode = conf::UlaConfig::Mode::kNone;
  for (conf::LanConfig& lan : config.lans) {
    lan.request.assign_length = length;
    lan.addressing = conf::Addressing::kDhcpv6;
  }
  return config;
}

const Prefix kWhole = prefix("2001:db8:1:2::/64");
const Prefix kFirst = prefix("2001:db8:1:2::/72");
const Prefix kSecond = prefix("2001:db8:1:2:100::/72");

void online(RouterRun& run) {
  run.delegate({kWhole});
  run.start_online();
  run.run_for(minutes(1));
}

std::optional<dhcp6::Message> solicit(RouterRun& run, const std::string& lan) {
  dhcp6::Message message{.type = dhcp6::MessageType::kSolicit, .transaction_id = 5};
  message.options.push_back(dhcp6::ClientId{dhcp6::testing::test_duid(42)});
  message.options.push_back(dhcp6::IaNa{.iaid = 1});
  return run.ask(lan, message);
}

TEST(RouterSplit, EachLanHasItsPartOfTheOnlySlash64) {
  RouterRun run(split());
  online(run);
  for (const auto& [lan, part] : {std::pair("lan0", kFirst), std::pair("lan1", kSecond)}) {
    const auto said = prefix_said(run.last_on(lan), part);
    ASSERT_TRUE(said.has_value()) << lan;
    EXPECT_TRUE(said->on_link);
    EXPECT_FALSE(said->autonomous);
    EXPECT_FALSE(said->delegation_preferred);
    EXPECT_TRUE(run.last_on(lan).managed);
    EXPECT_GT(run.last_on(lan).router_lifetime, seconds(0));
    ASSERT_EQ(run.addresses_on(lan).size(), 1U);
    EXPECT_EQ(run.addresses_on(lan)[0]->address, part.with_suffix(address("::1")));
    EXPECT_EQ(run.addresses_on(lan)[0]->prefix_length, 72U);
    const bool routed =
        std::any_of(run.kernel.routes.begin(), run.kernel.routes.end(), [&](const KernelRoute& r) {
          return r.destination == part && r.interface == lan &&
                 r.kind == KernelRoute::Kind::kUnicast;
        });
    EXPECT_TRUE(routed) << lan;
    // And addresses of it by DHCPv6.
    const auto offer = solicit(run, lan);
    ASSERT_TRUE(offer.has_value());
    const auto* ia = dhcp6::find<dhcp6::IaNa>(offer->options);
    ASSERT_NE(ia, nullptr);
    const auto* offered = dhcp6::find<dhcp6::IaAddress>(ia->options);
    ASSERT_NE(offered, nullptr);
    EXPECT_TRUE(part.contains(offered->address)) << offered->address.to_string();
  }
  ASSERT_TRUE(run.firewall.has_value());
  EXPECT_TRUE(run.firewall->provisioned);
  EXPECT_EQ(run.firewall->lans[0].assigned, std::vector{kFirst});
  EXPECT_EQ(run.firewall->lans[1].assigned, std::vector{kSecond});
  EXPECT_EQ(run.firewall->delegated, std::vector{kWhole});
  const Status status = run.router->status(run.now);
  for (const StatusLan& lan : status.lans) {
    EXPECT_NE(lan.no_slaac_reason.find("ip6assign = 72 splits a /64"), std::string::npos);
    EXPECT_TRUE(lan.no_prefix_reason.empty());
  }
  EXPECT_TRUE(status.problems.empty()) << status.problems[0];
  EXPECT_FALSE(status.uplinks[0].sharing && status.uplinks[0].sharing->prefix);
}

// What is said by the configuration for whole /64s is not said of a part of one.
TEST(RouterSplit, NoRuleMakesHostsMakeAddresses) {
  conf::Config config = split();
  conf::PrefixRule rule;
  rule.origin = "wan";
  rule.autonomous = rule.delegation_preferred = true;
  for (conf::LanConfig& lan : config.lans) {
    lan.addressing = conf::Addressing::kSlaacDhcpv6;
    lan.advertising.rules = {rule};
    lan.advertising.delegation_preferred = true;
  }
  RouterRun run(config);
  run.delegate({prefix("2001:db8:1::/56")});
  run.start_online();
  for (const char* lan : {"lan0", "lan1"}) {
    for (const auto& one : ra::find_all<ra::PrefixInformation>(run.last_on(lan).options)) {
      EXPECT_EQ(one.prefix.length(), 72U);
      EXPECT_FALSE(one.autonomous);
      EXPECT_FALSE(one.delegation_preferred);
    }
  }
}

TEST(RouterSplit, AnotherLengthIsAnotherPrefixForTheHosts) {
  RouterRun run(split());
  online(run);
  conf::Config config = split(80);
  run.reload(config);
  run.run_for(minutes(1));
  const auto old = prefix_said(run.last_on("lan1"), kSecond);
  ASSERT_TRUE(old.has_value());
  EXPECT_TRUE(old->valid.is_zero());
  const auto now = prefix_said(run.last_on("lan1"), prefix("2001:db8:1:2:100::/80"));
  ASSERT_TRUE(now.has_value());
  EXPECT_FALSE(now->valid.is_zero());
  ASSERT_EQ(run.addresses_on("lan1").size(), 1U);
  EXPECT_EQ(run.addresses_on("lan1")[0]->prefix_length, 80U);
}

TEST(RouterSplit, APartIsTheSameAfterARestart) {
  RouterRun run(split());
  online(run);
  conf::Config config = split();
  std::swap(config.lans[0], config.lans[1]);
  run.config = config;
  run.start(run.disk);
  run.hear(isp_router(true, true));
  run.run_for(minutes(1));
  EXPECT_EQ(run.addresses_on("lan0").at(0)->address, kFirst.with_suffix(address("::1")));
  EXPECT_EQ(run.addresses_on("lan1").at(0)->address, kSecond.with_suffix(address("::1")));
}

TEST(RouterSplit, AnAddressThatIsInUseIsReplacedInsideThePart) {
  conf::Config config = split();
  RouterRun run(config);
  online(run);
  for (KernelAddress& one : run.kernel.addresses) {
    if (one.interface == "lan1") one.dad_failed = true;
  }
  run.look();
  run.run_for(seconds(5));
  ASSERT_EQ(run.addresses_on("lan1").size(), 1U);
  const KernelAddress& other = *run.addresses_on("lan1")[0];
  EXPECT_NE(other.address, kSecond.with_suffix(address("::1")));
  EXPECT_TRUE(kSecond.contains(other.address)) << other.address.to_string();
  EXPECT_EQ(other.prefix_length, 72U);
}

// Together they need one /64: so much is asked for, and one is enough.
TEST(RouterSplit, OneSlash64IsAskedForAndNothingIsShared) {
  RouterRun run(split());
  run.delegate({kWhole});
  run.start_online();
  run.run_for(minutes(5));
  for (const SentMessage& one : run.dhcp) {
    if (one.message.type == dhcp6::MessageType::kRequest) {
      EXPECT_EQ(all_of<dhcp6::IaPd>(one.message.options).size(), 1U);
    }
  }
  EXPECT_TRUE(run.router->wanted_sockets().neighbors.empty());
}

// RFC 7278 needs a whole /64 and SLAAC: a LAN that has neither shares nothing.
TEST(RouterSplit, ALanWithoutSlaacTakesNoPartInSharing) {
  conf::Config config = split();
  config.lans[0].request.assign_length = 64;
  config.lans[0].addressing = conf::Addressing::kSlaac;
  RouterRun run(config);
  online(run);
  ASSERT_EQ(run.addresses_on("lan0").size(), 1U);
  EXPECT_TRUE(run.addresses_on("lan1").empty());
  const Status status = run.router->status(run.now);
  ASSERT_EQ(status.problems.size(), 1U);
  EXPECT_NE(status.problems[0].find("LAN lan1 gets no prefix from 2001:db8:1:2::/64"),
            std::string::npos);
  EXPECT_FALSE(status.uplinks[0].sharing && status.uplinks[0].sharing->prefix);
}

}  // namespace
}  // namespace sixgate::daemon
