// SPDX-License-Identifier: Apache-2.0
// Addresses that hosts made themselves and tell the server of (RFC 9686), and what clients are called (RFC 4704).
#include <gtest/gtest.h>

#include "server_run.h"

namespace sixgate::dhcp6 {
namespace {

using testing::Asked;
using testing::client_duid;
using testing::ia_na;
using testing::ia_pd;
using testing::kStart;
using testing::ServerRun;

constexpr std::uint16_t kEnable = 148;
const Ip6Address kOwn = *Ip6Address::parse("2001:db8:1::aaaa:1");

Message inform(unsigned client, const Ip6Address& address, std::uint32_t valid = 3600) {
  Message message{.type = MessageType::kAddrRegInform, .transaction_id = 0x42, .options = {}};
  message.options.push_back(ClientId{client_duid(client)});
  message.options.push_back(IaAddress{.address = address,
                                      .preferred = Lifetime(valid / 2),
                                      .valid = Lifetime(valid),
                                      .options = {}});
  return message;
}

ClientFqdn called(const char* name, std::uint8_t flags = ClientFqdn::kServerUpdates) {
  return {.flags = flags, .name = *DomainName::parse(name)};
}

TEST(Conformance, Row_9686_01_TheOptionIsThereForWhoAsks) {
  ServerRun run;
  for (const bool on : {true, false}) {
    run.home().registers = on;
    run.configure();
    const auto with = run.ask(Asked{.addresses = {ia_na(1)}, .options = {23, kEnable}});
    ASSERT_TRUE(with);
    unsigned found = 0;
    for (const UnknownOption& one : find_all<UnknownOption>(with->options)) {
      EXPECT_EQ(one.code, kEnable);
      EXPECT_TRUE(one.bytes.empty());
      ++found;
    }
    EXPECT_EQ(found, on ? 1U : 0U);
    const auto without = run.ask(Asked{.addresses = {ia_na(1)}, .options = {23}});
    ASSERT_TRUE(without);
    EXPECT_FALSE(contains<UnknownOption>(without->options));
  }
}

TEST(Conformance, Row_9686_02_InformThatIsNotWhatItShouldBeIsDiscarded) {
  ServerRun run;
  Message message = inform(1, kOwn);
  message.options.erase(message.options.begin());
  EXPECT_FALSE(run.ask(message, "home", kOwn));
  EXPECT_EQ(run.drops(ServerDrop::kNoClientId), 1U);
  message = inform(1, kOwn);
  message.options.push_back(ServerId{*run.configuration.duid});
  EXPECT_FALSE(run.ask(message, "home", kOwn));
  EXPECT_EQ(run.drops(ServerDrop::kUnexpectedServerId), 1U);
  message = inform(1, kOwn);
  message.options.pop_back();
  EXPECT_FALSE(run.ask(message, "home", kOwn));
  EXPECT_EQ(run.drops(ServerDrop::kNotItsAddress), 1U);
  message = inform(1, kOwn);
  message.options.push_back(OptionRequest{{23}});
  EXPECT_FALSE(run.ask(message, "home", kOwn));
  EXPECT_EQ(run.drops(ServerDrop::kUnexpectedOro), 1U);
  EXPECT_FALSE(run.ask(inform(1, kOwn), "home", *Ip6Address::parse("2001:db8:1::aaaa:2")));
  EXPECT_EQ(run.drops(ServerDrop::kNotItsAddress), 2U);
  EXPECT_TRUE(run.server->table().registrations().all().empty());
}

TEST(Conformance, Row_9686_03_AnAddressFromElsewhereIsNotRegistered) {
  ServerRun run;
  const Ip6Address foreign = *Ip6Address::parse("2001:db8:bad::1");
  EXPECT_FALSE(run.ask(inform(1, foreign), "home", foreign));
  EXPECT_TRUE(run.server->table().registrations().all().empty());
  ASSERT_FALSE(run.log.empty());
  EXPECT_NE(run.log.back().text.find("of no prefix of this link"), std::string::npos);
  // Inside a prefix that this client was delegated it is welcome, and for another it is not.
  const auto given = run.ask(Asked{.prefixes = {ia_pd(1)}, .rapid_commit = true});
  ASSERT_TRUE(given);
  const Prefix delegated = testing::prefixes_in(*given).at(0);
  const Ip6Address inner = Ip6Address::from_halves(delegated.address().high(), 0x1234);
  EXPECT_FALSE(run.ask(inform(2, inner), "home", inner));
  EXPECT_TRUE(run.ask(inform(1, inner), "home", inner));
}

TEST(Conformance, Row_9686_04_TheAnswerRepeatsWhatWasRegistered) {
  ServerRun run;
  const Message asked = inform(1, kOwn);
  const auto said = run.ask(asked, "home", kOwn);  // checks that it goes to the registered address
  ASSERT_TRUE(said);
  EXPECT_EQ(said->type, MessageType::kAddrRegReply);
  EXPECT_EQ(said->transaction_id, asked.transaction_id);
  ASSERT_NE(find<IaAddress>(said->options), nullptr);
  EXPECT_EQ(*find<IaAddress>(said->options), *find<IaAddress>(asked.options));
}

TEST(ServerRegistrations, ThroughARelayAgentItIsTheClientsOwnAddress) {
  ServerRun run;
  RelayedExchange exchange{.relays = {}, .inner = {}, .message = inform(1, kOwn)};
  exchange.relays.push_back(
      {.link_address = *Ip6Address::parse("2001:db8:1::9"), .peer_address = kOwn, .options = {}});
  const auto ask = [&] {
    std::vector<std::uint8_t> bytes;
    ByteWriter writer(bytes);
    EXPECT_TRUE(exchange.emit(writer));
    (void)run.ask(bytes, "guests", *Ip6Address::parse("fe80::9"), *Ip6Address::parse("fe80::1"));
    return run.packets.empty() ? std::nullopt
                               : std::optional(RelayedExchange::parse(run.packets[0].payload));
  };
  const auto said = ask();
  ASSERT_TRUE(said && *said);
  EXPECT_EQ((*said)->message.type, MessageType::kAddrRegReply);
  EXPECT_NE(run.server->table().registrations().find(kOwn), nullptr);
  exchange.relays[0].peer_address = *Ip6Address::parse("2001:db8:1::bad");
  EXPECT_FALSE(ask()) << "from another address than it is about";
}

TEST(Conformance, Row_9686_05_ARegistrationIsLoggedUpdatedAndTakenOver) {
  ServerRun run;
  ASSERT_TRUE(run.ask(inform(1, kOwn), "home", kOwn));
  EXPECT_NE(run.log.back().text.find("is registered"), std::string::npos);
  const auto* known = run.server->table().registrations().find(kOwn);
  ASSERT_NE(known, nullptr);
  EXPECT_EQ(known->until, kStart + seconds(3600));
  run.run_for(seconds(100));
  ASSERT_TRUE(run.ask(inform(1, kOwn, 7200), "home", kOwn));
  EXPECT_EQ(run.server->table().registrations().find(kOwn)->until, kStart + seconds(7300));
  run.log.clear();
  ASSERT_TRUE(run.ask(inform(2, kOwn, 7200), "home", kOwn));
  ASSERT_FALSE(run.log.empty());
  EXPECT_EQ(run.log.front().level, LogLevel::kWarning);
  EXPECT_EQ(run.server->table().registrations().find(kOwn)->duid, client_duid(2));
  const auto before = run.server->table().registrations().all();
  run.begin();
  EXPECT_EQ(run.server->table().registrations().all(), before) << "over a crash";
}

TEST(Conformance, Row_9686_06_ARegisteredAddressIsNotLeased) {
  ServerRun run;
  run.home().range = {0x1000, 0x1001};
  run.configure();
  const Ip6Address taken = *Ip6Address::parse("2001:db8:1::1000");
  ASSERT_TRUE(run.ask(inform(9, taken), "home", taken));
  for (unsigned client = 1; client < 4; ++client) {
    const auto offered = run.ask(Asked{.client = client, .addresses = {ia_na(1, {taken})}});
    ASSERT_TRUE(offered);
    for (const Ip6Address& one : testing::addresses_in(*offered)) EXPECT_NE(one, taken);
  }
  // And what is leased is not registered.
  const auto leased = run.ask(Asked{.client = 1, .addresses = {ia_na(1)}, .rapid_commit = true});
  ASSERT_TRUE(leased);
  const Ip6Address address = testing::addresses_in(*leased).at(0);
  EXPECT_FALSE(run.ask(inform(1, address), "home", address));
}

TEST(Conformance, Row_9686_07_LifetimeZeroAndTheEndTakeItAway) {
  ServerRun run;
  ASSERT_TRUE(run.ask(inform(1, kOwn), "home", kOwn));
  ASSERT_TRUE(run.ask(inform(1, kOwn, 0), "home", kOwn));
  EXPECT_EQ(run.server->table().registrations().find(kOwn), nullptr);
  run.begin();
  EXPECT_EQ(run.server->table().registrations().find(kOwn), nullptr) << "over a crash";
  ASSERT_TRUE(run.ask(inform(1, kOwn), "home", kOwn));
  run.run_for(seconds(3599));
  EXPECT_NE(run.server->table().registrations().find(kOwn), nullptr);
  run.run_for(seconds(2));
  EXPECT_EQ(run.server->table().registrations().find(kOwn), nullptr);
}

TEST(Registrations, ThereIsAnEndToThem) {
  ServerRun run;
  for (std::uint64_t i = 0; i < Registrations::kMost + 10; ++i) {
    const Ip6Address address = Ip6Address::from_halves(kOwn.high(), 0x10000 + i);
    EXPECT_TRUE(run.ask(inform(1, address), "home", address)) << "answered in any case";
  }
  EXPECT_EQ(run.server->table().registrations().all().size(), Registrations::kMost);
}

TEST(Conformance, Row_8415_S_36_ClientsHearWhatTheyAreCalled) {
  ServerRun run;
  const auto ask = [&](const ClientFqdn& fqdn, bool requested) {
    Message message = message_of(Asked{.options = {23}, .rapid_commit = true});
    message.options.push_back(ia_na(1));
    message.options.push_back(fqdn);
    if (requested) find<OptionRequest>(message.options)->codes.push_back(ClientFqdn::kCode);
    const auto said = run.ask(message);
    EXPECT_TRUE(said);
    const ClientFqdn* found = said ? find<ClientFqdn>(said->options) : nullptr;
    return found == nullptr ? std::optional<ClientFqdn>() : std::optional(*found);
  };
  // RFC 4704 section 6: only when it is requested.
  EXPECT_FALSE(ask(called("nas"), false));
  // Nothing is published here: the wish is overridden, and N is honoured.
  auto said = ask(called("nas"), true);
  ASSERT_TRUE(said);
  EXPECT_EQ(said->flags, ClientFqdn::kOverridden);
  said = ask(called("nas", ClientFqdn::kNoServerUpdate), true);
  ASSERT_TRUE(said);
  EXPECT_EQ(said->flags, ClientFqdn::kNoServerUpdate);
  run.home().domain = DomainName::parse("home.arpa");
  run.configure();
  said = ask(called("nas"), true);
  ASSERT_TRUE(said);
  EXPECT_EQ(said->flags, ClientFqdn::kServerUpdates);
  EXPECT_EQ(said->name, *DomainName::parse("nas.home.arpa"));
  EXPECT_FALSE(said->partial);
  said = ask(called("nas", 0), true);
  ASSERT_TRUE(said);
  EXPECT_EQ(said->flags, ClientFqdn::kServerUpdates | ClientFqdn::kOverridden);
  ASSERT_EQ(run.server->named_addresses().size(), 1U);
  EXPECT_EQ(run.server->named_addresses()[0].name, "nas");
}

TEST(ServerNames, AReservedNameIsNobodyElses) {
  ServerRun run;
  run.home().domain = DomainName::parse("home.arpa");
  run.home().reservations = {{.duid = client_duid(7), .name = "nas"}};
  run.configure();
  Message message = message_of(Asked{.rapid_commit = true});
  message.options.push_back(ia_na(1));
  message.options.push_back(called("NAS"));
  ASSERT_TRUE(run.ask(message));
  EXPECT_TRUE(run.server->named_addresses().empty());
  ASSERT_TRUE(run.ask(Asked{.client = 7, .addresses = {ia_na(1)}, .rapid_commit = true}));
  ASSERT_EQ(run.server->named_addresses().size(), 1U);
  EXPECT_EQ(run.server->named_addresses()[0].name, "nas");
}

TEST(ServerNames, AReservationMayBeForAHostname) {
  ServerRun run;
  run.home().reservations = {{.hostname = "nas", .interface_id = 0x77}};
  run.configure();
  Message message = message_of(Asked{.rapid_commit = true});
  message.options.push_back(ia_na(1));
  message.options.push_back(called("NAS"));
  const auto said = run.ask(message);
  ASSERT_TRUE(said);
  EXPECT_EQ(testing::addresses_in(*said).at(0), *Ip6Address::parse("2001:db8:1::77"));
}

TEST(ServerReservations, ASubnetIsKeptForItsRouter) {
  ServerRun run;
  run.home().reservations = {{.duid = client_duid(7), .subnet = 0x40}};
  run.home().shortest_delegation = 60;
  run.configure();
  const Prefix kept = *Prefix::parse("2001:db8:1:40::/64");
  const auto others = run.ask(Asked{.prefixes = {ia_pd(1, {kept})}, .rapid_commit = true});
  ASSERT_TRUE(others);
  EXPECT_FALSE(testing::prefixes_in(*others).at(0).overlaps(kept));
  const auto mine = run.ask(
      Asked{.client = 7, .prefixes = {ia_pd(1, {Prefix(Ip6Address(), 60)})}, .rapid_commit = true});
  ASSERT_TRUE(mine);
  EXPECT_EQ(testing::prefixes_in(*mine).at(0), *Prefix::parse("2001:db8:1:40::/60"));
}

}  // namespace
}  // namespace sixgate::dhcp6
