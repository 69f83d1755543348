// SPDX-License-Identifier: Apache-2.0
#include "cli/status_text.h"

#include <gtest/gtest.h>

#include "daemon/status.h"

namespace sixgate::cli {
namespace {

daemon::Status house() {
  daemon::StatusPrefix delegated;
  delegated.prefix = *Prefix::parse("2001:db8:100::/56");
  delegated.standing = "live";
  delegated.preferred = Lifetime(2700);
  delegated.valid = Lifetime(5400);
  daemon::StatusUplink uplink;
  uplink.name = "wan";
  uplink.interface = "eth0";
  uplink.present = uplink.ready = true;
  uplink.client = "bound";
  uplink.renew_in = Lifetime(1200);
  uplink.rebind_in = Lifetime(2000);
  uplink.probe_in = Lifetime(21600);
  uplink.servers = {
      {.duid = "00020000ab11", .lengths = {56, 64}, .hints = "ignored", .together = "no"}};
  uplink.managed = true;
  uplink.delegations = {delegated};
  uplink.routers = {{*Ip6Address::parse("fe80::1"), "medium", Lifetime(1790), true}};
  uplink.counters = {{"ra_received", 3}, {"ra_dropped_hop_limit", 0}};
  daemon::StatusLan lan;
  lan.name = "lan";
  lan.interface = "br-lan";
  lan.present = lan.ready = true;
  lan.zone = "protected";
  lan.addressing = "slaac";
  lan.router_lifetime = Lifetime(2700);
  daemon::StatusPrefix assigned = delegated;
  assigned.prefix = *Prefix::parse("2001:db8:100::/64");
  assigned.address = *Ip6Address::parse("2001:db8:100::1");
  assigned.origin = "wan";
  assigned.valid = Lifetime::infinite();
  lan.prefixes = {assigned};
  daemon::Status status;
  status.version = "1.2.3";
  status.duid = "00030001";
  status.firewall_backend = "nft";
  status.firewall_applied = status.provisioned = true;
  status.firewall_counts = {{"refused", 3, 240}, {"invalid", 0, 0}, {"knocks", 1, 60}};
  status.uplinks = {uplink};
  status.lans = {lan};
  return status;
}

TEST(StatusText, ShowsWherePinholesAre) {
  daemon::Status status = house();
  status.pinholes = {{.host = "nas",
                      .lan = {},
                      .protocols = "tcp",
                      .ports = {"22", "8000-8010"},
                      .sources = {},
                      .addresses = {*Ip6Address::parse("2001:db8:100::10"),
                                    *Ip6Address::parse("2001:db8:100::11")}},
                     {.host = "::77",
                      .lan = "home",
                      .protocols = "udp",
                      .ports = {},
                      .sources = {*Prefix::parse("2001:db8:9::/48")},
                      .addresses = {}}};
  const auto json = Json::parse(daemon::to_json(status));
  ASSERT_TRUE(json);
  const std::string text = status_text(*json);
  EXPECT_NE(
      text.find("pinhole  nas   tcp 22, 8000-8010  from everywhere       at 2001:db8:100::10, "
                "2001:db8:100::11\n"
                "pinhole  ::77  udp                from 2001:db8:9::/48  nowhere: no address of it "
                "is known\n"),
      std::string::npos)
      << text;
}

TEST(StatusText, ShowsTheDoorsThatProgramsOpened) {
  daemon::Status status = house();
  status.lans[0].mappings = {{*Ip6Address::parse("2001:db8:100::10"), 6, 8080, {}, Lifetime(3600)},
                             {*Ip6Address::parse("2001:db8:100::10"),
                              132,
                              0,
                              {*Prefix::parse("2001:db8:9::/48")},
                              Lifetime(120)}};
  const auto json = Json::parse(daemon::to_json(status));
  ASSERT_TRUE(json);
  const std::string text = status_text(*json);
  EXPECT_NE(
      text.find("  open     2001:db8:100::10   tcp 8080      for 1h    from everywhere\n"
                "  open     2001:db8:100::10   protocol 132  for 2m    from 2001:db8:9::/48\n"),
      std::string::npos)
      << text;
}

TEST(StatusText, ShowsWhatALanIsOutside) {
  daemon::Status status = house();
  const Prefix own = *Prefix::parse("fd00:1:2:1::/64");
  status.lans[0].translations = {{"ppp0", own, *Prefix::parse("2001:db8:100:1::/64")},
                                 {"ppp0", own, *Prefix::parse("2001:db8:200:1::/64"), false}};
  const auto json = Json::parse(daemon::to_json(status));
  ASSERT_TRUE(json);
  const std::string text = status_text(*json);
  EXPECT_NE(text.find("  translated  fd00:1:2:1::/64    as 2001:db8:100:1::/64  on ppp0\n"
                      "  translated  fd00:1:2:1::/64    as 2001:db8:200:1::/64  on ppp0   for what "
                      "has begun alone"),
            std::string::npos)
      << text;
}

TEST(StatusText, ShowsTheHouse) {
  const auto json = Json::parse(daemon::to_json(house()));
  ASSERT_TRUE(json);
  EXPECT_EQ(status_text(*json),
            "sixgated 1.2.3, firewall nft\n"
            "firewall packets: refused 3, knocks 1\n"
            "DUID  00030001\n"
            "\n"
            "uplink wan (eth0): up, DHCPv6 bound, flags M\n"
            "  delegated  2001:db8:100::/56  live    preferred 45m, valid 1h 30m\n"
            "  router     fe80::1            medium  for 29m 50s, does not answer\n"
            "  lease         renew in 20m, rebind in 33m 20s\n"
            "  server        00020000ab11 offers /56, /64; hints ignored; a prefix or an address, "
            "not both\n"
            "  wider prefix  looked for in 6h\n"
            "  packets       ra_received 3\n"
            "\n"
            "lan lan (br-lan): up, protected, slaac, default router for 45m\n"
            "  prefix   2001:db8:100::/64  live  from wan  preferred 45m, valid forever\n"
            "  address  2001:db8:100::1\n");
}

TEST(StatusText, SaysWhatIsWrongAndWhy) {
  daemon::Status status = house();
  status.firewall_applied = status.provisioned = false;
  status.problems = {"uplink wan: there is no interface eth0"};
  status.uplinks[0].present = false;
  status.lans[0].router_lifetime = Lifetime(0);
  status.lans[0].router_lifetime_reason = "no prefix but ULA";
  const auto json = Json::parse(daemon::to_json(status));
  ASSERT_TRUE(json);
  const std::string text = status_text(*json);
  for (const char* part :
       {"firewall nft (not in place), not yet provisioned: nothing is forwarded in\n",
        "problem: uplink wan: there is no interface eth0\n", "uplink wan (eth0): no such interface",
        "slaac, not a default router: no prefix but ULA\n"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\nin\n" << text;
  }
}

TEST(StatusText, SaysWhatAServerDoesNotBear) {
  daemon::Status status = house();
  status.uplinks[0].servers = {
      {.duid = "0002",
       .lengths = {56},
       .hints = "unknown",
       .rapid_commit = "no",
       .fails_on_name = true},
      {.duid = "0003", .lengths = {60}, .hints = "unknown", .rapid_commit = "yes"},
      {.duid = "0004",
       .hints = "unknown",
       .rapid_commit = "unknown",
       .fails_on_rapid_commit = true}};
  const std::string text = status_text(*Json::parse(daemon::to_json(status)));
  for (const char* line : {"0002 offers /56; no rapid commit; fails when told our name",
                           "0003 offers /60; rapid commit",
                           "0004 offers no prefix; does not answer when asked for rapid commit"})
    EXPECT_NE(text.find(line), std::string::npos) << line << " in\n" << text;
}

TEST(StatusText, SaysWhoHasNoSlaacAndWhatIsRegistered) {
  daemon::Status status = house();
  status.lans[0].no_slaac_reason = "ip6assign = 72 splits a /64";
  status.uplinks[0].registered = {*Ip6Address::parse("2001:db8:9::1")};
  const std::string text = status_text(*Json::parse(daemon::to_json(status)));
  EXPECT_NE(text.find("no SLAAC  ip6assign = 72 splits a /64\n"), std::string::npos) << text;
  EXPECT_NE(text.find("registered    2001:db8:9::1\n"), std::string::npos) << text;
}

// RFC 7278: who shares a /64, who was found where, and who may not take part.
TEST(StatusText, ShowsAShared64) {
  daemon::Status status = house();
  daemon::StatusSharing& sharing = status.uplinks[0].sharing.emplace();
  sharing.why = "waiting whether a prefix is delegated";
  status.lans[0].no_prefix_reason = "wan: waiting whether a prefix is delegated";
  std::string text = status_text(*Json::parse(daemon::to_json(status)));
  EXPECT_NE(text.find("  no /64 is shared: waiting whether a prefix is delegated\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("no prefix  wan: waiting"), std::string::npos) << text;

  sharing.prefix = *Prefix::parse("2001:db8:5::/64");
  sharing.why = "wan delegates nothing, and advertises this /64";
  sharing.lans = {"home", "guests"};
  sharing.preferred = Lifetime(2700);
  sharing.valid = Lifetime(5400);
  sharing.hosts = {{*Ip6Address::parse("2001:db8:5::11"), "lan1",
                    MacAddress({2, 0, 0x5e, 0, 0x53, 1}), false, Lifetime(5)},
                   {*Ip6Address::parse("2001:db8:5::12"), "lan1", std::nullopt, true, Lifetime(0)}};
  sharing.hosts_of = {{"lan0", 0}, {"lan1", 2}};
  sharing.most_hosts = 512;
  sharing.blocked = {{"lan0", "another router, fe80::2, advertises there", Lifetime(600)}};
  sharing.counters = {{"ns_received", 7}, {"ns_withheld", 0}};
  text = status_text(*Json::parse(daemon::to_json(status)));
  for (const char* words :
       {"  shared by home, guests: 2001:db8:5::/64, preferred 45m, valid 1h 30m: wan delegates "
        "nothing",
        "    hosts: 0 on lan0, 2 on lan1 (at most 512 each)\n", "02:00:5e:00:53:01", "configured",
        "    lan0 takes no part for 10m: another router", "    packets  ns_received 7\n"})
    EXPECT_NE(text.find(words), std::string::npos) << words << "\n" << text;
}

TEST(StatusText, NamesFromOutsideCannotSteerTheTerminal) {
  daemon::Status status = house();
  status.uplinks[0].services.captive_portal = "evil\x1b[2J";
  const auto json = Json::parse(daemon::to_json(status));
  ASSERT_TRUE(json);
  EXPECT_EQ(status_text(*json).find('\x1b'), std::string::npos);
}

TEST(StatusText, ADocumentOfAnotherProgramIsNoCrash) {
  for (const char* text : {"{}", "[]", R"({"uplinks":{"a":1},"lans":[1,"x",null,{}]})"}) {
    const auto json = Json::parse(text);
    ASSERT_TRUE(json);
    EXPECT_FALSE(status_text(*json).empty());
  }
}

}  // namespace
}  // namespace sixgate::cli
