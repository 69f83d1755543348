// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <optional>
#include <string>

#include "daemon/io/event_loop.h"
#include "daemon/io/file.h"
#include "temporary.h"

namespace sixgate::daemon {
namespace {

class ProcessTest : public testing::Test {
 protected:
  Expected<ProcessResult> run(Command command) {
    std::optional<Expected<ProcessResult>> result;
    runner->run(std::move(command), [&](const Expected<ProcessResult>& ended) { result = ended; });
    EXPECT_FALSE(result) << "called back from within run()";
    for (int round = 0; round < 1000 && !result; ++round) loop.run_for(seconds(1));
    return result ? *result : Expected<ProcessResult>(fail("no callback"));
  }
  EventLoop loop;
  std::unique_ptr<ProcessRunner> runner = make_process_runner(loop);
};

TEST_F(ProcessTest, GivesInputAndTakesOutputAndStatus) {
  const auto result =
      run({.arguments = {"sh", "-c", "cat; echo oops >&2; echo $COLOUR $LC_ALL; exit 3"},
           .input = "given\n",
           .environment = {"COLOUR=blue"}});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->exit_status, 3);
  EXPECT_EQ(result->output, "given\noops\nblue C\n");
}

// nft opens /dev/stdin anew: that has to work, and a program that reads nothing must not end us.
TEST_F(ProcessTest, InputCanBeOpenedAnewOrIgnored) {
  const std::string large(300000, 'x');
  const auto opened = run({.arguments = {"wc", "-c", "/dev/stdin"}, .input = large});
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->output, "300000 /dev/stdin\n");
  const auto ignored = run({.arguments = {"true"}, .input = large});
  ASSERT_TRUE(ignored) << ignored.error().message;
  EXPECT_EQ(ignored->exit_status, 0);
}

TEST_F(ProcessTest, KeepsTheFirstOutputOfALoudProgram) {
  const auto result = run({.arguments = {"head", "-c", "200000", "/dev/zero"}, .input = ""});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->exit_status, 0);
  EXPECT_EQ(result->output.size(), 4096U);
}

TEST_F(ProcessTest, EndsWhatTakesTooLong) {
  const auto result =
      run({.arguments = {"sleep", "1000"}, .input = "", .time_limit = milliseconds(30)});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "sleep: did not end in time");
}

// What it started goes with it: else a hanging script would leave a hanging child behind at every run.
TEST_F(ProcessTest, EndsTheWholeGroupOfWhatTakesTooLong) {
  TemporaryDirectory directory;
  const std::string file = directory / "pid";
  const auto result = run({.arguments = {"sh", "-c", "sleep 1000 & echo $! >" + file + "; wait"},
                           .input = "",
                           .time_limit = seconds(2)});
  ASSERT_FALSE(result);
  const auto text = read_file(file, 100);
  ASSERT_TRUE(text) << text.error().message;
  const pid_t child = static_cast<pid_t>(std::stoi(*text));
  // Ended, though somebody else may have to reap it.
  const auto state = [&] {
    const auto status = read_file("/proc/" + std::to_string(child) + "/stat", 4096);
    return status ? status->substr(status->rfind(')') + 2, 1) : std::string("gone");
  };
  for (int round = 0; round < 1000 && state() != "gone" && state() != "Z"; ++round)
    loop.run_for(milliseconds(1));
  EXPECT_TRUE(state() == "gone" || state() == "Z") << state();
}

TEST_F(ProcessTest, WithoutInputReadsNothing) {
  const auto result = run({.arguments = {"sh", "-c", "cat; readlink /proc/self/fd/0"}});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->output, "/dev/null\n");
}

TEST_F(ProcessTest, NoSocketOrTimerOfOursIsInherited) {
  const auto result =
      run({.arguments = {"sh", "-c", "ls -l /proc/self/fd | grep -c -e socket: -e anon_inode:"}});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->output, "0\n");
}

TEST_F(ProcessTest, AFileThatIsNoProgramIsNamedAsSuch) {
  TemporaryDirectory directory;
  const std::string file = directory / "script";
  ASSERT_TRUE(replace_file(file, "exit 0\n"));
  const auto result = run({.arguments = {file}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, file + ": is not executable");
}

TEST_F(ProcessTest, SaysWhatIsNotThere) {
  EXPECT_FALSE(runner->available("no-such-program-here"));
  EXPECT_TRUE(runner->available("sh"));
  const auto result = run({.arguments = {"no-such-program-here"}, .input = ""});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "no-such-program-here: no such program");
}

TEST_F(ProcessTest, ReportsASignalAsAShellDoes) {
  const auto result = run({.arguments = {"sh", "-c", "kill -TERM $$"}, .input = ""});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->exit_status, 128 + 15);
}

// SIGCHLD stays ignored over execve: `trap '' CHLD; exec sixgated`, and some supervisors.
TEST_F(ProcessTest, HearsOfFailureWhenStartedWithSigchldIgnored) {
  ::signal(SIGCHLD, SIG_IGN);
  runner = make_process_runner(loop);
  const auto result = run({.arguments = {"false"}, .input = ""});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->exit_status, 1);
}

TEST_F(ProcessTest, TakesAStatusThatSomebodyElseReapedForNoSuccess) {
  ::signal(SIGCHLD, SIG_IGN);
  const auto result = run({.arguments = {"true"}, .input = ""});
  ::signal(SIGCHLD, SIG_DFL);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "true: ended, nobody knows how");
}

TEST_F(ProcessTest, RunsSeveralAtOnceAndMayBeDestroyedMeanwhile) {
  int ended = 0;
  for (int i = 0; i < 5; ++i) {
    runner->run({.arguments = {"true"}, .input = ""},
                [&](const Expected<ProcessResult>&) { ++ended; });
  }
  runner->run({.arguments = {"sleep", "1000"}, .input = ""},
              [&](const Expected<ProcessResult>&) { ended = -1; });
  for (int round = 0; round < 1000 && ended < 5; ++round) loop.run_for(seconds(1));
  EXPECT_EQ(ended, 5);
  runner.reset();
  loop.run_for(milliseconds(1));
  EXPECT_EQ(ended, 5);
}

}  // namespace
}  // namespace sixgate::daemon
