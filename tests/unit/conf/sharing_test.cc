// SPDX-License-Identifier: Apache-2.0
// The keys of a /64 that several links share.
#include <gtest/gtest.h>

#include "conf/config.h"

namespace sixgate::conf {
namespace {

std::string file(const std::string& uplink, const std::string& lan = "") {
  return "[uplink.wan]\ninterface = \"eth0\"\n" + uplink + "\n[lan.home]\ninterface = \"eth1\"\n" +
         lan + "\n";
}

std::string error_of(const std::string& text) {
  const ReadResult result = read_toml(text, "f");
  return result.errors.empty() ? "" : result.errors[0].to_string();
}

TEST(Sharing, IsAutomaticUnlessSomebodyDecides) {
  const ReadResult plain = read_toml(file(""), "f");
  ASSERT_TRUE(plain.config.has_value());
  EXPECT_EQ(plain.config->uplinks[0].share_prefix, SharePrefix::kAuto);
  EXPECT_TRUE(plain.config->uplinks[0].share_exclude.empty());
  EXPECT_TRUE(plain.config->lans[0].share_hosts.empty());
}

TEST(Sharing, IsReadAndWritten) {
  const ReadResult read =
      read_toml(file("share_prefix = \"on\"\nshare_exclude = [\"::1\", \"::1000/116\"]",
                     "share_hosts = \"::10\""),
                "f");
  ASSERT_TRUE(read.config.has_value());
  const UplinkConfig& uplink = read.config->uplinks[0];
  EXPECT_EQ(uplink.share_prefix, SharePrefix::kOn);
  ASSERT_EQ(uplink.share_exclude.size(), 2U);
  EXPECT_EQ(uplink.share_exclude[0].to_string(), "::1/128");
  EXPECT_EQ(uplink.share_exclude[1].to_string(), "::1000/116");
  ASSERT_EQ(read.config->lans[0].share_hosts.size(), 1U);
  EXPECT_EQ(read.config->lans[0].share_hosts[0].to_string(), "::10");
  const ReadResult again = read_toml(describe(*read.config), "again");
  ASSERT_TRUE(again.config.has_value());
  EXPECT_TRUE(*again.config == *read.config);
}

TEST(Sharing, WholeAddressesAreRefused) {
  EXPECT_NE(error_of(file("share_exclude = [\"2001:db8::1\"]")).find("no lower half of an address"),
            std::string::npos);
  EXPECT_NE(error_of(file("share_exclude = [\"::/64\"]")).find("no range of lower halves"),
            std::string::npos);
  EXPECT_NE(error_of(file("", "share_hosts = [\"::\"]")).find("no lower half of an address"),
            std::string::npos);
  EXPECT_NE(error_of(file("share_prefix = \"yes\"")).find("share_prefix"), std::string::npos);
}

}  // namespace
}  // namespace sixgate::conf
