// SPDX-License-Identifier: Apache-2.0
// Options beyond prefixes, routes and resolvers, and how they are taken back (RFC 8781, RFC 8910, RFC 9463).
#include <gtest/gtest.h>

#include <algorithm>

#include "net/text.h"
#include "tests/unit/ra/support.h"

namespace sixgate::ra {
namespace {

using namespace test;

RouterAdvertisement said_with(const Advertisement& content) {
  Lan lan;
  lan.configure(content);
  return lan.advertiser.current(kStart);
}

int flags_of(const PrefixInformation& option) {
  std::vector<std::uint8_t> out;
  ByteWriter writer(out);
  emit_option(option, writer);
  return out[3];
}

EncryptedDns resolver(std::uint16_t priority, std::string_view text) {
  EncryptedDns option;
  option.priority = priority;
  option.name = name(text);
  option.addresses = {ip("2001:db8::53")};
  option.service_parameters = {0, 1, 0, 4, 3, 'd', 'o', 't'};
  return option;
}

// A home with everything that can be said.
Advertisement rich(Instant now = kStart) {
  Advertisement content = home(now);
  content.settings.interval_option = content.settings.home_agent = true;
  content.translations = {{prefix("64:ff9b::/96"), Instant::never()}};
  content.captive_portal = "https://portal.example.org/api";
  content.encrypted_dns = {{resolver(20, "b.example.org"), Instant::never()},
                           {resolver(10, "a.example.org"), Instant::never()}};
  content.further_options = {{253, {1, 2, 3, 4, 5, 6}}};
  return content;
}

TEST(Advertiser, SaysEveryOptionInOneOrder) {
  std::string types;
  for (const Option& option : said_with(rich()).options) {
    std::vector<std::uint8_t> wire;
    ByteWriter writer(wire);
    emit_option(option, writer);
    types += cat(types.empty() ? "" : " ", unsigned{wire[0]});
  }
  EXPECT_EQ(types, "1 5 7 3 3 24 24 25 31 38 144 144 37 253");
  EXPECT_TRUE(said_with(rich()).home_agent);
  EXPECT_EQ(find<AdvertisementInterval>(said_with(rich()).options)->interval, seconds(600));
  EXPECT_EQ(find<EncryptedDns>(said_with(rich()).options)->name, name("a.example.org"))
      << "the lowest number first";
}

TEST(Conformance, Row_9762_01_PFlagIsOffByDefaultAndSetForEachPrefix) {
  Advertisement content = home();
  EXPECT_EQ(flags_of(*find_prefix(said_with(content), "2001:db8:0:1::/64")), 0xc0);
  content.prefixes[0].delegation_preferred = true;
  EXPECT_EQ(flags_of(*find_prefix(said_with(content), "2001:db8:0:1::/64")), 0xd0);
  EXPECT_EQ(flags_of(*find_prefix(said_with(content), "fd00:1:2:1::/64")), 0xc0);
}

TEST(Conformance, Row_9762_02_PNeverChangesA) {
  for (const bool autonomous : {false, true}) {
    for (const bool preferred : {false, true}) {
      Advertisement content = home();
      content.prefixes[0].autonomous = autonomous;
      content.prefixes[0].delegation_preferred = preferred;
      EXPECT_EQ(find_prefix(said_with(content), "2001:db8:0:1::/64")->autonomous, autonomous);
    }
  }
}

TEST(Conformance, Row_8028_01_AFirstHopMayBeMarkedWithNeitherLNorA) {
  Advertisement content = home();
  content.prefixes[0].on_link = content.prefixes[0].autonomous = false;
  EXPECT_EQ(flags_of(*find_prefix(said_with(content), "2001:db8:0:1::/64")), 0x00);
}

TEST(Advertiser, SaysTheWholeAddressWithTheRFlag) {
  Advertisement content = home();
  content.prefixes[0].router_address = ip("2001:db8:0:1::1");
  const PrefixInformation option = *find_prefix(said_with(content), "2001:db8:0:1::/64");
  EXPECT_EQ(flags_of(option), 0xe0);
  EXPECT_EQ(option.router_address, ip("2001:db8:0:1::1"));
}

TEST(Advertiser, APrefixMayHaveLimitsOfItsOwn) {
  Advertisement content = home();
  content.prefixes[1].max_preferred = Lifetime(86400);
  content.prefixes[1].max_valid = Lifetime::infinite();
  const PrefixInformation option = *find_prefix(said_with(content), "fd00:1:2:1::/64");
  EXPECT_EQ(option.preferred, Lifetime(86400));
  EXPECT_TRUE(option.valid.is_infinite());
  EXPECT_EQ(find_prefix(said_with(content), "2001:db8:0:1::/64")->valid, Lifetime(5400));
}

TEST(Advertiser, NoLimitMakesALifetimeLongerThanTheDelegation) {
  Lan lan;
  Advertisement content = home();
  content.prefixes[0].preferred_until = kStart + seconds(100);
  content.prefixes[0].valid_until = kStart + seconds(200);
  content.prefixes[0].max_valid = content.prefixes[0].max_preferred = Lifetime(86400);
  lan.configure(content);
  lan.run_for(seconds(50));
  const PrefixInformation option =
      *find_prefix(lan.advertiser.current(lan.now), "2001:db8:0:1::/64");
  EXPECT_EQ(option.preferred, Lifetime(50));
  EXPECT_EQ(option.valid, Lifetime(150));
}

TEST(Conformance, Row_8781_01_Pref64IsEncodedByItsLength) {
  Advertisement content = home();
  content.translations = {{prefix("64:ff9b::/96"), Instant::never()},
                          {prefix("2001:db8:64::/64"), Instant::never()},
                          {prefix("2001:db8::/33"), Instant::never()}};
  std::vector<unsigned> codes;
  for (const Option& option : said_with(content).options) {
    if (!std::holds_alternative<Pref64>(option)) continue;
    std::vector<std::uint8_t> wire;
    ByteWriter writer(wire);
    emit_option(option, writer);
    ASSERT_EQ(wire.size(), 16U);
    EXPECT_EQ(wire[1], 2);
    codes.push_back(wire[3] & 7U);
  }
  EXPECT_EQ(codes, (std::vector<unsigned>{0, 1})) << "and no other length is said";
}

TEST(Conformance, Row_8781_02_Pref64LifetimeFollowsTheInterval) {
  Advertisement content = rich();
  EXPECT_EQ(find<Pref64>(said_with(content).options)->lifetime, 225U);  // 1800 s
  content.translations[0].valid_until = kStart + seconds(5);
  EXPECT_EQ(find<Pref64>(said_with(content).options)->lifetime, 1U) << "never zero while it lives";
  content.settings.max_interval = seconds(65535);
  content.settings.router_lifetime = Lifetime(65535);
  content.translations[0].valid_until = Instant::never();
  EXPECT_EQ(find<Pref64>(said_with(content).options)->lifetime, 8191U);
}

TEST(Conformance, Row_8781_03_AWithdrawnPref64IsSaidWithLifetimeZero) {
  Lan lan;
  lan.configure(rich());
  lan.run_for(minutes(20));
  const Instant last_said = lan.sent.back().at;
  lan.sent.clear();
  Advertisement next = rich(lan.now);
  next.translations.clear();
  lan.configure(next);
  lan.run_for(hours(2));
  ASSERT_FALSE(lan.sent.empty());
  for (const Sent& sent : lan.sent) {
    const Pref64* option = find<Pref64>(sent.message.options);
    if (sent.at < last_said + seconds(1800)) {
      ASSERT_TRUE(option);
      EXPECT_EQ(option->lifetime, 0U);
    } else {
      EXPECT_FALSE(option);
    }
  }
}

TEST(Conformance, Row_8910_01_CaptivePortalIsPaddedWithZeros) {
  Advertisement content = home();
  content.captive_portal = "https://p.example.org/a";
  std::vector<std::uint8_t> wire;
  ByteWriter writer(wire);
  const RouterAdvertisement message = said_with(content);
  emit_option(*find<CaptivePortal>(message.options), writer);
  EXPECT_EQ(wire[0], 37);
  EXPECT_EQ(wire.size() % 8, 0U);
  EXPECT_EQ(std::string(wire.begin() + 2, wire.begin() + 25), content.captive_portal);
  EXPECT_TRUE(std::all_of(wire.begin() + 25, wire.end(), [](auto octet) { return octet == 0; }));
}

TEST(Advertiser, APortalThatIsGoneIsSaidToBeNone) {
  Lan lan;
  lan.configure(rich());
  lan.run_for(minutes(20));
  Advertisement next = rich(lan.now);
  next.captive_portal = "https://other.example.org/api";
  lan.configure(next);
  EXPECT_EQ(find_all<CaptivePortal>(lan.advertiser.current(lan.now).options).size(), 1U);
  next.captive_portal.clear();
  lan.configure(next);
  lan.sent.clear();
  lan.run_for(seconds(4));
  ASSERT_FALSE(lan.sent.empty());
  ASSERT_TRUE(find<CaptivePortal>(lan.sent[0].message.options));
  EXPECT_EQ(find<CaptivePortal>(lan.sent[0].message.options)->uri, kUnrestrictedPortal);
  lan.run_for(hours(3));
  EXPECT_FALSE(find<CaptivePortal>(lan.sent.back().message.options));
}

TEST(Conformance, Row_9463_04_EncryptedDnsLifetimeAndWithdrawal) {
  Lan lan;
  lan.configure(rich());
  lan.run_for(minutes(20));
  EXPECT_EQ(find<EncryptedDns>(lan.sent.back().message.options)->lifetime, Lifetime(5400));
  Advertisement next = rich(lan.now);
  next.encrypted_dns[1].option.addresses = {ip("2001:db8::5353")};  // a.example.org moved
  next.encrypted_dns.erase(next.encrypted_dns.begin());             // b.example.org is gone
  lan.configure(next);
  lan.sent.clear();
  lan.run_for(seconds(4));
  const auto options = find_all<EncryptedDns>(lan.sent[0].message.options);
  ASSERT_EQ(options.size(), 3U);
  EXPECT_TRUE(options[0].lifetime.is_zero());
  EXPECT_TRUE(options[1].lifetime.is_zero());
  EXPECT_EQ(options[2].lifetime, Lifetime(5400)) << "what is alive is said last, by whatever key";
  EXPECT_EQ(options[2].addresses, (std::vector<Ip6Address>{ip("2001:db8::5353")}));
}

TEST(Advertiser, FinalAdvertisementsTakeBackWhatHasALifetime) {
  Lan lan;
  lan.configure(rich());
  lan.run_for(minutes(1));
  lan.advertiser.stop(lan.now);
  lan.sent.clear();
  lan.run_for(minutes(1));
  ASSERT_FALSE(lan.sent.empty());
  const Options& options = lan.sent[0].message.options;
  EXPECT_EQ(find<Pref64>(options)->lifetime, 0U);
  ASSERT_EQ(find_all<EncryptedDns>(options).size(), 2U);
  for (const auto& option : find_all<EncryptedDns>(options)) EXPECT_TRUE(option.lifetime.is_zero());
  EXPECT_FALSE(find<CaptivePortal>(options));
  EXPECT_FALSE(find<UnknownOption>(options));
}

TEST(Advertiser, WhatAnEarlierLifeSaidIsTakenBackToo) {
  Lan before;
  before.configure(rich());
  before.run_for(minutes(20));
  const auto records = before.advertiser.advertised_options();
  // 2 routes, 2 servers, 2 domains, PREF64, the portal, 2 resolvers
  EXPECT_EQ(records.size(), 10U);

  Lan after;
  after.now = before.now;
  after.advertiser.restore(records, after.now);
  Advertisement nothing = home(after.now);
  nothing.prefixes.clear();
  nothing.routes.clear();
  nothing.dns_servers = {ip("fe80::1")};
  nothing.search_domains.clear();
  after.configure(nothing);
  after.run_for(seconds(0));
  const RouterAdvertisement& message = after.sent.at(0).message;
  EXPECT_TRUE(find_route(message, "2001:db8::/56")->lifetime.is_zero());
  const auto servers = find_all<RecursiveDnsServers>(message.options);
  ASSERT_EQ(servers.size(), 2U);
  EXPECT_EQ(servers[0].addresses, (std::vector<Ip6Address>{ip("fe80::1")}));
  EXPECT_EQ(servers[0].lifetime, Lifetime(5400)) << "what is said again lives";
  EXPECT_EQ(servers[1].addresses, (std::vector<Ip6Address>{ip("fd00:1:2:1::1")}));
  EXPECT_TRUE(servers[1].lifetime.is_zero());
  EXPECT_TRUE(find<DnsSearchList>(message.options)->lifetime.is_zero());
  EXPECT_EQ(find<Pref64>(message.options)->lifetime, 0U);
  EXPECT_EQ(find<CaptivePortal>(message.options)->uri, kUnrestrictedPortal);
  EXPECT_EQ(find_all<EncryptedDns>(message.options).size(), 2U);
}

TEST(Advertiser, ManyOptionsAreDividedOverPacketsInTheirOrder) {
  Lan lan;
  Advertisement content = rich();
  for (unsigned i = 0; i < 30; ++i) {
    content.prefixes.push_back(
        advertised(cat("2001:db8:100:", i, "::/64"), Instant::never(), Instant::never()));
    content.encrypted_dns.push_back({resolver(30, cat("r", i, ".example.org")), Instant::never()});
  }
  lan.configure(content);
  lan.run_for(minutes(2));
  const RouterAdvertisement whole = lan.advertiser.current(lan.now);
  Options heard;
  for (std::size_t i = 0; i < lan.sent.size() && heard.size() + 3 < whole.options.size(); ++i) {
    EXPECT_LE(lan.sent[i].size, 1500U);
    const Options& part = lan.sent[i].message.options;
    heard.insert(heard.end(), part.begin() + 3, part.end());  // after those of the link
  }
  EXPECT_EQ(heard, Options(whole.options.begin() + 3, whole.options.end()));
}

TEST(Advertiser, SaysNothingTwiceForAShorterPref64OfOneUnit) {
  Lan lan;
  Advertisement content = rich();
  content.translations[0].valid_until = kStart + seconds(1700);
  lan.configure(content);
  lan.run_for(minutes(2));
  lan.sent.clear();
  content.translations[0].valid_until = content.translations[0].valid_until - seconds(1);
  lan.configure(content);
  lan.run_for(seconds(1));
  EXPECT_TRUE(lan.sent.empty());
}

}  // namespace
}  // namespace sixgate::ra
