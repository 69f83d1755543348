// SPDX-License-Identifier: Apache-2.0
// The keys of a /64 that several links share.
#include <gtest/gtest.h>

#include "conf/config.h"

namespace sixgate::conf {
namespace {

std::string home_file(const std::string& uplink, const std::string& lan = "") {
  return "[uplink.wan]\ninterface = \"eth0\"\n" + uplink + "\n[lan.home]\ninterface = \"eth1\"\n" +
         lan + "\n";
}

std::string error_of(const std::string& text) {
  const ReadResult result = read_toml(text, "f");
  return result.errors.empty() ? "" : result.errors[0].to_string();
}

TEST(Sharing, IsAutomaticUnlessSomebodyDecides) {
  const ReadResult plain = read_toml(home_file(""), "f");
  ASSERT_TRUE(plain.config.has_value());
  EXPECT_EQ(plain.config->uplinks[0].share_prefix, SharePrefix::kAuto);
  EXPECT_TRUE(plain.config->uplinks[0].share_exclude.empty());
  EXPECT_TRUE(plain.config->lans[0].share_hosts.empty());
}

TEST(Sharing, IsReadAndWritten) {
  const ReadResult read =
      read_toml(home_file("share_prefix = \"on\"\nshare_exclude = [\"::1\", \"::1000/116\"]",
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
  EXPECT_NE(
      error_of(home_file("share_exclude = [\"2001:db8::1\"]")).find("no lower half of an address"),
      std::string::npos);
  EXPECT_NE(error_of(home_file("share_exclude = [\"::/64\"]")).find("no range of lower halves"),
            std::string::npos);
  EXPECT_NE(error_of(home_file("", "share_hosts = [\"::\"]")).find("no lower half of an address"),
            std::string::npos);
  EXPECT_NE(error_of(home_file("share_prefix = \"yes\"")).find("share_prefix"), std::string::npos);
}

TEST(Nptv6, IsReadAndWrittenAndNeedsWhatItTranslates) {
  const ReadResult read = read_toml(home_file("nptv6 = true"), "f");
  ASSERT_TRUE(read.config.has_value());
  EXPECT_TRUE(read.config->uplinks[0].nptv6);
  const ReadResult again = read_toml(describe(*read.config), "again");
  ASSERT_TRUE(again.config.has_value());
  EXPECT_TRUE(*again.config == *read.config);
  EXPECT_NE(error_of(home_file("nptv6 = true") + "[ula]\nprefix = \"none\"\n")
                .find("the house's own prefix"),
            std::string::npos);
  EXPECT_NE(error_of(home_file("nptv6 = true\nshare_prefix = \"on\"")).find("share_prefix"),
            std::string::npos);
  EXPECT_NE(
      error_of(home_file("nptv6 = true") + "[firewall]\nbackend = \"none\"\n").find("backend"),
      std::string::npos);
}

TEST(RaRelay, NamesAnUplinkAndIsReadAndWritten) {
  const ReadResult read = read_toml(home_file("", "ra_relay = \"wan\""), "f");
  ASSERT_TRUE(read.config.has_value());
  EXPECT_EQ(read.config->lans[0].ra_relay, "wan");
  EXPECT_FALSE(read.config->lans[0].takes_from("wan"));
  const ReadResult again = read_toml(describe(*read.config), "again");
  ASSERT_TRUE(again.config.has_value());
  EXPECT_TRUE(*again.config == *read.config);
}

TEST(RaRelay, WhatCannotBeIsRefused) {
  EXPECT_NE(error_of(home_file("", "ra_relay = \"van\"")).find("did you mean \"wan\"?"),
            std::string::npos)
      << error_of(home_file("", "ra_relay = \"van\""));
  EXPECT_NE(
      error_of(home_file("share_prefix = \"off\"", "ra_relay = \"wan\"")).find("share_prefix"),
      std::string::npos);
  EXPECT_NE(error_of(home_file("mode = \"none\"", "ra_relay = \"wan\"")).find("nothing to tell on"),
            std::string::npos);
  EXPECT_NE(error_of(home_file("", "ra_relay = \"wan\"\nip6assign = 72")).find("splits them"),
            std::string::npos);
  const ReadResult idle = read_toml(home_file("", "ra_relay = \"wan\"\nip6hint = \"3\""), "f");
  ASSERT_EQ(idle.warnings.size(), 1U);
  EXPECT_NE(idle.warnings[0].to_string().find("has no effect with ra_relay"), std::string::npos);
}

}  // namespace
}  // namespace sixgate::conf
