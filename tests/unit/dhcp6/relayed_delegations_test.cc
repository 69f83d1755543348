// SPDX-License-Identifier: Apache-2.0
// Prefixes that the relay agent saw a server delegate, and how long it routes them (RFC 8987).
#include "relay_run.h"

namespace sixgate::dhcp6::testing {
namespace {

TEST(Conformance, Row_8415_R_10_ADelegationIsRoutedAsLongAsItIs) {
  RelayRun run;
  run.delegate("2001:db8:2::/56");
  ASSERT_EQ(run.relay.delegations().size(), 1U);
  EXPECT_EQ(run.relay.delegations()[0],
            (RelayedDelegation{.prefix = prefix("2001:db8:2::/56"),
                               .link = "home",
                               .next_hop = address("fe80::c"),
                               .client = relayed_client(),
                               .iaid = 1,
                               .valid_until = run.now + seconds(3600)}));
  EXPECT_EQ(run.sent.size(), 1U) << "and the client hears of it";
  run.run_until(run.now + seconds(3599));
  EXPECT_EQ(run.routed().size(), 1U);
  // G-8: a Reply to a Renew moves the end.
  run.delegate("2001:db8:2::/56", 7200);
  run.run_until(run.now + seconds(7199));
  EXPECT_EQ(run.routed().size(), 1U);
  run.run_until(run.now + seconds(1));
  EXPECT_TRUE(run.routed().empty());
  EXPECT_FALSE(run.relay.next_deadline().has_value());
}

TEST(Conformance, Row_8415_R_10_AReleaseEndsTheRoute) {
  RelayRun run;
  run.delegate("2001:db8:2::/56", 3600, 1, 1);
  run.delegate("2001:db8:3::/60", 3600, 1, 2);
  run.delegate("2001:db8:4::/64", 3600, 2, 1, "home", "fe80::d");
  Message release = RelayRun::of_client(MessageType::kRelease);
  release.options.push_back(RelayRun::delegating("2001:db8:2::/56", 0, 1));
  run.up(release.to_bytes());
  EXPECT_EQ(run.routed(), (std::vector{prefix("2001:db8:3::/60"), prefix("2001:db8:4::/64")}));
  // Of an IA without prefixes all are meant; of another LAN's client of the same name none (G-4).
  release.options.back() = IaPd{.iaid = 2};
  run.up(release.to_bytes(), "lan1");
  EXPECT_EQ(run.routed().size(), 2U);
  run.up(release.to_bytes());
  EXPECT_EQ(run.routed(), std::vector{prefix("2001:db8:4::/64")});
}

TEST(RelayedDelegations, APersonTakesOutALeaseAClientOrALan) {
  // RFC 8987 O-2.
  RelayRun run;
  run.delegate("2001:db8:2::/56", 3600, 1, 1);
  run.delegate("2001:db8:3::/60", 3600, 1, 2);
  run.delegate("2001:db8:4::/64", 3600, 2, 1, "home", "fe80::d");
  EXPECT_TRUE(run.relay.clear({.link = "lan1"}).empty());
  EXPECT_TRUE(run.relay.clear({}).empty());
  EXPECT_FALSE(run.relay.drain().delegations_changed);
  EXPECT_EQ(run.relay.clear({.lease = prefix("2001:db8:3::/60")}).size(), 1U);
  EXPECT_TRUE(run.relay.drain().delegations_changed);
  EXPECT_EQ(run.routed(), (std::vector{prefix("2001:db8:2::/56"), prefix("2001:db8:4::/64")}));
  run.delegate("2001:db8:3::/60", 3600, 1, 2);
  EXPECT_EQ(run.routed().size(), 3U) << "the next Reply tells of it again";
  EXPECT_EQ(run.relay.clear({.client = relayed_client(1).to_string()}).size(), 2U);
  EXPECT_EQ(run.relay.clear({.link = "home"}).size(), 1U);
  EXPECT_TRUE(run.routed().empty());
}

TEST(Conformance, Row_8415_R_10_OnlyARepliesPrefixesAreRouted) {
  RelayRun run;
  run.ask();
  const auto say = [&](MessageType type, const IaPd& ia) {
    Message message = RelayRun::of_client(type);
    message.options.push_back(ia);
    run.down(RelayRun::around(message).to_bytes());
  };
  say(MessageType::kAdvertise, RelayRun::delegating("2001:db8:2::/56"));
  IaPd failed = RelayRun::delegating("2001:db8:2::/56");
  failed.options.push_back(StatusCode{Status::kNoBinding, ""});
  say(MessageType::kReply, failed);
  IaPd upside_down = RelayRun::delegating("2001:db8:2::/56");
  std::get_if<IaPrefix>(&upside_down.options[0])->preferred = Lifetime(3601);
  say(MessageType::kReply, upside_down);
  for (const char* never :
       {"::/0", "2000::/3", "2a00::/16", "2a00::/31", "fe80::/64", "ff00::/16", "::ffff:0:0/96"})
    say(MessageType::kReply, RelayRun::delegating(never));
  EXPECT_TRUE(run.routed().empty());
  EXPECT_EQ(run.sent.size(), 10U) << "all of it is relayed";
  // Nobody but the client can use the way back.
  run.delegate("2001:db8:2::/56", 3600, 1, 1, "home", "2001:db8:ffff::1");
  EXPECT_TRUE(run.routed().empty());
  // What a server takes back ends at once, when it is the client's own.
  run.delegate("2001:db8:2::/56");
  run.delegate("2001:db8:2::/56", 0, 2);
  EXPECT_EQ(run.routed().size(), 1U);
  run.delegate("2001:db8:2::/56", 0, 1);
  EXPECT_TRUE(run.routed().empty());
}

TEST(Conformance, Row_8415_R_10_APrefixFollowsItsClient) {
  RelayRun run;
  run.delegate("2001:db8:2::/56");
  run.delegate("2001:db8:2::/56", 3600, 1, 1, "home", "fe80::cc");
  ASSERT_EQ(run.relay.delegations().size(), 1U);
  EXPECT_EQ(run.relay.delegations()[0].next_hop, address("fe80::cc"));
  // The router was replaced by one with another DUID.
  run.delegate("2001:db8:2::/56", 3600, 2, 1, "home", "fe80::d");
  ASSERT_EQ(run.relay.delegations().size(), 1U);
  EXPECT_EQ(run.relay.delegations()[0].next_hop, address("fe80::d"));
  EXPECT_EQ(run.relay.delegations()[0].client, relayed_client(2));
  run.delegate("2001:db8:2::/56", 3600, 2, 1, "guests", "fe80::d");
  EXPECT_TRUE(run.routed("home").empty());
  EXPECT_EQ(run.routed("guests").size(), 1U);
}

TEST(RelayedDelegations, OnlyWhatAClientAskedForIsBelieved) {
  RelayRun run;
  const auto tries = [&](const char* what) {
    run.answer("2001:db8:2::/56");
    EXPECT_TRUE(run.routed().empty()) << what;
    EXPECT_EQ(std::exchange(run.sent, {}).size(), 1U) << "it is relayed all the same";
  };
  tries("nobody asked");
  run.ask(2);
  tries("another client asked");
  run.ask(1, "home", "fe80::d");
  tries("it is reached another way");
  run.ask(1, "guests");
  tries("it is on another LAN");
  Message request = RelayRun::of_client(MessageType::kRequest);
  request.options.push_back(IaPd{.iaid = 1});
  request.transaction_id ^= 1;
  run.up(request.to_bytes());
  run.sent.clear();
  tries("it asked something else");
  for (const auto type : {MessageType::kSolicit, MessageType::kConfirm, MessageType::kRelease,
                          MessageType::kDecline, MessageType::kInformationRequest}) {
    run.ask(1, "home", "fe80::c", type);
    tries(to_string(type).c_str());
  }
  run.up(RelayRun::of_client(MessageType::kRequest).to_bytes());
  run.sent.clear();
  tries("it asked for no prefix");
  run.ask();
  run.now = run.now + RelayedRequests::kMemory;
  tries("it was long ago");
  for (const auto type : {MessageType::kRequest, MessageType::kRenew, MessageType::kRebind}) {
    run.ask(1, "home", "fe80::c", type);
    run.answer("2001:db8:2::/56");
    EXPECT_EQ(run.routed().size(), 1U) << to_string(type);
    run.answer("2001:db8:2::/56", 0);
    EXPECT_TRUE(run.routed().empty()) << "another server has another word";
    run.now = run.now + RelayedRequests::kMemory;
  }
  Message rapid = RelayRun::of_client(MessageType::kSolicit);
  rapid.options.push_back(IaPd{.iaid = 1});
  rapid.options.push_back(RapidCommit{});
  run.up(rapid.to_bytes());
  run.answer("2001:db8:2::/56");
  EXPECT_EQ(run.routed().size(), 1U);
}

TEST(RelayedDelegations, WhatIsRememberedOfRequestsIsBounded) {
  RelayRun run;
  Message request = RelayRun::of_client(MessageType::kRequest);
  request.options.push_back(IaPd{.iaid = 1});
  const auto asks = [&](std::uint32_t id) {
    request.transaction_id = id;
    run.up(request.to_bytes());
    run.sent.clear();
  };
  asks(0x123456);
  run.ask(1, "guests");
  for (std::uint32_t i = 1; i < RelayedRequests::kMostOfLink; ++i) asks(i);
  asks(1);  // again: it takes no other's place
  run.answer("2001:db8:2::/56");
  EXPECT_EQ(run.routed().size(), 1U);
  asks(RelayedRequests::kMostOfLink);
  run.answer("2001:db8:3::/56");
  EXPECT_EQ(run.routed().size(), 1U) << "the oldest went";
  run.answer("2001:db8:4::/56", 3600, 1, 1, "guests");
  EXPECT_EQ(run.routed("guests").size(), 1U) << "of that LAN alone";
}

TEST(RelayedDelegations, WhatIsInUseHereIsNotRouted) {
  RelayRun run;
  const OwnPrefixes own{.at_home = {prefix("2001:db8:1::/64"), prefix("2001:db8:1:10::/60")},
                        .delegated = {prefix("2001:db8:1::/48"), prefix("2001:db8:9:8::/64")},
                        .uplinks = {prefix("2001:db8:f::/64"), prefix("2001:db8:1:ffff::/64")}};
  run.relay.configure(run.links, own);
  unsigned refused = 0;
  for (const char* one :
       {"2001:db8:1::/65", "2001:db8:1::/64", "2001:db8:1:12::/64", "2001:db8:1::/48",
        "2001:db8::/32", "2001:db8:9:8::/64", "2001:db8:f::/48", "2001:db8:1:ffff:8000::/65"}) {
    run.delegate(one);
    EXPECT_TRUE(run.routed().empty()) << one;
    EXPECT_EQ(run.relay.refused_delegations("home"), ++refused);
    EXPECT_NE(run.log.find(std::string(one) + " of client"), std::string::npos) << run.log;
  }
  run.delegate("2001:db8:1:100::/56");
  EXPECT_EQ(run.routed().size(), 1U) << "a part of what is delegated to us";
  // Of another LAN nothing is taken, but by the client that has it.
  run.delegate("2001:db8:1:140::/60", 3600, 2, 1, "guests");
  run.delegate("2001:db8:1:100::/56", 3600, 2, 1, "guests");
  EXPECT_TRUE(run.routed("guests").empty());
  run.delegate("2001:db8:1:100::/56", 3600, 1, 1, "guests");
  EXPECT_EQ(run.routed("guests").size(), 1U);
  // What becomes a LAN's is one's no more; what a router of an uplink says ends nothing.
  run.delegate("2001:db8:2::/56");
  run.delegate("2001:db8:3::/56");
  run.relay.configure(run.links, {.at_home = {prefix("2001:db8:2:5::/64")},
                                  .delegated = {},
                                  .uplinks = {prefix("2001:db8:3:5::/64")}});
  EXPECT_EQ(run.routed(), std::vector{prefix("2001:db8:3::/56")});
  run.delegate("2001:db8:3::/56", 7200);
  EXPECT_EQ(run.relay.delegations().back().valid_until, run.now + seconds(7200));
}

TEST(Conformance, Row_8415_R_10_BehindAnotherRelayAgentItIsThatWhichLeadsThere) {
  RelayRun run;
  Message reply = RelayRun::of_client(MessageType::kReply);
  reply.options.push_back(RelayRun::delegating("2001:db8:2::/56"));
  // What the relay agent below says of its client is looked into.
  Message renew = RelayRun::of_client(MessageType::kRenew);
  renew.options.push_back(IaPd{.iaid = 1});
  const auto up_from_below = [&](const Message& message) {
    const RelayMessage below{.type = MessageType::kRelayForward,
                             .hop_count = 0,
                             .link_address = address("2001:db8:9::1"),
                             .peer_address = address("fe80::c"),
                             .options = {RelayedMessage{message.to_bytes()}}};
    run.up(below.to_bytes(), "lan0", "fe80::d", kAllDhcpServers, kServerPort);
  };
  up_from_below(renew);
  run.sent.clear();
  const RelayMessage inner = RelayRun::around(reply, "below", "fe80::c");
  RelayMessage outer = RelayRun::around({}, "home", "fe80::d");
  outer.hop_count = 1;
  outer.options.back() = RelayedMessage{inner.to_bytes()};
  run.down(outer.to_bytes());
  ASSERT_EQ(run.relay.delegations().size(), 1U);
  EXPECT_EQ(run.relay.delegations()[0].next_hop, address("fe80::d"));
  Message release = RelayRun::of_client(MessageType::kRelease);
  release.options.push_back(RelayRun::delegating("2001:db8:2::/56", 0));
  up_from_below(release);
  EXPECT_TRUE(run.routed().empty());
}

TEST(Conformance, Row_8415_R_11_DelegationsSurviveARestart) {
  RelayRun run;
  run.delegate("2001:db8:2::/56", 3600);
  run.delegate("2001:db8:3::/56", 600);
  RelayRun again;
  again.now = run.now + seconds(700);
  again.relay.restore(run.relay.delegations(), again.now);
  again.settle();
  EXPECT_EQ(again.changes, 1U);
  EXPECT_EQ(again.routed(), std::vector{prefix("2001:db8:2::/56")});
  again.run_until(run.now + seconds(3600));
  EXPECT_TRUE(again.routed().empty());
}

TEST(Conformance, Row_8415_R_11_ALinkThatGoesDownKeepsItsDelegations) {
  RelayRun run;
  run.delegate("2001:db8:2::/56");
  run.links[0].address = Ip6Address();
  run.links[0].prefixes.clear();
  run.relay.configure(run.links);
  EXPECT_EQ(run.routed().size(), 1U);
  // Only a LAN that is relayed for no more loses them.
  run.links.erase(run.links.begin());
  run.relay.configure(run.links);
  EXPECT_TRUE(run.routed().empty());
}

TEST(Conformance, Row_8415_R_12_AClientHasNoMoreThanItsShare) {
  RelayRun run;
  const auto nth = [](unsigned i) { return "2001:db8:2:" + std::to_string(i) + "00::/56"; };
  for (unsigned i = 1; i <= 9; ++i) run.delegate(nth(i).c_str(), 3600, 1, i);
  EXPECT_EQ(run.routed().size(), 8U);
  EXPECT_EQ(run.sent.size(), 9U) << "what is not routed is relayed all the same";
  EXPECT_EQ(run.relay.refused_delegations("home"), 1U);
  EXPECT_NE(run.log.find("2001:db8:2:900::/56 of client"), std::string::npos) << run.log;
  // It is said once. Another client has its own share; what is renewed needs no new one.
  run.log.clear();
  run.delegate(nth(9).c_str(), 3600, 1, 9);
  EXPECT_EQ(run.log, "");
  run.delegate(nth(8).c_str(), 7200, 1, 8);
  run.delegate("2001:db8:3::/56", 3600, 2);
  EXPECT_EQ(run.routed().size(), 9U);
  // A place becomes free.
  Message release = RelayRun::of_client(MessageType::kRelease);
  release.options.push_back(IaPd{.iaid = 1});
  run.up(release.to_bytes());
  run.delegate(nth(9).c_str(), 3600, 1, 9);
  EXPECT_EQ(run.routed().size(), 9U);
}

TEST(Conformance, Row_8415_R_12_ALanHasNoMoreThanItsShare) {
  RelayRun run;
  run.links[0].limits = {.per_client = 2, .per_link = 3};
  run.relay.configure(run.links);
  for (std::uint8_t client = 1; client <= 5; ++client)
    run.delegate(("2001:db8:2:" + std::to_string(client) + "00::/56").c_str(), 3600, client);
  EXPECT_EQ(run.routed().size(), 3U);
  run.delegate("2001:db8:3::/56", 3600, 9, 1, "guests");
  EXPECT_EQ(run.routed("guests").size(), 1U) << "the other LAN has its own";
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
