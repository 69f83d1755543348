// SPDX-License-Identifier: Apache-2.0
// Which leases clients get, keep and give back (RFC 9915 sections 13, 18.3; RFC 9818; RFC 8168).
#include <set>

#include "net/interface_id.h"
#include "server_run.h"

namespace sixgate::dhcp6::testing {
namespace {

const Asked kAddress{.addresses = {ia_na(1)}};
const Asked kPrefix{.prefixes = {ia_pd(1)}};

TEST(Conformance, Row_8415_S_14_RequestWithAnAddressThatIsNotOnTheLink) {
  ServerRun run;
  const auto said = run.ask(Asked{.type = MessageType::kRequest,
                                  .server = test_duid(1),
                                  .addresses = {ia_na(1, {address("2001:db8:bad::1")})}});
  ASSERT_TRUE(said);
  EXPECT_EQ(status_in(*said), Status::kNotOnLink);
  EXPECT_TRUE(addresses_in(*said).empty());
  EXPECT_EQ(run.server->table().binding_count(), 0U);
}

TEST(Conformance, Row_8415_S_15_T1AndT2AreTheSameInEveryIa) {
  ServerRun run;
  run.home().spaces[0].preferred_until = run.now + seconds(1000);
  run.home().spaces[0].valid_until = run.now + seconds(2000);
  run.configure();
  const auto said = run.four_way({.addresses = {ia_na(1), ia_na(2)}, .prefixes = {ia_pd(1)}});
  ASSERT_TRUE(said);
  int seen = 0;
  for (const IaNa& ia : find_all<IaNa>(said->options)) {
    EXPECT_EQ(ia.t1, Lifetime(500));
    EXPECT_EQ(ia.t2, Lifetime(800));
    ++seen;
  }
  for (const IaPd& ia : find_all<IaPd>(said->options)) {
    EXPECT_EQ(ia.t1, Lifetime(500));
    EXPECT_EQ(ia.t2, Lifetime(800));
    ++seen;
  }
  EXPECT_EQ(seen, 3);
}

TEST(Conformance, Row_8415_S_17_ARepeatedRequestIsAnsweredAfresh) {
  ServerRun run;
  run.home().prefixes[0].valid_until = run.now + seconds(3000);
  run.configure();
  const auto first = run.four_way(kAddress);
  ASSERT_TRUE(first);
  run.now = run.now + seconds(5);
  Asked again{.type = MessageType::kRequest, .server = test_duid(1)};
  again.addresses = {ia_na(1, addresses_in(*first))};
  const auto second = run.ask(again);
  ASSERT_TRUE(second);
  EXPECT_EQ(addresses_in(*first), addresses_in(*second));
  EXPECT_EQ(find<IaAddress>(find<IaNa>(second->options)->options)->valid, Lifetime(2995));
  EXPECT_EQ(run.server->table().binding_count(), 1U);
}

TEST(Conformance, Row_8415_S_18_ConfirmJudgesOnlyWhatItKnows) {
  ServerRun run;
  const auto confirm = [&](const std::vector<Ip6Address>& addresses) {
    return run.ask(Asked{.type = MessageType::kConfirm, .addresses = {ia_na(1, addresses)}});
  };
  const auto good = confirm({address("2001:db8:1::5")});
  ASSERT_TRUE(good);
  EXPECT_EQ(status_of(good->options), Status::kSuccess);
  const auto bad = confirm({address("2001:db8:1::5"), address("2001:db8:2::5")});
  ASSERT_TRUE(bad);
  EXPECT_EQ(status_of(bad->options), Status::kNotOnLink);
  EXPECT_FALSE(confirm({}));
  run.home().settled = false;  // the provider has not spoken yet
  run.configure();
  EXPECT_FALSE(confirm({address("2001:db8:2::5")}));
  EXPECT_TRUE(confirm({address("2001:db8:1::5")}));
}

TEST(Conformance, Row_8415_S_19_RenewExtendsAndTakesBack) {
  ServerRun run;
  const auto reply = run.four_way({.addresses = {ia_na(1)}, .prefixes = {ia_pd(7)}});
  ASSERT_TRUE(reply);
  run.run_for(seconds(1350));
  const auto renewed = run.renew(*reply);
  ASSERT_TRUE(renewed);
  EXPECT_EQ(addresses_in(*renewed), addresses_in(*reply));
  EXPECT_EQ(prefixes_in(*renewed), prefixes_in(*reply));
  EXPECT_EQ(find<IaAddress>(find<IaNa>(renewed->options)->options)->valid, Lifetime(5400));
  // What does not belong on the link is taken back, an IA nobody knows is made.
  const auto moved = run.ask(Asked{.type = MessageType::kRenew,
                                   .client = 2,
                                   .server = test_duid(1),
                                   .addresses = {ia_na(4, {address("2001:db8:2::5")})}});
  ASSERT_TRUE(moved);
  EXPECT_EQ(addresses_in(*moved, false), std::vector<Ip6Address>{address("2001:db8:2::5")});
  EXPECT_EQ(addresses_in(*moved).size(), 1U);
}

TEST(Conformance, Row_8415_S_20_RebindOfTheUnknown) {
  ServerRun run;
  const Asked lost{.type = MessageType::kRebind,
                   .addresses = {ia_na(1, {address("2001:db8:1::2345")})}};
  const Asked foreign{.type = MessageType::kRebind,
                      .addresses = {ia_na(1, {address("2001:db8:7::2345")})}};
  run.home().rapid_commit = false;
  run.configure();
  auto said = run.ask(lost);
  ASSERT_TRUE(said);
  EXPECT_EQ(status_in(*said), Status::kNoBinding);
  said = run.ask(foreign);
  ASSERT_TRUE(said);
  EXPECT_EQ(addresses_in(*said, false).size(), 1U);
  run.home().settled = false;
  run.configure();
  EXPECT_FALSE(run.ask(foreign)) << "a prefix that may yet come";
  run.home().settled = run.home().rapid_commit = true;
  run.configure();
  said = run.ask(lost);
  ASSERT_TRUE(said);
  EXPECT_EQ(addresses_in(*said), std::vector<Ip6Address>{address("2001:db8:1::2345")});
}

TEST(Conformance, Row_8415_S_21_ReleaseFreesWhatIsTheClients) {
  ServerRun run;
  const auto reply = run.four_way({.addresses = {ia_na(1)}, .prefixes = {ia_pd(1)}});
  ASSERT_TRUE(reply);
  const Ip6Address mine = addresses_in(*reply).at(0);
  const auto thief = run.ask(Asked{.type = MessageType::kRelease,
                                   .client = 2,
                                   .server = test_duid(1),
                                   .addresses = {ia_na(1, {mine})}});
  ASSERT_TRUE(thief);
  EXPECT_EQ(status_of(thief->options), Status::kSuccess);
  EXPECT_EQ(status_in(*thief), Status::kNoBinding);
  EXPECT_EQ(run.server->table().binding_count(), 2U);
  EXPECT_EQ(run.server->delegations().size(), 1U);
  const auto said = run.renew(*reply, 1, MessageType::kRelease);
  ASSERT_TRUE(said);
  EXPECT_EQ(status_of(said->options), Status::kSuccess);
  EXPECT_FALSE(contains<IaNa>(said->options) || contains<IaPd>(said->options));
  EXPECT_EQ(run.server->table().binding_count(), 0U);
  EXPECT_TRUE(run.server->delegations().empty());
}

// Section 18.3.7: those in the message, and no others.
TEST(DhcpServer, WhoGivesOneOfTwoAddressesBackKeepsTheOther) {
  ServerRun run;
  run.home().prefixes.push_back({prefix("fd00:0:0:1::/64")});
  run.configure();
  const auto reply = run.four_way(kAddress);
  ASSERT_TRUE(reply);
  const auto both = addresses_in(*reply);
  ASSERT_EQ(both.size(), 2U);
  ASSERT_TRUE(run.ask(Asked{
      .type = MessageType::kRelease, .server = test_duid(1), .addresses = {ia_na(1, {both[0]})}}));
  EXPECT_EQ(run.events.back().kind, LeaseEvent::Kind::kReleased);
  EXPECT_EQ(run.events.back().leases, LeaseList(std::vector{Prefix(both[0], 128)}));
  run.begin();
  const BindingNumber left = run.server->table().find(
      run.server->table().find_client(client_duid(1)), AssociationType::kAddresses, 1);
  ASSERT_NE(left, kNoNumber);
  EXPECT_EQ(run.server->table().leases(run.server->table().binding(left)),
            LeaseList(std::vector{Prefix(both[1], 128)}));
  const auto other =
      run.four_way({.client = 2, .addresses = {ia_na(1, {both[0]})}});  // the identifier is taken
  ASSERT_TRUE(other);
  EXPECT_NE(addresses_in(*other), both);
  const auto again = run.renew(*reply);
  ASSERT_TRUE(again);
  EXPECT_EQ(addresses_in(*again), both);
}

TEST(Conformance, Row_8415_S_22_ADeclinedAddressIsLeftAlone) {
  ServerRun run;
  const auto reply = run.four_way(kAddress);
  ASSERT_TRUE(reply);
  const auto said = run.ask(Asked{.type = MessageType::kDecline,
                                  .server = test_duid(1),
                                  .addresses = {ia_na(1, addresses_in(*reply)), ia_na(9)}});
  ASSERT_TRUE(said);
  EXPECT_EQ(status_of(said->options), Status::kSuccess);
  EXPECT_EQ(status_in(*said), Status::kNoBinding) << "of the IA that is unknown";
  run.begin();  // also after a restart
  for (unsigned client = 1; client < 4; ++client) {
    const auto next =
        run.four_way({.client = client, .addresses = {ia_na(1, addresses_in(*reply))}});
    ASSERT_TRUE(next);
    EXPECT_NE(addresses_in(*next), addresses_in(*reply));
  }
}

TEST(Conformance, Row_8415_S_25_RapidCommit) {
  ServerRun run;
  Asked asked = kAddress;
  asked.rapid_commit = true;
  auto said = run.ask(asked);
  ASSERT_TRUE(said);
  EXPECT_EQ(said->type, MessageType::kReply);
  EXPECT_TRUE(contains<RapidCommit>(said->options));
  EXPECT_EQ(run.server->table().binding_count(), 1U);
  run.home().rapid_commit = false;
  run.configure();
  asked.client = 2;
  said = run.ask(asked);
  ASSERT_TRUE(said);
  EXPECT_EQ(said->type, MessageType::kAdvertise);
  EXPECT_FALSE(contains<RapidCommit>(said->options));
  EXPECT_EQ(run.server->table().binding_count(), 1U);
}

TEST(Conformance, Row_8415_S_26_AddressesAreNeitherInARowNorReserved) {
  ServerRun run;
  run.home().range = {0xfdffffffffffff00, 0xfdfffffffffffff0};
  run.configure();
  std::set<std::uint64_t> seen;
  unsigned in_a_row = 0;
  std::uint64_t last = 0;
  for (unsigned client = 1; client <= 128; ++client) {
    const auto said = run.four_way({.client = client, .addresses = {ia_na(1)}});
    ASSERT_TRUE(said && addresses_in(*said).size() == 1) << client;
    const std::uint64_t id = addresses_in(*said)[0].low();
    EXPECT_FALSE(is_reserved_interface_id(id));
    EXPECT_TRUE(seen.insert(id).second);
    if (id == last + 1) ++in_a_row;
    last = id;
  }
  EXPECT_LT(in_a_row, 20U);
  // 0x..ff80 and above are reserved: what is left is none.
  const auto said = run.ask(Asked{.client = 500, .addresses = {ia_na(1)}});
  ASSERT_TRUE(said);
  EXPECT_EQ(status_in(*said), Status::kNoAddrsAvail);
}

TEST(DhcpServer, FindsTheOneFreeAddressOfAPool) {
  ServerRun run;
  const InterfaceIdRange range;  // as it is by default: 61,440
  const auto size = static_cast<unsigned>(range.last - range.first + 1);
  ASSERT_EQ(run.home().range, range);
  Asked asked = kAddress;
  asked.rapid_commit = true;
  for (asked.client = 1; asked.client <= size; ++asked.client) ASSERT_TRUE(run.ask(asked));
  EXPECT_EQ(run.server->table().binding_count(), size);
  asked.client = 0xffff;
  auto said = run.ask(asked);
  ASSERT_TRUE(said);
  EXPECT_EQ(status_in(*said), Status::kNoAddrsAvail);
  // Somebody leaves, and somebody comes.
  asked.client = 77;
  const auto leaving = run.ask(asked);
  ASSERT_TRUE(run.renew(*leaving, 77, MessageType::kRelease));
  asked.client = 0xffff;
  said = run.ask(asked);
  ASSERT_TRUE(said);
  EXPECT_EQ(addresses_in(*said), addresses_in(*leaving));
}

// What becomes free without a word: an address that was declined, one that was registered.
TEST(DhcpServer, AFullPoolIsLookedThroughAgain) {
  ServerRun run;
  run.home().range = {0x1000, 0x1001};
  run.home().valid = Lifetime(200'000);
  run.configure();
  const auto first = run.four_way(kAddress);
  ASSERT_TRUE(first);
  ASSERT_TRUE(run.ask(Asked{.type = MessageType::kDecline,
                            .server = test_duid(1),
                            .addresses = {ia_na(1, addresses_in(*first))}}));
  ASSERT_TRUE(run.four_way({.client = 2, .addresses = {ia_na(1)}}));
  const Asked third{.client = 3, .addresses = {ia_na(1)}, .rapid_commit = true};
  EXPECT_EQ(status_in(*run.ask(third)), Status::kNoAddrsAvail);
  run.run_for(hours(25));
  const auto said = run.ask(third);
  ASSERT_TRUE(said);
  EXPECT_EQ(addresses_in(*said), addresses_in(*first));
}

TEST(Conformance, Row_8415_S_33_AnIaThatFailsBlocksNoOther) {
  ServerRun run;
  run.home().range = {0x1000, 0x1000};
  run.configure();
  ASSERT_TRUE(run.four_way({.client = 2, .addresses = {ia_na(1)}}));
  const auto said = run.four_way({.addresses = {ia_na(1)}, .prefixes = {ia_pd(1)}});
  ASSERT_TRUE(said);
  EXPECT_EQ(status_of(find<IaNa>(said->options)->options), Status::kNoAddrsAvail);
  EXPECT_EQ(prefixes_in(*said).size(), 1U);
}

TEST(Conformance, Row_8415_S_34_BindingsAreKeyedByDuidTypeAndIaid) {
  ServerRun run;
  const Asked asked{.addresses = {ia_na(1), ia_na(2)}, .prefixes = {ia_pd(1), ia_pd(2)}};
  const auto said = run.four_way(asked);
  ASSERT_TRUE(said);
  EXPECT_EQ(addresses_in(*said).size(), 2U);
  EXPECT_EQ(prefixes_in(*said).size(), 2U);
  EXPECT_NE(addresses_in(*said)[0], addresses_in(*said)[1]);
  EXPECT_FALSE(prefixes_in(*said)[0].overlaps(prefixes_in(*said)[1]));
  EXPECT_EQ(run.server->table().binding_count(), 4U);
  EXPECT_EQ(run.server->table().client_count(), 1U);
  // The same DUID from another MAC address is the same client.
  const auto elsewhere = run.ask(message_of(asked), "home", address("fe80::abcd"));
  ASSERT_TRUE(elsewhere);
  EXPECT_EQ(addresses_in(*elsewhere), addresses_in(*said));
}

TEST(Conformance, Row_8415_S_35_TheSameClientGetsTheSameAgain) {
  ServerRun run;
  const Asked asked{.addresses = {ia_na(1)}, .prefixes = {ia_pd(1)}};
  const auto first = run.four_way(asked);
  ASSERT_TRUE(first);
  run.run_for(hours(5));
  EXPECT_EQ(run.server->table().binding_count(), 0U) << "it is over";
  auto again = run.four_way(asked);
  ASSERT_TRUE(again);
  EXPECT_EQ(addresses_in(*again), addresses_in(*first));
  EXPECT_EQ(prefixes_in(*again), prefixes_in(*first));
  run.journal.clear();  // and nothing is known of it
  run.begin();
  again = run.four_way(asked);
  ASSERT_TRUE(again);
  EXPECT_EQ(addresses_in(*again), addresses_in(*first));
  EXPECT_EQ(prefixes_in(*again), prefixes_in(*first));
}

TEST(Conformance, Row_8415_S_37_AFloodLeavesThoseWhoAreThereAlone) {
  ServerRun run;
  run.home().range = {0x1000, 0x10ff};
  run.configure();
  const auto mine = run.four_way({.addresses = {ia_na(1)}, .prefixes = {ia_pd(1)}});
  ASSERT_TRUE(mine);
  for (unsigned client = 2; client < 5000; ++client) {
    Asked flood{.client = client, .addresses = {ia_na(1)}, .prefixes = {ia_pd(1)}};
    ASSERT_TRUE(run.ask(flood));
    flood.rapid_commit = true;
    ASSERT_TRUE(run.ask(flood));
  }
  Asked greedy{.client = 6000, .rapid_commit = true};
  for (std::uint32_t i = 0; i < 60; ++i) greedy.addresses.push_back(ia_na(i));
  ASSERT_TRUE(run.ask(greedy));
  EXPECT_LE(run.server->table().binding_count(), 256U + 254U);
  const auto renewed = run.renew(*mine);
  ASSERT_TRUE(renewed);
  EXPECT_EQ(addresses_in(*renewed), addresses_in(*mine));
  EXPECT_EQ(prefixes_in(*renewed), prefixes_in(*mine));
}

TEST(Conformance, Row_9096_L_16d_LifetimesAreCapped) {
  ServerRun run;
  const auto said = run.four_way({.addresses = {ia_na(1)}, .prefixes = {ia_pd(1)}});
  ASSERT_TRUE(said);
  const IaAddress& address = *find<IaAddress>(find<IaNa>(said->options)->options);
  EXPECT_EQ(address.preferred, Lifetime(2700));
  EXPECT_EQ(address.valid, Lifetime(5400));
  const IaPrefix& prefix = *find<IaPrefix>(find<IaPd>(said->options)->options);
  EXPECT_EQ(prefix.preferred, Lifetime(2700));
  EXPECT_EQ(prefix.valid, Lifetime(5400));
}

void expect_within_the_delegation(bool prefixes) {
  ServerRun run;
  run.home().prefixes[0].preferred_until = run.home().spaces[0].preferred_until =
      run.now + seconds(300);
  run.home().prefixes[0].valid_until = run.home().spaces[0].valid_until = run.now + seconds(600);
  run.configure();
  const auto reply = run.four_way({.addresses = {ia_na(1)}, .prefixes = {ia_pd(1)}});
  ASSERT_TRUE(reply);
  for (std::uint32_t age = 0; age < 600; age += 60) {
    const auto said = run.renew(*reply);
    ASSERT_TRUE(said);
    const Lifetime preferred(age < 300 ? 300 - age : 0);
    const Lifetime valid(600 - age);
    if (prefixes) {
      const IaPrefix* one = find<IaPrefix>(find<IaPd>(said->options)->options);
      ASSERT_NE(one, nullptr);
      EXPECT_EQ(one->preferred, preferred);
      EXPECT_EQ(one->valid, valid);
    } else {
      const IaAddress* one = find<IaAddress>(find<IaNa>(said->options)->options);
      ASSERT_NE(one, nullptr);
      EXPECT_EQ(one->preferred, preferred);
      EXPECT_EQ(one->valid, valid);
    }
    run.run_for(seconds(60));
  }
  EXPECT_EQ(run.server->table().binding_count(), 0U) << "it ended with the delegation";
}
TEST(Conformance, Row_9096_L_15b_LifetimesNeverExceedTheDelegations) {
  expect_within_the_delegation(false);
  expect_within_the_delegation(true);
}
TEST(Conformance, Row_9818_LPD_10_DelegatedLifetimesNeverExceedTheDelegations) {
  expect_within_the_delegation(true);
}

TEST(Conformance, Row_9818_LPD_7_WhateverTheHintIsASlash64UnlessConfigured) {
  ServerRun run;
  auto said = run.ask(Asked{.prefixes = {ia_pd(1, {prefix("::/60")})}});
  ASSERT_TRUE(said && prefixes_in(*said).size() == 1);
  EXPECT_EQ(prefixes_in(*said)[0].length(), 64U);
  run.home().shortest_delegation = 62;
  run.configure();
  said = run.ask(Asked{.prefixes = {ia_pd(1, {prefix("::/60")})}});
  ASSERT_TRUE(said && prefixes_in(*said).size() == 1);
  EXPECT_EQ(prefixes_in(*said)[0].length(), 62U);
}

TEST(Conformance, Row_8168_02_TheHintIsMetOrWhatComesNearest) {
  ServerRun run;
  run.home().shortest_delegation = 60;
  run.configure();
  const auto length = [&](const char* hint) {
    const auto said = run.ask(Asked{.prefixes = {ia_pd(1, {prefix(hint)})}});
    return said && prefixes_in(*said).size() == 1 ? prefixes_in(*said)[0].length() : 0;
  };
  EXPECT_EQ(length("::/62"), 62U);
  EXPECT_EQ(length("::/61"), 61U);
  EXPECT_EQ(length("::/56"), 60U);
  EXPECT_EQ(length("::/80"), 64U);
  const auto exact = run.ask(Asked{.prefixes = {ia_pd(1, {prefix("2001:db8:1:80::/63")})}});
  ASSERT_TRUE(exact);
  EXPECT_EQ(prefixes_in(*exact), std::vector<Prefix>{prefix("2001:db8:1:80::/63")});
}

TEST(Conformance, Row_8168_05_ARenewWithAHintKeepsWhatIsHeld) {
  ServerRun run;
  run.home().shortest_delegation = 60;
  run.configure();
  const auto reply = run.four_way(kPrefix);
  ASSERT_TRUE(reply);
  const Prefix held = prefixes_in(*reply).at(0);
  const auto said = run.ask(Asked{.type = MessageType::kRenew,
                                  .server = test_duid(1),
                                  .prefixes = {ia_pd(1, {held, prefix("::/60")})}});
  ASSERT_TRUE(said);
  EXPECT_EQ(prefixes_in(*said), std::vector<Prefix>{held});
  EXPECT_TRUE(prefixes_in(*said, false).empty());
}

TEST(Conformance, Row_9663_01_PrefixesForHostsAreGoodForSlaac) {
  ServerRun run;
  for (const char* hint : {"::/0", "::/80", "::/128"}) {
    const auto said = run.ask(Asked{.prefixes = {ia_pd(1, {prefix(hint)})}});
    ASSERT_TRUE(said && prefixes_in(*said).size() == 1);
    EXPECT_EQ(prefixes_in(*said)[0].length(), 64U);
  }
}

void expect_all_can_be_leased() {
  ServerRun run;
  run.home().spaces = {{.prefix = prefix("2001:db8:1::/60"), .taken = {prefix("2001:db8:1::/64")}}};
  run.configure();
  std::set<Prefix> seen;
  for (unsigned client = 1; client <= 15; ++client) {
    const auto said = run.four_way({.client = client, .prefixes = {ia_pd(1)}});
    ASSERT_TRUE(said && prefixes_in(*said).size() == 1) << client;
    EXPECT_TRUE(seen.insert(prefixes_in(*said)[0]).second);
    EXPECT_NE(prefixes_in(*said)[0], prefix("2001:db8:1::/64"));
  }
  const auto said = run.four_way({.client = 16, .prefixes = {ia_pd(1)}});
  ASSERT_TRUE(said);
  EXPECT_EQ(status_in(*said), Status::kNoPrefixAvail);
  EXPECT_TRUE(std::any_of(run.log.begin(), run.log.end(), [](const LogLine& line) {
    return line.level == LogLevel::kError &&
           line.text.find("no prefix is left") != std::string::npos;
  }));
}
TEST(Conformance, Row_9818_LPD_4_AllThatIsNotTakenCanBeDelegated) { expect_all_can_be_leased(); }
TEST(Conformance, Row_9663_02_ExhaustionIsAnsweredAndLogged) { expect_all_can_be_leased(); }

TEST(Conformance, Row_9663_05_ARenewingClientKeepsItsPrefixOverARestart) {
  ServerRun run;
  const auto first = run.four_way(kPrefix);
  ASSERT_TRUE(first);
  run.begin();
  EXPECT_EQ(prefixes_in(*run.renew(*first)), prefixes_in(*first));
  EXPECT_EQ(prefixes_in(*run.four_way(kPrefix)), prefixes_in(*first));
}

TEST(Conformance, Row_9818_LPD_8_AGlobalPrefixIsDelegatedBesideTheUla) {
  ServerRun run;
  run.home().spaces.push_back({.prefix = prefix("fd00:1::/48")});
  run.configure();
  const auto said = run.four_way(kPrefix);
  ASSERT_TRUE(said);
  ASSERT_EQ(prefixes_in(*said).size(), 2U);
  EXPECT_TRUE(prefix("2001:db8:1::/56").contains(prefixes_in(*said)[0]));
  EXPECT_TRUE(prefix("fd00:1::/48").contains(prefixes_in(*said)[1]));
}

// For clients that take no more than one.
TEST(DhcpServer, WhatTheWorldReachesComesFirstAndWhatIsRunningOutLast) {
  ServerRun run;
  run.home().prefixes = {{.prefix = prefix("fd00:1:0:1::/64")},
                         {.prefix = prefix("2001:db8:1::/64")}};
  run.home().spaces = {{.prefix = prefix("fd00:1::/48")}, {.prefix = prefix("2001:db8:1::/56")}};
  run.configure();
  const auto expect_order = [](const std::vector<std::uint64_t>& tops, const Message& said) {
    std::vector<std::uint64_t> addresses;
    for (const Ip6Address& one : addresses_in(said)) addresses.push_back(one.high() >> 48);
    std::vector<std::uint64_t> prefixes;
    for (const Prefix& one : prefixes_in(said)) prefixes.push_back(one.address().high() >> 48);
    EXPECT_EQ(addresses, tops);
    EXPECT_EQ(prefixes, tops);
  };
  Asked both{.addresses = {ia_na(1)}, .prefixes = {ia_pd(1)}};
  const auto first = run.four_way(both);
  ASSERT_TRUE(first);
  expect_order({0x2001, 0xfd00}, *first);
  EXPECT_EQ(addresses_in(*first).front().high(), 0x20010db800010000U);

  run.home().prefixes[1].preferred_until = run.now;
  run.home().spaces[1].preferred_until = run.now;
  run.home().prefixes.push_back({.prefix = prefix("2001:db8:2::/64")});
  run.home().spaces.push_back({.prefix = prefix("2001:db8:2::/56")});
  run.configure();
  const auto renewed = run.renew(*first);
  ASSERT_TRUE(renewed);
  expect_order({0x2001, 0xfd00, 0x2001}, *renewed);
  EXPECT_EQ(addresses_in(*renewed).front().high(), 0x20010db800020000U);
}

TEST(DhcpServer, OneClientDoesNotGetAllPrefixes) {
  ServerRun run;
  Asked asked{.rapid_commit = true};
  for (std::uint32_t i = 0; i < 12; ++i) asked.prefixes.push_back(ia_pd(i));
  const auto said = run.ask(asked);
  ASSERT_TRUE(said);
  EXPECT_EQ(prefixes_in(*said).size(), 8U);
  EXPECT_EQ(run.server->delegations().size(), 8U);
}

TEST(DhcpServer, WhoHasSomeGetsTheRestOfHisShare) {
  ServerRun run;
  Asked asked{.rapid_commit = true};
  for (std::uint32_t i = 0; i < 4; ++i) asked.prefixes.push_back(ia_pd(i));
  ASSERT_TRUE(run.ask(asked));
  for (std::uint32_t i = 4; i < 12; ++i) asked.prefixes.push_back(ia_pd(i));
  EXPECT_EQ(prefixes_in(*run.ask(asked)).size(), 8U);
  asked.rapid_commit = false;
  EXPECT_EQ(prefixes_in(*run.ask(asked)).size(), 8U) << "and is offered no more";
  EXPECT_EQ(run.server->delegations().size(), 8U);
}

TEST(DhcpServer, ClientsThatWereMadeUpDoNotHaveEveryPrefix) {
  ServerRun run;
  run.home().delegations = 3;
  run.configure();
  Asked asked{.prefixes = {ia_pd(1)}, .rapid_commit = true};
  std::optional<Message> third;
  for (asked.client = 1; asked.client <= 3; ++asked.client) {
    third = run.ask(asked);
    ASSERT_TRUE(third);
    EXPECT_EQ(prefixes_in(*third).size(), 1U);
  }
  EXPECT_EQ(status_in(*run.ask(asked)), Status::kNoPrefixAvail);
  EXPECT_EQ(prefixes_in(*run.ask(asked, "guests")).size(), 1U) << "each link has its own";
  run.begin();  // also after a restart
  const auto renewed = run.renew(*third, 3);
  ASSERT_TRUE(renewed);
  EXPECT_EQ(prefixes_in(*renewed), prefixes_in(*third));
  asked.client = 5;
  EXPECT_EQ(status_in(*run.ask(asked)), Status::kNoPrefixAvail);
  ASSERT_TRUE(run.renew(*third, 3, MessageType::kRelease));
  EXPECT_EQ(prefixes_in(*run.ask(asked)).size(), 1U);
}

TEST(DhcpServer, ReservationsByDuidAndByMacAreKeptForTheirOwner) {
  ServerRun run;
  run.home().reservations = {
      {.duid = client_duid(5), .interface_id = 0x77, .lifetime = Lifetime(86400), .name = "nas"},
      {.mac = MacAddress::parse("02:00:00:00:00:06"), .interface_id = 0x1234},
      {.duid = client_duid(7), .ignore = true}};
  run.home().range = {0x1230, 0x1240};
  run.configure();
  const auto nas = run.four_way({.client = 5, .addresses = {ia_na(1)}});
  ASSERT_TRUE(nas);
  EXPECT_EQ(addresses_in(*nas), std::vector<Ip6Address>{address("2001:db8:1::77")});
  EXPECT_EQ(find<IaAddress>(find<IaNa>(nas->options)->options)->valid, Lifetime(86400));
  EXPECT_EQ(run.events.back().name, "nas");
  const auto by_mac = run.four_way({.client = 6, .addresses = {ia_na(1)}});
  ASSERT_TRUE(by_mac);
  EXPECT_EQ(addresses_in(*by_mac), std::vector<Ip6Address>{address("2001:db8:1::1234")});
  EXPECT_FALSE(run.ask(Asked{.client = 7, .addresses = {ia_na(1)}}));
  EXPECT_EQ(run.drops(ServerDrop::kIgnored), 1U);
  for (unsigned client = 10; client < 26; ++client) {
    const auto other = run.four_way({.client = client, .addresses = {ia_na(1)}});
    ASSERT_TRUE(other && addresses_in(*other).size() == 1) << client;
    EXPECT_NE(addresses_in(*other)[0].low(), 0x1234U);
  }
}

TEST(DhcpServer, EachIaOfAClientMayHaveAReservationOfItsOwn) {
  ServerRun run;
  run.home().prefixes.push_back({prefix("fd00:0:0:1::/64")});
  run.home().reservations = {{.duid = client_duid(5), .iaid = 1, .interface_id = 0x11},
                             {.duid = client_duid(5), .iaid = 2, .interface_id = 0x22}};
  run.configure();
  const auto said = run.four_way({.client = 5, .addresses = {ia_na(2), ia_na(1), ia_na(3)}});
  ASSERT_TRUE(said);
  for (const IaNa& ia : find_all<IaNa>(said->options)) {
    unsigned addresses = 0;
    for (const IaAddress& one : find_all<IaAddress>(ia.options)) {
      ++addresses;
      const std::uint64_t id = one.address.low();
      EXPECT_TRUE(ia.iaid == 3 ? id != 0x11 && id != 0x22 : id == ia.iaid * 0x11U) << ia.iaid;
    }
    EXPECT_EQ(addresses, 2U) << "under each prefix";
  }
}

// Where a client speaks from, whatever its DUID and its address tell; and whom others were heard to be.
TEST(DhcpServer, TheStationTellsWhoAClientIsAndWhoElseIsThere) {
  ServerRun run;
  const auto desk = MacAddress::parse("02:00:00:00:aa:01");
  const auto stranger = MacAddress::parse("02:00:00:00:aa:02");
  run.home().reservations = {{.mac = desk, .interface_id = 0x77}};
  run.home().range = {0x1000, 0x1001};
  run.configure();
  std::map<Ip6Address, MacAddress> heard{{address("2001:db8:1::1000"), *stranger}};
  run.server->look_around(
      [&](std::string_view, const Ip6Address& at, Instant) -> std::optional<MacAddress> {
        const auto found = heard.find(at);
        return found == heard.end() ? std::nullopt : std::optional(found->second);
      });
  const auto ask = [&](unsigned client, std::optional<MacAddress> station,
                       std::vector<Ip6Address> named = {}) {
    Asked asked{.client = client, .addresses = {ia_na(1, named)}, .rapid_commit = true};
    run.packets.clear();
    run.server->receive("home", message_of(asked).to_bytes(), client_address(client),
                        kAllDhcpRelayAgentsAndServers, run.now, kServerPort, station);
    run.settle();
    const auto said = Message::parse(run.packets.at(0).payload);
    return said ? addresses_in(*said).at(0).low() : 0;
  };
  EXPECT_EQ(ask(1, desk), 0x77U);
  EXPECT_EQ(ask(2, MacAddress::parse("02:00:00:00:aa:03"), {address("2001:db8:1::1000")}), 0x1001U)
      << "the address that it names is another's";
  EXPECT_EQ(ask(3, MacAddress::parse("02:00:00:00:aa:04")), 0x1000U)
      << "whoever was heard there may be gone, and there is no other";
  ASSERT_TRUE(run.ask(Asked{.type = MessageType::kRelease,
                            .client = 3,
                            .server = test_duid(1),
                            .addresses = {ia_na(1, {address("2001:db8:1::1000")})}}));
  EXPECT_EQ(ask(4, stranger, {address("2001:db8:1::1000")}), 0x1000U) << "its own";
}

TEST(DhcpServer, EventsTellOfEveryChange) {
  ServerRun run;
  const auto reply = run.four_way(kAddress);
  ASSERT_TRUE(reply);
  (void)run.renew(*reply);
  (void)run.renew(*reply, 1, MessageType::kRelease);
  const auto next = run.four_way(kAddress);
  ASSERT_TRUE(next);
  (void)run.renew(*next, 1, MessageType::kDecline);
  (void)run.four_way(kAddress);
  run.run_for(hours(2));
  std::vector<LeaseEvent::Kind> kinds;
  for (const LeaseEvent& event : run.events) kinds.push_back(event.kind);
  using Kind = LeaseEvent::Kind;
  EXPECT_EQ(kinds, (std::vector<Kind>{Kind::kAdded, Kind::kRenewed, Kind::kReleased, Kind::kAdded,
                                      Kind::kDeclined, Kind::kAdded, Kind::kExpired}));
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
