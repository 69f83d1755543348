// SPDX-License-Identifier: Apache-2.0
// What the client writes into its messages (RFC 9915 sections 18.2.1 to 18.2.8, 21; RFC 8168; RFC 6603).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "dhcp6/client_compose.h"
#include "tests/support/dhcp6_client_run.h"

namespace sixgate::dhcp6::testing {
namespace {

// A run that has sent every kind of message a stateful client sends.
class EventfulRun : public ClientRun {
 public:
  explicit EventfulRun(std::uint64_t seed = 1) : ClientRun(asking_for_much(), seed) {
    TestServer server = good_server();
    servers = {&server};
    EXPECT_TRUE(bind());
    server.silent = true;
    EXPECT_TRUE(run_to(ClientState::kRebinding));
    run_for(seconds(30));
    server.silent = false;
    EXPECT_TRUE(run_to(ClientState::kBound));
    client.decline(address("2001:db8:ffff::7"), now);
    run_for(seconds(1));
    client.stop(now);
    run_for(seconds(5));
    servers.clear();
  }

 private:
  static ClientParameters asking_for_much() {
    ClientParameters parameters = both();
    parameters.release_on_stop = true;
    parameters.extra_options = {1, 3, 12, 14, 20, 25, 26, 32, 64, 103, 103, 82, 0};
    return parameters;
  }
};

std::vector<Prefix> prefixes_of(const Message& message) {
  std::vector<Prefix> found;
  for (const IaPd& ia : find_all<IaPd>(message.options)) {
    for (const IaPrefix& one : find_all<IaPrefix>(ia.options)) found.push_back(one.prefix);
  }
  return found;
}

TEST(Conformance, Row_8415_C_12_TransactionIdIsRandomAndKeptInRetransmissions) {
  std::set<std::uint32_t> ids;
  unsigned exchanges = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const EventfulRun run(seed);
    for (std::size_t i = 0; i < run.sent.size(); ++i) {
      const Message& message = run.sent[i].message;
      if (i > 0 && run.sent[i - 1].message.type == message.type) {
        EXPECT_EQ(message.transaction_id, run.sent[i - 1].message.transaction_id);
        continue;
      }
      ++exchanges;
      ids.insert(message.transaction_id);
    }
  }
  EXPECT_GE(exchanges, 100U);
  EXPECT_EQ(ids.size(), exchanges);  // none twice; by chance that would be 1 in 3000
  EXPECT_GT(*ids.rbegin(), 0xf00000U);
  EXPECT_LT(*ids.begin(), 0x0fffffU);
}

TEST(Conformance, Row_8415_C_13_ElapsedTimeCountsFromTheFirstMessage) {
  ClientRun run(both());
  run.client.start_stateful(std::nullopt, run.now);
  run.run_for(hours(2));
  const auto solicits = run.of(MessageType::kSolicit);
  ASSERT_GT(solicits.size(), 11U);
  bool saturated = false;
  for (const Sent& one : solicits) {
    const auto* elapsed = find<ElapsedTime>(one.message.options);
    ASSERT_TRUE(elapsed);
    const auto hundredths = (one.at - solicits[0].at) / milliseconds(10);
    EXPECT_EQ(elapsed->elapsed.count(), std::min<std::int64_t>(hundredths, 0xffff));
    saturated = saturated || elapsed->elapsed.count() == 0xffff;
  }
  EXPECT_TRUE(saturated);
  // Each exchange counts for itself.
  for (const MessageType type : {MessageType::kRequest, MessageType::kRenew, MessageType::kRebind,
                                 MessageType::kDecline, MessageType::kRelease}) {
    const auto sent = EventfulRun().of(type);
    ASSERT_FALSE(sent.empty());
    EXPECT_EQ(find<ElapsedTime>(sent[0].message.options)->elapsed.count(), 0);
  }
}

TEST(Conformance, Row_8415_C_36_OptionRequestHoldsWhatItMustAndNothingForbidden) {
  EventfulRun run;
  run.client.start_stateless({}, run.now);
  run.run_for(seconds(3));
  std::set<MessageType> seen;
  for (const Sent& one : run.sent) {
    const OptionRequest* request = find<OptionRequest>(one.message.options);
    switch (one.message.type) {
      case MessageType::kDecline:
      case MessageType::kRelease:
      case MessageType::kConfirm:
        EXPECT_FALSE(request);
        continue;
      default:
        break;
    }
    seen.insert(one.message.type);
    ASSERT_TRUE(request) << to_string(one.message.type);
    EXPECT_TRUE(request->contains(82));
    EXPECT_TRUE(request->contains(64));  // from extra_options
    constexpr std::array<std::uint16_t, 21> kForbidden{0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 11,
                                                       12, 13, 14, 15, 16, 18, 19, 20, 25, 26};
    for (const std::uint16_t forbidden : kForbidden) {
      EXPECT_FALSE(request->contains(forbidden)) << forbidden;
    }
    EXPECT_EQ(std::set(request->codes.begin(), request->codes.end()).size(), request->codes.size());
  }
  EXPECT_EQ(seen, (std::set{MessageType::kSolicit, MessageType::kRequest, MessageType::kRenew,
                            MessageType::kRebind, MessageType::kInformationRequest}));
}

TEST(Client, RefreshTimeAndInfMaxRtAreRequestedInInformationRequestsOnly) {
  EventfulRun run;
  for (const Sent& one : run.sent) {
    if (const OptionRequest* request = find<OptionRequest>(one.message.options)) {
      EXPECT_FALSE(request->contains(32));
    }
  }
  run.client.start_stateless({}, run.now);
  run.run_for(seconds(3));
  const OptionRequest* request = find<OptionRequest>(run.last().options);
  ASSERT_TRUE(request);
  EXPECT_TRUE(request->contains(32));
  EXPECT_TRUE(request->contains(83));
}

TEST(Conformance, Row_8415_C_43_TimesAreZeroAndNothingUnspecifiedIsNamed) {
  for (const Sent& one : EventfulRun().sent) {
    for (const IaNa& ia : find_all<IaNa>(one.message.options)) {
      EXPECT_TRUE(ia.t1.is_zero() && ia.t2.is_zero());
      for (const IaAddress& lease : find_all<IaAddress>(ia.options)) {
        EXPECT_FALSE(lease.address.is_unspecified());
        EXPECT_TRUE(lease.preferred.is_zero() && lease.valid.is_zero());
      }
    }
    for (const IaPd& ia : find_all<IaPd>(one.message.options)) {
      EXPECT_TRUE(ia.t1.is_zero() && ia.t2.is_zero());
      for (const IaPrefix& lease : find_all<IaPrefix>(ia.options)) {
        EXPECT_NE(lease.prefix.length(), 0U);
        EXPECT_TRUE(lease.preferred.is_zero() && lease.valid.is_zero());
      }
    }
  }
  ClientParameters parameters = both();
  parameters.delegations[0].hint = prefix("::/0");
  ClientRun run(parameters);
  run.client.start_stateful(std::nullopt, run.now);
  run.run_for(seconds(3));
  ASSERT_FALSE(run.sent.empty());
  EXPECT_TRUE(prefixes_of(run.last()).empty());
}

TEST(Conformance, Row_8415_C_44_ServerDuidsOfAnySizeAreEchoedExactly) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{14}, std::size_t{130}}) {
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(0xf1 + i);
    TestServer server = good_server();
    server.duid = Duid::from_bytes(bytes).value();
    ClientRun run(both());
    run.servers = {&server};
    ASSERT_TRUE(run.bind()) << size;
    ASSERT_TRUE(run.run_to(ClientState::kRenewing));
    for (const MessageType type : {MessageType::kRequest, MessageType::kRenew}) {
      const auto sent = run.of(type);
      ASSERT_FALSE(sent.empty());
      const auto echoed = find<ServerId>(sent[0].message.options)->duid.bytes();
      EXPECT_TRUE(std::equal(echoed.begin(), echoed.end(), bytes.begin(), bytes.end()));
      EXPECT_EQ(find<ClientId>(sent[0].message.options)->duid, client_duid());
    }
  }
}

