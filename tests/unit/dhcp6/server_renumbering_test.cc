// SPDX-License-Identifier: Apache-2.0
// What clients hear when the prefix changes: old leases at lifetime 0 beside the new ones, and Reconfigure (RFC
// 9096 section 3.5, RFC 9915 sections 18.3.11 and 20.4). Our own client judges.
#include <set>

#include "dhcp6/client.h"
#include "dhcp6/client_reconfigure.h"
#include "server_run.h"

namespace sixgate::dhcp6::testing {
namespace {

void renumber(ServerRun& run) {
  for (ServerLink& link : run.configuration.links) {
    link.spaces = {{.prefix = prefix("2001:db8:2::/56"),
                    .taken = {prefix("2001:db8:2::/64"), prefix("2001:db8:2:1::/64")}}};
  }
  run.configuration.links[0].prefixes = {{prefix("2001:db8:2::/64")}};
  run.configuration.links[1].prefixes = {{prefix("2001:db8:2:1::/64")}};
  run.packets.clear();
  run.configure();
}

TEST(Conformance, Row_9096_L_13e_TheOldLeasesAreTakenBackBesideTheNewOnes) {
  for (const MessageType type :
       {MessageType::kRequest, MessageType::kRenew, MessageType::kRebind}) {
    SCOPED_TRACE(to_string(type));
    ServerRun run;
    const auto reply = run.four_way({.addresses = {ia_na(1)}, .prefixes = {ia_pd(1)}});
    ASSERT_TRUE(reply);
    renumber(run);
    const auto said = run.renew(*reply, 1, type);
    ASSERT_TRUE(said);
    EXPECT_EQ(addresses_in(*said, false), addresses_in(*reply));
    EXPECT_EQ(prefixes_in(*said, false), prefixes_in(*reply));
    ASSERT_EQ(addresses_in(*said).size(), 1U);
    // The same interface identifier under the new prefix.
    EXPECT_EQ(addresses_in(*said)[0].low(), addresses_in(*reply).at(0).low());
    EXPECT_TRUE(prefix("2001:db8:2::/64").contains(addresses_in(*said)[0]));
    ASSERT_EQ(prefixes_in(*said).size(), 1U);
    EXPECT_TRUE(prefix("2001:db8:2::/56").contains(prefixes_in(*said)[0]));
    EXPECT_NE(find<IaNa>(said->options)->t1, Lifetime());
    // The Reply may be lost.
    const auto again =
        run.renew(*reply, 1, type == MessageType::kRequest ? MessageType::kRenew : type);
    ASSERT_TRUE(again);
    EXPECT_EQ(addresses_in(*again), addresses_in(*said));
    EXPECT_EQ(addresses_in(*again, false), addresses_in(*reply));
  }
}

TEST(DhcpServer, BeforeThePrefixesAreKnownNothingIsTakenBack) {
  ServerRun run;
  const auto reply = run.four_way({.addresses = {ia_na(1)}, .prefixes = {ia_pd(1)}});
  ASSERT_TRUE(reply);
  auto all = run.configuration;
  for (ServerLink& link : run.configuration.links) {
    link.settled = false;
    link.prefixes.clear();
    link.spaces.clear();
  }
  run.begin();  // a restart; the provider is silent yet
  EXPECT_FALSE(run.renew(*reply));
  run.configuration.links[0].prefixes = {{prefix("fd00::/64")}};
  run.configure();
  auto said = run.renew(*reply);
  ASSERT_TRUE(said);
  EXPECT_TRUE(addresses_in(*said, false).empty());
  run.configuration = all;
  run.configure();
  said = run.renew(*reply);
  ASSERT_TRUE(said);
  EXPECT_EQ(addresses_in(*said), addresses_in(*reply));
  EXPECT_EQ(prefixes_in(*said), prefixes_in(*reply));
}

TEST(DhcpServer, APrefixThatMayYetComeIsKeptOnce) {
  ServerRun run;
  const auto reply = run.four_way({.addresses = {ia_na(1)}, .prefixes = {ia_pd(1)}});
  ASSERT_TRUE(reply);
  const Prefix held = prefixes_in(*reply).at(0);
  run.home().settled = false;
  run.home().spaces = {{.prefix = prefix("2001:db8:2::/56"), .taken = {}}};
  run.configure();
  ASSERT_TRUE(run.renew(*reply));  // names what is held
  run.server->table().each([&](BindingNumber, const Binding& binding) {
    EXPECT_LE(std::count(binding.delegated.begin(), binding.delegated.end(), held), 1);
    EXPECT_EQ(binding.delegated.size(), binding.type == AssociationType::kPrefixes ? 2U : 0U);
  });
}

// Our own client against our own server, to whom datagrams are carried at once.
struct Pair {
  explicit Pair(ServerRun& r) : run(r), client(parameters(), rng) {
    client.start_stateful(std::nullopt, run.now);
    carry();
  }
  static ClientParameters parameters() {
    ClientParameters p{.duid = client_duid(1)};
    p.address_iaid = 1;
    p.delegations.push_back({1, std::nullopt});
    return p;
  }
  void carry() {
    for (bool more = true; more;) {
      more = false;
      for (const Datagram& datagram : client.drain().packets) {
        run.server->receive("home", datagram.payload, client_address(1), datagram.destination,
                            run.now);
        run.settle();
        more = true;
      }
      for (const ServerPacket& packet : std::exchange(run.packets, {})) {
        if (deaf) continue;
        client.receive(packet.payload, address("fe80::1"), run.now);
        more = true;
      }
    }
  }
  void run_for(Duration time) {
    const Instant end = run.now + time;
    for (;;) {
      const auto next = earlier(client.next_deadline(), run.server->next_deadline());
      if (!next || *next > end) break;
      run.now = std::max(run.now, *next);
      client.expire(run.now);
      run.server->expire(run.now);
      run.settle();
      carry();
    }
    run.now = end;
  }
  ServerRun& run;
  Rng rng{3};
  Client client;
  bool deaf = false;
};

TEST(Conformance, Row_9096_L_13f_ClientsThatAcceptItAreReconfigured) {
  ServerRun run;
  Pair pair(run);
  pair.run_for(seconds(10));
  ASSERT_EQ(pair.client.state(), ClientState::kBound);
  ASSERT_TRUE(pair.client.lease().reconfigure_key);
  ASSERT_EQ(pair.client.lease().addresses.size(), 1U);
  const Ip6Address before = pair.client.lease().addresses[0].address;
  renumber(run);
  pair.carry();
  pair.run_for(seconds(15));
  ASSERT_EQ(pair.client.lease().addresses.size(), 1U);
  EXPECT_EQ(pair.client.lease().addresses[0].address.low(), before.low());
  EXPECT_TRUE(prefix("2001:db8:2::/64").contains(pair.client.lease().addresses[0].address));
  ASSERT_EQ(pair.client.lease().prefixes.size(), 1U);
  EXPECT_TRUE(prefix("2001:db8:2::/56").contains(pair.client.lease().prefixes[0].prefix));
  EXPECT_EQ(run.server->counters("home").reconfigures, 1U);
}

TEST(Conformance, Row_8415_S_28_ReconfigureIsSentEightTimesAtMost) {
  ServerRun run;
  Pair pair(run);
  pair.run_for(seconds(10));
  pair.deaf = true;
  std::vector<std::pair<Duration, ServerPacket>> sent;
  const Instant begin = run.now;
  renumber(run);
  for (int i = 0; i < 20; ++i) {
    const auto next = run.server->next_deadline();
    if (!next || *next > begin + seconds(1200)) break;
    run.now = std::max(run.now, *next);
    run.server->expire(run.now);
    run.settle();
    for (const ServerPacket& packet : std::exchange(run.packets, {}))
      sent.emplace_back(run.now - begin, packet);
  }
  ASSERT_EQ(sent.size(), 8U);
  const int expected[] = {0, 2, 6, 14, 30, 62, 126, 254};
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(sent[i].first, seconds(expected[i]));
    EXPECT_EQ(sent[i].second.destination, client_address(1));
    EXPECT_EQ(sent[i].second.port, kClientPort);
    const auto message = Message::parse(sent[i].second.payload);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->type, MessageType::kReconfigure);
    EXPECT_EQ(message->transaction_id, 0U);
    EXPECT_EQ(message->options.size(), 4U);
    EXPECT_TRUE(contains<ServerId>(message->options) && contains<ClientId>(message->options));
    const Authentication* proof = find<Authentication>(message->options);
    ASSERT_NE(proof, nullptr);
    EXPECT_GT(proof->replay_value, last);
    last = proof->replay_value;
    // 11 octets and 17 (section 20.4.1).
    EXPECT_EQ(11 + proof->information.size(), 28U);
  }
}

