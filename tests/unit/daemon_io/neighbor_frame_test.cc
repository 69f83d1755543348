// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/neighbor_frame.h"

#include <gtest/gtest.h>

namespace sixgate::daemon {
namespace {

// The header and the first octets of a Neighbor Solicitation for an address that ends in ::11.
const std::vector<std::uint8_t> kHeader{
    0x60, 0x00, 0x00, 0x00, 0x00, 0x20, 0x3a, 0xff, 0xfe, 0x80, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x5e, 0xff, 0xfe, 0x00, 0x53, 0x01, 0xff, 0x02, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0xff, 0x00, 0x00, 0x11, 0x87, 0x00};

std::vector<std::uint8_t> message() {
  std::vector<std::uint8_t> out{135, 0, 0, 0, 0, 0, 0, 0};
  const Ip6Address target = Ip6Address::from_halves(0x20010db800050000, 0x11);
  out.insert(out.end(), target.bytes().begin(), target.bytes().end());
  out.insert(out.end(), {1, 1, 2, 0, 0x5e, 0, 0x53, 1});
  return out;
}

const Ip6Address kFrom = Ip6Address::from_halves(0xfe80000000000000, 0x5efffe005301);
const Ip6Address kTo = Ip6Address::from_halves(0xff02000000000000, 0x1ff000011);

TEST(NeighborFrame, IsReadAsItWasWritten) {
  const auto frame = neighbor_frame(kFrom, kTo, message());
  ASSERT_EQ(frame.size(), 72U);
  EXPECT_TRUE(std::equal(kHeader.begin(), kHeader.end(), frame.begin()));
  const auto read = parse_neighbor_frame(frame);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->source, kFrom);
  EXPECT_EQ(read->destination, kTo);
  EXPECT_EQ(read->hop_limit, 255U);
  ASSERT_EQ(read->payload.size(), 32U);
  EXPECT_EQ(read->payload[0], 135);
}

TEST(NeighborFrame, WhatTheLinkAddedIsLeftOut) {
  auto frame = neighbor_frame(kFrom, kTo, message());
  frame.resize(frame.size() + 6);
  const auto read = parse_neighbor_frame(frame);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->payload.size(), 32U);
}

TEST(NeighborFrame, WhatIsWrongIsRefused) {
  const auto frame = neighbor_frame(kFrom, kTo, message());
  for (std::size_t size = 0; size < frame.size(); ++size)
    EXPECT_FALSE(parse_neighbor_frame(std::span(frame).first(size)).has_value()) << size;
  for (const std::size_t at :
       {0U, 6U, 20U, 42U, 60U}) {  // version, next header, source, checksum, target
    auto wrong = frame;
    wrong[at] ^= 0x55;
    EXPECT_FALSE(parse_neighbor_frame(wrong).has_value()) << at;
  }
}

}  // namespace
}  // namespace sixgate::daemon
