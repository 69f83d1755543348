// SPDX-License-Identifier: Apache-2.0
// A link with less than a /64: addresses are the prefix and the bits that it leaves to hosts.
#include <gtest/gtest.h>

#include <set>

#include "server_run.h"

namespace sixgate::dhcp6 {
namespace {

using testing::address;
using testing::addresses_in;
using testing::Asked;
using testing::client_duid;
using testing::ia_na;
using testing::prefix;
using testing::ServerRun;
using testing::status_in;

const char* const kPart = "2001:db8:1:0:100::/72";

class SplitServer : public ::testing::Test {
 protected:
  SplitServer() { part(kPart); }
  void part(const char* text) {
    const Prefix on_link = prefix(text);
    run.home().prefixes = {{on_link}};
    run.home().in_use = {on_link.with_suffix(address("::1000"))};
    run.configure();
  }
  ServerRun run;
};

TEST_F(SplitServer, AddressesLieInThePartOfTheLink) {
  std::set<Ip6Address> given;
  for (unsigned client = 1; client <= 40; ++client) {
    const auto reply = run.four_way({.client = client, .addresses = {ia_na(1)}});
    ASSERT_TRUE(reply);
    ASSERT_EQ(addresses_in(*reply).size(), 1U);
    const Ip6Address mine = addresses_in(*reply)[0];
    EXPECT_TRUE(prefix(kPart).contains(mine)) << mine.to_string();
    EXPECT_TRUE(run.home().range.contains(prefix(kPart).interface_id(mine))) << mine.to_string();
    EXPECT_TRUE(given.insert(mine).second);
    EXPECT_NE(mine, run.home().in_use[0]);
  }
}

TEST_F(SplitServer, WhatWasGivenIsKeptOverRenewalAndRestart) {
  const auto reply = run.four_way({.addresses = {ia_na(1)}});
  ASSERT_TRUE(reply);
  const auto mine = addresses_in(*reply);
  EXPECT_EQ(addresses_in(*run.renew(*reply)), mine);
  run.begin();
  EXPECT_EQ(run.reading.rotten, 0U);
  const auto again = run.renew(*reply);
  ASSERT_TRUE(again);
  EXPECT_EQ(addresses_in(*again), mine);
  EXPECT_TRUE(addresses_in(*again, false).empty());
  // A Request names it and gets it.
  const auto requested = run.ask(Asked{.type = MessageType::kRequest,
                                       .server = run.configuration.duid,
                                       .addresses = {ia_na(1, mine)}});
  ASSERT_TRUE(requested);
  EXPECT_EQ(addresses_in(*requested), mine);
}

TEST_F(SplitServer, AnAddressOfTheNextPartIsNotOnThisLink) {
  const Ip6Address other = address("2001:db8:1:0:200::1234");
  const auto refused = run.ask(Asked{.type = MessageType::kRequest,
                                     .server = run.configuration.duid,
                                     .addresses = {ia_na(1, {other})}});
  ASSERT_TRUE(refused);
  EXPECT_EQ(status_in(*refused), Status::kNotOnLink);
  for (const auto& [where, status] :
       {std::pair(other, Status::kNotOnLink),
        std::pair(address("2001:db8:1:0:100::1234"), Status::kSuccess)}) {
    const auto confirmed =
        run.ask(Asked{.type = MessageType::kConfirm, .addresses = {ia_na(1, {where})}});
    ASSERT_TRUE(confirmed);
    EXPECT_EQ(status_of(confirmed->options), status) << where.to_string();
  }
}

// RFC 2526 section 2: in a prefix of another length the 128 highest are anycast.
TEST_F(SplitServer, TheLastAddressesOfAShortPoolAreNotGiven) {
  part("2001:db8:1::aaaa:0/112");
  run.home().range = {0xff7e, 0xffff};
  run.configure();
  std::set<Ip6Address> given;
  for (unsigned client = 1; client <= 3; ++client) {
    const auto reply = run.ask(Asked{.client = client, .addresses = {ia_na(1)}});
    ASSERT_TRUE(reply);
    const auto taken = run.four_way({.client = client, .addresses = {ia_na(1)}});
    if (!taken) continue;
    for (const Ip6Address& one : addresses_in(*taken)) given.insert(one);
  }
  EXPECT_EQ(given, (std::set<Ip6Address>{address("2001:db8:1::aaaa:ff7e"),
                                         address("2001:db8:1::aaaa:ff7f")}));
}

TEST_F(SplitServer, AReservationThatDoesNotFitHereIsNotKept) {
  run.home().reservations = {{.duid = client_duid(1), .interface_id = 0x10'0000'0000'0000'01}};
  run.configure();
  const auto reply = run.four_way({.addresses = {ia_na(1)}});
  ASSERT_TRUE(reply);
  ASSERT_EQ(addresses_in(*reply).size(), 1U);
  EXPECT_TRUE(prefix(kPart).contains(addresses_in(*reply)[0]));
  run.home().reservations = {{.duid = client_duid(1), .interface_id = 0x77}};
  run.configure();
  EXPECT_EQ(addresses_in(*run.renew(*reply)), std::vector{address("2001:db8:1:0:100::77")});
}

TEST_F(SplitServer, AnotherLengthMovesTheLease) {
  const auto reply = run.four_way({.addresses = {ia_na(1)}});
  ASSERT_TRUE(reply);
  const Ip6Address before = addresses_in(*reply).at(0);
  const std::uint64_t id = prefix(kPart).interface_id(before);
  part("2001:db8:2:0:300::/80");
  const auto renewed = run.renew(*reply);
  ASSERT_TRUE(renewed);
  EXPECT_EQ(
      addresses_in(*renewed),
      std::vector{prefix("2001:db8:2:0:300::/80").with_suffix(Ip6Address::from_halves(0, id))});
  EXPECT_EQ(addresses_in(*renewed, false), std::vector{before});
}

// Beside a whole /64 the identifier is the same under both.
TEST_F(SplitServer, OneIdentifierUnderPrefixesOfEveryLength) {
  run.home().prefixes.push_back({prefix("fd12:3456:789a:1::/64")});
  run.configure();
  const auto reply = run.four_way({.addresses = {ia_na(1)}});
  ASSERT_TRUE(reply);
  const auto both = addresses_in(*reply);
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(prefix(kPart).interface_id(both[0]), both[1].low());
  run.begin();
  EXPECT_EQ(addresses_in(*run.renew(*reply)), both);
}

TEST_F(SplitServer, WhatAHostRegistersIsNotLeased) {
  const auto first = run.ask(Asked{.addresses = {ia_na(1)}});
  ASSERT_TRUE(first);
  const Ip6Address wanted = addresses_in(*first).at(0);
  Message inform{.type = MessageType::kAddrRegInform, .transaction_id = 7, .options = {}};
  inform.options.push_back(ClientId{client_duid(2)});
  inform.options.push_back(IaAddress{
      .address = wanted, .preferred = Lifetime(600), .valid = Lifetime(900), .options = {}});
  ASSERT_TRUE(run.ask(inform, "home", wanted));
  const auto second = run.ask(Asked{.addresses = {ia_na(1)}});
  ASSERT_TRUE(second);
  EXPECT_NE(addresses_in(*second).at(0), wanted);
  // What is leased is not for anybody to register.
  const auto leased = run.four_way({.client = 3, .addresses = {ia_na(1)}});
  ASSERT_TRUE(leased);
  std::get<IaAddress>(inform.options[1]).address = addresses_in(*leased).at(0);
  EXPECT_FALSE(run.ask(inform, "home", addresses_in(*leased).at(0)));
}

}  // namespace
}  // namespace sixgate::dhcp6
