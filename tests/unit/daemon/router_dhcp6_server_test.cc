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

dhcp6::Duid client(unsigned number = 1) {
  const std::uint8_t bytes[]{0, 3, 0, 1, 2, 0, 0, 0, 0, static_cast<std::uint8_t>(number)};
  return dhcp6::Duid::from_bytes(bytes).value();
}

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
