// SPDX-License-Identifier: Apache-2.0
// The uplink heard as a host hears it (RFC 4861 section 6.3, RFC 4862 section 5.5.3, RFC 4191, RFC 7559).
#include <gtest/gtest.h>

#include <algorithm>

#include "net/text.h"
#include "tests/unit/ra/support.h"

namespace sixgate::ra {
namespace {

using namespace test;

const Ip6Address kRouter = ip("fe80::1");
const Ip6Address kOtherRouter = ip("fe80::2");

RouterAdvertisement advertisement(seconds router_lifetime = seconds(1800)) {
  RouterAdvertisement message;
  message.router_lifetime = router_lifetime;
  return message;
}

PrefixInformation information(std::string_view text, std::uint32_t preferred, std::uint32_t valid) {
  PrefixInformation option;
  option.prefix = prefix(text);
  option.on_link = option.autonomous = true;
  option.preferred = Lifetime(preferred);
  option.valid = Lifetime(valid);
  return option;
}

RouterAdvertisement with(Option option) {
  RouterAdvertisement message = advertisement();
  message.options.push_back(std::move(option));
  return message;
}

TEST(RouterListener, HearsRadvd) {
  Wan wan;
  const Captured capture = captured("radvd");
  wan.listener.receive(capture.packet(), wan.now);
  wan.collect();
  EXPECT_TRUE(wan.changed);

  Heard expected;
  expected.any = expected.managed = expected.other = true;
  expected.hop_limit = 63;
  expected.reachable = seconds(30);
  expected.retrans = seconds(1);
  expected.mtu = 1492;
  const Ip6Address radvd = ip("fe80::5eff:fe00:5301");
  expected.routers = {{radvd, MacAddress({0x02, 0, 0x5e, 0, 0x53, 0x01}), RouterPreference::kHigh,
                       after(seconds(1800)), true, true}};
  HeardPrefix first;
  first.prefix = prefix("2001:db8:1:2::/64");
  first.router = radvd;
  first.on_link = first.autonomous = true;
  first.preferred_until = after(seconds(14400));
  first.valid_until = first.on_link_until = first.said_until = after(seconds(86400));
  HeardPrefix second;
  second.prefix = prefix("2001:db8:1:3::/64");
  second.router = radvd;
  second.autonomous = true;
  second.preferred_until = second.valid_until = second.said_until = Instant::never();
  second.on_link_until = kStart;
  expected.prefixes = {first, second};
  expected.routes = {
      {prefix("2001:db8:f00::/48"), radvd, RouterPreference::kLow, after(seconds(1200))},
      {prefix("fd00:1:2:3:4::/80"), radvd, RouterPreference::kHigh, Instant::never()}};
  expected.rdnss = {{ip("2001:db8:1:2::53"), after(seconds(600))},
                    {ip("fe80::53"), after(seconds(600))}};
  expected.dnssl = {{name("example.com"), after(seconds(601))},
                    {name("home.arpa"), after(seconds(601))},
                    {name("sub.example.net"), after(seconds(601))}};
  EXPECT_EQ(wan.listener.heard(), expected);

  // And everything ends at its own time.
  EXPECT_EQ(wan.listener.next_deadline(), after(seconds(600)));
  wan.run_for(seconds(601));
  EXPECT_TRUE(wan.changed);
  EXPECT_TRUE(wan.listener.heard().rdnss.empty());
  EXPECT_TRUE(wan.listener.heard().dnssl.empty());
  wan.run_for(hours(48));
  EXPECT_TRUE(wan.listener.heard().routers.empty());
  EXPECT_EQ(wan.listener.heard().routes.size(), 1U);
  EXPECT_EQ(wan.listener.heard().prefixes, std::vector<HeardPrefix>{second});
  EXPECT_EQ(wan.listener.next_deadline(), std::nullopt);
}

TEST(Conformance, Row_4861_H_01_InvalidAdvertisementsAreDiscarded) {
  const auto discarded = [](auto spoil, Discard reason) {
    Wan wan;
    Captured capture = captured("radvd");
    spoil(capture);
    wan.listener.receive(capture.packet(), wan.now);
    wan.collect();
    EXPECT_EQ(wan.listener.counters().discarded[reason], 1U) << to_string(reason);
    EXPECT_EQ(wan.listener.counters().discarded.total(), 1U);
    EXPECT_EQ(wan.listener.heard(), Heard());
    EXPECT_FALSE(wan.changed);
  };
  discarded([](Captured& c) { c.source = ip("2001:db8::1"); }, Discard::kSourceNotLinkLocal);
  discarded([](Captured& c) { c.source = Ip6Address(); }, Discard::kSourceNotLinkLocal);
  discarded([](Captured& c) { c.hop_limit = 254; }, Discard::kHopLimit);
  discarded([](Captured& c) { c.payload[1] = 1; }, Discard::kCode);
  discarded([](Captured& c) { c.payload.resize(15); }, Discard::kTooShort);
  discarded([](Captured& c) { c.payload[17] = 0; }, Discard::kOptionLength);
  discarded([](Captured& c) { c.payload.pop_back(); }, Discard::kOptionLength);
  discarded([](Captured& c) { c.payload[0] = 133; }, Discard::kType);
}

TEST(Conformance, Row_4861_H_02_SolicitsWithExponentialBackoffUntilAnswered) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Wan wan(seed);
    wan.listener.start(wan.now);
    wan.run_for(hours(24));
    ASSERT_GT(wan.solicited.size(), 20U);
    EXPECT_LE(wan.solicited[0], after(seconds(1)));
    Duration last = wan.solicited[1] - wan.solicited[0];
    EXPECT_GE(last, milliseconds(3600));
    EXPECT_LE(last, milliseconds(4400));
    for (std::size_t i = 2; i < wan.solicited.size(); ++i) {
      const Duration gap = wan.solicited[i] - wan.solicited[i - 1];
      if (2 * last + last / 10 <= seconds(3600)) {
        EXPECT_GE(gap, 2 * last - last / 10);
        EXPECT_LE(gap, 2 * last + last / 10);
      }
      EXPECT_LE(gap, seconds(3960));
      last = gap;
    }
    EXPECT_GE(last, seconds(3240));
    // Once a default router is there, silence.
    wan.hear(advertisement(), kRouter);
    const std::size_t before = wan.solicited.size();
    wan.run_for(hours(24));
    EXPECT_EQ(wan.solicited.size(), before);
  }
}

