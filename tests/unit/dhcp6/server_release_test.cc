// SPDX-License-Identifier: Apache-2.0
// Leases that a person ends, and what their clients hear of it.
#include "dhcp6/client_reconfigure.h"
#include "server_run.h"

namespace sixgate::dhcp6::testing {
namespace {

const Asked kBoth{.addresses = {ia_na(1)}, .prefixes = {ia_pd(1)}};

std::vector<LeaseEvent> release(ServerRun& run, const LeaseSelection& choice) {
  run.packets.clear();
  auto ended = run.server->release(choice, run.now);
  run.settle();
  return ended;
}

unsigned reconfigures(const ServerRun& run) {
  unsigned count = 0;
  for (const ServerPacket& packet : run.packets) {
    const auto message = Message::parse(packet.payload);
    count += message && message->type == MessageType::kReconfigure ? 1U : 0U;
  }
  return count;
}

// What relay agents nearer to us make of a message, and what they take it out of again.
std::vector<std::uint8_t> through_relays(const Message& message) {
  RelayedExchange exchange{.relays = {}, .inner = {}, .message = message};
  exchange.relays.push_back({.hop_count = 1, .peer_address = address("2001:db8:1::4")});
  exchange.relays.push_back({.link_address = address("2001:db8:1::3"),
                             .peer_address = client_address(1),
                             .options = {InterfaceId{{7, 7}}}});
  std::vector<std::uint8_t> bytes;
  ByteWriter writer(bytes);
  EXPECT_TRUE(exchange.emit(writer));
  return bytes;
}

// RFC 9915 section 18.3.11: who has no address that we reach is told through its relay agents, as its last message came.
TEST(ServerRelease, AClientBehindRelayAgentsIsToldThroughThem) {
  ServerRun run;
  Asked asked = kBoth;
  asked.rapid_commit = asked.accepts_reconfigure = true;
  const Ip6Address agent = address("fe80::4");
  run.ask(through_relays(message_of(asked)), "home", agent);
  ASSERT_EQ(run.packets.size(), 1U);
  const auto reply = RelayedExchange::parse(run.packets[0].payload);
  ASSERT_TRUE(reply);
  EXPECT_TRUE(contains<ReconfigureAccept>(reply->message.options));
  const Authentication* proof = find<Authentication>(reply->message.options);
  ASSERT_TRUE(proof != nullptr && proof->reconfigure_key());
  const auto told = [&](const char* when) {
    ASSERT_EQ(run.packets.size(), 1U) << when;
    const ServerPacket& packet = run.packets[0];
    EXPECT_EQ(packet.link, "home") << when;
    EXPECT_EQ(packet.destination, agent) << when;
    EXPECT_EQ(packet.port, kServerPort) << when;
    const auto said = RelayedExchange::parse(packet.payload);
    ASSERT_TRUE(said) << when;
    EXPECT_EQ(said->relays, reply->relays) << when;
    EXPECT_EQ(said->message.type, MessageType::kReconfigure) << when;
    EXPECT_EQ(reconfigure_digest_of(said->inner, *proof->reconfigure_key()),
              find<Authentication>(said->message.options)->reconfigure_digest())
        << when;
  };
  // After a restart too, with a journal as it was written and with one that was compacted.
  for (const char* when : {"from records", "from a snapshot"}) {
    run.begin();
    run.packets.clear();
    run.home().options.push_back(DnsServers{{address("2001:db8:1::54")}});
    run.configure();
    run.run_for(Duration{});
    told(when);
    // It renews, and need not be told again.
    Asked again{.type = MessageType::kRenew, .server = run.configuration.duid};
    again.addresses = kBoth.addresses;
    run.ask(through_relays(message_of(again)), "home", agent);
    run.packets.clear();
    run.run_for(seconds(600));
    EXPECT_TRUE(run.packets.empty()) << when;
  }
  ASSERT_EQ(release(run, {.client = client_duid(1).to_string()}).size(), 2U);
  run.run_for(Duration{});
  told("when it has nothing any more");
  // What it is given then, it is told of after the next restart too.
  Asked renewed{.type = MessageType::kRenew, .server = run.configuration.duid};
  renewed.addresses = kBoth.addresses;
  renewed.prefixes = kBoth.prefixes;
  run.ask(through_relays(message_of(renewed)), "home", agent);
  run.begin();
  ASSERT_EQ(release(run, {.client = client_duid(1).to_string()}).size(), 2U);
  run.run_for(Duration{});
  told("when it was given more, and we were started anew");
}

TEST(ServerRelease, AClientThatCameOutFromBehindRelayAgentsIsToldDirectly) {
  ServerRun run;
  Asked asked = kBoth;
  asked.rapid_commit = asked.accepts_reconfigure = true;
  run.ask(through_relays(message_of(asked)), "home", address("fe80::4"));
  ASSERT_TRUE(run.ask(asked));
  for (int i = 0; i < 2; ++i) {
    run.home().options.push_back(DnsServers{{address("2001:db8:1::54")}});
    run.packets.clear();
    run.configure();
    run.run_for(Duration{});
    EXPECT_EQ(reconfigures(run), 1U);
    run.begin();
  }
  // What comes through too much to be remembered promises nothing.
  RelayedExchange exchange{.relays = {}, .inner = {}, .message = message_of(asked)};
  exchange.relays.push_back({.link_address = address("2001:db8:1::3"),
                             .peer_address = client_address(1),
                             .options = {InterfaceId{Octets(RelayPath::kLongest, 7)}}});
  std::vector<std::uint8_t> bytes;
  ByteWriter writer(bytes);
  ASSERT_TRUE(exchange.emit(writer));
  run.ask(bytes, "home", address("fe80::4"));
  ASSERT_EQ(run.packets.size(), 1U);
  const auto reply = RelayedExchange::parse(run.packets[0].payload);
  ASSERT_TRUE(reply);
  EXPECT_FALSE(contains<ReconfigureAccept>(reply->message.options));
  run.packets.clear();
  EXPECT_EQ(release(run, {.client = client_duid(1).to_string()}).size(), 2U);
  run.run_for(seconds(600));
  EXPECT_TRUE(run.packets.empty());
}

TEST(ServerRelease, NoMoreWaysBackAreKeptThanThereIsRoomFor) {
  ServerRun run;
  unsigned accepted = 0;
  const auto ask = [&](unsigned client) {
    Asked asked{.client = client,
                .addresses = {ia_na(1)},
                .rapid_commit = true,
                .accepts_reconfigure = true};
    run.ask(through_relays(message_of(asked)), "home", address("fe80::4"));
    const auto reply = RelayedExchange::parse(run.packets.at(0).payload);
    EXPECT_TRUE(reply && !addresses_in(reply->message).empty());
    return reply && contains<ReconfigureAccept>(reply->message.options);
  };
  for (unsigned client = 1; client <= LeaseTable::kMostPaths + 10; ++client)
    accepted += ask(client) ? 1U : 0U;
  EXPECT_EQ(accepted, LeaseTable::kMostPaths);
  EXPECT_TRUE(ask(1)) << "it has one";
  run.begin();
  EXPECT_FALSE(ask(LeaseTable::kMostPaths + 11));
  EXPECT_EQ(release(run, {.client = client_duid(1).to_string()}).size(), 1U);
  EXPECT_TRUE(ask(LeaseTable::kMostPaths + 11)) << "there is room again";
}

TEST(ServerRelease, WhoseLinkIsNotServedYetIsToldWhenItIs) {
  ServerRun run;
  Asked asked = kBoth;
  asked.rapid_commit = asked.accepts_reconfigure = true;
  ASSERT_TRUE(run.ask(asked));
  const ServerConfiguration served = std::exchange(run.configuration, {});
  run.begin();
  EXPECT_EQ(release(run, {.client = client_duid(1).to_string()}).size(), 2U);
  run.run_for(Duration{});
  EXPECT_EQ(reconfigures(run), 0U);
  run.configuration = served;
  run.configure();
  run.run_for(seconds(2));
  EXPECT_EQ(reconfigures(run), 1U);
}

// RFC 9915 sections 18.2.4 and 18.2.5 do not ask for Reconfigure Accept.
TEST(ServerRelease, WhoRenewsWithoutSayingSoAcceptsOrdersStill) {
  ServerRun run;
  Asked asked = kBoth;
  asked.rapid_commit = asked.accepts_reconfigure = true;
  auto had = run.ask(asked);
  ASSERT_TRUE(had);
  for (const MessageType type : {MessageType::kRenew, MessageType::kRebind}) {
    ASSERT_EQ(release(run, {.client = client_duid(1).to_string()}).size(), 2U);
    run.run_for(Duration{});
    EXPECT_EQ(reconfigures(run), 1U) << static_cast<int>(type);
    had = run.renew(*had, 1, type);
    ASSERT_TRUE(had && !addresses_in(*had).empty());
    EXPECT_FALSE(contains<ReconfigureAccept>(had->options)) << "it was not asked";
    run.packets.clear();
    had = run.renew(*had);
    run.begin();
  }
  // A new Request that does not say so is another matter.
  asked.accepts_reconfigure = false;
  ASSERT_TRUE(run.ask(asked));
  EXPECT_EQ(release(run, {.client = client_duid(1).to_string()}).size(), 2U);
  run.run_for(seconds(600));
  EXPECT_EQ(reconfigures(run), 0U);
}

TEST(ServerRelease, EndsAllOfAClientOrOneLease) {
  ServerRun run;
  const auto reply = run.four_way(kBoth);
  ASSERT_TRUE(reply);
  Asked another = kBoth;
  another.client = 2;
  ASSERT_TRUE(run.four_way(another));
  EXPECT_TRUE(release(run, {.client = "nobody"}).empty());
  EXPECT_TRUE(release(run, {.lease = prefix("2001:db8:1::9999/128")}).empty());
  EXPECT_EQ(run.server->table().binding_count(), 4U);

  const Prefix leased(addresses_in(*reply).at(0), 128);
  const auto one = release(run, {.lease = leased});
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].leases, std::vector<Prefix>{leased});
  EXPECT_EQ(run.events.back(), one[0]) << "whoever listens hears of it";
  EXPECT_EQ(run.server->table().binding_count(), 3U);

