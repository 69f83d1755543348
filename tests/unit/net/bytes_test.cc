// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "net/byte_reader.h"
#include "net/byte_writer.h"

namespace sixgate {
namespace {

TEST(ByteReader, ReadsBigEndian) {
  const std::vector<std::uint8_t> bytes{1,  2,  3,  4,  5,  6,  7,  8,  9,
                                        10, 11, 12, 13, 14, 15, 16, 17, 18};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u8(), 1U);
  EXPECT_EQ(reader.u16(), 0x0203U);
  EXPECT_EQ(reader.u24(), 0x040506U);
  EXPECT_EQ(reader.u32(), 0x0708090aU);
  EXPECT_EQ(reader.u64(), 0x0b0c0d0e0f101112U);
  EXPECT_TRUE(reader.ok() && reader.at_end());
  EXPECT_EQ(reader.offset(), 18U);
}

TEST(ByteReader, ReadingBeyondTheEndFailsForGood) {
  const std::vector<std::uint8_t> bytes{1, 2, 3};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0U);
  EXPECT_TRUE(reader.bytes(1).empty());
  EXPECT_TRUE(reader.address().is_unspecified());
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, HugeCountsDoNotWrap) {
  const std::vector<std::uint8_t> bytes{1, 2, 3};
  ByteReader reader(bytes);
  reader.skip(2);
  EXPECT_TRUE(reader.bytes(SIZE_MAX).empty());
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, NestedOffsetsCountFromTheOutside) {
  const std::vector<std::uint8_t> bytes{1, 2, 3, 4, 5, 6};
  ByteReader reader(bytes, 100);
  reader.skip(2);
  ByteReader inner = reader.sub(3);
  EXPECT_EQ(inner.u16(), 0x0304U);
  EXPECT_EQ(inner.offset(), 104U);
  EXPECT_EQ(inner.error("x").error.to_string(), "x at octet 104");
  EXPECT_EQ(reader.u8(), 6U);
  EXPECT_FALSE(reader.sub(1).ok());
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, EmptyIsAtItsEnd) {
  ByteReader reader({});
  EXPECT_TRUE(reader.ok() && reader.at_end());
  EXPECT_TRUE(reader.rest().empty());
  EXPECT_TRUE(reader.ok());
  reader.fail();
  EXPECT_FALSE(reader.ok());
}

TEST(ByteWriter, WritesBigEndianAfterWhatIsThere) {
  std::vector<std::uint8_t> out{0xaa};
  ByteWriter writer(out);
  writer.u8(1);
  writer.u16(0x0203);
  writer.u24(0x040506);
  writer.u32(0x0708090a);
  writer.zeros(2);
  EXPECT_EQ(writer.size(), 12U);
  writer.patch_u16(10, 0x0b0c);
  writer.u64(0x0d0e0f1011121314);
  std::vector<std::uint8_t> expected{0xaa};
  for (std::uint8_t i = 1; i <= 20; ++i) expected.push_back(i);
  EXPECT_EQ(out, expected);
  writer.truncate(2);
  EXPECT_EQ(out, (std::vector<std::uint8_t>{0xaa, 1, 2}));
  EXPECT_EQ(writer.size(), 2U);
}

TEST(ByteWriter, ReaderUndoesIt) {
  std::vector<std::uint8_t> out;
  ByteWriter writer(out);
  writer.address(*Ip6Address::parse("2001:db8::5"));
  writer.u64(0xffffffffffffffff);
  ByteReader reader(out);
  EXPECT_EQ(reader.address().to_string(), "2001:db8::5");
  EXPECT_EQ(reader.u64(), 0xffffffffffffffffU);
  EXPECT_TRUE(reader.ok() && reader.at_end());
}

}  // namespace
}  // namespace sixgate
