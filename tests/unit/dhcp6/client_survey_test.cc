// SPDX-License-Identifier: Apache-2.0
// Discovery by survey: which offer the client takes, and that it commits to nothing before.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/support/dhcp6_client_run.h"
#include "tests/support/dhcp6_hint_server.h"

namespace sixgate::dhcp6::testing {
namespace {

ClientParameters surveying(ClientParameters parameters) {
  parameters.survey_hints = every_hint();
  return parameters;
}

std::vector<Prefix> prefixes_of(const IaPd& ia) {
  std::vector<Prefix> found;
  for (const IaPrefix& one : find_all<IaPrefix>(ia.options)) found.push_back(one.prefix);
  return found;
}

TEST(ClientSurvey, TakesTheWidestOfAMixedPoolWithOneRequest) {
  ClientRun run(surveying(both()));
  // What a server with two pools shows of them whatever is asked: the second when the first is used up.
  TestServer server = hint_server(1, [](const HintQuestion& question) {
    return question.count > 1 && question.position < 4 ? 64U : 56U;
  });
  run.servers = {&server};
  ASSERT_TRUE(run.bind()) << run.transcript();
  ASSERT_EQ(run.of(MessageType::kSolicit).size(), 1U);
  ASSERT_EQ(run.of(MessageType::kRequest).size(), 1U);
  const Message request = run.of(MessageType::kRequest)[0].message;
  const IaPd* asked = find_single<IaPd>(request.options);
  ASSERT_TRUE(asked) << "one delegation";
  EXPECT_EQ(asked->iaid, kPrefixIaid) << "under its stable IAID";
  const auto named = prefixes_of(*asked);
  ASSERT_EQ(named.size(), 1U) << "the offered prefix; its length is what the hint asked for";
  EXPECT_EQ(named[0].length(), 56U);
  EXPECT_EQ(find_single<IaNa>(request.options)->iaid, kAddressIaid);
  ASSERT_EQ(run.lease().prefixes.size(), 1U);
  EXPECT_EQ(run.lease().prefixes[0].prefix, named[0]);
  EXPECT_EQ(run.lease().addresses.size(), 1U);
  EXPECT_TRUE(run.lease().verified);
}

TEST(ClientSurvey, TheBoundIaidIsNeverSolicited) {
  ClientRun run(surveying(both()));
  TestServer server = hint_server(1, always(56));
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  run.run_for(hours(10));
  for (const Sent& one : run.of(MessageType::kSolicit)) {
    for (const IaPd& ia : find_all<IaPd>(one.message.options)) EXPECT_NE(ia.iaid, kPrefixIaid);
  }
}

TEST(ClientSurvey, WidthComesBeforePreference) {
  ClientRun run(surveying(prefix_only()));
  TestServer small = hint_server(1, always(64));
  small.preference = 255;
  TestServer large = hint_server(2, always(60));
  large.preference = 0;
  large.delay = milliseconds(700);
  run.servers = {&small, &large};
  ASSERT_TRUE(run.bind());
  EXPECT_EQ(run.lease().server, large.duid);
  EXPECT_EQ(run.lease().prefixes.at(0).prefix.length(), 60U);
}

TEST(ClientSurvey, PreferenceDecidesBetweenEqualWidths) {
  ClientRun run(surveying(prefix_only()));
  TestServer first = hint_server(1, always(56));
  TestServer second = hint_server(2, always(56));
  second.preference = 9;
  run.servers = {&first, &second};
  ASSERT_TRUE(run.bind());
  EXPECT_EQ(run.lease().server, second.duid);
}

TEST(ClientSurvey, TheHeldPrefixComesBeforePreference) {
  ClientRun run(surveying(prefix_only()));
  TestServer first = hint_server(1, always(56));
  run.servers = {&first};
  ASSERT_TRUE(run.bind());
  const Prefix held = run.lease().prefixes.at(0).prefix;
  // Both servers are silent to Rebind. The first still has our prefix on offer.
  TestServer other = hint_server(2, always(56));
  other.preference = 200;
  first.edit = [held](const Message& query, Message& answer) {
    std::erase_if(answer.options, [](const Option& o) { return std::holds_alternative<IaPd>(o); });
    if (query.type == MessageType::kRenew || query.type == MessageType::kRebind) {
      answer.type = MessageType::kRequest;  // silent
      return;
    }
    for (const IaPd& asked : find_all<IaPd>(query.options)) {
      IaPd ia{.iaid = asked.iaid, .t1 = Lifetime(1000), .t2 = Lifetime(1600)};
      ia.options.push_back(
          IaPrefix{.prefix = held, .preferred = Lifetime(2000), .valid = Lifetime(3000)});
      answer.options.push_back(std::move(ia));
    }
  };
  other.deaf_to = {MessageType::kRenew, MessageType::kRebind};
  run.servers = {&other, &first};
  run.client.link_changed(run.now);
  ASSERT_TRUE(run.run_to(ClientState::kRequesting, minutes(5))) << run.transcript();
  ASSERT_TRUE(run.run_to(ClientState::kBound, minutes(5))) << run.transcript();
  EXPECT_EQ(run.lease().prefixes.at(0).prefix, held) << run.transcript();
  EXPECT_EQ(run.lease().server, first.duid);
}

TEST(ClientSurvey, AServerThatRefusesTheRequestIsFollowedByTheNextWidest) {
  ClientRun run(surveying(prefix_only()));
  TestServer large = hint_server(1, always(48));
  large.edit = [inner = large.edit](const Message& query, Message& answer) {
    inner(query, answer);
    if (query.type != MessageType::kRequest) return;
    std::erase_if(answer.options, [](const Option& o) { return std::holds_alternative<IaPd>(o); });
    answer.options.push_back(StatusCode{.status = Status::kUnspecFail});
  };
  TestServer small = hint_server(2, always(60));
  TestServer smaller = hint_server(3, always(64));
  run.servers = {&smaller, &small, &large};
  ASSERT_TRUE(run.bind());
  EXPECT_EQ(run.lease().prefixes.at(0).prefix.length(), 60U) << run.transcript();
}

TEST(ClientSurvey, AStoredLeaseIsVerifiedBeforeAnythingIsLookedAt) {
  ClientRun run(surveying(both()));
  TestServer server = hint_server(1, always(56));
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  const Lease stored = run.lease();
  run.sent.clear();
  run.client.start_stateful(stored, run.now);
  ASSERT_TRUE(run.run_to(ClientState::kBound, minutes(1)));
  EXPECT_EQ(run.sent.front().message.type, MessageType::kRebind);
  EXPECT_TRUE(run.of(MessageType::kSolicit).empty());
  EXPECT_EQ(run.lease().prefixes.at(0).prefix, stored.prefixes.at(0).prefix);
}

TEST(ClientSurvey, WhereAnAddressKillsThePrefixThePrefixIsAskedForAlone) {
  ClientRun run(surveying(both()));
  TestServer server = hint_server(1, [](const HintQuestion& question) -> std::optional<unsigned> {
    if (question.with_address) return std::nullopt;
    return 56;
  });
  run.servers = {&server};
  ASSERT_TRUE(run.bind()) << run.transcript();
  EXPECT_EQ(run.lease().prefixes.at(0).prefix.length(), 56U);
  run.run_for(hours(5));
  for (const Sent& one : run.sent) {
    if (one.message.type != MessageType::kSolicit) {
      EXPECT_FALSE(contains<IaNa>(one.message.options));
    }
  }
  EXPECT_EQ(run.lease().prefixes.size(), 1U) << "renewed ever since";
}

TEST(ClientSurvey, ASilentLinkIsSolicitedWithBackOff) {
  ClientRun run(surveying(both()));
  run.client.start_stateful(std::nullopt, run.now);
  run.run_for(hours(30));
  EXPECT_EQ(run.client.state(), ClientState::kSoliciting);
  EXPECT_EQ(run.client.counters().sent, run.sent.size());
  EXPECT_LT(run.sent.size(), 70U);
  TestServer server = hint_server(1, always(56));
  run.servers = {&server};
  EXPECT_TRUE(run.run_to(ClientState::kBound, hours(2)));
}

TEST(ClientSurvey, AServerWithoutPrefixesGivesTheAddress) {
  ClientRun run(surveying(both()));
  TestServer server = hint_server(1, [](const HintQuestion&) { return std::nullopt; });
  run.servers = {&server};
  ASSERT_TRUE(run.bind()) << run.transcript();
  EXPECT_EQ(run.lease().addresses.size(), 1U);
  EXPECT_TRUE(run.lease().prefixes.empty());
}

TEST(ClientSurvey, RapidCommitTakesWhatComes) {
  ClientParameters parameters = surveying(both());
  parameters.rapid_commit = true;
  ClientRun run(parameters);
  TestServer server = good_server();
  server.rapid_commit = true;
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  EXPECT_TRUE(run.of(MessageType::kRequest).empty());
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
