// SPDX-License-Identifier: Apache-2.0
// The relay agent: what it makes of a client's, another relay agent's and a server's message.
#include "relay_run.h"

namespace sixgate::dhcp6::testing {
namespace {

TEST(Conformance, Row_8415_R_01_AClientsMessageGoesUpUnmodified) {
  RelayRun run;
  const auto solicit = RelayRun::of_client(MessageType::kSolicit).to_bytes();
  run.up(solicit);
  const auto up = run.forwarded();
  ASSERT_TRUE(up);
  EXPECT_EQ(up->packet.interface, "wan0");
  EXPECT_EQ(up->packet.destination, address("2001:db8:5::547"));
  EXPECT_EQ(up->packet.port, kServerPort);
  EXPECT_EQ(up->message.hop_count, 0);
  EXPECT_EQ(up->message.link_address, address("2001:db8:1::1"));
  EXPECT_EQ(up->message.peer_address, address("fe80::c"));
  EXPECT_EQ(up->inner, solicit);
}

TEST(Conformance, Row_8415_R_01_TheLinkLocalAddressIsTheLastResort) {
  RelayRun run;
  run.links[0].address = address("fe80::1");
  run.links[0].prefixes.clear();
  run.relay.configure(run.links);
  run.up(RelayRun::of_client(MessageType::kSolicit).to_bytes());
  const auto up = run.forwarded();
  ASSERT_TRUE(up);
  EXPECT_EQ(up->message.link_address, address("fe80::1"));
}

TEST(Conformance, Row_8415_R_02_TheInterfaceIdChoosesTheLanOfTheAnswer) {
  RelayRun run;
  run.links[1].address = run.links[0].address;
  run.links[1].prefixes = run.links[0].prefixes;
  run.relay.configure(run.links);
  for (const char* lan : {"lan0", "lan1"}) {
    run.up(RelayRun::of_client(MessageType::kSolicit).to_bytes(), lan);
    const auto up = run.forwarded();
    ASSERT_TRUE(up);
    const InterfaceId* id = find_single<InterfaceId>(up->message.options);
    ASSERT_NE(id, nullptr);
    RelayMessage reply = RelayRun::around(RelayRun::of_client(MessageType::kAdvertise), nullptr);
    reply.options.push_back(*id);
    run.down(reply.to_bytes());
    ASSERT_EQ(run.sent.size(), 1U);
    EXPECT_EQ(run.sent[0].interface, lan);
    run.sent.clear();
  }
}

TEST(Conformance, Row_8415_R_03_TheClientsLinkLayerAddressIsTold) {
  RelayRun run;
  run.up(RelayRun::of_client(MessageType::kSolicit).to_bytes());
  auto up = run.forwarded();
  ASSERT_TRUE(up);
  const auto* told = find_single<ClientLinkLayerAddress>(up->message.options);
  ASSERT_NE(told, nullptr);
  EXPECT_EQ(told->type, 1);
  EXPECT_EQ(told->mac(), kClientMac);
  // A relay agent is no client, and what is not known is not told.
  RelayMessage below = up->message;
  run.up(below.to_bytes(), "lan0", "fe80::d", kAllDhcpServers, kServerPort);
  up = run.forwarded();
  ASSERT_TRUE(up);
  EXPECT_FALSE(contains<ClientLinkLayerAddress>(up->message.options));
  run.link_layer.reset();
  run.up(RelayRun::of_client(MessageType::kSolicit).to_bytes());
  up = run.forwarded();
  ASSERT_TRUE(up);
  EXPECT_FALSE(contains<ClientLinkLayerAddress>(up->message.options));
}

TEST(Conformance, Row_9686_10_ARegistrationIsRelayedAndChangesNothing) {
  RelayRun run;
  Message inform = RelayRun::of_client(MessageType::kAddrRegInform);
  inform.options.push_back(IaAddress{
      .address = address("2001:db8:1::77"), .preferred = Lifetime(10), .valid = Lifetime(20)});
  run.up(inform.to_bytes(), "lan0", "2001:db8:1::77");
  const auto up = run.forwarded();
  ASSERT_TRUE(up);
  EXPECT_TRUE(contains<ClientLinkLayerAddress>(up->message.options));
  EXPECT_EQ(up->message.peer_address, address("2001:db8:1::77"));
  // Even one that, against all rules, carries a delegation.
  Message reply = inform;
  reply.type = MessageType::kAddrRegReply;
  reply.options.push_back(RelayRun::delegating("2001:db8:2::/56"));
  run.down(RelayRun::around(reply, "home", "2001:db8:1::77").to_bytes());
  ASSERT_EQ(run.sent.size(), 1U);
  EXPECT_EQ(run.sent[0].destination, address("2001:db8:1::77"));
  EXPECT_EQ(run.sent[0].payload, reply.to_bytes());
  EXPECT_TRUE(run.relay.delegations().empty());
  EXPECT_EQ(run.changes, 0U);
}

TEST(Conformance, Row_8415_R_04_TheEighthRelayAgentIsTheLast) {
  RelayRun run;
  RelayMessage below{
      .type = MessageType::kRelayForward,
      .hop_count = 7,
      .link_address = address("2001:db8:9::1"),
      .peer_address = address("fe80::c"),
      .options = {RelayedMessage{RelayRun::of_client(MessageType::kSolicit).to_bytes()}}};
  run.up(below.to_bytes(), "lan0", "fe80::d", kAllDhcpServers, kServerPort);
  auto up = run.forwarded();
  ASSERT_TRUE(up);
  EXPECT_EQ(up->message.hop_count, 8);
  EXPECT_EQ(up->message.peer_address, address("fe80::d"));
  EXPECT_EQ(up->message.link_address, address("2001:db8:1::1")) << "fe80::d says nothing of where";
  EXPECT_EQ(up->inner, below.to_bytes());
  run.up(below.to_bytes(), "lan0", "2001:db8:1::d", address("2001:db8:1::1"), kServerPort);
  up = run.forwarded();
  ASSERT_TRUE(up) << "a relay agent may speak to our own address";
  EXPECT_TRUE(up->message.link_address.is_unspecified());
  below.hop_count = 8;
  run.up(below.to_bytes(), "lan0", "fe80::d", kAllDhcpServers, kServerPort);
  EXPECT_TRUE(run.sent.empty());
  EXPECT_EQ(run.dropped(RelayDrop::kTooManyHops), 1U);
}

TEST(Conformance, Row_8415_R_05_EveryConfiguredServerIsAsked) {
  RelayRun run;
  run.links[0].servers = {{"wan0", kAllDhcpServers},
                          {"lan1", address("2001:db8:1:1::5")},
                          {"wan0", address("fe80::5")}};
  run.relay.configure(run.links);
  run.up(RelayRun::of_client(MessageType::kSolicit).to_bytes());
  ASSERT_EQ(run.sent.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(run.sent[i].interface, run.links[0].servers[i].interface);
    EXPECT_EQ(run.sent[i].destination, run.links[0].servers[i].address);
    EXPECT_EQ(run.sent[i].payload, run.sent[0].payload);
  }
}

TEST(Conformance, Row_8415_R_06_AnAnswerGoesDownUnmodified) {
  RelayRun run;
  Message reply = RelayRun::of_client(MessageType::kReply);
  reply.options.push_back(UnknownOption{65000, hex("0102")});
  run.down(RelayRun::around(reply).to_bytes());
  ASSERT_EQ(run.sent.size(), 1U);
  EXPECT_EQ(run.sent[0], (RelayPacket{"lan0", address("fe80::c"), kClientPort, reply.to_bytes()}));
  run.sent.clear();
  // Without an Interface-Id link-address tells, and where that is 0 the relay agent's own address.
  RelayMessage of_relay = RelayRun::around(reply, nullptr, "fe80::d");
  run.down(of_relay.to_bytes());
  ASSERT_EQ(run.sent.size(), 1U);
  EXPECT_EQ(run.sent[0].interface, "lan0");
  RelayMessage outer{.type = MessageType::kRelayReply,
                     .hop_count = 1,
                     .link_address = {},
                     .peer_address = address("2001:db8:1:1::d"),
                     .options = {RelayedMessage{of_relay.to_bytes()}}};
  run.sent.clear();
  run.down(outer.to_bytes());
  ASSERT_EQ(run.sent.size(), 1U);
  EXPECT_EQ(run.sent[0],
            (RelayPacket{"lan1", address("2001:db8:1:1::d"), kServerPort, of_relay.to_bytes()}));
}

TEST(Conformance, Row_8415_R_06_AReconfigureReachesTheClient) {
  RelayRun run;
  const Message reconfigure = RelayRun::of_client(MessageType::kReconfigure);
  run.down(RelayRun::around(reconfigure).to_bytes());
  ASSERT_EQ(run.sent.size(), 1U);
  EXPECT_EQ(run.sent[0].payload, reconfigure.to_bytes());
  EXPECT_EQ(run.sent[0].port, kClientPort);
}

TEST(Conformance, Row_8415_R_07_UnknownMessagesAndOptionsAreRelayed) {
  RelayRun run;
  // Its options, if they are any, are none of ours: they need not even parse.
  const Octets strange = hex("c8 123456 ffff ffff 01");
  run.up(strange);
  const auto up = run.forwarded();
  ASSERT_TRUE(up);
  EXPECT_EQ(up->inner, strange);
  RelayMessage reply = RelayRun::around({}, "home");
  std::erase_if(reply.options,
                [](const Option& one) { return std::holds_alternative<RelayedMessage>(one); });
  reply.options.push_back(UnknownOption{65000, hex("01")});
  reply.options.push_back(RelayedMessage{strange});
  run.down(reply.to_bytes());
  ASSERT_EQ(run.sent.size(), 1U);
  EXPECT_EQ(run.sent[0].payload, strange);
  EXPECT_EQ(run.sent[0].port, kClientPort);
  run.sent.clear();
  // Also in what another relay agent sends.
  RelayMessage below{.type = MessageType::kRelayForward,
                     .hop_count = 0,
                     .link_address = {},
                     .peer_address = address("fe80::c"),
                     .options = {UnknownOption{65001, hex("0203")}, RelayedMessage{strange}}};
  run.up(below.to_bytes(), "lan0", "fe80::d", kAllDhcpServers, kServerPort);
  const auto chained = run.forwarded();
  ASSERT_TRUE(chained);
  EXPECT_EQ(chained->inner, below.to_bytes());
}

TEST(Conformance, Row_8415_R_08_WhatOnlyServersSayIsNotTakenFromClients) {
  RelayRun run;
  for (const auto type :
       {MessageType::kAdvertise, MessageType::kReply, MessageType::kReconfigure}) {
    run.up(RelayRun::of_client(type).to_bytes());
    EXPECT_TRUE(run.sent.empty()) << to_string(type);
  }
  EXPECT_EQ(run.dropped(RelayDrop::kNotOfClients), 3U);
}

TEST(Conformance, Row_8415_R_08_AClientDoesNotSpeakToOurAddress) {
  RelayRun run;
  for (const char* to : {"2001:db8:1::1", "fe80::1"}) {
    run.up(RelayRun::of_client(MessageType::kRenew).to_bytes(), "lan0", "fe80::c", address(to));
    EXPECT_TRUE(run.sent.empty()) << to;
  }
  EXPECT_EQ(run.dropped(RelayDrop::kUnicast), 2U);
}

TEST(Conformance, Row_8415_R_09_OnlyServersOfOursAnswer) {
  RelayRun run;
  const auto reply = RelayRun::around(RelayRun::of_client(MessageType::kReply)).to_bytes();
  run.down(reply, "lan0", "fe80::c");
  run.down(reply, "lan0", "2001:db8:5::547");
  EXPECT_EQ(run.dropped(RelayDrop::kNotUpstream), 2U) << "from the clients' side";
  run.down(reply, "wan0", "2001:db8:5::548");
  run.down(reply, "wan0", "fe80::547");
  EXPECT_EQ(run.dropped(RelayDrop::kNotUpstream, "wan0"), 2U) << "from a stranger";
  EXPECT_TRUE(run.sent.empty());
  // A server of one LAN has no say on another.
  run.links[1].servers = {{"wan0", kAllDhcpServers}};
  run.relay.configure(run.links);
  run.down(reply, "wan0", "fe80::547");
  EXPECT_TRUE(run.sent.empty());
  run.down(RelayRun::around(RelayRun::of_client(MessageType::kReply), "guests").to_bytes(), "wan0",
           "fe80::547");
  EXPECT_EQ(run.sent.size(), 1U);
  // The group means this link: whoever is not on it is named by address.
  run.sent.clear();
  run.down(RelayRun::around(RelayRun::of_client(MessageType::kReply), "guests").to_bytes(), "wan0",
           "2001:db8:7::1");
  EXPECT_TRUE(run.sent.empty());
}

TEST(Conformance, Row_8415_R_09_ARelayReplyWithoutOneMessageIsDropped) {
  RelayRun run;
  RelayMessage reply = RelayRun::around(RelayRun::of_client(MessageType::kReply));
  const Option inside = reply.options.back();
  reply.options.pop_back();
  run.down(reply.to_bytes());
  reply.options.push_back(RelayedMessage{});
  run.down(reply.to_bytes());
  reply.options.back() = inside;
  reply.options.push_back(inside);
  run.down(reply.to_bytes());
  const auto whole = RelayRun::around(RelayRun::of_client(MessageType::kReply)).to_bytes();
  for (std::size_t size = 1; size < whole.size(); ++size)
    run.down({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
  EXPECT_TRUE(run.sent.empty());
  EXPECT_EQ(run.relay.counters("wan0").relayed, 0U);
  run.down(RelayRun::around(RelayRun::of_client(MessageType::kReply), "nowhere").to_bytes());
  EXPECT_TRUE(run.sent.empty());
  EXPECT_EQ(run.dropped(RelayDrop::kUnknownLink, "wan0"), 1U);
}

TEST(Conformance, Row_8415_R_14_ARelayAgentOnAnotherPortIsAnsweredThere) {
  RelayRun run;
  RelayMessage below{
      .type = MessageType::kRelayForward,
      .hop_count = 0,
      .link_address = address("2001:db8:9::1"),
      .peer_address = address("fe80::c"),
      .options = {RelayedMessage{RelayRun::of_client(MessageType::kSolicit).to_bytes()},
                  RelaySourcePort{0}}};
  run.up(below.to_bytes(), "lan0", "fe80::d", kAllDhcpServers, 50547);
  auto up = run.forwarded();
  ASSERT_TRUE(up);
  const auto* said = find_single<RelaySourcePort>(up->message.options);
  ASSERT_NE(said, nullptr);
  EXPECT_EQ(said->downstream, 50547);
  RelayMessage inner = RelayRun::around(RelayRun::of_client(MessageType::kAdvertise), nullptr);
  RelayMessage reply = up->message;
  reply.type = MessageType::kRelayReply;
  reply.options = {*find<InterfaceId>(up->message.options), *said,
                   RelayedMessage{inner.to_bytes()}};
  run.down(reply.to_bytes());
  ASSERT_EQ(run.sent.size(), 1U);
  EXPECT_EQ(run.sent[0], (RelayPacket{"lan0", address("fe80::d"), 50547, inner.to_bytes()}));
  run.sent.clear();
  // Who does not say it listens where everybody does; so does a client, whatever the server says.
  below.options.pop_back();
  run.up(below.to_bytes(), "lan0", "fe80::d", kAllDhcpServers, 50547);
  up = run.forwarded();
  ASSERT_TRUE(up);
  EXPECT_FALSE(contains<RelaySourcePort>(up->message.options));
  RelayMessage of_client = RelayRun::around(RelayRun::of_client(MessageType::kReply));
  of_client.options.push_back(RelaySourcePort{50547});
  run.down(of_client.to_bytes());
  ASSERT_EQ(run.sent.size(), 1U);
  EXPECT_EQ(run.sent[0].port, kClientPort);
}

TEST(Relay, NobodyIsRelayedForWhoCannotBeAnswered) {
  RelayRun run;
  const auto solicit = RelayRun::of_client(MessageType::kSolicit).to_bytes();
  for (const char* from : {"::", "ff02::1", "::1"}) run.up(solicit, "lan0", from);
  EXPECT_EQ(run.dropped(RelayDrop::kNoSource), 3U);
  run.up(solicit, "lan9");
  run.up({}, "lan0");
  run.up(hex("01 1234"), "lan0");
  EXPECT_EQ(run.dropped(RelayDrop::kMalformed), 2U);
  run.down(
      RelayRun::around(RelayRun::of_client(MessageType::kReply), "home", "ff02::1").to_bytes());
  EXPECT_TRUE(run.sent.empty());
}

TEST(Relay, WhatDoesNotFitIsDropped) {
  RelayRun run;
  Octets large(kMaxMessageSize - 30, 0);
  large[0] = 1;
  run.up(large);
  EXPECT_TRUE(run.sent.empty());
  EXPECT_EQ(run.dropped(RelayDrop::kTooLarge), 1U);
  EXPECT_EQ(run.relay.counters("lan0").received, 1U);
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
