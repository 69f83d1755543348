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
  for (const char* never : {"::/0", "2000::/3", "fe80::/64", "ff00::/16", "::ffff:0:0/96"})
    say(MessageType::kReply, RelayRun::delegating(never));
  EXPECT_TRUE(run.routed().empty());
  EXPECT_EQ(run.sent.size(), 8U) << "all of it is relayed";
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

TEST(Conformance, Row_8415_R_10_BehindAnotherRelayAgentItIsThatWhichLeadsThere) {
  RelayRun run;
  Message reply = RelayRun::of_client(MessageType::kReply);
  reply.options.push_back(RelayRun::delegating("2001:db8:2::/56"));
  const RelayMessage inner = RelayRun::around(reply, "below", "fe80::c");
  RelayMessage outer = RelayRun::around({}, "home", "fe80::d");
  outer.hop_count = 1;
  outer.options.back() = RelayedMessage{inner.to_bytes()};
  run.down(outer.to_bytes());
  ASSERT_EQ(run.relay.delegations().size(), 1U);
  EXPECT_EQ(run.relay.delegations()[0].next_hop, address("fe80::d"));
  Message release = RelayRun::of_client(MessageType::kRelease);
  release.options.push_back(RelayRun::delegating("2001:db8:2::/56", 0));
  RelayMessage below{.type = MessageType::kRelayForward,
                     .hop_count = 0,
                     .link_address = address("2001:db8:9::1"),
                     .peer_address = address("fe80::c"),
                     .options = {RelayedMessage{release.to_bytes()}}};
  run.up(below.to_bytes(), "lan0", "fe80::d", kAllDhcpServers, kServerPort);
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
