// SPDX-License-Identifier: Apache-2.0
// The DHCPv6 server inside the router: what each LAN is served, prefixes for routers behind us and the way to
// them, and what remains of all that after a crash.
#include <gtest/gtest.h>

#include "router_run.h"

namespace sixgate::daemon::testing {
namespace {

using dhcp6::IaAddress;
using dhcp6::IaNa;
using dhcp6::IaPd;
using dhcp6::IaPrefix;
using dhcp6::Message;
using dhcp6::MessageType;

Message query(MessageType type, unsigned number = 1) {
  Message message{.type = type, .transaction_id = 77, .options = {}};
  message.options.push_back(dhcp6::ClientId{client(number)});
  return message;
}

conf::Config with_addressing(conf::Addressing addressing) {
  conf::Config config = two_lans();
  for (conf::LanConfig& lan : config.lans) lan.addressing = addressing;
  return config;
}

std::optional<Message> get_prefix(RouterRun& run, const std::string& interface, unsigned number = 1,
                                  MessageType type = MessageType::kSolicit,
                                  std::vector<Prefix> held = {}) {
  Message message = query(type, number);
  if (type == MessageType::kSolicit) {
    message.options.push_back(dhcp6::RapidCommit{});
  } else if (type != MessageType::kRebind) {
    message.options.push_back(dhcp6::ServerId{*run.router->state().duid});
  }
  IaPd ia{.iaid = 1};
  for (const Prefix& one : held) ia.options.push_back(IaPrefix{.prefix = one});
  message.options.push_back(ia);
  auto said = run.ask(interface, message);
  run.run_for(Router::kSubdelegationGap);
  return said;
}

std::vector<Prefix> prefixes_in(const Message& message, bool alive = true) {
  std::vector<Prefix> found;
  for (const IaPd& ia : dhcp6::find_all<IaPd>(message.options)) {
    for (const IaPrefix& one : dhcp6::find_all<IaPrefix>(ia.options)) {
      if (one.valid.is_zero() != alive) found.push_back(one.prefix);
    }
  }
  return found;
}

const KernelRoute* route_to(const RouterRun& run, const Prefix& prefix) {
  for (const KernelRoute& route : run.kernel.routes) {
    if (route.destination == prefix && route.kind == KernelRoute::Kind::kUnicast) return &route;
  }
  return nullptr;
}

Prefix global(const std::vector<Prefix>& prefixes) {
  for (const Prefix& one : prefixes) {
    if (!kUniqueLocal.contains(one)) return one;
  }
  ADD_FAILURE() << "no global prefix";
  return {};
}

TEST(Conformance, Row_7084_L_8_EveryLanHasADhcpServer) {
  RouterRun run;
  run.start_online();
  for (const char* lan : {"lan0", "lan1"}) {
    const auto said = run.ask(lan, query(MessageType::kInformationRequest));
    ASSERT_TRUE(said) << lan;
    EXPECT_EQ(said->type, MessageType::kReply);
  }
}

TEST(Conformance, Row_7084_L_10_NameServersAndSearchDomainsAreServed) {
  RouterRun run;
  run.config.lans[0].dns_servers = {address("2001:db8::53")};
  run.config.lans[0].search_domains = {*DomainName::parse("home.arpa")};
  run.start_online();
  Message message = query(MessageType::kInformationRequest);
  message.options.push_back(dhcp6::OptionRequest{{23, 24}});
  const auto said = run.ask("lan0", message);
  ASSERT_TRUE(said);
  const auto* servers = dhcp6::find<dhcp6::DnsServers>(said->options);
  const auto* domains = dhcp6::find<dhcp6::DomainSearchList>(said->options);
  ASSERT_TRUE(servers != nullptr && domains != nullptr);
  EXPECT_EQ(servers->addresses, std::vector<Ip6Address>{address("2001:db8::53")});
  EXPECT_EQ(domains->names, run.config.lans[0].search_domains);
}

TEST(RouterDhcpServer, AddressesComeWhereTheAdvertisementSaysSo) {
  for (const auto addressing : {conf::Addressing::kSlaac, conf::Addressing::kSlaacDhcpv6}) {
    RouterRun run(with_addressing(addressing));
    run.start_online();
    Message message = query(MessageType::kSolicit);
    message.options.push_back(IaNa{.iaid = 1});
    const auto said = run.ask("lan0", message);
    ASSERT_TRUE(said);
    const bool managed = run.last_on("lan0").managed;
    EXPECT_EQ(managed, addressing == conf::Addressing::kSlaacDhcpv6);
    const IaNa* ia = dhcp6::find<IaNa>(said->options);
    ASSERT_NE(ia, nullptr);
    unsigned addresses = 0;
    for (const IaAddress& one : dhcp6::find_all<IaAddress>(ia->options)) {
      EXPECT_NE(prefix_said(run.last_on("lan0"), Prefix(one.address, 64)), std::nullopt);
      ++addresses;
    }
    EXPECT_EQ(addresses, managed ? 2U : 0U) << "one in the provider's prefix, one in our own";
  }
}

TEST(Conformance, Row_9818_LPD_1_PrefixesAreDelegatedOnLans) {
  RouterRun run;
  run.start_online();
  const auto said = get_prefix(run, "lan0");
  ASSERT_TRUE(said);
  EXPECT_TRUE(prefix("2001:db8:1::/56").contains(global(prefixes_in(*said))));
}

TEST(Conformance, Row_9818_LPD_2_LansHaveTheirsFirst) {
  RouterRun run;
  run.delegate({prefix("2001:db8:1::/62")});
  run.start_online();
  std::vector<Prefix> given;
  for (unsigned number = 1; number <= 3; ++number) {
    const auto said = get_prefix(run, "lan0", number);
    ASSERT_TRUE(said);
    for (const Prefix& one : prefixes_in(*said)) {
      if (kUniqueLocal.contains(one)) continue;
      given.push_back(one);
      for (const char* lan : {"lan0", "lan1"})
        EXPECT_EQ(prefix_said(run.last_on(lan), one), std::nullopt);
    }
  }
  EXPECT_EQ(given.size(), 2U) << "two of four";
}

TEST(Conformance, Row_9818_LPD_5a_TheWayToADelegatedPrefix) {
  RouterRun run;
  run.start_online();
  const auto said = get_prefix(run, "lan0");
  ASSERT_TRUE(said);
  for (const Prefix& one : prefixes_in(*said)) {
    const KernelRoute* route = route_to(run, one);
    ASSERT_NE(route, nullptr) << one.to_string();
    EXPECT_EQ(route->interface, "lan0");
    EXPECT_EQ(route->gateway, address("fe80::c"));
  }
  ASSERT_TRUE(run.firewall);
  const auto& lan = run.firewall->lans.at(0);
  const Prefix mine = global(prefixes_in(*said));
  EXPECT_NE(std::find(lan.assigned.begin(), lan.assigned.end(), mine), lan.assigned.end());
  EXPECT_NE(std::find(lan.local.begin(), lan.local.end(), mine), lan.local.end());
}

// RFC 9663 section 5, RFC 8987, where the configuration wants it.
TEST(RouterDhcpServer, ADelegationIsOfTheStationThatItsNextHopHas) {
  const auto see = [](RouterRun& run, std::uint8_t station) {
    const MacAddress mac = run.hear("lan0", "fe80::c", station);
    run.run_for(Router::kSubdelegationGap);
    return mac;
  };
  RouterRun run;
  run.config.lans[0].bind_delegations = true;
  run.start_online();
  const auto said = get_prefix(run, "lan0");
  ASSERT_TRUE(said);
  const std::vector<Prefix> given = prefixes_in(*said);
  ASSERT_TRUE(run.firewall);
  EXPECT_TRUE(run.firewall->stations.empty()) << "nobody knows where it is";
  for (const std::uint8_t station : {std::uint8_t{1}, std::uint8_t{2}}) {
    const MacAddress mac = see(run, station);
    ASSERT_EQ(run.firewall->stations.size(), given.size()) << station;
    for (const firewall::FirewallStation& one : run.firewall->stations) {
      EXPECT_EQ(one.interface, "lan0");
      EXPECT_EQ(one.station, mac);
      EXPECT_NE(std::find(given.begin(), given.end(), one.prefix), given.end());
    }
  }
  ASSERT_TRUE(get_prefix(run, "lan0", 1, MessageType::kRelease, given));
  EXPECT_TRUE(run.firewall->stations.empty());

  RouterRun plain;
  plain.start_online();
  ASSERT_TRUE(get_prefix(plain, "lan0"));
  see(plain, 1);
  EXPECT_TRUE(plain.firewall->stations.empty()) << "not unless it is asked for";
}

TEST(RouterDhcpServer, WhoGuardsADelegationIsAsConfigured) {
  for (const conf::Downstream downstream :
       {conf::Downstream::kZone, conf::Downstream::kFiltered, conf::Downstream::kExposed}) {
    for (const firewall::Zone zone : {firewall::Zone::kProtected, firewall::Zone::kExposed}) {
      RouterRun run;
      run.config.lans[0].downstream = downstream;
      run.config.lans[0].zone = zone;
      run.start_online();
      const auto said = get_prefix(run, "lan0");
      ASSERT_TRUE(said);
      ASSERT_TRUE(run.firewall);
      const firewall::FirewallLan& lan = run.firewall->lans.at(0);
      const std::vector<Prefix> mine{global(prefixes_in(*said))};
      const std::vector<Prefix> none;
      const bool guarded = zone == firewall::Zone::kProtected;
      EXPECT_EQ(lan.open, downstream == conf::Downstream::kExposed && guarded ? mine : none);
      EXPECT_EQ(lan.shut, downstream == conf::Downstream::kFiltered && !guarded ? mine : none);
    }
  }
}

TEST(RouterDhcpServer, ManyRoutersInARowAreToldToTheKernelTogether) {
  RouterRun run;
  run.start_online();
  run.sets.clear();
  std::vector<Prefix> given;
  for (unsigned number = 1; number <= 20; ++number) {
    Message message = query(MessageType::kSolicit, number);
    message.options.push_back(dhcp6::RapidCommit{});
    message.options.push_back(IaPd{.iaid = 1});
    const auto said = run.ask("lan0", message);
    ASSERT_TRUE(said);
    given.push_back(global(prefixes_in(*said)));
  }
  EXPECT_NE(route_to(run, given[0]), nullptr) << "the first waits for nobody";
  run.run_for(Router::kSubdelegationGap);
  for (const Prefix& one : given) EXPECT_NE(route_to(run, one), nullptr);
  EXPECT_EQ(run.sets.size(), 2U);
}

// Neither the DUID nor the address tells the MAC address: the kernel knows where it speaks from.
TEST(RouterDhcpServer, AHostIsKnownByItsStationAndItsAddressIsNotGivenToAnother) {
  RouterRun run(with_addressing(conf::Addressing::kSlaacDhcpv6));
  conf::ReservationConfig desk;
  desk.kept.mac = MacAddress({2, 0, 0, 0, 1, 1});
  desk.kept.interface_id = 0x77;
  run.config.reservations = {desk};
  for (conf::LanConfig& lan : run.config.lans) lan.dhcp6.range = {0x1000, 0x1001};
  run.start_online();
  EXPECT_EQ(run.router->wanted_sockets().station_lans, (std::vector<std::string>{"lan0", "lan1"}));
  // What it is offered: nothing is given yet.
  const auto ask = [&](unsigned number, const char* from) {
    Message message = query(MessageType::kSolicit, number);
    message.options.push_back(IaNa{.iaid = 1});
    const auto said = run.ask("lan0", message, from);
    const IaNa* ia = said ? dhcp6::find<IaNa>(said->options) : nullptr;
    const IaAddress* one = ia == nullptr ? nullptr : dhcp6::find<IaAddress>(ia->options);
    return one == nullptr ? Ip6Address() : one->address;
  };
  run.hear("lan0", "fe80::c", 1);
  EXPECT_EQ(ask(1, "fe80::c").low(), 0x77U);
  run.hear("lan0", "fe80::d", 2);
  const Ip6Address first = ask(2, "fe80::d");
  ASSERT_TRUE(first.low() == 0x1000 || first.low() == 0x1001);
  // Somebody has set the address that it would have.
  run.hear("lan0", first.to_string().c_str(), 9);
  EXPECT_EQ(ask(2, "fe80::d").low(), first.low() ^ 1U);
  // That is itself.
  run.hear("lan0", first.to_string().c_str(), 2);
  EXPECT_EQ(ask(2, "fe80::d"), first);
}

TEST(RouterDhcpServer, ClientsThatWereMadeUpDoNotKeepTheOthersFromTheirAnswers) {
  RouterRun run(with_addressing(conf::Addressing::kSlaacDhcpv6));
  run.start_online();
  run.hear("lan0", "fe80::c");
  const auto refused = [&] {
    return run.router->status(run.now).lans[0].counters.at("dhcp6_newcomers_refused");
  };
  const auto flood = [&](unsigned from, unsigned to) {
    unsigned answered = 0;
    for (unsigned number = from; number < to; ++number) {
      Message message = query(MessageType::kSolicit, number);
      message.options.push_back(IaNa{.iaid = 1});
      if (run.ask("lan0", message, cat("fe80::bad:", number).c_str())) ++answered;
      message = query(MessageType::kInformationRequest);
      EXPECT_TRUE(run.ask("lan0", message)) << "after " << number;
    }
    return answered;
  };
  EXPECT_EQ(flood(0, 1000), NewcomerLimit::kPerSecond);
  EXPECT_EQ(refused(), 1000 - NewcomerLimit::kPerSecond);
  run.run_for(milliseconds(500));
  EXPECT_EQ(flood(1000, 1100), NewcomerLimit::kPerSecond / 2);
  run.run_for(minutes(1));
  EXPECT_EQ(flood(2000, 2010), 10U) << "who is new to a quiet link waits for nothing";
  EXPECT_TRUE(run.ask("lan1", query(MessageType::kInformationRequest), "fe80::bad:1"))
      << "each link has its own";
}

TEST(Conformance, Row_9818_LPD_5b_TheWayGoesWithTheLease) {
  RouterRun run;
  run.start_online();
  auto said = get_prefix(run, "lan0");
  ASSERT_TRUE(said);
  const Prefix mine = global(prefixes_in(*said));
  ASSERT_TRUE(get_prefix(run, "lan0", 1, MessageType::kRelease, prefixes_in(*said)));
  EXPECT_EQ(route_to(run, mine), nullptr);
  said = get_prefix(run, "lan0");
  ASSERT_NE(route_to(run, mine), nullptr);
  run.server.valid = Lifetime(100000);
  run.run_for(hours(2));
  EXPECT_EQ(route_to(run, mine), nullptr) << "it expired";
}

TEST(RouterDhcpServer, ThousandsOfDelegationsAreThereAtOnceAndEachGoesByItself) {
  RouterRun run;
  run.delegate({prefix("2001:db8:8000::/48")});
  run.config.lans[0].dhcp6.delegations_per_client = 1000;
  run.config.lans[0].dhcp6.delegations = 10000;
  run.start_online();
  run.hear("lan0", "fe80::c");
  constexpr unsigned kAll = 3000;
  Prefix last;
  for (unsigned number = 0; number < kAll; ++number) {
    Message message = query(MessageType::kSolicit, number % 200);
    message.options.push_back(dhcp6::RapidCommit{});
    message.options.push_back(IaPd{.iaid = number});
    const auto said = run.ask("lan0", message);
    ASSERT_TRUE(said);
    last = global(prefixes_in(*said));
  }
  run.run_for(seconds(5));
  const auto routes = [&] {
    return std::count_if(
        run.kernel.routes.begin(), run.kernel.routes.end(),
        [](const KernelRoute& route) { return route.gateway == address("fe80::c"); });
  };
  EXPECT_EQ(routes(), 2 * kAll) << "one of each prefix";
  // The kernel is told of those that come in a row in so few sets that each costs as much as ever.
  run.sets.clear();
  for (unsigned number = kAll; number < kAll + 40; ++number) {
    Message message = query(MessageType::kSolicit, number % 200);
    message.options.push_back(dhcp6::RapidCommit{});
    message.options.push_back(IaPd{.iaid = number});
    ASSERT_TRUE(run.ask("lan0", message));
    run.run_for(milliseconds(100));
  }
  run.run_for(seconds(5));
  EXPECT_EQ(routes(), 2 * kAll + 80);
  EXPECT_LE(run.sets.size(), 3U);
  run.sets.clear();
  run.router->release_lease({.lease = last}, run.now);
  run.settle();
  run.run_for(seconds(5));
  EXPECT_EQ(routes(), 2 * kAll + 78);
  ASSERT_EQ(run.sets.size(), 1U);
  EXPECT_EQ(run.sets[0].second.size(), 3U) << "two routes and the rules";
}

TEST(RouterDhcpServer, APersonEndsALease) {
  RouterRun run;
  run.start_online();
  const auto said = get_prefix(run, "lan0");
  ASSERT_TRUE(said);
  const Prefix mine = global(prefixes_in(*said));
  ASSERT_NE(route_to(run, mine), nullptr);
  EXPECT_TRUE(run.router->release_lease({.client = "nobody"}, run.now).empty());
  const auto ended = run.router->release_lease({.client = client().to_string()}, run.now);
  run.settle();
  ASSERT_EQ(ended.size(), 1U);
  run.run_for(Router::kSubdelegationGap);
  EXPECT_EQ(route_to(run, mine), nullptr);
  const auto& lan = run.firewall->lans.at(0);
  EXPECT_EQ(std::find(lan.local.begin(), lan.local.end(), mine), lan.local.end());
  run.start(run.memory);
  EXPECT_EQ(run.router->server().table().binding_count(), 0U);
}

TEST(RouterDhcpServer, WhatHappensToLeasesIsToldInOrderAndToTheScript) {
  conf::Config config = two_lans();
  config.lease_hook = "/bin/lease";
  config.hook_timeout = seconds(7);
  RouterRun run(config);
  run.start_online();
  EventPlace place;
  const std::string begin = run.router->lease_events().greeting(place);
  EXPECT_EQ(begin, "{\"schema\":1,\"epoch\":1,\"seq\":0,\"event\":\"begin\"}");
  const auto said = get_prefix(run, "lan0");
  ASSERT_TRUE(said);
  (void)get_prefix(run, "lan0", 1, MessageType::kRenew, prefixes_in(*said));
  (void)get_prefix(run, "lan0", 1, MessageType::kRelease, prefixes_in(*said));
  std::vector<std::string> events;
  while (const auto line = run.router->lease_events().next(place)) events.push_back(*line);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_NE(events[0].find("\"seq\":1,\"event\":\"delegated\",\"lan\":\"lan0\""), std::string::npos)
      << events[0];
  EXPECT_NE(events[1].find("\"event\":\"renewed\""), std::string::npos);
  EXPECT_NE(events[2].find("\"event\":\"released\""), std::string::npos);
  ASSERT_EQ(run.lease_hooks.size(), 3U);
  EXPECT_EQ(run.lease_hooks[0].script, (HookScript{"/bin/lease", seconds(7)}));
  EXPECT_EQ(run.lease_hooks[0].arguments.at(0), "delegated");
  EXPECT_EQ(run.lease_hooks[2].arguments.at(0), "released");
  // The next run of the daemon is another epoch: who was here is told that he may have missed something.
  run.start(run.memory);
  const std::string again = run.router->lease_events().greeting(place);
  EXPECT_NE(again.find("\"epoch\":2,\"seq\":0,\"event\":\"missed\",\"count\":null"),
            std::string::npos)
      << again;
}

TEST(RouterDhcpServer, ALanTellsItsOwnOptionsAndWithholdsTheProviders) {
  RouterRun run;
  run.server.configuration = {dhcp6::NtpServers{{address("2001:db8:ff::1")}, {}, {}, {}},
                              dhcp6::SntpServers{{address("2001:db8:ff::2")}},
                              dhcp6::AftrName{*DomainName::parse("aftr.example.org")}};
  for (conf::UplinkConfig& uplink : run.config.uplinks) uplink.request_options = {64};
  run.config.lans[0].served.sntp = {address("2001:db8:1::7")};
  run.config.lans[0].served.information_refresh = seconds(900);
  run.config.lans[0].withheld_options = {56};
  conf::ReservationConfig kept;
  kept.kept.duid = client(9);
  kept.served.sntp = {address("2001:db8:1::9")};
  kept.served.information_refresh = seconds(700);
  run.config.reservations = {kept};
  run.start_online();
  const auto ask = [&](const char* lan, unsigned number) {
    Message message = query(MessageType::kInformationRequest, number);
    message.options.push_back(dhcp6::OptionRequest{{31, 32, 56, 64}});
    return run.ask(lan, message).value_or(Message{});
  };
  const Message here = ask("lan0", 1);
  EXPECT_EQ(*dhcp6::find<dhcp6::SntpServers>(here.options),
            (dhcp6::SntpServers{{address("2001:db8:1::7")}}));
  EXPECT_EQ(dhcp6::find<dhcp6::InformationRefreshTime>(here.options)->time, Lifetime(900));
  EXPECT_FALSE(dhcp6::contains<dhcp6::NtpServers>(here.options));
  EXPECT_TRUE(dhcp6::contains<dhcp6::AftrName>(here.options)) << "passed on";
  const Message own = ask("lan0", 9);
  EXPECT_EQ(*dhcp6::find<dhcp6::SntpServers>(own.options),
            (dhcp6::SntpServers{{address("2001:db8:1::9")}}));
  EXPECT_EQ(dhcp6::find<dhcp6::InformationRefreshTime>(own.options)->time, Lifetime(700));
  const Message there = ask("lan1", 1);
  EXPECT_EQ(*dhcp6::find<dhcp6::SntpServers>(there.options),
            (dhcp6::SntpServers{{address("2001:db8:ff::2")}}));
  EXPECT_TRUE(dhcp6::contains<dhcp6::NtpServers>(there.options));
}

TEST(Conformance, Row_9818_LPD_X1_SubdelegationsOutliveACrash) {
  RouterRun run;
  run.start_online();
  const auto said = get_prefix(run, "lan0");
  ASSERT_TRUE(said);
  const Prefix mine = global(prefixes_in(*said));
  run.kernel.routes.clear();  // and somebody flushed the routes
  run.run_for(seconds(1));
  run.start(run.memory);
  EXPECT_NE(route_to(run, mine), nullptr) << "before the client says anything";
  run.hear(isp_router(true, true));
  run.run_for(seconds(5));
  for (unsigned number = 2; number < 40; ++number) {
    const auto other = get_prefix(run, "lan1", number);
    ASSERT_TRUE(other);
    for (const Prefix& one : prefixes_in(*other)) EXPECT_FALSE(one.overlaps(mine));
  }
  const auto renewed = get_prefix(run, "lan0", 1, MessageType::kRenew, prefixes_in(*said));
  ASSERT_TRUE(renewed);
  EXPECT_EQ(prefixes_in(*renewed), prefixes_in(*said));
}

TEST(Conformance, Row_9818_LPD_X2_RenumberingIsHandedDown) {
  RouterRun run;
  run.start_online();
  const auto said = get_prefix(run, "lan0");
  ASSERT_TRUE(said);
  const Prefix mine = global(prefixes_in(*said));
  run.delegate({prefix("2001:db8:2::/56")});
  run.server.withdrawn = {prefix("2001:db8:1::/56")};
  run.run_for(seconds(1000));
  const auto renewed = get_prefix(run, "lan0", 1, MessageType::kRenew, prefixes_in(*said));
  ASSERT_TRUE(renewed);
  EXPECT_EQ(prefixes_in(*renewed, false), std::vector<Prefix>{mine});
  const Prefix fresh = global(prefixes_in(*renewed));
  EXPECT_TRUE(prefix("2001:db8:2::/56").contains(fresh));
  EXPECT_NE(route_to(run, fresh), nullptr);
  EXPECT_EQ(route_to(run, mine), nullptr);
}

TEST(RouterDhcpServer, AfterARestartNothingIsTakenBackBeforeTheProviderSpeaks) {
  RouterRun run;
  run.start_online();
  const auto said = get_prefix(run, "lan0");
  ASSERT_TRUE(said);
  const Prefix mine = global(prefixes_in(*said));
  StoredState without_lease = run.memory;
  without_lease.leases.clear();
  run.server.silent = true;
  run.start(without_lease);
  run.run_for(seconds(5));
  const auto early = get_prefix(run, "lan0", 1, MessageType::kRenew, prefixes_in(*said));
  if (early) {
    EXPECT_TRUE(prefixes_in(*early, false).empty());
  }
  run.server.silent = false;
  run.run_for(seconds(60));
  const auto later = get_prefix(run, "lan0", 1, MessageType::kRenew, prefixes_in(*said));
  ASSERT_TRUE(later);
  EXPECT_EQ(global(prefixes_in(*later)), mine);
}

TEST(Conformance, Row_6092_REC_9_NobodyOnTheUplinkIsServed) {
  RouterRun run;
  run.start_online();
  EXPECT_FALSE(run.ask("wan0", query(MessageType::kInformationRequest)));
}

}  // namespace
}  // namespace sixgate::daemon::testing
