// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/lease_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "daemon/io/clock.h"
#include "tests/unit/daemon_io/temporary.h"

namespace sixgate::daemon {
namespace {

using Octets = std::vector<std::uint8_t>;

class LeaseFileTest : public ::testing::Test {
 protected:
  LeaseFile file() {
    return LeaseFile(
        loop_, path_, conf::Durability::kPower, [this] { ++rewrites_; },
        [this](const LogLine& line) { log_.push_back(line); });
  }
  std::ptrdiff_t said(const std::string& part) const {
    return std::count_if(log_.begin(), log_.end(), [&](const LogLine& line) {
      return line.text.find(part) != std::string::npos;
    });
  }

  EventLoop loop_;
  LogLines log_;
  int rewrites_ = 0;
  const TemporaryDirectory temporary_;
  const std::string path_ = temporary_ / "leases";
};

TEST_F(LeaseFileTest, WhatWasAppendedIsThereForTheNextRun) {
  {
    LeaseFile leases = file();
    EXPECT_TRUE(leases.load().empty());
    leases.replace(Octets{1, 2, 3});
    leases.append(Octets{4, 5});
    leases.append(Octets{});
    leases.append(Octets{6});
  }
  EXPECT_EQ(file().load(), (Octets{1, 2, 3, 4, 5, 6}));
  EXPECT_TRUE(log_.empty());
}

TEST_F(LeaseFileTest, AMediumThatTakesNothingIsSaidOnceAndStopsNothing) {
  // Where the file should be there is a directory: for root, too, nothing can be written.
  std::filesystem::create_directory(path_);
  LeaseFile leases = file();
  leases.replace(Octets{1});
  leases.append(Octets{2});
  leases.replace(Octets{1, 2});
  EXPECT_TRUE(leases.in_trouble());
  EXPECT_EQ(said("cannot be stored"), 1);
  std::filesystem::remove(path_);
  leases.append(Octets{3});  // a journal with a gap would not be true
  EXPECT_FALSE(std::filesystem::exists(path_));
  leases.replace(Octets{1, 2, 3});
  EXPECT_FALSE(leases.in_trouble());
  EXPECT_EQ(said("can be stored again"), 1);
  leases.append(Octets{4});
  EXPECT_EQ(file().load(), (Octets{1, 2, 3, 4}));
}

TEST_F(LeaseFileTest, ALongJournalIsWrittenAnew) {
  LeaseFile leases = file();
  leases.replace(Octets(100));
  Timer stop(loop_, [this] { loop_.stop(); });
  leases.append(Octets(LeaseFile::kWorthRewriting));
  EXPECT_EQ(rewrites_, 0) << "not before what waits for the record has gone out";
  leases.append(Octets(1000));
  stop.at(clock_now() + milliseconds(20));
  loop_.run();
  EXPECT_EQ(rewrites_, 1);
}

TEST_F(LeaseFileTest, WhatHappensWhileItIsWrittenAnewIsInTheOldFileAndTheNewOne) {
  LeaseFile leases = file();
  leases.replace(Octets{1, 2, 3});
  std::ifstream old(path_, std::ios::binary);  // by whatever name
  leases.append(Octets{4});
  leases.replace(Octets{9});
  EXPECT_EQ(file().load(), (Octets{1, 2, 3, 4})) << "nobody waited for the medium";
  leases.append(Octets{5});
  EXPECT_EQ(file().load(), (Octets{1, 2, 3, 4, 5}));
  leases.replace(Octets{9, 5});  // while the one before is under way: at once
  leases.append(Octets{6});
  EXPECT_EQ(file().load(), (Octets{9, 5, 6}));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(old), {}), "\1\2\3\4\5");

  loop_.run_for(seconds(10));
  EXPECT_EQ(file().load(), (Octets{9, 5, 6})) << "the end of what was overtaken changes nothing";
  leases.replace(Octets{7});
  leases.append(Octets{8});
  while (file().load() != Octets{7, 8}) loop_.run_for(seconds(10));
  leases.append(Octets{10});
  EXPECT_EQ(file().load(), (Octets{7, 8, 10}));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
  EXPECT_TRUE(log_.empty());
}

TEST_F(LeaseFileTest, WhatCannotBeWrittenAnewGoesOnGrowing) {
  LeaseFile leases = file();
  leases.replace(Octets{1});
  std::filesystem::create_directory(path_ + ".new");
  leases.replace(Octets{2});
  leases.replace(Octets{2});
  leases.append(Octets{3});
  EXPECT_FALSE(leases.in_trouble());
  EXPECT_EQ(said("goes on growing"), 1);
  EXPECT_EQ(file().load(), (Octets{1, 3}));

  std::filesystem::remove(path_ + ".new");
  leases.replace(Octets{1, 3});
  leases.replace(Octets{1, 3});  // at once, for the one before is under way
  leases.append(Octets(LeaseFile::kWorthRewriting + 1000));
  Timer stop(loop_, [this] { loop_.stop(); });
  stop.at(clock_now() + milliseconds(20));
  loop_.run();
  EXPECT_EQ(rewrites_, 1) << "it is written anew when it is long, as ever";
}

TEST_F(LeaseFileTest, WhatCannotBeReadIsKept) {
  std::filesystem::create_directory(path_);  // as unreadable as a medium with an error
  LeaseFile leases = file();
  EXPECT_TRUE(leases.load().empty());
  EXPECT_TRUE(std::filesystem::exists(path_ + ".unreadable"));
  EXPECT_EQ(said("cannot be read"), 1);
  leases.replace(Octets{1});
  EXPECT_EQ(file().load(), (Octets{1}));
}

TEST_F(LeaseFileTest, WhatIsNotUnderstoodIsKept) {
  std::ofstream(path_) << "something else";
  LeaseFile leases = file();
  EXPECT_FALSE(leases.load().empty());
  leases.set_aside("is no journal of leases");
  EXPECT_TRUE(std::filesystem::exists(path_ + ".unreadable"));
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_EQ(said("kept as"), 1);
}

}  // namespace
}  // namespace sixgate::daemon