TEST(Conformance, Row_8415_C_45_IaidsAreDistinctPerTypeAndStable) {
  ClientParameters parameters = both();
  // The number space of IA_NA is another one (section 12); a repeated IAID of IA_PD is no second IA.
  parameters.delegations = {{kAddressIaid, {}}, {11, {}}, {11, prefix("::/60")}};
  for (int restart = 0; restart < 2; ++restart) {
    ClientRun run(parameters, static_cast<std::uint64_t>(restart) + 1);
    run.client.start_stateful(std::nullopt, run.now);
    run.run_for(seconds(8));
    ASSERT_GE(run.sent.size(), 3U);
    for (const Sent& one : run.sent) {
      std::vector<std::uint32_t> pds;
      for (const IaPd& ia : find_all<IaPd>(one.message.options)) pds.push_back(ia.iaid);
      EXPECT_EQ(pds, (std::vector<std::uint32_t>{kAddressIaid, 11}));
      EXPECT_EQ(find<IaNa>(one.message.options)->iaid, kAddressIaid);
    }
  }
}

TEST(Conformance, Row_7084_WAA_4a_AsksForAddressReconfigureAndDnsServers) {
  TestServer server = good_server();
  server.configuration.push_back(DnsServers{{address("2001:db8::53"), address("2001:db8::54")}});
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  const Message& solicit = run.sent[0].message;
  EXPECT_TRUE(contains<IaNa>(solicit.options));
  EXPECT_TRUE(contains<ReconfigureAccept>(solicit.options));
  EXPECT_TRUE(find<OptionRequest>(solicit.options)->contains(23));
  EXPECT_EQ(run.lease().dns_servers,
            (std::vector{address("2001:db8::53"), address("2001:db8::54")}));
}

