// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/state_directory.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/daemon_io/temporary.h"

namespace sixgate::daemon {
namespace {

unsigned mode_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

TEST(StateDirectory, MakesItselfAndKeepsOthersOut) {
  const TemporaryDirectory temporary;
  const std::string path = temporary / "lib/sixgate";
  StateDirectory state(path);
  ASSERT_TRUE(state.prepare());
  EXPECT_EQ(mode_of(path), 0700U);
  EXPECT_EQ(mode_of(temporary / "lib"), 0755U);  // others may pass through

  StateDirectory second(path);
  const auto refused = second.prepare();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EWOULDBLOCK);
  EXPECT_EQ(refused.error().message, "another sixgated (process " + std::to_string(::getpid()) +
                                         ") uses the state directory " + path);
}

TEST(StateDirectory, LockGoesWithItsHolder) {
  const TemporaryDirectory temporary;
  { ASSERT_TRUE(StateDirectory(temporary.path()).prepare()); }
  EXPECT_TRUE(StateDirectory(temporary.path()).prepare());
}

TEST(StateDirectory, StoresAndLoads) {
  const TemporaryDirectory temporary;
  const StateDirectory state(temporary.path());
  auto loaded = state.load();
  ASSERT_TRUE(loaded);
  EXPECT_FALSE(*loaded);
  ASSERT_TRUE(state.store("one"));
  ASSERT_TRUE(state.store("two"));
  EXPECT_EQ(mode_of(state.file()), 0600U);
  EXPECT_EQ(*state.load(), "two");
  EXPECT_FALSE(std::filesystem::exists(state.file() + ".new"));
  state.set_aside();
  EXPECT_FALSE(*state.load());
  EXPECT_TRUE(std::filesystem::exists(temporary / "state.unreadable"));
}

TEST(StateDirectory, SaysWhatIsInTheWay) {
  const TemporaryDirectory temporary;
  ASSERT_TRUE(replace_file(temporary / "file", "x"));
  StateDirectory state(temporary / "file/state");
  const auto refused = state.prepare();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ENOTDIR);
  EXPECT_NE(refused.error().message.find(temporary / "file"), std::string::npos);
}

// On a file system with room for one page and no more.
TEST(StateDirectory, FullDiskKeepsTheOldStateWhole) {
  if (::geteuid() != 0 || ::unshare(CLONE_NEWNS) != 0) GTEST_SKIP() << "needs root to mount";
  ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  const TemporaryDirectory temporary;
  ASSERT_EQ(::mount("tmpfs", temporary.path().c_str(), "tmpfs", 0, "size=16k"), 0);
  const StateDirectory state(temporary.path());
  ASSERT_TRUE(state.store("the old state"));
  const auto refused = state.store(std::string(100000, 'x'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ENOSPC);
  EXPECT_EQ(*state.load(), "the old state");
  EXPECT_FALSE(std::filesystem::exists(state.file() + ".new"));
  EXPECT_TRUE(state.store("the new state"));

  ASSERT_EQ(::mount(nullptr, temporary.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr),
            0);
  EXPECT_EQ(state.store("x").error().code, EROFS);
  EXPECT_EQ(*state.load(), "the new state");
  // The lock that is there keeps others out all the same.
  ASSERT_EQ(::mount(nullptr, temporary.path().c_str(), nullptr, MS_REMOUNT, nullptr), 0);
  { ASSERT_TRUE(StateDirectory(temporary.path()).prepare()); }
  ASSERT_EQ(::mount(nullptr, temporary.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr),
            0);
  {
    StateDirectory first(temporary.path());
    ASSERT_TRUE(first.prepare());
    EXPECT_FALSE(StateDirectory(temporary.path()).prepare());
  }
  ::umount(temporary.path().c_str());
}

TEST(ReadFile, RefusesWhatIsTooLarge) {
  const TemporaryDirectory temporary;
  ASSERT_TRUE(replace_file(temporary / "file", std::string(5000, 'x')));
  EXPECT_EQ(read_file(temporary / "file", 5000)->size(), 5000U);
  EXPECT_EQ(read_file(temporary / "file", 4999).error().code, EFBIG);
  EXPECT_EQ(read_file(temporary / "none", 10).error().code, ENOENT);
}

}  // namespace
}  // namespace sixgate::daemon
