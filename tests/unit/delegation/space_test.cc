// SPDX-License-Identifier: Apache-2.0
#include "delegation/space.h"

#include <gtest/gtest.h>

namespace sixgate::delegation {
namespace {

Run run(const char* text) { return Run::of(*Prefix::parse(text)); }
Place place(const char* text) { return Place::of(*Ip6Address::parse(text)); }

TEST(Place, CountsOverTheHalves) {
  EXPECT_EQ(place("2001:db8::ffff:ffff:ffff:ffff") + kNextPlace, place("2001:db8:0:1::"));
  EXPECT_EQ(place("2001:db8:0:1::") - kNextPlace, place("2001:db8::ffff:ffff:ffff:ffff"));
  EXPECT_EQ(place("2001:db8:0:2::5") - place("2001:db8:0:1::6"), (Place{0, ~std::uint64_t{0}}));
  EXPECT_LT(place("2001:db8::ffff:ffff:ffff:ffff"), place("2001:db8:0:1::"));
  EXPECT_EQ(place("2001:db8::1").address(), *Ip6Address::parse("2001:db8::1"));
}

TEST(Space, BlocksOfAnyLength) {
  EXPECT_EQ(run("2001:db8::/72").last, place("2001:db8::ff:ffff:ffff:ffff"));
  EXPECT_EQ(run("2001:db8::/60").last, place("2001:db8:0:f:ffff:ffff:ffff:ffff"));
  EXPECT_EQ(run("2001:db8::1/128").first, run("2001:db8::1/128").last);
  EXPECT_EQ(run("::/0").last, place("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
}

TEST(Space, TheNearestFreeBlockOnEitherSide) {
  Space space;
  space.take(run("2001:db8::100:0:0:0/72"), 1);
  const auto whole = run("2001:db8::/64");
  EXPECT_EQ(space.lowest(whole, 72, 2), place("2001:db8::"));
  EXPECT_EQ(space.lowest(whole, 71, 2), place("2001:db8:0:0:200::"));
  EXPECT_EQ(space.nearest(whole, 72, place("2001:db8::100:0:0:0"), 2), place("2001:db8::"));
  space.take(run("2001:db8::/72"), 1);
  EXPECT_EQ(space.nearest(whole, 72, place("2001:db8::100:0:0:0"), 2), place("2001:db8:0:0:200::"));
  space.take(run("2001:db8:0:0:8000::/65"), 1);
  EXPECT_FALSE(space.lowest(whole, 65, 2));
  EXPECT_TRUE(space.is_free(run("2001:db8:0:1::/64"), 2));
}

// The end of all addresses is no place to wrap around.
TEST(Space, TheLastBlockHasNothingBehindIt) {
  Space space;
  const auto whole = run("ffff:ffff:ffff:ffff::/64");
  space.take(run("ffff:ffff:ffff:ffff:8000::/65"), 1);
  space.take(run("ffff:ffff:ffff:ffff::/65"), 1);
  EXPECT_FALSE(space.lowest(whole, 72, 2));
  EXPECT_FALSE(space.nearest(whole, 72, whole.last, 2));
  EXPECT_EQ(space.nearest(run("::/64"), 72, Place{}, 2), Place{});
}

}  // namespace
}  // namespace sixgate::delegation
