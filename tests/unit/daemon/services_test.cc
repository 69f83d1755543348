// SPDX-License-Identifier: Apache-2.0
#include "daemon/services.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <variant>

#include "daemon/server_options.h"
#include "daemon/softwire_text.h"
#include "house_model.h"

namespace sixgate::daemon {
namespace {

using testing::address;
using testing::domain;
using testing::HouseModel;
using testing::kNow;
using testing::prefix;

dhcp6::EncryptedDns resolver(std::uint16_t priority, const char* name, const char* at) {
  return {priority, domain(name), {address(at)}, {}};
}

ra::HeardResolver heard_resolver(const char* name, const char* at, Instant until) {
  ra::EncryptedDns said;
  said.priority = 1;
  said.name = domain(name);
  said.addresses = {address(at)};
  return {said, until};
}

TEST(Services, EachOptionOfTheServerHasItsPlace) {
  dhcp6::Lease lease;
  lease.dns_servers = {address("2001:db8::53")};
  lease.search_domains = {domain("isp.example")};
  const dhcp6::S46MapE map_e{{dhcp6::S46BorderRelay{address("2001:db8::b")}}};
  const dhcp6::S46MapT map_t{{dhcp6::S46DefaultRule{prefix("2001:db8:64::/64")}}};
  const dhcp6::S46Lightweight lightweight{{dhcp6::S46BorderRelay{address("2001:db8::c")}}};
  lease.other_options = {dhcp6::SntpServers{{address("2001:db8::124")}},
                         dhcp6::NtpServers{{address("2001:db8::123")}, {}, {}, {}},
                         dhcp6::NtpServers{{}, {address("ff05::101")}, {domain("ntp.example")}, {}},
                         dhcp6::SipDomains{{domain("sip.example")}},
                         dhcp6::SipServers{{address("2001:db8::5060")}},
                         dhcp6::AftrName{domain("aftr.example")},
                         map_e,
                         map_t,
                         lightweight,
                         dhcp6::CaptivePortal{"https://portal.example/api"},
                         resolver(20, "later.example", "2001:db8::2"),
                         resolver(10, "first.example", "2001:db8::1"),
                         dhcp6::UnknownOption{59, {'u', 'r', 'l'}}};
  const Services got = services_of(lease, {}, kNow);
  // And back into options, for hosts that ask our own server.
  dhcp6::Lease again;
  again.other_options = server_options(got);
  const auto dns = std::find_if(
      again.other_options.begin(), again.other_options.end(),
      [](const auto& option) { return std::holds_alternative<dhcp6::DnsServers>(option); });
  ASSERT_NE(dns, again.other_options.end());
  again.dns_servers = std::get<dhcp6::DnsServers>(*dns).addresses;
  again.other_options.erase(dns);
  again.search_domains = lease.search_domains;
  std::erase_if(again.other_options, [](const auto& option) {
    return std::holds_alternative<dhcp6::DomainSearchList>(option);
  });
  EXPECT_EQ(services_of(again, {}, kNow), got);
  EXPECT_EQ(got.dns_servers, lease.dns_servers);
  EXPECT_EQ(got.search_domains, lease.search_domains);
  EXPECT_EQ(got.sntp_servers, std::vector{address("2001:db8::124")});
  EXPECT_EQ(got.ntp_servers, std::vector{address("2001:db8::123")});
  EXPECT_EQ(got.ntp_multicast, std::vector{address("ff05::101")});
  EXPECT_EQ(got.ntp_names, std::vector{domain("ntp.example")});
  EXPECT_EQ(got.sip_domains, std::vector{domain("sip.example")});
  EXPECT_EQ(got.sip_servers, std::vector{address("2001:db8::5060")});
  EXPECT_EQ(got.aftr, domain("aftr.example"));
  EXPECT_EQ(got.map_e, map_e);
  EXPECT_EQ(got.map_t, map_t);
  EXPECT_EQ(got.lightweight, lightweight);
  EXPECT_EQ(got.captive_portal, "https://portal.example/api");
  ASSERT_EQ(got.encrypted_dns.size(), 2U);
  EXPECT_EQ(got.encrypted_dns[0].authentication_name, domain("first.example"));
  EXPECT_EQ(got.others, (dhcp6::Options{dhcp6::UnknownOption{59, {'u', 'r', 'l'}}}));
}

TEST(Services, AdvertisedOnesComeAfterTheServersAndEndWithTheirLifetimes) {
  dhcp6::Lease lease;
  lease.dns_servers = {address("2001:db8::53")};
  ra::Heard heard;
  heard.rdnss = {{address("2001:db8::54"), kNow + seconds(9)},
                 {address("2001:db8::53"), kNow + seconds(9)}};
  heard.dnssl = {{domain("ra.example"), kNow + seconds(9)}};
  heard.resolvers = {heard_resolver("dot.example", "2001:db8::55", kNow + seconds(9))};
  heard.pref64 = ra::HeardPref64{prefix("64:ff9b::/96"), kNow + seconds(9)};
  heard.routers.push_back(testing::heard_router("fe80::1", kNow + seconds(9)));
  heard.routers[0].captive_portal = "https://ra.example/api";
  const Services got = services_of(lease, heard, kNow);
  EXPECT_EQ(got.dns_servers, (std::vector{address("2001:db8::53"), address("2001:db8::54")}));
  EXPECT_EQ(got.search_domains, std::vector{domain("ra.example")});
  EXPECT_EQ(got.encrypted_dns.size(), 1U);
  EXPECT_EQ(got.pref64, prefix("64:ff9b::/96"));
  EXPECT_EQ(got.captive_portal, "https://ra.example/api");

  lease.other_options = {dhcp6::CaptivePortal{"https://dhcp.example/api"}};
  EXPECT_EQ(services_of(lease, heard, kNow).captive_portal, "https://dhcp.example/api");

  const Services later = services_of(lease, heard, kNow + seconds(9));
  EXPECT_EQ(later.dns_servers, lease.dns_servers);
  EXPECT_TRUE(later.search_domains.empty());
  EXPECT_TRUE(later.encrypted_dns.empty());
  EXPECT_FALSE(later.pref64);
}

TEST(Services, OfSeveralUplinksTheMostPreferredSpeaksFirst) {
  Services first;
  first.ntp_servers = {address("2001:db8:1::123")};
  first.aftr = domain("one.example");
  first.others = {dhcp6::UnknownOption{59, {1}}};
  Services second;
  second.ntp_servers = {address("2001:db8:2::123"), address("2001:db8:1::123")};
  second.aftr = domain("two.example");
  second.captive_portal = "https://two.example";
  second.others = {dhcp6::UnknownOption{59, {2}}, dhcp6::UnknownOption{60, {2}},
                   dhcp6::UnknownOption{60, {3}}};
  add_services(first, second);
  EXPECT_EQ(first.ntp_servers,
            (std::vector{address("2001:db8:1::123"), address("2001:db8:2::123")}));
  EXPECT_EQ(first.aftr, domain("one.example"));
  EXPECT_EQ(first.captive_portal, "https://two.example");
  EXPECT_EQ(first.others,
            (dhcp6::Options{dhcp6::UnknownOption{59, {1}}, dhcp6::UnknownOption{60, {2}},
                            dhcp6::UnknownOption{60, {3}}}));
}

TEST(Services, TheHouseTakesThemInTheOrderOfTheMetrics) {
  HouseModel model;
  model.config.uplinks[0].metric = 700;
  model.config.uplinks.push_back(testing::uplink_config("lte", "wwan0"));
  model.config.uplinks[1].metric = 600;
  House house = model.house();
  dhcp6::Lease wan;
  wan.dns_servers = {address("2001:db8:1::53"), address("fe80::53")};
  dhcp6::Lease lte;
  lte.dns_servers = {address("2001:db8:2::53")};
  lte.other_options = {resolver(1, "lte.example", "2001:db8:2::53")};
  house.uplinks[0].lease = &wan;
  house.uplinks[1].lease = &lte;
  DesiredState state = derive(house, kNow);
  EXPECT_EQ(state.services.dns_servers,
            (std::vector{address("2001:db8:2::53"), address("2001:db8:1::53")}));
  EXPECT_EQ(state.services.dns_servers, state.advertisements.at("lan0").dns_servers);
  EXPECT_EQ(state.services.encrypted_dns.size(), 1U);

  model.config.uplinks[1].use_dns = false;
  state = derive(house, kNow);
  EXPECT_EQ(state.services.dns_servers, std::vector{address("2001:db8:1::53")});
  EXPECT_TRUE(state.services.encrypted_dns.empty());

  wan = {};  // its lease has ended
  EXPECT_TRUE(derive(house, kNow).services.dns_servers.empty());
}

TEST(Services, WhatIsOnTheUplinksLinkAloneIsOfNoUseToTheLans) {
  Services services;
  services.dns_servers = services.ntp_servers = services.sntp_servers =
      services.sip_servers = {address("fe80::53"), address("2001:db8::53")};
  services.encrypted_dns = {resolver(1, "near.example", "fe80::53"),
                            {2, domain("named.example"), {}, {}}};
  const Services far = without_link_local(services);
  for (const auto& list : {far.dns_servers, far.ntp_servers, far.sntp_servers, far.sip_servers})
    EXPECT_EQ(list, std::vector{address("2001:db8::53")});
  ASSERT_EQ(far.encrypted_dns.size(), 1U);
  EXPECT_EQ(far.encrypted_dns[0].authentication_name, domain("named.example"));
}

// As odhcp6c writes them, to the last comma and space.
TEST(SoftwireText, RulesOfEachMechanism) {
  dhcp6::S46Rule rule{1, 16, 24, 0xc0000200, prefix("2001:db8:e::/48"), {}};
  rule.options = {dhcp6::S46PortParameters{6, 8, 0x3400}};
  dhcp6::S46Rule plain{0, 0, 32, 0xcb007107, prefix("2001:db8:f::/56"), {}};
  const dhcp6::S46BorderRelay relay{address("2001:db8::b")};
  EXPECT_EQ(softwire_text(dhcp6::S46MapE{{rule, plain, relay}}),
            "fmr,type=map-e,ealen=16,prefix4len=24,prefix6len=48,ipv4prefix=192.0.2.0,"
            "ipv6prefix=2001:db8:e::,offset=6,psidlen=8,psid=13312,br=2001:db8::b, "
            "type=map-e,ealen=0,prefix4len=32,prefix6len=56,ipv4prefix=203.0.113.7,"
            "ipv6prefix=2001:db8:f::,br=2001:db8::b, ");
  EXPECT_EQ(
      softwire_text(dhcp6::S46MapT{{plain, dhcp6::S46DefaultRule{prefix("2001:db8:64::/64")}}}),
      "type=map-t,ealen=0,prefix4len=32,prefix6len=56,ipv4prefix=203.0.113.7,"
      "ipv6prefix=2001:db8:f::,dmr=2001:db8:64::/64, ");
  dhcp6::S46Binding binding{0xcb007107, prefix("2001:db8:b::/56"), {}};
  binding.options = {dhcp6::S46PortParameters{0, 4, 0xf000}};
  EXPECT_EQ(softwire_text(dhcp6::S46Lightweight{{binding, relay}}),
            "type=lw4o6,prefix4len=32,prefix6len=56,ipv4prefix=203.0.113.7,"
            "ipv6prefix=2001:db8:b::,offset=0,psidlen=4,psid=61440,br=2001:db8::b, ");
  EXPECT_EQ(softwire_text(dhcp6::S46MapE{{relay}}), "");
}

}  // namespace
}  // namespace sixgate::daemon