  const auto rest = release(run, {.client = client_duid(1).to_string()});
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].type, AssociationType::kPrefixes);
  ASSERT_EQ(run.server->delegations().size(), 1U);
  run.begin();  // after a restart they are still gone
  EXPECT_EQ(run.server->table().binding_count(), 2U);
}

TEST(ServerRelease, AllOfALinkAndNothingOfAnother) {
  ServerRun run;
  ASSERT_TRUE(run.four_way(kBoth));
  Asked another = kBoth;
  another.client = 2;
  ASSERT_TRUE(run.four_way(another, "guests"));
  EXPECT_EQ(release(run, {.link = "guests"}).size(), 2U);
  EXPECT_EQ(run.server->table().binding_count(), 2U);
  EXPECT_TRUE(release(run, {}).empty()) << "nothing is not everything";
}

TEST(ServerRelease, AClientIsKnownByItsName) {
  ServerRun run;
  run.home().reservations = {{.duid = client_duid(1), .name = "nas"}};
  run.configure();
  ASSERT_TRUE(run.four_way(kBoth));
  EXPECT_EQ(release(run, {.client = "nas"}).size(), 2U);
  EXPECT_EQ(run.server->table().client_count(), 0U);
}

TEST(ServerRelease, TheClientIsToldAndHearsThatItIsGone) {
  ServerRun run;
  Asked asked = kBoth;
  asked.accepts_reconfigure = true;
  const auto reply = run.four_way(asked);
  ASSERT_TRUE(reply);
  ASSERT_EQ(release(run, {.client = client_duid(1).to_string()}).size(), 2U);
  run.run_for(seconds(1));
  ASSERT_EQ(reconfigures(run), 1U) << "one for both of its leases";
  EXPECT_EQ(run.packets[0].destination, client_address(1));
  EXPECT_EQ(run.packets[0].link, "home");
  // RFC 9915 section 18.3.11: again after REC_TIMEOUT, and no more when it has asked.
  run.run_for(seconds(2));
  EXPECT_EQ(reconfigures(run), 2U);
  const auto renewed = run.renew(*reply);
  ASSERT_TRUE(renewed);
  EXPECT_EQ(addresses_in(*renewed, false), addresses_in(*reply));
  EXPECT_EQ(prefixes_in(*renewed, false), prefixes_in(*reply));
  ASSERT_EQ(addresses_in(*renewed).size(), 1U);
  EXPECT_NE(addresses_in(*renewed), addresses_in(*reply));
  ASSERT_EQ(prefixes_in(*renewed).size(), 1U);
  EXPECT_NE(prefixes_in(*renewed), prefixes_in(*reply));
  run.packets.clear();
  run.run_for(minutes(10));
  EXPECT_EQ(reconfigures(run), 0U);
  // Somebody else may have it at once.
  Asked other{.client = 2};
  other.addresses = {ia_na(1, addresses_in(*reply))};
  const auto theirs = run.four_way(other);
  ASSERT_TRUE(theirs);
  EXPECT_EQ(addresses_in(*theirs), addresses_in(*reply));
}

