// SPDX-License-Identifier: Apache-2.0
// What the Router does when the kernel refuses something.
#include <gtest/gtest.h>

#include <algorithm>

#include "daemon/router.h"

namespace sixgate::daemon {
namespace {

constexpr Instant kRefusedAt = Instant::from_micros(1'000'000'000);

constexpr const char* kAcceptRaOfWan = "net/ipv6/conf/wan0/accept_ra";

conf::Config plain_house() {
  conf::Config config;
  conf::UplinkConfig uplink;
  uplink.name = "wan";
  uplink.interface = "wan0";
  config.uplinks.push_back(uplink);
  for (const char* interface : {"lan0", "lan1"}) {
    conf::LanConfig lan;
    lan.name = lan.interface = interface;
    lan.request.name = lan.request.interface = interface;
    config.lans.push_back(lan);
  }
  return config;
}

LinkState ready_link(const std::string& name, unsigned number) {
  LinkState link;
  link.name = name;
  link.index = number;
  link.up = link.carrier = true;
  link.mac = MacAddress({0x02, 0, 0x5e, 0, 0x53, static_cast<std::uint8_t>(number)});
  link.link_local = Ip6Address::from_halves(0xfe80000000000000, link.mac->eui64());
  return link;
}

class RouterRetry : public ::testing::Test {
 protected:
  RouterRetry() : rng(1), router(plain_house(), StoredState{}, rng, kRefusedAt) {
    picture.sysctls = {{kAcceptRaOfWan, "1"}};
  }

  // Hands the Router the picture of a kernel that refuses to change the setting, and takes everything else
  // into the picture. How often each was asked for.
  struct Asked {
    int refused = 0;
    int others = 0;
  };
  Asked settle(Instant now) {
    Asked asked;
    for (int round = 0; round < 20; ++round) {
      RouterOutputs out = router.drain();
      if (!out.changes) return asked;
      ChangeOutcome outcome{*out.changes, {}};
      for (std::size_t i = 0; i < outcome.changes.size(); ++i) {
        const auto* set = std::get_if<SetSysctl>(&outcome.changes[i]);
        if (set != nullptr && set->key == kAcceptRaOfWan) {
          ++asked.refused;
          outcome.failures.push_back({i, "Read-only file system"});
        } else {
          ++asked.others;
        }
      }
      router.applied(outcome, now);
    }
    ADD_FAILURE() << "no end of changes";
    return asked;
  }
  Asked look(Instant now) {
    router.links(links, now);
    router.kernel(picture, now);
    return settle(now);
  }

  Rng rng;
  Router router;
  KernelState picture;
  std::vector<LinkState> links{ready_link("wan0", 1), ready_link("lan0", 2)};
};

TEST_F(RouterRetry, WhatTheKernelRefusesKeepsNothingElseWaiting) {
  const Asked first = look(kRefusedAt);
  EXPECT_EQ(first.refused, 1);
  EXPECT_GT(first.others, 0);
  EXPECT_FALSE(router.desired().addresses.empty());  // of the ULA on lan0

  // A network comes at once afterwards: its address does not wait for the refused setting, which waits.
  links.push_back(ready_link("lan1", 3));
  const std::size_t before = router.desired().addresses.size();
  const Asked second = look(kRefusedAt + milliseconds(100));
  EXPECT_EQ(second.refused, 0);
  EXPECT_GT(second.others, 0);
  EXPECT_GT(router.desired().addresses.size(), before);
}

TEST_F(RouterRetry, TriesARefusedChangeAgainEverMoreSeldom) {
  look(kRefusedAt);
  Instant now = kRefusedAt;
  std::vector<Duration> pauses;
  Instant last = now;
  while (pauses.size() < 9) {
    const auto next = router.next_deadline();
    ASSERT_TRUE(next);
    now = std::max(now, *next);
    ASSERT_LT(now, kRefusedAt + hours(1));
    router.expire(now);
    if (settle(now).refused > 0) {
      pauses.push_back(now - last);
      last = now;
    }
  }
  EXPECT_EQ(pauses.front(), seconds(1));
  EXPECT_TRUE(std::is_sorted(pauses.begin(), pauses.end()));
  EXPECT_EQ(pauses.back(), seconds(60));
}

}  // namespace
}  // namespace sixgate::daemon
