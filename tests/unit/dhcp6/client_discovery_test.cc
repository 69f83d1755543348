// SPDX-License-Identifier: Apache-2.0
// Advertises: validation, collection, choice, and what follows (RFC 9915 sections 16.3, 18.2.1, 18.2.9).
#include "dhcp6/client_discovery.h"

#include <gtest/gtest.h>

#include "tests/support/dhcp6_client_run.h"

namespace sixgate::dhcp6::testing {
namespace {

Duid chosen_server(const ClientRun& run) {
  return find<ServerId>(run.of(MessageType::kRequest).at(0).message.options)->duid;
}

TestServer server_with(unsigned number, std::optional<std::uint8_t> preference, Duration delay) {
  TestServer server = good_server(number);
  server.preference = preference;
  server.delay = delay;
  return server;
}

TEST(Conformance, Row_8415_C_14_InvalidAdvertisesAreDiscarded) {
  struct Variant {
    const char* name;
    void (*spoil)(Message&);
    ClientDrop reason;
  };
  const Variant variants[] = {
      {"no Server-ID", [](Message& m) { drop<ServerId>(m.options); }, ClientDrop::kNoServerId},
      {"two Server-IDs", [](Message& m) { m.options.push_back(ServerId{test_duid(9)}); },
       ClientDrop::kNoServerId},
      {"no Client-ID", [](Message& m) { drop<ClientId>(m.options); }, ClientDrop::kNoClientId},
      {"other Client-ID", [](Message& m) { find<ClientId>(m.options)->duid = test_duid(9); },
       ClientDrop::kOtherClientId},
      {"other transaction", [](Message& m) { m.transaction_id ^= 1; },
       ClientDrop::kOtherTransaction},
  };
  for (const Variant& variant : variants) {
    SCOPED_TRACE(variant.name);
    TestServer server = good_server();
    server.edit = [&](const Message&, Message& answer) { variant.spoil(answer); };
    ClientRun run(both());
    run.servers = {&server};
    run.client.start_stateful(std::nullopt, run.now);
    run.run_for(seconds(20));
    EXPECT_TRUE(run.of(MessageType::kRequest).empty());
    EXPECT_GE(run.of(MessageType::kSolicit).size(), 4U);
    EXPECT_EQ(run.client.counters()[variant.reason], server.heard.size());
  }
}

TEST(Conformance, Row_8415_C_18_AdvertisesAreCollectedForTheFirstTimeout) {
  TestServer early = server_with(1, std::nullopt, milliseconds(2));
  TestServer late = server_with(2, std::uint8_t{10}, milliseconds(900));
  ClientRun run(both());
  run.servers = {&early, &late};
  ASSERT_TRUE(run.bind());
  EXPECT_EQ(chosen_server(run), late.duid);
  const Duration wait = run.of(MessageType::kRequest)[0].at - run.sent[0].at;
  EXPECT_GT(wait, seconds(1));
  EXPECT_LE(wait, milliseconds(1100));
  EXPECT_EQ(run.of(MessageType::kSolicit).size(), 1U);

  TestServer best = server_with(3, std::uint8_t{255}, milliseconds(20));
  ClientRun hurried(both());
  hurried.servers = {&early, &best, &late};
  ASSERT_TRUE(hurried.bind());
  EXPECT_EQ(chosen_server(hurried), best.duid);
  EXPECT_EQ(hurried.of(MessageType::kRequest)[0].at - hurried.sent[0].at, milliseconds(20));
}

TEST(Client, AfterTheFirstTimeoutAnyAdvertiseIsActedUponAtOnce) {
  TestServer slow = server_with(1, std::uint8_t{0}, milliseconds(1500));
  ClientRun run(both());
  run.servers = {&slow};
  ASSERT_TRUE(run.bind());
  // The answer to the first Solicit still fits the exchange: its transaction id is that of the second.
  EXPECT_EQ(run.of(MessageType::kRequest)[0].at - run.sent[0].at, milliseconds(1500));
}

TEST(Conformance, Row_8415_C_19_ABetterSetWinsAndTheNextServerIsTried) {
  TestServer preferred = server_with(1, std::uint8_t{255}, milliseconds(2));
  preferred.prefixes.clear();
  TestServer delegating = server_with(2, std::uint8_t{0}, milliseconds(500));
  ClientRun run(both());
  run.servers = {&preferred, &delegating};
  ASSERT_TRUE(run.bind());
  EXPECT_EQ(run.lease().server, delegating.duid);
  EXPECT_EQ(run.lease().prefixes.size(), 1U);

  // Same set: preference decides; and who then does not answer is left for the other one.
  TestServer first = server_with(3, std::uint8_t{100}, milliseconds(500));
  TestServer second = server_with(4, std::uint8_t{50}, milliseconds(2));
  first.deaf_to = {MessageType::kRequest};
  ClientRun retry(both());
  retry.servers = {&first, &second};
  ASSERT_TRUE(retry.bind());
  EXPECT_EQ(chosen_server(retry), first.duid);
  EXPECT_EQ(retry.lease().server, second.duid);
  EXPECT_EQ(retry.of(MessageType::kSolicit).size(), 1U);
  EXPECT_EQ(retry.of(MessageType::kRequest).size(), 11U);
}

TEST(Discovery, OrdersOffers) {
  const auto offer = [](unsigned server, std::uint8_t preference, std::vector<Prefix> prefixes,
                        bool with_address) {
    Offer made{.server = test_duid(server), .preference = preference};
    std::uint32_t iaid = 0;
    for (const Prefix& one : prefixes) {
      made.associations.push_back({.type = AssociationType::kPrefixes,
                                   .iaid = iaid++,
                                   .leases = {{one, Lifetime(1), Lifetime(1), {}}}});
    }
    if (with_address) {
      made.associations.push_back({.type = AssociationType::kAddresses,
                                   .iaid = 1,
                                   .leases = {{prefix("2001:db8::1/128"), {}, Lifetime(1), {}}}});
    }
    return made;
  };
  const Prefix wide = prefix("2001:db8::/48");
  const Prefix narrow = prefix("2001:db8:1::/64");
  EXPECT_TRUE(better(offer(1, 0, {wide}, false), offer(2, 255, {}, true)));
  EXPECT_TRUE(better(offer(1, 0, {wide, narrow}, false), offer(2, 255, {wide}, true)));
  EXPECT_TRUE(better(offer(1, 2, {narrow}, false), offer(2, 1, {wide}, true)));
  EXPECT_TRUE(better(offer(1, 1, {narrow}, true), offer(2, 1, {wide}, false)));
  EXPECT_TRUE(better(offer(1, 1, {wide}, true), offer(2, 1, {narrow}, true)));
  EXPECT_FALSE(better(offer(1, 1, {wide}, true), offer(2, 1, {wide}, true)));
  // Of equals, the first to arrive.
  Discovery discovery;
  discovery.add(offer(1, 1, {wide}, true));
  discovery.add(offer(2, 1, {wide}, true));
  discovery.add(offer(3, 0, {wide}, true));
  EXPECT_EQ(discovery.take_best()->server, test_duid(1));
  EXPECT_EQ(discovery.take_best()->server, test_duid(2));
  EXPECT_EQ(discovery.take_best()->server, test_duid(3));
  EXPECT_FALSE(discovery.take_best());
}

TEST(Conformance, Row_8415_C_20_AnAdvertiseWithNothingInItChangesNothing) {
  TestServer server = good_server();
  server.address_status = Status::kNoAddrsAvail;
  server.prefix_status = Status::kNoPrefixAvail;
  server.configuration = {SolMaxRt{seconds(90)}};
  ClientRun with(both(), 5);
  with.servers = {&server};
  with.client.start_stateful(std::nullopt, with.now);
  with.run_for(seconds(50));
  ClientRun without(both(), 5);
  without.client.start_stateful(std::nullopt, without.now);
  without.run_for(seconds(50));
  EXPECT_TRUE(with.of(MessageType::kRequest).empty());
  ASSERT_GE(with.sent.size(), 5U);
  EXPECT_EQ(with.gaps(MessageType::kSolicit), without.gaps(MessageType::kSolicit));
  EXPECT_EQ(with.client.solicit_max_timeout(), seconds(90));  // with the exception of this
  EXPECT_EQ(with.client.counters()[ClientDrop::kNothingOffered], with.sent.size());
}

TEST(Conformance, Row_8415_C_21_SolMaxRtWithinItsRangeIsApplied) {
  struct Case {
    seconds said;
    seconds used;
  };
  for (const Case& one : {Case{seconds(59), seconds(3600)}, Case{seconds(60), seconds(60)},
                          Case{seconds(86400), seconds(86400)}, Case{seconds(86401), seconds(3600)},
                          Case{seconds(0), seconds(3600)}}) {
    SCOPED_TRACE(one.said.count());
    TestServer server = good_server();
    server.status = Status::kUnspecFail;  // also from an Advertise that fails
    server.configuration = {SolMaxRt{one.said}};
    ClientRun run(both());
    run.servers = {&server};
    run.client.start_stateful(std::nullopt, run.now);
    run.run_for(hours(60));
    EXPECT_EQ(run.client.solicit_max_timeout(), one.used);
    Duration longest{};
    for (const Duration gap : run.gaps(MessageType::kSolicit)) longest = std::max(longest, gap);
    EXPECT_LE(longest, one.used * 11 / 10);
    if (one.used <= seconds(3600)) {
      EXPECT_GE(longest, one.used * 9 / 10);
    }
  }
}

TEST(Client, SolMaxRtOfAReplyIsKeptForTheNextDiscovery) {
  TestServer server = good_server();
  server.edit = [](const Message& query, Message& answer) {
    if (query.type == MessageType::kRequest) answer.options.push_back(SolMaxRt{seconds(120)});
  };
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  server.silent = true;
  ASSERT_TRUE(run.run_to(ClientState::kSoliciting));
  run.run_for(hours(2));
  const auto gaps = run.gaps(MessageType::kSolicit);
  EXPECT_LE(gaps.back(), seconds(132));
  EXPECT_GE(gaps.back(), seconds(108));
}

TEST(Conformance, Row_7084_WAA_8_SolMaxRtIsRequestedEverywhereAndHonoured) {
  TestServer server = good_server();
  server.configuration = {SolMaxRt{seconds(120)}};
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  server.silent = true;
  ASSERT_TRUE(run.run_to(ClientState::kSoliciting));
  run.run_for(hours(1));
  for (const Sent& one : run.sent) {
    ASSERT_TRUE(contains<OptionRequest>(one.message.options));
    EXPECT_TRUE(find<OptionRequest>(one.message.options)->contains(82));
  }
  EXPECT_FALSE(run.of(MessageType::kRenew).empty());
  EXPECT_FALSE(run.of(MessageType::kRebind).empty());
  const auto gaps = run.gaps(MessageType::kSolicit);
  EXPECT_NEAR(static_cast<double>(gaps.back().count()), 120e6, 12e6);
}

TEST(Conformance, Row_8415_C_22_ServersThatDisagreeLeaveTheDefault) {
  TestServer a = good_server(1);
  TestServer b = good_server(2);
  for (TestServer* server : {&a, &b}) server->status = Status::kUnspecFail;
  a.configuration = {SolMaxRt{seconds(100)}, InfMaxRt{seconds(100)}};
  b.configuration = {SolMaxRt{seconds(100)}, InfMaxRt{seconds(100)}};
  ClientRun run(both());
  run.servers = {&a, &b};
  run.client.start_stateful(std::nullopt, run.now);
  run.run_for(seconds(5));
  EXPECT_EQ(run.client.solicit_max_timeout(), seconds(100));
  EXPECT_EQ(run.client.information_max_timeout(), seconds(100));
  b.configuration = {SolMaxRt{seconds(200)}, InfMaxRt{seconds(300)}};
  run.run_for(seconds(20));
  EXPECT_EQ(run.client.solicit_max_timeout(), seconds(3600));
  EXPECT_EQ(run.client.information_max_timeout(), seconds(3600));
}

TEST(Conformance, Row_8415_C_35_RapidCommit) {
  ClientParameters parameters = both();
  parameters.rapid_commit = true;
  {
    TestServer server = good_server();
    server.rapid_commit = true;
    ClientRun run(parameters);
    run.servers = {&server};
    ASSERT_TRUE(run.bind());
    ASSERT_EQ(run.sent.size(), 1U);
    EXPECT_TRUE(contains<RapidCommit>(run.sent[0].message.options));
    EXPECT_EQ(run.lease().prefixes.size(), 1U);
  }
  {
    // A Reply without the option is discarded.
    TestServer server = good_server();
    server.rapid_commit = true;
    server.edit = [](const Message&, Message& answer) { drop<RapidCommit>(answer.options); };
    ClientRun run(parameters);
    run.servers = {&server};
    run.client.start_stateful(std::nullopt, run.now);
    run.run_for(milliseconds(2500));  // two Solicits at most; then it is asked without
    EXPECT_EQ(run.client.state(), ClientState::kSoliciting);
    EXPECT_EQ(run.client.counters()[ClientDrop::kNoRapidCommit], run.sent.size());
  }
  {
    // An Advertise does as well, after the first timeout.
    TestServer server = good_server();
    ClientRun run(parameters);
    run.servers = {&server};
    ASSERT_TRUE(run.bind());
    EXPECT_EQ(run.of(MessageType::kRequest).size(), 1U);
    EXPECT_GT(run.of(MessageType::kRequest)[0].at - run.sent[0].at, seconds(1));
  }
}

TEST(Client, AReplyWithRapidCommitThatNobodyAskedForIsDiscarded) {
  TestServer server = good_server();
  server.edit = [](const Message&, Message& answer) {
    answer.type = MessageType::kReply;
    answer.options.push_back(RapidCommit{});
  };
  ClientRun run(both());
  run.servers = {&server};
  run.client.start_stateful(std::nullopt, run.now);
  run.run_for(seconds(10));
  EXPECT_TRUE(run.lease().empty());
  EXPECT_EQ(run.client.state(), ClientState::kSoliciting);
}

TEST(Conformance, Row_7084_WPD_6_APrefixWithoutAnAddressIsAccepted) {
  for (const bool omit : {false, true}) {
    SCOPED_TRACE(omit);
    TestServer server = good_server();
    server.addresses.clear();
    server.omit_missing = omit;
    ClientRun run(both());
    run.servers = {&server};
    ASSERT_TRUE(run.bind());
    EXPECT_EQ(run.lease().prefixes.size(), 1U);
    EXPECT_TRUE(run.lease().addresses.empty());
    EXPECT_LE(run.now - run.sent[0].at, seconds(5));
    EXPECT_TRUE(contains<IaNa>(run.of(MessageType::kRequest)[0].message.options));
  }
}

TEST(Client, NoAddrsAvailForTheMessageDoesNotSpoilThePrefix) {
  TestServer server = good_server();
  server.addresses.clear();
  server.omit_missing = true;
  server.status = Status::kNoAddrsAvail;
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
}

TEST(Conformance, Row_8168_04_AnUnusableLengthIsNoOffer) {
  TestServer server = good_server();
  server.prefixes[kPrefixIaid] = {prefix("2001:db8:100::/80")};
  ClientRun run(prefix_only(), 3);
  run.servers = {&server};
  run.client.start_stateful(std::nullopt, run.now);
  run.run_for(minutes(10));
  EXPECT_TRUE(run.of(MessageType::kRequest).empty());
  ClientRun silence(prefix_only(), 3);
  silence.client.start_stateful(std::nullopt, silence.now);
  silence.run_for(minutes(10));
  EXPECT_EQ(run.gaps(MessageType::kSolicit), silence.gaps(MessageType::kSolicit));
}

TEST(Client, TakesAnyDelegatedLength) {
  for (unsigned length = 3; length <= 64; ++length) {
    TestServer server = good_server();
    const Prefix given(address("2001:db8:89ab:cdef::"), length);
    server.prefixes[kPrefixIaid] = {given};
    ClientRun run(prefix_only(), length);
    run.servers = {&server};
    ASSERT_TRUE(run.bind()) << length;
    EXPECT_EQ(run.lease().prefixes[0].prefix, given);
  }
}

TEST(Client, ManyForgedServersDoNotFillTheMemory) {
  ClientRun run(both());
  TestServer server = good_server();
  server.silent = true;
  run.servers = {&server};
  run.client.start_stateful(std::nullopt, run.now);
  run.run_for(seconds(1));
  ASSERT_EQ(run.sent.size(), 1U);
  for (unsigned i = 0; i < 1000; ++i) {
    TestServer forged = good_server(i + 1);
    forged.configuration = {SolMaxRt{seconds(100)}};
    run.deliver(*forged.answer(run.last()));
  }
  ASSERT_TRUE(run.run_to(ClientState::kRequesting));
  EXPECT_EQ(chosen_server(run), test_duid(1));
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