TEST(ServerRelease, WhoDoesNotAnswerIsWrittenToEightTimes) {
  ServerRun run;
  Asked asked = kBoth;
  asked.accepts_reconfigure = true;
  ASSERT_TRUE(run.four_way(asked));
  ASSERT_EQ(release(run, {.client = client_duid(1).to_string()}).size(), 2U);
  run.run_for(hours(1));
  EXPECT_EQ(reconfigures(run), 8U);
}

TEST(ServerRelease, WhoDoesNotAcceptItIsNotWrittenTo) {
  ServerRun run;
  ASSERT_TRUE(run.four_way(kBoth));
  ASSERT_EQ(release(run, {.client = client_duid(1).to_string()}).size(), 2U);
  run.run_for(hours(1));
  EXPECT_EQ(reconfigures(run), 0U);
}

TEST(ServerRelease, WhatIsReservedForItComesBack) {
  ServerRun run;
  run.home().reservations = {{.duid = client_duid(1), .interface_id = 0x77}};
  run.configure();
  const auto reply = run.four_way(kBoth);
  ASSERT_TRUE(reply);
  ASSERT_EQ(release(run, {.lease = prefix("2001:db8:1::77/128")}).size(), 1U);
  const auto renewed = run.renew(*reply);
  ASSERT_TRUE(renewed);
  EXPECT_EQ(addresses_in(*renewed), std::vector<Ip6Address>{address("2001:db8:1::77")});
}

