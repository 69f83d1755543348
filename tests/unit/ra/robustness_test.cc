// SPDX-License-Identifier: Apache-2.0
// What is on the wire octet by octet, how much of it there is, and NAT64 prefixes that are not (RFC 4861, RFC
// 7772, RFC 8781).
#include <gtest/gtest.h>

#include "tests/unit/ra/support.h"

namespace sixgate::ra::test {
namespace {

TEST(Conformance, Row_4861_R_30_HopLimitIs64AndReservedBitsAreZero) {
  Lan lan;
  lan.configure(home());
  lan.run_for(seconds(5));
  ASSERT_FALSE(lan.sent.empty());
  const std::vector<std::uint8_t> octets = to_bytes(lan.sent[0].message);
  EXPECT_EQ(octets[0], 134);
  EXPECT_EQ(octets[1], 0);
  EXPECT_EQ(octets[4], 64);
  // M, O, H, Prf, P; the two that are left are nobody's.
  EXPECT_EQ(octets[5] & 0x03, 0);
  Advertisement other = home();
  other.settings.hop_limit = 0;  // "unspecified by this router"
  lan.configure(other);
  lan.run_for(seconds(20));
  EXPECT_EQ(to_bytes(lan.sent.back().message)[4], 0);
}

TEST(Conformance, Row_7772_03_BurstsLastAMinuteAtMost) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Lan lan(seed);
    lan.configure(home());
    lan.run_for(hours(1));
    const std::size_t before = lan.multicasts().size();
    Advertisement changed = home();
    changed.other = !changed.other;
    lan.configure(changed);
    const Instant at = lan.now;
    lan.run_for(hours(1));
    std::size_t quick = 0;
    const std::vector<Sent> sent = lan.multicasts();
    for (std::size_t i = before; i < sent.size(); ++i) quick += sent[i].at <= at + minutes(1);
    EXPECT_GE(quick, 3U);
    EXPECT_LE(quick, 4U);
    // After that, nobody hears from us again before MinRtrAdvInterval.
    for (std::size_t i = before + quick + 1; i < sent.size(); ++i) {
      EXPECT_GE(sent[i].at - sent[i - 1].at, home().settings.min_interval);
    }
  }
}

TEST(Conformance, Row_8781_04_AMalformedNat64PrefixIsIgnoredTheRestIsNot) {
  const auto with = [](std::string_view option) {
    // Hop limit 64, router lifetime 1800, an MTU option behind the one under test.
    std::vector<std::uint8_t> packet = bytes("86000000400007080000000000000000");
    const std::vector<std::uint8_t> middle = bytes(option);
    packet.insert(packet.end(), middle.begin(), middle.end());
    const std::vector<std::uint8_t> mtu = bytes("0501000000000578");
    packet.insert(packet.end(), mtu.begin(), mtu.end());
    return packet;
  };
  const auto hear = [&](std::string_view option) {
    Wan wan;
    wan.listener.set_link_mtu(1500);
    const std::vector<std::uint8_t> packet = with(option);
    wan.listener.receive({packet, ip("fe80::1"), kAllNodes, 255}, wan.now);
    EXPECT_EQ(wan.listener.heard().mtu, 1400U);
    return wan.listener.heard().pref64;
  };
  const auto good = hear("260207080064ff9b0000000000000000");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->prefix, prefix("64:ff9b::/96"));
  EXPECT_EQ(good->until, kStart + seconds(1800));
  EXPECT_FALSE(hear("2602070e0064ff9b0000000000000000"));                  // PLC 6
  EXPECT_FALSE(hear("2602070f0064ff9b0000000000000000"));                  // PLC 7
  EXPECT_FALSE(hear("260107080064ff9b"));                                  // length 1
  EXPECT_FALSE(hear("260307080064ff9b00000000000000000000000000000000"));  // length 3
  EXPECT_FALSE(hear("260200000064ff9b0000000000000000"));                  // lifetime 0
}

}  // namespace
}  // namespace sixgate::ra::test
