// SPDX-License-Identifier: Apache-2.0
// Settings: what the link has, and what is kept for one client instead.
#include "server_run.h"

namespace sixgate::dhcp6::testing {
namespace {

Message information_request(unsigned client, std::vector<std::uint16_t> codes) {
  return message_of(
      {.type = MessageType::kInformationRequest, .client = client, .options = std::move(codes)});
}

std::string text_of(const Message& message, std::uint16_t code) {
  for (const Option& option : message.options) {
    const auto* raw = std::get_if<UnknownOption>(&option);
    if (raw != nullptr && raw->code == code) return {raw->bytes.begin(), raw->bytes.end()};
  }
  return {};
}

UnknownOption text_option(std::uint16_t code, std::string_view text) {
  return {code, Octets(text.begin(), text.end())};
}

TEST(ServerOptions, WhatIsKeptForAClientTakesThePlaceOfTheLinks) {
  ServerRun run;
  run.home().options.push_back(text_option(59, "tftp://link/boot"));
  run.home().reservations = {
      {.duid = client_duid(5),
       .options = {DnsServers{{address("2001:db8:5::53")}}, text_option(59, "tftp://own/boot"),
                   SolMaxRt{seconds(90)}},
       .information_refresh = Lifetime(700)}};
  run.configure();
  const std::vector<std::uint16_t> codes{23, 24, 32, 59, 82};
  const auto own = run.ask(information_request(5, codes), "home", client_address(5));
  ASSERT_TRUE(own);
  EXPECT_EQ(*find<DnsServers>(own->options), (DnsServers{{address("2001:db8:5::53")}}));
  EXPECT_TRUE(contains<DomainSearchList>(own->options)) << "the link's, where it has none";
  EXPECT_EQ(find<InformationRefreshTime>(own->options)->time, Lifetime(700));
  EXPECT_EQ(text_of(*own, 59), "tftp://own/boot");
  EXPECT_EQ(find<SolMaxRt>(own->options)->value, seconds(90));
  EXPECT_EQ(find_all<DnsServers>(own->options).begin()->addresses.size(), 1U);
  const auto other = run.ask(information_request(6, codes), "home", client_address(6));
  ASSERT_TRUE(other);
  EXPECT_EQ(*find<DnsServers>(other->options), (DnsServers{{address("2001:db8:1::53")}}));
  EXPECT_EQ(find<InformationRefreshTime>(other->options)->time, Lifetime(5400));
  EXPECT_EQ(text_of(*other, 59), "tftp://link/boot");
  EXPECT_FALSE(contains<SolMaxRt>(other->options));
  // RFC 9915 section 21.7: what nobody asks for is not said.
  const auto unasked = run.ask(information_request(5, {24}), "home", client_address(5));
  ASSERT_TRUE(unasked);
  EXPECT_FALSE(contains<DnsServers>(unasked->options));
}

TEST(ServerOptions, OneIaIsEnoughToKnowTheClientBy) {
  ServerRun run;
  run.home().reservations = {
      {.duid = client_duid(5), .iaid = 7, .options = {text_option(59, "tftp://own/boot")}}};
  run.configure();
  Asked asked{.client = 5, .addresses = {ia_na(1), ia_na(7)}, .options = {59}};
  const auto with = run.four_way(asked);
  ASSERT_TRUE(with);
  EXPECT_EQ(text_of(*with, 59), "tftp://own/boot");
  asked.addresses = {ia_na(1)};
  const auto without = run.four_way(asked);
  ASSERT_TRUE(without);
  EXPECT_EQ(text_of(*without, 59), "");
}

TEST(ServerOptions, WhoseReservationChangesIsToldAndNobodyElse) {
  ServerRun run;
  for (const unsigned client : {5U, 6U}) {
    Asked asked{.client = client, .addresses = {ia_na(1)}};
    asked.accepts_reconfigure = true;
    ASSERT_TRUE(run.four_way(asked));
  }
  run.packets.clear();
  run.home().reservations = {
      {.duid = client_duid(5), .options = {DnsServers{{address("2001:db8:5::53")}}}}};
  run.configure();
  run.run_for(seconds(1));
  ASSERT_EQ(run.packets.size(), 1U);
  EXPECT_EQ(run.packets[0].destination, client_address(5));
  EXPECT_EQ(Message::parse(run.packets[0].payload)->type, MessageType::kReconfigure);
}

TEST(ServerOptions, APrefixThatIsGivenBackInPartIsAnEvent) {
  ServerRun run;
  run.home().spaces.push_back({.prefix = prefix("fd00:1::/56")});
  run.configure();
  Asked asked{.prefixes = {ia_pd(1)}};
  const auto reply = run.four_way(asked);
  ASSERT_TRUE(reply);
  const std::vector<Prefix> given = prefixes_in(*reply);
  ASSERT_EQ(given.size(), 2U);
  Asked release{.type = MessageType::kRelease, .server = run.configuration.duid};
  release.prefixes = {ia_pd(1, {given[0]})};
  ASSERT_TRUE(run.ask(release));
  EXPECT_EQ(run.events.back().kind, LeaseEvent::Kind::kReleased);
  EXPECT_EQ(run.events.back().leases, std::vector<Prefix>{given[0]});
  EXPECT_EQ(run.server->delegations().size(), 1U);
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
