// SPDX-License-Identifier: Apache-2.0
// A wider prefix while one is bound, and several IA_PDs where only /64s are to be had.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/dhcp6_client_run.h"
#include "tests/support/dhcp6_hint_server.h"

namespace sixgate::dhcp6::testing {
namespace {

constexpr std::uint32_t kSpare = 10;

ClientParameters upgrading() {
  ClientParameters parameters = both();
  parameters.survey_hints = every_hint();
  parameters.spare_iaids = {kSpare, kSpare + 1, kSpare + 2};
  parameters.policy.probe_interval = hours(6);
  return parameters;
}

ClientParameters for_lans(unsigned lans) {
  ClientParameters parameters = upgrading();
  parameters.policy.slash64s = lans;
  return parameters;
}

// What is bound stays what it is; who asks anew gets `length`.
HintPolicy grown(const unsigned& length) {
  return [&length](const HintQuestion& question) {
    return question.named.empty() ? length : question.named[0].length();
  };
}

const LeasedPrefix* of_length(const Lease& lease, unsigned length) {
  for (const LeasedPrefix& one : lease.prefixes) {
    if (one.prefix.length() == length) return &one;
  }
  return nullptr;
}

std::vector<std::uint32_t> iaids_of(const Message& message) {
  std::vector<std::uint32_t> iaids;
  for (const IaPd& ia : find_all<IaPd>(message.options)) iaids.push_back(ia.iaid);
  return iaids;
}

void refuse_delegations(Message& answer) {
  for (Option& option : answer.options) {
    if (auto* ia = std::get_if<IaPd>(&option))
      ia->options = {StatusCode{.status = Status::kNoPrefixAvail}};
  }
}

class Upgrade : public ::testing::Test {
 protected:
  Upgrade() {
    server_ = hint_server(1, grown(length_));
    run_.servers = {&server_};
  }

  // Prefixes outlive their retirement.
  void live_long() {
    server_.edit = [inner = server_.edit](const Message& query, Message& answer) {
      inner(query, answer);
      for (Option& option : answer.options) {
        auto* ia = std::get_if<IaPd>(&option);
        if (!ia) continue;
        for (Option& inside : ia->options) {
          if (auto* one = std::get_if<IaPrefix>(&inside))
            one->preferred = one->valid = Lifetime(86400);
        }
      }
    };
  }
  // The provider has more now, and it is found.
  void grow() {
    length_ = 56;
    for (int i = 0; i < 100 && run_.lease().prefixes.size() < 2; ++i) run_.run_for(minutes(5));
    ASSERT_EQ(run_.lease().prefixes.size(), 2U) << run_.transcript();
  }

