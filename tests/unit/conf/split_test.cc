// SPDX-License-Identifier: Apache-2.0
// LANs with less than a /64: what goes with that, and what is refused.
#include <gtest/gtest.h>

#include "conf/config.h"

namespace sixgate::conf {
namespace {

std::string lan_file(const std::string& lan, const std::string& rest = "") {
  return "[uplink.wan]\ninterface = \"eth0\"\n[lan.home]\ninterface = \"eth1\"\n" + lan + "\n" +
         rest;
}

std::string said_of(const std::string& text, bool warnings = false) {
  const ReadResult result = read_toml(text, "f");
  std::string all;
  for (const Diagnostic& one : warnings ? result.warnings : result.errors)
    all += one.to_string() + "\n";
  return all;
}

TEST(SplitSlash64, IsReadAndWritten) {
  const ReadResult read = read_toml(lan_file("ip6assign = 72\naddressing = \"dhcpv6\""), "f");
  ASSERT_TRUE(read.config.has_value());
  EXPECT_TRUE(read.warnings.empty());
  EXPECT_EQ(read.config->lans[0].request.assign_length, 72U);
  EXPECT_TRUE(read.config->lans[0].request.splits_slash64());
  const ReadResult again = read_toml(describe(*read.config), "again");
  ASSERT_TRUE(again.config.has_value());
  EXPECT_TRUE(*again.config == *read.config);
  // The default pool fits to the last.
  EXPECT_EQ(said_of(lan_file("ip6assign = 112\naddressing = \"dhcpv6\"")), "");
  EXPECT_EQ(said_of(lan_file("ip6assign = 65\naddressing = \"dhcpv6\"")), "");
}

TEST(SplitSlash64, HasBounds) {
  const std::string outside =
      "f:5:13: error: `ip6assign`: is not within 48..112: the pool of the DHCPv6 server needs 16 "
      "bits of each address\n";
  EXPECT_EQ(said_of(lan_file("ip6assign = 113\naddressing = \"dhcpv6\"")), outside);
  EXPECT_EQ(said_of(lan_file("ip6assign = 47")), outside);
  EXPECT_NE(said_of(lan_file("ip6assign = 129")).find("129 is not within 0..128"),
            std::string::npos);
}

TEST(SplitSlash64, NeedsAddressesByDhcpv6) {
  for (const char* addressing : {"slaac", "slaac+stateless"}) {
    EXPECT_EQ(said_of(lan_file(std::string("ip6assign = 72\naddressing = \"") + addressing + "\"")),
              "f:5:13: error: `ip6assign`: 72 splits a /64, and hosts make addresses of their own "
              "in whole ones only (RFC 4862 section 5.5.3): it needs addressing = \"dhcpv6\"\n");
  }
  const std::string both = lan_file("ip6assign = 72\naddressing = \"slaac+dhcpv6\"");
  EXPECT_EQ(said_of(both), "");
  EXPECT_EQ(said_of(both, true),
            "f:6:14: warning: `addressing`: is as \"dhcpv6\" with ip6assign = 72: hosts make no "
            "addresses of their own in less than a /64\n");
  EXPECT_EQ(said_of(lan_file("ip6assign = 72\naddressing = \"slaac+dhcpv6\"\n"
                             "prefix = \"2001:db8:7:1::/64\""),
                    true),
            "");
}

TEST(SplitSlash64, WhatDoesNotFitIsRefused) {
  const auto with = [](const std::string& line) {
    return said_of(lan_file("ip6assign = 112\naddressing = \"dhcpv6\"\n" + line));
  };
  EXPECT_EQ(with("ip6ifaceid = \"::1:1\""),
            "f:7:14: error: `ip6ifaceid`: ::1:1 does not fit into the 16 bits that ip6assign = 112 "
            "leaves to hosts\n");
  EXPECT_EQ(with("ip6ifaceid = \"::ff80\""),
            "f:7:14: error: `ip6ifaceid`: ::ff80 is reserved in a /112 (RFC 2526)\n");
  EXPECT_EQ(with("ip6ifaceid = \"::ff7f\""), "");
  EXPECT_EQ(with("ip6ifaceid = \"eui64\""), "");
  EXPECT_EQ(with("dhcpv6_range = \"::1000-::1:0\""),
            "f:7:16: error: `dhcpv6_range`: ::1:0 does not fit into the 16 bits that ip6assign = "
            "112 leaves to hosts\n");
  EXPECT_NE(with("share_hosts = [\"::10\"]").find("`share_hosts`: is of no use with ip6assign"),
            std::string::npos);
  const std::string reserved = "[[reservation]]\nmac = \"02:00:00:00:00:01\"\nsuffix = \"::1:5\"\n";
  EXPECT_NE(with(reserved + "lan = \"home\"")
                .find("error: `suffix`: ::1:5 does not fit into the 16 bits that ip6assign = 112 "
                      "leaves to hosts of LAN home"),
            std::string::npos);
  // On other LANs it may hold.
  EXPECT_EQ(with(reserved), "");
  EXPECT_NE(said_of(lan_file("ip6assign = 112\naddressing = \"dhcpv6\"\n" + reserved), true)
                .find("suffix"),
            std::string::npos);
}

TEST(SplitSlash64, TakesNoPartInSharing) {
  const std::string lan = "ip6assign = 72\naddressing = \"dhcpv6\"\n";
  const std::string on =
      "[uplink.wan]\ninterface = \"eth0\"\nshare_prefix = \"on\"\n[lan.home]\ninterface = "
      "\"eth1\"\n" +
      lan;
  EXPECT_NE(said_of(on).find("f:3:16: error: `share_prefix`: is for LANs that have a whole /64"),
            std::string::npos)
      << said_of(on);
  EXPECT_EQ(said_of(on + "[lan.guests]\ninterface = \"eth2\"\n"), "");
}

TEST(SplitSlash64, HintsMeetOnlyWhereAWholeSlash64IsWanted) {
  const std::string part = "ip6assign = 72\naddressing = \"dhcpv6\"\nip6hint = \"1\"\n";
  const std::string other = "[lan.guests]\ninterface = \"eth2\"\n";
  EXPECT_EQ(said_of(lan_file(part, other + part)), "");
  EXPECT_NE(
      said_of(lan_file(part, other + "ip6hint = \"1\"\n")).find("overlaps the ip6hint of LAN home"),
      std::string::npos);
  EXPECT_NE(said_of(lan_file(part, other + "ip6hint = \"0\"\nip6assign = 60\n"))
                .find("overlaps the ip6hint of LAN home"),
            std::string::npos);
}

TEST(SplitSlash64, WhatIsSaidOfWholeSlash64sOnlyIsPointedOut) {
  const auto warned = [](const std::string& line) {
    return said_of(lan_file("ip6assign = 72\naddressing = \"dhcpv6\"\n" + line), true);
  };
  EXPECT_NE(warned("dhcpv6_pd_preferred = true").find("`dhcpv6_pd_preferred`: is said of whole"),
            std::string::npos);
  EXPECT_NE(warned("ra_prefix = [\"wan slaac=yes\"]").find("slaac=yes and pd=yes have no effect"),
            std::string::npos);
  EXPECT_EQ(warned("ra_prefix = [\"wan slaac=no\"]"), "");
}

}  // namespace
}  // namespace sixgate::conf
