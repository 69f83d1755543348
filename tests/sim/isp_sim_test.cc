// SPDX-License-Identifier: Apache-2.0
// Homes at ISPs of all kinds: lossy, slow, rebooting, renumbering, with wrong times and statuses, and with two
// servers that disagree. Whatever they do, the invariants of Home hold on the way, and when they come to their
// senses the home comes to rest.
#include <gtest/gtest.h>

#include "scene.h"

namespace sixgate::sim {
namespace {

using Times = IspBehaviour::Times;

IspBehaviour random_isp(Rng& dice) {
  IspBehaviour isp = usual_isp();
  isp.managed = dice.chance(0.7);
  isp.slaac = dice.chance(0.3);
  isp.answers_echo = dice.chance(0.6);
  isp.delegated_length = 56 + static_cast<unsigned>(dice.below(8));
  isp.no_addresses_for_all = isp.managed && dice.chance(0.2);
  isp.never_extends = dice.chance(0.1);
  isp.preference = static_cast<std::uint8_t>(dice.chance(0.3) ? dice.below(256) : 0);
  // From half a minute to an hour.
  isp.valid = Lifetime(30U << dice.below(8));
  isp.preferred = Lifetime(isp.valid.count() -
                           static_cast<std::uint32_t>(dice.below(2)) * isp.valid.count() / 2);
  isp.t1 = Lifetime(isp.preferred.count() / 2);
  isp.t2 = Lifetime(isp.preferred.count() * 4 / 5);
  constexpr Times kTimes[] = {Times::kNamed, Times::kNamed, Times::kLeftToClient, Times::kOnlyT1};
  isp.times = kTimes[dice.below(4)];
  return isp;
}

// One thing that ISPs do.
void happen(SimIsp& isp, Home& home, World& world, Rng& dice) {
  IspBehaviour& behaviour = isp.behaviour();
  const Duration spell = dice.between(seconds(1), minutes(20));
  const auto for_a_while = [&](auto begin, auto end) {
    begin();
    world.after(spell, end);
  };
  switch (dice.below(10)) {
    case 0:
      return for_a_while([&] { isp.set_silent(true); }, [&isp] { isp.set_silent(false); });
    case 1:  // reboots without its leases
      isp.forget();
      return for_a_while([&] { isp.set_silent(true); }, [&isp] { isp.set_silent(false); });
    case 2:
      return isp.renumber(*kOtherPool.subnet(40, dice.below(16)));
    case 3:
      return for_a_while([&] { behaviour.unspec_fail = 0.7; },
                         [&behaviour] { behaviour.unspec_fail = 0; });
    case 4:
      return for_a_while([&] { behaviour.times_inverted = true; },
                         [&behaviour] { behaviour.times_inverted = false; });
    case 5:
      return for_a_while([&] { behaviour.preferred_above_valid = true; },
                         [&behaviour] { behaviour.preferred_above_valid = false; });
    case 6:
      home.kernel().set_carrier(kWan, false);
      world.after(dice.between(milliseconds(50), seconds(30)),
                  [&home] { home.kernel().set_carrier(kWan, true); });
      return;
    case 7:
      return for_a_while([&] { isp.set_router(false); }, [&isp] { isp.set_router(true); });
    case 8:
      return home.crash();
    case 9:
      home.wan_quality = {dice.chance(0.5) ? 0.3 : 0.05, 0.1, milliseconds(1),
                          dice.chance(0.5) ? Duration(milliseconds(1500)) : milliseconds(50)};
      return;
  }
}

void end_in_peace(World& world, SimIsp& isp) {
  world.run_for(minutes(21));
  isp.set_silent(false);
  isp.behaviour().never_extends = false;
  isp.behaviour().router = true;
}

TEST(Simulation, AnyIspEndsInPeace) {
  for (const std::uint64_t seed : seeds(5)) {
    Rng dice(seed * 104729 + 1);
    Scene scene(seed, random_isp(dice));
    scene.begin();
    for (int i = 0; i < 6; ++i) {
      scene.world.run_for(dice.between(seconds(1), minutes(30)));
      happen(scene.isp, scene.home, scene.world, dice);
    }
    end_in_peace(scene.world, scene.isp);
    scene.home.wan_quality = LinkQuality{};
    scene.world.run_for(hours(3));
    expect_rest(scene, seed);
    if (HasFailure()) return;
  }
}

TEST(Simulation, TwoServersThatDisagree) {
  for (const std::uint64_t seed : seeds(4)) {
    Rng dice(seed * 7919 + 3);
    Scene scene(seed, random_isp(dice));
    IspBehaviour second = random_isp(dice);
    second.pool = *kOtherPool.subnet(40, 200);
    second.router = second.slaac = false;  // a server only
    SimIsp other(scene.world, second, 2);
    scene.home.add_server(other);
    scene.begin();
    for (int i = 0; i < 6; ++i) {
      scene.world.run_for(dice.between(seconds(1), minutes(30)));
      happen(dice.chance(0.5) ? scene.isp : other, scene.home, scene.world, dice);
      other.behaviour().router = false;
    }
    end_in_peace(scene.world, scene.isp);
    end_in_peace(scene.world, other);
    other.behaviour().router = false;
    scene.home.wan_quality = LinkQuality{};
    scene.world.run_for(hours(3));
    expect_rest(scene, seed);
    if (HasFailure()) return;
  }
}

// Without the check of the route this takes until T2, 24 minutes.
TEST(Simulation, ALostRouteIsNoticedWithinMinutes) {
  for (const std::uint64_t seed : seeds(5)) {
    IspBehaviour behaviour = usual_isp();
    behaviour.answers_echo = true;
    Scene scene(seed, behaviour);
    scene.begin();
    scene.world.run_for(minutes(1));
    scene.isp.renumber(kOtherPool);
    scene.world.run_for(minutes(8));
    expect_rest(scene, seed);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace sixgate::sim
