// SPDX-License-Identifier: Apache-2.0
// dhcpv6_relay: where to relay to, as a person writes it.
#include "conf/lan_relay.h"

#include <gtest/gtest.h>

#include "conf/config.h"
#include "tests/unit/conf/reading.h"

namespace sixgate::conf {
namespace {

// Two uplinks, and a LAN with `lines` in it, from line 5 on.
std::string relay_house(const std::string& lines, const std::string& more = "") {
  return "[uplink.fibre]\ninterface = \"eth0\"\n[lan.home]\ninterface = \"eth1\"\n" + lines +
         "\n[lan.servers]\ninterface = \"eth2\"\n" + more;
}

std::string words(const std::string& toml) {
  const ReadResult result = read_toml(toml, "f");
  std::string text;
  for (const Diagnostic& one : result.errors) text += one.to_string() + "\n";
  for (const Diagnostic& one : result.warnings) text += one.to_string() + "\n";
  return text;
}

TEST(LanRelay, WhereToRelayTo) {
  const Ip6Address server = *Ip6Address::parse("2001:db8::547");
  EXPECT_FALSE(good(relay_house("")).lans[0].is_relayed());
  EXPECT_FALSE(good(relay_house("dhcpv6_relay = []")).lans[0].is_relayed());
  EXPECT_FALSE(good(relay_house("dhcpv6_relay = false")).lans[0].is_relayed());
  EXPECT_EQ(good(relay_house("dhcpv6_relay = true")).lans[0].relay.servers,
            (std::vector<RelayTo>{{kAllDhcpServers, {}}}));
  EXPECT_EQ(good(relay_house("dhcpv6_relay = \"2001:db8::547\"")).lans[0].relay.servers,
            (std::vector<RelayTo>{{server, {}}}));
  const Config config = good(relay_house(
      "dhcpv6_relay = [\"2001:db8::547%fibre\", \"ff05::1:3%servers\", \"fe80::5%eth2\"]"
      "\ndhcpv6_relay_limit = 9"));
  const std::vector<RelayTo>& servers = config.lans[0].relay.servers;
  ASSERT_EQ(servers.size(), 3U);
  EXPECT_EQ(*relay_interface(config, servers[0]), "eth0");
  EXPECT_EQ(*relay_interface(config, servers[1]), "eth2");
  EXPECT_EQ(*relay_interface(config, servers[2]), "eth2");
  EXPECT_EQ(config.lans[0].relay.limit, 9U);
  EXPECT_EQ(good(describe(config)), config);
}

TEST(LanRelay, HostsAreToldToAskUnlessSaidOtherwise) {
  EXPECT_EQ(good(relay_house("dhcpv6_relay = true")).lans[0].addressing, Addressing::kSlaacDhcpv6);
  EXPECT_EQ(good(relay_house("addressing = \"dhcpv6\"\ndhcpv6_relay = true")).lans[0].addressing,
            Addressing::kDhcpv6);
  EXPECT_EQ(good(relay_house("dhcpv6_relay = true")).lans[1].addressing, Addressing::kSlaac);
}

TEST(LanRelay, WhatIsWrongIsSaid) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"dhcpv6_relay = \"home\"", "f:5:16: error: `dhcpv6_relay`: \"home\" is no address such as"},
      {"dhcpv6_relay = [\"2001:db8::1\", \"::1\"]", "::1 can be no DHCPv6 server's address"},
      {"dhcpv6_relay = \"ff05::1:3%\"", "says no network after"},
      {"dhcpv6_relay = 5", "needs true or a list of addresses"},
      {"dhcpv6_relay = \"ff05::1:3%fiber\"", "did you mean \"fibre\""},
      {"dhcpv6_relay = \"ff05::1:3%home\"", "is on this LAN itself"},
      {"dhcpv6_relay = [\"2001:db8::1\", \"2001:db8::1\"]", "2001:db8::1 is there twice"},
      {"dhcpv6_relay_limit = 0", "dhcpv6_relay_limit"},
      {"dhcpv6_relay = true\ndhcpv6_range = \"::2000-::2fff\"",
       "warning: `dhcpv6_range`: has no effect with dhcpv6_relay"},
      {"dhcpv6_relay = true\ndelegate = false", "warning: `delegate`: has no effect"},
  };
  for (const auto& [lines, part] : wrong)
    EXPECT_NE(words(relay_house(lines)).find(part), std::string::npos) << words(relay_house(lines));
  EXPECT_NE(words(relay_house("dhcpv6_relay = true", "[uplink.second]\ninterface = \"eth5\"\n"))
                .find("there are several uplinks: say which leads to ff05::1:3, such as "
                      "\"ff05::1:3%fibre\""),
            std::string::npos);
  EXPECT_NE(words("[lan.home]\ninterface = \"eth1\"\ndhcpv6_relay = true\n")
                .find("there is no uplink: say on which LAN"),
            std::string::npos);
  EXPECT_NE(words(relay_house("dhcpv6_relay = true",
                              "[[reservation]]\nlan = \"home\"\nmac = \"02:00:5e:00:53:01\"\n"))
                .find("another server serves LAN home"),
            std::string::npos);
}

}  // namespace
}  // namespace sixgate::conf