TEST(DhcpServer, WhoDoesNotAcceptReconfigureGetsNone) {
  ServerRun run;
  ASSERT_TRUE(run.four_way({.addresses = {ia_na(1)}}));
  renumber(run);
  run.run_for(seconds(60));
  EXPECT_TRUE(run.packets.empty());
}

TEST(Conformance, Row_8415_S_29_TheKeyComesInTheReplyAndTheCounterOnlyRises) {
  ServerRun run;
  Asked asked{.addresses = {ia_na(1)}, .rapid_commit = true, .accepts_reconfigure = true};
  std::set<Authentication::Key> keys;
  std::uint64_t last = 0;
  for (int restart = 0; restart < 3; ++restart) {
    for (asked.client = 1; asked.client < 4; ++asked.client) {
      const auto said = run.ask(asked);
      ASSERT_TRUE(said);
      EXPECT_TRUE(contains<ReconfigureAccept>(said->options));
      const Authentication* proof = find<Authentication>(said->options);
      ASSERT_NE(proof, nullptr);
      EXPECT_EQ(proof->protocol, 3);
      EXPECT_EQ(proof->algorithm, 1);
      EXPECT_EQ(proof->replay_method, 0);
      ASSERT_TRUE(proof->reconfigure_key());
      keys.insert(*proof->reconfigure_key());
      EXPECT_GT(proof->replay_value, last);
      last = proof->replay_value;
    }
    run.begin(restart == 1 ? "another boot" : "boot");
  }
  EXPECT_EQ(keys.size(), 3U) << "one for each client, the same over restarts";
}