TEST(ServerRelease, WhatWasTakenIsBetterThanNothing) {
  ServerRun run;
  run.home().range = {0x1230, 0x1230};
  run.home().spaces = {{.prefix = prefix("2001:db8:1:2::/64")}};
  run.configure();
  const auto reply = run.four_way(kBoth);
  ASSERT_TRUE(reply);
  ASSERT_EQ(release(run, {.client = client_duid(1).to_string()}).size(), 2U);
  const auto renewed = run.renew(*reply);
  ASSERT_TRUE(renewed);
  EXPECT_EQ(addresses_in(*renewed), addresses_in(*reply));
  EXPECT_EQ(prefixes_in(*renewed), prefixes_in(*reply));
}

TEST(ServerRelease, WithheldForAsLongAsTheLeaseWouldHaveLasted) {
  ServerRun run;
  const auto reply = run.four_way(kBoth);
  ASSERT_TRUE(reply);
  ASSERT_EQ(release(run, {.client = client_duid(1).to_string()}).size(), 2U);
  run.run_for(hours(2));
  const auto again = run.four_way(kBoth);
  ASSERT_TRUE(again);
  EXPECT_EQ(addresses_in(*again), addresses_in(*reply)) << "it is its own choice again";
}

TEST(ServerRelease, OnlySoManyAreKeptInMind) {
  ReleasedLeases released;
  const std::size_t all = ReleasedLeases::kMost + 10;
  for (std::size_t i = 0; i < all; ++i) {
    released.add({.client = client_duid(static_cast<unsigned>(i)),
                  .link = "home",
                  .address = {},
                  .interface_id = i,
                  .prefixes = {},
                  .until = kStart + seconds(100 + static_cast<int>(i))},
                 false, kStart);
  }
  EXPECT_FALSE(released.knows(client_duid(9), kStart)) << "the first to end makes room";
  EXPECT_TRUE(released.knows(client_duid(10), kStart));
  EXPECT_TRUE(released.withholds(client_duid(10), "home", 10, kStart));
  EXPECT_FALSE(released.withholds(client_duid(10), "guests", 10, kStart));
  EXPECT_FALSE(released.withholds(client_duid(11), "home", 10, kStart));
  EXPECT_FALSE(released.next());
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
