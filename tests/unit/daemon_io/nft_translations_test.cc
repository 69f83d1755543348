// SPDX-License-Identifier: Apache-2.0
// Rules of translations that we write ourselves, beside those that nft makes of the text: `nft` reads both.
#include <fstream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "daemon/io/firewall_backend.h"
#include "tests/unit/daemon_io/fake_runner.h"
#include "tests/unit/daemon_io/namespace.h"
#include "tests/unit/daemon_io/temporary.h"

namespace sixgate::daemon {
namespace {

using firewall::FirewallTranslation;
using firewall::Ruleset;

class NftTranslationsTest : public NamespaceTest {
 protected:
  void SetUp() override {
    NamespaceTest::SetUp();
    if (IsSkipped()) return;
    ASSERT_EQ(std::system("nft --version >/dev/null 2>&1"), 0) << "no program nft (./dev setup)";
    auto socket = NftSocket::open();
    ASSERT_TRUE(socket) << socket.error().message;
    backend = std::make_unique<NftFirewall>(runner, std::move(*socket), [](const LogLine&) {});
  }

  // Does what it is asked to run; how often that was.
  int apply(const Ruleset& ruleset) {
    Expected<Done> result = fail("no answer");
    backend->apply(ruleset, [&](const Expected<Done>& done) { result = done; });
    int runs = 0;
    while (!runner.runs.empty()) {
      ++runs;
      const std::string path = directory / "rules";
      std::ofstream(path) << runner.runs.front().command.input;
      const std::string said = output_of("nft -f " + path + " 2>&1");
      (void)runner.end(said.empty() ? 0 : 1, said);
    }
    EXPECT_TRUE(result) << result.error().message;
    return runs;
  }

  // Without what was counted.
  static std::string listed() { return output_of("nft -s list table ip6 sixgate"); }

  // As nft makes it from the text.
  std::string fresh(const Ruleset& ruleset) {
    run("nft delete table ip6 sixgate");
    backend->doubt();
    EXPECT_EQ(apply(ruleset), 1);
    return listed();
  }

  // Whether our own inspection finds all as it is to be.
  std::string lack() {
    std::string found;
    backend->inspect(
        [&](const Expected<std::string>& one) { found = one ? *one : one.error().message; });
    return found;
  }

  TemporaryDirectory directory;
  FakeRunner runner;
  std::unique_ptr<NftFirewall> backend;
};

Prefix random_prefix(std::mt19937& engine, unsigned first, unsigned length) {
  const std::uint64_t high = std::uint64_t{first} << 48 | (engine() & 0xffffffffffU);
  return Prefix(Ip6Address::from_halves(high, std::uint64_t{engine()} << 32 | engine()), length);
}

Ruleset random_home(std::mt19937& engine) {
  constexpr std::array<unsigned, 6> kLengths{48, 56, 61, 64, 64, 127};
  Ruleset ruleset;
  ruleset.translating = true;
  ruleset.uplinks = {{"wan0"}, {"wan1"}};
  ruleset.lans = {{"lan0", firewall::Zone::kProtected, {}, {}}};
  for (unsigned count = engine() % 4; count > 0; --count) {
    const unsigned length = kLengths.at(engine() % kLengths.size());
    ruleset.translations.push_back({engine() % 2 == 0 ? "wan0" : "wan1", "lan0",
                                    random_prefix(engine, 0xfd00, length),
                                    random_prefix(engine, 0x2001, length), engine() % 2 == 0});
  }
  return ruleset;
}

TEST_F(NftTranslationsTest, AreWrittenWithoutNftAsNftWritesThem) {
  std::mt19937 engine(6296);
  EXPECT_EQ(apply(random_home(engine)), 1);
  for (int round = 0; round < 12; ++round) {
    const Ruleset next = random_home(engine);
    EXPECT_EQ(apply(next), 0) << "a process for a change of prefixes";
    EXPECT_EQ(lack(), "");
    const std::string ours = listed();
    EXPECT_EQ(ours, fresh(next));
    EXPECT_EQ(contains(ours, "snat prefix to"), !next.translations.empty()) << ours;
  }
}

TEST_F(NftTranslationsTest, ThatSomebodyTookAwayAreMissed) {
  std::mt19937 engine(1);
  Ruleset home = random_home(engine);
  home.translations = {{"wan0", "lan0", Prefix::parse("fd00:1::/64").value(),
                        Prefix::parse("2001:db8::/64").value()}};
  EXPECT_EQ(apply(home), 1);
  home.translations[0].external = Prefix::parse("2001:db8:1::/64").value();
  EXPECT_EQ(apply(home), 0);
  run("nft flush chain ip6 sixgate translate_out");
  EXPECT_NE(lack(), "");
  // The next change does not depend on what is there.
  home.translations[0].external = Prefix::parse("2001:db8:2::/64").value();
  EXPECT_EQ(apply(home), 0);
  EXPECT_TRUE(contains(listed(), "snat prefix to 2001:db8:2::/64")) << listed();
  // Chains that are gone are made again.
  run("nft flush table ip6 sixgate; nft delete table ip6 sixgate");
  home.translations[0].external = Prefix::parse("2001:db8:3::/64").value();
  EXPECT_EQ(apply(home), 1);
  EXPECT_EQ(lack(), "");
  EXPECT_TRUE(contains(listed(), "dnat prefix to fd00:1::/64")) << listed();
}

TEST_F(NftTranslationsTest, AreNotThereForWhoTranslatesNothing) {
  std::mt19937 engine(2);
  Ruleset home = random_home(engine);
  home.translations.clear();
  home.translating = false;
  EXPECT_EQ(apply(home), 1);
  EXPECT_FALSE(contains(listed(), "type nat") || contains(listed(), "chain translate")) << listed();
}

}  // namespace
}  // namespace sixgate::daemon
