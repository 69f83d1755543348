// SPDX-License-Identifier: Apache-2.0
#include "daemon/status.h"

#include <gtest/gtest.h>

#include "house_model.h"

namespace sixgate::daemon {
namespace {

using testing::address;
using testing::prefix;

StatusPrefix some_prefix(const char* text) {
  StatusPrefix out;
  out.prefix = prefix(text);
  out.standing = "live";
  out.preferred = Lifetime(1800);
  out.valid = Lifetime(3600);
  return out;
}

// The whole document, so that a change of it is seen for what it is: a promise kept or broken.
TEST(Status, JsonOfAHomeInOrder) {
  Status status;
  status.version = "1.2.3";
  status.duid = "00030001aabb";
  status.unique_local = prefix("fd00:6:6::/48");
  StatusUplink uplink;
  uplink.name = "wan";
  uplink.interface = "eth0";
  uplink.present = uplink.ready = true;
  uplink.client = "bound";
  uplink.server = "0002";
  uplink.renew_in = Lifetime(900);
  uplink.servers.push_back({.duid = "0002",
                            .lengths = {56, 64},
                            .hints = "ignored",
                            .together = "yes",
                            .rapid_commit = "no",
                            .fails_on_name = true});
  uplink.rebind_in = Lifetime::infinite();
  uplink.managed = true;
  uplink.addresses.push_back(some_prefix("2001:db8:ffff::7/128"));
  uplink.addresses[0].address = address("2001:db8:ffff::7");
  uplink.delegations.push_back(some_prefix("2001:db8:1::/56"));
  uplink.routers.push_back({address("fe80::1"), "high", Lifetime(1800)});
  uplink.services.dns_servers = {address("2001:db8:53::1")};
  uplink.services.search_domains = {testing::domain("isp.example")};
  uplink.counters["ra_received"] = 3;
  status.uplinks.push_back(uplink);
  StatusLan lan;
  lan.name = lan.interface = "lan0";
  lan.present = lan.ready = true;
  lan.zone = "protected";
  lan.addressing = "slaac";
  lan.router_lifetime = Lifetime(2700);
  lan.prefixes.push_back(some_prefix("2001:db8:1::/64"));
  lan.prefixes[0].address = address("2001:db8:1::1");
  lan.prefixes[0].origin = "wan";
  lan.prefixes[0].valid = Lifetime::infinite();
  lan.dns_servers = {address("2001:db8:53::1")};
  lan.counters["rs_received"] = 18446744073709551615U;
  status.lans.push_back(lan);
  status.firewall_backend = "nft";
  status.firewall_applied = status.provisioned = true;
  status.firewall_counts = {{"refused", 3, 240}};
  status.pinholes = {{.host = "::77",
                      .lan = "lan0",
                      .protocols = "tcp+udp",
                      .ports = {"22"},
                      .sources = {prefix("2001:db8:9::/48")},
                      .addresses = {address("2001:db8:1::77")}}};
  status.problems = {"lan \"guest\": no room"};
  EXPECT_EQ(
      to_json(status),
      R"({"schema":1,"version":"1.2.3","duid":"00030001aabb","ula":"fd00:6:6::/48","uplinks":[{)"
      R"("name":"wan","interface":"eth0","present":true,"ready":true,"mode":"","client":"bound",)"
      R"("server":"0002","renew_in":900,"rebind_in":null,)"
      R"("known_servers":[{"duid":"0002","lengths":[56,64],"hints":"ignored",)"
      R"("address_and_prefix":"yes","fails_on_several":false,"leaves_times":false,)"
      R"("rapid_commit":"no","fails_on_rapid_commit":false,"fails_on_name":true}],)"
      R"("managed":true,"other":false,)"
      R"("addresses":[{"prefix":"2001:db8:ffff::7/128","address":"2001:db8:ffff::7",)"
      R"("preferred":1800,"valid":3600,"standing":"live"}],)"
      R"("delegations":[{"prefix":"2001:db8:1::/56","preferred":1800,"valid":3600,)"
      R"("standing":"live"}],"routers":[{"address":"fe80::1","preference":"high",)"
      R"("lifetime":1800,"silent":false}],)"
      R"("dns_servers":["2001:db8:53::1"],"search_domains":["isp.example"],)"
      R"("services":{},"counters":{"ra_received":3}}],"lans":[{"name":"lan0","interface":"lan0",)"
      R"("present":true,"ready":true,"zone":"protected","addressing":"slaac","managed":false,)"
      R"("other":false,"router_lifetime":2700,"prefixes":[{"prefix":"2001:db8:1::/64",)"
      R"("address":"2001:db8:1::1","preferred":1800,"valid":null,"standing":"live",)"
      R"("origin":"wan"}],"dns_servers":["2001:db8:53::1"],)"
      R"("counters":{"rs_received":18446744073709551615}}],)"
      R"("firewall":{"backend":"nft","applied":true,"provisioned":true,)"
      R"("pinholes":[{"host":"::77","lan":"lan0","protocols":"tcp+udp","ports":["22"],)"
      R"("sources":["2001:db8:9::/48"],"addresses":["2001:db8:1::77"]}],)"
      R"("counters":{"refused":{"packets":3,"bytes":240}}},)"
      R"("problems":["lan \"guest\": no room"]})");
}

