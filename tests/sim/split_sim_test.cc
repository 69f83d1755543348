// SPDX-License-Identifier: Apache-2.0
// An ISP that gives one /64, and two LANs that asked for a part of it each: hosts have addresses by DHCPv6 alone.
#include <gtest/gtest.h>

#include "scene.h"

namespace sixgate::sim {
namespace {

IspBehaviour one_slash64() {
  IspBehaviour isp = usual_isp();
  isp.delegated_length = 64;
  return isp;
}

conf::Config split_lans() {
  conf::Config config = two_lans();
  config.ula.mode = conf::UlaConfig::Mode::kNone;
  for (conf::LanConfig& lan : config.lans) {
    lan.request.assign_length = 72;
    lan.addressing = conf::Addressing::kDhcpv6;
  }
  return config;
}

// Each host has one address, of its LAN's part, and two LANs never overlap.
void expect_parts(Scene& scene, std::uint64_t seed) {
  expect_rest(scene, seed);
  std::vector<Prefix> parts;
  for (std::size_t h = 0; h < scene.home.hosts().size(); ++h) {
    const auto addresses = scene.home.host(h).preferred();
    ASSERT_EQ(addresses.size(), 1U) << "seed " << seed << ", host " << h;
    const Prefix part(addresses[0], 72);
    if (h % 2 == 0)
      parts.push_back(part);
    else
      EXPECT_EQ(part, parts.back()) << "seed " << seed;
  }
  EXPECT_NE(parts[0], parts[1]) << "seed " << seed;
  EXPECT_EQ(Prefix(parts[0].address(), 64), Prefix(parts[1].address(), 64)) << "seed " << seed;
}

TEST(SplitSim, TwoLansLiveInOneSlash64) {
  for (const std::uint64_t seed : seeds(10)) {
    Scene scene(seed, one_slash64());
    scene.home.wan_quality.loss = scene.home.lan_quality.loss = seed % 2 == 0 ? 0.1 : 0;
    scene.home.reload(split_lans());
    scene.begin();
    scene.world.run_for(minutes(3));
    expect_parts(scene, seed);
    const std::string before = scene.home.summary();

    // The order of the file, and a crash, move nobody.
    conf::Config turned = split_lans();
    std::swap(turned.lans[0], turned.lans[1]);
    scene.home.reload(turned);
    scene.home.crash();
    scene.world.run_for(minutes(30));
    expect_parts(scene, seed);
    EXPECT_EQ(scene.home.summary(), before) << "seed " << seed;

    // Flash renumbering: the hosts are told by Reconfigure, or find out when they renew.
    scene.isp.renumber(kOtherPool);
    scene.world.run_for(hours(2));
    expect_parts(scene, seed);
    EXPECT_NE(scene.home.summary(), before);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace sixgate::sim
