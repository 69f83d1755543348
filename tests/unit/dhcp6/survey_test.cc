// SPDX-License-Identifier: Apache-2.0
// A survey in virtual time: what it asks, how long it waits, what it makes of the answers.
#include "dhcp6/survey.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "tests/support/dhcp6_client_run.h"
#include "tests/support/dhcp6_hint_server.h"

namespace sixgate::dhcp6::testing {
namespace {

using Asking = SurveyProgress::Asking;

std::vector<unsigned> all_lengths() {
  std::vector<unsigned> lengths(17);
  std::iota(lengths.begin(), lengths.end(), 48);
  return lengths;
}

// Only whole messages with one IA_PD.
HintPolicy one_at_a_time(HintPolicy policy) {
  return [policy = std::move(policy)](const HintQuestion& question) -> std::optional<unsigned> {
    return question.count == 1 ? policy(question) : std::nullopt;
  };
}
HintPolicy exact(std::set<unsigned> lengths) {
  return [lengths = std::move(lengths)](const HintQuestion& question) -> std::optional<unsigned> {
    if (lengths.contains(question.length)) return question.length;
    return std::nullopt;
  };
}

SurveyParameters with_address() {
  SurveyParameters parameters = SurveyRun::defaults();
  parameters.address = true;
  return parameters;
}

TEST(Survey, AsksEveryLengthInOneSolicitOnScratchIaids) {
  SurveyRun run(with_address());
  TestServer server = hint_server(1, always(56));
  run.servers = {&server};
  ASSERT_TRUE(run.run());
  ASSERT_EQ(run.sent.size(), 1U);
  const Message& solicit = run.sent.front().message;
  EXPECT_EQ(solicit.type, MessageType::kSolicit);
  EXPECT_FALSE(contains<RapidCommit>(solicit.options));
  EXPECT_FALSE(contains<ServerId>(solicit.options));
  EXPECT_EQ(SurveyRun::hints_of(solicit), all_lengths());
  std::set<std::uint32_t> iaids;
  for (const IaPd& ia : find_all<IaPd>(solicit.options)) iaids.insert(ia.iaid);
  EXPECT_EQ(iaids.size(), 17U);
  EXPECT_EQ(find<IaNa>(solicit.options)->iaid, run.survey.parameters().first_iaid);
  EXPECT_EQ(find<ElapsedTime>(solicit.options)->elapsed.count(), 0);
}

TEST(Survey, WaitsTheWholeFirstTimeoutEvenForPreference255) {
  SurveyRun run;
  TestServer small = hint_server(1, always(64));
  small.preference = 255;
  TestServer large = hint_server(2, always(60));
  large.preference = 0;
  large.delay = milliseconds(900);
  run.servers = {&small, &large};
  const Instant begin = run.now;
  ASSERT_TRUE(run.run());
  EXPECT_GT(run.now - begin, seconds(1));
  EXPECT_LE(run.now - begin, milliseconds(1100));
  ASSERT_EQ(run.result().servers.size(), 2U);
  EXPECT_EQ(run.result().servers[0].preference, 255);
  EXPECT_EQ(run.result().widest()->prefix.length(), 60U);
  EXPECT_EQ(run.result().servers[0].widest()->prefix.length(), 64U);
  EXPECT_FALSE(run.result().walked);
  EXPECT_EQ(run.sent.size(), 1U);
}

TEST(Survey, KnowsWhetherHintsAreFollowed) {
  SurveyRun ignored;
  TestServer fixed = hint_server(1, always(56));
  ignored.servers = {&fixed};
  ASSERT_TRUE(ignored.run());
  EXPECT_EQ(ignored.result().servers[0].hint_behaviour(ignored.result().hints),
            HintBehaviour::kIgnored);

  SurveyRun followed;
  TestServer prefer =
      hint_server(1, [](const HintQuestion& q) { return q.length == 56 ? 56U : 64U; });
  followed.servers = {&prefer};
  ASSERT_TRUE(followed.run());
  EXPECT_EQ(followed.result().servers[0].hint_behaviour(followed.result().hints),
            HintBehaviour::kFollowed);
  EXPECT_EQ(followed.result().widest()->prefix.length(), 56U);

  SurveyRun strict;
  TestServer exactly = hint_server(1, exact({56, 60, 64}));
  strict.servers = {&exactly};
  ASSERT_TRUE(strict.run());
  EXPECT_EQ(strict.result().servers[0].hint_behaviour(strict.result().hints),
            HintBehaviour::kExact);
  EXPECT_EQ(strict.lengths(),
            (std::vector<unsigned>{0, 0, 0, 0, 0, 0, 0, 0, 56, 0, 0, 0, 60, 0, 0, 0, 64}));

  // A server whose second pool shows only when the first is used up: the match is chance.
  SurveyRun chance;
  TestServer pools =
      hint_server(1, [](const HintQuestion& q) { return q.position < 9 ? 64U : 56U; });
  chance.servers = {&pools};
  ASSERT_TRUE(chance.run());
  EXPECT_EQ(chance.result().servers[0].hint_behaviour(chance.result().hints),
            HintBehaviour::kIgnored);
  EXPECT_EQ(chance.result().widest()->prefix.length(), 56U);
}

TEST(Survey, WalksWhenAServerAnswersOnlySomeHints) {
  SurveyRun run;
  // One delegation for each message, and only to whom asks for it.
  TestServer server = hint_server(1, one_at_a_time(exact({57})));
  run.servers = {&server};
  ASSERT_TRUE(run.run());
  EXPECT_TRUE(run.result().walked);
  EXPECT_EQ(run.sent.size(), 18U);
  for (std::size_t i = 1; i < run.sent.size(); ++i) {
    EXPECT_EQ(SurveyRun::hints_of(run.sent[i].message),
              std::vector<unsigned>{static_cast<unsigned>(47 + i)})
        << "in steps of 1, also after an answer";
    EXPECT_GE(run.sent[i].at - run.sent[i - 1].at, milliseconds(250));
    EXPECT_NE(run.sent[i].message.transaction_id, run.sent[i - 1].message.transaction_id);
  }
  EXPECT_EQ(run.result().widest()->prefix.length(), 57U);
  EXPECT_EQ(run.result().servers[0].hint_behaviour(run.result().hints), HintBehaviour::kExact);
}

TEST(Survey, WalksWhenTheServerFails) {
  SurveyRun run;
  TestServer server = hint_server(1, always(56));
  server.edit = [inner = server.edit](const Message& query, Message& answer) {
    inner(query, answer);
    const auto asked = find_all<IaPd>(query.options);
    if (asked.begin() == asked.end() || ++asked.begin() == asked.end()) return;
    std::erase_if(answer.options, [](const Option& o) { return std::holds_alternative<IaPd>(o); });
    answer.options.push_back(StatusCode{.status = Status::kUnspecFail});
  };
  run.servers = {&server};
  ASSERT_TRUE(run.run());
  EXPECT_TRUE(run.result().walked);
  EXPECT_EQ(run.lengths(), std::vector<unsigned>(17, 56));
}

TEST(Survey, AStatusAnywhereIsReported) {
  SurveyParameters parameters = SurveyRun::defaults();
  parameters.hints = {prefix("::/56"), prefix("::/60")};
  SurveyRun run(parameters);
  TestServer server(1);
  server.edit = [](const Message& query, Message& answer) {
    answer.options.push_back(StatusCode{.status = Status::kNoAddrsAvail});
    std::erase_if(answer.options, [](const Option& o) { return std::holds_alternative<IaPd>(o); });
    for (const IaPd& asked : find_all<IaPd>(query.options)) {
      IaPd ia{.iaid = asked.iaid, .t1 = Lifetime(10), .t2 = Lifetime(16)};
      IaPrefix one{
          .prefix = prefix("2001:db8:1::/56"), .preferred = Lifetime(20), .valid = Lifetime(30)};
      if (find<IaPrefix>(asked.options)->prefix.length() == 60) {
        one.options.push_back(StatusCode{.status = Status::kNoPrefixAvail});
      }
      ia.options.push_back(one);
      answer.options.push_back(ia);
    }
  };
  run.servers = {&server};
  ASSERT_TRUE(run.run());
  const SurveyAnswer& good = run.result().servers[0].prefixes[0];
  EXPECT_EQ(good.message_status, Status::kNoAddrsAvail);
  EXPECT_EQ(good.t1, Lifetime(10));
  EXPECT_EQ(good.t2, Lifetime(16));
  ASSERT_TRUE(good.usable()) << "a good IA_PD beside NoAddrsAvail";
  EXPECT_EQ(good.leases[0], (SurveyedLease{prefix("2001:db8:1::/56"), Lifetime(20), Lifetime(30),
                                           Status::kSuccess, true}));
  const SurveyAnswer& bad = run.result().servers[0].prefixes[1];
  EXPECT_FALSE(bad.usable());
  EXPECT_TRUE(bad.present);
  EXPECT_EQ(bad.leases.at(0).status, Status::kNoPrefixAvail);
}

TEST(Survey, TheSamePrefixForEveryHintIsAnAnswerToEach) {
  SurveyRun run;
  TestServer server(1);
  for (std::uint32_t i = 0; i < 17; ++i) {
    server.prefixes[run.survey.parameters().first_iaid + i] = {prefix("2001:db8:5::/48")};
  }
  run.servers = {&server};
  ASSERT_TRUE(run.run());
  EXPECT_FALSE(run.result().walked);
  EXPECT_EQ(run.lengths(), std::vector<unsigned>(17, 48));
}

TEST(Survey, FindsWhoIsSilentToTheWrongHint) {
  SurveyRun run;
  TestServer server = hint_server(1, exact({60}));
  server.edit = [inner = server.edit](const Message& query, Message& answer) {
    inner(query, answer);
    if (SurveyRun::hints_of(query) != std::vector<unsigned>{60})
      answer.type = MessageType::kRequest;
  };
  run.servers = {&server};
  ASSERT_TRUE(run.run());
  EXPECT_EQ(run.result().widest()->prefix.length(), 60U);
  EXPECT_LE(run.sent.size(), 2U + 17U + 20U);
}

TEST(Survey, ALostAnswerIsAskedForAgain) {
  SurveyRun run;
  TestServer server = hint_server(1, one_at_a_time(exact({52})));
  run.servers = {&server};
  // That to the one Solicit comes; that to ::/52 is lost once.
  run.lose_answer = [](std::size_t n) { return n == 5; };
  ASSERT_TRUE(run.run());
  EXPECT_EQ(run.result().widest()->prefix.length(), 52U);
  const auto lost = std::find_if(run.sent.begin() + 1, run.sent.end(), [](const auto& one) {
    return SurveyRun::hints_of(one.message) == std::vector<unsigned>{52};
  });
  ASSERT_NE(lost, run.sent.end());
  EXPECT_EQ(lost->message.transaction_id, (lost + 1)->message.transaction_id);
  EXPECT_GT((lost + 1)->at - lost->at, seconds(1));
}

TEST(Survey, WithoutAnyAnswerItEndsAfterOneWalk) {
  SurveyRun run;
  const Instant begin = run.now;
  ASSERT_TRUE(run.run());
  EXPECT_TRUE(run.result().servers.empty());
  EXPECT_TRUE(run.result().complete);
  EXPECT_EQ(run.sent.size(), 2U + 17U);
  EXPECT_LT(run.now - begin, seconds(25));
  EXPECT_EQ(run.progress.back().asking, Asking::kNothing);
}

TEST(Survey, APersistentOneBacksOffAndFindsTheServerThatComesBack) {
  SurveyParameters parameters = SurveyRun::defaults();
  parameters.persistent = true;
  SurveyRun run(parameters);
  EXPECT_FALSE(run.run(hours(30)));
  // Section 15: RT doubles to SOL_MAX_RT, with 10 % either way.
  for (std::size_t i = 2; i < 10; ++i) {
    const Duration before = run.sent[i - 1].at - run.sent[i - 2].at;
    const Duration gap = run.sent[i].at - run.sent[i - 1].at;
    EXPECT_GE(gap * 10, before * 19);
    EXPECT_LE(gap * 10, before * 21);
  }
  EXPECT_EQ(SurveyRun::hints_of(run.sent[2].message), std::vector<unsigned>{48});
  EXPECT_EQ(SurveyRun::hints_of(run.sent[4].message), std::vector<unsigned>{56});
  EXPECT_EQ(SurveyRun::hints_of(run.sent[6].message), std::vector<unsigned>{64});
  const Duration last_gap = run.sent.back().at - run.sent[run.sent.size() - 2].at;
  EXPECT_GE(last_gap, seconds(3240));
  EXPECT_LE(last_gap, seconds(3960));
  const std::size_t together = static_cast<std::size_t>(
      std::count_if(run.sent.end() - 10, run.sent.end(),
                    [](const auto& one) { return SurveyRun::hints_of(one.message).size() == 17; }));
  EXPECT_EQ(together, 5U) << "each second one for a hint alone";
  TestServer server = hint_server(1, one_at_a_time(exact({56})));
  run.servers = {&server};
  ASSERT_TRUE(run.run_on(hours(2)));
  EXPECT_EQ(run.result().widest()->prefix.length(), 56U);
}

TEST(Survey, SolMaxRtOfAnAdvertiseIsReported) {
  SurveyRun run;
  TestServer server = hint_server(1, exact({}));
  server.configuration.push_back(SolMaxRt{seconds(120)});
  run.servers = {&server};
  ASSERT_TRUE(run.run());
  EXPECT_EQ(run.result().solicit_max, seconds(120));
  EXPECT_EQ(run.result().widest(), nullptr);
}

TEST(Survey, AddressAndPrefixTogether) {
  SurveyRun run(with_address());
  TestServer server = hint_server(1, always(56));
  run.servers = {&server};
  ASSERT_TRUE(run.run());
  EXPECT_EQ(run.result().servers[0].together(), Finding::kYes);
  EXPECT_TRUE(run.result().servers[0].address.usable());
  EXPECT_FALSE(run.result().walked);
}

TEST(Survey, AnAddressThatKillsThePrefixIsFoundOut) {
  SurveyRun run(with_address());
  TestServer server = hint_server(1, [](const HintQuestion& question) -> std::optional<unsigned> {
    if (question.with_address) return std::nullopt;
    return 56;
  });
  run.servers = {&server};
  ASSERT_TRUE(run.run());
  EXPECT_EQ(run.result().servers[0].together(), Finding::kNo);
  EXPECT_EQ(run.result().widest()->prefix.length(), 56U);
  EXPECT_TRUE(run.result().servers[0].address.usable());
}

TEST(Survey, OneDelegationForEachSessionIsNoReasonAgainstAnAddress) {
  SurveyRun run(with_address());
  TestServer server = hint_server(1, one_at_a_time(always(56)));
  run.servers = {&server};
  ASSERT_TRUE(run.run());
  EXPECT_EQ(run.result().servers[0].together(), Finding::kYes);
  EXPECT_EQ(run.sent.size(), 1U + 17U + 1U) << "and one that asks for both";
}

TEST(Survey, SerialFromTheStartWaitsOnlyOnceInFull) {
  SurveyParameters parameters = SurveyRun::defaults();
  parameters.serial = true;
  SurveyRun run(parameters);
  TestServer small = hint_server(1, always(64));
  small.preference = 255;
  TestServer large = hint_server(2, exact({60}));
  large.delay = milliseconds(800);
  run.servers = {&small, &large};
  const Instant begin = run.now;
  ASSERT_TRUE(run.run());
  ASSERT_EQ(run.result().servers.size(), 2U);
  EXPECT_EQ(run.result().widest()->prefix.length(), 60U);
  EXPECT_EQ(run.sent.size(), 17U);
  EXPECT_GT(run.sent[1].at - begin, seconds(1));
  EXPECT_LT(run.now - begin, seconds(16));
  EXPECT_EQ(run.progress[3].asking, Asking::kHint);
  EXPECT_EQ(run.progress[3].hint, prefix("::/51"));
  EXPECT_EQ(run.progress[3].step, 4U);
  EXPECT_EQ(run.progress[3].steps, 17U);
}

TEST(Survey, AnExactPrefixIsAskedForByName) {
  SurveyParameters parameters = SurveyRun::defaults();
  parameters.hints = {prefix("2001:db8:100::/56")};
  SurveyRun run(parameters);
  TestServer server = hint_server(1, always(56));
  run.servers = {&server};
  ASSERT_TRUE(run.run());
  EXPECT_EQ(run.result().widest()->prefix, prefix("2001:db8:100::/56"));
  EXPECT_EQ(run.sent.size(), 1U);
}

TEST(Survey, ForeignAndBrokenRepliesAreDroppedAndCounted) {
  SurveyRun run;
  run.survey.start(run.now);
  EXPECT_FALSE(run.run_on(milliseconds(10)));
  const Message& solicit = run.sent.front().message;
  Message answer{.type = MessageType::kAdvertise, .transaction_id = solicit.transaction_id};
  answer.options = {ClientId{client_duid()}, ServerId{test_duid(1)}};
  Message other = answer;
  other.transaction_id ^= 1;
  run.deliver(other);
  other = answer;
  other.options = {ClientId{test_duid(9)}, ServerId{test_duid(1)}};
  run.deliver(other);
  other = answer;
  other.type = MessageType::kReply;
  run.deliver(other);
  other.type = MessageType::kReconfigure;
  run.deliver(other);
  other.type = MessageType::kSolicit;
  run.deliver(other);
  run.survey.receive(std::vector<std::uint8_t>{2, 0}, address("fe80::1"), run.now);
  run.survey.receive(answer.to_bytes(), address("fe80::1"), run.now, Arrival::kMulticast);
  const ClientCounters& counters = run.survey.counters();
  EXPECT_EQ(counters[ClientDrop::kOtherTransaction], 1U);
  EXPECT_EQ(counters[ClientDrop::kOtherClientId], 1U);
  EXPECT_EQ(counters[ClientDrop::kNoRapidCommit], 1U);
  EXPECT_EQ(counters[ClientDrop::kReconfigureRefused], 1U);
  EXPECT_EQ(counters[ClientDrop::kNotForClients], 1U);
  EXPECT_EQ(counters[ClientDrop::kMalformed], 1U);
  EXPECT_EQ(counters[ClientDrop::kMulticast], 1U);
  EXPECT_EQ(counters.received, 7U);
  EXPECT_TRUE(run.result().servers.empty());
  for (unsigned i = 1; i <= 17; ++i) {
    other = answer;
    other.options = {ClientId{client_duid()}, ServerId{test_duid(i)}};
    run.deliver(other);
  }
  EXPECT_EQ(run.result().servers.size(), 16U);
  EXPECT_EQ(counters[ClientDrop::kNothingOffered], 1U);
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
