// SPDX-License-Identifier: Apache-2.0
#include "daemon/address_announcer.h"

#include <gtest/gtest.h>

#include "router_run.h"

namespace sixgate::daemon {
namespace {

using testing::address;
using testing::isp_router;
using testing::RouterRun;

TEST(Conformance, Row_9131_01_ANewAddressOfTheUplinkIsAnnouncedToItsRouters) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  const Ip6Address leased = address("2001:db8:ffff::7");
  ASSERT_EQ(run.announcements.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& one = run.announcements[i];
    EXPECT_EQ(one.said.target, leased);
    EXPECT_FALSE(one.said.override_cache);
    EXPECT_FALSE(one.said.solicited);
    EXPECT_EQ(one.packet.interface, "wan0");
    EXPECT_EQ(one.packet.destination, kAllRouters);
    EXPECT_EQ(one.packet.source, leased);
    ASSERT_EQ(ra::find_all<ra::TargetLinkLayerAddress>(one.said.options).size(), 1U);
    if (i > 0) {
      EXPECT_GE(one.at - run.announcements[i - 1].at, seconds(1));
    }
  }
  // What is known already is not said again: a renewal, or a start with the address there.
  run.run_for(hours(1));
  EXPECT_EQ(run.announcements.size(), 3U);
  run.start(run.memory);
  run.hear(isp_router(true, true));
  run.run_for(minutes(1));
  EXPECT_EQ(run.announcements.size(), 3U);
}

TEST(AddressAnnouncer, SaysNothingOfATentativeOrALostAddress) {
  AddressAnnouncer announcer;
  const Instant now = testing::kNow;
  announcer.look({}, now);
  announcer.look({address("2001:db8::1")}, now);
  EXPECT_EQ(announcer.due(seconds(1), now).size(), 1U);
  EXPECT_TRUE(announcer.due(seconds(1), now + milliseconds(999)).empty());
  announcer.look({}, now + milliseconds(999));
  EXPECT_TRUE(announcer.due(seconds(1), now + seconds(2)).empty());
  EXPECT_FALSE(announcer.next_deadline().has_value());
}

}  // namespace
}  // namespace sixgate::daemon
