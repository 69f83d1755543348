// SPDX-License-Identifier: Apache-2.0
// [ipsec_knock] as a person writes it, and the file with its key.
#include "conf/knock.h"

#include <gtest/gtest.h>

#include "conf/config.h"

namespace sixgate::conf {
namespace {

std::string knock_house(const std::string& lines) {
  return "[uplink.wan]\ninterface = \"eth0\"\n[lan.home]\ninterface = \"eth1\"\n[lan.things]\n"
         "interface = \"eth2\"\nzone = \"closed\"\n[ipsec_knock]\n" +
         lines;
}

std::string errors(const std::string& lines) {
  std::string text;
  for (const Diagnostic& one : read_toml(knock_house(lines), "f").errors)
    text += one.to_string() + "\n";
  return text;
}

TEST(Knock, IsRead) {
  const ReadResult read = read_toml(
      knock_house(
          "spi = 0x1234\nkey_file = \"/etc/sixgate/knock.key\"\nalgorithm = \"hmac-sha512\"\n"
          "mark = 7\nlans = \"home\"\n"),
      "f");
  ASSERT_TRUE(read.config && read.config->knock);
  const KnockConfig& knock = *read.config->knock;
  EXPECT_EQ(knock.spi, 0x1234U);
  EXPECT_EQ(knock.key_file, "/etc/sixgate/knock.key");
  EXPECT_EQ(knock.algorithm, KnockAlgorithm::kHmacSha512);
  EXPECT_EQ(knock.mark, 7U);
  EXPECT_EQ(knock.lans, std::vector<std::string>{"home"});
  EXPECT_EQ(read_toml(describe(*read.config), "f").config, read.config);
  EXPECT_FALSE(read_toml("[lan.home]\ninterface = \"eth1\"\n", "f").config->knock);
}

TEST(Knock, WhatIsMissingOrWrongIsSaid) {
  EXPECT_EQ(errors(""), "f:8:1: error: `spi` is missing\nf:8:1: error: `key_file` is missing\n");
  EXPECT_EQ(errors("spi = 255\nkey_file = \"/k\"\n"),
            "f:9:7: error: `spi`: the SPIs 0 to 255 are reserved (RFC 4302 section 2.4): take one "
            "from 256 on\n");
  EXPECT_NE(errors("spi = 4294967296\nkey_file = \"/k\"\n").find("f:9:7: error: `spi`"),
            std::string::npos);
  EXPECT_NE(errors("spi = 300\nkey_file = \"k\"\n").find("absolute path"), std::string::npos);
  EXPECT_NE(errors("spi = 300\nkey_file = \"/k\"\nalgorithm = \"hmac-md5\"\n").find("hmac-sha256"),
            std::string::npos);
  EXPECT_NE(errors("spi = 300\nkey_file = \"/k\"\nlans = [\"hone\"]\n").find("home"),
            std::string::npos);
  EXPECT_NE(errors("spi = 300\nkey_file = \"/k\"\nlans = [\"things\"]\n").find("closed"),
            std::string::npos);
  EXPECT_NE(errors("spi = 300\nkey_file = \"/k\"\nmark = 0\n").find("`mark`"), std::string::npos);
}

TEST(Knock, AKeyIsAsLongAsItsHash) {
  const std::string digits(64, 'a');
  const auto good = parse_knock_key("0x" + digits + "\n", KnockAlgorithm::kHmacSha256);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->octets().size(), 32U);
  EXPECT_EQ(good->octets()[31], 0xaa);
  EXPECT_EQ(*parse_knock_key(std::string(64, 'A'), KnockAlgorithm::kHmacSha256), *good);
  EXPECT_TRUE(parse_knock_key(std::string(96, '0'), KnockAlgorithm::kHmacSha384));
  EXPECT_TRUE(parse_knock_key(std::string(128, '0'), KnockAlgorithm::kHmacSha512));
  for (const std::string& bad :
       {std::string(), std::string(32, 'a'), std::string(63, 'a'), std::string(65, 'a'),
        std::string(66, 'a'), std::string(2000, 'a')}) {
    const auto key = parse_knock_key(bad, KnockAlgorithm::kHmacSha256);
    ASSERT_FALSE(key) << bad;
    EXPECT_NE(key.error().message.find("64 hexadecimal digits"), std::string::npos);
  }
  const auto other = parse_knock_key(std::string(63, 'a') + "g", KnockAlgorithm::kHmacSha256);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().message, "it holds something else than hexadecimal digits");
}

}  // namespace
}  // namespace sixgate::conf
