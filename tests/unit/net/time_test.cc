// SPDX-License-Identifier: Apache-2.0
#include "net/time.h"

#include <gtest/gtest.h>

#include <optional>

namespace sixgate {
namespace {

constexpr Instant kNow = Instant::from_micros(1'000'000'000);

TEST(Instant, AdditionSaturatesAtNever) {
  EXPECT_TRUE((Instant::never() + seconds(1)).is_never());
  EXPECT_TRUE((Instant::never() - seconds(1)).is_never());
  EXPECT_TRUE((kNow + Duration::max()).is_never());
  EXPECT_EQ(kNow + seconds(5) - seconds(5), kNow);
  EXPECT_EQ((kNow + seconds(5)) - kNow, seconds(5));
  EXPECT_EQ(Instant::never() - kNow, Duration::max());
  EXPECT_LT(kNow, Instant::never());
}

TEST(Lifetime, AllOnesIsInfinity) {
  EXPECT_TRUE(Lifetime(0xffffffff).is_infinite());
  EXPECT_EQ(Lifetime(0xffffffff), Lifetime::infinite());
  EXPECT_FALSE(Lifetime(0xfffffffe).is_infinite());
  EXPECT_LT(Lifetime(0xfffffffe), Lifetime::infinite());
  EXPECT_TRUE(Lifetime().is_zero());
}

TEST(Lifetime, BecomesAnInstantAndBack) {
  EXPECT_TRUE(expiry(kNow, Lifetime::infinite()).is_never());
  EXPECT_EQ(expiry(kNow, Lifetime(10)), kNow + seconds(10));
  EXPECT_EQ(remaining(Instant::never(), kNow), Lifetime::infinite());
  EXPECT_EQ(remaining(kNow + seconds(10), kNow), Lifetime(10));
  EXPECT_EQ(remaining(kNow, kNow), Lifetime(0));
  EXPECT_EQ(remaining(kNow - seconds(1), kNow), Lifetime(0));
}

// Nobody is promised more than there is, and a long but finite time never turns into infinity.
TEST(Lifetime, WhatIsLeftIsRoundedDown) {
  EXPECT_EQ(remaining(kNow + milliseconds(9999), kNow), Lifetime(9));
  EXPECT_EQ(remaining(kNow + milliseconds(999), kNow), Lifetime(0));
  EXPECT_EQ(remaining(kNow + seconds(0xffffffff), kNow), Lifetime(0xfffffffe));
  EXPECT_EQ(remaining(kNow + hours(24 * 365 * 1000), kNow), Lifetime(0xfffffffe));
}

TEST(Deadline, TheEarlierOfTwo) {
  const std::optional<Instant> none;
  const std::optional<Instant> soon = kNow;
  const std::optional<Instant> late = kNow + seconds(1);
  EXPECT_EQ(earlier(none, none), none);
  EXPECT_EQ(earlier(soon, none), soon);
  EXPECT_EQ(earlier(none, late), late);
  EXPECT_EQ(earlier(soon, late), soon);
  EXPECT_EQ(earlier(late, soon), soon);
}

}  // namespace
}  // namespace sixgate
