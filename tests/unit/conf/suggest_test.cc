// SPDX-License-Identifier: Apache-2.0
#include "conf/suggest.h"

#include <gtest/gtest.h>

#include <array>

namespace sixgate::conf {
namespace {

TEST(Suggest, Distances) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("lan", "lna"), 1U);
  EXPECT_EQ(edit_distance("ip6asign", "ip6assign"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Suggest, OnlyNearWords) {
  constexpr std::array<std::string_view, 3> known{"ip6assign", "ip6hint", "zone"};
  EXPECT_EQ(suggestion("ip6assing", known), "; did you mean \"ip6assign\"?");
  EXPECT_EQ(suggestion("hint", known), "; did you mean \"ip6hint\"?");
  EXPECT_EQ(suggestion("completely", known), "");
  EXPECT_EQ(suggestion("", known), "");
  EXPECT_EQ(suggestion("ZONE", known), "; did you mean \"zone\"?");
  EXPECT_EQ(suggestion("zona", known), "; did you mean \"zone\"?");
  EXPECT_EQ(suggestion("mode", known), "") << "two letters of four";
  constexpr std::array<std::string_view, 3> others{"ports", "protocol", "ntp"};
  EXPECT_EQ(suggestion("proto", others), "; did you mean \"protocol\"?");
  EXPECT_EQ(suggestion("port", others), "; did you mean \"ports\"?");
  EXPECT_EQ(suggestion("ip", others), "");
}

}  // namespace
}  // namespace sixgate::conf