// Before anything is known every list is there and empty: a reader need not ask whether.
TEST(Status, JsonOfNothingYet) {
  Status status;
  status.uplinks.emplace_back();
  status.lans.emplace_back();
  status.lans[0].router_lifetime_reason = "no prefix";
  EXPECT_EQ(
      to_json(status),
      R"({"schema":1,"version":"","duid":"","uplinks":[{"name":"","interface":"",)"
      R"("present":false,"ready":false,"mode":"","client":"","server":"","managed":false,)"
      R"("other":false,"addresses":[],"delegations":[],"routers":[],"dns_servers":[],)"
      R"("search_domains":[],"services":{},"counters":{}}],"lans":[{"name":"","interface":"",)"
      R"("present":false,"ready":false,"zone":"","addressing":"","managed":false,)"
      R"("other":false,"router_lifetime":0,"router_lifetime_reason":"no prefix",)"
      R"("prefixes":[],"dns_servers":[],"counters":{}}],)"
      R"("firewall":{"backend":"","applied":false,"provisioned":false,"counters":{}},"problems":[]})");
}

TEST(Status, JsonOfEverythingAServerTold) {
  Status status;
  Services& services = status.uplinks.emplace_back().services;
  services.encrypted_dns = {{1, testing::domain("dns.example"), {address("2001:db8::53")}, {0, 1}},
                            {2, testing::domain("dot.example"), {}, {}}};
  services.ntp_servers = {address("2001:db8::123")};
  services.ntp_multicast = {address("ff05::101")};
  services.ntp_names = {testing::domain("ntp.example")};
  services.sntp_servers = {address("2001:db8::124")};
  services.sip_servers = {address("2001:db8::5060")};
  services.sip_domains = {testing::domain("sip.example")};
  services.aftr = testing::domain("aftr.example");
  services.map_e =
      dhcp6::S46MapE{{dhcp6::S46Rule{0, 16, 24, 0xc0000200, prefix("2001:db8:e::/48"), {}},
                      dhcp6::S46BorderRelay{address("2001:db8::b")}}};
  services.captive_portal = "https://portal.example/api";
  services.pref64 = prefix("64:ff9b::/96");
  services.others = {dhcp6::UnknownOption{59, {'u'}}, dhcp6::UnknownOption{60000, {0xab}}};
  const std::string json = to_json(status);
  const std::string expected =
      R"("services":{"encrypted_dns":[{"priority":1,"name":"dns.example",)"
      R"("addresses":["2001:db8::53"],"parameters":"0001"},{"priority":2,"name":"dot.example",)"
      R"("addresses":[]}],"ntp":["2001:db8::123","ff05::101","ntp.example"],)"
      R"("sntp":["2001:db8::124"],"sip":["2001:db8::5060","sip.example"],)"
      R"("aftr":"aftr.example","map_e":"type=map-e,ealen=16,prefix4len=24,prefix6len=48,)"
      R"(ipv4prefix=192.0.2.0,ipv6prefix=2001:db8:e::,br=2001:db8::b",)"
      R"("captive_portal":"https://portal.example/api","pref64":"64:ff9b::/96",)"
      R"("options":[{"code":59,"name":"bootfile-url","hex":"75"},{"code":60000,"hex":"ab"}]},)";
  EXPECT_NE(json.find(expected), std::string::npos) << json;
}

// Names come from configurations and from servers.
TEST(Status, NamesCannotBreakTheDocument) {
  Status status;
  status.uplinks.emplace_back();
  status.uplinks[0].name = "a\"},{\"b\n\xff";
  const std::string json = to_json(status);
  EXPECT_NE(json.find(R"("name":"a\"},{\"b\n)"), std::string::npos) << json;
  EXPECT_EQ(json.find('\n'), std::string::npos);
  EXPECT_EQ(json.find('\xff'), std::string::npos);
}

}  // namespace
}  // namespace sixgate::daemon