TEST(RouterListener, TheFirstSolicitationIsSpreadOverASecond) {
  Duration least = seconds(1), most = seconds(0);
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Wan wan(seed);
    wan.listener.start(wan.now);
    wan.run_for(seconds(1));
    ASSERT_EQ(wan.solicited.size(), 1U);
    least = std::min(least, wan.solicited[0] - kStart);
    most = std::max(most, wan.solicited[0] - kStart);
  }
  EXPECT_LT(least, milliseconds(100));
  EXPECT_GT(most, milliseconds(900));
}

TEST(RouterListener, ASolicitationGoesToAllRoutersWithTheLinkLayerAddress) {
  Wan wan;
  wan.listener.set_link_layer(MacAddress({0x02, 0, 0x5e, 0, 0x53, 0x02}));
  wan.listener.start(wan.now);
  wan.run_for(seconds(1));
  ASSERT_EQ(wan.packets.size(), 1U);
  EXPECT_EQ(wan.packets[0].destination, kAllRouters);
  auto kernels = captured("linux_rs").payload;
  kernels[2] = kernels[3] = 0;
  EXPECT_EQ(wan.packets[0].payload, kernels);
}

TEST(RouterListener, AnAdvertisementWithoutDefaultRouteDoesNotEndTheSoliciting) {
  Wan wan;
  wan.listener.start(wan.now);
  wan.run_for(seconds(2));
  wan.hear(advertisement(seconds(0)), kRouter);
  EXPECT_TRUE(wan.listener.heard().any);
  wan.run_for(minutes(5));
  EXPECT_GT(wan.solicited.size(), 4U);
}

