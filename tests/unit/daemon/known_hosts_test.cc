// SPDX-License-Identifier: Apache-2.0
#include "daemon/known_hosts.h"

#include <gtest/gtest.h>

#include "daemon/host_list.h"
#include "router_run.h"

namespace sixgate::daemon {
namespace {

using namespace testing;

MacAddress mac_of(unsigned number) {
  return MacAddress(
      {2, 0, 0x5e, 0, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)});
}

Neighbor neighbor(unsigned host, const Ip6Address& at, Instant seen, bool reachable) {
  return {"lan0", at, mac_of(host), seen, reachable, false};
}

TEST(KnownHosts, AHostIsSeenWhenItAnswersAndForgottenAfterADay) {
  KnownHosts known;
  const Ip6Address at = address("2001:db8:1::7");
  EXPECT_TRUE(known.see(neighbor(1, at, kNow, true), kNow));
  // What the kernel says when its own word grows old is no news of the host.
  EXPECT_FALSE(known.see(neighbor(1, at, kNow, false), kNow + seconds(40)));
  ASSERT_EQ(known.addresses(kNow + hours(1)).size(), 1U);
  const KnownHosts::Entry entry = known.addresses(kNow + hours(1)).at(at);
  EXPECT_EQ(entry.seen, kNow);
  EXPECT_FALSE(entry.reachable);
  EXPECT_TRUE(entry.answered);
  EXPECT_TRUE(known.addresses(kNow + hours(24)).empty());
}

TEST(KnownHosts, AnAddressThatMovesIsTheNewHosts) {
  KnownHosts known;
  const Ip6Address at = address("2001:db8:1::7");
  known.see(neighbor(1, at, kNow, true), kNow);
  known.see(neighbor(2, at, kNow, true), kNow);
  ASSERT_EQ(known.addresses(kNow).size(), 1U);
  EXPECT_EQ(known.addresses(kNow).at(at).mac, mac_of(2));
}

TEST(KnownHosts, WhatAHostMakesUpDrivesNobodyOut) {
  KnownHosts known;
  const Ip6Address real = address("2001:db8:1::7");
  known.see(neighbor(1, real, kNow, true), kNow);
  const auto made_up = [](unsigned n) {
    return Ip6Address::from_halves(0x20010db800010000, 0x10000 + n);
  };
  for (unsigned i = 0; i < 5000; ++i)  // one that makes up addresses
    known.see(neighbor(2, made_up(i), kNow + seconds(i), false), kNow + seconds(i));
  EXPECT_EQ(known.addresses(kNow + seconds(5000)).size(), 1 + KnownHosts::kMostOfOne);
  for (unsigned i = 0; i < 5000; ++i)  // and link-layer addresses too
    known.see(neighbor(100 + i, made_up(i), kNow + seconds(i), false), kNow + seconds(i));
  const auto all = known.addresses(kNow + seconds(5000));
  EXPECT_EQ(all.size(), KnownHosts::kMostAddresses);
  EXPECT_TRUE(all.contains(real)) << "who has answered stays";
}

// Each of these answers, from as many addresses as one may have.
template <class See>
void answer_all(unsigned stations, Instant since, See see) {
  for (unsigned i = 0; i < stations * KnownHosts::kMostOfOne; ++i) {
    const Ip6Address at = Ip6Address::from_halves(0x20010db800010000, 0x10000 + i);
    const Instant now = since + milliseconds(i);
    see(neighbor(100 + i / KnownHosts::kMostOfOne, at, now, true), now);
  }
}

TEST(KnownHosts, WhomTheConfigurationNamesNobodyDrivesOut) {
  KnownHosts known;
  known.keep({mac_of(1), mac_of(2)});
  const Ip6Address real = address("2001:db8:1::7");
  known.see(neighbor(1, real, kNow, true), kNow);
  known.see(neighbor(3, address("2001:db8:1::8"), kNow, true), kNow);
  answer_all(80, kNow + seconds(1), [&](const Neighbor& one, Instant now) { known.see(one, now); });
  const auto all = known.addresses(kNow + hours(1));
  EXPECT_TRUE(all.contains(real));
  EXPECT_FALSE(all.contains(address("2001:db8:1::8")));
  EXPECT_EQ(all.size(), KnownHosts::kMostAddresses + 2 * KnownHosts::kMostOfOne);
  // Of its own it has no more than others.
  for (unsigned i = 0; i < 100; ++i) {
    const Ip6Address own = Ip6Address::from_halves(0x20010db800010001, i);
    known.see(neighbor(1, own, kNow + hours(1), true), kNow + hours(1));
  }
  EXPECT_EQ(known.addresses_of(mac_of(1), kNow + hours(1)).size(), KnownHosts::kMostOfOne);
}

TEST(KnownHosts, APinholeStaysWithItsHostWhatANeighbourMakesUp) {
  conf::Config config = two_lans();
  conf::PinholeConfig pinhole;
  pinhole.host = mac_of(1);
  pinhole.protocols = {6};
  config.pinholes.push_back(pinhole);
  RouterRun run(config);
  run.start_online();
  const Ip6Address privacy = address("2001:db8:1::aaaa:bbbb:cccc:dddd");
  run.router->neighbors({neighbor(1, privacy, run.now, true)}, run.now);
  run.settle();
  const auto open = [&] {
    return std::any_of(run.firewall->pinholes.begin(), run.firewall->pinholes.end(),
                       [&](const auto& one) { return one.host == privacy; });
  };
  EXPECT_TRUE(open());
  answer_all(80, run.now + seconds(1),
             [&](const Neighbor& one, Instant now) { run.router->neighbors({one}, now); });
  run.now = run.now + seconds(3);
  run.reload(config);
  EXPECT_TRUE(open());
}

const StatusHost* host(const StatusLan& lan, const MacAddress& mac) {
  for (const StatusHost& one : lan.hosts) {
    if (one.mac == mac) return &one;
  }
  return nullptr;
}

std::string origin(const StatusHost& host, const Ip6Address& at) {
  for (const StatusHost::Address& one : host.addresses) {
    if (one.address == at) return one.origin;
  }
  return "none";
}

TEST(KnownHosts, TheStatusTellsHowEachAddressCameAbout) {
  conf::Config config = two_lans();
  config.lans[0].addressing = conf::Addressing::kSlaacDhcpv6;
  RouterRun run(config);
  run.start_online();
  const MacAddress mac = mac_of(0x5301);
  const Prefix lan = prefix("2001:db8:1::/64");
  const Ip6Address slaac = Ip6Address::from_halves(lan.address().high(), mac.eui64());
  const Ip6Address privacy = address("2001:db8:1::aaaa:bbbb:cccc:dddd");
  const Ip6Address local = Ip6Address::from_halves(0xfe80000000000000, mac.eui64());
  std::vector<Neighbor> news;
  for (const Ip6Address& at : {slaac, privacy, local, address("2001:db8:77::1")})
    news.push_back({"lan0", at, mac, run.now, true, false});
  news.push_back({"wan0", address("fe80::1"), mac_of(9), run.now, true, true});
  run.router->neighbors(news, run.now);

  dhcp6::Message solicit{dhcp6::MessageType::kSolicit, 7, {}};
  solicit.options.emplace_back(dhcp6::ClientId{dhcp6::Duid::ll(mac_of(0x77))});
  solicit.options.emplace_back(dhcp6::ElapsedTime{});
  solicit.options.emplace_back(dhcp6::RapidCommit{});
  solicit.options.emplace_back(dhcp6::IaNa{.iaid = 1});
  const auto reply = run.ask("lan0", solicit, local.to_string().c_str());
  ASSERT_TRUE(reply);
  const auto leased = testing::all_of<dhcp6::IaNa>(reply->options);
  ASSERT_FALSE(leased.empty());
  const auto addresses = testing::all_of<dhcp6::IaAddress>(leased[0].options);
  ASSERT_FALSE(addresses.empty());

  const Status status = run.router->status(run.now + seconds(30));
  const StatusHost* found = host(status.lans[0], mac);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(origin(*found, slaac), "slaac");
  EXPECT_EQ(origin(*found, privacy), "privacy");
  EXPECT_EQ(origin(*found, local), "link-local");
  EXPECT_EQ(origin(*found, address("2001:db8:77::1")), "other");
  EXPECT_EQ(origin(*found, addresses[0].address), "dhcpv6")
      << "the client is known by its link-local address";
  EXPECT_EQ(found->seen_ago, Lifetime(30));
  EXPECT_EQ(status.lans[0].hosts.size(), 1U) << "nobody of the uplink";
  EXPECT_TRUE(status.lans[1].hosts.empty());
  EXPECT_NE(hosts_json(status).find("\"origin\":\"privacy\""), std::string::npos);
}

}  // namespace
}  // namespace sixgate::daemon
