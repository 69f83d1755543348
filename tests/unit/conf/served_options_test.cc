// SPDX-License-Identifier: Apache-2.0
// DHCPv6 options as a person writes them, for a LAN and for one client.
#include "conf/served_options.h"

#include <gtest/gtest.h>

#include "conf/config.h"
#include "tests/unit/conf/reading.h"

namespace sixgate::conf {
namespace {

std::string served_house(const std::string& lan, const std::string& reservation = "") {
  return "[uplink.wan]\ninterface = \"eth0\"\n[lan.home]\ninterface = \"eth1\"\n" + lan +
         "\n[[reservation]]\nmac = \"02:00:5e:00:53:01\"\n" + reservation + "\n";
}

std::string complaint(const std::string& lan) {
  const ReadResult result = read_toml(served_house(lan), "f");
  return result.errors.empty() ? std::string() : result.errors[0].to_string();
}

Ip6Address address(const char* text) { return *Ip6Address::parse(text); }
DomainName name(const char* text) { return *DomainName::parse(text); }

dhcp6::UnknownOption text_option(std::uint16_t code, std::string_view text) {
  return {code, dhcp6::Octets(text.begin(), text.end())};
}

const std::string kCommon =
    "ntp = [\"2001:db8::123\", \"ff05::101\", \"ntp.example.org\"]\n"
    "sntp = [\"2001:db8::124\"]\n"
    "posix_timezone = \"CET-1CEST,M3.5.0,M10.5.0/3\"\n"
    "tzdb_timezone = \"Europe/Vienna\"\n"
    "boot_file_url = \"tftp://[2001:db8::69]/boot.efi\"\n"
    "sol_max_rt = 300\n"
    "inf_max_rt = 600\n"
    "information_refresh = 1200\n"
    "vendor_options = [\"32473:1:0a0b\", \"32473:2:\", \"9:7:ff\"]\n"
    "dhcpv6_option = [\"60:00026162\", \"sip-user-agents:01\"]\n";

dhcp6::Options common_options() {
  return {dhcp6::NtpServers{{address("2001:db8::123")}, {}, {}, {}},
          dhcp6::NtpServers{{}, {address("ff05::101")}, {}, {}},
          dhcp6::NtpServers{{}, {}, {name("ntp.example.org")}, {}},
          dhcp6::SntpServers{{address("2001:db8::124")}},
          text_option(41, "CET-1CEST,M3.5.0,M10.5.0/3"),
          text_option(42, "Europe/Vienna"),
          text_option(59, "tftp://[2001:db8::69]/boot.efi"),
          dhcp6::SolMaxRt{seconds(300)},
          dhcp6::InfMaxRt{seconds(600)},
          dhcp6::VendorOptions{32473, {{1, {0x0a, 0x0b}}, {2, {}}}},
          dhcp6::VendorOptions{9, {{7, {0xff}}}},
          dhcp6::UnknownOption{60, {0, 2, 'a', 'b'}},
          dhcp6::UnknownOption{58, {1}}};
}

TEST(ServedOptions, OfALan) {
  const Config config = good(served_house(kCommon + "dhcpv6_withhold = [\"aftr\", 95]\n"));
  EXPECT_EQ(to_options(config.lans[0].served), common_options());
  EXPECT_EQ(config.lans[0].served.information_refresh, seconds(1200));
  EXPECT_EQ(config.lans[0].withheld_options, (std::vector<std::uint16_t>{64, 95}));
  EXPECT_EQ(good(describe(config)), config);
  EXPECT_TRUE(to_options(good(served_house("")).lans[0].served).empty());
}

TEST(ServedOptions, OfOneClient) {
  const Config config =
      good(served_house("", kCommon + "dns = [\"2001:db8::53\"]\nsearch = [\"home.arpa\"]\n"
                                      "dnr = [\"20 dns.example.org 2001:db8::54 alpn=dot\", "
                                      "\"10 first.example.org\"]\n"
                                      "captive_portal_uri = \"https://portal.example.org/api\"\n"));
  const dhcp6::Options options = to_options(config.reservations[0].served);
  ASSERT_EQ(options.size(), common_options().size() + 5);
  EXPECT_EQ(options[0], dhcp6::Option(dhcp6::DnsServers{{address("2001:db8::53")}}));
  EXPECT_EQ(options[1], dhcp6::Option(dhcp6::DomainSearchList{{name("home.arpa")}}));
  EXPECT_EQ(std::get<dhcp6::EncryptedDns>(options[2]).authentication_name,
            name("first.example.org"));
  EXPECT_EQ(std::get<dhcp6::EncryptedDns>(options[3]).addresses,
            std::vector<Ip6Address>{address("2001:db8::54")});
  EXPECT_EQ(options[4], dhcp6::Option(dhcp6::CaptivePortal{"https://portal.example.org/api"}));
  EXPECT_EQ(good(describe(config)), config);
}

TEST(ServedOptions, WhatCannotBe) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"ntp = [\"::\"]", "time server"},
      {"ntp = [\"2001:db8::g\"]", "neither an IPv6 address nor a name"},
      {"sntp = [\"ff05::101\"]", "can be no host's time server"},
      {"posix_timezone = \"A\"", "no time zone"},
      {"tzdb_timezone = \"Europe Vienna\"", "no time zone"},
      {"boot_file_url = \"boot.efi\"", "no URL"},
      {"sol_max_rt = 59", "60"},
      {"inf_max_rt = 86401", "86400"},
      {"information_refresh = 599", "600"},
      {"vendor_options = [\"1:2\"]", "ENTERPRISE:CODE:HEX"},
      {"vendor_options = [\"4294967296:2:00\"]", "ENTERPRISE:CODE:HEX"},
      {"vendor_options = [\"1:2:0\"]", "ENTERPRISE:CODE:HEX"},
      {"dhcpv6_option = [\"60\"]", "CODE:HEX"},
      {"dhcpv6_option = [\"3:00\"]", "the protocol's own"},
      {"dhcpv6_option = [\"23:00\"]", "a key of its own"},
      {"dhcpv6_option = [\"sip-server:00\"]", "sip-servers"},
      {"dhcpv6_withhold = [\"aftrr\"]", "aftr"},
  };
  for (const auto& [line, part] : wrong)
    EXPECT_NE(complaint(line).find(part), std::string::npos) << line << ": " << complaint(line);
}

TEST(ServedOptions, ALanThatAnotherServerServesHasNone) {
  const ReadResult result =
      read_toml(served_house("dhcpv6_relay = true\nntp = [\"2001:db8::1\"]\n"), "f");
  ASSERT_TRUE(result.config);
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_NE(result.warnings[0].to_string().find("another server serves this LAN"),
            std::string::npos);
}

TEST(ServedOptions, TheScriptForLeasesIsAPath) {
  EXPECT_EQ(good("lease_hook = \"/etc/sixgate/lease\"\n" + served_house("")).lease_hook,
            "/etc/sixgate/lease");
  EXPECT_FALSE(read_toml("lease_hook = \"lease\"\n" + served_house(""), "f").config);
}

}  // namespace
}  // namespace sixgate::conf