TEST(RouterListener, AnAdvertisementBeforeTheFirstSolicitationLeavesOne) {
  Wan wan(2);
  wan.listener.start(wan.now);
  wan.hear(advertisement(), kRouter);
  wan.run_for(hours(1));
  EXPECT_EQ(wan.solicited.size(), 1U);
}

TEST(RouterListener, AfterStopNothingIsSentAndWhatWasHeardLivesOn) {
  Wan wan;
  wan.listener.start(wan.now);
  wan.hear(with(information("2001:db8:1::/64", 600, 1200)), kRouter);
  wan.listener.stop();
  wan.run_for(seconds(1100));
  EXPECT_TRUE(wan.solicited.empty());
  EXPECT_EQ(wan.listener.heard().prefixes.size(), 1U);
  wan.listener.start(wan.now);
  wan.run_for(seconds(1));
  EXPECT_EQ(wan.solicited.size(), 1U);
}

TEST(Conformance, Row_4861_H_03_SeveralDefaultRoutersAreRemembered) {
  Wan wan;
  wan.hear(advertisement(seconds(1800)), kOtherRouter);
  wan.hear(advertisement(seconds(900)), kRouter);
  const auto defaults = [&] {
    std::vector<Ip6Address> out;
    for (const HeardRouter& router : wan.listener.heard().routers) {
      if (router.router_until > wan.now) out.push_back(router.address);
    }
    return out;
  };
  EXPECT_EQ(defaults(), (std::vector<Ip6Address>{kRouter, kOtherRouter}));
  wan.hear(advertisement(seconds(0)), kRouter);
  EXPECT_EQ(defaults(), (std::vector<Ip6Address>{kOtherRouter}));
  EXPECT_TRUE(wan.changed);
  EXPECT_EQ(wan.listener.next_deadline(), after(seconds(1800)));
  wan.changed = false;
  wan.run_until(after(seconds(1800)));
  EXPECT_TRUE(wan.changed) << "its owner hears of the end";
  EXPECT_TRUE(defaults().empty());
}

// RFC 4861 section 6.3.6, RFC 4191 section 3.2.
TEST(RouterListener, ARouterThatDoesNotAnswerIsTriedAgainOnceInAWhile) {
  Wan wan;
  wan.hear(advertisement(seconds(1800)), kRouter);
  const auto silent = [&] { return wan.listener.heard().routers[0].silent; };
  EXPECT_FALSE(wan.listener.probed(kOtherRouter, false, wan.now)) << "no router";
  EXPECT_FALSE(wan.listener.probed(kRouter, true, wan.now)) << "as everybody thought";
  EXPECT_FALSE(silent());
  EXPECT_TRUE(wan.listener.probed(kRouter, false, wan.now));
  EXPECT_TRUE(silent());
  wan.run_until(after(seconds(30)));
  EXPECT_FALSE(wan.listener.probed(kRouter, false, wan.now));
  wan.run_until(after(seconds(80)));
  wan.hear(advertisement(seconds(1800)), kRouter);
  EXPECT_TRUE(silent()) << "it was asked in vain less than a minute ago";
  wan.run_until(after(seconds(90)));
  wan.hear(advertisement(seconds(1800)), kRouter);
  EXPECT_FALSE(silent());
  EXPECT_TRUE(wan.listener.probed(kRouter, false, wan.now));
  EXPECT_TRUE(wan.listener.probed(kRouter, true, wan.now));
  EXPECT_FALSE(silent()) << "it answers";
}

