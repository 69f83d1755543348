// SPDX-License-Identifier: Apache-2.0
// What the advertiser says, and what it takes back (RFC 4861 section 6.2.3, RFC 9096, RFC 4191, RFC 8106).
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "net/text.h"
#include "tests/unit/ra/support.h"

namespace sixgate::ra {
namespace {

using namespace test;

constexpr std::string_view kGlobal = "2001:db8:0:1::/64";

RouterAdvertisement said(const Advertisement& content) {
  Lan lan;
  lan.configure(content);
  return lan.advertiser.current(kStart);
}

// The flags octet of a Prefix Information option on the wire.
int prefix_flags(const RouterAdvertisement& message, std::string_view text) {
  std::vector<std::uint8_t> out;
  ByteWriter writer(out);
  emit_option(*find_prefix(message, text), writer);
  return out[3];
}

TEST(Advertiser, SaysAHomeInFull) {
  RouterAdvertisement expected;
  expected.hop_limit = 64;
  expected.other = true;
  expected.router_lifetime = seconds(2700);
  PrefixInformation global;
  global.prefix = prefix(kGlobal);
  global.on_link = global.autonomous = true;
  global.preferred = Lifetime(2700);
  global.valid = Lifetime(5400);
  PrefixInformation local = global;
  local.prefix = prefix("fd00:1:2:1::/64");
  const auto medium = RouterPreference::kMedium;
  expected.options = {SourceLinkLayerAddress(MacAddress({0x02, 0, 0x5e, 0, 0x53, 0x01})),
                      Mtu{1500},
                      global,
                      local,
                      RouteInformation{prefix("2001:db8::/56"), medium, Lifetime(5400)},
                      RouteInformation{prefix("fd00:1:2::/48"), medium, Lifetime(5400)},
                      RecursiveDnsServers{Lifetime(5400), {ip("fd00:1:2:1::1"), ip("fe80::1")}},
                      DnsSearchList{Lifetime(5400), {name("home.arpa"), name("lan.example.org")}}};
  EXPECT_EQ(said(home()), expected);
}

TEST(Advertiser, TheSameInputsGiveTheSameOctets) {
  const auto run = [](bool reversed) {
    Lan lan(3);
    Advertisement content = home();
    if (reversed) {
      std::reverse(content.prefixes.begin(), content.prefixes.end());
      std::reverse(content.routes.begin(), content.routes.end());
    }
    lan.configure(content);
    lan.run_for(hours(2));
    std::string all;
    for (const Sent& sent : lan.sent) all += cat(sent.at.micros(), to_hex(to_bytes(sent.message)));
    return all;
  };
  EXPECT_EQ(run(false), run(false));
  EXPECT_EQ(run(false), run(true)) << "whatever the order of prefixes and routes";
}

TEST(Advertiser, MtuOptionIsTheLinksTheConfiguredOrNone) {
  const auto mtu = [](std::optional<std::uint32_t> setting, std::uint32_t link) {
    Advertisement content = home();
    content.settings.mtu = setting;
    content.link_mtu = link;
    const auto message = said(content);
    const Mtu* option = find<Mtu>(message.options);
    return option ? option->mtu : 0U;
  };
  EXPECT_EQ(mtu(std::nullopt, 1500), 1500U);
  EXPECT_EQ(mtu(1400, 1500), 1400U);
  EXPECT_EQ(mtu(0, 1500), 0U);
  EXPECT_EQ(mtu(9000, 1500), 0U);
  EXPECT_EQ(mtu(1000, 1500), 0U);
  EXPECT_EQ(mtu(std::nullopt, 0), 0U);
}

TEST(Conformance, Row_4861_R_17_IntervalLimitsAndDefaults) {
  EXPECT_TRUE(check(AdvertiserSettings{}).empty());
  EXPECT_EQ(AdvertiserSettings{}.max_interval, seconds(600));
  EXPECT_EQ(AdvertiserSettings{}.min_interval, seconds(200));
  const auto problem = [](int least, int most) {
    AdvertiserSettings settings;
    settings.min_interval = seconds(least);
    settings.max_interval = seconds(most);
    settings.router_lifetime = Lifetime(0);
    const auto problems = check(settings);
    return problems.empty() ? std::string_view() : problems[0].setting;
  };
  EXPECT_EQ(problem(3, 4), "");
  EXPECT_EQ(problem(3, 3), "max_interval");
  EXPECT_EQ(problem(3, 65535), "");
  EXPECT_EQ(problem(3, 65536), "max_interval");
  EXPECT_EQ(problem(2, 600), "min_interval");
  EXPECT_EQ(problem(450, 600), "");
  EXPECT_EQ(problem(451, 600), "min_interval");
}

TEST(Conformance, Row_4861_R_18_RouterLifetimeLimits) {
  const auto fine = [](std::uint32_t lifetime) {
    AdvertiserSettings settings;
    settings.router_lifetime = Lifetime(lifetime);
    return check(settings).empty();
  };
  EXPECT_TRUE(fine(0));
  EXPECT_FALSE(fine(5));
  EXPECT_FALSE(fine(599));
  EXPECT_TRUE(fine(600));
  EXPECT_TRUE(fine(65535));
  EXPECT_FALSE(fine(65536));
}

TEST(Conformance, Row_4861_R_19_PreferredIsNeverAboveValid) {
  for (int preferred = 0; preferred <= 9000; preferred += 450) {
    for (int valid = 0; valid <= 9000; valid += 450) {
      Advertisement content = home();
      content.settings.max_preferred = Lifetime(6000);
      content.prefixes[0] =
          advertised(kGlobal, kStart + seconds(preferred), kStart + seconds(valid));
      for (const auto& option : find_all<PrefixInformation>(said(content).options)) {
        EXPECT_LE(option.preferred, option.valid);
      }
    }
  }
}

TEST(Conformance, Row_4861_R_20_ReachableAndRetransmissionTimers) {
  EXPECT_EQ(said(home()).reachable, milliseconds(0));
  EXPECT_EQ(said(home()).retrans, milliseconds(0));
  Advertisement content = home();
  content.settings.reachable = seconds(30);
  content.settings.retrans = seconds(2);
  EXPECT_EQ(said(content).reachable, seconds(30));
  EXPECT_EQ(said(content).retrans, seconds(2));
  content.settings.reachable = hours(1);
  EXPECT_TRUE(check(content.settings).empty());
  content.settings.reachable += milliseconds(1);
  EXPECT_EQ(check(content.settings).at(0).setting, "reachable");
}

TEST(Conformance, Row_4861_R_21_NoLinkLocalPrefix) {
  Lan lan;
  Advertisement content = home();
  content.prefixes = {advertised("fe80::/64", Instant::never(), Instant::never()),
                      advertised("fe80::/10", Instant::never(), Instant::never()),
                      advertised("::/0", Instant::never(), Instant::never()),
                      advertised("ff05::/64", Instant::never(), Instant::never())};
  lan.advertiser.restore({{prefix("fe80::/64"), true, true, kStart + hours(1)}}, kStart);
  lan.configure(content);
  EXPECT_TRUE(find_all<PrefixInformation>(lan.advertiser.current(kStart).options).empty());
  EXPECT_TRUE(std::any_of(lan.log.begin(), lan.log.end(), [](const LogLine& line) {
    return line.text == "prefix fe80::/64 is not for advertising";
  }));
}

TEST(Conformance, Row_4861_R_22_SolicitedAndInitialAdvertisementsAreComplete) {
  Lan lan;
  lan.configure(home());
  lan.run_for(minutes(1));
  lan.solicit(ip("fe80::99"));
  lan.solicit(Ip6Address());
  lan.run_for(seconds(1));
  ASSERT_EQ(lan.sent.size(), 5U);
  for (const Sent& sent : lan.sent) {
    EXPECT_EQ(find_all<PrefixInformation>(sent.message.options).size(), 2U);
    EXPECT_EQ(find_all<RouteInformation>(sent.message.options).size(), 2U);
    EXPECT_TRUE(find<RecursiveDnsServers>(sent.message.options));
    EXPECT_TRUE(find<DnsSearchList>(sent.message.options));
    EXPECT_TRUE(find<Mtu>(sent.message.options));
    EXPECT_TRUE(find<SourceLinkLayerAddress>(sent.message.options));
  }
}

TEST(Conformance, Row_4861_R_23_MoreThanThePacketHoldsIsDivided) {
  for (const std::uint32_t mtu : {1280U, 1500U, 9000U}) {
    Lan lan;
    Advertisement content = home();
    content.link_mtu = mtu;
    for (unsigned i = 0; i < 100; ++i) {
      content.prefixes.push_back(advertised(prefix("2001:db8:1::/48").subnet(64, i)->to_string(),
                                            Instant::never(), Instant::never()));
      content.dns_servers.push_back(Ip6Address::from_halves(0x20010db800000053, i));
      content.search_domains.push_back(name(cat("d", i, ".", std::string(50, 'x'), ".example")));
    }
    lan.configure(content);
    lan.run_for(seconds(60));
    lan.solicit(ip("fe80::99"));
    lan.run_for(seconds(1));
    std::set<Prefix> by_multicast, by_unicast;
    for (const Sent& sent : lan.sent) {
      EXPECT_LE(sent.size, mtu);
      for (const auto& option : find_all<PrefixInformation>(sent.message.options)) {
        (sent.to == kAllNodes ? by_multicast : by_unicast).insert(option.prefix);
      }
      EXPECT_EQ(sent.message.router_lifetime, seconds(2700));
      EXPECT_TRUE(find<SourceLinkLayerAddress>(sent.message.options));
    }
    EXPECT_EQ(by_multicast.size(), 102U);
    EXPECT_EQ(by_unicast.size(), 102U);
    const auto multicasts = lan.multicasts();
    for (std::size_t i = 1; i < multicasts.size(); ++i) {
      EXPECT_GE(multicasts[i].at - multicasts[i - 1].at, seconds(3));
    }
  }
}

TEST(Conformance, Row_4861_R_27_InconsistentRoutersAreNamedOnce) {
  Lan lan;
  lan.configure(home());
  lan.run_for(minutes(1));
  lan.log.clear();
  RouterAdvertisement other = lan.advertiser.current(lan.now);
  const auto hear = [&](const RouterAdvertisement& message) {
    const auto payload = to_bytes(message);
    lan.advertiser.receive({payload, ip("fe80::2"), kAllNodes, 255}, lan.now);
    lan.collect();
  };
  hear(other);
  other.hop_limit = 0;
  other.options.erase(other.options.begin() + 2);  // another set of prefixes
  other.options.insert(other.options.begin() + 2, [] {
    PrefixInformation option;
    option.prefix = prefix("2001:db8:77::/64");
    return option;
  }());
  hear(other);
  ASSERT_EQ(lan.log.size(), 2U) << "unspecified values and other prefixes are no inconsistency";
  EXPECT_EQ(lan.log[0].text,
            "another router, fe80::2, advertises here: router lifetime 2700 s, other, prefixes "
            "2001:db8:0:1::/64, fd00:1:2:1::/64");
  EXPECT_EQ(lan.log[1].text.substr(0, 40), "another router, fe80::2, advertises now:");
  lan.log.clear();
  RouterAdvertisement wrong = lan.advertiser.current(lan.now);
  wrong.managed = true;
  wrong.hop_limit = 32;
  for (Option& option : wrong.options) {
    if (auto* mtu = std::get_if<Mtu>(&option)) mtu->mtu = 1400;
    if (auto* info = std::get_if<PrefixInformation>(&option);
        info && info->prefix == prefix(kGlobal)) {
      info->valid = Lifetime(86400);
    }
  }
  for (int i = 0; i < 50; ++i) hear(wrong);
  std::vector<std::string> lines;
  for (const LogLine& line : lan.log) lines.push_back(line.text);
  const std::string router = "router fe80::2 on this link advertises ";
  lines.erase(lines.begin());  // that it says something else than before
  EXPECT_EQ(lines, (std::vector<std::string>{
                       router + "hop limit 32, here it is 64", router + "M 1, here it is 0",
                       router + "MTU 1400, here it is 1500",
                       router + "valid lifetime 2001:db8:0:1::/64 86400, here it is 5400"}));
  EXPECT_EQ(lan.advertiser.counters().inconsistencies, 200U);
  EXPECT_EQ(lan.advertiser.counters().foreign_advertisements, 52U);
}

TEST(Conformance, Row_4191_01_PreferenceBits) {
  Advertisement content = home();
  const auto flags = [&] { return to_bytes(said(content))[5]; };
  content.other = false;
  EXPECT_EQ(flags(), 0x00);
  content.settings.preference = RouterPreference::kHigh;
  EXPECT_EQ(flags(), 0x08);
  content.settings.preference = RouterPreference::kLow;
  EXPECT_EQ(flags(), 0x18);
  content.default_router = false;
  EXPECT_EQ(flags(), 0x00) << "Router Lifetime 0";
  content.default_router = true;
  content.settings.router_lifetime = Lifetime(0);
  EXPECT_EQ(flags(), 0x00);
}

TEST(Conformance, Row_4191_02_RoutesAreUniqueAndOfTheRightLength) {
  Advertisement content = home();
  content.routes = {{prefix("2001:db8:7::/48"), RouterPreference::kHigh, Instant::never()},
                    {prefix("2001:db8:7:ffff::/48"), RouterPreference::kLow, Instant::never()},
                    {prefix("::/0"), RouterPreference::kMedium, Instant::never()},
                    {prefix("2001:db8:7:ff::1/64"), RouterPreference::kLow, Instant::never()},
                    {prefix("2001:db8:7:ff::/68"), RouterPreference::kLow, Instant::never()}};
  std::vector<std::pair<std::string, std::size_t>> seen;
  for (const Option& option : said(content).options) {
    const auto* route = std::get_if<RouteInformation>(&option);
    if (route) seen.emplace_back(route->prefix.to_string(), wire_size(option));
  }
  EXPECT_EQ(seen, (std::vector<std::pair<std::string, std::size_t>>{{"::/0", 8},
                                                                    {"2001:db8:7::/48", 16},
                                                                    {"2001:db8:7:ff::/64", 16},
                                                                    {"2001:db8:7:ff::/68", 24}}));
}

TEST(Conformance, Row_4191_03_AtMostSeventeenRoutes) {
  Lan lan;
  Advertisement content = home();
  for (unsigned i = 0; i < 40; ++i) {
    content.routes.push_back(
        {*prefix("2001:db8:100::/40").subnet(56, i), RouterPreference::kMedium, Instant::never()});
  }
  lan.configure(content);
  lan.run_for(minutes(1));
  content.routes.erase(content.routes.begin(), content.routes.begin() + 30);
  lan.configure(content);
  lan.run_for(minutes(1));
  for (const Sent& sent : lan.sent) {
    EXPECT_EQ(find_all<RouteInformation>(sent.message.options).size(), 17U);
  }
}

TEST(Conformance, Row_4191_04_FinalAdvertisementsWithdrawTheRoutes) {
  Lan lan;
  lan.configure(home());
  lan.run_for(minutes(1));
  lan.advertiser.stop(lan.now);
  lan.sent.clear();
  lan.run_for(minutes(1));
  ASSERT_EQ(lan.sent.size(), 2U);
  for (const Sent& sent : lan.sent) {
    for (const std::string_view route : {"2001:db8::/56", "fd00:1:2::/48"}) {
      ASSERT_TRUE(find_route(sent.message, route));
      EXPECT_TRUE(find_route(sent.message, route)->lifetime.is_zero());
    }
    for (const auto& servers : find_all<RecursiveDnsServers>(sent.message.options)) {
      EXPECT_TRUE(servers.lifetime.is_zero());
    }
  }
}

TEST(Conformance, Row_4191_05_AWithdrawnRouteIsAnnouncedWithLifetimeZero) {
  Lan lan;
  lan.configure(home());
  lan.run_for(minutes(20));
  const Instant last_said = lan.sent.back().at;
  Advertisement next = home(lan.now);
  next.routes[0].prefix = prefix("2001:db8:aa00::/56");
  lan.configure(next);
  lan.sent.clear();
  lan.run_for(hours(2));
  EXPECT_EQ(find_route(lan.sent[0].message, "2001:db8::/56")->lifetime, Lifetime(0));
  EXPECT_EQ(find_route(lan.sent[0].message, "2001:db8:aa00::/56")->lifetime, Lifetime(5400));
  for (const Sent& sent : lan.sent) {
    EXPECT_EQ(find_route(sent.message, "2001:db8::/56") != nullptr,
              sent.at < last_said + seconds(5400));
  }
}

TEST(Conformance, Row_4191_06_PreferenceIsMediumByDefaultAndConfigurable) {
  EXPECT_EQ(said(home()).preference, RouterPreference::kMedium);
  Advertisement content = home();
  content.settings.preference = RouterPreference::kHigh;
  EXPECT_EQ(to_bytes(said(content))[5] & 0x18, 0x08);
}

TEST(Conformance, Row_8106_01_RdnssOption) {
  for (const std::size_t count : {1U, 2U, 3U, 20U}) {
    Advertisement content = home();
    content.dns_servers = {kAllNodes, Ip6Address(), ip("fe80::1"), ip("fe80::1")};
    for (std::size_t i = 1; i < count; ++i) {
      content.dns_servers.push_back(Ip6Address::from_halves(0xfd00000100020001, i));
    }
    std::size_t found = 0;
    for (const Option& option : said(content).options) {
      const auto* servers = std::get_if<RecursiveDnsServers>(&option);
      if (!servers) continue;
      std::vector<std::uint8_t> out;
      ByteWriter writer(out);
      emit_option(option, writer);
      EXPECT_EQ(out[0], 25);
      EXPECT_EQ(out[1], 1 + 2 * servers->addresses.size());
      found += servers->addresses.size();
      for (const Ip6Address& server : servers->addresses) EXPECT_FALSE(server.is_multicast());
    }
    EXPECT_EQ(found, count);
  }
}

TEST(Conformance, Row_8106_02_RdnssLifetimeIsThreeIntervals) {
  const auto message = said(home());
  EXPECT_GE(find<RecursiveDnsServers>(message.options)->lifetime, Lifetime(3 * 600));
  EXPECT_GE(find<DnsSearchList>(message.options)->lifetime, Lifetime(3 * 600));
}

TEST(Conformance, Row_8106_03_AWithdrawnServerIsAnnouncedWithLifetimeZero) {
  Lan lan;
  lan.configure(home());
  lan.run_for(minutes(20));
  Advertisement next = home(lan.now);
  next.dns_servers = {ip("fd00:1:2:1::2"), ip("fe80::1")};
  next.search_domains = {name("home.arpa")};
  lan.configure(next);
  lan.sent.clear();
  lan.run_for(hours(2));
  const auto servers = find_all<RecursiveDnsServers>(lan.sent[0].message.options);
  EXPECT_EQ(servers, (std::vector<RecursiveDnsServers>{
                         {Lifetime(5400), {ip("fd00:1:2:1::2"), ip("fe80::1")}},
                         {Lifetime(0), {ip("fd00:1:2:1::1")}}}));
  const auto domains = find_all<DnsSearchList>(lan.sent[0].message.options);
  EXPECT_EQ(domains, (std::vector<DnsSearchList>{{Lifetime(5400), {name("home.arpa")}},
                                                 {Lifetime(0), {name("lan.example.org")}}}));
  EXPECT_EQ(find_all<RecursiveDnsServers>(lan.sent.back().message.options).size(), 1U);
}

TEST(Conformance, Row_9096_L_13b_PrefixesOfAnEarlierLifeAreWithdrawnWithTheirFlags) {
  Lan lan;
  lan.advertiser.restore({{prefix("2001:db8:0:99::/64"), true, true, kStart + seconds(3000)},
                          {prefix("2001:db8:0:98::/64"), true, false, kStart + seconds(4000)},
                          {prefix("2001:db8:0:97::/64"), true, true, kStart - seconds(1)},
                          {prefix(kGlobal), true, true, kStart + seconds(100)}},
                         kStart);
  lan.configure(home());
  lan.run_for(seconds(0));
  const RouterAdvertisement& first = lan.sent.at(0).message;
  for (const std::string_view old : {"2001:db8:0:99::/64", "2001:db8:0:98::/64"}) {
    ASSERT_TRUE(find_prefix(first, old));
    EXPECT_TRUE(find_prefix(first, old)->preferred.is_zero());
    EXPECT_TRUE(find_prefix(first, old)->valid.is_zero());
  }
  EXPECT_EQ(prefix_flags(first, "2001:db8:0:99::/64"), 0xc0);
  EXPECT_EQ(prefix_flags(first, "2001:db8:0:98::/64"), 0x80);
  EXPECT_FALSE(find_prefix(first, "2001:db8:0:97::/64"));
  EXPECT_EQ(find_prefix(first, kGlobal)->preferred, Lifetime(2700)) << "it came back: live at once";
}

TEST(Conformance, Row_9096_L_13c_StalePrefixesAreRepeatedAsLongAsAHostMayHoldThem) {
  Lan lan;
  lan.configure(home());
  lan.run_for(minutes(20));
  const Instant held_until = lan.sent.back().at + seconds(5400);
  EXPECT_EQ(lan.advertiser.advertised().at(0).host_valid_until, held_until);
  Advertisement next = home(lan.now);
  next.prefixes[0].prefix = prefix("2001:db8:0:2::/64");
  lan.configure(next);
  lan.sent.clear();
  lan.run_until(held_until + hours(1));
  std::size_t repeated = 0;
  for (const Sent& sent : lan.sent) {
    const PrefixInformation* stale = find_prefix(sent.message, kGlobal);
    EXPECT_EQ(stale != nullptr, sent.at < held_until);
    if (!stale) continue;
    ++repeated;
    EXPECT_EQ(stale->valid, Lifetime(0));
    EXPECT_EQ(stale->preferred, Lifetime(0));
    EXPECT_EQ(prefix_flags(sent.message, kGlobal), 0xc0);
  }
  EXPECT_GT(repeated, 8U);
  EXPECT_EQ(lan.advertiser.advertised().size(), 2U);
}

TEST(Conformance, Row_9096_L_13d_APrefixThatArrivesDeadIsWithdrawnToo) {
  Lan lan;
  Advertisement content = home();
  content.prefixes.push_back(advertised("2001:db8:0:5::/64", kStart, kStart));
  lan.configure(content);
  // The same said again does not prolong it.
  lan.run_for(minutes(50));
  content.managed = true;
  lan.configure(content);
  lan.run_for(hours(2));
  for (const Sent& sent : lan.sent) {
    const PrefixInformation* dead = find_prefix(sent.message, "2001:db8:0:5::/64");
    EXPECT_EQ(dead != nullptr, sent.at < kStart + seconds(5400));
    if (!dead) continue;
    EXPECT_TRUE(dead->valid.is_zero() && dead->preferred.is_zero());
  }
}

TEST(Conformance, Row_9096_L_15a_LifetimesNeverExceedWhatIsLeft) {
  Lan lan;
  Advertisement content = home();
  content.settings.min_interval = seconds(3);
  content.settings.max_interval = seconds(10);
  content.prefixes[0] = advertised(kGlobal, kStart + seconds(300), kStart + seconds(600));
  lan.configure(content);
  lan.run_for(seconds(700));
  Lifetime last = Lifetime::infinite();
  for (const Sent& sent : lan.sent) {
    const PrefixInformation* option = find_prefix(sent.message, kGlobal);
    if (sent.at >= kStart + seconds(600)) {
      EXPECT_FALSE(option) << "no host holds it any more";
      continue;
    }
    ASSERT_TRUE(option);
    EXPECT_EQ(option->preferred, remaining(kStart + seconds(300), sent.at));
    EXPECT_EQ(option->valid, remaining(kStart + seconds(600), sent.at));
    EXPECT_LE(option->valid, last);
    last = option->valid;
  }
}

TEST(Conformance, Row_9096_L_16a_RouterLifetimeIs2700) {
  EXPECT_EQ(said(home()).router_lifetime, seconds(2700));
}

TEST(Conformance, Row_9096_L_16b_PrefixLifetimesAreCapped) {
  const auto message = said(home());
  for (const std::string_view text : {"2001:db8:0:1::/64", "fd00:1:2:1::/64"}) {
    EXPECT_EQ(find_prefix(message, text)->preferred, Lifetime(2700));
    EXPECT_EQ(find_prefix(message, text)->valid, Lifetime(5400));
  }
  Advertisement content = home();
  content.prefixes[0] = advertised(kGlobal, kStart + seconds(2699), kStart + seconds(5399));
  EXPECT_EQ(find_prefix(said(content), kGlobal)->preferred, Lifetime(2699));
  EXPECT_EQ(find_prefix(said(content), kGlobal)->valid, Lifetime(5399));
}

TEST(Conformance, Row_9096_L_16c_RoutesAndDnsAreCapped) {
  const auto lifetimes = [](Duration left) {
    Advertisement content = home();
    for (AdvertisedRoute& route : content.routes) route.valid_until = kStart + left;
    content.dns_valid_until = kStart + left;
    const auto message = said(content);
    std::set<Lifetime> out;
    for (const auto& o : find_all<RouteInformation>(message.options)) out.insert(o.lifetime);
    for (const auto& o : find_all<RecursiveDnsServers>(message.options)) out.insert(o.lifetime);
    for (const auto& o : find_all<DnsSearchList>(message.options)) out.insert(o.lifetime);
    return out;
  };
  EXPECT_EQ(lifetimes(hours(48)), (std::set<Lifetime>{Lifetime(5400)}));
  EXPECT_EQ(lifetimes(seconds(600)), (std::set<Lifetime>{Lifetime(600)}));
}

TEST(Conformance, Row_7084_G_4_WithoutADefaultRouterTheLifetimeIsZeroAndThePrefixStays) {
  Lan lan;
  Advertisement content = home();
  content.default_router = false;
  lan.configure(content);
  lan.run_for(hours(1));
  lan.solicit(ip("fe80::99"));
  lan.run_for(seconds(1));
  for (const Sent& sent : lan.sent) {
    EXPECT_EQ(sent.message.router_lifetime, seconds(0));
    EXPECT_EQ(find_prefix(sent.message, kGlobal)->preferred, Lifetime(2700));
  }
}

TEST(Conformance, Row_7084_L_3_RoutesAreAdvertisedWithOrWithoutADefaultRouter) {
  for (const bool online : {true, false}) {
    Advertisement content = home();
    content.default_router = online;
    const auto message = said(content);
    EXPECT_TRUE(find_route(message, "2001:db8::/56"));
    EXPECT_TRUE(find_route(message, "fd00:1:2::/48"));
  }
}

TEST(Conformance, Row_7084_L_6_AutonomousAndOnLinkByDefault) {
  EXPECT_EQ(prefix_flags(said(home()), kGlobal), 0xc0);
}

TEST(Conformance, Row_7084_L_7_FlagsAreConfigurable) {
  Advertisement content = home();
  content.prefixes[0].autonomous = false;
  EXPECT_EQ(prefix_flags(said(content), kGlobal), 0x80);
  content.prefixes[0].autonomous = true;
  content.prefixes[0].on_link = false;
  EXPECT_EQ(prefix_flags(said(content), kGlobal), 0x40);
}

TEST(Conformance, Row_7084_L_13_AReplacedPrefixIsDeprecatedAtOnce) {
  Lan lan;
  lan.configure(home());
  lan.run_for(minutes(20));
  lan.sent.clear();
  Advertisement next = home(lan.now);
  next.prefixes[0] = advertised(kGlobal, lan.now, lan.now + hours(1));
  next.prefixes.push_back(
      advertised("2001:db8:0:2::/64", lan.now + hours(24), lan.now + hours(48)));
  lan.configure(next);
  lan.run_for(seconds(1));
  ASSERT_EQ(lan.sent.size(), 1U);
  EXPECT_EQ(find_prefix(lan.sent[0].message, kGlobal)->preferred, Lifetime(0));
  EXPECT_EQ(find_prefix(lan.sent[0].message, kGlobal)->valid, Lifetime(3600));
  EXPECT_EQ(find_prefix(lan.sent[0].message, "2001:db8:0:2::/64")->preferred, Lifetime(2700));
}

TEST(Conformance, Row_8028_01_APrefixWithNeitherFlagMarksTheFirstHop) {
  Advertisement content = home();
  content.prefixes[0].on_link = content.prefixes[0].autonomous = false;
  EXPECT_EQ(prefix_flags(said(content), kGlobal), 0x00);
}

TEST(Conformance, Row_9762_01_PFlagIsZeroByDefaultAndSettable) {
  Advertisement content = home();
  EXPECT_EQ(prefix_flags(said(content), kGlobal), 0xc0);
  content.prefixes[0].delegation_preferred = true;
  EXPECT_EQ(prefix_flags(said(content), kGlobal), 0xd0);
  EXPECT_EQ(prefix_flags(said(content), "fd00:1:2:1::/64"), 0xc0);
}

TEST(Conformance, Row_9762_02_PDoesNotChangeA) {
  for (const bool autonomous : {true, false}) {
    for (const bool delegation_preferred : {true, false}) {
      Advertisement content = home();
      content.prefixes[0].autonomous = autonomous;
      content.prefixes[0].delegation_preferred = delegation_preferred;
      EXPECT_EQ((prefix_flags(said(content), kGlobal) & 0x40) != 0, autonomous);
    }
  }
}

// The whole life of a prefix that is not renewed.
TEST(Advertiser, DeprecatesThenForgetsAPrefixThatRunsOut) {
  Lan lan;
  Advertisement content = home();
  content.prefixes[0] = advertised(kGlobal, kStart + seconds(100), kStart + seconds(200));
  lan.configure(content);
  lan.run_for(seconds(150));
  const auto at = [&](Duration d) { return lan.advertiser.current(kStart + d); };
  EXPECT_EQ(find_prefix(at(seconds(150)), kGlobal)->preferred, Lifetime(0));
  EXPECT_EQ(find_prefix(at(seconds(150)), kGlobal)->valid, Lifetime(50));
  EXPECT_FALSE(find_prefix(at(seconds(200)), kGlobal));
}

// A delegation cut short while hosts hold more: 0/0 until their copy has run out.
TEST(Advertiser, WithdrawsAPrefixCutShort) {
  Lan lan;
  lan.configure(home());
  lan.run_for(seconds(1));
  Advertisement next = home();
  next.prefixes[0] = advertised(kGlobal, lan.now, lan.now + seconds(100));
  lan.configure(next);
  lan.run_for(seconds(300));
  const PrefixInformation* option = find_prefix(lan.sent.back().message, kGlobal);
  ASSERT_TRUE(option);
  EXPECT_TRUE(option->valid.is_zero());
  EXPECT_EQ(lan.advertiser.advertised().at(0).host_valid_until, kStart + seconds(5400));
}

TEST(Advertiser, APrefixThatComesBackIsLiveAtOnce) {
  Lan lan;
  lan.configure(home());
  lan.run_for(minutes(20));
  Advertisement gone = home();
  gone.prefixes.erase(gone.prefixes.begin());
  lan.configure(gone);
  lan.run_for(minutes(5));
  EXPECT_TRUE(find_prefix(lan.sent.back().message, kGlobal)->valid.is_zero());
  lan.sent.clear();
  lan.configure(home());
  lan.run_for(seconds(0));
  ASSERT_EQ(lan.sent.size(), 1U);
  EXPECT_EQ(find_prefix(lan.sent[0].message, kGlobal)->preferred, Lifetime(2700));
  EXPECT_EQ(find_all<PrefixInformation>(lan.sent[0].message.options).size(), 2U);
}

TEST(Advertiser, AUnicastAnswerCountsForWhatHostsHold) {
  Lan lan;
  lan.configure(home());
  lan.run_for(minutes(1));
  const Instant by_multicast = lan.advertiser.advertised().at(0).host_valid_until;
  lan.solicit(ip("fe80::99"));
  lan.run_for(milliseconds(500));
  EXPECT_EQ(lan.advertiser.advertised().at(0).host_valid_until, lan.sent.back().at + seconds(5400));
  EXPECT_GT(lan.advertiser.advertised().at(0).host_valid_until, by_multicast);
}

TEST(Advertiser, AnIspThatRenumbersEverySecondDoesNotFillTheMemory) {
  Lan lan;
  Advertisement content = home();
  for (unsigned i = 0; i < 2000; ++i) {
    content.prefixes[0].prefix = *prefix("2001:db8::/32").subnet(64, i);
    content.routes[0].prefix = content.prefixes[0].prefix;
    content.dns_servers[0] = Ip6Address::from_halves(0x20010db800000053, i + 1);
    lan.configure(content);
    lan.run_for(seconds(1));
  }
  EXPECT_LE(lan.advertiser.advertised().size(), kMaxWithdrawn + 2);
  for (const Sent& sent : lan.sent) EXPECT_LE(sent.size, 1500U);
}

}  // namespace
}  // namespace sixgate::ra