TEST(DhcpServer, AChangeWhileWeWereAwayIsToldAfterTheRestart) {
  ServerRun run;
  Pair pair(run);
  pair.run_for(seconds(10));
  for (ServerLink& link : run.configuration.links) link.settled = false;
  run.begin();
  EXPECT_FALSE(run.server->next_deadline() && *run.server->next_deadline() <= run.now);
  for (ServerLink& link : run.configuration.links) link.settled = true;
  renumber(run);
  pair.carry();
  pair.run_for(seconds(20));
  ASSERT_EQ(pair.client.lease().prefixes.size(), 1U);
  EXPECT_TRUE(prefix("2001:db8:2::/56").contains(pair.client.lease().prefixes[0].prefix));
}

TEST(DhcpServer, AShortenedPrefixIsTold) {
  ServerRun run;
  for (ServerLink& link : run.configuration.links) {
    link.prefixes[0].valid_until = link.spaces[0].valid_until = run.now + hours(10);
  }
  run.configure();
  Pair pair(run);
  pair.run_for(seconds(10));
  for (ServerLink& link : run.configuration.links) {
    link.prefixes[0].valid_until = link.spaces[0].valid_until = run.now + seconds(300);
  }
  run.configure();
  pair.carry();
  pair.run_for(seconds(15));
  ASSERT_EQ(pair.client.lease().addresses.size(), 1U);
  EXPECT_LE(pair.client.lease().addresses[0].valid_until, run.now + seconds(300));
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
