// SPDX-License-Identifier: Apache-2.0
// The keys of a LAN that speak of its Router Advertisements, in TOML and back.
#include <gtest/gtest.h>

#include "conf/config.h"
#include "net/service_parameters.h"
#include "net/text.h"
#include "tests/unit/conf/reading.h"

namespace sixgate::conf {
namespace {

ReadResult advertised(const std::string& lines) {
  return read_toml("[uplink.wan]\ninterface = \"eth0\"\n[lan.home]\ninterface = \"eth1\"\n" + lines,
                   "f");
}

std::string first_error(const std::string& lines) {
  const ReadResult read = advertised(lines);
  return read.errors.empty() ? std::string() : read.errors[0].to_string();
}

TEST(LanAdvertising, EveryKeyIsReadAndWrittenBack) {
  const ReadResult read = advertised(R"(
ra_default = 1
ra_offlink = true
ra_advrouter = true
ra_home_agent = true
ra_interval_option = true
ra_unicast_only = true
ra_unicast_rate = 7
ra_multicast_gap = 12
dhcpv6_pd_preferred = true
prefix = ["2001:db8:7:1::/64", "2001:db8:7:2::/64 preferred=1800 valid=3600 decrement"]
ra_prefix = ["2001:db8::/32 onlink=no slaac=yes router=no pd=yes", "local preferred=infinite valid=infinite", "all hidden"]
prefix_filter = "2000::/3"
ra_route = ["2001:db8:5::/48 high 1800", "::/0 low"]
ra_route_preference = "low"
ra_pref64 = "64:ff9b::/96"
captive_portal_uri = "https://portal.example.org/api"
dnr = ["100 dns.example.org 2001:db8::53,2001:db8::54 port=8853 alpn=dot,h2 dohpath=/q{?dns}", "200 adn.example.org"]
ra_option = ["253:0a0b0c"]
ra_mtu = "link"
carrier_hold = 0
)");
  ASSERT_TRUE(read.config.has_value()) << read.errors[0].to_string();
  const LanConfig& lan = read.config->lans[0];
  const LanAdvertising& said = lan.advertising;
  EXPECT_EQ(said.default_router, DefaultRouter::kWithoutPrefix);
  EXPECT_TRUE(lan.ra.unicast_only && lan.ra.home_agent && lan.ra.interval_option);
  EXPECT_EQ(lan.ra.unicast_rate, 7U);
  EXPECT_EQ(lan.ra.multicast_gap, seconds(12));
  ASSERT_EQ(said.static_prefixes.size(), 2U);
  EXPECT_TRUE(said.static_prefixes[1].decrement);
  ASSERT_EQ(said.rules.size(), 3U);
  EXPECT_EQ(said.rules[0].on_link, false);
  EXPECT_EQ(said.rules[0].delegation_preferred, true);
  EXPECT_EQ(said.rules[1].origin, "ula");
  EXPECT_TRUE(said.rules[1].valid->is_infinite());
  ASSERT_EQ(said.routes.size(), 2U);
  EXPECT_EQ(said.routes[0].lifetime, Lifetime(1800));
  EXPECT_EQ(said.routes[1].preference, ra::RouterPreference::kLow);
  ASSERT_EQ(said.encrypted_dns.size(), 2U);
  EXPECT_EQ(said.encrypted_dns[0].addresses.size(), 2U);
  EXPECT_TRUE(said.encrypted_dns[1].addresses.empty());
  EXPECT_FALSE(said.uplink_mtu);

  const std::string text = describe(*read.config);
  const ReadResult again = read_toml(text, "described");
  ASSERT_TRUE(again.config.has_value()) << again.errors[0].to_string() << '\n' << text;
  EXPECT_TRUE(*again.config == *read.config) << text;
}

TEST(LanAdvertising, WhatIsWrongIsNamed) {
  EXPECT_TRUE(has(first_error("ra_default = 3"), "0..2"));
  EXPECT_TRUE(has(first_error("prefix = [\"2001:db8::/56\"]"), "need a /64"));
  EXPECT_TRUE(has(first_error("prefix = [\"fe80::/64\"]"), "unicast"));
  EXPECT_TRUE(has(first_error("prefix = [\"2001:db8::/64 decrement\"]"), "valid=SECONDS"));
  EXPECT_TRUE(has(first_error("prefix = [\"2001:db8::/64\", \"2001:db8::/64\"]"), "already"));
  EXPECT_TRUE(has(first_error("ra_prefix = [\"wann hidden\"]"), "did you mean"));
  EXPECT_TRUE(has(first_error("ra_prefix = [\"all slac=no\"]"), "slaac"));
  EXPECT_TRUE(has(first_error("ra_prefix = [\"all slaac=maybe\"]"), "yes or no"));
  EXPECT_TRUE(has(first_error("ra_prefix = [\"all preferred=9 valid=8\"]"), "above valid"));
  EXPECT_TRUE(has(first_error("ra_route = [\"2001:db8::/48 huge\"]"), "high"));
  EXPECT_TRUE(has(first_error("ra_pref64 = \"64:ff9b::/95\""), "/96"));
  EXPECT_TRUE(has(first_error("ra_pref64 = \"atuo\""), "auto"));
  EXPECT_TRUE(has(first_error("ra_option = [\"5:00\"]"), "keys of its own"));
  EXPECT_TRUE(has(first_error("ra_option = [\"253\"]"), "TYPE:HEX"));
  EXPECT_TRUE(has(first_error("ra_multicast_gap = 2"), "3..60"));
  EXPECT_TRUE(has(first_error("ra_mtu = \"lnik\""), "link"));
}

TEST(Conformance, Row_8910_03_AnApiIsAnHttpsUriWithAName) {
  EXPECT_EQ(first_error("captive_portal_uri = \"https://portal.example.org/\""), "");
  EXPECT_EQ(first_error("captive_portal_uri = \"urn:ietf:params:capport:unrestricted\""), "");
  for (const char* wrong : {"http://portal.example.org/", "https://", "https://192.0.2.1/api",
                            "https://192.0.2.1", "https://[2001:db8::1]/", "https://a b/"}) {
    EXPECT_NE(first_error(cat("captive_portal_uri = \"", wrong, "\"")), "") << wrong;
  }
  EXPECT_NE(first_error(cat("captive_portal_uri = \"https://", std::string(248, 'a'), "\"")), "");
}

TEST(Conformance, Row_9463_03_ServiceParametersHoldNoHintsAndSortByKey) {
  const std::string start = "dnr = [\"1 a.example.org 2001:db8::1 ";
  EXPECT_TRUE(has(first_error(start + "alpn=dot ipv6hint=2001:db8::1\"]"), "no place"));
  EXPECT_TRUE(has(first_error(start + "ipv4hint=192.0.2.1\"]"), "no place"));
  EXPECT_TRUE(has(first_error(start + "alpn=dot alpn=h2\"]"), "twice"));
  EXPECT_TRUE(has(first_error(start + "port=0\"]"), "no port"));
  EXPECT_TRUE(has(first_error("dnr = [\"0 a.example.org\"]"), "priority"));
  EXPECT_TRUE(has(first_error("dnr = [\"1 a.example.org alpn=dot\"]"), "address"))
      << "without addresses there are no parameters";
  const ReadResult bare = advertised("dnr = [\"1 a.example.org 2001:db8::1\"]");
  ASSERT_EQ(bare.warnings.size(), 1U);
  EXPECT_TRUE(has(bare.warnings[0].to_string(), "alpn="));

  const auto wire = parse_service_parameters("port=853 alpn=dot mandatory=alpn,port key65280=0aff");
  ASSERT_TRUE(wire.has_value());
  EXPECT_EQ(to_hex(*wire),
            "00000004000100030001000403646f740003000203"
            "55"
            "ff0000020aff");
  EXPECT_EQ(service_parameters_text(*wire), "mandatory=alpn,port alpn=dot port=853 key65280=0aff");
  EXPECT_EQ(service_parameters_text(std::vector<std::uint8_t>{0, 1, 0, 9, 1}), "");
}

}  // namespace
}  // namespace sixgate::conf
