// SPDX-License-Identifier: Apache-2.0
#include "net/prefix.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "net/rng.h"

namespace sixgate {
namespace {

Prefix at(std::string_view text) { return *Prefix::parse(text); }

TEST(Prefix, IsAlwaysMasked) {
  EXPECT_EQ(at("2001:db8::ffff/56").to_string(), "2001:db8::/56");
  EXPECT_EQ(at("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/65").to_string(),
            "ffff:ffff:ffff:ffff:8000::/65");
  EXPECT_EQ(at("2001:db8::1/0"), Prefix());
  EXPECT_EQ(at("2001:db8::1/128").to_string(), "2001:db8::1/128");
  EXPECT_EQ(Prefix(*Ip6Address::parse("2001:db8::1"), 200).length(), 128U);
}

TEST(Prefix, RefusesWhatIsNone) {
  for (const char* wrong : {"", "2001:db8::", "2001:db8::/", "2001:db8::/129", "2001:db8::/-1",
                            "2001:db8::/+1", "2001:db8::/64 ", "/64", "2001:db8::/6 4",
                            "2001:db8::/64/64", "2001:db8::/99999999999999999999", "x::/64"}) {
    EXPECT_EQ(Prefix::parse(wrong), std::nullopt) << wrong;
  }
}

TEST(Prefix, ContainsAndOverlaps) {
  EXPECT_TRUE(at("2001:db8::/56").contains(at("2001:db8:0:ff::/64")));
  EXPECT_TRUE(at("2001:db8::/56").contains(at("2001:db8::/56")));
  EXPECT_FALSE(at("2001:db8::/56").contains(at("2001:db8::/48")));
  EXPECT_FALSE(at("2001:db8::/56").contains(at("2001:db8:0:100::/64")));
  EXPECT_TRUE(at("2001:db8::/64").overlaps(at("2001:db8::/48")));
  EXPECT_FALSE(at("2001:db8::/64").overlaps(at("2001:db8:0:1::/64")));
  EXPECT_TRUE(Prefix().contains(*Ip6Address::parse("::1")));
  EXPECT_TRUE(kUniqueLocal.contains(*Ip6Address::parse("fdff::1")));
  EXPECT_FALSE(kLinkLocal.contains(*Ip6Address::parse("fec0::1")));
}

TEST(Prefix, SubnetsByIndex) {
  const Prefix home = at("2001:db8:0:ab00::/56");
  EXPECT_EQ(home.subnet(64, 0), at("2001:db8:0:ab00::/64"));
  EXPECT_EQ(home.subnet(64, 0x2f), at("2001:db8:0:ab2f::/64"));
  EXPECT_EQ(home.subnet(64, 255), at("2001:db8:0:abff::/64"));
  EXPECT_EQ(home.subnet(64, 256), std::nullopt);
  EXPECT_EQ(home.subnet(60, 15), at("2001:db8:0:abf0::/60"));
  EXPECT_EQ(home.subnet(56, 0), home);
  EXPECT_EQ(home.subnet(56, 1), std::nullopt);
  EXPECT_EQ(home.subnet(48, 0), std::nullopt);
  EXPECT_EQ(home.subnet(129, 0), std::nullopt);
  EXPECT_EQ(at("2001:db8::/63").subnet(65, 3), at("2001:db8:0:1:8000::/65"));
  EXPECT_EQ(at("2001:db8::/64").subnet(128, std::numeric_limits<std::uint64_t>::max()),
            at("2001:db8::ffff:ffff:ffff:ffff/128"));
  EXPECT_EQ(Prefix().subnet(0, 0), Prefix());
  EXPECT_EQ(Prefix().subnet(0, 1), std::nullopt);
  EXPECT_EQ(Prefix().subnet(64, std::numeric_limits<std::uint64_t>::max()),
            at("ffff:ffff:ffff:ffff::/64"));
}

TEST(Prefix, CountsSubnets) {
  EXPECT_EQ(at("2001:db8::/56").subnet_count(64), 256U);
  EXPECT_EQ(at("2001:db8::/64").subnet_count(64), 1U);
  EXPECT_EQ(at("2001:db8::/64").subnet_count(56), 0U);
  EXPECT_EQ(Prefix().subnet_count(63), std::uint64_t{1} << 63);
  EXPECT_EQ(Prefix().subnet_count(64), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(Prefix().subnet_count(129), 0U);
}

TEST(Prefix, IteratesOverSubnets) {
  std::vector<std::string> seen;
  for (const Prefix subnet : at("2001:db8::/62").subnets(64)) seen.push_back(subnet.to_string());
  EXPECT_EQ(seen, (std::vector<std::string>{"2001:db8::/64", "2001:db8:0:1::/64",
                                            "2001:db8:0:2::/64", "2001:db8:0:3::/64"}));
  for (const Prefix subnet : at("2001:db8::/64").subnets(62)) FAIL() << subnet.to_string();
}

TEST(Prefix, SuffixesFillTheRest) {
  EXPECT_EQ(at("2001:db8:0:5::/64").with_suffix(*Ip6Address::parse("::1")).to_string(),
            "2001:db8:0:5::1");
  EXPECT_EQ(at("2001:db8::/60").with_suffix(*Ip6Address::parse("ffff::f:1:2:3:4")).to_string(),
            "2001:db8:0:f:1:2:3:4");
  EXPECT_EQ(at("2001:db8::1/128").with_suffix(*Ip6Address::parse("::2")).to_string(),
            "2001:db8::1");
  EXPECT_EQ(Prefix().with_suffix(*Ip6Address::parse("1::2")).to_string(), "1::2");
}

TEST(Prefix, EndsWithTheAddressOfAllOnes) {
  EXPECT_EQ(at("2001:db8::/60").last_address().to_string(), "2001:db8:0:f:ffff:ffff:ffff:ffff");
  EXPECT_EQ(at("2001:db8::4/126").last_address().to_string(), "2001:db8::7");
  EXPECT_EQ(at("2001:db8::1/128").last_address().to_string(), "2001:db8::1");
  EXPECT_EQ(Prefix().last_address().to_string(), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

TEST(Prefix, OrdersBeforeItsOwnSubnets) {
  EXPECT_LT(at("2001:db8::/48"), at("2001:db8::/64"));
  EXPECT_LT(at("2001:db8::/64"), at("2001:db8:0:1::/64"));
}

// subnet and subnet_index undo each other, and subnets of one length neither overlap nor leave the whole.
TEST(Prefix, SubnetArithmeticHoldsForRandomPrefixes) {
  Rng rng(std::uint64_t{4291});
  for (int i = 0; i < 20000; ++i) {
    const auto length = static_cast<unsigned>(rng.below(129));
    const auto longer = length + static_cast<unsigned>(rng.below(129 - length));
    const Prefix whole(Ip6Address::from_halves(rng.u64(), rng.u64()), length);
    const std::uint64_t count = whole.subnet_count(longer);
    const std::uint64_t index =
        count == std::numeric_limits<std::uint64_t>::max() ? rng.u64() : rng.below(count);
    const auto subnet = whole.subnet(longer, index);
    ASSERT_TRUE(subnet.has_value()) << whole.to_string() << " " << longer << " " << index;
    ASSERT_EQ(subnet->length(), longer);
    ASSERT_TRUE(whole.contains(*subnet));
    ASSERT_EQ(whole.subnet_index(*subnet), index)
        << whole.to_string() << " " << subnet->to_string();
    ASSERT_EQ(Prefix::parse(subnet->to_string()), *subnet);
    ASSERT_EQ(Prefix(whole.with_suffix(subnet->address()), longer), *subnet);
    const auto other = whole.subnet(longer, index ^ 1);
    if (other && index / 2 * 2 + 1 < count) {
      ASSERT_FALSE(subnet->overlaps(*other)) << whole.to_string() << " " << longer;
    }
  }
  EXPECT_EQ(at("2001:db8::/64").subnet_index(at("2001:db8:1::/80")), std::nullopt);
}

}  // namespace
}  // namespace sixgate