TEST(Conformance, Row_4861_H_04_ParametersWithinTheirRange) {
  Wan wan;
  RouterAdvertisement message = with(Mtu{1400});
  message.hop_limit = 32;
  message.reachable = seconds(20);
  message.retrans = milliseconds(500);
  wan.hear(message, kRouter);
  EXPECT_EQ(wan.listener.heard().mtu, 1400U);
  for (const std::uint32_t mtu : {0U, 1000U, 1279U, 1501U, 9000U})
    wan.hear(with(Mtu{mtu}), kRouter);
  EXPECT_EQ(wan.listener.heard().mtu, 1400U);
  EXPECT_EQ(wan.listener.heard().hop_limit, 32) << "zero is unspecified: the value stays";
  EXPECT_EQ(wan.listener.heard().reachable, seconds(20));
  EXPECT_EQ(wan.listener.heard().retrans, milliseconds(500));
  wan.hear(with(Mtu{1280}), kRouter);
  EXPECT_EQ(wan.listener.heard().mtu, 1280U);
  wan.hear(with(Mtu{1500}), kRouter);
  EXPECT_EQ(wan.listener.heard().mtu, 1500U);
  wan.listener.set_link_mtu(1492);
  EXPECT_EQ(wan.listener.heard().mtu, std::nullopt);
}

TEST(Conformance, Row_4861_H_05_PreferencesOfRoutersAndRoutes) {
  Wan wan;
  RouterAdvertisement high = advertisement();
  high.preference = RouterPreference::kHigh;
  wan.hear(high, kRouter);
  EXPECT_EQ(wan.listener.heard().routers[0].preference, RouterPreference::kHigh);
  auto reserved = to_bytes(high);
  reserved[5] = 0x10;
  wan.listener.receive({reserved, kRouter, kAllNodes, 255}, wan.now);
  EXPECT_EQ(wan.listener.heard().routers[0].preference, RouterPreference::kMedium);

  RouteInformation route{prefix("2001:db8:7::/48"), RouterPreference::kHigh, Lifetime(600)};
  wan.hear(with(route), kRouter);
  ASSERT_EQ(wan.listener.heard().routes.size(), 1U);
  EXPECT_EQ(wan.listener.heard().routes[0].preference, RouterPreference::kHigh);
  route.prefix = prefix("2001:db8:8::/48");
  route.preference = std::nullopt;
  wan.hear(with(route), kRouter);
  EXPECT_EQ(wan.listener.heard().routes.size(), 1U) << "10 is ignored in a route";
  route = {prefix("2001:db8:7::/48"), RouterPreference::kLow, Lifetime(0)};
  wan.hear(with(route), kOtherRouter);
  EXPECT_EQ(wan.listener.heard().routes.size(), 1U) << "another router's route";
  wan.hear(with(route), kRouter);
  EXPECT_TRUE(wan.listener.heard().routes.empty());
}

TEST(RouterListener, ARouteToEverywhereOverridesTheHeader) {
  Wan wan;
  wan.hear(with(RouteInformation{prefix("::/0"), RouterPreference::kLow, Lifetime(77)}), kRouter);
  EXPECT_TRUE(wan.listener.heard().routes.empty());
  EXPECT_EQ(wan.listener.heard().routers[0].router_until, after(seconds(77)));
  EXPECT_EQ(wan.listener.heard().routers[0].preference, RouterPreference::kLow);
}

TEST(Conformance, Row_4862_H_01_PreferredAboveValidIsIgnored) {
  Wan wan;
  PrefixInformation option = information("2001:db8:1::/64", 2000, 1000);
  option.on_link = false;
  wan.hear(with(option), kRouter);
  EXPECT_TRUE(wan.listener.heard().prefixes.empty());
  EXPECT_EQ(wan.listener.counters().ignored_prefixes, 1U);
  wan.hear(with(information("2001:db8:1::/64", 500, 1000)), kRouter);
  wan.hear(with(information("2001:db8:1::/64", 20000, 10000)), kRouter);
  ASSERT_EQ(wan.listener.heard().prefixes.size(), 1U);
  EXPECT_EQ(wan.listener.heard().prefixes[0].preferred_until, after(seconds(500)));
  EXPECT_EQ(wan.listener.heard().prefixes[0].valid_until, after(seconds(1000)));
}

