// SPDX-License-Identifier: Apache-2.0
// The whole text of both renderers for a few houses, as files that a person can read and that
// tests/lab/test_firewall.py has the real programs read. SIXGATE_UPDATE_GOLDEN=1 writes them anew.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "firewall/ip6tables.h"
#include "firewall/nft.h"
#include "tests/support/source_dir.h"
#include "tests/unit/firewall/texts.h"

namespace sixgate::firewall {
namespace {

Ruleset home() {
  Ruleset ruleset;
  ruleset.uplinks = {{"wan0"}};
  ruleset.lans = {{"lan0",
                   Zone::kProtected,
                   {prefix("2001:db8:1000:1::/64")},
                   {prefix("fd12:3456:789a:1::/64")}},
                  {"lan1",
                   Zone::kExposed,
                   {prefix("2001:db8:1000:2::/64")},
                   {prefix("fd12:3456:789a:2::/64")}}};
  ruleset.delegated = {prefix("2001:db8:1000::/56")};
  ruleset.provisioned = true;
  return ruleset;
}

Ruleset before_provisioning() {
  Ruleset ruleset = home();
  for (FirewallLan& lan : ruleset.lans) lan.assigned.clear();
  ruleset.delegated.clear();
  ruleset.provisioned = false;
  return ruleset;
}

// Two uplinks, one with an excluded prefix, and sources that are still at home after a renumbering.
Ruleset two_uplinks() {
  Ruleset ruleset = home();
  ruleset.uplinks.push_back({"ppp0"});
  ruleset.lans[0].withdrawn.push_back(prefix("2001:db8:2000:1::/64"));
  ruleset.lans[1].assigned.push_back(prefix("2001:db8:3000::/60"));
  ruleset.delegated.push_back(prefix("2001:db8:3000::/59"));
  ruleset.excluded = {prefix("2001:db8:3000:1f::/64")};
  ruleset.stations = {
      {"lan1", prefix("2001:db8:3000:4::/62"), *MacAddress::parse("02:00:5e:00:53:01")}};
  ruleset.servers = {{"ppp0", prefix("2001:db8:5::547/128")}, {"wan0", prefix("fe80::/10")}};
  ruleset.registrations = {{"wan0", *Ip6Address::parse("2001:db8:5:1::abcd")},
                           {"ppp0", *Ip6Address::parse("2001:db8:6:1::1")},
                           {"wan0", *Ip6Address::parse("2001:db8:5:1::abcd")},
                           {"lan0", *Ip6Address::parse("2001:db8:1000:1::1")}};
  return ruleset;
}

// A LAN of each zone, one that may reach another because it is told so, and hosts that are opened.
Ruleset four_zones() {
  Ruleset ruleset = home();
  ruleset.lans.push_back({"guest0",
                          Zone::kIsolated,
                          {prefix("2001:db8:1000:3::/64")},
                          {prefix("fd12:3456:789a:3::/64")}});
  ruleset.lans.push_back({"things0", Zone::kClosed, {prefix("2001:db8:1000:4::/64")}, {}});
  ruleset.lans[2].reaches = {"lan1"};
  ruleset.refuse_middles = true;
  // Of routers behind them.
  ruleset.lans[0].open = ruleset.lans[2].open = {prefix("2001:db8:1000:10::/60")};
  ruleset.lans[1].shut = ruleset.lans[3].shut = {prefix("2001:db8:1000:20::/60")};
  ruleset.lans[0].assigned.push_back(ruleset.lans[0].open[0]);
  ruleset.lans[1].assigned.push_back(ruleset.lans[1].shut[0]);
  ruleset.lans[0].any_endpoint = ruleset.lans[1].any_endpoint = true;
  const Ip6Address host = Ip6Address::parse("2001:db8:1000:1::abcd").value();
  ruleset.pinholes = {{"lan0", host, 6, 22, 22, {}},
                      {"lan0", host, 6, 8000, 8010, prefix("2001:db8:9::/48")},
                      {"lan0", host, 17, 5000, 5000, {}},
                      {"lan0", host, 132, 0, 65535, {}}};
  ruleset.knocks = {{"lan0", 0x6a7e0000}, {"guest0", 0x6a7e0000}};
  return ruleset;
}

std::string path_of(const std::string& name) {
  return test::source_path("tests/data/firewall/" + name);
}

std::string read(const std::string& name) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path_of(name).c_str(), "r"),
                                                   std::fclose);
  if (!file) return "";
  std::string text;
  for (int c = std::fgetc(file.get()); c != EOF; c = std::fgetc(file.get())) {
    text += static_cast<char>(c);
  }
  return text;
}

void expect_golden(const std::string& name, const std::string& text) {
  if (std::getenv("SIXGATE_UPDATE_GOLDEN") != nullptr) {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path_of(name).c_str(), "w"),
                                                     std::fclose);
    ASSERT_TRUE(file) << path_of(name);
    std::fputs(text.c_str(), file.get());
  }
  EXPECT_EQ(text, read(name)) << name;
}

std::string whole_nft(const Ruleset& ruleset) {
  return nft_skeleton(ruleset) + nft_difference({}, nft_sets(ruleset));
}

