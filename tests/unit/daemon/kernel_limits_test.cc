// SPDX-License-Identifier: Apache-2.0
// Values that the kernel rounds, caps or refuses, as seen on Linux 6.18 with 250 ticks a second: nothing may
// be asked of it again and again because it shows another value than it was given.
#include <gtest/gtest.h>

#include "daemon/desired_state.h"
#include "daemon/reconcile.h"

namespace sixgate::daemon {
namespace {

constexpr Instant kAskedAt = Instant::from_micros(1'000'000'000);
constexpr const char* kRetrans = "net/ipv6/neigh/wan0/retrans_time_ms";
constexpr const char* kReachable = "net/ipv6/neigh/wan0/base_reachable_time_ms";
constexpr const char* kAcceptRa = "net/ipv6/conf/wan0/accept_ra";

std::size_t changes(const DesiredState& desired, const KernelState& kernel) {
  return difference(desired, kernel, desired.ruleset, Removal::kAllowed, kAskedAt).size();
}

// A route with 400 days to live shows 21474836 s, INT_MAX hundredths of a second.
TEST(KernelLimits, RoutesLiveLongerThanTheKernelCanShow) {
  KernelRoute want;
  want.interface = "wan0";
  want.expires = kAskedAt + seconds(400 * 86400);
  KernelRoute shown = want;
  shown.expires = kAskedAt + seconds(21474836);
  DesiredState desired;
  desired.routes = {want};
  KernelState kernel;
  kernel.routes = {shown};
  EXPECT_EQ(changes(desired, kernel), 0U);
  kernel.routes[0].expires = kAskedAt + seconds(100 * 86400);
  EXPECT_EQ(changes(desired, kernel), 1U);
  kernel.routes[0] = shown;
  desired.routes[0].expires = Instant::never();
  EXPECT_EQ(changes(desired, kernel), 1U);
}

// 1001 written reads 1004.
TEST(KernelLimits, MillisecondsComeBackInTicks) {
  DesiredState desired;
  desired.sysctls[kRetrans] = "1001";
  KernelState kernel;
  kernel.sysctls[kRetrans] = "1004";
  EXPECT_EQ(changes(desired, kernel), 0U);
  for (const char* other : {"1000", "1011", "x"}) {
    kernel.sysctls[kRetrans] = other;
    EXPECT_EQ(changes(desired, kernel), 1U) << other;
  }
}

class UplinkSettings : public ::testing::Test {
 protected:
  UplinkSettings() {
    config.uplinks.resize(1);
    config.uplinks[0].name = "wan";
    config.uplinks[0].interface = "wan0";
    link.name = "wan0";
    link.index = 1;
    link.up = true;
  }
  DesiredState derive_with(const LinkState* present) {
    House house;
    house.config = &config;
    UplinkView view;
    view.config = &config.uplinks[0];
    view.link = present;
    view.heard = &heard;
    view.lease = &lease;
    house.uplinks.push_back(view);
    return derive(house, kAskedAt);
  }
  conf::Config config;
  LinkState link;
  ra::Heard heard;
  dhcp6::Lease lease;
};

// 3000000000 is refused with EINVAL.
TEST_F(UplinkSettings, TimesThatTheKernelRefusesAreNotTaken) {
  heard.retrans = milliseconds(0xffffffff);
  heard.reachable = milliseconds(3600000);
  const DesiredState state = derive_with(&link);
  EXPECT_FALSE(state.sysctls.contains(kRetrans));
  EXPECT_EQ(state.sysctls.at(kReachable), "3600000");
}

TEST_F(UplinkSettings, TheKernelDoesNotListenWhenTheLinkComesUp) {
  EXPECT_EQ(derive_with(nullptr).sysctls.at(kAcceptRa), "0");
  // Asked for as soon as the interface is there, up or not; nothing is asked of an absent one.
  KernelState kernel;
  kernel.sysctls[kAcceptRa] = "1";
  EXPECT_EQ(changes(derive_with(nullptr), kernel), 1U);
  EXPECT_EQ(changes(derive_with(nullptr), KernelState{}), 0U);
}

}  // namespace
}  // namespace sixgate::daemon
