// SPDX-License-Identifier: Apache-2.0
// What the server takes, and the shape of what it writes (RFC 9915 sections 16, 18.3).
#include "server_run.h"

namespace sixgate::dhcp6::testing {
namespace {

template <class T>
void drop(Message& message) {
  std::erase_if(message.options, [](const Option& o) { return std::holds_alternative<T>(o); });
}

TEST(Conformance, Row_8415_S_02_EveryAnswerNamesServerAndClientAndRepeatsTheTransaction) {
  ServerRun run;
  for (const MessageType type :
       {MessageType::kSolicit, MessageType::kRequest, MessageType::kRenew, MessageType::kRebind,
        MessageType::kInformationRequest, MessageType::kRelease, MessageType::kDecline}) {
    SCOPED_TRACE(to_string(type));
    Asked asked{.type = type};
    if (type != MessageType::kInformationRequest) asked.addresses = {ia_na(1)};
    if (type != MessageType::kSolicit && type != MessageType::kRebind)
      asked.server = run.configuration.duid;
    const auto said = run.ask(asked);
    ASSERT_TRUE(said);
    EXPECT_EQ(said->type,
              type == MessageType::kSolicit ? MessageType::kAdvertise : MessageType::kReply);
    EXPECT_EQ(said->transaction_id, 0x123456U);
    ASSERT_NE(find_single<ServerId>(said->options), nullptr);
    EXPECT_EQ(find_single<ServerId>(said->options)->duid, test_duid(1));
    ASSERT_NE(find_single<ClientId>(said->options), nullptr);
    EXPECT_EQ(find_single<ClientId>(said->options)->duid, client_duid(1));
  }
}

void expect_dropped(MessageType type, std::optional<Duid> server, bool with_client,
                    ServerDrop reason) {
  ServerRun run;
  SCOPED_TRACE(to_string(type));
  Asked asked{.type = type, .server = std::move(server), .addresses = {ia_na(1)}};
  Message message = message_of(asked);
  if (!with_client) drop<ClientId>(message);
  EXPECT_FALSE(run.ask(message));
  EXPECT_EQ(run.drops(reason), 1U);
  EXPECT_EQ(run.server->table().binding_count(), 0U);
}

TEST(Conformance, Row_8415_S_04_SolicitWithoutClientIdOrWithServerIdIsDiscarded) {
  expect_dropped(MessageType::kSolicit, {}, false, ServerDrop::kNoClientId);
  expect_dropped(MessageType::kSolicit, test_duid(1), true, ServerDrop::kUnexpectedServerId);
}

TEST(Conformance, Row_8415_S_05_RequestNeedsOurServerIdAndAClientId) {
  expect_dropped(MessageType::kRequest, {}, true, ServerDrop::kNoServerId);
  expect_dropped(MessageType::kRequest, test_duid(2), true, ServerDrop::kOtherServerId);
  expect_dropped(MessageType::kRequest, test_duid(1), false, ServerDrop::kNoClientId);
}

TEST(Conformance, Row_8415_S_06_ConfirmAndRebindAreForEveryServer) {
  for (const MessageType type : {MessageType::kConfirm, MessageType::kRebind}) {
    expect_dropped(type, {}, false, ServerDrop::kNoClientId);
    expect_dropped(type, test_duid(1), true, ServerDrop::kUnexpectedServerId);
  }
}

TEST(Conformance, Row_8415_S_07_RenewDeclineAndReleaseNeedOurServerIdAndAClientId) {
  for (const MessageType type :
       {MessageType::kRenew, MessageType::kDecline, MessageType::kRelease}) {
    expect_dropped(type, {}, true, ServerDrop::kNoServerId);
    expect_dropped(type, test_duid(2), true, ServerDrop::kOtherServerId);
    expect_dropped(type, test_duid(1), false, ServerDrop::kNoClientId);
  }
}

TEST(Conformance, Row_8415_S_08_InformationRequestForOthersOrWithAnIaIsDiscarded) {
  expect_dropped(MessageType::kInformationRequest, test_duid(1), true, ServerDrop::kUnexpectedIa);
  expect_dropped(MessageType::kInformationRequest, test_duid(2), true, ServerDrop::kOtherServerId);
}

TEST(Conformance, Row_8415_S_09_MessagesThatAreNotForServersAreDiscarded) {
  ServerRun run;
  std::uint64_t refused = 0;
  for (const int type : {2, 7, 10, 13, 37}) {
    auto bytes = message_of({.addresses = {ia_na(1)}}).to_bytes();
    bytes[0] = static_cast<std::uint8_t>(type);
    EXPECT_FALSE(run.ask(bytes, "home", client_address(1)));
    EXPECT_EQ(run.drops(ServerDrop::kNotForServers), ++refused) << type;
  }
  refused = 0;
  for (const int type : {0, 14, 99, 255}) {
    auto bytes = message_of({.addresses = {ia_na(1)}}).to_bytes();
    bytes[0] = static_cast<std::uint8_t>(type);
    EXPECT_FALSE(run.ask(bytes, "home", client_address(1)));
    EXPECT_EQ(run.drops(ServerDrop::kUnknownType), ++refused) << type;
  }
}

TEST(Conformance, Row_8415_S_10_UnknownOptionsAreIgnoredAtEveryLevel) {
  ServerRun run;
  Asked asked{.addresses = {ia_na(1, {address("2001:db8:1::2222")})}};
  asked.addresses[0].options.push_back(UnknownOption{65000, {1, 2, 3}});
  Message message = message_of(asked);
  message.options.insert(message.options.begin(), UnknownOption{65001, {}});
  message.options.push_back(MalformedOption{6, {1}, {}});
  const auto said = run.ask(message);
  ASSERT_TRUE(said);
  EXPECT_EQ(addresses_in(*said).size(), 1U);
}

TEST(Conformance, Row_8415_S_11_UnicastFromClientsIsNotAccepted) {
  ServerRun run;
  const Message message = message_of({.addresses = {ia_na(1)}});
  EXPECT_FALSE(run.ask(message, "home", client_address(1), address("fe80::1")));
  EXPECT_EQ(run.drops(ServerDrop::kUnicast), 1U);
}

TEST(DhcpServer, AClientSpeaksFromItsLinkLocalAddress) {
  ServerRun run;
  EXPECT_FALSE(run.ask(message_of({.addresses = {ia_na(1)}}), "home", address("2001:db8:9::9")));
  EXPECT_EQ(run.drops(ServerDrop::kNotLinkLocal), 1U);
}

TEST(DhcpServer, WithoutADuidNobodyIsAnswered) {
  ServerRun run;
  run.configuration.duid.reset();
  run.configure();
  EXPECT_FALSE(run.ask(Asked{.addresses = {ia_na(1)}}));
  EXPECT_EQ(run.drops(ServerDrop::kNotReady), 1U);
}

TEST(Conformance, Row_8415_S_12_TheStatusOfAnIaStandsInTheIa) {
  ServerRun run;
  run.home().addresses = false;
  run.home().spaces.clear();
  run.configure();
  const auto said = run.ask(Asked{.addresses = {ia_na(1)}, .prefixes = {ia_pd(1)}});
  ASSERT_TRUE(said);
  EXPECT_FALSE(contains<StatusCode>(said->options));
  const IaNa* addresses = find<IaNa>(said->options);
  const IaPd* prefixes = find<IaPd>(said->options);
  ASSERT_TRUE(addresses != nullptr && prefixes != nullptr);
  EXPECT_EQ(status_of(addresses->options), Status::kNoAddrsAvail);
  EXPECT_EQ(status_of(prefixes->options), Status::kNoPrefixAvail);
  EXPECT_TRUE(addresses_in(*said).empty() && prefixes_in(*said).empty());
}

TEST(Conformance, Row_8415_S_13_PreferenceIsZeroUnlessConfigured) {
  ServerRun run;
  auto said = run.ask(Asked{.addresses = {ia_na(1)}});
  ASSERT_TRUE(said);
  EXPECT_FALSE(contains<Preference>(said->options));
  run.home().preference = 200;
  run.configure();
  said = run.ask(Asked{.addresses = {ia_na(1, {address("2001:db8:9::5")})}});
  ASSERT_TRUE(said);
  ASSERT_TRUE(contains<Preference>(said->options));
  EXPECT_EQ(find<Preference>(said->options)->value, 200);
  for (const Ip6Address& one : addresses_in(*said))
    EXPECT_TRUE(prefix("2001:db8:1::/64").contains(one))
        << "a hint that cannot be had is not there";
}

TEST(Conformance, Row_8415_S_16_TimesThatClientsSayAreIgnored) {
  ServerRun run;
  Asked asked{.addresses = {ia_na(1, {address("2001:db8:1::2222")})}};
  asked.addresses[0].t1 = Lifetime(1);
  std::get_if<IaAddress>(&asked.addresses[0].options[0])->valid = Lifetime(1'000'000'000);
  const auto said = run.four_way(asked);
  ASSERT_TRUE(said);
  const IaNa& ia = *find<IaNa>(said->options);
  EXPECT_EQ(ia.t1, Lifetime(1350));
  EXPECT_EQ(find<IaAddress>(ia.options)->valid, Lifetime(5400));
}

TEST(Conformance, Row_8415_S_23_InformationRequestIsAnsweredAlsoWithoutAClientId) {
  ServerRun run;
  Asked asked{.type = MessageType::kInformationRequest, .options = {23, 24}};
  const auto said = run.ask(asked);
  ASSERT_TRUE(said);
  EXPECT_TRUE(contains<ClientId>(said->options));
  EXPECT_TRUE(contains<DnsServers>(said->options) && contains<DomainSearchList>(said->options));
  Message anonymous = message_of(asked);
  drop<ClientId>(anonymous);
  const auto again = run.ask(anonymous);
  ASSERT_TRUE(again);
  EXPECT_FALSE(contains<ClientId>(again->options));
  EXPECT_TRUE(contains<DnsServers>(again->options));
}

TEST(Conformance, Row_8415_S_24_TheRefreshTimeIsSaidWhenAskedForAndOnlyThere) {
  ServerRun run;
  const auto said = run.ask(Asked{.type = MessageType::kInformationRequest, .options = {32}});
  ASSERT_TRUE(said && contains<InformationRefreshTime>(said->options));
  EXPECT_GE(find<InformationRefreshTime>(said->options)->time, Lifetime(600));
  EXPECT_FALSE(contains<InformationRefreshTime>(
      run.ask(Asked{.type = MessageType::kInformationRequest})->options));
  EXPECT_FALSE(contains<InformationRefreshTime>(
      run.ask(Asked{.addresses = {ia_na(1)}, .options = {32}})->options));
}

TEST(Conformance, Row_8415_S_30_OptionsComeWhenAskedForInTheOrderAskedForAndOnce) {
  ServerRun run;
  const auto said =
      run.ask(Asked{.type = MessageType::kInformationRequest, .options = {24, 23, 23, 999, 24}});
  ASSERT_TRUE(said);
  std::vector<std::uint16_t> codes;
  for (const Option& option : said->options) {
    const std::uint16_t code = option_code(option);
    if (code == 23 || code == 24) codes.push_back(code);
  }
  EXPECT_EQ(codes, (std::vector<std::uint16_t>{24, 23}));
  const auto nothing = run.ask(Asked{.type = MessageType::kInformationRequest});
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(contains<DnsServers>(nothing->options));
}

TEST(Conformance, Row_8415_S_32_RelayedMessagesAreAnsweredThroughTheSameRelays) {
  ServerRun run;
  const Message inner = message_of({.addresses = {ia_na(1)}});
  RelayedExchange exchange{.relays = {}, .inner = {}, .message = inner};
  exchange.relays.push_back({.hop_count = 1,
                             .link_address = {},
                             .peer_address = address("2001:db8:1:1::7"),
                             .options = {InterfaceId{{9, 9}}}});
  exchange.relays.push_back({.hop_count = 0,
                             .link_address = address("2001:db8:1:1::7"),
                             .peer_address = address("fe80::c"),
                             .options = {InterfaceId{{1, 2, 3}}}});
  std::vector<std::uint8_t> bytes;
  ByteWriter writer(bytes);
  ASSERT_TRUE(exchange.emit(writer));
  (void)run.ask(bytes, "home", address("fe80::7777"), address("fe80::1"));
  ASSERT_EQ(run.packets.size(), 1U);
  EXPECT_EQ(run.packets[0].port, kServerPort);
  const auto said = RelayedExchange::parse(run.packets[0].payload);
  ASSERT_TRUE(said);
  ASSERT_EQ(said->relays.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(said->relays[i].type, MessageType::kRelayReply);
    EXPECT_EQ(said->relays[i].hop_count, exchange.relays[i].hop_count);
    EXPECT_EQ(said->relays[i].link_address, exchange.relays[i].link_address);
    EXPECT_EQ(said->relays[i].peer_address, exchange.relays[i].peer_address);
    EXPECT_EQ(*find<InterfaceId>(said->relays[i].options),
              *find<InterfaceId>(exchange.relays[i].options));
  }
  EXPECT_EQ(said->message.type, MessageType::kAdvertise);
  // The link is the one of the relay that is nearest to the client (section 13.1).
  ASSERT_EQ(addresses_in(said->message).size(), 1U);
  EXPECT_TRUE(prefix("2001:db8:1:1::/64").contains(addresses_in(said->message)[0]));
}

// RFC 9915 section 7.6: HOP_COUNT_LIMIT is 8.
TEST(DhcpServer, AsManyRelayAgentsAsThereMayBe) {
  for (const std::size_t depth : {8U, 9U, 10U}) {
    ServerRun run;
    RelayedExchange exchange{
        .relays = {}, .inner = {}, .message = message_of({.addresses = {ia_na(1)}})};
    for (std::size_t i = depth; i-- > 0;) {
      exchange.relays.push_back({.hop_count = static_cast<std::uint8_t>(i),
                                 .link_address = i == 0 ? address("2001:db8:1:1::7") : Ip6Address(),
                                 .peer_address = address("fe80::c"),
                                 .options = {}});
    }
    std::vector<std::uint8_t> bytes;
    ByteWriter writer(bytes);
    if (!exchange.emit(writer)) continue;
    (void)run.ask(bytes, "home", address("fe80::7777"), address("fe80::1"));
    ASSERT_EQ(run.packets.size(), depth <= 9 ? 1U : 0U) << depth;
    if (depth > 9) continue;
    const auto said = RelayedExchange::parse(run.packets[0].payload);
    ASSERT_TRUE(said);
    EXPECT_EQ(said->relays.size(), depth);
    EXPECT_EQ(addresses_in(said->message).size(), 1U);
  }
}

// RFC 9915 section 21.5: "SHOULD ignore".
TEST(DhcpServer, TemporaryAddressesAreNotGivenAndHarmNothing) {
  ServerRun run;
  Message both = message_of({.addresses = {ia_na(1)}, .options = {12}});
  both.options.push_back(IaTa{.iaid = 1, .options = {}});
  const auto said = run.ask(both);
  ASSERT_TRUE(said);
  EXPECT_EQ(addresses_in(*said).size(), 1U);
  EXPECT_FALSE(contains<IaTa>(said->options));
  EXPECT_FALSE(std::any_of(said->options.begin(), said->options.end(), [](const Option& option) {
    return option_code(option) == 12;
  })) << "Server Unicast is no more, also for who asks for it";
  Message alone = message_of({});
  alone.options.push_back(IaTa{.iaid = 1, .options = {}});
  const auto nothing = run.ask(alone);
  ASSERT_TRUE(nothing);
  EXPECT_EQ(nothing->type, MessageType::kAdvertise);
  EXPECT_FALSE(contains<IaTa>(nothing->options) || contains<IaNa>(nothing->options));
}

TEST(DhcpServer, ARelayAgentThatSaysSoIsAnsweredAtItsOwnPort) {
  // RFC 8357: the outermost one speaks from port 10547, and the one below from 20547.
  ServerRun run;
  RelayedExchange exchange{
      .relays = {}, .inner = {}, .message = message_of({.addresses = {ia_na(1)}})};
  exchange.relays.push_back({.hop_count = 1,
                             .link_address = {},
                             .peer_address = address("2001:db8:1:1::7"),
                             .options = {RelaySourcePort{20547}}});
  exchange.relays.push_back({.hop_count = 0,
                             .link_address = address("2001:db8:1:1::7"),
                             .peer_address = address("fe80::c"),
                             .options = {RelaySourcePort{0}}});
  const auto ask = [&] {
    std::vector<std::uint8_t> bytes;
    ByteWriter writer(bytes);
    EXPECT_TRUE(exchange.emit(writer));
    run.packets.clear();
    run.server->receive("home", bytes, address("fe80::7777"), address("fe80::1"), run.now, 10547);
    run.settle();
  };
  ask();
  ASSERT_EQ(run.packets.size(), 1U);
  EXPECT_EQ(run.packets[0].port, 10547);
  EXPECT_EQ(run.packets[0].destination, address("fe80::7777"));
  const auto said = RelayedExchange::parse(run.packets[0].payload);
  ASSERT_TRUE(said && said->relays.size() == 2);
  EXPECT_EQ(find<RelaySourcePort>(said->relays[0].options)->downstream, 20547);
  EXPECT_EQ(find<RelaySourcePort>(said->relays[1].options)->downstream, 0);
  // Who only happens to speak from elsewhere listens where relay agents do.
  exchange.relays[0].options.clear();
  ask();
  ASSERT_EQ(run.packets.size(), 1U);
  EXPECT_EQ(run.packets[0].port, kServerPort);
  EXPECT_FALSE(
      contains<RelaySourcePort>(RelayedExchange::parse(run.packets[0].payload)->relays[0].options));
}

TEST(Conformance, Row_8415_S_27_TheLinkIsTheOneTheMessageCameFrom) {
  ServerRun run;
  const auto home = run.four_way({.addresses = {ia_na(1)}});
  const auto guests = run.four_way({.client = 2, .addresses = {ia_na(1)}}, "guests");
  ASSERT_TRUE(home && guests);
  EXPECT_TRUE(prefix("2001:db8:1::/64").contains(addresses_in(*home).at(0)));
  EXPECT_TRUE(prefix("2001:db8:1:1::/64").contains(addresses_in(*guests).at(0)));
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
