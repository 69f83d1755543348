// SPDX-License-Identifier: Apache-2.0
// Rapid commit and our name, with servers that take them, ignore them, and fail on them.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/dhcp6_client_run.h"

namespace sixgate::dhcp6 {
namespace {

using namespace testing;

ClientParameters with_extras(bool rapid, const char* name) {
  ClientParameters parameters = both();
  parameters.rapid_commit = rapid;
  if (name) parameters.name = DomainName::parse(std::string_view(name));
  return parameters;
}

bool names_us(const Message& message) { return contains<ClientFqdn>(message.options); }

bool wants_rapid(const Message& message) { return contains<RapidCommit>(message.options); }

// Answers nothing that `fails_on` is true of.
void be_deaf(TestServer& server, bool (*fails_on)(const Message&)) {
  server.edit = [fails_on](const Message& query, Message& answer) {
    if (fails_on(query)) answer.type = MessageType::kRelayReply;  // no client takes it
  };
}

const ServerProfile& known(const ClientRun& run, const TestServer& server) {
  const ServerProfile* profile = run.lease().servers.find(server.duid);
  static const ServerProfile kNothing{.server = test_duid(99), .lengths = {}};
  return profile ? *profile : kNothing;
}

TEST(ClientExtras, OurNameIsSaidWhereRfc4704AllowsIt) {
  TestServer server = good_server();
  ClientRun run(with_extras(false, "gw.example.net"));
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  run.run_for(seconds(2500));
  run.client.link_changed(run.now);
  run.run_for(seconds(20));
  ASSERT_FALSE(run.of(MessageType::kRenew).empty());
  ASSERT_FALSE(run.of(MessageType::kRebind).empty());
  for (const auto& sent : run.sent) {
    const ClientFqdn* said = find<ClientFqdn>(sent.message.options);
    ASSERT_TRUE(said) << to_string(sent.message.type);
    EXPECT_EQ(said->flags, ClientFqdn::kServerUpdates);  // section 5.2
    EXPECT_EQ(said->name.to_string(), "gw.example.net");
    EXPECT_FALSE(said->partial);
    const auto& codes = find<OptionRequest>(sent.message.options)->codes;
    EXPECT_TRUE(std::find(codes.begin(), codes.end(), ClientFqdn::kCode) != codes.end());
  }
  EXPECT_FALSE(known(run, server).fails_on_name);
}

TEST(ClientExtras, ALabelAloneIsForTheServerToComplete) {
  TestServer server = good_server();
  ClientRun run(with_extras(false, "router"));
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  EXPECT_TRUE(find<ClientFqdn>(run.of(MessageType::kRequest)[0].message.options)->partial);
}

TEST(ClientExtras, NothingIsSaidOfANameThatWeDoNotHave) {
  TestServer server = good_server();
  ClientRun run(with_extras(false, nullptr));
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  for (const auto& sent : run.sent) {
    EXPECT_FALSE(names_us(sent.message));
    const auto& codes = find<OptionRequest>(sent.message.options)->codes;
    EXPECT_TRUE(std::find(codes.begin(), codes.end(), ClientFqdn::kCode) == codes.end());
  }
}

TEST(ClientExtras, AServerThatFailsOnTheNameIsAskedWithoutAndRemembered) {
  TestServer server = good_server();
  server.edit = [](const Message& query, Message& answer) {
    if (!names_us(query) || query.type == MessageType::kSolicit) return;
    std::erase_if(answer.options, [](const Option& option) {
      return std::holds_alternative<IaPd>(option) || std::holds_alternative<IaNa>(option);
    });
    answer.options.push_back(StatusCode{.status = Status::kUnspecFail});
  };
  ClientRun run(with_extras(false, "router"));
  run.servers = {&server};
  ASSERT_TRUE(run.bind()) << run.transcript();
  ASSERT_EQ(run.of(MessageType::kRequest).size(), 2U);
  EXPECT_FALSE(names_us(run.last()));
  EXPECT_NE(run.sent[run.sent.size() - 2].message.transaction_id, run.last().transaction_id);
  EXPECT_LT(run.now - run.sent[0].at, seconds(5));
  EXPECT_TRUE(known(run, server).fails_on_name);
  EXPECT_EQ(known(run, server).lengths, std::vector<unsigned>{56});

  run.sent.clear();
  run.run_for(seconds(1100));
  ASSERT_FALSE(run.of(MessageType::kRenew).empty());
  EXPECT_FALSE(names_us(run.last()));
  // And after a restart.
  const Lease stored = run.lease();
  ClientRun next(with_extras(false, "router"));
  next.servers = {&server};
  next.client.start_stateful(stored, next.now);
  ASSERT_TRUE(next.run_to(ClientState::kBound));
  for (const auto& sent : next.sent) EXPECT_FALSE(names_us(sent.message));
}

TEST(ClientExtras, AServerThatDoesNotAnswerARequestWithTheNameGetsOneWithout) {
  TestServer server = good_server();
  be_deaf(server, [](const Message& query) {
    return query.type == MessageType::kRequest && names_us(query);
  });
  ClientRun run(with_extras(false, "router"));
  run.servers = {&server};
  ASSERT_TRUE(run.bind()) << run.transcript();
  EXPECT_EQ(run.of(MessageType::kRequest).size(), 4U);
  EXPECT_TRUE(known(run, server).fails_on_name);
}

TEST(ClientExtras, ARenewalThatFailsOnTheNameGoesOnWithout) {
  TestServer server = good_server();
  ClientRun run(with_extras(false, "router"));
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  server.edit = [](const Message& query, Message& answer) {
    if (names_us(query))
      answer.options = {answer.options[0], answer.options[1],
                        StatusCode{.status = Status::kUnspecFail}};
  };
  run.sent.clear();
  run.run_for(seconds(1100));
  const auto renews = run.of(MessageType::kRenew);
  ASSERT_EQ(renews.size(), 2U);
  EXPECT_TRUE(names_us(renews[0].message));
  EXPECT_FALSE(names_us(renews[1].message));
  EXPECT_GE(renews[1].at - renews[0].at, seconds(9));  // at its time
  EXPECT_TRUE(known(run, server).fails_on_name);
  EXPECT_EQ(run.client.state(), ClientState::kBound);
}

TEST(ClientExtras, SilenceInARenewalIsNotBlamedOnTheName) {
  TestServer server = good_server();
  ClientRun run(with_extras(false, "router"));
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  server.silent = true;
  run.run_for(seconds(1500));
  server.silent = false;
  run.run_for(seconds(300));
  EXPECT_EQ(run.client.state(), ClientState::kBound);
  EXPECT_FALSE(known(run, server).fails_on_name);
  EXPECT_TRUE(names_us(run.last()));
}

TEST(ClientExtras, WhetherAServerCommitsRapidlyIsKnown) {
  for (const bool commits : {false, true}) {
    SCOPED_TRACE(commits);
    TestServer server = good_server();
    server.rapid_commit = commits;
    ClientRun run(with_extras(true, nullptr));
    run.servers = {&server};
    ASSERT_TRUE(run.bind());
    EXPECT_EQ(known(run, server).rapid_commit, commits ? Finding::kYes : Finding::kNo);
    EXPECT_FALSE(known(run, server).fails_on_rapid_commit);
    EXPECT_EQ(known(run, server).lengths, std::vector<unsigned>{56});
    EXPECT_FALSE(known(run, server).leaves_times);
  }
}

TEST(ClientExtras, AServerThatIsDeafToRapidCommitIsFoundAndRemembered) {
  TestServer server = good_server();
  be_deaf(server, wants_rapid);
  ClientRun run(with_extras(true, nullptr));
  run.servers = {&server};
  ASSERT_TRUE(run.bind()) << run.transcript();
  EXPECT_LT(run.now - run.sent[0].at, seconds(8));
  const auto solicits = run.of(MessageType::kSolicit);
  ASSERT_EQ(solicits.size(), 4U);
  EXPECT_TRUE(wants_rapid(solicits[0].message) && wants_rapid(solicits[1].message));
  EXPECT_FALSE(wants_rapid(solicits[2].message));
  EXPECT_TRUE(wants_rapid(solicits[3].message));  // once more, to be sure
  EXPECT_TRUE(known(run, server).fails_on_rapid_commit);
  EXPECT_FALSE(known(run, server).fails_on_name);
  EXPECT_EQ(known(run, server).lengths, std::vector<unsigned>{56});

  const Lease stored{.servers = run.lease().servers};
  ClientRun next(with_extras(true, nullptr));
  next.servers = {&server};
  next.client.start_stateful(stored, next.now);
  ASSERT_TRUE(next.run_to(ClientState::kBound));
  EXPECT_EQ(next.sent.size(), 2U);
  EXPECT_FALSE(wants_rapid(next.sent[0].message));
}

TEST(ClientExtras, AServerThatWasNotThereIsNotBlamed) {
  TestServer server = good_server();
  server.rapid_commit = true;
  ClientRun run(with_extras(true, "router"));
  run.servers = {&server};
  server.silent = true;
  run.client.start_stateful(std::nullopt, run.now);
  // Back just before a plain Solicit.
  while (run.of(MessageType::kSolicit).size() < 4) run.run_for(milliseconds(100));
  EXPECT_FALSE(wants_rapid(run.of(MessageType::kSolicit)[2].message));
  EXPECT_TRUE(wants_rapid(run.last()));
  server.silent = false;
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  EXPECT_TRUE(wants_rapid(run.last()));
  EXPECT_EQ(known(run, server).rapid_commit, Finding::kYes);
  EXPECT_FALSE(known(run, server).fails_on_rapid_commit);
  EXPECT_FALSE(known(run, server).fails_on_name);
}

TEST(ClientExtras, TheSurveyKeepsOurNameToItself) {
  ClientParameters parameters = with_extras(false, "router");
  parameters.survey_hints = every_hint();
  TestServer server = good_server();
  ClientRun run(parameters);
  run.servers = {&server};
  run.client.start_stateful(std::nullopt, run.now);
  run.run_for(seconds(30));
  ASSERT_FALSE(run.sent.empty());
  for (const auto& sent : run.of(MessageType::kSolicit)) EXPECT_FALSE(names_us(sent.message));
}

}  // namespace
}  // namespace sixgate::dhcp6
