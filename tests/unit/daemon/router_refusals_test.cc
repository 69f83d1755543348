// SPDX-License-Identifier: Apache-2.0
// Who begins a flow to the house from outside, and hears late that he is not let in (RFC 6092 REC-34).
#include "net/byte_writer.h"
#include "router_run.h"

namespace sixgate::daemon {
namespace {

using namespace testing;

std::vector<std::uint8_t> syn(const Ip6Address& from, const Ip6Address& to) {
  std::vector<std::uint8_t> out;
  ByteWriter writer(out);
  writer.u32(0x60000000);
  writer.u32(0x00140640);  // 20 octets of TCP
  writer.address(from);
  writer.address(to);
  writer.u32(40000U << 16 | 22);
  writer.zeros(8);
  writer.u16(0x5002);
  writer.zeros(6);
  return out;
}

const Ip6Address kStranger = address("2001:db8:aaaa::1");

class RouterRefusals : public ::testing::Test {
 protected:
  void begin(conf::Config config = two_lans()) {
    run_.emplace(std::move(config));
    run_->start_online();
  }
  Ip6Address host(const std::string& interface = "lan0") const {
    for (const KernelAddress& one : run_->kernel.addresses) {
      if (one.interface == interface && !kUniqueLocal.contains(one.address))
        return Prefix(one.address, 64).with_suffix(Ip6Address::from_halves(0, 0x10));
    }
    return {};
  }
  void begin_flow(const Ip6Address& from, const Ip6Address& to, bool outgoing = false) {
    const std::vector<std::uint8_t> bytes = syn(from, to);
    run_->router->receive({.interface = "wan0",
                           .channel = Channel::kStrangers,
                           .source = {},
                           .destination = {},
                           .payload = bytes,
                           .link_layer = {},
                           .outgoing = outgoing},
                          run_->now);
    run_->settle();
  }
  std::vector<std::string> heard() const { return run_->router->wanted_sockets().strangers; }

  std::optional<RouterRun> run_;
};

TEST_F(RouterRefusals, AStrangerIsAnsweredAfterSixSeconds) {
  begin();
  EXPECT_EQ(heard(), std::vector<std::string>{"wan0"});
  begin_flow(kStranger, host());
  run_->run_for(milliseconds(5999));
  EXPECT_TRUE(run_->refusals.empty());
  run_->run_for(milliseconds(1));
  ASSERT_EQ(run_->refusals.size(), 1U);
  EXPECT_EQ(run_->refusals[0].flow, (firewall::Flow{6, kStranger, host(), 40000, 22}));
}

TEST_F(RouterRefusals, OnlyWhatWouldComeInIsAnswered) {
  begin();
  begin_flow(kStranger, address("2001:db8:bbbb::1"));  // not ours
  begin_flow(kStranger, host(), true);                 // ours to somebody
  begin_flow(host("lan1"), host());                    // a source that cannot be
  begin_flow(kStranger, address("fd00::1"));
  run_->run_for(seconds(10));
  EXPECT_TRUE(run_->refusals.empty());
}

TEST_F(RouterRefusals, WhatIsFullIsNotHeard) {
  begin();
  for (std::uint64_t i = 0; i < firewall::Refusals::kMost; ++i)
    begin_flow(Prefix(kStranger, 64).with_suffix(Ip6Address::from_halves(0, i + 1)), host());
  EXPECT_TRUE(heard().empty());
  EXPECT_TRUE(run_->router->drain().refusals.empty());
  run_->run_for(seconds(6));
  EXPECT_EQ(run_->refusals.size(), firewall::Refusals::kMost);
  EXPECT_EQ(heard(), std::vector<std::string>{"wan0"});
}

TEST_F(RouterRefusals, SilenceCanBeAskedFor) {
  conf::Config config = two_lans();
  config.firewall.answer_refused = false;
  begin(config);
  EXPECT_TRUE(heard().empty());
  config.firewall.answer_refused = true;
  run_->reload(config);
  EXPECT_FALSE(heard().empty());
  begin_flow(kStranger, host());
  config.firewall.answer_refused = false;
  run_->reload(config);
  run_->run_for(seconds(10));
  EXPECT_TRUE(run_->refusals.empty());
}

TEST_F(RouterRefusals, WhereTheFirewallIsSomebodyElsesNothingIsRefused) {
  conf::Config config = two_lans();
  config.firewall.backend = conf::FirewallConfig::Choice::kNone;
  begin(config);
  EXPECT_TRUE(heard().empty());
  for (conf::LanConfig& lan : config.lans) lan.zone = firewall::Zone::kExposed;
  config.firewall.backend = conf::FirewallConfig::Choice::kNft;
  run_->reload(config);
  EXPECT_TRUE(heard().empty()) << "nor where every host is open";
}

TEST_F(RouterRefusals, NothingIsSaidAtTheEnd) {
  begin();
  begin_flow(kStranger, host());
  run_->stop();
  EXPECT_TRUE(heard().empty());
  run_->run_for(seconds(10));
  EXPECT_TRUE(run_->refusals.empty());
}

}  // namespace
}  // namespace sixgate::daemon