TEST(Conformance, Row_4862_H_02_OnlySlash64ForAddressesNeverLinkLocal) {
  for (const std::string_view text :
       {"2001:db8:10::/60", "2001:db8:10::/65", "2001:db8:10::1/128"}) {
    Wan wan;
    wan.hear(with(information(text, 600, 600)), kRouter);
    ASSERT_EQ(wan.listener.heard().prefixes.size(), 1U) << "on-link it may be";
    EXPECT_TRUE(wan.listener.heard().prefixes[0].on_link);
    EXPECT_FALSE(wan.listener.heard().prefixes[0].autonomous);
  }
  Wan wan;
  for (const std::string_view text : {"fe80::/64", "fe80:0:0:1::/64", "ff02::/64", "::/0"}) {
    wan.hear(with(information(text, 600, 600)), kRouter);
  }
  EXPECT_TRUE(wan.listener.heard().prefixes.empty());
  EXPECT_EQ(wan.listener.counters().ignored_prefixes, 4U);
}

TEST(Conformance, Row_4862_H_03_TwoHourRule) {
  Wan wan;
  const auto entry = [&] { return wan.listener.heard().prefixes.at(0); };
  wan.hear(with(information("2001:db8:1::/64", 86400, 86400)), kRouter);
  wan.hear(with(information("2001:db8:1::/64", 0, 60)), kRouter);
  EXPECT_EQ(entry().valid_until, after(hours(2)));
  EXPECT_EQ(entry().preferred_until, kStart);
  EXPECT_EQ(entry().on_link_until, after(seconds(60))) << "on-link follows at once";
  // Below two hours only more is believed.
  wan.run_for(minutes(30));
  wan.hear(with(information("2001:db8:1::/64", 60, 60)), kRouter);
  EXPECT_EQ(entry().valid_until, after(hours(2)));
  EXPECT_EQ(entry().preferred_until, wan.now + seconds(60));
  wan.hear(with(information("2001:db8:1::/64", 60, 5401)), kRouter);
  EXPECT_EQ(entry().valid_until, wan.now + seconds(5401));
  wan.hear(with(information("2001:db8:1::/64", 60, 7201)), kRouter);
  EXPECT_EQ(entry().valid_until, wan.now + seconds(7201));
  wan.hear(with(information("2001:db8:1::/64", 0, 0)), kRouter);
  EXPECT_EQ(entry().valid_until, wan.now + hours(2));
  EXPECT_FALSE(entry().on_link);
  wan.run_for(hours(2));
  EXPECT_TRUE(wan.listener.heard().prefixes.empty());
}

TEST(RouterListener, AnUnknownPrefixWithoutLifetimeIsNothing) {
  Wan wan;
  wan.hear(with(information("2001:db8:1::/64", 0, 0)), kRouter);
  EXPECT_TRUE(wan.listener.heard().prefixes.empty());
}

TEST(RouterListener, KeepsThePFlagAndThePrefixWithNeitherFlag) {
  Wan wan;
  PrefixInformation option = information("2001:db8:1::/64", 600, 600);
  option.delegation_preferred = true;
  wan.hear(with(option), kRouter);
  EXPECT_TRUE(wan.listener.heard().prefixes[0].delegation_preferred);
  option = information("2001:db8:2::/64", 600, 600);
  option.on_link = option.autonomous = false;
  wan.hear(with(option), kRouter);
  ASSERT_EQ(wan.listener.heard().prefixes.size(), 2U);
  EXPECT_FALSE(wan.listener.heard().prefixes[1].on_link);
  EXPECT_FALSE(wan.listener.heard().prefixes[1].autonomous);
}

