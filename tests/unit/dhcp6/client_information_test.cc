// SPDX-License-Identifier: Apache-2.0
// Information-request (RFC 9915 sections 18.2.6, 21.23, 21.25).
#include <gtest/gtest.h>

#include "tests/support/dhcp6_client_run.h"

namespace sixgate::dhcp6::testing {
namespace {

// How long after the Reply the next Information-request goes out, initial delay included.
std::optional<Duration> refresh_after(std::optional<std::uint32_t> told) {
  TestServer server;
  if (told) server.configuration = {InformationRefreshTime{Lifetime(*told)}};
  ClientRun run(both());
  run.servers = {&server};
  run.client.start_stateless({}, run.now);
  EXPECT_TRUE(run.run_to(ClientState::kInformed));
  const Instant informed = run.now;
  if (!run.run_to(ClientState::kInformationRequesting, hours(24 * 365))) return std::nullopt;
  run.run_for(seconds(1));
  return run.of(MessageType::kInformationRequest).at(1).at - informed;
}

void expect_about(std::optional<Duration> after, Duration time) {
  ASSERT_TRUE(after);
  EXPECT_GE(*after, time);
  EXPECT_LE(*after, time + seconds(1));  // INF_MAX_DELAY
}

TEST(Conformance, Row_8415_C_37_InformationRefreshTime) {
  expect_about(refresh_after(std::nullopt), hours(24));  // IRT_DEFAULT
  expect_about(refresh_after(0), seconds(600));          // IRT_MINIMUM
  expect_about(refresh_after(100), seconds(600));
  expect_about(refresh_after(601), seconds(601));
  EXPECT_FALSE(refresh_after(0xffffffff));  // infinity
}

TEST(Conformance, Row_7084_WAA_10_RefreshTimeIsRequestedAndObeyed) {
  expect_about(refresh_after(700), seconds(700));
  ClientRun run(both());
  run.client.start_stateless({}, run.now);
  run.run_for(seconds(2));
  EXPECT_TRUE(find<OptionRequest>(run.last().options)->contains(32));
  EXPECT_EQ(run.last().type, MessageType::kInformationRequest);
}

TEST(Conformance, Row_8415_C_23_InfMaxRtWithinItsRangeIsApplied) {
  struct Case {
    seconds said;
    seconds used;
  };
  for (const Case& one : {Case{seconds(59), seconds(3600)}, Case{seconds(60), seconds(60)},
                          Case{seconds(86401), seconds(3600)}}) {
    TestServer server;
    server.status = Status::kUnspecFail;
    server.configuration = {InfMaxRt{one.said}};
    ClientRun run(both());
    run.servers = {&server};
    run.client.start_stateless({}, run.now);
    run.run_for(hours(24));
    EXPECT_TRUE(find<OptionRequest>(run.sent[0].message.options)->contains(83));
    EXPECT_EQ(run.client.information_max_timeout(), one.used);
    const Duration last = run.gaps(MessageType::kInformationRequest).back();
    EXPECT_GE(last, one.used * 9 / 10);
    EXPECT_LE(last, one.used * 11 / 10);
  }
}

TEST(Client, InformationIsHandedOutAndReplacedAsAWhole) {
  TestServer server;
  server.configuration = {DnsServers{{address("2001:db8::53")}},
                          InformationRefreshTime{Lifetime(1000)}};
  ClientRun run(both());
  run.servers = {&server};
  run.client.start_stateless({}, run.now);
  ASSERT_TRUE(run.run_to(ClientState::kInformed));
  ASSERT_EQ(run.leases.size(), 1U);
  EXPECT_EQ(run.leases[0].dns_servers, std::vector{address("2001:db8::53")});
  EXPECT_FALSE(run.leases[0].stateful);
  EXPECT_TRUE(run.leases[0].other_options.empty());
  server.configuration = {DomainSearchList{{*DomainName::parse("example.org")}}};
  run.run_for(seconds(1100));
  ASSERT_EQ(run.leases.size(), 2U);
  EXPECT_TRUE(run.leases[1].dns_servers.empty());
  EXPECT_EQ(run.leases[1].search_domains.size(), 1U);
}

// A restart of ours is no reason to take the DNS servers from the hosts while a server is slow to answer.
TEST(Client, StoredInformationIsHandedOutUntilAServerSpeaks) {
  Lease stored;
  stored.server = TestServer().duid;
  stored.dns_servers = {address("2001:db8::53")};
  ASSERT_TRUE(stored.only_information());
  ClientRun run(both());
  run.client.start_stateless(stored, run.now);
  run.settle();
  ASSERT_EQ(run.leases.size(), 1U);
  EXPECT_EQ(run.leases[0].dns_servers, stored.dns_servers);
  EXPECT_FALSE(run.leases[0].verified);
  run.run_for(hours(1));
  EXPECT_EQ(run.leases.size(), 1U);

  TestServer server;
  server.configuration = {DnsServers{{address("2001:db8::54")}}};
  run.servers = {&server};
  ASSERT_TRUE(run.run_to(ClientState::kInformed));
  EXPECT_EQ(run.lease().dns_servers, std::vector{address("2001:db8::54")});
  EXPECT_TRUE(run.lease().verified);
  EXPECT_EQ(run.lease().server_address, address("fe80::1"));
}

TEST(Client, InformationRequestHoldsNoIaAndNamesNoServer) {
  ClientRun run(both());
  run.client.start_stateless({}, run.now);
  run.run_for(seconds(2));
  const Message& message = run.last();
  EXPECT_EQ(find<ClientId>(message.options)->duid, client_duid());
  EXPECT_FALSE(contains<IaNa>(message.options));
  EXPECT_FALSE(contains<IaPd>(message.options));
  EXPECT_FALSE(contains<ServerId>(message.options));
}

TEST(Client, ALinkChangeAsksForInformationAgain) {
  TestServer server;
  ClientRun run(both());
  run.servers = {&server};
  run.client.start_stateless({}, run.now);
  ASSERT_TRUE(run.run_to(ClientState::kInformed));
  run.client.link_changed(run.now);
  run.run_for(seconds(2));
  EXPECT_EQ(run.of(MessageType::kInformationRequest).size(), 2U);
  run.client.prefixes_changed(run.now);
  run.run_for(seconds(2));
  EXPECT_EQ(run.of(MessageType::kInformationRequest).size(), 3U);
}

TEST(Client, StoppedWhileInformedIsSilent) {
  TestServer server;
  ClientRun run(both());
  run.servers = {&server};
  run.client.start_stateless({}, run.now);
  ASSERT_TRUE(run.run_to(ClientState::kInformed));
  run.client.stop(run.now);
  run.run_for(hours(100));
  EXPECT_EQ(run.sent.size(), 1U);
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
