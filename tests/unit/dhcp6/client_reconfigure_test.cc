// SPDX-License-Identifier: Apache-2.0
// Reconfigure and the key that proves it (RFC 9915 sections 16.11, 18.2.11, 20.4).
#include "dhcp6/client_reconfigure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "dhcp6/hmac_md5.h"
#include "net/text.h"
#include "tests/support/dhcp6_client_run.h"

namespace sixgate::dhcp6::testing {
namespace {

std::vector<std::uint8_t> octets(std::string_view text) { return {text.begin(), text.end()}; }

TEST(HmacMd5, MatchesRfc1321AndRfc2202) {
  EXPECT_EQ(to_hex(md5({})), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(to_hex(md5(octets("abc"))), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(to_hex(md5(octets("12345678901234567890123456789012345678901234567890123456789012345678"
                              "901234567890"))),
            "57edf4a22be3c955ac49da2e2107b67a");
  EXPECT_EQ(to_hex(hmac_md5(std::vector<std::uint8_t>(16, 0x0b), octets("Hi There"))),
            "9294727a3638bb1c13f48ef8158bfc9d");
  EXPECT_EQ(to_hex(hmac_md5(octets("Jefe"), octets("what do ya want for nothing?"))),
            "750c783e6ab0b503eaa86e310a5db738");
  EXPECT_EQ(to_hex(hmac_md5(std::vector<std::uint8_t>(80, 0xaa),
                            octets("Test Using Larger Than Block-Size Key - Hash Key First"))),
            "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd");
  EXPECT_EQ(
      to_hex(hmac_md5(std::vector<std::uint8_t>(16, 0xaa), std::vector<std::uint8_t>(50, 0xdd))),
      "56be34521d144c88dbb8c733f0e8b3f6");
}

constexpr Authentication::Key kKey{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

// A server that gives the key with the Reply to Request, as RFC 9915 section 20.4.2 has it.
TestServer reconfiguring_server() {
  TestServer server = good_server();
  server.edit = [](const Message& query, Message& answer) {
    if (query.type != MessageType::kRequest && query.type != MessageType::kInformationRequest) {
      return;
    }
    answer.options.push_back(Authentication::with_reconfigure_key(kKey, 100));
    answer.options.push_back(ReconfigureAccept{});
  };
  return server;
}

Message reconfigure(const Duid& server, MessageType type, std::uint64_t replay) {
  Message message{.type = MessageType::kReconfigure};
  message.options.push_back(ClientId{client_duid()});
  message.options.push_back(ServerId{server});
  message.options.push_back(ReconfigureMessage{type});
  message.options.push_back(Authentication::with_reconfigure_digest({}, replay));
  return message;
}

// With the digest of all its octets in place.
std::vector<std::uint8_t> proven(Message message, const Authentication::Key& key = kKey) {
  Authentication* option = find<Authentication>(message.options);
  const auto blank = message.to_bytes();
  *option = Authentication::with_reconfigure_digest(hmac_md5(key, blank), option->replay_value);
  return message.to_bytes();
}

TEST(Conformance, Row_8415_C_38_OnlyAProvenReconfigureIsObeyed) {
  TestServer server = reconfiguring_server();
  const Duid id = server.duid;
  struct Variant {
    const char* name;
    std::vector<std::uint8_t> bytes;
    ClientDrop reason;
    Arrival arrival = Arrival::kUnicast;
  };
  const Message good = reconfigure(id, MessageType::kRenew, 101);
  const auto without = [&](auto edit) {
    Message message = good;
    edit(message);
    return message;
  };
  auto bad_digest = proven(good);
  bad_digest.back() ^= 1;
  const std::vector<Variant> variants{
      {"multicast", proven(good), ClientDrop::kMulticast, Arrival::kMulticast},
      {"no Server-ID", proven(without([](Message& m) { drop<ServerId>(m.options); })),
       ClientDrop::kNoServerId},
      {"no Client-ID", proven(without([](Message& m) { drop<ClientId>(m.options); })),
       ClientDrop::kNoClientId},
      {"other Client-ID",
       proven(without([](Message& m) { find<ClientId>(m.options)->duid = test_duid(5); })),
       ClientDrop::kOtherClientId},
      {"no Reconfigure Message option",
       proven(without([](Message& m) { drop<ReconfigureMessage>(m.options); })),
       ClientDrop::kReconfigureInvalid},
      {"type Request", proven(reconfigure(id, MessageType::kRequest, 101)),
       ClientDrop::kReconfigureInvalid},
      {"no authentication", without([](Message& m) { drop<Authentication>(m.options); }).to_bytes(),
       ClientDrop::kReconfigureRefused},
      {"wrong digest", bad_digest, ClientDrop::kReconfigureUnproven},
      {"other key", proven(good, Authentication::Key{}), ClientDrop::kReconfigureUnproven},
      {"a key instead of a digest", without([](Message& m) {
                                      *find<Authentication>(m.options) =
                                          Authentication::with_reconfigure_key(kKey, 101);
                                    }).to_bytes(),
       ClientDrop::kReconfigureUnproven},
      {"replayed", proven(reconfigure(id, MessageType::kRenew, 100)),
       ClientDrop::kReconfigureReplayed},
      {"other server", proven(reconfigure(test_duid(6), MessageType::kRenew, 101)),
       ClientDrop::kReconfigureRefused},
  };
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  const std::size_t sent = run.sent.size();
  for (const Variant& variant : variants) {
    SCOPED_TRACE(variant.name);
    const std::uint64_t before = run.client.counters()[variant.reason];
    run.deliver(variant.bytes, variant.arrival);
    EXPECT_EQ(run.client.counters()[variant.reason], before + 1);
    EXPECT_EQ(run.client.state(), ClientState::kBound);
  }
  run.run_for(seconds(5));
  EXPECT_EQ(run.sent.size(), sent);

  run.deliver(proven(reconfigure(id, MessageType::kRenew, 101)));
  EXPECT_EQ(run.last().type, MessageType::kRenew);
  ASSERT_TRUE(run.run_to(ClientState::kBound, seconds(5)));
  run.deliver(proven(reconfigure(id, MessageType::kRenew, 101)));  // again: replayed
  EXPECT_EQ(run.client.state(), ClientState::kBound);
  run.deliver(proven(reconfigure(id, MessageType::kRebind, 102)));
  EXPECT_EQ(run.last().type, MessageType::kRebind);
  ASSERT_TRUE(run.run_to(ClientState::kBound, seconds(5)));
  run.deliver(proven(reconfigure(id, MessageType::kInformationRequest, 103)));
  run.run_for(seconds(2));
  EXPECT_EQ(run.last().type, MessageType::kInformationRequest);
  EXPECT_EQ(find<ServerId>(run.last().options)->duid, id);  // section 18.2.6
  EXPECT_EQ(run.client.state(), ClientState::kBound);
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
}

TEST(Conformance, Row_8415_C_39_OneReconfigureAtATimeAndFailureCostsNothing) {
  TestServer server = reconfiguring_server();
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  const Lease before = run.lease();
  server.silent = true;
  run.deliver(proven(reconfigure(server.duid, MessageType::kRenew, 101)));
  run.deliver(proven(reconfigure(server.duid, MessageType::kRenew, 102)));
  EXPECT_EQ(run.of(MessageType::kRenew).size(), 1U);
  EXPECT_EQ(run.client.counters()[ClientDrop::kReconfigureBusy], 1U);
  run.run_for(minutes(10));
  EXPECT_EQ(run.lease().prefixes, before.prefixes);
  EXPECT_EQ(run.lease().addresses, before.addresses);
}

TEST(Conformance, Row_8415_C_51_AnotherLinkLocalAddressRenewsWhenReconfigureIsNegotiated) {
  TestServer server = reconfiguring_server();
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  run.client.source_address_changed(run.now);
  run.run_for(seconds(1));
  EXPECT_EQ(run.of(MessageType::kRenew).size(), 1U);

  TestServer plain = good_server();
  ClientRun other(both());
  other.servers = {&plain};
  ASSERT_TRUE(other.bind());
  other.client.source_address_changed(other.now);
  other.run_for(seconds(1));
  EXPECT_TRUE(other.of(MessageType::kRenew).empty());
}

TEST(Client, TheKeySurvivesARestartWithTheLease) {
  TestServer server = reconfiguring_server();
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  ASSERT_TRUE(run.lease().reconfigure_key);
  EXPECT_EQ(run.lease().reconfigure_key->key, kKey);
  ClientRun again(both(), 2);
  again.servers = {&server};
  again.client.start_stateful(run.lease(), again.now);
  ASSERT_TRUE(again.run_to(ClientState::kBound));
  again.deliver(proven(reconfigure(server.duid, MessageType::kRenew, 101)));
  EXPECT_EQ(again.last().type, MessageType::kRenew);
  EXPECT_EQ(again.lease().reconfigure_key->replay_value, 101U);
}

TEST(Client, WithoutConsentNothingIsAcceptedAndTheKeyNotKept) {
  ClientParameters parameters = both();
  parameters.accept_reconfigure = false;
  TestServer server = reconfiguring_server();
  ClientRun run(parameters);
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  for (const Sent& one : run.sent) EXPECT_FALSE(contains<ReconfigureAccept>(one.message.options));
  EXPECT_FALSE(run.lease().reconfigure_key);
  run.deliver(proven(reconfigure(server.duid, MessageType::kRenew, 101)));
  EXPECT_EQ(run.client.state(), ClientState::kBound);
  EXPECT_EQ(run.client.counters()[ClientDrop::kReconfigureRefused], 1U);
}

TEST(Client, StatelessReconfigureAsksForInformation) {
  TestServer server = reconfiguring_server();
  ClientRun run(both());
  run.servers = {&server};
  run.client.start_stateless({}, run.now);
  ASSERT_TRUE(run.run_to(ClientState::kInformed));
  run.deliver(proven(reconfigure(server.duid, MessageType::kRenew, 101)));
  EXPECT_EQ(run.client.state(), ClientState::kInformed);
  run.deliver(proven(reconfigure(server.duid, MessageType::kInformationRequest, 102)));
  run.run_for(seconds(2));
  EXPECT_EQ(run.of(MessageType::kInformationRequest).size(), 2U);
  EXPECT_EQ(run.client.state(), ClientState::kInformed);
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
