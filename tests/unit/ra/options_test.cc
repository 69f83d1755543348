// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "net/text.h"
#include "tests/unit/ra/support.h"

namespace sixgate::ra {
namespace {

using namespace test;

std::string hex(const Option& option) {
  std::vector<std::uint8_t> out;
  ByteWriter writer(out);
  emit_option(option, writer);
  return to_hex(out);
}

Options parsed(std::string_view text) {
  const auto octets = bytes(text);
  ByteReader reader(octets);
  auto options = parse_options(reader);
  EXPECT_TRUE(options) << text;
  return options ? *options : Options{};
}

// One option both ways.
void both_ways(const Option& option, std::string_view wire) {
  EXPECT_EQ(hex(option), wire);
  EXPECT_EQ(parsed(wire), Options{option}) << wire;
}

void malformed(std::string_view wire) {
  const Options options = parsed(wire);
  ASSERT_EQ(options.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<MalformedOption>(options[0])) << wire;
  EXPECT_EQ(hex(options[0]), wire);
}

TEST(Options, LinkLayerAddresses) {
  both_ways(SourceLinkLayerAddress(MacAddress({2, 0, 0x5e, 0, 0x53, 1})), "010102005e005301");
  both_ways(TargetLinkLayerAddress(MacAddress({2, 0, 0x5e, 0, 0x53, 1})), "020102005e005301");
  const Options infiniband = parsed("0103" + std::string(44, '7'));
  EXPECT_EQ(find<SourceLinkLayerAddress>(infiniband)->octets.size(), 22U);
  EXPECT_FALSE(find<SourceLinkLayerAddress>(infiniband)->mac());
}

TEST(Options, PrefixInformation) {
  PrefixInformation option;
  option.prefix = prefix("2001:db8:1:2::/64");
  option.on_link = option.autonomous = true;
  option.valid = Lifetime(5400);
  option.preferred = Lifetime(2700);
  both_ways(option, "030440c00000151800000a8c0000000020010db8000100020000000000000000");
  option.autonomous = false;
  option.delegation_preferred = true;
  option.valid = option.preferred = Lifetime::infinite();
  both_ways(option, "03044090ffffffffffffffff0000000020010db8000100020000000000000000");
  option.router_address = ip("2001:db8:1:2::7");
  both_ways(option, "030440b0ffffffffffffffff0000000020010db8000100020000000000000007");
  // Bits beyond the length mean nothing without R.
  const Options dirty = parsed("03043cc00000151800000a8c0000000020010db80001002fffffffffffffffff");
  EXPECT_EQ(find<PrefixInformation>(dirty)->prefix, prefix("2001:db8:1:20::/60"));
  malformed("030481c00000151800000a8c0000000020010db8000100020000000000000000");
  malformed("030340c00000151800000a8c0000000020010db800010002");
}

TEST(Options, Mtu) {
  both_ways(Mtu{1492}, "05010000000005d4");
  malformed("05020000000005d40000000000000000");
}

TEST(Options, OfMobileIp) {
  both_ways(AdvertisementInterval{milliseconds(4000)}, "0701000000000fa0");
  both_ways(HomeAgentInformation{10, seconds(1800)}, "08010000000a0708");
  malformed("07020000000000000000000000000000");
}

TEST(Options, RouteInformation) {
  both_ways(RouteInformation{prefix("::/0"), RouterPreference::kHigh, Lifetime(60)},
            "180100080000003c");
  both_ways(RouteInformation{prefix("2001:db8::/56"), RouterPreference::kLow, Lifetime(5400)},
            "180238180000151820010db800000000");
  both_ways(RouteInformation{prefix("fd00:1::/96"), RouterPreference::kMedium, Lifetime(0)},
            "1803600000000000fd000001000000000000000000000000");
  // Reserved preference: kept, so that its receiver ignores it knowingly.
  both_ways(RouteInformation{prefix("2001:db8::/56"), std::nullopt, Lifetime(5400)},
            "180238100000151820010db800000000");
  malformed("1801381800001518");
  malformed("180260180000151820010db800000000");
  malformed("180281180000151820010db800000000");
}

TEST(Options, RecursiveDnsServers) {
  both_ways(RecursiveDnsServers{Lifetime(600), {ip("2001:db8::53"), ip("fe80::53")}},
            "190500000000025820010db8000000000000000000000053fe800000000000000000000000000053");
  malformed("1901000000000258");
  malformed("190400000000025820010db80000000000000000000000530000000000000000");
}

TEST(Options, DnsSearchList) {
  both_ways(DnsSearchList{Lifetime(600), {name("home.arpa")}},
            "1f03000000000258"
            "04686f6d65046172706100"
            "0000000000");
  malformed("1f01000000000258");
  malformed(
      "1f02000000000258"
      "0000000000000000");  // no name
  malformed(
      "1f02000000000258"
      "c00c000000000000");  // compression
  malformed(
      "1f02000000000258"
      "4061616161616161");  // label of 64
  malformed(
      "1f02000000000258"
      "0161000161010161");  // the last name does not end
}

TEST(Options, Pref64) {
  both_ways(Pref64{prefix("64:ff9b::/96"), 225},
            "2602"
            "0708"
            "0064ff9b0000000000000000");
  both_ways(Pref64{prefix("2001:db8:64::/64"), 1},
            "2602"
            "0009"
            "20010db80064000000000000");
  both_ways(Pref64{prefix("2001:db8::/32"), 8191},
            "2602"
            "fffd"
            "20010db80000000000000000");
  malformed(
      "2602"
      "000e"
      "20010db80064000000000000");
  malformed(
      "2602"
      "000f"
      "20010db80064000000000000");
  malformed(
      "2601"
      "0008"
      "20010db8");
  malformed(
      "2603"
      "0008"
      "20010db80064000000000000"
      "0000000000000000");
}

TEST(Options, Pref64LifetimeIsRoundedUp) {
  EXPECT_EQ(Pref64::scaled(Lifetime(1800)), 225);
  EXPECT_EQ(Pref64::scaled(Lifetime(5)), 1);
  EXPECT_EQ(Pref64::scaled(Lifetime(0)), 0);
  EXPECT_EQ(Pref64::scaled(Lifetime(65528)), 8191);
  EXPECT_EQ(Pref64::scaled(Lifetime(65529)), 8191);
  EXPECT_EQ(Pref64::scaled(Lifetime::infinite()), 8191);
  EXPECT_EQ((Pref64{prefix("64:ff9b::/96"), 225}.seconds_left()), Lifetime(1800));
}

TEST(Options, CaptivePortal) {
  both_ways(CaptivePortal{"https://a.example/"},
            "2503"
            "68747470733a2f2f612e6578616d706c652f"
            "00000000");
  malformed(
      "2501"
      "680000000074");
  malformed(
      "2501"
      "000000000000");
}

TEST(Options, EncryptedDns) {
  EncryptedDns option;
  option.priority = 1;
  option.lifetime = Lifetime(1800);
  option.name = name("dot.example");
  both_ways(option,
            "9003"
            "0001"
            "00000708"
            "000d"
            "03646f74076578616d706c6500"
            "00");
  option.addresses = {ip("2001:db8::53")};
  option.service_parameters = {0, 1, 0, 4, 3, 'd', 'o', 't'};
  both_ways(option,
            "9007"
            "0001"
            "00000708"
            "000d"
            "03646f74076578616d706c6500"
            "0010"
            "20010db8000000000000000000000053"
            "0008"
            "0001000403646f74"
            "0000000000");
  malformed(
      "9002"
      "0001"
      "00000708"
      "00ff"
      "036100000000");  // ADN beyond the end
  malformed(
      "9003"
      "0001"
      "00000708"
      "0003"
      "016100"
      "0011"
      "000000000000000000");  // address length
  malformed(
      "9002"
      "0001"
      "00000708"
      "0004"
      "01610000"
      "0000");  // more than a name
}

TEST(Options, OthersAreKept) {
  both_ways(UnknownOption{250, bytes("0102030405060708090a0b0c0d0e")},
            "fa020102030405060708090a0b0c0d0e");
}

TEST(Options, OneBadOptionDoesNotHarmTheOthers) {
  const Options options = parsed(
      "05010000000005d4"
      "1901000000000258"
      "010102005e005301");
  ASSERT_EQ(options.size(), 3U);
  EXPECT_TRUE(find<Mtu>(options));
  EXPECT_TRUE(find<SourceLinkLayerAddress>(options));
  EXPECT_EQ(std::string_view(find<MalformedOption>(options)->why), "RDNSS of a wrong length");
}

TEST(Options, AWrongLengthSpoilsTheMessageAndIsNamed) {
  const auto error = [](std::string_view text) {
    const auto octets = bytes(text);
    ByteReader reader(octets, 16);
    const auto options = parse_options(reader);
    EXPECT_FALSE(options);
    return options ? std::string() : options.error().to_string();
  };
  EXPECT_EQ(error("05010000000005d40100"), "option of length zero at octet 24");
  EXPECT_EQ(error("05010000000005d4010202005e005301"), "option beyond the end at octet 24");
  EXPECT_EQ(error("05010000000005d401"), "option cut short at octet 24");
}

TEST(Options, AnOptionTooLongForItsLengthFieldIsNotSent) {
  RecursiveDnsServers option;
  option.addresses.resize(127);
  EXPECT_EQ(wire_size(option), 2040U);
  option.addresses.resize(128);
  EXPECT_EQ(wire_size(option), 0U);
}

TEST(Conformance, Row_8106_04_DnsslUncompressedZeroEndedPaddedToEightOctets) {
  for (const std::string_view text : {"a", "ab.example", "abc.example.org", "home.arpa"}) {
    std::vector<std::uint8_t> out;
    ByteWriter writer(out);
    emit_option(DnsSearchList{Lifetime(600), {name(text), name("x.test")}}, writer);
    ASSERT_EQ(out[0], 31);
    ASSERT_GE(out[1], 2);
    ASSERT_EQ(out.size(), out[1] * 8U);
    ByteReader reader(std::span<const std::uint8_t>(out).subspan(8));
    EXPECT_EQ(*DomainName::parse(reader), name(text));
    EXPECT_EQ(*DomainName::parse(reader), name("x.test"));
    EXPECT_LT(reader.left(), 8U);
    for (const std::uint8_t octet : reader.rest()) EXPECT_EQ(octet, 0);
  }
}

}  // namespace
}  // namespace sixgate::ra