TEST(RouterListener, FlagsAreThoseOfAnyRouterRemembered) {
  Wan wan;
  RouterAdvertisement managed = advertisement(seconds(0));
  managed.managed = true;
  wan.hear(managed, kRouter);
  wan.hear(advertisement(), kOtherRouter);
  EXPECT_TRUE(wan.listener.heard().managed);
  EXPECT_FALSE(wan.listener.heard().other);
  managed.managed = false;
  managed.other = true;
  wan.hear(managed, kRouter);
  EXPECT_FALSE(wan.listener.heard().managed);
  EXPECT_TRUE(wan.listener.heard().other);
  wan.run_for(hours(3));
  EXPECT_FALSE(wan.listener.heard().other);
}

TEST(Conformance, Row_8106_07_MalformedDnsOptionsDoNotHarmTheRest) {
  Wan wan;
  const auto raw = [](std::string_view hex) {
    const auto octets = bytes(hex);
    return UnknownOption{octets[0], {octets.begin() + 2, octets.end()}};
  };
  RouterAdvertisement message = advertisement();
  message.options = {raw("190400000000025820010db80000000000000000000000530000000000000000"),
                     raw("1901000000000258"),
                     raw("1f01000000000258"),
                     raw("1f02000000000258c00c000000000000"),
                     raw("1f020000000002584061616161616161"),
                     RecursiveDnsServers{Lifetime(600), {ip("2001:db8::53")}},
                     information("2001:db8:1::/64", 600, 600)};
  wan.hear(message, kRouter);
  EXPECT_EQ(wan.listener.counters().malformed_options, 5U);
  EXPECT_EQ(wan.listener.heard().routers[0].router_until, after(seconds(1800)));
  EXPECT_EQ(wan.listener.heard().rdnss.size(), 1U);
  EXPECT_TRUE(wan.listener.heard().dnssl.empty());
  EXPECT_EQ(wan.listener.heard().prefixes.size(), 1U);
}

TEST(RouterListener, DnsServersAndDomainsComeAndGo) {
  Wan wan;
  RouterAdvertisement message = advertisement();
  message.options = {
      RecursiveDnsServers{Lifetime(600), {ip("2001:db8::53"), kAllNodes, ip("fe80::53")}},
      DnsSearchList{Lifetime(600), {name("b.example"), name("a.example")}}};
  wan.hear(message, kRouter);
  EXPECT_EQ(wan.listener.heard().rdnss,
            (std::vector<HeardServer>{{ip("2001:db8::53"), after(seconds(600))},
                                      {ip("fe80::53"), after(seconds(600))}}));
  EXPECT_EQ(wan.listener.heard().dnssl[0].name, name("b.example")) << "in the order given";
  message.options = {RecursiveDnsServers{Lifetime(0), {ip("2001:db8::53")}},
                     DnsSearchList{Lifetime(0), {name("b.example"), name("c.example")}}};
  wan.hear(message, kRouter);
  EXPECT_EQ(wan.listener.heard().rdnss.size(), 1U);
  EXPECT_EQ(wan.listener.heard().dnssl.size(), 1U);
}

EncryptedDns resolver(std::string_view called, std::uint32_t lifetime) {
  EncryptedDns option;
  option.priority = 1;
  option.lifetime = Lifetime(lifetime);
  option.name = name(called);
  option.addresses = {ip("2001:db8::853")};
  option.service_parameters = {0, 1, 0, 4, 3, 'd', 'o', 't'};
  return option;
}

