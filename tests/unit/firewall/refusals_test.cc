// SPDX-License-Identifier: Apache-2.0
// Who hears that his SYN or INIT was refused, and when.
#include "firewall/refusals.h"

#include <gtest/gtest.h>

#include "net/byte_writer.h"

namespace sixgate::firewall {
namespace {

using Octets = std::vector<std::uint8_t>;

const Instant kStart = Instant::from_micros(1'000'000'000);
const Ip6Address kStranger = *Ip6Address::parse("2001:db8:ffff::1");
const Ip6Address kRefusingHost = *Ip6Address::parse("2001:db8:1:1::77");

Octets packet(std::uint8_t protocol, const Octets& rest, const Ip6Address& from = kStranger,
              std::uint16_t port = 22) {
  Octets out;
  ByteWriter writer(out);
  writer.u32(0x60000000);
  writer.u16(static_cast<std::uint16_t>(4 + rest.size()));
  writer.u8(protocol);
  writer.u8(64);
  writer.address(from);
  writer.address(kRefusingHost);
  writer.u16(40000);
  writer.u16(port);
  writer.bytes(rest);
  return out;
}

Octets tcp(std::uint8_t flags) {
  Octets rest(16);
  rest[8] = 0x50;
  rest[9] = flags;
  return rest;
}

Octets sctp(std::uint8_t chunk) {
  Octets rest(28);
  rest[8] = chunk;
  return rest;
}

TEST(Refusals, OnlyWhatBeginsAFlowIsRefused) {
  const Flow expected{6, kStranger, kRefusingHost, 40000, 22};
  EXPECT_EQ(Refusals::begins(packet(6, tcp(0x02))), expected);
  EXPECT_TRUE(Refusals::begins(packet(6, tcp(0xc2)))) << "with ECN";
  for (const std::uint8_t flags : Octets{0x12, 0x10, 0x04, 0x01, 0x00})
    EXPECT_FALSE(Refusals::begins(packet(6, tcp(flags)))) << int{flags};
  EXPECT_TRUE(Refusals::begins(packet(132, sctp(1))));
  for (const std::uint8_t chunk : Octets{0, 2, 6, 10})
    EXPECT_FALSE(Refusals::begins(packet(132, sctp(chunk)))) << int{chunk};
  EXPECT_FALSE(Refusals::begins(packet(17, tcp(0x02))));
}

TEST(Refusals, WhatIsCutShortIsNothing) {
  for (const Octets& whole : {packet(6, tcp(0x02)), packet(132, sctp(1))}) {
    for (std::size_t size = 0; size < 53; ++size)
      EXPECT_FALSE(Refusals::begins(std::span(whole).first(size))) << size;
  }
  Octets other = packet(6, tcp(0x02));
  other[0] = 0x45;
  EXPECT_FALSE(Refusals::begins(other));
}

// RFC 4443 section 2.4 (e).
TEST(Refusals, NobodyIsAnsweredWhoIsNotOneHost) {
  for (const char* from : {"::", "::1", "ff02::1", "fe80::1", "fd00::1", "::ffff:192.0.2.1"})
    EXPECT_FALSE(Refusals::begins(packet(6, tcp(0x02), *Ip6Address::parse(from)))) << from;
}

TEST(Conformance, Row_6092_REC_34_AnUnsolicitedSynIsRefusedAfterSixSeconds) {
  Refusals refusals;
  const Octets syn = packet(6, tcp(0x02));
  const Flow flow = *Refusals::begins(syn);
  EXPECT_FALSE(refusals.next());
  refusals.add(flow, syn, kStart);
  for (const int later : {1, 3}) refusals.add(flow, syn, kStart + seconds(later));  // sent again
  EXPECT_EQ(refusals.next(), kStart + seconds(6));
  EXPECT_TRUE(refusals.due(kStart + milliseconds(5999)).empty());
  const auto due = refusals.due(kStart + seconds(6));
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].flow, flow);
  Octets expected{1, 1, 0, 0, 0, 0, 0, 0};
  expected.insert(expected.end(), syn.begin(), syn.end());
  EXPECT_EQ(due[0].message, expected);
  EXPECT_FALSE(refusals.next());

  refusals.add(flow, syn, kStart + seconds(7));  // and again
  EXPECT_TRUE(refusals.due(kStart + seconds(12)).empty());
  EXPECT_EQ(refusals.due(kStart + seconds(13)).size(), 1U);
}

TEST(Refusals, AFloodIsNotAnsweredOneByOne) {
  Refusals refusals;
  std::size_t told = 0;
  for (unsigned ms = 0; ms < 60'000; ++ms) {
    const Instant now = kStart + milliseconds(ms);
    told += refusals.due(now).size();
    const Octets syn = packet(6, tcp(0x02), kStranger, static_cast<std::uint16_t>(ms));
    refusals.add(*Refusals::begins(syn), syn, now);
  }
  EXPECT_TRUE(refusals.is_full());
  EXPECT_LE(told, 10 * Refusals::kMost);
  EXPECT_GE(told, 8 * Refusals::kMost);
}

TEST(Refusals, AnErrorIsNoLargerThanEveryLinkCarries) {
  Refusals refusals;
  const Octets large = packet(6, [] {
    Octets rest = tcp(0x02);
    rest.resize(1400);
    return rest;
  }());
  refusals.add(*Refusals::begins(large), large, kStart);
  EXPECT_EQ(refusals.due(kStart + seconds(6)).at(0).message.size() + 40, 1280U);
}

}  // namespace
}  // namespace sixgate::firewall
