// SPDX-License-Identifier: Apache-2.0
// The whole router in virtual time against an ISP, a kernel and hosts that behave, and then that do not.
//
// SIXGATE_SIM_SEED=N replays one seed, SIXGATE_SIM_SEEDS=N runs that many (./dev test sim --seed N).
#include <gtest/gtest.h>

#include "scene.h"

namespace sixgate::sim {
namespace {

TEST(Simulation, HomeComesOnline) {
  Scene scene(1);
  scene.begin();
  scene.world.run_for(seconds(30));
  expect_rest(scene, 1);
}

TEST(Simulation, IspSilentForTwoMinutesAtBoot) {
  Scene scene(2);
  scene.isp.set_silent(true);
  scene.begin();
  scene.world.run_for(minutes(2));
  for (const auto& host : scene.home.hosts()) {
    EXPECT_FALSE(host->has_default_router());
    // The house talks to itself meanwhile.
    EXPECT_EQ(host->preferred().size(), 1U);
  }
  scene.isp.set_silent(false);
  // The Solicit back-off has reached at most some 120 s by then (RFC 9915 section 15).
  scene.world.run_for(minutes(6));
  expect_rest(scene, 2);
}

// After an hour the next Solicit may be half an hour off: the router that is heard again is the sign.
TEST(Simulation, IspSilentForAnHourAtBootIsNoticedByItsAdvertisement) {
  Scene scene(15);
  scene.isp.set_silent(true);
  scene.begin();
  scene.world.run_for(minutes(60));
  scene.isp.set_silent(false);
  scene.world.run_for(seconds(215));  // it advertises every 200 s at most
  expect_rest(scene, 15);
}

TEST(Simulation, DeprecatesPrefixAfterFlashRenumbering) {
  Scene scene(3);
  scene.begin();
  scene.world.run_for(minutes(10));
  const std::vector<Ip6Address> before = scene.home.host(0).preferred();
  scene.isp.renumber(kOtherPool);
  scene.world.run_for(hours(2));
  expect_rest(scene, 3);
  EXPECT_NE(scene.home.host(0).preferred(), before);
}

TEST(Simulation, LosesItsDefaultRouterAndGetsItBack) {
  Scene scene(4);
  scene.begin();
  scene.world.run_for(minutes(1));
  scene.isp.set_router(false);
  scene.world.run_for(seconds(4));
  for (const auto& host : scene.home.hosts()) {
    EXPECT_FALSE(host->has_default_router());
    EXPECT_EQ(host->preferred().size(), 2U);  // prefixes stay
  }
  scene.isp.set_router(true);
  scene.world.run_for(seconds(20));
  expect_rest(scene, 4);
}

TEST(Simulation, StopTellsHostsAndKeepsAddresses) {
  Scene scene(5);
  scene.begin();
  scene.world.run_for(minutes(1));
  scene.home.stop();
  scene.world.run_for(seconds(15));
  EXPECT_TRUE(scene.home.finished());
  for (const auto& host : scene.home.hosts()) {
    EXPECT_FALSE(host->has_default_router());
    EXPECT_EQ(host->preferred().size(), 2U);
  }
  EXPECT_FALSE(scene.isp.routed().empty());  // RFC 9096 WPD-9: no Release
}

TEST(Simulation, ComesBackAfterARebootWithTheSamePlan) {
  Scene scene(6);
  scene.begin();
  scene.world.run_for(minutes(5));
  const std::string before = scene.home.summary();
  scene.home.reboot();
  scene.world.run_for(minutes(5));
  expect_rest(scene, 6);
  EXPECT_EQ(scene.home.summary(), before);
}

// The ISP has forgotten us and says nothing to a Rebind: a new prefix within seconds, and the old one is
// in use until then.
TEST(Simulation, AnIspThatForgotUsDuringARebootIsAskedAfresh) {
  for (const bool link_alone : {false, true}) {
    Scene scene(14);
    scene.begin();
    scene.world.run_for(minutes(10));
    const auto before = scene.home.host(0).preferred();
    EXPECT_EQ(before.size(), 2U);
    scene.isp.renumber(kOtherPool);
    if (link_alone) {
      scene.home.kernel().set_carrier(kWan, false);
      scene.world.run_for(seconds(2));
      scene.home.kernel().set_carrier(kWan, true);
    } else {
      scene.home.reboot();
    }
    scene.world.run_for(minutes(1));  // half of it the reboot
    expect_rest(scene, 14);
    const auto after = scene.home.host(0).preferred();
    EXPECT_EQ(after.size(), 2U);
    EXPECT_NE(after, before);
  }
}

// What remained of a lease before a reboot is counted from the start of the boot, once, and not again from
// every start of ours (seed 667 found it).
TEST(Simulation, ACrashAfterARebootProlongsNoLease) {
  Scene scene(667);
  scene.begin();
  scene.world.run_for(minutes(20));
  scene.isp.set_silent(true);
  scene.home.reboot();
  for (int i = 0; i < 10; ++i) {
    scene.world.run_for(minutes(2));
    scene.home.crash();
  }
  scene.world.run_for(hours(2));
  EXPECT_EQ(told(scene.home.violations()), "");
  scene.isp.set_silent(false);
  scene.world.run_for(hours(2));
  expect_rest(scene, 667);
}

TEST(Simulation, ALanThatIsAddedRenumbersNobody) {
  Scene scene(7);
  conf::Config one = two_lans();
  one.lans.erase(one.lans.begin());  // lan1 alone at first
  scene.home.reload(one);            // before the start: only the configuration
  scene.begin();
  scene.world.run_for(minutes(1));
  const auto before = scene.home.host(2).preferred();
  EXPECT_EQ(before.size(), 2U);
  scene.home.reload(two_lans());
  scene.world.run_for(minutes(1));
  EXPECT_EQ(scene.home.host(2).preferred(), before);
  expect_rest(scene, 7);
}

TEST(Simulation, ALanThatIsTakenAwayIsToldSo) {
  Scene scene(8);
  scene.begin();
  scene.world.run_for(minutes(1));
  conf::Config one = two_lans();
  one.lans.pop_back();
  scene.home.reload(one);
  scene.world.run_for(minutes(1));
  EXPECT_TRUE(scene.home.host(2).preferred().empty());
  EXPECT_FALSE(scene.home.host(2).has_default_router());
  EXPECT_EQ(scene.home.host(0).preferred().size(), 2U);
}

TEST(Simulation, SomebodyDeletesWhatIsOurs) {
  Scene scene(9);
  scene.begin();
  scene.world.run_for(minutes(1));
  const std::string before = scene.home.summary();
  scene.home.kernel().delete_address_of(kLans[0]);
  scene.home.kernel().flush_routes();
  scene.world.run_for(seconds(5));
  EXPECT_EQ(scene.home.summary(), before);
}

TEST(Simulation, LeasedAddressInUseIsDeclined) {
  Scene scene(10);
  scene.begin();
  scene.world.run_for(seconds(20));
  const auto addresses = scene.home.kernel().state().addresses;
  std::optional<Ip6Address> leased;
  for (const auto& a : addresses) {
    if (a.interface == kWan && a.prefix_length == 128) leased = a.address;
  }
  ASSERT_TRUE(leased.has_value());

  Scene again(10);
  again.home.kernel().occupied.insert(*leased);
  again.begin();
  again.world.run_for(minutes(3));
  bool other = false;
  for (const auto& a : again.home.kernel().state().addresses) {
    EXPECT_NE(a.address, *leased);
    other = other || (a.interface == kWan && a.prefix_length == 128);
  }
  EXPECT_TRUE(other) << told(again.home.log());
}

TEST(Simulation, FixedLanAddressInUseIsReplacedByAStableOne) {
  Scene scene(11);
  scene.begin();
  scene.world.run_for(seconds(20));
  std::vector<Ip6Address> ours;
  for (const auto& a : scene.home.kernel().state().addresses) {
    if (a.interface == kLans[0]) ours.push_back(a.address);
  }
  ASSERT_FALSE(ours.empty());
  Scene again(11);
  for (const Ip6Address& a : ours) again.home.kernel().occupied.insert(a);
  again.begin();
  again.world.run_for(minutes(1));
  for (const auto& a : again.home.kernel().state().addresses) {
    for (const Ip6Address& taken : ours) EXPECT_NE(a.address, taken);
  }
  expect_rest(again, 11);
}

// Flash wears: a week of hourly renewals costs few writes.
TEST(Simulation, RenewalsHardlyWriteToFlash) {
  IspBehaviour isp = usual_isp();
  isp.preferred = Lifetime(3600 * 12);
  isp.valid = Lifetime(3600 * 24);
  isp.t1 = Lifetime(3600);
  isp.t2 = Lifetime(7200);
  Scene scene(13, isp);
  scene.begin();
  scene.world.run_for(minutes(5));
  const unsigned before = scene.home.durable_writes();
  scene.world.run_for(hours(24 * 7));
  expect_rest(scene, 13);
  EXPECT_LE(scene.home.durable_writes() - before, 11U);
}

// Random trouble for some hours, then peace: the house must have come to rest.
void trouble(Scene& scene, unsigned kind) {
  World& world = scene.world;
  Home& home = scene.home;
  switch (kind) {
    case 0:
      scene.isp.renumber(world.rng().chance(0.5) ? kOtherPool : kPool);
      break;
    case 1:
      scene.isp.set_silent(true);
      world.after(world.rng().between(seconds(5), minutes(40)),
                  [&scene] { scene.isp.set_silent(false); });
      break;
    case 2:
      scene.isp.set_router(false);
      world.after(world.rng().between(seconds(1), minutes(10)),
                  [&scene] { scene.isp.set_router(true); });
      break;
    case 3: {
      const char* name = world.rng().chance(0.5) ? kWan : kLans[world.rng().below(2)];
      home.kernel().set_carrier(name, false);
      world.after(world.rng().between(milliseconds(50), minutes(5)),
                  [&home, name] { home.kernel().set_carrier(name, true); });
      break;
    }
    case 4: {
      const char* name = world.rng().chance(0.5) ? kWan : kLans[world.rng().below(2)];
      home.kernel().set_up(name, false);
      world.after(world.rng().between(milliseconds(50), minutes(5)),
                  [&home, name] { home.kernel().set_up(name, true); });
      break;
    }
    case 5:
      if (home.router() != nullptr) home.crash();
      break;
    case 6:
      if (home.router() != nullptr) home.reboot();
      break;
    case 7:
      home.kernel().delete_address_of(kLans[world.rng().below(2)]);
      break;
    case 8:
      home.kernel().flush_routes();
      break;
    case 9:
      home.kernel().failure = 0.2;
      world.after(minutes(5), [&home] { home.kernel().failure = 0; });
      break;
    case 10:
      home.crash_after_effect(home.effects() + 1 + static_cast<unsigned>(world.rng().below(20)));
      break;
    case 11: {
      IspBehaviour& isp = scene.isp.behaviour();
      isp.delegated_length = 56 + static_cast<unsigned>(world.rng().below(8));
      isp.valid = Lifetime(120 + static_cast<std::uint32_t>(world.rng().below(7200)));
      isp.preferred = Lifetime(isp.valid.count() / 2);
      isp.t1 = Lifetime(isp.valid.count() / 4);
      isp.t2 = Lifetime(isp.valid.count() * 2 / 5);
      break;
    }
  }
}

TEST(Simulation, RandomTroubleEndsInPeace) {
  for (const std::uint64_t seed : seeds(125)) {
    IspBehaviour behaviour = usual_isp();
    Rng dice(seed * 7919);
    behaviour.managed = dice.chance(0.6);
    behaviour.slaac = dice.chance(0.4);
    behaviour.delegated_length = 56 + static_cast<unsigned>(dice.below(8));
    Scene scene(seed, behaviour);
    scene.home.wan_quality = {dice.chance(0.5) ? 0.15 : 0, 0.05, Duration(100), milliseconds(80)};
    scene.home.lan_quality = {dice.chance(0.5) ? 0.1 : 0, 0.05, Duration(50), milliseconds(5)};
    scene.begin();
    for (int i = 0; i < 6; ++i) {
      scene.world.run_for(dice.between(seconds(1), minutes(30)));
      trouble(scene, static_cast<unsigned>(dice.below(12)));
    }
    scene.world.run_for(minutes(41));
    scene.isp.set_silent(false);
    scene.home.wan_quality = scene.home.lan_quality = LinkQuality{};
    scene.world.run_for(hours(5));
    expect_rest(scene, seed);
    if (HasFailure()) return;
  }
}

// The hardest: die after the k-th effect, for every k; the end state is the same.
TEST(Simulation, CrashAfterEveryEffectEndsInTheSameState) {
  Scene calm(77);
  calm.begin();
  calm.world.run_for(minutes(2));
  const unsigned effects = calm.home.effects();
  calm.world.run_for(minutes(20));
  const std::string expected = calm.home.summary();
  ASSERT_GT(effects, 20U);
  for (unsigned k = 1; k <= effects; ++k) {
    Scene scene(77);
    scene.home.crash_after_effect(k);
    scene.begin();
    scene.world.run_for(minutes(22));
    expect_rest(scene, 77);
    EXPECT_EQ(scene.home.summary(), expected) << "crash after effect " << k;
    if (HasFailure()) return;
  }
}

// The same through a renumbering: what hosts were told before the crash is withdrawn after it.
TEST(Simulation, CrashAfterEveryEffectOfARenumbering) {
  IspBehaviour hasty = usual_isp();
  hasty.t1 = Lifetime(60);
  hasty.t2 = Lifetime(96);
  hasty.preferred = Lifetime(120);
  hasty.valid = Lifetime(240);
  const auto play = [](std::optional<unsigned> crash_at, Scene& scene) {
    scene.begin();
    scene.world.run_for(minutes(2));
    const unsigned before = scene.home.effects();
    scene.isp.renumber(kOtherPool);
    if (crash_at) scene.home.crash_after_effect(before + *crash_at);
    scene.world.run_for(minutes(20));
    const unsigned effects = scene.home.effects() - before;
    scene.world.run_for(minutes(2));  // the last effect may be of the last second
    return effects;
  };
  Scene calm(78, hasty);
  const unsigned effects = play(std::nullopt, calm);
  expect_rest(calm, 78);
  for (unsigned k = 1; k <= effects; ++k) {
    Scene scene(78, hasty);
    play(k, scene);
    expect_rest(scene, 78);
    if (HasFailure()) {
      ADD_FAILURE() << "crash after effect " << k;
      return;
    }
  }
}

TEST(Simulation, ADamagedStateFileIsSurvived) {
  Scene scene(12);
  scene.begin();
  scene.world.run_for(minutes(1));
  const std::string whole = *scene.home.disk();
  for (std::size_t cut = 0; cut < whole.size(); cut += 7) {
    const auto read = daemon::parse_stored_state(whole.substr(0, cut), scene.world.now(), "boot1");
    EXPECT_FALSE(read.has_value()) << cut;
  }
  for (std::size_t at = 0; at < whole.size(); at += 5) {
    std::string rotten = whole;
    rotten[at] = static_cast<char>(rotten[at] ^ 0x10);
    EXPECT_FALSE(daemon::parse_stored_state(rotten, scene.world.now(), "boot1").has_value()) << at;
  }
  EXPECT_TRUE(daemon::parse_stored_state(whole, scene.world.now(), "boot1").has_value());
}

}  // namespace
}  // namespace sixgate::sim