TEST(Conformance, Row_7084_WAA_4b_AsksForTheDomainSearchList) {
  TestServer server = good_server();
  server.configuration.push_back(DomainSearchList{{*DomainName::parse("example.net")}});
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  EXPECT_TRUE(find<OptionRequest>(run.sent[0].message.options)->contains(24));
  EXPECT_EQ(run.lease().search_domains, std::vector{*DomainName::parse("example.net")});
}

TEST(Conformance, Row_7084_WAA_5_AsksForNtpServersAndHandsThemOn) {
  TestServer server = good_server();
  const NtpServers ntp{.addresses = {address("2001:db8::123")}};
  server.configuration.push_back(ntp);
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  EXPECT_TRUE(find<OptionRequest>(run.sent[0].message.options)->contains(56));
  EXPECT_EQ(run.lease().other_options, Options{ntp});
}

TEST(Conformance, Row_6603_01_PrefixExcludeIsRequested) {
  for (const Sent& one : EventfulRun().sent) {
    if (const OptionRequest* request = find<OptionRequest>(one.message.options)) {
      EXPECT_TRUE(request->contains(67)) << to_string(one.message.type);
    }
  }
}

TEST(Conformance, Row_7084_WPD_8_PrefixExcludeReachesTheLease) {
  TestServer server = good_server();
  server.edit = [](const Message&, Message& answer) {
    if (IaPd* ia = find<IaPd>(answer.options)) {
      IaPrefix* lease = find<IaPrefix>(ia->options);
      lease->options.push_back(*PdExclude::make(lease->prefix, prefix("2001:db8:100:5::/64")));
    }
  };
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  EXPECT_EQ(run.lease().prefixes[0].excluded, prefix("2001:db8:100:5::/64"));
}

TEST(Conformance, Row_6603_05_ReleaseCarriesTheExclusionAsReceived) {
  ClientParameters parameters = both();
  parameters.release_on_stop = true;
  TestServer server = good_server();
  const PdExclude exclude =
      *PdExclude::make(prefix("2001:db8:100::/56"), prefix("2001:db8:100:5::/64"));
  server.edit = [&](const Message& query, Message& answer) {
    if (query.type == MessageType::kRelease) return;
    if (IaPd* ia = find<IaPd>(answer.options)) find<IaPrefix>(ia->options)->options = {exclude};
  };
  ClientRun run(parameters);
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  run.client.stop(run.now);
  run.run_for(seconds(10));
  const auto releases = run.of(MessageType::kRelease);
  ASSERT_EQ(releases.size(), 1U);
  const IaPd* ia = find<IaPd>(releases[0].message.options);
  EXPECT_EQ(find<IaPrefix>(ia->options)->options, Options{exclude});
  // Nowhere else: the server did not ask us to repeat it.
  for (const Sent& one : run.of(MessageType::kRequest)) {
    for (const IaPd& pd : find_all<IaPd>(one.message.options)) {
      for (const IaPrefix& lease : find_all<IaPrefix>(pd.options)) {
        EXPECT_TRUE(lease.options.empty());
      }
    }
  }
}

