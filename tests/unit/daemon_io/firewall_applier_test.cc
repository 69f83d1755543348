// SPDX-License-Identifier: Apache-2.0
// What the applier asks of ip6tables, in which order, and what it does when it is refused. The kernel's side,
// and nftables, are tests/lab/test_firewall.py's.
#include "daemon/io/firewall_applier.h"

#include <gtest/gtest.h>

#include <deque>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "firewall/ip6tables.h"
#include "net/text.h"
#include "tests/unit/daemon_io/temporary.h"

namespace sixgate::daemon {
namespace {

using firewall::Backend;
using firewall::Ruleset;

// Programs that end when the test says so.
class FakeRunner final : public ProcessRunner {
 public:
  struct Run {
    Command command;
    Callback callback;
  };
  void run(Command command, Callback callback) override {
    runs.push_back({std::move(command), std::move(callback)});
  }
  bool available(const std::string& program) const override { return nft || program != "nft"; }

  // Ends the oldest run and returns its command line.
  std::string end(int status, std::string output = "") {
    if (runs.empty()) return "nothing";
    Run run = std::move(runs.front());
    runs.pop_front();
    last_input = run.command.input;
    std::string line;
    for (const std::string& word : run.command.arguments)
      line += cat(line.empty() ? "" : " ", word);
    run.callback(ProcessResult{status, std::move(output)});
    return line;
  }

  std::deque<Run> runs;
  std::string last_input;
  bool nft = false;  // whether there is that program
};

Ruleset rules(const char* lan) {
  Ruleset ruleset;
  ruleset.uplinks = {{"wan0"}};
  ruleset.lans = {{lan, firewall::Zone::kProtected, {}, {}}};
  return ruleset;
}

class FirewallApplierTest : public testing::Test {
 protected:
  void apply(const Ruleset& ruleset) {
    applier.apply(ruleset, [this](const Expected<Done>& done) { results.push_back(done); });
  }
  // From nothing to rules in place.
  void settle(const Ruleset& ruleset) {
    apply(ruleset);
    EXPECT_EQ(runner.end(0), "ip6tables-restore --noflush -w 5");
    for (std::size_t i = 0; i < firewall::kIp6tablesJumps.size(); ++i) (void)runner.end(0);
    ASSERT_EQ(results.size(), 1U);
    ASSERT_TRUE(results[0]);
    results.clear();
  }

