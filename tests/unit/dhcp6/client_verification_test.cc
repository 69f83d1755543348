// SPDX-License-Identifier: Apache-2.0
// Leases that outlive a restart or a change of the link, and those given back (RFC 9915 sections 18.2.3,
// 18.2.7, 18.2.8, 18.2.12).
#include <gtest/gtest.h>

#include "tests/support/dhcp6_client_run.h"

namespace sixgate::dhcp6::testing {
namespace {

Lease stored_lease(ClientParameters parameters = both()) {
  ClientRun run(std::move(parameters));
  TestServer server = good_server();
  server.configuration = {DnsServers{{address("2001:db8::53")}}};
  run.servers = {&server};
  EXPECT_TRUE(run.bind());
  return run.lease();
}

TEST(Client, AStoredLeaseIsHandedOutAtOnceUnverified) {
  const Lease stored = stored_lease();
  EXPECT_TRUE(stored.verified);
  ClientRun run(both(), 2);
  run.client.start_stateful(stored, run.now);
  run.settle();
  ASSERT_EQ(run.leases.size(), 1U);
  EXPECT_FALSE(run.leases[0].verified);
  EXPECT_EQ(run.leases[0].prefixes, stored.prefixes);
  EXPECT_EQ(run.leases[0].addresses, stored.addresses);
  EXPECT_EQ(run.leases[0].dns_servers, stored.dns_servers);
  EXPECT_EQ(run.leases[0].server, stored.server);

  TestServer server = good_server();
  run.servers = {&server};
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  EXPECT_TRUE(run.lease().verified);
  ASSERT_EQ(run.sent.size(), 1U);
  EXPECT_EQ(run.sent[0].message.type, MessageType::kRebind);
  EXPECT_FALSE(contains<ServerId>(run.sent[0].message.options));
}

TEST(Client, AStoredLeaseOfAddressesIsConfirmed) {
  ClientRun run(address_only(), 2);
  const Lease stored = stored_lease(address_only());
  TestServer server = good_server();
  run.servers = {&server};
  run.client.start_stateful(stored, run.now);
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  ASSERT_EQ(run.sent.size(), 1U);
  const Message& confirm = run.sent[0].message;
  EXPECT_EQ(confirm.type, MessageType::kConfirm);
  EXPECT_FALSE(contains<ServerId>(confirm.options));
  const IaNa* ia = find<IaNa>(confirm.options);
  ASSERT_TRUE(ia);
  EXPECT_EQ(find<IaAddress>(ia->options)->address, address("2001:db8:ffff::7"));
  EXPECT_TRUE(run.lease().verified);
  EXPECT_EQ(run.lease().renew_at, stored.renew_at);  // Confirm extends nothing
}

TEST(Client, AnExpiredStoredLeaseIsForgotten) {
  const Lease stored = stored_lease();
  ClientRun run(both(), 2);
  run.now = stored.prefixes[0].valid_until;
  run.client.start_stateful(stored, run.now);
  run.run_for(seconds(2));
  EXPECT_TRUE(run.leases.empty());
  EXPECT_EQ(run.last().type, MessageType::kSolicit);
}

TEST(Client, IasThatAreNotConfiguredAnyMoreAreForgotten) {
  const Lease stored = stored_lease();
  ClientRun run(prefix_only(), 2);
  run.client.start_stateful(stored, run.now);
  EXPECT_TRUE(run.lease().addresses.empty());
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
}

// The types of the messages sent, without repetitions.
std::vector<MessageType> course(const ClientRun& run) {
  std::vector<MessageType> types;
  for (const Sent& one : run.sent) {
    if (types.empty() || types.back() != one.message.type) types.push_back(one.message.type);
  }
  return types;
}

std::vector<Prefix> named_prefixes(const Message& message) {
  std::vector<Prefix> named;
  for (const IaPd& ia : find_all<IaPd>(message.options)) {
    for (const IaPrefix& one : find_all<IaPrefix>(ia.options)) named.push_back(one.prefix);
  }
  return named;
}

TEST(Client, SilenceAfterARestartKeepsTheLeaseAndGoesOnAsking) {
  const Lease stored = stored_lease();
  ClientRun run(both(), 2);
  run.client.start_stateful(stored, run.now);
  run.run_for(minutes(2));
  EXPECT_EQ(run.lease().prefixes, stored.prefixes);
  EXPECT_FALSE(run.lease().verified);
  EXPECT_EQ(course(run), (std::vector{MessageType::kRebind, MessageType::kSolicit}));
  EXPECT_GE(run.sent.size(), 8U);
  TestServer server = good_server();
  run.servers = {&server};
  run.run_for(minutes(3));
  EXPECT_TRUE(run.lease().verified);
  EXPECT_EQ(run.client.state(), ClientState::kBound);
}

TEST(Client, AServerThatForgotAndIsSilentIsSolicitedWithTheOldPrefix) {
  const Lease stored = stored_lease();
  TestServer server = good_server(2);
  server.deaf_to = {MessageType::kRebind};
  server.prefixes[kPrefixIaid] = {prefix("2001:db8:b00::/56")};
  ClientRun run(both(), 2);
  run.servers = {&server};
  run.client.start_stateful(stored, run.now);
  ASSERT_TRUE(run.run_to(ClientState::kBound, seconds(20))) << run.transcript();
  EXPECT_EQ(course(run),
            (std::vector{MessageType::kRebind, MessageType::kSolicit, MessageType::kRebind,
                         MessageType::kSolicit, MessageType::kRequest}));
  for (const Sent& solicit : run.of(MessageType::kSolicit)) {
    const std::vector<Prefix> named = named_prefixes(solicit.message);
    ASSERT_FALSE(named.empty());
    EXPECT_EQ(named[0], stored.prefixes[0].prefix);
  }
  // In use until the new one is there, then gone in the same change.
  for (const Lease& lease : run.leases) EXPECT_EQ(lease.prefixes.size(), 1U);
  EXPECT_EQ(run.lease().prefixes[0].prefix, prefix("2001:db8:b00::/56"));
  EXPECT_TRUE(run.lease().verified);
}

TEST(Client, AServerThatComesBackIsAskedForTheOldLeaseBeforeAnother) {
  const Lease stored = stored_lease();
  for (const Duration away : {seconds(5), seconds(14), seconds(300), seconds(2000)}) {
    TestServer server = good_server();
    server.valid = server.preferred = Lifetime(90000);
    // As isc-dhcp: another prefix for who Solicits although it is bound.
    server.edit = [](const Message& query, Message& answer) {
      if (query.type == MessageType::kRebind) return;
      for (Option& option : answer.options) {
        IaPd* ia = std::get_if<IaPd>(&option);
        if (ia)
          ia->options = {IaPrefix{prefix("2001:db8:b00::/56"), Lifetime(9), Lifetime(99), {}}};
      }
    };
    ClientRun run(both(), 2);
    run.client.start_stateful(stored, run.now);
    run.run_for(away);
    run.servers = {&server};
    ASSERT_TRUE(run.run_to(ClientState::kBound, seconds(660))) << run.transcript();
    EXPECT_TRUE(run.lease().verified);
    EXPECT_EQ(run.lease().prefixes[0].prefix, stored.prefixes[0].prefix);
    EXPECT_TRUE(run.of(MessageType::kRequest).empty());
  }
}

TEST(Client, AServerThatOffersNothingForTheOldPrefixIsAskedWithoutIt) {
  const Lease stored = stored_lease();
  for (const bool answers : {true, false}) {
    TestServer server = good_server(2);
    server.deaf_to = {MessageType::kRebind};
    server.prefixes[kPrefixIaid] = {prefix("2001:db8:b00::/56")};
    TestServer empty = server;
    empty.address_status = Status::kNoAddrsAvail;
    empty.prefix_status = Status::kNoPrefixAvail;
    empty.silent = !answers;
    ClientRun run(both(), 2);
    run.client.start_stateful(stored, run.now);
    const Instant end = run.now + minutes(1);
    while (run.client.state() != ClientState::kBound && run.now < end) {
      const bool naming = run.sent.empty() || !named_prefixes(run.last()).empty();
      const bool old =
          naming && !run.sent.empty() && named_prefixes(run.last())[0] == stored.prefixes[0].prefix;
      run.servers = {old ? &empty : &server};
      run.run_for(milliseconds(1));
    }
    ASSERT_EQ(run.client.state(), ClientState::kBound) << run.transcript();
    EXPECT_EQ(run.lease().prefixes[0].prefix, prefix("2001:db8:b00::/56"));
  }
}

TEST(Client, ASlowServerThatForgotIsNotAskedForTheOldLeaseForEver) {
  const Lease stored = stored_lease();
  TestServer server = good_server(2);
  server.deaf_to = {MessageType::kRebind};
  server.delay = milliseconds(2500);
  ClientRun run(both(), 2);
  run.servers = {&server};
  run.client.start_stateful(stored, run.now);
  EXPECT_TRUE(run.run_to(ClientState::kBound, seconds(40))) << run.transcript();
}

TEST(Client, SolicitsInPlaceOfRebindsKeepTheirPace) {
  Lease stored = stored_lease();
  for (LeasedPrefix& one : stored.prefixes) one.valid_until = Instant::never();
  ClientRun run(both(), 2);
  run.client.start_stateful(stored, run.now);
  run.run_for(hours(24));
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
  for (const Duration gap : run.gaps(MessageType::kSolicit)) EXPECT_LE(gap, seconds(660));
  EXPECT_LT(run.sent.size(), 180U);
}

TEST(Client, AConfirmedBindingIsNeverSolicitedOver) {
  TestServer server = good_server();
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  server.silent = true;
  const std::size_t solicits = run.of(MessageType::kSolicit).size();
  run.run_until(run.lease().prefixes[0].valid_until - seconds(1));
  EXPECT_EQ(run.of(MessageType::kSolicit).size(), solicits);
}

TEST(Client, ATimeThatPassedWhileAwayIsMadeUpFor) {
  const Lease stored = stored_lease();
  for (const bool after_t2 : {false, true}) {
    TestServer server = good_server();
    ClientRun run(both(), 2);
    run.servers = {&server};
    run.now = after_t2 ? stored.rebind_at + seconds(10) : stored.renew_at + seconds(10);
    run.client.start_stateful(stored, run.now);
    ASSERT_TRUE(run.run_to(ClientState::kBound, seconds(3)));
    EXPECT_GT(run.lease().renew_at, run.now);
  }
}

TEST(Client, AfterARestartAServerWithoutRecordGetsARequest) {
  const Lease stored = stored_lease();
  TestServer server = good_server();
  server.edit = [](const Message& query, Message& answer) {
    if (query.type != MessageType::kRebind) return;
    for (Option& option : answer.options) {
      const StatusCode no_binding{.status = Status::kNoBinding, .message = ""};
      if (IaNa* ia = std::get_if<IaNa>(&option)) ia->options = {no_binding};
      if (IaPd* ia = std::get_if<IaPd>(&option)) ia->options = {no_binding};
    }
  };
  ClientRun run(both(), 2);
  run.servers = {&server};
  run.client.start_stateful(stored, run.now);
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  EXPECT_EQ(run.of(MessageType::kRequest).size(), 1U);
  EXPECT_TRUE(run.of(MessageType::kSolicit).empty());
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
  for (const Lease& lease : run.leases) EXPECT_FALSE(lease.empty());
}

TEST(Client, AStrangersNoBindingDoesNotOvertakeOurServersYes) {
  const Lease stored = stored_lease();
  TestServer ours = good_server(1);
  ours.delay = milliseconds(300);
  TestServer stranger = good_server(2);
  stranger.prefixes[kPrefixIaid] = {prefix("2001:db8:b00::/56")};
  stranger.address_status = stranger.prefix_status = Status::kNoBinding;
  ClientRun run(both(), 2);
  run.servers = {&ours, &stranger};
  run.client.start_stateful(stored, run.now);
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  EXPECT_EQ(run.lease().server, ours.duid);
  EXPECT_TRUE(run.of(MessageType::kRequest).empty());
  // But when ours is gone, the stranger is asked.
  ours.silent = true;
  run.client.link_changed(run.now);
  ASSERT_TRUE(run.run_to(ClientState::kRequesting, seconds(5)));
  EXPECT_EQ(find<ServerId>(run.last().options)->duid, stranger.duid);
}

TEST(Client, NotOnLinkToAConfirmLeadsToDiscovery) {
  TestServer server = good_server();
  ClientRun run(address_only());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  server.status = Status::kNotOnLink;
  server.deaf_to = {MessageType::kSolicit};
  run.client.link_changed(run.now);
  ASSERT_TRUE(run.run_to(ClientState::kSoliciting, seconds(5)));
  EXPECT_TRUE(run.lease().empty());
}

TEST(Client, OneYesToAConfirmOutweighsANotOnLink) {
  TestServer yes = good_server(1);
  yes.delay = milliseconds(400);
  TestServer no = good_server(2);
  ClientRun run(address_only());
  run.servers = {&yes};
  ASSERT_TRUE(run.bind());
  no.status = Status::kNotOnLink;
  run.servers = {&yes, &no};
  run.client.link_changed(run.now);
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  EXPECT_EQ(run.lease().addresses.size(), 1U);
  EXPECT_TRUE(run.lease().verified);
}

TEST(Client, ALinkChangeWhileSolicitingBeginsAnew) {
  ClientRun run(both());
  run.client.start_stateful(std::nullopt, run.now);
  run.run_for(hours(3));  // an hour between two Solicits by now
  TestServer server = good_server();
  run.servers = {&server};
  run.client.link_changed(run.now);
  EXPECT_TRUE(run.run_to(ClientState::kBound, seconds(3)));
}

TEST(Client, FlappingLinkStaysWithinTheRateLimit) {
  TestServer server = good_server();
  ClientRun run(both());  // checks the rate
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  for (int i = 0; i < 2000; ++i) {
    run.client.link_changed(run.now);
    run.run_for(milliseconds(100 + i % 7 * 100));
  }
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
}

TEST(Conformance, Row_9096_WPD_9_NothingIsReleasedUnlessTold) {
  TestServer server = good_server();
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  for (int i = 0; i < 5; ++i) {
    run.client.link_changed(run.now);
    run.run_for(seconds(20));
  }
  run.client.stop(run.now);
  run.run_for(minutes(5));
  EXPECT_TRUE(run.of(MessageType::kRelease).empty());
  EXPECT_EQ(run.client.state(), ClientState::kIdle);
  EXPECT_FALSE(run.client.next_deadline());
  EXPECT_EQ(run.lease().prefixes.size(), 1U);  // for the store
  run.client.start_stateful(run.lease(), run.now);
  run.run_for(seconds(20));
  EXPECT_TRUE(run.of(MessageType::kRelease).empty());
  EXPECT_EQ(run.of(MessageType::kSolicit).size(), 1U);
}

TEST(Conformance, Row_9096_WPD_10_IaidsAreWhatTheyWereToldToBe) {
  // Across destruction of the client and with what another seed brings; where they come from is the
  // daemon's business.
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    TestServer server = good_server();
    ClientRun run(both(), seed);
    run.servers = {&server};
    ASSERT_TRUE(run.bind());
    run.client.link_changed(run.now);
    run.run_for(minutes(30));
    for (const Sent& one : run.sent) {
      EXPECT_EQ(find<IaNa>(one.message.options)->iaid, kAddressIaid);
      EXPECT_EQ(find<IaPd>(one.message.options)->iaid, kPrefixIaid);
    }
  }
}

TEST(Client, ReleaseIsOverWithAnyReply) {
  for (const Status status : {Status::kSuccess, Status::kNoBinding, Status::kUnspecFail}) {
    ClientParameters parameters = both();
    parameters.release_on_stop = true;
    TestServer server = good_server();
    ClientRun run(parameters);
    run.servers = {&server};
    ASSERT_TRUE(run.bind());
    server.status = status;
    run.client.stop(run.now);
    run.run_for(minutes(1));
    EXPECT_EQ(run.of(MessageType::kRelease).size(), 1U);
    EXPECT_EQ(run.client.state(), ClientState::kIdle);
  }
}

TEST(Client, DeclineIsOverWithAnyReplyAndAnotherAddressIsAskedForLater) {
  TestServer server = good_server();
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  server.status = Status::kNoBinding;
  run.client.decline(address("2001:db8:ffff::7"), run.now);
  run.run_for(seconds(5));
  EXPECT_EQ(run.of(MessageType::kDecline).size(), 1U);
  EXPECT_EQ(run.client.state(), ClientState::kBound);
  server.status.reset();
  server.addresses[kAddressIaid] = {address("2001:db8:ffff::8")};
  run.run_for(minutes(2));
  ASSERT_EQ(run.lease().addresses.size(), 1U);
  EXPECT_EQ(run.lease().addresses[0].address, address("2001:db8:ffff::8"));
  const auto renews = run.of(MessageType::kRenew);
  ASSERT_FALSE(renews.empty());
  EXPECT_FALSE(contains<IaAddress>(find<IaNa>(renews[0].message.options)->options));
}

TEST(Client, WhenTheOnlyLeaseIsDeclinedDiscoveryFollowsTheDecline) {
  TestServer server = good_server();
  ClientRun run(address_only());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  run.client.decline(address("2001:db8:ffff::7"), run.now);
  run.settle();
  EXPECT_EQ(run.client.state(), ClientState::kDeclining);
  EXPECT_TRUE(run.leases.back().empty());
  server.addresses[kAddressIaid] = {address("2001:db8:ffff::8")};
  ASSERT_TRUE(run.run_to(ClientState::kSoliciting, seconds(1)));
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  EXPECT_EQ(run.lease().addresses[0].address, address("2001:db8:ffff::8"));
}

TEST(Client, SeveralDeclinedAddressesGoIntoOneMessage) {
  TestServer server = good_server();
  server.addresses[kAddressIaid] = {address("2001:db8:ffff::7"), address("2001:db8:ffff::8")};
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  server.silent = true;
  run.client.decline(address("2001:db8:ffff::7"), run.now);
  run.settle();
  run.client.decline(address("2001:db8:ffff::8"), run.now);
  run.settle();
  const IaNa* ia = find<IaNa>(run.last().options);
  ASSERT_TRUE(ia);
  EXPECT_EQ(ia->options.size(), 2U);
  EXPECT_EQ(run.last().type, MessageType::kDecline);
}

TEST(Client, DecliningWhatIsNotLeasedDoesNothing) {
  TestServer server = good_server();
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  const std::size_t sent = run.sent.size();
  run.client.decline(address("2001:db8:ffff::99"), run.now);
  run.run_for(seconds(10));
  EXPECT_EQ(run.sent.size(), sent);
}

TEST(Conformance, Row_8415_C_40_ChangedPrefixesOfTheLinkRenewAtMostOnceInHalfAMinute) {
  TestServer server = good_server();
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  const std::size_t sent = run.sent.size();
  for (int i = 0; i < 10; ++i) {
    run.client.prefixes_changed(run.now);
    run.run_for(seconds(1));
  }
  EXPECT_EQ(run.of(MessageType::kRenew).size(), 1U);
  EXPECT_EQ(run.sent.size(), sent + 1);
  run.run_for(seconds(300));
  EXPECT_EQ(run.of(MessageType::kRenew).size(), 2U);  // for the changes since
  EXPECT_GE(run.of(MessageType::kRenew)[1].at - run.of(MessageType::kRenew)[0].at, seconds(30));
}

TEST(Client, ChangedPrefixesConfirmAddresses) {
  TestServer server = good_server();
  ClientRun run(address_only());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  run.client.prefixes_changed(run.now);
  run.run_for(seconds(5));
  EXPECT_EQ(run.of(MessageType::kConfirm).size(), 1U);
  EXPECT_EQ(run.lease().addresses.size(), 1U);
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
