// SPDX-License-Identifier: Apache-2.0
// Replies: validation, statuses at each level, what becomes of the leases (RFC 9915 sections 16.10, 18.2.10).
#include <gtest/gtest.h>

#include "tests/support/dhcp6_client_run.h"

namespace sixgate::dhcp6::testing {
namespace {

// Applies an edit to every Reply, not to Advertises.
auto in_replies(std::function<void(Message&)> edit) {
  return [edit](const Message&, Message& answer) {
    if (answer.type == MessageType::kReply) edit(answer);
  };
}

TEST(Conformance, Row_8415_C_15_InvalidRepliesAreDiscarded) {
  struct Variant {
    const char* name;
    void (*spoil)(Message&);
    ClientDrop reason;
  };
  const Variant variants[] = {
      {"no Server-ID", [](Message& m) { drop<ServerId>(m.options); }, ClientDrop::kNoServerId},
      {"other transaction", [](Message& m) { m.transaction_id ^= 0x800000; },
       ClientDrop::kOtherTransaction},
      {"no Client-ID", [](Message& m) { drop<ClientId>(m.options); }, ClientDrop::kNoClientId},
      {"other Client-ID", [](Message& m) { find<ClientId>(m.options)->duid = test_duid(9); },
       ClientDrop::kOtherClientId},
      {"other server", [](Message& m) { find<ServerId>(m.options)->duid = test_duid(9); },
       ClientDrop::kNotFromServerAsked},
  };
  for (const Variant& variant : variants) {
    SCOPED_TRACE(variant.name);
    TestServer server = good_server();
    server.edit = in_replies([&](Message& answer) { variant.spoil(answer); });
    ClientRun run(both());
    run.servers = {&server};
    run.client.start_stateful(std::nullopt, run.now);
    run.run_for(seconds(30));
    EXPECT_TRUE(run.lease().empty());
    EXPECT_GE(run.of(MessageType::kRequest).size(), 4U);
    EXPECT_EQ(run.client.counters()[variant.reason], run.of(MessageType::kRequest).size());
  }
}

TEST(Conformance, Row_8415_C_16_MessagesThatAreNotForClientsHaveNoEffect) {
  TestServer server = good_server();
  ClientRun run(both());
  run.servers = {&server};
  run.client.start_stateful(std::nullopt, run.now);
  ASSERT_TRUE(run.run_to(ClientState::kRequesting));
  run.servers.clear();
  const auto deadline = run.client.next_deadline();
  const std::size_t sent = run.sent.size();
  std::uint64_t refused = 0;
  for (const int type : {1, 3, 4, 5, 6, 8, 9, 11, 12, 13, 36, 37}) {
    auto bytes = run.answer_to_last(MessageType::kReply, server.duid).to_bytes();
    bytes[0] = static_cast<std::uint8_t>(type);
    run.deliver(bytes);
    EXPECT_EQ(run.client.counters()[ClientDrop::kNotForClients], ++refused) << type;
  }
  refused = 0;
  for (const int type : {0, 14, 35, 99, 255}) {
    auto bytes = run.answer_to_last(MessageType::kReply, server.duid).to_bytes();
    bytes[0] = static_cast<std::uint8_t>(type);
    run.deliver(bytes);
    EXPECT_EQ(run.client.counters()[ClientDrop::kUnknownType], ++refused) << type;
  }
  EXPECT_EQ(run.client.next_deadline(), deadline);
  EXPECT_EQ(run.sent.size(), sent);
  EXPECT_EQ(run.client.state(), ClientState::kRequesting);
}

TEST(Conformance, Row_8415_C_17_UnknownOptionsAreIgnoredAtEveryLevel) {
  TestServer server = good_server();
  server.edit = [](const Message&, Message& answer) {
    const UnknownOption unknown{.code = 65000, .bytes = {1, 2, 3}};
    for (Option& option : answer.options) {
      if (IaPd* ia = std::get_if<IaPd>(&option)) {
        if (IaPrefix* lease = find<IaPrefix>(ia->options)) lease->options.push_back(unknown);
        ia->options.push_back(unknown);
      }
    }
    answer.options.insert(answer.options.begin(), unknown);
  };
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
  EXPECT_EQ(run.lease().addresses.size(), 1U);
}

TEST(Conformance, Row_8415_C_46_BrokenOptionsNeverCrashTheClient) {
  // Every truncation and every single-octet change of a good Reply; the fuzz target does the rest.
  TestServer server = good_server();
  server.configuration = {DnsServers{{address("2001:db8::53")}}, SolMaxRt{seconds(100)}};
  ClientRun run(both());
  run.servers = {&server};
  run.client.start_stateful(std::nullopt, run.now);
  ASSERT_TRUE(run.run_to(ClientState::kRequesting));
  run.servers.clear();
  const auto good = server.answer(run.last())->to_bytes();
  for (std::size_t size = 0; size < good.size(); ++size) {
    run.deliver(std::vector<std::uint8_t>(good.begin(), good.begin() + static_cast<long>(size)));
  }
  for (std::size_t at = 4; at < good.size(); ++at) {
    for (const int value : {0, 1, 127, 255}) {
      ClientRun other(both());
      TestServer first = good_server();
      other.servers = {&first};
      other.client.start_stateful(std::nullopt, other.now);
      ASSERT_TRUE(other.run_to(ClientState::kRequesting));
      auto bytes = first.answer(other.last())->to_bytes();
      if (at < bytes.size()) bytes[at] = static_cast<std::uint8_t>(value);
      other.servers.clear();
      other.deliver(bytes);
      other.run_for(seconds(1));
    }
  }
  EXPECT_GT(run.client.counters()[ClientDrop::kMalformed], 10U);
  run.servers = {&server};
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
}

TEST(Client, OfTwoOptionsThatMayComeOnceTheFirstCounts) {
  TestServer server = good_server();
  server.configuration = {DnsServers{{address("2001:db8::53")}}};
  server.edit = [](const Message& query, Message& answer) {
    answer.options.push_back(DnsServers{{address("2001:db8:bad::53")}});
    if (query.type != MessageType::kRequest) return;
    IaPd again{.iaid = kPrefixIaid, .t1 = Lifetime(1), .t2 = Lifetime(2)};
    again.options.push_back(IaPrefix{
        .prefix = prefix("2001:db8:bad::/56"), .preferred = Lifetime(3), .valid = Lifetime(4)});
    answer.options.push_back(again);
  };
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  EXPECT_EQ(run.lease().dns_servers, std::vector{address("2001:db8::53")});
  ASSERT_EQ(run.lease().prefixes.size(), 1U);
  EXPECT_EQ(run.lease().prefixes[0].prefix, prefix("2001:db8:100::/56"));
}

TEST(Conformance, Row_8415_C_53_MalformedDnsOptionsAreIgnored) {
  const auto encode = [](std::uint16_t code, std::vector<std::uint8_t> bytes) {
    return UnknownOption{.code = code, .bytes = std::move(bytes)};
  };
  std::vector<std::uint8_t> long_label(66, 'a');
  long_label[0] = 64;
  long_label[65] = 0;
  const Options broken{encode(23, std::vector<std::uint8_t>(15, 1)),
                       encode(23, std::vector<std::uint8_t>(17, 1)),
                       encode(24, {1, 'a', 0xc0, 0x00}), encode(24, long_label)};
  for (const Option& one : broken) {
    TestServer server = good_server();
    server.configuration = {one};
    ClientRun run(both());
    run.servers = {&server};
    ASSERT_TRUE(run.bind());
    EXPECT_EQ(run.lease().prefixes.size(), 1U);
    EXPECT_TRUE(run.lease().dns_servers.empty());
    EXPECT_TRUE(run.lease().search_domains.empty());
    EXPECT_TRUE(run.lease().other_options.empty());
  }
}

TEST(Conformance, Row_8415_C_49_MulticastMessagesAreNotAccepted) {
  TestServer server = good_server();
  ClientRun run(both());
  run.servers = {&server};
  run.client.start_stateful(std::nullopt, run.now);
  ASSERT_TRUE(run.run_to(ClientState::kRequesting));
  run.servers.clear();
  const Message reply = *server.answer(run.last());
  run.deliver(reply, Arrival::kMulticast);
  EXPECT_TRUE(run.lease().empty());
  EXPECT_EQ(run.client.counters()[ClientDrop::kMulticast], 1U);
  run.deliver(reply, Arrival::kUnicast);
  EXPECT_FALSE(run.lease().empty());
}

TEST(Conformance, Row_8415_C_24_AnIaWithT1AboveT2IsDiscardedTheRestUsed) {
  TestServer server = good_server();
  server.edit = in_replies([](Message& answer) {
    find<IaNa>(answer.options)->t1 = Lifetime(500);
    find<IaNa>(answer.options)->t2 = Lifetime(400);
  });
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  EXPECT_TRUE(run.lease().addresses.empty());
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
}

TEST(Conformance, Row_8415_C_26_PreferredAboveValidIsDiscarded) {
  TestServer server = good_server();
  server.prefixes[kPrefixIaid] = {prefix("2001:db8:100::/56"), prefix("2001:db8:200::/56")};
  server.edit = in_replies([](Message& answer) {
    find<IaPrefix>(find<IaPd>(answer.options)->options)->preferred = Lifetime(3001);
    find<IaAddress>(find<IaNa>(answer.options)->options)->preferred = Lifetime::infinite();
  });
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  ASSERT_EQ(run.lease().prefixes.size(), 1U);
  EXPECT_EQ(run.lease().prefixes[0].prefix, prefix("2001:db8:200::/56"));
  EXPECT_TRUE(run.lease().addresses.empty());
}

TEST(Client, AStatusInsideAPrefixIsNotASuccess) {
  TestServer server = good_server();
  server.edit = in_replies([](Message& answer) {
    if (IaPd* ia = find<IaPd>(answer.options)) {
      find<IaPrefix>(ia->options)
          ->options.push_back(StatusCode{.status = Status::kNoPrefixAvail, .message = ""});
    }
  });
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  EXPECT_TRUE(run.lease().prefixes.empty());
  EXPECT_EQ(run.lease().addresses.size(), 1U);
}

TEST(Conformance, Row_8415_C_29_LifetimeZeroWithdrawsAtOnceAndAbsenceChangesNothing) {
  TestServer server = good_server();
  server.prefixes[kPrefixIaid] = {prefix("2001:db8:100::/56"), prefix("2001:db8:200::/56")};
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  const Lease before = run.lease();
  ASSERT_EQ(before.prefixes.size(), 2U);

  server.prefixes[kPrefixIaid] = {prefix("2001:db8:200::/56")};  // the first is absent
  ASSERT_TRUE(run.run_to(ClientState::kRenewing));
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  ASSERT_EQ(run.lease().prefixes.size(), 2U);
  EXPECT_EQ(run.lease().prefixes[0], before.prefixes[0]);
  EXPECT_GT(run.lease().prefixes[1].valid_until, before.prefixes[1].valid_until);

  server.withdrawn = {prefix("2001:db8:100::/56")};
  ASSERT_TRUE(run.run_to(ClientState::kRenewing));
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  ASSERT_EQ(run.lease().prefixes.size(), 1U);
  EXPECT_EQ(run.lease().prefixes[0].prefix, prefix("2001:db8:200::/56"));
  EXPECT_LT(run.now, before.prefixes[0].valid_until);
}

TEST(Client, AnAbsentLeaseRunsToItsOwnEnd) {
  TestServer server = good_server();
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  const Instant end = run.lease().prefixes[0].valid_until;
  server.prefixes.clear();
  server.omit_missing = true;
  run.run_until(end - milliseconds(1));
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
  run.run_until(end);
  EXPECT_TRUE(run.lease().prefixes.empty());
  EXPECT_EQ(run.lease().addresses.size(), 1U);
  EXPECT_TRUE(run.leases.back().prefixes.empty());
}

TEST(Client, ANewPrefixBesideTheOldAtZeroIsOneChange) {
  TestServer server = good_server();
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  const std::size_t changes = run.leases.size();
  server.withdrawn = server.prefixes[kPrefixIaid];
  server.prefixes[kPrefixIaid] = {prefix("2001:db8:900::/56")};
  ASSERT_TRUE(run.run_to(ClientState::kRenewing));
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  ASSERT_EQ(run.leases.size(), changes + 1);
  ASSERT_EQ(run.leases.back().prefixes.size(), 1U);
  EXPECT_EQ(run.leases.back().prefixes[0].prefix, prefix("2001:db8:900::/56"));
}

TEST(Client, WhenEverythingIsTakenBackDiscoveryBegins) {
  TestServer server = good_server();
  ClientRun run(prefix_only());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  server.withdrawn = server.prefixes[kPrefixIaid];
  server.prefixes.clear();
  ASSERT_TRUE(run.run_to(ClientState::kRenewing));
  ASSERT_TRUE(run.run_to(ClientState::kSoliciting, seconds(1)));
  EXPECT_TRUE(run.lease().empty());
  EXPECT_TRUE(run.leases.back().empty());
}

TEST(Conformance, Row_8415_C_30_NoBindingLeadsToARequestForAllIas) {
  TestServer server = good_server();
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  const std::size_t requests = run.of(MessageType::kRequest).size();
  server.edit = [](const Message& query, Message& answer) {
    if (query.type != MessageType::kRenew) return;
    IaPd* ia = find<IaPd>(answer.options);
    ia->options = {StatusCode{.status = Status::kNoBinding, .message = ""}};
  };
  server.prefixes[kPrefixIaid] = {prefix("2001:db8:900::/56")};
  ASSERT_TRUE(run.run_to(ClientState::kRenewing));
  ASSERT_TRUE(run.run_to(ClientState::kRequesting));
  EXPECT_EQ(run.lease().prefixes[0].prefix, prefix("2001:db8:100::/56"));  // no gap meanwhile
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  ASSERT_EQ(run.of(MessageType::kRequest).size(), requests + 1);
  const Message& request = run.last();
  ASSERT_EQ(request.type, MessageType::kRequest);
  EXPECT_EQ(find<ServerId>(request.options)->duid, server.duid);
  EXPECT_TRUE(contains<IaNa>(request.options));
  EXPECT_TRUE(contains<IaPd>(request.options));
  ASSERT_EQ(run.lease().prefixes.size(), 1U);
  EXPECT_EQ(run.lease().prefixes[0].prefix, prefix("2001:db8:900::/56"));
}

TEST(Client, NoBindingForTheMessageAsAWholeIsUnderstood) {
  TestServer server = good_server();
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  server.edit = [](const Message& query, Message& answer) {
    if (query.type != MessageType::kRenew) return;
    drop<IaNa>(answer.options);
    drop<IaPd>(answer.options);
    answer.options.push_back(StatusCode{.status = Status::kNoBinding, .message = ""});
  };
  ASSERT_TRUE(run.run_to(ClientState::kRenewing));
  ASSERT_TRUE(run.run_to(ClientState::kBound, seconds(5)));
  EXPECT_EQ(run.of(MessageType::kRequest).size(), 2U);
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
}

TEST(Conformance, Row_8415_C_31_AnIaMissingFromTheReplyCausesNoFlood) {
  TestServer server = good_server();
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  server.edit = in_replies([](Message& answer) { drop<IaPd>(answer.options); });
  ASSERT_TRUE(run.run_to(ClientState::kRenewing));
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
  EXPECT_EQ(run.lease().addresses.size(), 1U);
  const std::size_t before = run.sent.size();
  const Instant end = run.lease().prefixes[0].valid_until;
  run.run_until(end - seconds(1));
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
  EXPECT_EQ(run.lease().addresses.size(), 1U);  // renewed all the while
  const std::size_t asked = run.sent.size() - before;
  EXPECT_GE(asked, 5U);
  EXPECT_LE(asked, 20U);  // in half an hour
  run.run_for(hours(24));
  EXPECT_LE(run.sent.size(), before + asked + 200);
}

TEST(Conformance, Row_8415_C_32_UnspecFailLimitsRateAndDuration) {
  TestServer server = good_server();
  server.edit = in_replies([](Message& answer) {
    answer.options.push_back(StatusCode{.status = Status::kUnspecFail, .message = "no"});
  });
  ClientRun run(both());
  run.servers = {&server};
  run.client.start_stateful(std::nullopt, run.now);
  run.run_for(seconds(60));
  EXPECT_LE(run.sent.size(), 8U);
  EXPECT_TRUE(run.lease().empty());
  run.run_for(hours(24));
  // Request gives up after ten, and discovery backs off: duration and rate.
  EXPECT_LE(run.sent.size(), 1200U);
  EXPECT_EQ(run.client.counters()[ClientDrop::kServerFailed], run.of(MessageType::kRequest).size());
}

TEST(Client, UnspecFailSendsUsToTheNextServerAtOnce) {
  TestServer bad = good_server(1);
  bad.preference = std::uint8_t{200};
  bad.edit = in_replies([](Message& answer) {
    answer.options.push_back(StatusCode{.status = Status::kUnspecFail, .message = "no"});
  });
  TestServer good = good_server(2);
  ClientRun run(both());
  run.servers = {&bad, &good};
  ASSERT_TRUE(run.bind());
  EXPECT_EQ(run.lease().server, good.duid);
  EXPECT_EQ(run.of(MessageType::kRequest).size(), 2U);
}

TEST(Client, UnspecFailToARenewKeepsItsPace) {
  TestServer server = good_server();
  ClientRun run(both(), 4);
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  server.status = Status::kUnspecFail;
  ASSERT_TRUE(run.run_to(ClientState::kRenewing));
  run.run_for(seconds(300));
  const auto gaps = run.gaps(MessageType::kRenew);
  ASSERT_GE(gaps.size(), 3U);
  for (const Duration gap : gaps) EXPECT_GE(gap, seconds(9));
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
}

TEST(Conformance, Row_8415_C_33_NotOnLinkAsksAgainWithoutAddresses) {
  TestServer server = good_server();
  server.edit = [](const Message& query, Message& answer) {
    if (query.type != MessageType::kRequest) return;
    const IaNa* asked = find<IaNa>(query.options);
    if (!contains<IaAddress>(asked->options)) return;
    drop<IaNa>(answer.options);
    drop<IaPd>(answer.options);
    answer.options.push_back(StatusCode{.status = Status::kNotOnLink, .message = ""});
  };
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  const auto requests = run.of(MessageType::kRequest);
  ASSERT_EQ(requests.size(), 2U);
  const IaNa* again = find<IaNa>(requests[1].message.options);
  ASSERT_TRUE(again);
  EXPECT_FALSE(contains<IaAddress>(again->options));
  EXPECT_EQ(run.lease().addresses.size(), 1U);
}

TEST(Client, NotOnLinkForGoodRestartsDiscoveryWithBackOff) {
  TestServer server = good_server();
  server.preference = std::uint8_t{255};
  server.edit = [](const Message& query, Message& answer) {
    if (query.type != MessageType::kRequest) return;
    drop<IaNa>(answer.options);
    drop<IaPd>(answer.options);
    answer.options.push_back(StatusCode{.status = Status::kNotOnLink, .message = ""});
  };
  ClientRun run(both());
  run.servers = {&server};
  run.client.start_stateful(std::nullopt, run.now);
  run.run_for(minutes(2));
  EXPECT_GE(run.of(MessageType::kSolicit).size(), 4U);
  EXPECT_LE(run.sent.size(), 27U);  // a loop of milliseconds, were it not for the back-off
}

TEST(Conformance, Row_8415_C_34_RateIsLimited) {
  // T1 of a second, NoBinding to each Renew, a good Reply to each Request: as fast as a server can make us.
  TestServer server = good_server();
  server.t1 = Lifetime(1);
  server.t2 = Lifetime(2);
  server.preference = std::uint8_t{255};
  server.edit = [](const Message& query, Message& answer) {
    if (query.type == MessageType::kRenew || query.type == MessageType::kRebind) {
      answer.options = {*find<ClientId>(answer.options), *find<ServerId>(answer.options),
                        StatusCode{.status = Status::kNoBinding, .message = ""}};
    }
  };
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  run.run_for(minutes(10));
  EXPECT_GT(run.sent.size(), 400U);  // it was a loop indeed
  for (std::size_t i = 20; i < run.sent.size(); ++i) {
    ASSERT_GE(run.sent[i].at - run.sent[i - 20].at, seconds(20)) << i;
  }
  EXPECT_GT(run.client.counters().held_back, 0U);
}

TEST(Conformance, Row_8415_C_41_OptionsNotInTheLastReplyAreGone) {
  TestServer server = good_server();
  server.configuration = {DnsServers{{address("2001:db8::53")}},
                          DomainSearchList{{*DomainName::parse("example.net")}},
                          SntpServers{{address("2001:db8::123")}}};
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  EXPECT_EQ(run.lease().dns_servers.size(), 1U);
  EXPECT_EQ(run.lease().other_options.size(), 1U);
  server.configuration = {DnsServers{{address("2001:db8::54")}}};
  ASSERT_TRUE(run.run_to(ClientState::kRenewing));
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  EXPECT_EQ(run.lease().dns_servers, std::vector{address("2001:db8::54")});
  EXPECT_TRUE(run.lease().search_domains.empty());
  EXPECT_TRUE(run.lease().other_options.empty());
  server.configuration.clear();
  ASSERT_TRUE(run.run_to(ClientState::kRenewing));
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  EXPECT_TRUE(run.lease().dns_servers.empty());
}

TEST(Conformance, Row_8415_C_50_ServerUnicastAndUseMulticastAreNotReliedUpon) {
  TestServer server = good_server();
  server.configuration = {ServerUnicast{address("2001:db8::1")},
                          IaTa{.iaid = 1,
                               .options = {IaAddress{.address = address("2001:db8::9"),
                                                     .preferred = Lifetime(10),
                                                     .valid = Lifetime(20)}}}};
  ClientRun run(both());  // checks the destination of each packet
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  EXPECT_TRUE(run.lease().other_options.empty());
  EXPECT_EQ(run.lease().addresses.size(), 1U);
  unsigned refused = 0;
  server.edit = [&](const Message& query, Message& answer) {
    if (query.type != MessageType::kRenew || refused > 1) return;
    ++refused;
    answer.options = {*find<ClientId>(answer.options), *find<ServerId>(answer.options),
                      StatusCode{.status = Status::kUseMulticast, .message = ""}};
  };
  const Instant first_end = run.lease().prefixes[0].valid_until;
  ASSERT_TRUE(run.run_to(ClientState::kRenewing));
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  EXPECT_EQ(run.of(MessageType::kRenew).size(), 3U);
  EXPECT_GT(run.lease().prefixes[0].valid_until, first_end);
}

TEST(Conformance, Row_8415_C_42_WhatWasNotObtainedIsAskedForAgain) {
  TestServer server = good_server();
  const auto delegated = server.prefixes;
  server.prefixes.clear();
  server.t1 = Lifetime(40000);
  server.t2 = Lifetime(60000);
  server.preferred = Lifetime(80000);
  server.valid = Lifetime(90000);
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  EXPECT_EQ(run.lease().addresses.size(), 1U);
  EXPECT_TRUE(run.lease().prefixes.empty());
  run.run_for(hours(3));
  const auto renews = run.of(MessageType::kRenew);
  ASSERT_GE(renews.size(), 5U);  // long before T1
  ASSERT_LE(renews.size(), 10U);
  for (const Sent& one : renews) {
    EXPECT_TRUE(contains<IaNa>(one.message.options));
    ASSERT_TRUE(contains<IaPd>(one.message.options));
  }
  server.prefixes = delegated;  // there it is
  run.run_for(hours(1) + minutes(10));
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
  EXPECT_EQ(run.lease().addresses.size(), 1U);
  // Everything is there: no more asking before T1.
  const std::size_t sent = run.sent.size();
  run.run_for(hours(5));
  EXPECT_EQ(run.sent.size(), sent);
}

TEST(Conformance, Row_8415_C_52_AnotherServersBindingsAreNotMixedIn) {
  TestServer a = good_server(1);
  TestServer b = good_server(2);
  b.addresses[kAddressIaid] = {address("2001:db8:bbbb::7")};
  b.prefixes[kPrefixIaid] = {prefix("2001:db8:b00::/56")};
  ClientRun run(both());
  run.servers = {&a};
  ASSERT_TRUE(run.bind());
  run.servers = {&b};
  ASSERT_TRUE(run.run_to(ClientState::kRebinding));
  EXPECT_EQ(run.lease().prefixes[0].prefix, prefix("2001:db8:100::/56"));  // service goes on
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  EXPECT_EQ(run.lease().server, b.duid);
  ASSERT_EQ(run.lease().prefixes.size(), 1U);
  EXPECT_EQ(run.lease().prefixes[0].prefix, prefix("2001:db8:b00::/56"));
  ASSERT_EQ(run.lease().addresses.size(), 1U);
  EXPECT_EQ(run.lease().addresses[0].address, address("2001:db8:bbbb::7"));
}

TEST(Client, ALeaseOfTheOldServerStaysUntilTheNewOneHasASubstitute) {
  TestServer a = good_server(1);
  TestServer b = good_server(2);
  b.addresses.clear();
  b.prefixes[kPrefixIaid] = {prefix("2001:db8:b00::/56")};
  ClientRun run(both());
  run.servers = {&a};
  ASSERT_TRUE(run.bind());
  const Instant end = run.lease().addresses[0].valid_until;
  run.servers = {&b};
  ASSERT_TRUE(run.run_to(ClientState::kRebinding));
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  EXPECT_EQ(run.lease().addresses.size(), 1U);
  // B is not told of an address that it never gave.
  const std::size_t sent = run.sent.size();
  run.run_until(end - seconds(1));
  ASSERT_GT(run.sent.size(), sent);
  for (std::size_t i = sent; i < run.sent.size(); ++i) {
    if (run.sent[i].message.type != MessageType::kRenew) continue;
    EXPECT_FALSE(contains<IaAddress>(find<IaNa>(run.sent[i].message.options)->options));
  }
  run.run_until(end);
  EXPECT_TRUE(run.lease().addresses.empty());
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
}

TEST(Conformance, Row_8168_06_TheOldPrefixIsKeptWhenTheHintCannotBeHad) {
  TestServer server = good_server();
  server.prefixes[kPrefixIaid] = {prefix("2001:db8:100::/60")};
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  ASSERT_TRUE(run.run_to(ClientState::kRenewing));
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  ASSERT_EQ(run.lease().prefixes.size(), 1U);
  EXPECT_EQ(run.lease().prefixes[0].prefix, prefix("2001:db8:100::/60"));
}

TEST(Client, AnEchoOfTheHintIsNoPrefix) {
  TestServer server = good_server();
  server.prefixes[kPrefixIaid] = {prefix("2001:db8:100::/60"), prefix("::/56")};
  server.withdrawn = {prefix("::/48")};
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  ASSERT_EQ(run.lease().prefixes.size(), 1U);
  EXPECT_EQ(run.lease().prefixes[0].prefix, prefix("2001:db8:100::/60"));
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
