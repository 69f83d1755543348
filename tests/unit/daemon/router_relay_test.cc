// SPDX-License-Identifier: Apache-2.0
// The relay agent inside the router: whom it asks, what of the answers becomes routes and rules, and what remains
// of all that after a crash.
#include <gtest/gtest.h>

#include "router_run.h"

namespace sixgate::daemon::testing {
namespace {

using dhcp6::Message;
using dhcp6::MessageType;
using dhcp6::RelayMessage;

constexpr const char* kServer = "2001:db8:5::547";

conf::Config relaying(conf::RelayTo to = {address(kServer), {}}) {
  conf::Config config = two_lans();
  config.lans[0].relay.servers = {std::move(to)};
  config.lans[0].addressing = conf::Addressing::kSlaacDhcpv6;
  return config;
}

Message of_client(MessageType type, const char* delegated = nullptr, std::uint32_t valid = 3600) {
  Message message{.type = type, .transaction_id = 77, .options = {dhcp6::ClientId{client()}}};
  if (delegated != nullptr) {
    dhcp6::IaPd ia{.iaid = 1};
    ia.options.push_back(dhcp6::IaPrefix{
        .prefix = prefix(delegated), .preferred = Lifetime(valid / 2), .valid = Lifetime(valid)});
    message.options.push_back(ia);
  }
  return message;
}

void say(RouterRun& run, const std::string& interface, const std::vector<std::uint8_t>& bytes,
         const char* from, const Ip6Address& to = kAllDhcpRelayAgentsAndServers) {
  run.served.clear();
  run.router->receive({.interface = interface,
                       .channel = Channel::kDhcp6Server,
                       .source = address(from),
                       .destination = to,
                       .hop_limit = 64,
                       .payload = bytes,
                       .port = 547,
                       .link_layer = mac(7)},
                      run.now);
  run.settle();
  run.run_for(Router::kSubdelegationGap);
}

void forge(RouterRun& run, const Message& message, const char* from = kServer,
           const std::string& interface = "wan0") {
  RelayMessage reply{.type = MessageType::kRelayReply,
                     .hop_count = 0,
                     .link_address = {},
                     .peer_address = address("fe80::c"),
                     .options = {dhcp6::InterfaceId{{'l', 'a', 'n', '0'}},
                                 dhcp6::RelayedMessage{message.to_bytes()}}};
  say(run, interface, reply.to_bytes(), from, address("2001:db8:ffff::7"));
}

// To a client that asked.
void answer(RouterRun& run, const Message& message, const char* from = kServer,
            const std::string& interface = "wan0") {
  Message request = of_client(MessageType::kRequest);
  request.options.push_back(dhcp6::IaPd{.iaid = 1});
  say(run, "lan0", request.to_bytes(), "fe80::c");
  forge(run, message, from, interface);
}

const KernelRoute* route_to(const RouterRun& run, const char* destination) {
  for (const KernelRoute& route : run.kernel.routes) {
    if (route.destination == prefix(destination) && route.kind == KernelRoute::Kind::kUnicast)
      return &route;
  }
  return nullptr;
}

const firewall::FirewallLan& rules_of(const RouterRun& run, const std::string& lan) {
  for (const firewall::FirewallLan& one : run.firewall->lans) {
    if (one.interface == lan) return one;
  }
  std::abort();
}

bool contains(const std::vector<Prefix>& all, const char* one) {
  return std::find(all.begin(), all.end(), prefix(one)) != all.end();
}

TEST(RouterRelay, ClientsOfTheLanAreRelayedForAndOthersServed) {
  RouterRun run(relaying());
  run.start_online();
  EXPECT_EQ(run.router->wanted_sockets().relay_uplinks, std::vector<std::string>{"wan0"});
  EXPECT_EQ(run.router->wanted_sockets().station_lans, std::vector<std::string>{"lan0"});
  EXPECT_TRUE(run.last_on("lan0").managed);
  const auto solicit = of_client(MessageType::kSolicit).to_bytes();
  say(run, "lan0", solicit, "fe80::c");
  ASSERT_EQ(run.served.size(), 1U);
  EXPECT_EQ(run.served[0].interface, "wan0");
  EXPECT_EQ(run.served[0].destination, address(kServer));
  EXPECT_EQ(run.served[0].port, dhcp6::kServerPort);
  EXPECT_EQ(run.served[0].source, Ip6Address()) << "the kernel knows what fits the destination";
  const auto forward = RelayMessage::parse(run.served[0].payload);
  ASSERT_TRUE(forward.has_value());
  EXPECT_TRUE(run.has_address(forward->link_address.to_string().c_str()));
  EXPECT_TRUE(prefix("2001:db8:1::/56").contains(forward->link_address));
  EXPECT_EQ(dhcp6::find<dhcp6::ClientLinkLayerAddress>(forward->options)->mac(), mac(7));
  EXPECT_EQ(run.router->desired().dhcp6_links.size(), 1U);
  EXPECT_TRUE(run.ask("lan1", of_client(MessageType::kInformationRequest)).has_value());
}

TEST(RouterRelay, AGroupIsAskedFromTheLinkLocalAddress) {
  RouterRun run(relaying({kAllDhcpServers, "wan"}));
  run.start_online();
  say(run, "lan0", of_client(MessageType::kSolicit).to_bytes(), "fe80::c");
  ASSERT_EQ(run.served.size(), 1U);
  EXPECT_EQ(run.served[0].destination, kAllDhcpServers);
  EXPECT_FALSE(run.served[0].source.has_value());
  EXPECT_EQ(run.firewall->servers,
            (std::vector<firewall::FirewallServer>{{"wan0", prefix("fe80::/10")}}));
}

TEST(RouterRelay, AServerMayBeOnAnotherLan) {
  RouterRun run(relaying({address("fd00::5"), "lan1"}));
  run.start_online();
  EXPECT_TRUE(run.router->wanted_sockets().relay_uplinks.empty());
  EXPECT_EQ(run.firewall->servers,
            (std::vector<firewall::FirewallServer>{{"lan1", prefix("fd00::5/128")}}));
  say(run, "lan0", of_client(MessageType::kSolicit).to_bytes(), "fe80::c");
  ASSERT_EQ(run.served.size(), 1U);
  EXPECT_EQ(run.served[0].interface, "lan1");
  answer(run, of_client(MessageType::kReply), "fd00::5", "lan1");
  ASSERT_EQ(run.served.size(), 1U);
  EXPECT_EQ(run.served[0].interface, "lan0");
  EXPECT_EQ(run.served[0].port, dhcp6::kClientPort);
}

TEST(Conformance, Row_8415_R_09_TheFirewallLetsOnlyOurServersAnswer) {
  RouterRun run(relaying());
  run.start_online();
  EXPECT_EQ(run.firewall->servers,
            (std::vector<firewall::FirewallServer>{{"wan0", prefix("2001:db8:5::547/128")}}));
  run.reload(two_lans());
  EXPECT_TRUE(run.firewall->servers.empty());
  EXPECT_TRUE(run.router->wanted_sockets().relay_uplinks.empty());
}

TEST(Conformance, Row_8415_R_10_TheWayToADelegationComesAndGoes) {
  RouterRun run(relaying());
  run.start_online();
  answer(run, of_client(MessageType::kReply, "2001:db8:88:100::/56"));
  const KernelRoute* route = route_to(run, "2001:db8:88:100::/56");
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->interface, "lan0");
  EXPECT_EQ(route->gateway, address("fe80::c"));
  ASSERT_EQ(run.served.size(), 1U);
  EXPECT_EQ(run.served[0].interface, "lan0");
  say(run, "lan0", of_client(MessageType::kRelease, "2001:db8:88:100::/56", 0).to_bytes(),
      "fe80::c");
  EXPECT_EQ(route_to(run, "2001:db8:88:100::/56"), nullptr);
  answer(run, of_client(MessageType::kReply, "2001:db8:88:200::/56", 600));
  ASSERT_NE(route_to(run, "2001:db8:88:200::/56"), nullptr);
  run.run_for(seconds(601));
  EXPECT_EQ(route_to(run, "2001:db8:88:200::/56"), nullptr);
}

TEST(RouterRelay, WhatNobodyAskedForIsNotRouted) {
  RouterRun run(relaying());
  run.start_online();
  forge(run, of_client(MessageType::kReply, "2001:db8:88:100::/56"));
  ASSERT_EQ(run.served.size(), 1U);
  EXPECT_EQ(run.served[0].interface, "lan0") << "it is relayed all the same";
  EXPECT_EQ(route_to(run, "2001:db8:88:100::/56"), nullptr);
  EXPECT_FALSE(contains(rules_of(run, "lan0").local, "2001:db8:88:100::/56"));
  EXPECT_FALSE(contains(run.firewall->delegated, "2001:db8:88:100::/56"));
  EXPECT_TRUE(run.memory.relayed.empty());
}

TEST(RouterRelay, NoServerLeadsThePacketsOfOneLanToAnother) {
  RouterRun run(relaying());
  run.start_online();
  std::optional<Prefix> other;
  for (const KernelAddress* one : run.addresses_on("lan1")) {
    if (prefix("2001:db8:1::/56").contains(one->address)) other = Prefix(one->address, 65);
  }
  ASSERT_TRUE(other);
  answer(run, of_client(MessageType::kReply, other->to_string().c_str()));
  EXPECT_EQ(route_to(run, other->to_string().c_str()), nullptr);
  // Nor what an uplink delegated, all of it, or the link of the uplink.
  for (const char* one : {"2001:db8:1::/56", "2001:db8::/32", "2001:db8:ffff::/64"}) {
    answer(run, of_client(MessageType::kReply, one));
    EXPECT_EQ(route_to(run, one), nullptr) << one;
    EXPECT_TRUE(run.logged(std::string(one) + " of client")) << run.log_text();
  }
  EXPECT_TRUE(run.memory.relayed.empty());
}

TEST(Conformance, Row_8415_R_11_ACrashLosesNoDelegation) {
  RouterRun run(relaying());
  run.start_online();
  answer(run, of_client(MessageType::kReply, "2001:db8:88:100::/56"));
  // It is kept before the client hears of it.
  ASSERT_EQ(run.memory.relayed.size(), 1U);
  EXPECT_EQ(run.disk.relayed.size(), 1U) << "and over a power failure";
  // A renewal is kept, too, but wears no flash.
  const unsigned durable = run.durable_stores;
  run.run_for(seconds(60));
  answer(run, of_client(MessageType::kReply, "2001:db8:88:100::/56"));
  EXPECT_GT(run.memory.relayed[0].valid_until, run.disk.relayed[0].valid_until);
  EXPECT_EQ(run.durable_stores, durable);
  run.kernel.routes.clear();
  run.start(run.disk);
  run.run_for(Router::kSubdelegationGap);
  EXPECT_NE(route_to(run, "2001:db8:88:100::/56"), nullptr);
}

TEST(Conformance, Row_8415_R_11_TheRouteComesBackWithTheLink) {
  RouterRun run(relaying());
  run.start_online();
  answer(run, of_client(MessageType::kReply, "2001:db8:88:100::/56"));
  run.link("lan0").up = run.link("lan0").carrier = false;
  std::erase_if(run.kernel.routes, [](const KernelRoute& r) { return r.interface == "lan0"; });
  run.look();
  EXPECT_EQ(route_to(run, "2001:db8:88:100::/56"), nullptr);
  run.link("lan0").up = run.link("lan0").carrier = true;
  run.look();
  run.run_for(seconds(1));
  EXPECT_NE(route_to(run, "2001:db8:88:100::/56"), nullptr);
}

TEST(Conformance, Row_8415_R_12_TheLimitsAreThoseOfTheConfiguration) {
  conf::Config config = relaying();
  config.lans[0].dhcp6.delegations_per_client = 1;
  RouterRun run(config);
  run.start_online();
  answer(run, of_client(MessageType::kReply, "2001:db8:88:100::/56"));
  answer(run, of_client(MessageType::kReply, "2001:db8:88:200::/56"));
  EXPECT_NE(route_to(run, "2001:db8:88:100::/56"), nullptr);
  EXPECT_EQ(route_to(run, "2001:db8:88:200::/56"), nullptr);
  EXPECT_TRUE(run.logged("2001:db8:88:200::/56 of client"));
  const Status status = run.router->status(run.now);
  EXPECT_EQ(status.lans[0].counters.at("relay_delegations_not_routed"), 1U);
}

TEST(Conformance, Row_8415_R_13_SourcesFollowTheDelegations) {
  RouterRun run(relaying());
  run.start_online();
  answer(run, of_client(MessageType::kReply, "2001:db8:88:100::/56"));
  EXPECT_TRUE(contains(rules_of(run, "lan0").local, "2001:db8:88:100::/56"));
  EXPECT_TRUE(contains(rules_of(run, "lan0").assigned, "2001:db8:88:100::/56"));
  EXPECT_FALSE(contains(rules_of(run, "lan1").local, "2001:db8:88:100::/56"));
  EXPECT_TRUE(contains(run.firewall->delegated, "2001:db8:88:100::/56"))
      << "no source of the Internet";
  say(run, "lan0", of_client(MessageType::kRelease, "2001:db8:88:100::/56", 0).to_bytes(),
      "fe80::c");
  EXPECT_FALSE(contains(rules_of(run, "lan0").local, "2001:db8:88:100::/56"));
  EXPECT_FALSE(contains(run.firewall->delegated, "2001:db8:88:100::/56"));
}

TEST(RouterRelay, WhenTheLanIsOursAgainNothingOfTheOtherServerIsLeft) {
  RouterRun run(relaying());
  run.start_online();
  answer(run, of_client(MessageType::kReply, "2001:db8:88:100::/56"));
  run.reload(two_lans());
  run.run_for(seconds(1));
  EXPECT_EQ(route_to(run, "2001:db8:88:100::/56"), nullptr);
  EXPECT_TRUE(run.memory.relayed.empty());
  EXPECT_TRUE(run.ask("lan0", of_client(MessageType::kInformationRequest)).has_value());
  // Nor after a restart with another configuration.
  StoredState stored = run.disk;
  stored.relayed = {{prefix("2001:db8:88:200::/56"), "lan0", address("fe80::c"), client(), 1,
                     run.now + seconds(3600)}};
  run.start(stored);
  run.run_for(seconds(1));
  EXPECT_EQ(route_to(run, "2001:db8:88:200::/56"), nullptr);
}

TEST(RouterRelay, TheOtherServerMayGiveWhatOursGave) {
  RouterRun run(two_lans());
  run.start_online();
  Message solicit = of_client(MessageType::kSolicit);
  solicit.options.push_back(dhcp6::RapidCommit{});
  solicit.options.push_back(dhcp6::IaPd{.iaid = 1});
  const auto reply = run.ask("lan0", solicit);
  ASSERT_TRUE(reply);
  const auto* ia = dhcp6::find<dhcp6::IaPd>(reply->options);
  ASSERT_NE(ia, nullptr);
  const auto* given = dhcp6::find<dhcp6::IaPrefix>(ia->options);
  ASSERT_NE(given, nullptr);
  run.reload(relaying());
  answer(run, of_client(MessageType::kReply, given->prefix.to_string().c_str()));
  ASSERT_EQ(run.memory.relayed.size(), 1U) << run.log_text();
  EXPECT_EQ(run.memory.relayed[0].prefix, given->prefix);
}

TEST(RouterRelay, TheStatusShowsServersAndDelegations) {
  RouterRun run(relaying({address(kServer), "wan"}));
  run.start_online();
  answer(run, of_client(MessageType::kReply, "2001:db8:88:100::/56"));
  const Status status = run.router->status(run.now);
  ASSERT_TRUE(status.lans[0].relay.has_value());
  const StatusRelay& relay = *status.lans[0].relay;
  EXPECT_EQ(relay.servers, std::vector<std::string>{"2001:db8:5::547%wan"});
  ASSERT_TRUE(relay.link_address.has_value());
  EXPECT_TRUE(prefix("2001:db8:1::/56").contains(*relay.link_address));
  ASSERT_EQ(relay.delegations.size(), 1U);
  EXPECT_EQ(relay.delegations[0].next_hop, address("fe80::c"));
  EXPECT_EQ(relay.delegations[0].client, client().to_string());
  EXPECT_EQ(status.uplinks[0].counters.at("relay_relayed"), 1U);
  EXPECT_FALSE(status.lans[1].relay.has_value());
  EXPECT_NE(to_json(status).find("\"next_hop\":\"fe80::c\""), std::string::npos);
}

}  // namespace
}  // namespace sixgate::daemon::testing
