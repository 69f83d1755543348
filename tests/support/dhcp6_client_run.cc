// SPDX-License-Identifier: Apache-2.0
#include "tests/support/dhcp6_client_run.h"

#include <gtest/gtest.h>

#include <utility>

#include "net/mac_address.h"

namespace sixgate::dhcp6::testing {

Duid client_duid() {
  return Duid::ll(MacAddress(MacAddress::Bytes{0x02, 0x00, 0x5e, 0x00, 0x53, 0x01}));
}

ClientParameters both() {
  return {.duid = client_duid(),
          .address_iaid = kAddressIaid,
          .delegations = {{kPrefixIaid, prefix("::/56")}}};
}

ClientParameters prefix_only() {
  return {.duid = client_duid(), .delegations = {{kPrefixIaid, prefix("::/56")}}};
}

ClientParameters address_only() { return {.duid = client_duid(), .address_iaid = kAddressIaid}; }

TestServer good_server(unsigned number) {
  TestServer server(number);
  server.addresses[kAddressIaid] = {address("2001:db8:ffff::7")};
  server.prefixes[kPrefixIaid] = {prefix("2001:db8:100::/56")};
  return server;
}

ClientRun::ClientRun(ClientParameters parameters, std::uint64_t seed)
    : rng(seed), client(std::move(parameters), rng) {}

void ClientRun::settle() {
  ClientOutputs outputs = client.drain();
  for (LogLine& line : outputs.log) log.push_back(std::move(line));
  if (outputs.lease) {
    EXPECT_EQ(*outputs.lease, client.lease());
    if (!leases.empty()) {
      EXPECT_NE(*outputs.lease, leases.back()) << "a lease that did not change";
    }
    leases.push_back(*std::move(outputs.lease));
  }
  for (const Datagram& packet : outputs.packets) {
    EXPECT_EQ(packet.destination, kAllDhcpRelayAgentsAndServers);
    const Parsed<Message> message = Message::parse(packet.payload);
    ASSERT_TRUE(message) << message.error().to_string();
    EXPECT_EQ(count_malformed(message->options), 0U);
    sent.push_back({now, *message});
    for (const TestServer* server : servers) {
      if (const auto answer = server->answer(*message)) {
        on_the_way_.emplace(now + server->delay, Answer{answer->to_bytes()});
      }
    }
  }
  check();
}

void ClientRun::check() {
  const ClientParameters& parameters = client.parameters();
  if (sent.size() > parameters.rate_messages) {
    const Instant earlier = sent[sent.size() - 1 - parameters.rate_messages].at;
    EXPECT_GE(sent.back().at - earlier, parameters.rate_interval)
        << "more than the rate limit allows";
  }
  if (client.state() == ClientState::kIdle) {
    EXPECT_FALSE(client.next_deadline());
    return;
  }
  for (const LeasedAddress& one : client.lease().addresses) EXPECT_GT(one.valid_until, now);
  for (const LeasedPrefix& one : client.lease().prefixes) EXPECT_GT(one.valid_until, now);
}

void ClientRun::run_until(Instant end) {
  settle();
  for (;;) {
    std::optional<Instant> next = client.next_deadline();
    if (!on_the_way_.empty()) next = earlier(next, std::optional(on_the_way_.begin()->first));
    if (!next || *next > end) break;
    now = std::max(now, *next);
    while (!on_the_way_.empty() && on_the_way_.begin()->first <= now) {
      const Answer answer = on_the_way_.extract(on_the_way_.begin()).mapped();
      client.receive(answer.bytes, address("fe80::1"), now);
      settle();
    }
    client.expire(now);
    settle();
    const std::optional<Instant> later = client.next_deadline();
    ASSERT_TRUE(!later || *later > now) << "no progress\n" << transcript();
  }
  now = end;
}

bool ClientRun::run_to(ClientState state, Duration limit) {
  const Instant end = now + limit;
  settle();
  while (client.state() != state) {
    std::optional<Instant> next = client.next_deadline();
    if (!on_the_way_.empty()) next = earlier(next, std::optional(on_the_way_.begin()->first));
    if (!next || *next > end || ::testing::Test::HasFatalFailure()) return false;
    run_until(std::max(now, *next));
  }
  return true;
}

bool ClientRun::bind() {
  client.start_stateful(std::nullopt, now);
  return run_to(ClientState::kBound, minutes(10));
}

void ClientRun::deliver(const Message& message, Arrival arrival) {
  deliver(message.to_bytes(), arrival);
}

void ClientRun::deliver(const std::vector<std::uint8_t>& bytes, Arrival arrival) {
  client.receive(bytes, address("fe80::1"), now, arrival);
  settle();
}

Message ClientRun::answer_to_last(MessageType type, const Duid& server) const {
  Message answer{.type = type, .transaction_id = last().transaction_id};
  answer.options.push_back(ClientId{client.parameters().duid});
  answer.options.push_back(ServerId{server});
  return answer;
}

std::vector<Sent> ClientRun::of(MessageType type) const {
  std::vector<Sent> found;
  for (const Sent& one : sent) {
    if (one.message.type == type) found.push_back(one);
  }
  return found;
}

std::vector<Duration> ClientRun::gaps(MessageType type) const {
  std::vector<Duration> found;
  std::optional<Instant> before;
  for (const Sent& one : sent) {
    if (one.message.type != type) continue;
    if (before) found.push_back(one.at - *before);
    before = one.at;
  }
  return found;
}

std::string ClientRun::transcript() const {
  std::string text;
  for (const LogLine& line : log) text += line.text + "\n";
  return text;
}

}  // namespace sixgate::dhcp6::testing
