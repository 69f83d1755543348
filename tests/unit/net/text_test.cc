// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "net/domain_name.h"
#include "net/log.h"
#include "net/text.h"

namespace sixgate {
namespace {

std::vector<std::uint8_t> octets(std::string_view hex) { return *parse_hex(hex); }

std::vector<std::uint8_t> wire(const DomainName& name) {
  std::vector<std::uint8_t> out;
  ByteWriter writer(out);
  name.emit(writer);
  return out;
}

TEST(Text, CatJoinsWhatHasText) {
  EXPECT_EQ(cat("a", 'b', 3, std::string("c"), std::uint8_t{200}, -1), "ab3c200-1");
  EXPECT_EQ(cat("is ", *Ip6Address::parse("::1")), "is ::1");
  EXPECT_EQ(cat(), "");
}

TEST(Text, Hex) {
  EXPECT_EQ(to_hex(octets("00ff10")), "00ff10");
  EXPECT_EQ(to_hex(octets("00ff10"), ':'), "00:ff:10");
  EXPECT_EQ(to_hex({}), "");
  EXPECT_EQ(parse_hex("00:FF-10"), octets("00ff10"));
  EXPECT_EQ(parse_hex(""), std::vector<std::uint8_t>());
  for (const char* wrong : {"0", "000", "0x00", "zz", "00:", ":00", "00::00", " 00", "00 "}) {
    EXPECT_EQ(parse_hex(wrong), std::nullopt) << wrong;
  }
}

TEST(Text, Decimal) {
  EXPECT_EQ(parse_decimal("0"), 0U);
  EXPECT_EQ(parse_decimal("18446744073709551615"), 18446744073709551615U);
  for (const char* wrong : {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "18446744073709551616"}) {
    EXPECT_EQ(parse_decimal(wrong), std::nullopt) << wrong;
  }
}

TEST(Text, PrintableEscapesWhatATerminalWouldObey) {
  EXPECT_EQ(printable("plain text!"), "plain text!");
  EXPECT_EQ(printable(std::string_view("\x1b[31m\n\0\x7f\xff\\", 10)),
            "\\x1b[31m\\x0a\\x00\\x7f\\xff\\x5c");
}

TEST(LogLevel, Names) {
  for (const char* name : {"error", "warning", "info", "debug"}) {
    const auto level = parse_log_level(name);
    ASSERT_TRUE(level.has_value()) << name;
    EXPECT_EQ(to_string(*level), name);
  }
  EXPECT_EQ(parse_log_level("Info"), std::nullopt);
  EXPECT_EQ(parse_log_level(""), std::nullopt);
}

TEST(DomainName, TextToWire) {
  EXPECT_EQ(to_hex(wire(*DomainName::parse("home.arpa"))), "04686f6d65046172706100");
  EXPECT_EQ(DomainName::parse("home.arpa."), DomainName::parse("home.arpa"));
  EXPECT_EQ(DomainName::parse("."), DomainName());
  EXPECT_EQ(to_hex(wire(DomainName())), "00");
  EXPECT_TRUE(DomainName().is_root());
  EXPECT_EQ(DomainName().to_string(), ".");
  EXPECT_EQ(DomainName::parse("home.arpa.")->to_string(), "home.arpa");
}

TEST(DomainName, LimitsOfRfc1035) {
  const std::string label63(63, 'a');
  EXPECT_TRUE(DomainName::parse(label63).has_value());
  EXPECT_FALSE(DomainName::parse(label63 + "a").has_value());
  // Three labels of 63 and one of 61 make 255 octets with lengths and end.
  const std::string name = label63 + "." + label63 + "." + label63 + "." + std::string(61, 'b');
  ASSERT_TRUE(DomainName::parse(name).has_value());
  EXPECT_EQ(DomainName::parse(name)->wire_size(), 255U);
  EXPECT_FALSE(DomainName::parse(name + "b").has_value());
  for (const char* wrong : {"", "..", ".a", "a..b", "a..", "a b", "a\tb", "\xc3\xa4.example"}) {
    EXPECT_EQ(DomainName::parse(std::string_view(wrong)), std::nullopt) << wrong;
  }
}

TEST(DomainName, WireErrors) {
  for (const char* wrong : {"", "01", "0161", "0261", "c00c", "4061", "80", "ff"}) {
    const auto bytes = octets(wrong);
    ByteReader reader(bytes);
    EXPECT_FALSE(DomainName::parse(reader).has_value()) << wrong;
  }
  std::vector<std::uint8_t> long_name;
  for (int i = 0; i < 4; ++i) {
    long_name.push_back(63);
    long_name.insert(long_name.end(), 63, 'a');
  }
  long_name.push_back(0);  // 257 octets
  ByteReader reader(long_name);
  EXPECT_FALSE(DomainName::parse(reader).has_value());
}

TEST(DomainName, OddOctetsAreEscapedInText) {
  const auto bytes = octets(
      "05612e5c00ff0162"
      "00");
  ByteReader reader(bytes);
  const auto name = DomainName::parse(reader);
  ASSERT_TRUE(name.has_value());
  EXPECT_EQ(name->to_string(), "a\\046\\092\\000\\255.b");
  EXPECT_EQ(wire(*name), bytes);
}

TEST(DomainName, Lists) {
  const auto two = octets(
      "0161000162"
      "00");
  ByteReader reader(two);
  const auto names = DomainName::parse_list(reader);
  ASSERT_TRUE(names.has_value());
  EXPECT_EQ(*names, (std::vector<DomainName>{*DomainName::parse("a"), *DomainName::parse("b")}));

  // RFC 8106 section 5.2: zeros after the last name.
  const auto padded = octets(
      "016100"
      "0000000000");
  ByteReader padded_reader(padded);
  const auto one = DomainName::parse_list(padded_reader, true);
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(one->size(), 1U);
  const auto dirty = octets(
      "016100"
      "000000ff");
  ByteReader dirty_reader(dirty);
  EXPECT_FALSE(DomainName::parse_list(dirty_reader, true).has_value());
  const auto cut = octets("0161000162");
  ByteReader cut_reader(cut);
  EXPECT_FALSE(DomainName::parse_list(cut_reader).has_value());
  ByteReader empty({});
  EXPECT_TRUE(DomainName::parse_list(empty)->empty());
}

}  // namespace
}  // namespace sixgate
