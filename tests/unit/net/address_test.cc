// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "net/ip6_address.h"
#include "net/mac_address.h"
#include "net/rng.h"

namespace sixgate {
namespace {

struct Spelling {
  const char* given;
  const char* written;  // RFC 5952
};

class AddressText : public testing::TestWithParam<Spelling> {};

TEST_P(AddressText, IsReadAndWrittenTheCanonicalWay) {
  const auto address = Ip6Address::parse(GetParam().given);
  ASSERT_TRUE(address.has_value()) << GetParam().given;
  EXPECT_EQ(address->to_string(), GetParam().written);
  EXPECT_EQ(Ip6Address::parse(address->to_string()), address);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc5952, AddressText,
    testing::Values(
        // Section 4.1 leading zeros, 4.2.1 as short as possible, 4.2.2 no "::" for one group, 4.2.3 the
        // longest run and of equals the first, 4.3 lower case.
        Spelling{"2001:0db8::0001", "2001:db8::1"},
        Spelling{"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"}, Spelling{"2001:db8::0:1", "2001:db8::1"},
        Spelling{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        Spelling{"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        Spelling{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        Spelling{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        Spelling{"2001:DB8:AAAA::BbBb", "2001:db8:aaaa::bbbb"}, Spelling{"0:0:0:0:0:0:0:0", "::"},
        Spelling{"::", "::"}, Spelling{"::1", "::1"}, Spelling{"1::", "1::"},
        Spelling{"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        Spelling{"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"}, Spelling{"0:0:1:0:0:0:0:0", "0:0:1::"},
        Spelling{"ff02:0:0:0:0:0:1:2", "ff02::1:2"}, Spelling{"1:0:0:2:0:0:3:4", "1::2:0:0:3:4"},
        Spelling{"0:0:0:1:0:0:0:1", "::1:0:0:0:1"},
        // RFC 4291 section 2.2 item 3, RFC 5952 section 5.
        Spelling{"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
        Spelling{"::ffff:c000:201", "::ffff:192.0.2.1"},
        Spelling{"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
        Spelling{"0:0:0:0:0:0:13.1.68.3", "::d01:4403"},
        Spelling{"1:2:3:4:5:6:255.255.255.255", "1:2:3:4:5:6:ffff:ffff"}));

TEST(Ip6Address, RefusesWhatIsNoAddress) {
  for (const char* wrong : {"",
                            ":",
                            ":::",
                            "1",
                            "1:2:3:4:5:6:7",
                            "1:2:3:4:5:6:7:8:9",
                            "1:2:3:4:5:6:7:8::",
                            "::1:2:3:4:5:6:7:8",
                            "1::2::3",
                            "12345::",
                            "g::",
                            "::1 ",
                            " ::1",
                            "1:",
                            ":1",
                            "1:2:",
                            "::1:",
                            ":1::",
                            "1::2:",
                            "fe80::1%eth0",
                            "2001:db8::/64",
                            "1.2.3.4",
                            "::1.2.3",
                            "::1.2.3.4.5",
                            "::1.2.3.256",
                            "::01.2.3.4",
                            "::1.2.3.4:5",
                            "1.2.3.4::",
                            "1:2:3:4:5:6:7:1.2.3.4",
                            "::-1",
                            "::+1",
                            "::0x1",
                            "::1.2.3.-4",
                            "::1..3.4",
                            "[::1]"}) {
    EXPECT_EQ(Ip6Address::parse(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(Ip6Address::parse(std::string_view("::1\0", 4)), std::nullopt);
}

TEST(Ip6Address, TextOfRandomAddressesReadsBack) {
  Rng rng(std::uint64_t{5952});
  for (int i = 0; i < 20000; ++i) {
    // Groups of zero are made likely: they are what is hard.
    std::uint64_t half[2] = {0, 0};
    for (std::uint64_t& one : half) {
      for (int group = 0; group < 4; ++group) {
        one = one << 16 | (rng.below(2) == 0 ? 0 : rng.below(0x10000) >> rng.below(16));
      }
    }
    const Ip6Address address = Ip6Address::from_halves(half[0], half[1]);
    ASSERT_EQ(Ip6Address::parse(address.to_string()), address) << address.to_string();
  }
}

TEST(Ip6Address, KindsOfRfc4291) {
  const auto at = [](const char* text) { return *Ip6Address::parse(text); };
  EXPECT_TRUE(at("::").is_unspecified());
  EXPECT_TRUE(at("::1").is_loopback());
  EXPECT_TRUE(at("ff02::1").is_multicast());
  EXPECT_TRUE(at("fe80::1").is_link_local());
  EXPECT_TRUE(at("febf::1").is_link_local());
  EXPECT_FALSE(at("fec0::1").is_link_local());
  EXPECT_TRUE(at("fc00::1").is_unique_local());
  EXPECT_TRUE(at("fd12::1").is_unique_local());
  EXPECT_FALSE(at("fe00::1").is_unique_local());
  EXPECT_TRUE(at("::ffff:192.0.2.1").is_v4_mapped());
  EXPECT_TRUE(at("2001:db8::1").is_global_unicast());
  for (const char* other : {"::", "::1", "ff0e::1", "fe80::1", "fd00::1", "::ffff:192.0.2.1"}) {
    EXPECT_FALSE(at(other).is_global_unicast()) << other;
  }
  EXPECT_EQ(kAllDhcpRelayAgentsAndServers.to_string(), "ff02::1:2");
  EXPECT_EQ(kAllDhcpServers.to_string(), "ff05::1:3");
  EXPECT_EQ(kAllNodes.to_string(), "ff02::1");
  EXPECT_EQ(kAllRouters.to_string(), "ff02::2");
}

TEST(Ip6Address, OrdersAsTheNumbersTheyAre) {
  EXPECT_LT(*Ip6Address::parse("::1"), *Ip6Address::parse("::2"));
  EXPECT_LT(*Ip6Address::parse("::ffff:ffff"), *Ip6Address::parse("1::"));
  EXPECT_LT(*Ip6Address::parse("7fff::"), *Ip6Address::parse("8000::"));
  EXPECT_EQ(Ip6Address::parse("2001:db8::5")->low(), 5U);
  EXPECT_EQ(Ip6Address::parse("2001:db8::5")->high(), 0x20010db800000000U);
}

TEST(MacAddress, TextBothWays) {
  const auto mac = MacAddress::parse("02:00:5E:00:53:01");
  ASSERT_TRUE(mac.has_value());
  EXPECT_EQ(mac->to_string(), "02:00:5e:00:53:01");
  EXPECT_EQ(MacAddress::parse("02-00-5e-00-53-01"), mac);
  for (const char* wrong :
       {"", "02:00:5e:00:53", "02:00:5e:00:53:1", "02:00:5e:00:53:0g", "02005e005301",
        "02:00-5e:00:53:01", "02:00:5e:00:53:01:", "02.00.5e.00.53.01", "0:200:5e:00:53:01"}) {
    EXPECT_EQ(MacAddress::parse(wrong), std::nullopt) << wrong;
  }
}

// RFC 4291 appendix A and RFC 2464 section 4: 34-56-78-9A-BC-DE gives 36-56-78-FF-FE-9A-BC-DE.
TEST(MacAddress, InterfaceIdentifierIsTheOneOfRfc2464) {
  EXPECT_EQ(MacAddress::parse("34:56:78:9a:bc:de")->eui64(), 0x365678fffe9abcdeU);
  EXPECT_EQ(MacAddress::parse("02:00:00:00:00:01")->eui64(), 0x000000fffe000001U);
}

TEST(MacAddress, Kinds) {
  EXPECT_TRUE(MacAddress().is_zero());
  EXPECT_TRUE(MacAddress::parse("33:33:00:00:00:01")->is_multicast());
  EXPECT_FALSE(MacAddress::parse("02:00:5e:00:53:01")->is_multicast());
}

}  // namespace
}  // namespace sixgate