TEST(FirewallGolden, Home) {
  expect_golden("home.nft", whole_nft(home()));
  expect_golden("home.ip6tables", render_ip6tables(home()));
}

TEST(FirewallGolden, BeforeProvisioning) {
  expect_golden("before-provisioning.nft", whole_nft(before_provisioning()));
  expect_golden("before-provisioning.ip6tables", render_ip6tables(before_provisioning()));
}

TEST(FirewallGolden, TwoUplinks) {
  expect_golden("two-uplinks.nft", whole_nft(two_uplinks()));
  expect_golden("two-uplinks.ip6tables", render_ip6tables(two_uplinks()));
}

// Both uplinks turn the LAN's own prefix into one of theirs, the first into an earlier one still.
TEST(FirewallGolden, Translated) {
  Ruleset ruleset = two_uplinks();
  const Prefix internal = prefix("fd12:3456:789a:1::/64");
  ruleset.lans[0].assigned.push_back(internal);
  const std::string lan = ruleset.lans[0].interface;
  ruleset.translations = {
      {ruleset.uplinks[0].interface, lan, internal, prefix("2001:db8:1000:1::/64")},
      {ruleset.uplinks[0].interface, lan, internal, prefix("2001:db8:1001:1::/64"), false},
      {ruleset.uplinks[1].interface, lan, internal, prefix("2001:db8:2000:1::/64")},
      {ruleset.uplinks[1].interface, lan, internal, prefix("2001:db8:2000::/56")},
      {"no uplink", lan, internal, prefix("2001:db8:3000:1::/64")}};
  expect_golden("translated.nft", whole_nft(ruleset));
  expect_golden("translated.ip6tables", render_ip6tables(ruleset));
  EXPECT_EQ(whole_nft(two_uplinks()).find(" nat "), std::string::npos) << "nobody asked for it";
  EXPECT_EQ(render_ip6tables(two_uplinks()).find("*nat"), std::string::npos);
}

// What passes is marked wherever it passes, and nothing else is.
TEST(FirewallGolden, AMarkForTheRulesOfOthers) {
  Ruleset marked = home();
  marked.accept_mark = 0x10000000;
  marked.user_rules = "chain user_forward {\n}";
  expect_golden("marked.nft", whole_nft(marked));
  marked.user_rules.clear();
  EXPECT_EQ(render_ip6tables(marked), render_ip6tables(home()));
}

// What is not let in from outside is logged, each packet once and not without end.
TEST(FirewallGolden, ALogOfWhatIsRefused) {
  Ruleset logged = home();
  logged.log_rate = 10;
  expect_golden("logged.nft", whole_nft(logged));
  expect_golden("logged.ip6tables", render_ip6tables(logged));
}

TEST(FirewallGolden, FourZones) {
  expect_golden("four-zones.nft", whole_nft(four_zones()));
  expect_golden("four-zones.ip6tables", render_ip6tables(four_zones()));
}

TEST(FirewallGolden, ARenumberingIsAHandfulOfElements) {
  expect_golden("provisioned.difference",
                nft_difference(nft_sets(before_provisioning()), nft_sets(home())));
}

// Anybody who lists the rules is told why each is there.
TEST(FirewallGolden, EveryRuleSaysWhy) {
  const auto each_line = [](const std::string& text, auto&& visit) {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      visit(text.substr(at, end - at));
      at = end + 1;
    }
  };
  std::size_t rules = 0;
  each_line(render_ip6tables(two_uplinks()), [&](const std::string& line) {
    if (!line.starts_with("-A")) return;
    ++rules;
    EXPECT_NE(line.find("--comment \""), std::string::npos) << line;
  });
  EXPECT_GT(rules, 100U);
  rules = 0;
  each_line(nft_skeleton(), [&](const std::string& line) {
    if (!line.starts_with("\t\t") || line.starts_with("\t\ttype ")) return;
    ++rules;
    if (line.find(" jump ") != std::string::npos || line.find(" goto to_") != std::string::npos) {
      return;  // the chain's name says it
    }
    EXPECT_NE(line.find(" comment \""), std::string::npos) << line;
  });
  EXPECT_GT(rules, 50U);
}

TEST(Ip6tablesJumps, AreInsertedOnceAndWhereTheyAreWanted) {
  for (const Ip6tablesJump& jump : ip6tables_jumps(false)) {
    const std::vector<std::string> insert = jump.insert(2);
    EXPECT_EQ(insert[4], "-I");
    EXPECT_EQ(insert[6], "2");
    EXPECT_EQ(insert[7], "-j");
    EXPECT_EQ(jump.append()[4], "-A");
    EXPECT_EQ(jump.append()[6], "-j");
    EXPECT_EQ(jump.check()[4], "-C");
    EXPECT_EQ(jump.remove()[4], "-D");
    const std::string chain = ":" + std::string(jump.chain) + " ";
    EXPECT_NE(render_ip6tables(home()).find(chain), std::string::npos) << chain;
  }
}

}  // namespace
}  // namespace sixgate::firewall