  FakeRunner runner;
  FirewallApplier applier{
      runner, {.backend = Backend::kIp6tables, .state_dir = ""}, [](const LogLine&) {}};
  std::vector<Expected<Done>> results;
};

TEST_F(FirewallApplierTest, InsertsOnlyTheJumpsThatAreMissing) {
  EXPECT_EQ(applier.backend(), std::nullopt);
  apply(rules("lan0"));
  EXPECT_EQ(runner.end(0), "ip6tables-restore --noflush -w 5");
  EXPECT_EQ(runner.last_input, firewall::render_ip6tables(rules("lan0")));
  EXPECT_EQ(runner.end(1), "ip6tables -w 5 -t filter -C INPUT -j sixgate-input");
  EXPECT_EQ(runner.end(0), "ip6tables -w 5 -t filter -I INPUT 1 -j sixgate-input");
  EXPECT_EQ(runner.end(0), "ip6tables -w 5 -t filter -C FORWARD -j sixgate-forward");
  EXPECT_EQ(runner.end(0), "ip6tables -w 5 -t mangle -C FORWARD -j sixgate-mss");
  EXPECT_EQ(runner.end(0), "ip6tables -w 5 -t raw -C PREROUTING -j sixgate-prerouting");
  EXPECT_TRUE(results.empty());
  EXPECT_EQ(runner.end(0), "ip6tables -w 5 -t raw -C OUTPUT -j sixgate-output");
  ASSERT_EQ(results.size(), 1U);
  EXPECT_TRUE(results[0]);
  EXPECT_EQ(applier.backend(), Backend::kIp6tables);
}

TEST_F(FirewallApplierTest, ARefusalPutsTheOldRulesBackAndSaysWhy) {
  settle(rules("lan0"));
  apply(rules("lan1"));
  (void)runner.end(2, "line 7 failed");
  EXPECT_EQ(runner.end(0), "ip6tables-restore --noflush -w 5");
  EXPECT_EQ(runner.last_input, firewall::render_ip6tables(rules("lan0")));
  ASSERT_EQ(results.size(), 1U);
  ASSERT_FALSE(results[0]);
  EXPECT_EQ(results[0].error().message, "ip6tables-restore: line 7 failed");
  apply(rules("lan1"));
  EXPECT_EQ(runner.end(0), "ip6tables-restore --noflush -w 5");
  ASSERT_EQ(results.size(), 2U);
  EXPECT_TRUE(results[1]);
  // Not even they: perhaps nothing is left of what was to stay, and all is written and looked for.
  apply(rules("lan2"));
  (void)runner.end(2, "line 7 failed");
  (void)runner.end(2, "line 1 failed");
  apply(rules("lan2"));
  EXPECT_EQ(runner.end(0), "ip6tables-restore --noflush -w 5");
  EXPECT_EQ(runner.last_input, firewall::render_ip6tables(rules("lan2")));
  for (std::size_t i = 0; i < firewall::kIp6tablesJumps.size(); ++i) (void)runner.end(0);
  ASSERT_EQ(results.size(), 4U);
  EXPECT_TRUE(results[3]);
}

TEST_F(FirewallApplierTest, CountsByOneProcessWhenAsked) {
  std::optional<Expected<firewall::Counts>> counts;
  const auto count = [&] {
    counts.reset();
    applier.count([&](const Expected<firewall::Counts>& got) { counts = got; });
  };
  count();
  ASSERT_TRUE(counts && *counts);
  EXPECT_TRUE((*counts)->empty());
  settle(rules("lan0"));
  count();
  EXPECT_FALSE(counts);
  EXPECT_EQ(runner.end(0, "[2:80] -A sixgate-invalid -j DROP\n"), "ip6tables-save -c");
  ASSERT_TRUE(counts && *counts);
  firewall::Counts wanted = firewall::no_counts();
  firewall::add_count(wanted, "invalid", 2, 80);
  EXPECT_EQ(**counts, wanted);
  count();
  (void)runner.end(1, "no such thing");
  ASSERT_TRUE(counts);
  ASSERT_FALSE(*counts);
  EXPECT_EQ(counts->error().message, "ip6tables-save: no such thing");
}

// The person's own rules are refused: the house has its rules all the same, with those that were good before.
TEST_F(FirewallApplierTest, WhatIsWrongWithOwnRulesKeepsNothingElseOut) {
  const TemporaryDirectory directory;
  const std::string file = directory / "own";
  const auto write = [&](const char* line) { std::ofstream(file) << line << '\n'; };
  const auto has = [&](const char* line) {
    return runner.last_input.find(line) != std::string::npos;
  };
  const char* const good = "-A sixgate-user-forward -p tcp -j ACCEPT";
  write(good);
  applier.include({.nft = "", .ip6tables = file});
  settle(rules("lan0"));
  EXPECT_EQ(applier.user_rules(), cat(good, '\n'));
  EXPECT_EQ(applier.complaint(), "");

  write("-A sixgate-user-forward -p nonsense -j ACCEPT");
  applier.include({.nft = "", .ip6tables = file});
  (void)runner.end(2, "line 7 failed");
  EXPECT_TRUE(has("nonsense"));
  (void)runner.end(0);  // what there was, table by table
  (void)runner.end(0);  // and the Ruleset again, without what was refused
  EXPECT_TRUE(has(good));
  EXPECT_EQ(applier.complaint(), cat(file, ": ip6tables-restore: line 7 failed"));
  EXPECT_EQ(applier.user_rules(), cat(good, '\n'));
  // Nothing is read again before somebody says so.
  apply(rules("lan1"));
  (void)runner.end(0);
  EXPECT_TRUE(has(good));
  ASSERT_EQ(results.size(), 1U);
  EXPECT_TRUE(results[0]);

  write("-A FORWARD -j ACCEPT");
  applier.include({.nft = "", .ip6tables = file});
  (void)runner.end(0);
  EXPECT_NE(applier.complaint().find("line 1: \"-A FORWARD"), std::string::npos)
      << applier.complaint();
  write("# none");
  applier.include({.nft = "", .ip6tables = file});
  (void)runner.end(0);
  EXPECT_FALSE(has(good));
  EXPECT_EQ(applier.complaint(), "");
  EXPECT_TRUE(runner.runs.empty());
}

TEST_F(FirewallApplierTest, ALaterRulesetReplacesOneThatWaits) {
  settle(rules("lan0"));
  apply(rules("lan1"));
  apply(rules("lan2"));
  apply(rules("lan3"));
  ASSERT_EQ(runner.runs.size(), 1U);
  (void)runner.end(0);
  EXPECT_TRUE(results.empty());
  (void)runner.end(0);
  EXPECT_EQ(runner.last_input,
            firewall::render_ip6tables(rules("lan3"), firewall::FateChains::kThere));
  EXPECT_EQ(results.size(), 3U);
  EXPECT_TRUE(runner.runs.empty());
}

TEST_F(FirewallApplierTest, JumpsGoWhereTheyAreWantedOrToTheEnd) {
  FirewallApplier third(runner,
                        {.backend = Backend::kIp6tables, .state_dir = "", .jump_position = 3},
                        [](const LogLine&) {});
  third.apply(rules("lan0"), [this](const Expected<Done>& done) { results.push_back(done); });
  (void)runner.end(0);
  (void)runner.end(1);
  EXPECT_EQ(runner.end(1, "Index of insertion too big"),
            "ip6tables -w 5 -t filter -I INPUT 3 -j sixgate-input");
  EXPECT_EQ(runner.end(0), "ip6tables -w 5 -t filter -A INPUT -j sixgate-input");
  (void)runner.end(1);
  EXPECT_EQ(runner.end(1), "ip6tables -w 5 -t filter -I FORWARD 3 -j sixgate-forward");
  EXPECT_EQ(runner.end(4, "no"), "ip6tables -w 5 -t filter -A FORWARD -j sixgate-forward");
  ASSERT_EQ(results.size(), 1U);
  ASSERT_FALSE(results[0]);
  EXPECT_EQ(results[0].error().message, "ip6tables: ip6tables: no");
}

TEST_F(FirewallApplierTest, SeesWhatIsGoneAndPutsItBack) {
  std::optional<Expected<std::string>> lack;
  const auto inspect = [&] {
    lack.reset();
    applier.inspect([&](const Expected<std::string>& found) { lack = found; });
  };
  inspect();
  EXPECT_EQ(lack, Expected<std::string>(std::string()));  // nothing is ours yet
  EXPECT_FALSE(applier.concerns("filter", 0));
  EXPECT_FALSE(applier.suspects());
  settle(rules("lan0"));
  EXPECT_TRUE(applier.concerns("filter", 0));
  EXPECT_FALSE(applier.concerns("sixgate", 0));
  EXPECT_TRUE(applier.suspects()) << "nobody knows yet which variant it is";
  EXPECT_FALSE(applier.tells_all());
  inspect();
  // What comes meanwhile waits, for half a change would look like somebody's.
  apply(rules("lan1"));
  EXPECT_EQ(runner.runs.size(), 1U);
  EXPECT_EQ(runner.end(0, "# Generated by ip6tables-save v1 (nf_tables)\n"), "ip6tables-save");
  ASSERT_TRUE(lack && *lack);
  EXPECT_EQ(**lack, "chain sixgate-apart of table filter has 0 rules and not 2");
  EXPECT_FALSE(applier.suspects()) << "this variant tells";
  EXPECT_TRUE(applier.tells_all());
  EXPECT_EQ(runner.end(0), "ip6tables-restore --noflush -w 5");
  ASSERT_EQ(results.size(), 1U);
  // And the other way round.
  apply(rules("lan2"));
  inspect();
  EXPECT_EQ(runner.runs.size(), 1U);
  EXPECT_EQ(runner.end(0), "ip6tables-restore --noflush -w 5");
  EXPECT_EQ(runner.end(1, "no right to"), "ip6tables-save");
  ASSERT_TRUE(lack);
  ASSERT_FALSE(*lack);
  EXPECT_EQ(lack->error().message, "ip6tables-save: no right to");
  // From nothing: the chains that count too, and the jumps are looked for.
  applier.put_back([this](const Expected<Done>& done) { results.push_back(done); });
  EXPECT_EQ(runner.end(0), "ip6tables-restore --noflush -w 5");
  EXPECT_EQ(runner.last_input, firewall::render_ip6tables(rules("lan2")));
  for (std::size_t i = 0; i < firewall::kIp6tablesJumps.size(); ++i)
    EXPECT_TRUE(runner.end(0).find(" -C ") != std::string::npos);
  EXPECT_EQ(results.size(), 3U);
}

TEST_F(FirewallApplierTest, SaysHowItFaresAndWhoStandsInTheWay) {
  settle(rules("lan0"));
  const std::string saved =
      "*filter\n[3:90] -A INPUT -j ufw\n[1:1] -A INPUT -j sixgate-input\n"
      "[0:0] -A ufw -m conntrack --ctstate INVALID -j DROP\n[2:80] -A sixgate-invalid -j DROP\n"
      "COMMIT\n";
  std::optional<FirewallView> view;
  const auto look = [&](const std::string& text) {
    view.reset();
    applier.look_around([&](const FirewallView& seen) { view = seen; });
    EXPECT_EQ(runner.end(0, text), "ip6tables-save -c");
  };
  runner.nft = true;
  look(cat("# Generated by ip6tables-save v1 (nf_tables)\n", saved));
  EXPECT_FALSE(view) << "nft is asked, too";
  EXPECT_EQ(runner.end(0,
                       "table inet fw4 {\n\tchain input {\n"
                       "\t\ttype filter hook input priority filter; policy drop;\n"
                       "\t\tct state invalid drop\n\t}\n}\n"
                       "table ip6 filter {\n\tchain ufw {\n"
                       "\t\tct state invalid counter drop\n\t}\n}\n"),
            "nft -s -t list ruleset");
  ASSERT_TRUE(view);
  firewall::Counts wanted = firewall::no_counts();
  firewall::add_count(wanted, "invalid", 2, 80);
  EXPECT_EQ(view->counts, Expected<firewall::Counts>(wanted));
  ASSERT_EQ(view->remarks.size(), 1U);
  EXPECT_NE(view->remarks[0].find("in INPUT of table filter: -A INPUT -j ufw"), std::string::npos);
  EXPECT_EQ(view->closed, std::vector<std::string>{"inet fw4 input"});
  // Each once, though both programs name one of them.
  EXPECT_EQ(view->dropping_invalid, (std::vector<std::string>{"ip6 filter ufw", "inet fw4 input"}));
  // What the legacy variant has nft does not know; without nft that is all there is to say.
  runner.nft = false;
  look(cat("# Generated by ip6tables-save v1\n", saved));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->dropping_invalid, std::vector<std::string>{"ip6tables filter ufw"});
}

TEST_F(FirewallApplierTest, MayBeDestroyedWhileAProgramRuns) {
  {
    FirewallApplier other(runner, {.backend = Backend::kIp6tables, .state_dir = ""},
                          [](const LogLine&) {});
    other.apply(rules("lan0"), [this](const Expected<Done>& done) { results.push_back(done); });
  }
  (void)runner.end(0);
  EXPECT_TRUE(results.empty());
}

TEST(FirewallApplier, SaysWhyNoBackendWorks) {
  FakeRunner runner;
  std::optional<Expected<Done>> result;
  FirewallApplier applier(runner, {}, [](const LogLine&) {});
  applier.apply(rules("lan0"), [&](const Expected<Done>& done) { result = done; });
  (void)runner.end(1, "no such table");
  ASSERT_TRUE(result);
  ASSERT_FALSE(*result);
  EXPECT_EQ(result->error().message,
            "nft: no program nft; ip6tables: ip6tables-restore: no such table");
  EXPECT_EQ(applier.backend(), std::nullopt);
}

}  // namespace
}  // namespace sixgate::daemon