TEST(RouterListener, EncryptedResolversComeAndGo) {
  Wan wan;
  wan.hear(with(resolver("dot.example", 600)), kRouter);
  EXPECT_EQ(wan.listener.heard().resolvers,
            (std::vector<HeardResolver>{{resolver("dot.example", 600), after(seconds(600))}}));
  wan.hear(with(resolver("dot.example", 900)), kRouter);
  ASSERT_EQ(wan.listener.heard().resolvers.size(), 1U);
  EXPECT_EQ(wan.listener.heard().resolvers[0].until, after(seconds(900)));
  wan.hear(with(resolver("dot.example", 0)), kRouter);
  EXPECT_TRUE(wan.listener.heard().resolvers.empty());
  for (unsigned i = 0; i < 100; ++i) wan.hear(with(resolver(cat("r", i), 60)), kRouter);
  EXPECT_EQ(wan.listener.heard().resolvers.size(), kMaxHeardResolvers);
  EXPECT_GT(wan.listener.counters().table_full, 0U);
  wan.run_for(seconds(61));
  EXPECT_TRUE(wan.listener.heard().resolvers.empty());
}

// An advertisement may be split over several packets, so silence about it says nothing (RFC 4861 section 6.2.3).
TEST(RouterListener, ACaptivePortalIsKnownAsLongAsItsRouter) {
  Wan wan;
  wan.hear(with(CaptivePortal{"https://portal.example/api"}), kRouter);
  wan.hear(advertisement(), kRouter);
  EXPECT_EQ(wan.listener.heard().routers[0].captive_portal, "https://portal.example/api");
  wan.hear(with(CaptivePortal{"https://other.example/api"}), kRouter);
  EXPECT_EQ(wan.listener.heard().routers[0].captive_portal, "https://other.example/api");
}

TEST(RouterListener, Pref64ComesAndGoes) {
  Wan wan;
  wan.hear(with(Pref64{prefix("64:ff9b::/96"), 225}), kRouter);
  EXPECT_EQ(wan.listener.heard().pref64,
            (HeardPref64{prefix("64:ff9b::/96"), after(seconds(1800))}));
  wan.hear(with(Pref64{prefix("2001:db8:64::/96"), 225}), kRouter);
  EXPECT_EQ(wan.listener.heard().pref64->prefix, prefix("64:ff9b::/96")) << "the first stays";
  wan.hear(with(Pref64{prefix("2001:db8:64::/96"), 0}), kRouter);
  EXPECT_TRUE(wan.listener.heard().pref64);
  wan.hear(with(Pref64{prefix("64:ff9b::/96"), 0}), kRouter);
  EXPECT_FALSE(wan.listener.heard().pref64);
}