TEST(Conformance, Row_8168_01_LengthFirstThenThePrefixBesidesTheLength) {
  TestServer server = good_server();
  server.prefixes[kPrefixIaid] = {prefix("2001:db8:100::/60")};
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  EXPECT_EQ(prefixes_of(run.sent[0].message), std::vector{prefix("::/56")});
  const Lease stored = run.lease();
  ClientRun again(both(), 2);
  again.client.start_stateful(stored, again.now);
  again.run_for(seconds(1));
  ASSERT_EQ(again.last().type, MessageType::kRebind);
  EXPECT_EQ(prefixes_of(again.last()), (std::vector{prefix("2001:db8:100::/60"), prefix("::/56")}));
  EXPECT_EQ(find<IaPd>(again.last().options)->iaid, kPrefixIaid);
}

TEST(Client, SolicitAfterALostServerNamesTheOldPrefixAndTheLength) {
  TestServer server = good_server();
  server.prefixes[kPrefixIaid] = {prefix("2001:db8:100::/60")};
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  // The server has forgotten everything and does not want to give us anything either.
  server.prefix_status = Status::kNoBinding;
  server.address_status = Status::kNoBinding;
  ASSERT_TRUE(run.run_to(ClientState::kSoliciting, seconds(1500)));
  run.run_for(seconds(5));
  const auto solicits = run.of(MessageType::kSolicit);
  ASSERT_GE(solicits.size(), 2U);  // the first one was that of the start
  EXPECT_EQ(prefixes_of(solicits[1].message),
            (std::vector{prefix("2001:db8:100::/60"), prefix("::/56")}));
  EXPECT_EQ(run.lease().prefixes.size(), 1U);  // to its own end
}

TEST(Conformance, Row_8168_03_AnotherLengthIsTakenAndThePreferredOneAskedForAgain) {
  TestServer server = good_server();
  server.prefixes[kPrefixIaid] = {prefix("2001:db8:100::/60")};
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  EXPECT_EQ(run.lease().prefixes[0].prefix, prefix("2001:db8:100::/60"));
  ASSERT_TRUE(run.run_to(ClientState::kRenewing));
  EXPECT_EQ(prefixes_of(run.last()), (std::vector{prefix("2001:db8:100::/60"), prefix("::/56")}));
}

TEST(Client, NoHintOnceThePrefixIsWideEnough) {
  TestServer server = good_server();
  server.prefixes[kPrefixIaid] = {prefix("2001:db8::/48")};
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  ASSERT_TRUE(run.run_to(ClientState::kRenewing));
  EXPECT_EQ(prefixes_of(run.last()), std::vector{prefix("2001:db8::/48")});
}

TEST(Client, AnExactPrefixIsAskedForUntilAnotherIsHeld) {
  ClientParameters parameters = prefix_only();
  parameters.delegations[0].hint = prefix("2001:db8:77::/56");
  TestServer server = good_server();
  ClientRun run(parameters);
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  EXPECT_EQ(prefixes_of(run.sent[0].message), std::vector{prefix("2001:db8:77::/56")});
  ASSERT_TRUE(run.run_to(ClientState::kRenewing));
  // Section 18.2.4: nothing the server did not give us.
  EXPECT_EQ(prefixes_of(run.last()), std::vector{prefix("2001:db8:100::/56")});
}

TEST(Client, LeaseThatRunsOutIsNotInTheNextRetransmission) {
  TestServer server = good_server();
  server.edit = [](const Message&, Message& answer) {
    if (IaNa* ia = find<IaNa>(answer.options)) {
      for (IaAddress* one = find<IaAddress>(ia->options); one; one = nullptr) {
        one->preferred = Lifetime(1500);
        one->valid = Lifetime(1700);
      }
    }
  };
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  const Instant end = run.lease().addresses[0].valid_until;
  server.silent = true;
  run.run_until(end + minutes(15));
  unsigned after = 0;
  for (const Sent& one : run.of(MessageType::kRebind)) {
    const IaNa* ia = find<IaNa>(one.message.options);
    ASSERT_TRUE(ia);  // still wanted
    EXPECT_EQ(contains<IaAddress>(ia->options), one.at < end);
    EXPECT_EQ(prefixes_of(one.message).size(), 1U);
    if (one.at >= end) ++after;
  }
  EXPECT_GE(after, 1U);
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