  unsigned length_ = 60;
  TestServer server_;
  ClientRun run_{upgrading()};
};

TEST_F(Upgrade, TheNewPrefixIsThereBeforeTheOldOneGoes) {
  ASSERT_TRUE(run_.bind()) << run_.transcript();
  run_.sent.clear();
  grow();
  for (const Sent& one : run_.of(MessageType::kSolicit)) {
    for (const IaPd& ia : find_all<IaPd>(one.message.options)) {
      EXPECT_NE(ia.iaid, kPrefixIaid) << "never under a bound IAID";
      EXPECT_NE(ia.iaid, kSpare);
    }
    for (const unsigned hint : SurveyRun::hints_of(one.message)) EXPECT_LT(hint, 60U);
  }
  const auto requests = run_.of(MessageType::kRequest);
  ASSERT_EQ(requests.size(), 1U) << run_.transcript();
  EXPECT_EQ(iaids_of(requests[0].message), std::vector<std::uint32_t>{kSpare});
  EXPECT_FALSE(contains<IaNa>(requests[0].message.options)) << "what is bound is left alone";

  const LeasedPrefix* wide = of_length(run_.lease(), 56);
  const LeasedPrefix* old = of_length(run_.lease(), 60);
  ASSERT_TRUE(wide && old);
  EXPECT_GT(wide->preferred_until, run_.now);
  EXPECT_LE(old->preferred_until, run_.now) << "deprecated";
  EXPECT_TRUE(run_.of(MessageType::kRelease).empty());
  EXPECT_EQ(run_.lease().addresses.size(), 1U);
}

TEST_F(Upgrade, TheOldPrefixIsReleasedLastAndOnce) {
  live_long();
  ASSERT_TRUE(run_.bind());
  length_ = 56;
  run_.run_for(hours(10));
  const auto releases = run_.of(MessageType::kRelease);
  ASSERT_EQ(releases.size(), 1U) << run_.transcript();
  EXPECT_EQ(iaids_of(releases[0].message), std::vector<std::uint32_t>{kPrefixIaid});
  EXPECT_GE(releases[0].at - run_.of(MessageType::kRequest).back().at, hours(2));
  ASSERT_EQ(run_.lease().prefixes.size(), 1U);
  EXPECT_EQ(run_.lease().prefixes[0].prefix.length(), 56U);
  EXPECT_EQ(run_.lease().prefixes[0].iaid, kSpare);
  run_.sent.clear();
  run_.run_for(hours(2));
  ASSERT_FALSE(run_.of(MessageType::kRenew).empty());
  for (const Sent& one : run_.of(MessageType::kRenew))
    EXPECT_EQ(iaids_of(one.message), std::vector<std::uint32_t>{kSpare});
}

TEST_F(Upgrade, WhereNothingWiderIsFoundItIsLookedForLessOften) {
  ASSERT_TRUE(run_.bind());
  run_.sent.clear();
  const Prefix held = run_.lease().prefixes.at(0).prefix;
  run_.run_for(hours(24) * 20);
  std::set<Instant> surveys;
  for (const Sent& one : run_.of(MessageType::kSolicit)) {
    if (surveys.empty() || one.at - *surveys.rbegin() > minutes(10)) surveys.insert(one.at);
  }
  EXPECT_GE(surveys.size(), 18U);
  EXPECT_LE(surveys.size(), 26U) << "6 h, 12 h, then once a day";
  EXPECT_TRUE(run_.of(MessageType::kRequest).empty());
  EXPECT_TRUE(run_.of(MessageType::kRelease).empty());
  EXPECT_EQ(run_.lease().prefixes.at(0).prefix, held);
}

TEST_F(Upgrade, NobodyWhoHasTheWidestOrWantsNoneWiderLooks) {
  length_ = 48;
  ASSERT_TRUE(run_.bind());
  run_.sent.clear();
  run_.run_for(hours(100));
  EXPECT_TRUE(run_.of(MessageType::kSolicit).empty());
  EXPECT_TRUE(run_.client.probe_at().is_never());
}

TEST_F(Upgrade, AnOfferThatIsNotKeptChangesNothing) {
  ASSERT_TRUE(run_.bind());
  const Prefix held = run_.lease().prefixes.at(0).prefix;
  length_ = 56;
  server_.edit = [inner = server_.edit](const Message& query, Message& answer) {
    inner(query, answer);
    if (query.type == MessageType::kRequest) refuse_delegations(answer);
  };
  run_.leases.clear();
  run_.run_for(hours(60));
  EXPECT_FALSE(run_.of(MessageType::kRequest).empty());
  EXPECT_TRUE(run_.of(MessageType::kRelease).empty());
  for (const Lease& lease : run_.leases) {
    ASSERT_EQ(lease.prefixes.size(), 1U);
    EXPECT_EQ(lease.prefixes[0].prefix, held);
    EXPECT_GT(lease.prefixes[0].preferred_until, run_.now - hours(60));
  }
}

TEST_F(Upgrade, WhatTurnsOutNoWiderGoesBack) {
  ASSERT_TRUE(run_.bind());
  const Prefix held = run_.lease().prefixes.at(0).prefix;
  length_ = 56;
  const Prefix other = prefix("2001:db8:bad::/60");
  server_.edit = [inner = server_.edit, other](const Message& query, Message& answer) {
    inner(query, answer);
    for (Option& option : answer.options) {
      auto* ia = std::get_if<IaPd>(&option);
      if (query.type != MessageType::kRequest || !ia) continue;
      ia->options = {
          IaPrefix{.prefix = other, .preferred = Lifetime(2000), .valid = Lifetime(3000)}};
    }
  };
  run_.run_for(hours(7));
  const auto releases = run_.of(MessageType::kRelease);
  ASSERT_FALSE(releases.empty()) << run_.transcript();
  EXPECT_EQ(iaids_of(releases[0].message), std::vector<std::uint32_t>{kSpare});
  ASSERT_EQ(run_.lease().prefixes.size(), 1U);
  EXPECT_EQ(run_.lease().prefixes[0].prefix, held);
  EXPECT_GT(run_.lease().prefixes[0].preferred_until, run_.now);
}

TEST_F(Upgrade, AnotherServerThatHasMoreTakesUsAsAWhole) {
  ASSERT_TRUE(run_.bind());
  const unsigned wide = 52;
  TestServer other = hint_server(2, grown(wide));
  run_.servers = {&server_, &other};
  live_long();
  run_.run_for(hours(9));
  EXPECT_EQ(run_.lease().server, other.duid) << run_.transcript();
  const LeasedPrefix* now_held = of_length(run_.lease(), 52);
  ASSERT_TRUE(now_held) << run_.transcript();
  EXPECT_EQ(run_.lease().addresses.size(), 1U) << "of the new server, and no other";
  const auto releases = run_.of(MessageType::kRelease);
  ASSERT_FALSE(releases.empty()) << run_.transcript();
  EXPECT_EQ(find_single<ServerId>(releases[0].message.options)->duid, server_.duid);
}

TEST_F(Upgrade, T1GoesBeforeAServerThatOffersAndIsSilent) {
  ASSERT_TRUE(run_.bind());
  length_ = 56;
  server_.deaf_to = {MessageType::kRequest};
  run_.run_for(hours(7));
  const auto requests = run_.of(MessageType::kRequest);
  ASSERT_FALSE(requests.empty());
  EXPECT_EQ(run_.client.state(), ClientState::kBound);
  ASSERT_EQ(run_.lease().prefixes.size(), 1U);
  EXPECT_EQ(run_.lease().prefixes[0].prefix.length(), 60U);
  for (const Duration gap : run_.gaps(MessageType::kRenew)) EXPECT_LT(gap, seconds(1100));
}

TEST_F(Upgrade, ARestartInBetweenGoesOnWithBoth) {
  ASSERT_TRUE(run_.bind());
  grow();
  Lease stored = run_.lease();
  for (LeasedPrefix& one : stored.prefixes) one.valid_until = run_.now + hours(24);
  run_.sent.clear();
  run_.client.start_stateful(stored, run_.now);
  ASSERT_TRUE(run_.run_to(ClientState::kBound, minutes(1)));
  ASSERT_EQ(run_.sent.front().message.type, MessageType::kRebind);
  EXPECT_EQ(iaids_of(run_.sent.front().message), std::vector<std::uint32_t>{kSpare});
  EXPECT_EQ(run_.lease().prefixes.size(), 2U);
  run_.run_for(hours(3));
  const auto releases = run_.of(MessageType::kRelease);
  ASSERT_FALSE(releases.empty());
  EXPECT_EQ(iaids_of(releases[0].message), std::vector<std::uint32_t>{kPrefixIaid});
  ASSERT_EQ(run_.lease().prefixes.size(), 1U);
  EXPECT_EQ(run_.lease().prefixes[0].prefix.length(), 56U);
}

TEST(ClientSlash64s, EachLanGetsOneOfItsOwn) {
  ClientRun run(for_lans(3));
  TestServer server = hint_server(1, [](const HintQuestion&) { return 64; });
  run.servers = {&server};
  ASSERT_TRUE(run.bind()) << run.transcript();
  ASSERT_EQ(run.of(MessageType::kRequest).size(), 1U);
  EXPECT_EQ(iaids_of(run.of(MessageType::kRequest)[0].message),
            (std::vector<std::uint32_t>{kPrefixIaid, kSpare, kSpare + 1}));
  ASSERT_EQ(run.lease().prefixes.size(), 3U);
  const std::vector<LeasedPrefix> held = run.lease().prefixes;
  run.run_for(hours(5));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(run.lease().prefixes.at(i).prefix, held[i].prefix);
  // And after a restart.
  const Lease stored = run.lease();
  run.sent.clear();
  run.client.start_stateful(stored, run.now);
  ASSERT_TRUE(run.run_to(ClientState::kBound, minutes(1)));
  EXPECT_EQ(iaids_of(run.sent.front().message).size(), 3U);
  EXPECT_EQ(run.lease().prefixes.size(), 3U);
}

TEST(ClientSlash64s, AWiderPrefixNeedsNoSecond) {
  ClientRun run(for_lans(3));
  TestServer server = hint_server(1, [](const HintQuestion&) { return 62; });
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
}

TEST(ClientSlash64s, TheOnlyOneIsTakenAndTheOthersAreAskedForNowAndThen) {
  ClientRun run(for_lans(3));
  TestServer server = hint_server(1, [](const HintQuestion& question) -> std::optional<unsigned> {
    return question.position == 0 ? std::optional(64U) : std::nullopt;
  });
  run.servers = {&server};
  ASSERT_TRUE(run.bind()) << run.transcript();
  ASSERT_EQ(run.lease().prefixes.size(), 1U);
  const Prefix held = run.lease().prefixes[0].prefix;
  run.sent.clear();
  run.run_for(hours(10));
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
  EXPECT_EQ(run.lease().prefixes.at(0).prefix, held);
  EXPECT_LT(run.of(MessageType::kRenew).size(), 80U);
}

TEST(ClientSlash64s, AServerThatFailsOnSeveralIsAskedForOneAndRemembered) {
  for (const Status status : {Status::kUnspecFail, Status::kNoPrefixAvail}) {
    ClientRun run(for_lans(4));
    TestServer server = hint_server(1, [](const HintQuestion&) { return 64; });
    server.edit = [status, inner = server.edit](const Message& query, Message& answer) {
      inner(query, answer);
      if (query.type == MessageType::kSolicit || iaids_of(query).size() < 2) return;
      std::erase_if(answer.options, [](const Option& option) {
        return std::holds_alternative<IaPd>(option) || std::holds_alternative<IaNa>(option);
      });
      answer.options.push_back(StatusCode{.status = status});
    };
    run.servers = {&server};
    ASSERT_TRUE(run.bind()) << run.transcript();
    EXPECT_EQ(run.lease().prefixes.size(), 1U);
    EXPECT_EQ(run.of(MessageType::kRequest).size(), 2U);
    const ServerProfile* known = run.lease().servers.find(server.duid);
    ASSERT_TRUE(known);
    EXPECT_TRUE(known->fails_on_several);
    EXPECT_EQ(known->lengths, std::vector<unsigned>{64});
    run.sent.clear();
    ASSERT_TRUE(run.bind());
    EXPECT_EQ(run.of(MessageType::kRequest).size(), 1U);
  }
}

TEST(ClientSlash64s, AnAddressBesideNoPrefixIsNotEnough) {
  ClientRun run(for_lans(2));
  TestServer server = hint_server(1, [](const HintQuestion&) { return 64; });
  server.edit = [inner = server.edit](const Message& query, Message& answer) {
    inner(query, answer);
    if (query.type != MessageType::kSolicit && iaids_of(query).size() > 1)
      refuse_delegations(answer);
  };
  run.servers = {&server};
  ASSERT_TRUE(run.bind()) << run.transcript();
  EXPECT_EQ(run.lease().prefixes.size(), 1U) << run.transcript();
  EXPECT_EQ(run.lease().addresses.size(), 1U);
}

TEST(ClientSlash64s, OneWideOneTakesThePlaceOfThemAll) {
  ClientRun run(for_lans(2));
  unsigned length = 64;
  TestServer server = hint_server(1, grown(length));
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  ASSERT_EQ(run.lease().prefixes.size(), 2U);
  length = 56;
  run.run_for(hours(8));
  ASSERT_EQ(run.lease().prefixes.size(), 1U) << run.transcript();
  EXPECT_EQ(run.lease().prefixes[0].prefix.length(), 56U);
}

TEST(ClientSlash64s, AnotherLanIsAskedForAtOnce) {
  ClientRun run(for_lans(1));
  TestServer server = hint_server(1, [](const HintQuestion&) { return 64; });
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  ASSERT_EQ(run.lease().prefixes.size(), 1U);
  run.client.adapt({.slash64s = 2, .probe_interval = hours(6)}, run.now);
  run.run_for(seconds(5));
  EXPECT_EQ(run.lease().prefixes.size(), 2U) << run.transcript();
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
