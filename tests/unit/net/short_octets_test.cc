// SPDX-License-Identifier: Apache-2.0
#include "net/short_octets.h"

#include <gtest/gtest.h>

#include <numeric>
#include <utility>
#include <vector>

namespace sixgate {
namespace {

std::vector<std::uint8_t> counted(std::size_t size) {
  std::vector<std::uint8_t> octets(size);
  std::iota(octets.begin(), octets.end(), std::uint8_t{1});
  return octets;
}

std::vector<std::uint8_t> read(const ShortOctets& octets) {
  return {octets.span().begin(), octets.span().end()};
}

TEST(ShortOctets, KeepsWhatItWasGivenInsideOrNot) {
  EXPECT_LE(sizeof(ShortOctets), 3 * sizeof(void*));
  for (std::size_t size = 0; size <= ShortOctets::kMost; ++size) {
    const ShortOctets one(counted(size));
    EXPECT_EQ(read(one), counted(size));
    const ShortOctets copy = one;
    EXPECT_EQ(copy, one);
    EXPECT_EQ(read(copy), counted(size));
  }
  EXPECT_EQ(read(ShortOctets(counted(300))).size(), ShortOctets::kMost);
}

TEST(ShortOctets, IsGivenAwayAndAssignedInAnyOrder) {
  for (const std::size_t from : {0U, 1U, 23U, 24U, 130U}) {
    for (const std::size_t to : {0U, 7U, 23U, 24U, 255U}) {
      ShortOctets source(counted(from));
      ShortOctets target(counted(to));
      target = source;
      EXPECT_EQ(read(target), counted(from));
      EXPECT_EQ(read(source), counted(from));
      target = ShortOctets(counted(to));
      target = std::move(source);
      EXPECT_EQ(read(target), counted(from));
      ShortOctets& itself = target;
      target = itself;
      EXPECT_EQ(read(target), counted(from));
      const ShortOctets last(std::move(target));
      EXPECT_EQ(read(last), counted(from));
    }
  }
}

TEST(ShortOctets, OrdersOctetByOctet) {
  const auto of = [](std::vector<std::uint8_t> octets) { return ShortOctets(octets); };
  EXPECT_LT(of({}), of({0}));
  EXPECT_LT(of({1}), of({1, 0}));
  EXPECT_LT(of({1, 255}), of({2}));
  EXPECT_LT(of(counted(23)), of(counted(24)));
  EXPECT_GT(of({200}), of(counted(100)));
  EXPECT_NE(of({1, 2}), of({1, 3}));
}

}  // namespace
}  // namespace sixgate
