// SPDX-License-Identifier: Apache-2.0
// The IPsec knock follows addresses and delegations, and what a sender has used up stays used up.
#include "daemon/knock.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "daemon/reconcile.h"
#include "house_model.h"
#include "router_run.h"

namespace sixgate::daemon::testing {
namespace {

conf::KnockConfig some_config() {
  conf::KnockConfig knock;
  knock.spi = 0x1234;
  knock.key = Secret(std::vector<std::uint8_t>(32, 7));
  knock.mark = 99;
  return knock;
}

// With a leased address on the uplink.
HouseModel online() {
  HouseModel model;
  model.config.knock = some_config();
  model.lease.addresses.push_back({});
  model.lease.addresses.back().address = address("2001:db8:ffff::1");
  model.lease.addresses.back().preferred_until = kNow + seconds(1800);
  model.lease.addresses.back().valid_until = kNow + seconds(3600);
  return model;
}

const firewall::FirewallKnock kLan0{"lan0", 99};
const firewall::FirewallKnock kLan1{"lan1", 99};
using Knocks = std::vector<firewall::FirewallKnock>;

TEST(Knock, IsOnEachAddressOfTheUplinkForWhatIsDelegated) {
  const DesiredState desired = online().derive_now();
  ASSERT_EQ(desired.knocks.size(), 1U);
  const KernelKnock& knock = desired.knocks[0];
  EXPECT_EQ(knock.address, address("2001:db8:ffff::1"));
  EXPECT_EQ(knock.inner, prefix("2001:db8:1::/56"));
  EXPECT_EQ(knock.spi, 0x1234U);
  EXPECT_EQ(knock.algorithm, "hmac(sha256)");
  EXPECT_EQ(knock.icv_bits, 128U);
  EXPECT_EQ(knock.mark, 99U);
  EXPECT_EQ(desired.knock_policies, std::vector<KernelKnockPolicy>{{prefix("2001:db8:1::/56")}});
  EXPECT_EQ(desired.ruleset.knocks, (Knocks{kLan0, kLan1}));
}

TEST(Knock, SeveralDelegationsShareAStateAndHavePoliciesOfTheirOwn) {
  HouseModel model = online();
  model.delegate("2001:db8:1:100::/56", "wan");
  const DesiredState desired = model.derive_now();
  ASSERT_EQ(desired.knocks.size(), 1U);
  EXPECT_EQ(desired.knocks[0].inner, prefix("2001:db8:1::/55"));
  EXPECT_EQ(desired.knock_policies.size(), 2U);
}

TEST(Knock, WithoutAddressPrefixOrKeyThereIsNone) {
  HouseModel no_address = online();
  no_address.lease.addresses.clear();
  HouseModel no_prefix = online();
  std::erase_if(no_prefix.delegations, [](const auto& one) { return one.origin == "wan"; });
  HouseModel no_key = online();
  no_key.config.knock->key = Secret();
  HouseModel not_configured = online();
  not_configured.config.knock.reset();
  for (const HouseModel& model : {no_prefix, no_key, not_configured}) {
    const DesiredState desired = model.derive_now();
    EXPECT_TRUE(desired.knocks.empty());
    EXPECT_TRUE(desired.knock_policies.empty());
    EXPECT_TRUE(desired.ruleset.knocks.empty());
  }
  EXPECT_TRUE(no_address.derive_now().knocks.empty());
}

TEST(Knock, OpensTheGuardedLansUnlessOthersAreNamed) {
  HouseModel model = online();
  model.config.lans[0].zone = firewall::Zone::kIsolated;
  model.config.lans[1].zone = firewall::Zone::kExposed;
  EXPECT_EQ(model.derive_now().ruleset.knocks, Knocks{kLan0});
  model.config.lans[0].zone = firewall::Zone::kProtected;
  model.config.lans[1].zone = firewall::Zone::kProtected;
  model.config.knock->lans = {"lan1"};
  EXPECT_EQ(model.derive_now().ruleset.knocks, Knocks{kLan1});
}

DesiredState with(const KernelKnock& knock) {
  DesiredState desired;
  desired.knocks = {knock};
  desired.knock_policies = {{knock.inner}};
  return desired;
}

ChangeSet changes(const DesiredState& desired, const KernelState& kernel,
                  Removal removal = Removal::kAllowed) {
  return difference(desired, kernel, desired.ruleset, removal, kNow);
}

KernelKnock some_knock() { return online().derive_now().knocks.at(0); }

TEST(Knock, AnotherPrefixIsAnotherStateThatKnowsTheSequence) {
  const KernelKnock before = some_knock();
  KernelState kernel;
  kernel.knocks = {before};
  kernel.knocks[0].replay = {500, 0xff};
  kernel.knock_policies = {{before.inner}};
  EXPECT_TRUE(changes(with(before), kernel).empty());

  KernelKnock after = before;
  after.inner = prefix("2001:db8:2::/56");
  KernelKnock put = after;
  put.replay = {500, 0xff};
  EXPECT_EQ(changes(with(after), kernel),
            (ChangeSet{PutKnockPolicy{{after.inner}}, RemoveKnock{kernel.knocks[0]}, PutKnock{put},
                       RemoveKnockPolicy{{before.inner}}}));
  for (const Change& change : changes(with(after), kernel)) apply(change, kernel);
  EXPECT_TRUE(changes(with(after), kernel).empty());

  // Another key: another sender.
  after.key = Secret(std::vector<std::uint8_t>(32, 8));
  EXPECT_EQ(changes(with(after), kernel),
            (ChangeSet{RemoveKnock{kernel.knocks[0]}, PutKnock{after}}));
}

TEST(Knock, WhatIsNoLongerWantedGoesButNotBeforeTheUplinkHasSpoken) {
  const KernelKnock knock = some_knock();
  KernelState kernel;
  kernel.knocks = {knock};
  kernel.knock_policies = {{knock.inner}};
  EXPECT_TRUE(changes({}, kernel, Removal::kWithheld).empty());
  EXPECT_EQ(changes({}, kernel), (ChangeSet{RemoveKnock{knock}, RemoveKnockPolicy{{knock.inner}}}));
}

TEST(Knock, WhatWasSeenOfASenderIsKeptForItsAddressAndKeyAlone) {
  const std::vector<std::uint8_t> secret(32, 1);
  KernelKnock seen = some_knock();
  seen.replay = {500, 0xff};
  std::vector<StoredKnock> kept = knocks_to_keep({}, {seen}, secret);
  ASSERT_EQ(kept.size(), 1U);
  seen.replay.sequence = 400;  // somebody's reset, and not ours
  EXPECT_EQ(knocks_to_keep(kept, {seen}, secret), kept);

  const auto recalled = [&](KernelKnock wanted, const std::vector<std::uint8_t>& hidden) {
    std::vector<KernelKnock> all{std::move(wanted)};
    recall_knocks(all, kept, hidden);
    return all[0].replay;
  };
  EXPECT_EQ(recalled(some_knock(), secret), (KnockReplay{500, 0xffffffff}));
  KernelKnock other = some_knock();
  other.address = address("2001:db8:ffff::2");
  EXPECT_EQ(recalled(other, secret), KnockReplay{});
  other = some_knock();
  other.key = Secret(std::vector<std::uint8_t>(32, 8));
  EXPECT_EQ(recalled(other, secret), KnockReplay{});
  EXPECT_EQ(recalled(some_knock(), std::vector<std::uint8_t>(32, 2)), KnockReplay{})
      << "the key cannot be tried without the secret";

  // A house whose address changes each day forgets the oldest.
  for (std::uint64_t day = 1; day <= 40; ++day) {
    seen.address = Ip6Address::from_halves(0x20010db800000000, day);
    seen.replay.sequence = static_cast<std::uint32_t>(day);
    kept = knocks_to_keep(std::move(kept), {seen}, secret);
  }
  EXPECT_EQ(kept.size(), 16U);
  EXPECT_EQ(kept.back().sequence, 40U);
}

// What the kernel has of a knock is gone after a reboot, and so is its memory of what came.
TEST(Knock, ACapturedPacketOpensNothingAfterAReboot) {
  conf::Config config = two_lans();
  config.knock = some_config();
  RouterRun run(config);
  run.start_online();
  ASSERT_EQ(run.kernel.knocks.size(), 1U);
  EXPECT_EQ(run.kernel.knocks[0].replay, KnockReplay{});
  const auto arrived = [&](std::uint32_t sequence) {
    run.kernel.knocks[0].replay = {sequence, 0xffff};
    run.run_for(Router::kKnocksGap);
    run.look();
  };
  const auto kept = [&] {
    const auto& all = run.router->state().knocks;
    return all.empty() ? 0U : all[0].sequence;
  };
  arrived(7);
  EXPECT_EQ(kept(), 7U) << "at once";
  arrived(9);
  EXPECT_EQ(kept(), 7U) << "flash is not worn for each packet";
  run.run_for(minutes(5));
  arrived(10);
  EXPECT_EQ(kept(), 10U);
  arrived(12);
  run.router->stop(run.now);
  EXPECT_EQ(kept(), 12U);

  RouterRun next(config, 2);
  next.start(run.router->state());
  next.hear(isp_router(true, true));
  next.run_for(seconds(5));
  ASSERT_EQ(next.kernel.knocks.size(), 1U);
  EXPECT_EQ(next.kernel.knocks[0].replay, (KnockReplay{12, 0xffffffff}));
  EXPECT_EQ(next.router->reset_knocks(next.now), 1U);
  next.run_for(seconds(1));
  ASSERT_EQ(next.kernel.knocks.size(), 1U);
  EXPECT_EQ(next.kernel.knocks[0].replay, KnockReplay{});
  EXPECT_TRUE(next.router->state().knocks.empty());
}

TEST(Knock, TheOtherMachineKeepsItsStateWhenThePrefixChanges) {
  const KernelKnock before = some_knock();
  KernelKnock after = before;
  after.inner = prefix("2001:db8:2::/56");
  const auto state = [](const std::string& text) {
    return text.substr(0, text.find("ip xfrm policy"));
  };
  EXPECT_EQ(state(knock_client_text({before})), state(knock_client_text({after})));
  EXPECT_NE(knock_client_text({before}).find(" > /dev/null 2>&1 ||\n  ip xfrm state add "),
            std::string::npos);
}

TEST(Knock, OfSeveralAddressesOneIsTheWayToAPrefix) {
  const KernelKnock one = some_knock();
  KernelKnock other = one;
  other.address = address("2001:db8:ffff::2");
  const std::string text = knock_client_text({one, other});
  EXPECT_EQ(text.find("policy update"), text.rfind("policy update")) << text;
  EXPECT_NE(text.find("# To 2001:db8:1::/56 also by way of 2001:db8:ffff::2"), std::string::npos)
      << text;
}

TEST(Knock, TheOtherMachineIsToldEverythingButTheKey) {
  KernelKnock knock = some_knock();
  knock.key = Secret(std::vector<std::uint8_t>(32, 0xab));
  const std::string text = knock_client_text({knock});
  EXPECT_NE(text.find("dst 2001:db8:ffff::1 proto ah spi 4660"), std::string::npos) << text;
  EXPECT_NE(text.find("auth-trunc 'hmac(sha256)' \"$KEY\" 128"), std::string::npos) << text;
  EXPECT_NE(text.find("ip xfrm policy update dir out"), std::string::npos) << text;
  EXPECT_EQ(text.find("abab"), std::string::npos) << text;
  EXPECT_EQ(to_string(Change(PutKnock{knock})),
            "put IPsec knock on 2001:db8:ffff::1 (SPI 4660) for 2001:db8:1::/56");
  EXPECT_NE(knock_client_text({}).find("No tunnel is there"), std::string::npos);
}

TEST(Knock, TheRouterMakesItMovesItAndMakesItAnew) {
  conf::Config config = two_lans();
  config.knock = some_config();
  RouterRun run(config);
  run.start_online();
  run.run_for(seconds(5));
  ASSERT_EQ(run.kernel.knocks.size(), 1U);
  EXPECT_EQ(run.kernel.knocks[0].inner, prefix("2001:db8:1::/56"));
  Status status = run.router->status(run.now);
  ASSERT_TRUE(status.knock && status.knock->tunnels.size() == 1);
  EXPECT_TRUE(status.knock->tunnels[0].in_place);
  EXPECT_EQ(to_json(status).find("0707"), std::string::npos);

  run.kernel.knocks[0].replay = {42, 1};
  run.look();
  EXPECT_EQ(run.kernel.knocks[0].replay.sequence, 42U);
  EXPECT_EQ(run.router->reset_knocks(run.now), 1U);
  run.settle();
  ASSERT_EQ(run.kernel.knocks.size(), 1U);
  EXPECT_EQ(run.kernel.knocks[0].replay.sequence, 0U);

  // `ip xfrm state flush` by somebody.
  run.kernel.knocks.clear();
  run.kernel.knock_policies.clear();
  run.look();
  EXPECT_EQ(run.kernel.knocks.size(), 1U);
  EXPECT_EQ(run.kernel.knock_policies.size(), 1U);

  config.knock.reset();
  run.router->reload(config, run.now);
  run.settle();
  EXPECT_TRUE(run.kernel.knocks.empty());
  EXPECT_TRUE(run.kernel.knock_policies.empty());
  EXPECT_FALSE(run.router->status(run.now).knock);
}

}  // namespace
}  // namespace sixgate::daemon::testing
