// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/state_keeper.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "daemon/io/clock.h"
#include "tests/unit/daemon_io/temporary.h"

namespace sixgate::daemon {
namespace {

StoredState with_prefix(const char* prefix) {
  StoredState state;
  state.unique_local = *Prefix::parse(prefix);
  return state;
}

class StateKeeperTest : public ::testing::Test {
 protected:
  StateKeeperTest() {
    EXPECT_TRUE(make_directories(medium_, 0700));
    EXPECT_TRUE(make_directories(memory_, 0700));
  }
  StateKeeper keeper(const std::string& boot = "boot-1") {
    return StateKeeper(loop_, StateDirectory(medium_), StateDirectory(memory_), boot,
                       [this](const LogLine& line) { log_.push_back(line); });
  }
  std::ptrdiff_t said(const std::string& part) const {
    return std::count_if(log_.begin(), log_.end(), [&](const LogLine& line) {
      return line.text.find(part) != std::string::npos;
    });
  }
  std::optional<Prefix> loaded(const std::string& boot) {
    return keeper(boot).load(clock_now()).unique_local;
  }

  EventLoop loop_;
  LogLines log_;
  const TemporaryDirectory temporary_;
  const std::string medium_ = temporary_ / "medium";
  const std::string memory_ = temporary_ / "memory";
};

TEST_F(StateKeeperTest, StartsWithNothingAndSaysNothing) {
  EXPECT_EQ(keeper().load(clock_now()), StoredState());
  EXPECT_TRUE(log_.empty());
}

TEST_F(StateKeeperTest, WhatIsNotWorthFlashIsKnownAfterACrashOnly) {
  {
    StateKeeper before = keeper();
    before.store(with_prefix("fd00:1::/48"), true);
    before.store(with_prefix("fd00:2::/48"), false);
  }
  EXPECT_EQ(loaded("boot-1"), *Prefix::parse("fd00:2::/48"));
  EXPECT_EQ(loaded("boot-2"), *Prefix::parse("fd00:1::/48"));
}

TEST_F(StateKeeperTest, ADamagedFileIsSetAsideAndSaidSo) {
  keeper().store(with_prefix("fd00:1::/48"), true);
  ASSERT_TRUE(replace_file(medium_ + "/state", "not what was written"));
  EXPECT_EQ(loaded("boot-2"), std::nullopt);
  EXPECT_EQ(said("it is kept as state.unreadable"), 1);
  EXPECT_EQ(*read_file(medium_ + "/state.unreadable", 100), "not what was written");
  EXPECT_EQ(loaded("boot-2"), std::nullopt);
  EXPECT_EQ(said("it is kept as state.unreadable"), 1);
}

TEST_F(StateKeeperTest, AMediumThatRefusesIsSaidOnceAndTriedAgain) {
  StateKeeper keeps = keeper();
  std::filesystem::remove_all(medium_);
  keeps.store(with_prefix("fd00:1::/48"), true);
  keeps.store(with_prefix("fd00:2::/48"), true);
  keeps.store(with_prefix("fd00:3::/48"), false);
  keeps.flush();
  EXPECT_TRUE(keeps.in_trouble());
  EXPECT_EQ(said("the state cannot be stored"), 1);
  ASSERT_TRUE(make_directories(medium_, 0700));
  keeps.flush();
  EXPECT_FALSE(keeps.in_trouble());
  EXPECT_EQ(said("the state can be stored again"), 1);
  EXPECT_EQ(loaded("boot-2"), *Prefix::parse("fd00:3::/48"));
}

TEST_F(StateKeeperTest, WhatACrashLeftUnwrittenIsWrittenByTheNextRun) {
  std::filesystem::remove_all(medium_);
  keeper().store(with_prefix("fd00:1::/48"), true);  // the disk is full, and then we are killed
  ASSERT_TRUE(make_directories(medium_, 0700));
  StateKeeper next = keeper();
  next.store(next.load(clock_now()), false);
  EXPECT_EQ(loaded("boot-2"), *Prefix::parse("fd00:1::/48"));
  // Once only: this is the medium's wear.
  next.store(with_prefix("fd00:2::/48"), false);
  EXPECT_EQ(loaded("boot-2"), *Prefix::parse("fd00:1::/48"));
}

TEST_F(StateKeeperTest, WithoutMemoryTheMediumHasToDo) {
  std::filesystem::remove_all(memory_);
  StateKeeper keeps = keeper();
  keeps.store(with_prefix("fd00:1::/48"), false);
  keeps.store(with_prefix("fd00:2::/48"), false);
  EXPECT_EQ(said("the state directory is used instead"), 1);
  EXPECT_EQ(loaded("boot-1"), *Prefix::parse("fd00:2::/48"));
}

}  // namespace
}  // namespace sixgate::daemon
