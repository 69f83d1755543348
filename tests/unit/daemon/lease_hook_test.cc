// SPDX-License-Identifier: Apache-2.0
// The script for leases: one run at a time for a client, and never the last state untold.
#include "daemon/lease_hook.h"

#include <gtest/gtest.h>

namespace sixgate::daemon {
namespace {

using Kind = dhcp6::LeaseEvent::Kind;

dhcp6::LeaseEvent event(Kind kind, const std::string& duid, std::uint32_t iaid = 1) {
  return {.kind = kind,
          .link = "home",
          .duid = dhcp6::Duid::parse(duid).value(),
          .iaid = iaid,
          .leases = {*Prefix::parse("2001:db8:1::77/128"), *Prefix::parse("fd00::77/128")},
          .valid = Lifetime(5400),
          .name = "nas"};
}

std::string numbered(int i) { return std::to_string(1000 + i); }  // as hexadecimal digits

std::string variable(const LeaseHookRun& run, const std::string& name) {
  for (const std::string& one : run.environment) {
    if (one.starts_with(name + "=")) return one.substr(name.size() + 1);
  }
  return "(none)";
}

LeaseHook hook() {
  LeaseHook made;
  made.configure({"/bin/lease", seconds(7)});
  return made;
}

TEST(LeaseHook, SaysWhatHappenedInArgumentsAndVariables) {
  LeaseHook hooks = hook();
  hooks.add(event(Kind::kAdded, "aa"));
  const auto runs = hooks.next();
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].script, (HookScript{"/bin/lease", seconds(7)}));
  EXPECT_EQ(runs[0].arguments,
            (std::vector<std::string>{"added", "home", "aa", "1", "2001:db8:1::77", "fd00::77"}));
  EXPECT_EQ(variable(runs[0], "SIXGATE_EVENT"), "added");
  EXPECT_EQ(variable(runs[0], "SIXGATE_LAN"), "home");
  EXPECT_EQ(variable(runs[0], "SIXGATE_TYPE"), "address");
  EXPECT_EQ(variable(runs[0], "SIXGATE_DUID"), "aa");
  EXPECT_EQ(variable(runs[0], "SIXGATE_IAID"), "1");
  EXPECT_EQ(variable(runs[0], "SIXGATE_NAME"), "nas");
  EXPECT_EQ(variable(runs[0], "SIXGATE_LEASES"), "2001:db8:1::77 fd00::77");
  EXPECT_EQ(variable(runs[0], "SIXGATE_VALID"), "5400");
  EXPECT_EQ(variable(runs[0], "SIXGATE_MISSED"), "0");
}

TEST(LeaseHook, OfOneClientOneAfterTheOther) {
  LeaseHook hooks = hook();
  hooks.add(event(Kind::kAdded, "aa", 1));
  hooks.add(event(Kind::kAdded, "aa", 2));
  hooks.add(event(Kind::kReleased, "aa", 1));
  hooks.add(event(Kind::kAdded, "bb"));
  auto runs = hooks.next();
  ASSERT_EQ(runs.size(), 2U) << "others do not wait for it";
  EXPECT_EQ(runs[1].arguments[2], "bb");
  EXPECT_TRUE(hooks.next().empty());
  (void)hooks.ended(runs[0].number, {});
  runs = hooks.next();
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].arguments[3], "2");
  (void)hooks.ended(runs[0].number, {});
  runs = hooks.next();
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].arguments[0], "released");
}

TEST(LeaseHook, SoManyAtOnce) {
  LeaseHook hooks = hook();
  for (int i = 0; i < 10; ++i) hooks.add(event(Kind::kAdded, numbered(i)));
  const auto runs = hooks.next();
  EXPECT_EQ(runs.size(), LeaseHook::kMostAtOnce);
  (void)hooks.ended(runs[0].number, {});
  EXPECT_EQ(hooks.next().size(), 1U);
}

TEST(LeaseHook, ARenewalThatIsNotToldYetGivesWayToTheNext) {
  LeaseHook hooks = hook();
  hooks.add(event(Kind::kAdded, "aa"));
  const auto first = hooks.next();
  for (int i = 0; i < 5; ++i) hooks.add(event(Kind::kRenewed, "aa"));
  hooks.add(event(Kind::kRenewed, "aa", 2));
  hooks.add(event(Kind::kExpired, "aa"));
  hooks.add(event(Kind::kRenewed, "aa"));
  (void)hooks.ended(first[0].number, {});
  std::vector<std::string> told;
  for (auto runs = hooks.next(); !runs.empty(); runs = hooks.next()) {
    told.push_back(runs[0].arguments[0] + runs[0].arguments[3]);
    (void)hooks.ended(runs[0].number, {});
  }
  EXPECT_EQ(told, (std::vector<std::string>{"renewed1", "renewed2", "expired1", "renewed1"}));
}

TEST(LeaseHook, WhatIsTooMuchIsCountedAndTheLastIsTold) {
  LeaseHook hooks = hook();
  hooks.add(event(Kind::kAdded, "aa"));
  const auto first = hooks.next();
  for (std::uint32_t i = 0; i < LeaseHook::kMostWaiting + 5; ++i)
    hooks.add(event(i % 2 == 0 ? Kind::kReleased : Kind::kAdded, "aa", i));
  (void)hooks.ended(first[0].number, {});
  auto runs = hooks.next();
  EXPECT_EQ(variable(runs[0], "SIXGATE_MISSED"), "5");
  std::string last;
  std::size_t told = 0;
  while (!runs.empty()) {
    last = runs[0].arguments[3];
    ++told;
    (void)hooks.ended(runs[0].number, {});
    runs = hooks.next();
  }
  EXPECT_EQ(told, LeaseHook::kMostWaiting);
  EXPECT_EQ(last, std::to_string(LeaseHook::kMostWaiting + 4));
}

TEST(LeaseHook, AFailureIsSaidOnce) {
  LeaseHook hooks = hook();
  const auto fails = [&] {
    hooks.add(event(Kind::kAdded, "aa"));
    const auto runs = hooks.next();
    return hooks.ended(runs.at(0).number, {"no such file", "a line\n"}).size();
  };
  EXPECT_EQ(fails(), 2U);
  EXPECT_EQ(fails(), 1U) << "what it printed";
}

TEST(LeaseHook, WithoutAScriptOrAtTheEndNothingRuns) {
  LeaseHook none;
  none.add(event(Kind::kAdded, "aa"));
  EXPECT_TRUE(none.next().empty());
  LeaseHook hooks = hook();
  hooks.add(event(Kind::kAdded, "aa"));
  const auto runs = hooks.next();
  hooks.add(event(Kind::kAdded, "bb"));
  hooks.stop();
  EXPECT_TRUE(hooks.next().empty());
  EXPECT_FALSE(hooks.idle());
  (void)hooks.ended(runs[0].number, {});
  EXPECT_TRUE(hooks.idle());
}

}  // namespace
}  // namespace sixgate::daemon