TEST(RouterListener, AFloodNeitherGrowsTheTablesNorEvictsTheRouterInUse) {
  Wan wan;
  RouterAdvertisement good = with(information("2001:db8:1::/64", 1800, 3600));
  good.options.push_back(RecursiveDnsServers{Lifetime(1800), {ip("2001:db8:1::53")}});
  wan.hear(good, ip("fe80::aaaa"));
  for (unsigned i = 0; i < 5000; ++i) {
    RouterAdvertisement bad = advertisement(seconds(9000));
    for (unsigned j = 0; j < 20; ++j) {
      const unsigned n = i * 20 + j;
      bad.options.push_back(
          information(prefix("2001:db8::/32").subnet(64, n)->to_string(), 9000, 9000));
      bad.options.push_back(RouteInformation{*prefix("2400::/16").subnet(48, n),
                                             RouterPreference::kHigh, Lifetime(9000)});
      bad.options.push_back(RecursiveDnsServers{
          Lifetime(9000), {Ip6Address::from_halves(0x2400000000000000, n + 1)}});
      bad.options.push_back(DnsSearchList{Lifetime(9000), {name(cat("d", n, ".example"))}});
      bad.options.push_back(Pref64{*prefix("2400::/16").subnet(96, n), 100});
    }
    wan.hear(bad, Ip6Address::from_halves(0xfe80000000000000, i + 1));
  }
  const Heard& heard = wan.listener.heard();
  EXPECT_LE(heard.routers.size(), kMaxHeardRouters);
  EXPECT_LE(heard.prefixes.size(), kMaxHeardPrefixes);
  EXPECT_LE(heard.routes.size(), kMaxHeardRoutes);
  EXPECT_LE(heard.rdnss.size(), kMaxHeardServers);
  EXPECT_LE(heard.dnssl.size(), kMaxHeardDomains);
  EXPECT_GT(wan.listener.counters().table_full, 0U);
  // The router in use is served as before.
  wan.run_for(minutes(20));
  wan.hear(good, ip("fe80::aaaa"));
  const auto router = std::find_if(heard.routers.begin(), heard.routers.end(),
                                   [](const auto& r) { return r.address == ip("fe80::aaaa"); });
  ASSERT_NE(router, heard.routers.end());
  EXPECT_EQ(router->router_until, wan.now + seconds(1800));
  const auto known = std::find_if(heard.prefixes.begin(), heard.prefixes.end(), [](const auto& p) {
    return p.prefix == prefix("2001:db8:1::/64");
  });
  ASSERT_NE(known, heard.prefixes.end());
  EXPECT_EQ(known->valid_until, wan.now + seconds(3600));
  EXPECT_EQ(heard.rdnss[0].until, wan.now + seconds(1800));
  // And when the flood's lifetimes are over, there is room again.
  wan.run_for(hours(3));
  wan.hear(good, ip("fe80::bbbb"));
  EXPECT_EQ(heard.routers.size(), 1U);
}

TEST(RouterListener, OneRouterFillsOnlyItsShare) {
  Wan wan;
  for (unsigned n = 0; n < 100; ++n) {
    RouterAdvertisement message =
        with(information(prefix("2001:db8::/32").subnet(64, n)->to_string(), 900, 900));
    message.options.push_back(RouteInformation{*prefix("2400::/16").subnet(48, n),
                                               RouterPreference::kHigh, Lifetime(900)});
    wan.hear(message, kRouter);
  }
  EXPECT_EQ(wan.listener.heard().prefixes.size(), kMaxHeardPerRouter);
  EXPECT_EQ(wan.listener.heard().routes.size(), kMaxHeardPerRouter);
  wan.hear(with(information("2001:db8:ffff::/64", 900, 900)), kOtherRouter);
  EXPECT_EQ(wan.listener.heard().prefixes.size(), kMaxHeardPerRouter + 1);
}

TEST(RouterListener, TheSameAdvertisementAtTheSameTimeChangesNothing) {
  Wan wan;
  wan.hear(with(information("2001:db8:1::/64", 600, 1200)), kRouter);
  EXPECT_TRUE(wan.changed);
  wan.hear(with(information("2001:db8:1::/64", 600, 1200)), kRouter);
  EXPECT_FALSE(wan.changed);
}

// RFC 4861 section 4.2: unknown options are ignored by a host, and told on by a relay.
TEST(RouterListener, KeepsTheUnknownOptionsOfTheLastAdvertisementWithinBounds) {
  Wan wan;
  RouterAdvertisement said;
  said.router_lifetime = seconds(1800);
  said.options.emplace_back(UnknownOption{200, std::vector<std::uint8_t>(14, 7)});
  said.options.emplace_back(UnknownOption{201, std::vector<std::uint8_t>(kMaxHeardFurther, 7)});
  wan.hear(said, ip("fe80::1"));
  ASSERT_EQ(wan.listener.heard().routers.size(), 1U);
  ASSERT_EQ(wan.listener.heard().routers[0].further.size(), 1U);
  EXPECT_EQ(wan.listener.heard().routers[0].further[0].code, 200);
  said.options.clear();
  wan.hear(said, ip("fe80::1"));
  EXPECT_TRUE(wan.listener.heard().routers[0].further.empty());
}

}  // namespace
}  // namespace sixgate::ra
