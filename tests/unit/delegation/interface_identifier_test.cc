// SPDX-License-Identifier: Apache-2.0
#include "delegation/interface_identifier.h"

#include <gtest/gtest.h>

#include <set>

namespace sixgate::delegation {
namespace {

using Kind = InterfaceIdPolicy::Kind;

Prefix prefix(const char* text) { return *Prefix::parse(text); }

StableSecret secret(std::uint8_t fill) {
  StableSecret s;
  s.fill(fill);
  return s;
}

TEST(InterfaceIdPolicy, ReadsWhatUsersWrite) {
  EXPECT_EQ(*InterfaceIdPolicy::parse("::1"), InterfaceIdPolicy());
  EXPECT_EQ(InterfaceIdPolicy::parse("::beef:1")->fixed.low(), 0xbeef0001U);
  EXPECT_EQ(InterfaceIdPolicy::parse("eui64")->kind, Kind::kEui64);
  EXPECT_EQ(InterfaceIdPolicy::parse("stable")->kind, Kind::kStable);
  EXPECT_EQ(InterfaceIdPolicy::parse("random")->kind, Kind::kRandom);
  for (const char* text : {"::1", "::1:2:3:4", "eui64", "stable", "random"}) {
    EXPECT_EQ(InterfaceIdPolicy::parse(text)->to_string(), text);
  }
}

// netifd turns these into ::1 without a word.
TEST(InterfaceIdPolicy, RefusesWhatCannotBeAnIdentifier) {
  EXPECT_FALSE(InterfaceIdPolicy::parse("2001:db8::1").has_value());
  EXPECT_NE(InterfaceIdPolicy::parse("2001:db8::1").error().message.find("::1"), std::string::npos);
  for (const char* text :
       {"", "1", "::", "eui-64", "::fdff:ffff:ffff:ff80", "::200:5eff:fe00:5213"}) {
    EXPECT_FALSE(InterfaceIdPolicy::parse(text).has_value()) << text;
  }
}

TEST(InterfaceIdentifier, KnowsTheReservedOnes) {
  for (const std::uint64_t id :
       {0x0ULL, 0x02005efffe000000ULL, 0x02005efffe005213ULL, 0x02005efffeffffffULL,
        0xfdffffffffffff80ULL, 0xffffffffffffffffULL}) {
    EXPECT_TRUE(is_reserved_interface_id(id)) << std::hex << id;
  }
  for (const std::uint64_t id : {0x1ULL, 0x02005efffdffffffULL, 0x02005effff000000ULL,
                                 0xfdffffffffffff7fULL, 0x02005efffe000000ULL - 1}) {
    EXPECT_FALSE(is_reserved_interface_id(id)) << std::hex << id;
  }
}

TEST(InterfaceIdentifier, MakesEachKind) {
  Rng rng(1);
  const MacAddress mac = *MacAddress::parse("02:00:5e:10:00:01");
  const Prefix p = prefix("2001:db8:0:7::/64");
  const auto make = [&](const char* policy, const MacAddress* m, unsigned dad) {
    return make_address(p, *InterfaceIdPolicy::parse(policy), m, "eth0", secret(1), dad, rng);
  };
  EXPECT_EQ(make("::1", &mac, 0).to_string(), "2001:db8:0:7::1");
  EXPECT_EQ(make("eui64", &mac, 0).to_string(), "2001:db8:0:7:0:5eff:fe10:1");
  EXPECT_EQ(make("eui64", nullptr, 0), make("stable", nullptr, 0));
  EXPECT_EQ(make("eui64", &mac, 1), make("stable", &mac, 1));
  EXPECT_NE(make("random", &mac, 0), make("random", &mac, 0));
  EXPECT_EQ(make("random", &mac, 0).high(), p.address().high());
}

TEST(InterfaceIdentifier, IsTheHashOfRfc7217) {
  // Computed with another implementation of SHA-256 over
  // 20010db800010002 "eth0" 00 00000000 and 32 times 0x2a, last 8 octets.
  EXPECT_EQ(stable_interface_id(prefix("2001:db8:1:2::/64"), "eth0", secret(0x2a), 0),
            0xa3a6deac84a7f819ULL);
}

// In less than a /64 as many bits are used as there are.
TEST(InterfaceIdentifier, IsCutToTheBitsThatALongerPrefixLeaves) {
  const Prefix part = prefix("2001:db8:0:7:aa00::/72");
  const MacAddress mac = *MacAddress::parse("02:00:5e:10:00:01");
  Rng rng(1);
  const auto make = [&](const char* policy, const Prefix& on_link, unsigned dad_counter = 0) {
    return make_address(on_link, InterfaceIdPolicy::parse(policy).value(), &mac, "eth0", secret(7),
                        dad_counter, rng);
  };
  EXPECT_EQ(make("::1", part).to_string(), "2001:db8:0:7:aa00::1");
  EXPECT_EQ(make("eui64", part).to_string(), "2001:db8:0:7:aa00:5eff:fe10:1");
  for (const char* policy : {"stable", "random"}) {
    for (unsigned i = 0; i < 200; ++i) {
      const Ip6Address in_part = make(policy, part, i);
      EXPECT_TRUE(part.contains(in_part)) << in_part.to_string();
      // RFC 2526 section 2: the 128 highest are anycast; and zero is the routers'.
      const Prefix small = prefix("2001:db8:0:7::1234:0/112");
      const Ip6Address in_small = make(policy, small, i);
      EXPECT_TRUE(small.contains(in_small)) << in_small.to_string();
      EXPECT_NE(small.interface_id(in_small), 0U);
      EXPECT_LT(small.interface_id(in_small), 0xff80U);
    }
  }
  // Two parts of one /64 are two prefixes.
  EXPECT_NE(stable_interface_id(prefix("2001:db8:0:7:100::/72"), "eth0", secret(7), 0),
            stable_interface_id(prefix("2001:db8:0:7:200::/72"), "eth0", secret(7), 0));
}

TEST(Conformance, Row_7217_01_StableOpaquePerPrefix) {
  const Prefix one = prefix("2001:db8:1:2::/64");
  const Prefix two = prefix("2001:db8:1:3::/64");
  const std::uint64_t id = stable_interface_id(one, "eth0", secret(7), 0);
  EXPECT_EQ(stable_interface_id(one, "eth0", secret(7), 0), id) << "a restart changes nothing";
  EXPECT_NE(stable_interface_id(two, "eth0", secret(7), 0), id) << "another prefix";
  EXPECT_NE(stable_interface_id(one, "eth1", secret(7), 0), id) << "another interface";
  EXPECT_NE(stable_interface_id(one, "eth0", secret(8), 0), id) << "another key";
  EXPECT_NE(stable_interface_id(one, "eth0", secret(7), 1), id) << "after a conflict";

  std::set<std::uint64_t> seen;
  Rng rng(7217);
  StableSecret key;
  const MacAddress mac = *MacAddress::parse("02:00:5e:10:00:01");
  for (int i = 0; i < 1000; ++i) {
    rng.fill(key);
    const Ip6Address address =
        make_address(one, InterfaceIdPolicy::stable(), &mac, "eth0", key, 0, rng);
    seen.insert(address.low());
    EXPECT_NE(address.low(), mac.eui64());
    EXPECT_FALSE(is_reserved_interface_id(address.low()));
  }
  EXPECT_EQ(seen.size(), 1000U);
}

}  // namespace
}  // namespace sixgate::delegation
