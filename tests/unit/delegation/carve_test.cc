// SPDX-License-Identifier: Apache-2.0
#include "delegation/carve.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "net/text.h"

namespace sixgate::delegation {
namespace {

Prefix prefix(const std::string& text) { return *Prefix::parse(text); }

Delegation live(const std::string& text, const std::string& origin = "wan") {
  return {.prefix = prefix(text), .origin = origin};
}

Delegation deprecated(const std::string& text, const std::string& origin = "wan") {
  return {.prefix = prefix(text), .origin = origin, .standing = Standing::kDeprecated};
}

LanRequest lan(const std::string& name, unsigned length = 64,
               std::optional<std::uint64_t> hint = std::nullopt) {
  return {.name = name, .interface = "if-" + name, .assign_length = length, .hint = hint};
}

LanRequest with_priority(LanRequest request, int priority) {
  request.priority = priority;
  return request;
}

LanRequest with_classes(LanRequest request, std::vector<std::string> classes) {
  request.classes = std::move(classes);
  return request;
}

// The plan as "lan prefix" lines.
std::string plan_of(const CarveResult& result) {
  std::string text;
  for (const Assignment& a : result.assignments) text += a.lan + " " + a.prefix.to_string() + "\n";
  return text;
}

std::map<std::string, std::set<Prefix>> by_lan(const CarveResult& result) {
  std::map<std::string, std::set<Prefix>> map;
  for (const Assignment& a : result.assignments) map[a.lan].insert(a.prefix);
  return map;
}

std::string all(const LogLines& lines) {
  std::string text;
  for (const LogLine& line : lines) {
    text += std::string(to_string(line.level)) + ": " + line.text + "\n";
  }
  return text;
}

bool says(const CarveResult& result, LogLevel level, std::string_view part) {
  for (const LogLine& line : result.findings) {
    if (line.level == level && line.text.find(part) != std::string::npos) return true;
  }
  return false;
}

TEST(Carve, LowestFreeInConfigurationOrder) {
  const auto result = carve({live("2001:db8::/56")}, {lan("zoo"), lan("lan"), lan("aaa")}, {});
  EXPECT_EQ(plan_of(result),
            "zoo 2001:db8::/64\n"
            "lan 2001:db8:0:1::/64\n"
            "aaa 2001:db8:0:2::/64\n");
  EXPECT_TRUE(result.findings.empty()) << all(result.findings);
  EXPECT_TRUE(result.left_out.empty());
}

TEST(Carve, HintsFirstThenLargerBlocks) {
  const auto result = carve({live("2001:db8::/56")},
                            {lan("a"), lan("b", 60), lan("c", 64, 0x0), lan("d", 60, 0x20)}, {});
  EXPECT_EQ(plan_of(result),
            "a 2001:db8:0:1::/64\n"
            "b 2001:db8:0:10::/60\n"
            "c 2001:db8::/64\n"
            "d 2001:db8:0:20::/60\n");
  EXPECT_EQ(result.assignments[1].on_link(), prefix("2001:db8:0:10::/64"));
  EXPECT_TRUE(result.findings.empty()) << all(result.findings);
}

TEST(Carve, LowBitsOfAHintAreMaskedWithAWarning) {
  const auto result = carve({live("2001:db8::/56")}, {lan("a", 60, 0x13)}, {});
  EXPECT_EQ(plan_of(result), "a 2001:db8:0:10::/60\n");
  EXPECT_TRUE(says(result, LogLevel::kWarning, "ip6hint 13")) << all(result.findings);
}

// netifd gives the lowest free slot, far from what was wished.
TEST(Carve, TakenHintGetsTheNearestFreeSlot) {
  const auto result =
      carve({live("2001:db8::/56")}, {lan("a", 64, 0x20), lan("b", 64, 0x20), lan("c")}, {});
  EXPECT_EQ(plan_of(result),
            "a 2001:db8:0:20::/64\n"
            "b 2001:db8:0:1f::/64\n"
            "c 2001:db8::/64\n");
  EXPECT_TRUE(says(result, LogLevel::kWarning, "LAN b (if-b): ip6hint 20")) << all(result.findings);
  EXPECT_TRUE(says(result, LogLevel::kWarning, "taken by LAN a"));
}

TEST(Carve, HintBeyondTheDelegationKeepsItsLowBits) {
  const auto result = carve({live("2001:db8::/60")}, {lan("a", 64, 0x11), lan("b", 64, 0x12)}, {});
  EXPECT_EQ(plan_of(result),
            "a 2001:db8:0:1::/64\n"
            "b 2001:db8:0:2::/64\n");
  EXPECT_TRUE(says(result, LogLevel::kWarning, "ip6hint 11 lies outside 2001:db8::/60"));
  EXPECT_TRUE(says(result, LogLevel::kWarning, "ip6hint 12 lies outside"));
}

TEST(Carve, AddingRenamingReorderingRenumbersNobody) {
  const std::vector<Delegation> wan{live("2001:db8::/56"), live("fd12:3456:789a::/48", "ula")};
  const auto first = carve(wan, {lan("home"), lan("iot")}, {});
  const auto added = carve(wan, {lan("aaa"), lan("iot"), lan("home")}, first.memory);
  const auto before = by_lan(first);
  auto after = by_lan(added);
  EXPECT_EQ(after["home"], before.at("home"));
  EXPECT_EQ(after["iot"], before.at("iot"));
  EXPECT_EQ(after["aaa"].size(), 2U);

  LanRequest renamed = lan("living-room");
  renamed.interface = "if-home";
  const auto named = carve(wan, {renamed, lan("aaa"), lan("iot")}, added.memory);
  EXPECT_EQ(by_lan(named)["living-room"], before.at("home"));
  EXPECT_EQ(by_lan(named)["aaa"], after["aaa"]);

  LanRequest moved = lan("iot");  // another port, same name
  moved.interface = "eth9";
  const auto port = carve(wan, {renamed, lan("aaa"), moved}, named.memory);
  EXPECT_EQ(by_lan(port)["iot"], before.at("iot"));
}

TEST(Carve, SameNumbersOnANewDelegation) {
  const std::vector<LanRequest> lans{lan("a"), lan("b"), lan("c", 60)};
  const auto first = carve({live("2001:db8:1::/56")}, lans, {});
  const auto with_late =
      carve({live("2001:db8:1::/56")}, {lan("late"), lans[0], lans[1], lans[2]}, first.memory);
  const auto renumbered = carve({deprecated("2001:db8:1::/56"), live("2001:db8:2::/56")},
                                {lans[2], lan("late"), lans[1], lans[0]}, with_late.memory);
  ASSERT_EQ(renumbered.assignments.size(), 8U);
  for (const Assignment& now : renumbered.assignments) {
    for (const Assignment& then : with_late.assignments) {
      if (now.lan != then.lan) continue;
      EXPECT_EQ(now.delegation.subnet_index(now.prefix), then.delegation.subnet_index(then.prefix))
          << now.lan;
      if (now.standing == Standing::kDeprecated) {
        EXPECT_EQ(now.prefix, then.prefix);
      }
    }
  }
  // The old one is gone; the provider comes with a third.
  const auto third = carve({live("2001:db8:3::/52")}, lans, renumbered.memory);
  EXPECT_EQ(plan_of(third),
            "a 2001:db8:3:10::/64\n"
            "b 2001:db8:3:11::/64\n"
            "c 2001:db8:3::/60\n");
}

TEST(Carve, RemembersOverATimeWithoutDelegation) {
  const auto first = carve({live("2001:db8:1::/56")}, {lan("a"), lan("b", 64, 0x10), lan("c")}, {});
  const auto nothing = carve({}, {lan("c"), lan("a")}, first.memory);
  EXPECT_TRUE(nothing.assignments.empty());
  const auto again =
      carve({live("2001:db8:1::/56")}, {lan("c"), lan("b"), lan("a")}, nothing.memory);
  EXPECT_EQ(by_lan(again), by_lan(first));
}

TEST(Carve, AReturningLanDoesNotPushOutItsSuccessor) {
  const std::vector<Delegation> wan{live("2001:db8::/56")};
  const auto first = carve(wan, {lan("a"), lan("b")}, {});
  const auto without = carve(wan, {lan("a")}, first.memory);
  const auto with_c = carve(wan, {lan("a"), lan("c")}, without.memory);
  EXPECT_EQ(by_lan(with_c)["c"], by_lan(first)["b"]);
  const auto back = carve(wan, {lan("b"), lan("a"), lan("c")}, with_c.memory);
  EXPECT_EQ(by_lan(back)["c"], by_lan(with_c)["c"]);
  EXPECT_EQ(by_lan(back)["a"], by_lan(first)["a"]);
}

// netifd: the first /60 takes the /62 and the second LAN gets nothing.
TEST(Carve, SharesAShortDelegationFairly) {
  const auto result = carve({live("2001:db8::/62")}, {lan("a", 60), lan("b", 60)}, {});
  EXPECT_EQ(plan_of(result),
            "a 2001:db8::/63\n"
            "b 2001:db8:0:2::/63\n");
  EXPECT_TRUE(says(result, LogLevel::kWarning, "LAN a (if-a) wants a /60"));
  EXPECT_TRUE(result.left_out.empty());

  const auto three = carve({live("2001:db8::/62")}, {lan("a", 60), lan("b", 60), lan("c")}, {});
  EXPECT_EQ(plan_of(three),
            "a 2001:db8::/63\n"
            "b 2001:db8:0:2::/64\n"
            "c 2001:db8:0:3::/64\n");
}

TEST(Carve, PriorityDecidesWhoShrinks) {
  const auto result = carve({live("2001:db8::/60")},
                            {with_priority(lan("a", 61), 0), with_priority(lan("b", 61), 10),
                             with_priority(lan("c", 61), 5)},
                            {});
  EXPECT_EQ(by_lan(result)["b"].begin()->length(), 61U);
  EXPECT_EQ(by_lan(result)["c"].begin()->length(), 62U);
  EXPECT_EQ(by_lan(result)["a"].begin()->length(), 62U);

  const auto greedy = carve({live("2001:db8::/60")},
                            {with_priority(lan("a", 61), 0), with_priority(lan("b", 62), 10),
                             with_priority(lan("c", 62), 10), with_priority(lan("d", 62), 10)},
                            {});
  for (const char* name : {"b", "c", "d"}) {
    EXPECT_EQ(by_lan(greedy)[name].begin()->length(), 62U) << name;
  }
}

// netifd serves the first of the alphabet: guest.
TEST(Carve, PriorityThenConfigurationOrderDecidesWhoIsLeftOut) {
  const std::vector<Delegation> wan{live("2001:db8::/64")};
  auto result = carve(wan, {lan("lan"), lan("guest"), lan("iot")}, {});
  EXPECT_EQ(plan_of(result), "lan 2001:db8::/64\n");
  ASSERT_EQ(result.left_out.size(), 2U);
  EXPECT_EQ(result.left_out[0].lan, "guest");

  result = carve(wan, {lan("lan"), lan("guest"), with_priority(lan("iot"), 1)}, {});
  EXPECT_EQ(plan_of(result), "iot 2001:db8::/64\n");
}

TEST(Carve, WhoHasTheOnlySlashSixtyFourKeepsItAgainstAnEqual) {
  const std::vector<Delegation> wan{live("2001:db8::/64")};
  const auto first = carve(wan, {lan("lan")}, {});
  auto result = carve(wan, {lan("aaa"), lan("lan")}, first.memory);
  EXPECT_EQ(plan_of(result), "lan 2001:db8::/64\n");
  result = carve(wan, {with_priority(lan("aaa"), 1), lan("lan")}, first.memory);
  EXPECT_EQ(plan_of(result), "aaa 2001:db8::/64\n");
}

// A provider that gives one /64 for each IA_PD: one for each LAN, not all of them for the first.
TEST(Carve, SeveralSmallDelegationsServeSeveralLans) {
  const std::vector<Delegation> wan{live("2001:db8:1::/64"), live("2001:db8:2::/64")};
  auto result = carve(wan, {with_priority(lan("lan"), 5), lan("guest")}, {});
  EXPECT_EQ(plan_of(result),
            "lan 2001:db8:1::/64\n"
            "guest 2001:db8:2::/64\n");
  // The next delegations sort the other way round: everybody stays where they are.
  const std::vector<Delegation> more{live("2001:db8::/64"), live("2001:db8:1::/64"),
                                     live("2001:db8:2::/64")};
  result = carve(more, {lan("new"), lan("guest"), with_priority(lan("lan"), 5)}, result.memory);
  EXPECT_EQ(plan_of(result),
            "new 2001:db8::/64\n"
            "guest 2001:db8:2::/64\n"
            "lan 2001:db8:1::/64\n");
}

TEST(Carve, GrowsInPlaceWhenThereIsRoomAgain) {
  const std::vector<Delegation> wan{live("2001:db8::/60")};
  const auto tight = carve(wan, {lan("a", 60), lan("b")}, {});
  EXPECT_EQ(plan_of(tight), "a 2001:db8::/61\nb 2001:db8:0:8::/64\n");
  const auto alone = carve(wan, {lan("a", 60)}, tight.memory);
  EXPECT_EQ(plan_of(alone), "a 2001:db8::/60\n");
}

TEST(Carve, AnotherSizeMayMoveALan) {
  const std::vector<Delegation> wan{live("2001:db8::/56")};
  const auto first = carve(wan, {lan("a"), lan("b")}, {});
  const auto second = carve(wan, {lan("a"), lan("b", 60)}, first.memory);
  EXPECT_EQ(plan_of(second), "a 2001:db8::/64\nb 2001:db8:0:10::/60\n");
  EXPECT_TRUE(says(second, LogLevel::kWarning,
                   "LAN b (if-b) moves from 2001:db8:0:1::/64 to 2001:db8:0:10::/60"));
}

TEST(Carve, ClassesChooseTheOrigins) {
  const auto result =
      carve({live("2001:db8:1::/56", "wan"), live("2001:db8:2::/56", "lte"),
             live("fd12:3456:789a::/48", "ula")},
            {lan("all"), with_classes(lan("one"), {"lte"}), with_classes(lan("in"), {"ula"})}, {});
  EXPECT_EQ(plan_of(result),
            "all 2001:db8:2::/64\n"
            "all fd12:3456:789a::/64\n"
            "all 2001:db8:1::/64\n"
            "one 2001:db8:2:1::/64\n"
            "in fd12:3456:789a:1::/64\n");
  EXPECT_TRUE(result.findings.empty()) << all(result.findings);
}

TEST(Carve, NestedDelegationsNeverShareASlashSixtyFour) {
  const auto result = carve({live("2001:db8::/56", "wan"), live("2001:db8::/60", "static")},
                            {lan("a"), lan("b")}, {});
  EXPECT_EQ(plan_of(result),
            "a 2001:db8::/64\n"
            "a 2001:db8:0:2::/64\n"
            "b 2001:db8:0:1::/64\n"
            "b 2001:db8:0:3::/64\n");
}

TEST(Carve, TheSamePrefixFromTwoOriginsIsCarvedOnce) {
  const auto result = carve({live("2001:db8::/56", "one"), live("2001:db8::/56", "two")},
                            {lan("a"), with_classes(lan("b"), {"two"})}, {});
  EXPECT_EQ(plan_of(result), "a 2001:db8::/64\nb 2001:db8:0:1::/64\n");
}

TEST(Carve, ARenamedUplinkRenumbersNobody) {
  const std::vector<LanRequest> lans{lan("a"), lan("b")};
  const auto first = carve({live("2001:db8::/56", "wan")}, {lan("x"), lans[1], lans[0]}, {});
  const auto second = carve({deprecated("2001:db8::/56", "wan"), live("2001:db8::/56", "fibre")},
                            lans, first.memory);
  EXPECT_EQ(by_lan(second)["a"], by_lan(first)["a"]);
  EXPECT_EQ(by_lan(second)["b"], by_lan(first)["b"]);
  ASSERT_EQ(second.assignments.size(), 2U) << "the deprecated twin is not said beside";
  EXPECT_EQ(second.assignments[0].origin, "fibre");
}

TEST(Carve, DeprecatedPrefixesStayAndTakeNobodyNew) {
  const auto first = carve({live("2001:db8:1::/56")}, {lan("a")}, {});
  const auto later = carve({deprecated("2001:db8:1::/56")}, {lan("new"), lan("a")}, first.memory);
  EXPECT_EQ(plan_of(later), "a 2001:db8:1::/64\n");
  EXPECT_EQ(later.assignments[0].standing, Standing::kDeprecated);
  EXPECT_TRUE(later.findings.empty()) << "nobody is left out of what ends";
  const auto stays = carve({deprecated("2001:db8:1::/56")}, {lan("new"), lan("a")}, later.memory);
  EXPECT_EQ(plan_of(stays), plan_of(later));
}

TEST(Carve, TooLongAndStrangeDelegationsAreReported) {
  auto result = carve({live("2001:db8::/72")}, {lan("a")}, {});
  EXPECT_TRUE(result.assignments.empty());
  EXPECT_TRUE(says(result, LogLevel::kError, "longer than a /64")) << all(result.findings);
  for (const char* text : {"ff00::/8", "fe80::/10", "::/0"}) {
    result = carve({live(text)}, {lan("a")}, {});
    EXPECT_TRUE(result.assignments.empty());
    EXPECT_TRUE(says(result, LogLevel::kError, "unicast")) << text;
  }
}

TEST(Carve, NothingToDo) {
  EXPECT_TRUE(carve({}, {}, {}).assignments.empty());
  EXPECT_TRUE(carve({live("2001:db8::/56")}, {}, {}).findings.empty());
  EXPECT_TRUE(carve({}, {lan("a")}, {}).findings.empty());
}

TEST(Carve, BrokenMemoryIsHarmless) {
  CarveMemory memory;
  memory.entries.push_back({"a", "if-a", "wan", prefix("2001:db8::/56"), {0x100, 64}, 64});
  memory.entries.push_back({"b", "if-b", "wan", prefix("2001:db8::/56"), {5, 60}, 60});
  memory.entries.push_back({"c", "if-c", "wan", prefix("2001:db8::/56"), {1, 200}, 64});
  const auto result =
      carve({live("2001:db8::/56")}, {lan("a"), lan("b"), lan("c"), lan("d")}, memory);
  EXPECT_EQ(result.assignments.size(), 4U);
  EXPECT_TRUE(result.left_out.empty());
}

TEST(Conformance, Row_7084_L_2_EachLanGetsItsOwnSlash64OfEachPrefix) {
  const std::vector<LanRequest> lans{lan("lan"), lan("guest")};
  auto result = carve({live("2001:db8:1::/56")}, lans, {});
  ASSERT_EQ(result.assignments.size(), 2U);
  EXPECT_NE(result.assignments[0].on_link(), result.assignments[1].on_link());

  const std::vector<Delegation> three{live("2001:db8:1::/56"), live("2001:db8:2::/60"),
                                      live("fd12:3456:789a::/48", "ula")};
  result = carve(three, lans, result.memory);
  ASSERT_EQ(result.assignments.size(), 6U);
  std::set<Prefix> distinct;
  for (const Assignment& a : result.assignments) {
    EXPECT_EQ(a.on_link().length(), 64U);
    EXPECT_TRUE(a.delegation.contains(a.prefix));
    distinct.insert(a.on_link());
  }
  EXPECT_EQ(distinct.size(), 6U);
}

TEST(Conformance, Row_7084_WPD_3a_EveryDelegatedLengthIsUsed) {
  const std::vector<LanRequest> lans{lan("a"), lan("b"), lan("c")};
  for (unsigned length = 48; length <= 64; ++length) {
    const Prefix delegated(Ip6Address::from_halves(0x20010db8abcdffff, 0), length);
    const auto result = carve({{.prefix = delegated, .origin = "wan"}}, lans, {});
    const std::size_t fit = std::min<std::size_t>(3, delegated.subnet_count(64));
    std::set<Prefix> distinct;
    for (const Assignment& a : result.assignments) {
      EXPECT_TRUE(delegated.contains(a.prefix)) << length;
      EXPECT_EQ(a.prefix.length(), 64U);
      distinct.insert(a.prefix);
    }
    EXPECT_EQ(distinct.size(), fit) << length;
    EXPECT_EQ(result.left_out.size(), 3 - fit) << length;
  }
}

TEST(Conformance, Row_7084_WPD_3b_TooSmallADelegationIsAnError) {
  const auto result = carve({live("2001:db8::/64")}, {lan("lan"), lan("guest"), lan("iot")}, {});
  ASSERT_EQ(result.assignments.size(), 1U);
  EXPECT_EQ(result.assignments[0].lan, "lan");
  EXPECT_TRUE(
      says(result, LogLevel::kError, "LAN guest (if-guest) gets no prefix from 2001:db8::/64"))
      << all(result.findings);
  EXPECT_TRUE(says(result, LogLevel::kError, "LAN iot"));
  const auto again =
      carve({live("2001:db8::/64")}, {lan("iot"), lan("guest"), lan("lan")}, result.memory);
  EXPECT_EQ(again.assignments[0].lan, "lan");
}

TEST(Conformance, Row_9818_LPD_2_RunningOutIsLogged) {
  std::vector<LanRequest> lans;
  for (const char* name : {"a", "b", "c", "d", "e"}) lans.push_back(lan(name));
  const auto result = carve({live("2001:db8::/62")}, lans, {});
  EXPECT_EQ(result.assignments.size(), 4U);
  ASSERT_EQ(result.left_out.size(), 1U);
  EXPECT_EQ(result.left_out[0].lan, "e");
  EXPECT_TRUE(says(result, LogLevel::kError, "LAN e"));
}

TEST(Carve, ASlash64ForEachLanIsNoLack) {
  const std::vector<Delegation> two{live("2001:db8:0:1::/64"), live("2001:db8:0:2::/64")};
  const auto result = carve(two, {lan("lan"), lan("guest")}, {});
  ASSERT_EQ(result.assignments.size(), 2U);
  EXPECT_NE(result.assignments[0].prefix, result.assignments[1].prefix);
  EXPECT_FALSE(says(result, LogLevel::kError, "LAN"));
  const auto three = carve(two, {lan("lan"), lan("guest"), lan("iot")}, {});
  EXPECT_TRUE(says(three, LogLevel::kError, "LAN iot"));
  EXPECT_FALSE(says(three, LogLevel::kError, "LAN guest"));
  EXPECT_EQ(std::count_if(three.findings.begin(), three.findings.end(),
                          [](const LogLine& line) { return line.level == LogLevel::kError; }),
            1);
}

TEST(Conformance, Row_9818_LPD_3_AnAssignedPrefixDoesNotChange) {
  const std::vector<Delegation> wan{live("2001:db8::/56")};
  auto result = carve(wan, {lan("lan0"), lan("lan1")}, {});
  const Prefix first = result.assignments[0].prefix;
  const std::vector<std::vector<LanRequest>> changes{
      {lan("lan0"), lan("lan1")},               // a Renew, a restart
      {lan("lan2"), lan("lan0"), lan("lan1")},  // one more LAN
      {lan("lan1"), lan("lan0")},               // one less, another order
      {lan("lan0")},
      {lan("big", 57), lan("lan0")}};
  for (const auto& lans : changes) {
    result = carve(wan, lans, result.memory);
    EXPECT_EQ(by_lan(result)["lan0"], std::set<Prefix>{first});
  }
}

TEST(Conformance, Row_6603_02_TheExcludedPrefixIsNeverAssigned) {
  for (const std::uint64_t number : {0U, 5U}) {
    Delegation d = live("2001:db8::/60");
    d.excluded = d.prefix.subnet(64, number);
    std::vector<LanRequest> lans;
    for (int i = 0; i < 16; ++i) lans.push_back(lan(cat("lan", i)));
    lans[3].hint = number;
    const auto result = carve({d}, lans, {});
    EXPECT_EQ(result.assignments.size(), 15U);
    for (const Assignment& a : result.assignments) EXPECT_FALSE(a.prefix.overlaps(*d.excluded));
    EXPECT_EQ(result.left_out.size(), 1U);

    // Also not inside a larger block.
    const auto block = carve({d}, {lan("a", 60)}, {});
    ASSERT_EQ(block.assignments.size(), 1U);
    EXPECT_EQ(block.assignments[0].prefix.length(), 61U);
    EXPECT_FALSE(block.assignments[0].prefix.overlaps(*d.excluded));
  }
}

TEST(Conformance, Row_8415_C_47_TheLinkItCameFromGetsNothing) {
  // Only LANs are carved for: a house with nothing but an uplink has no assignment.
  EXPECT_TRUE(carve({live("2001:db8::/56", "wan")}, {}, {}).assignments.empty());
  const auto result = carve({live("2001:db8::/56", "wan")}, {lan("lan")}, {});
  for (const Assignment& a : result.assignments) EXPECT_EQ(a.interface, "if-lan");
}

// Several LANs in one /64, because a person asked for it.
TEST(Carve, OneSlash64IsSplitWhenThatIsAskedFor) {
  const std::vector<LanRequest> lans{lan("home", 72), lan("guests", 72), lan("iot", 112)};
  const auto result = carve({live("2001:db8:1:2::/64")}, lans, {});
  EXPECT_EQ(plan_of(result),
            "home 2001:db8:1:2::/72\n"
            "guests 2001:db8:1:2:100::/72\n"
            "iot 2001:db8:1:2:200::/112\n");
  EXPECT_EQ(result.assignments[1].on_link(), prefix("2001:db8:1:2:100::/72"));
  EXPECT_TRUE(result.findings.empty()) << all(result.findings);
}

TEST(Carve, WhoAsksForLessThanASlash64GetsNoMoreOfALargeDelegation) {
  const auto result =
      carve({live("2001:db8::/60")}, {lan("a", 72), lan("b"), lan("c", 72), lan("d", 60)}, {});
  // The largest first; what is less than a /64 lies side by side behind the others.
  EXPECT_EQ(plan_of(result),
            "a 2001:db8:0:9::/72\n"
            "b 2001:db8:0:8::/64\n"
            "c 2001:db8:0:9:100::/72\n"
            "d 2001:db8::/61\n");
}

// The /64 that the hint names is somebody's whole one, and there is no other left for that LAN.
TEST(Carve, AHintForLessThanASlash64LeavesNobodyOut) {
  const std::vector<Delegation> wan{live("2001:db8::/63")};
  const auto before = carve(wan, {lan("a"), lan("c", 65)}, {});
  EXPECT_EQ(plan_of(before), "a 2001:db8::/64\nc 2001:db8:0:1::/65\n");
  const std::vector<LanRequest> lans{lan("a"), lan("c", 65), lan("b", 68, 0)};
  const auto result = carve(wan, lans, before.memory);
  EXPECT_EQ(plan_of(result), "a 2001:db8::/64\nc 2001:db8:0:1::/65\nb 2001:db8:0:1:8000::/68\n");
  EXPECT_TRUE(
      says(result, LogLevel::kWarning, "ip6hint 0 in 2001:db8::/63 (wan) is taken by LAN a"))
      << all(result.findings);
  EXPECT_EQ(plan_of(carve(wan, lans, result.memory)), plan_of(result));
}

TEST(Carve, PartsOfASlash64StayWhereTheyAre) {
  const std::vector<Delegation> wan{live("2001:db8:1:2::/64")};
  const auto first = carve(wan, {lan("home", 72), lan("guests", 72), lan("iot", 72)}, {});
  const auto before = by_lan(first);
  // One goes, one comes, and the order is another.
  const auto second = carve(wan, {lan("new", 72), lan("iot", 72), lan("home", 72)}, first.memory);
  auto after = by_lan(second);
  EXPECT_EQ(after["home"], before.at("home"));
  EXPECT_EQ(after["iot"], before.at("iot"));
  EXPECT_EQ(after["new"], before.at("guests"));
  // A LAN that wants all of it later, and is not more important, gets nothing.
  const auto third =
      carve(wan, {lan("all"), lan("new", 72), lan("iot", 72), lan("home", 72)}, second.memory);
  EXPECT_EQ(by_lan(third)["home"], after["home"]);
  EXPECT_EQ(third.left_out.size(), 1U);
  EXPECT_TRUE(says(third, LogLevel::kError, "LAN all (if-all) gets no prefix"))
      << all(third.findings);
  // The same numbers in another /64.
  const auto moved = carve({live("2001:db8:9:9::/64")},
                           {lan("new", 72), lan("iot", 72), lan("home", 72)}, second.memory);
  EXPECT_EQ(plan_of(moved),
            "new 2001:db8:9:9:100::/72\n"
            "iot 2001:db8:9:9:200::/72\n"
            "home 2001:db8:9:9::/72\n");
}

// As between LANs that need a /64 each.
TEST(Carve, PriorityDecidesBetweenAWholeSlash64AndPartsOfIt) {
  const std::vector<Delegation> wan{live("2001:db8:1:2::/64")};
  const LanRequest all_of_it = lan("all");
  const LanRequest one = lan("one", 72);
  const LanRequest two = lan("two", 72);
  EXPECT_EQ(plan_of(carve(wan, {all_of_it, one, two}, {})), "all 2001:db8:1:2::/64\n");
  EXPECT_EQ(plan_of(carve(wan, {all_of_it, with_priority(one, 1), two}, {})),
            "one 2001:db8:1:2::/72\ntwo 2001:db8:1:2:100::/72\n");
  EXPECT_EQ(plan_of(carve(wan, {one, two, with_priority(all_of_it, 1)}, {})),
            "all 2001:db8:1:2::/64\n");
}

TEST(Carve, AHintSaysInWhichSlash64APartLies) {
  const auto result = carve({live("2001:db8::/60")},
                            {lan("a", 72, 0x3), lan("b", 72, 0x3), lan("c"), lan("d", 72)}, {});
  EXPECT_EQ(plan_of(result),
            "a 2001:db8:0:3::/72\n"
            "b 2001:db8:0:3:100::/72\n"
            "c 2001:db8::/64\n"
            "d 2001:db8:0:1::/72\n");
  EXPECT_TRUE(result.findings.empty()) << all(result.findings);
  // It moves when the hint does.
  const auto moved = carve({live("2001:db8::/60")}, {lan("a", 72, 0x5)}, result.memory);
  EXPECT_EQ(plan_of(moved), "a 2001:db8:0:5::/72\n");
}

TEST(Carve, AnotherLengthBeyondSlash64BeginsWhereTheLanWas) {
  const std::vector<Delegation> wan{live("2001:db8::/60")};
  const auto whole = carve(wan, {lan("a"), lan("b")}, {});
  const auto split = carve(wan, {lan("a"), lan("b", 72)}, whole.memory);
  EXPECT_EQ(plan_of(split), "a 2001:db8::/64\nb 2001:db8:0:1::/72\n");
  const auto smaller = carve(wan, {lan("a"), lan("b", 80)}, split.memory);
  EXPECT_EQ(plan_of(smaller), "a 2001:db8::/64\nb 2001:db8:0:1::/80\n");
  const auto again = carve(wan, {lan("a"), lan("b")}, smaller.memory);
  EXPECT_EQ(plan_of(again), plan_of(whole));
}

TEST(Carve, PartsOfADeprecatedSlash64StayWithTheirLan) {
  const std::vector<LanRequest> lans{lan("a", 72), lan("b", 72)};
  const auto first = carve({live("2001:db8:1::/64")}, lans, {});
  const auto renumbered =
      carve({deprecated("2001:db8:1::/64"), live("2001:db8:2::/64")}, lans, first.memory);
  EXPECT_EQ(plan_of(renumbered),
            "a 2001:db8:2::/72\n"
            "a 2001:db8:1::/72\n"
            "b 2001:db8:2:0:100::/72\n"
            "b 2001:db8:1:0:100::/72\n");
}

TEST(Carve, HowManySlash64sAHouseNeeds) {
  EXPECT_EQ(slash64s_needed({lan("a"), lan("b", 60)}, "wan"), 2U);
  EXPECT_EQ(slash64s_needed({lan("a", 72), lan("b", 112)}, "wan"), 1U);
  EXPECT_EQ(slash64s_needed({lan("a", 65), lan("b", 65), lan("c", 72), lan("d")}, "wan"), 3U);
  EXPECT_EQ(slash64s_needed({with_classes(lan("a", 72), {"ula"}), lan("b")}, "wan"), 1U);
  EXPECT_EQ(slash64s_needed({}, "wan"), 0U);
}

}  // namespace
}  // namespace sixgate::delegation
