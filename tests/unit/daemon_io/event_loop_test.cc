// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "daemon/io/clock.h"

namespace sixgate::daemon {
namespace {

void run_until(EventLoop& loop, Instant when) {
  while (clock_now() < when) loop.run_for(when - clock_now());
}

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC), 0);
    read = OwnedFd(ends[0]);
    write = OwnedFd(ends[1]);
  }
  void put() const { EXPECT_EQ(::write(write.get(), "x", 1), 1); }
  void take() const {
    char octet = 0;
    EXPECT_EQ(::read(read.get(), &octet, 1), 1);
  }
  OwnedFd read;
  OwnedFd write;
};

TEST(EventLoop, TimerFiresAtItsInstantAndOnce) {
  EventLoop loop;
  std::vector<Instant> fired;
  Timer timer(loop, [&] { fired.push_back(clock_now()); });
  const Instant start = clock_now();
  timer.at(start + milliseconds(20));
  run_until(loop, start + milliseconds(60));
  ASSERT_EQ(fired.size(), 1U);
  EXPECT_GE(fired[0], start + milliseconds(20));
}

TEST(EventLoop, TimerInThePastFiresAtOnceAndAgainWhenSetAgain) {
  EventLoop loop;
  int fired = 0;
  Timer timer(loop, [&] { ++fired; });
  timer.at(Instant());
  loop.run_for(milliseconds(100));
  timer.at(Instant());
  loop.run_for(milliseconds(100));
  EXPECT_EQ(fired, 2);
}

TEST(EventLoop, CancelledTimerDoesNotFire) {
  EventLoop loop;
  int fired = 0;
  Timer timer(loop, [&] { ++fired; });
  timer.at(clock_now());
  timer.cancel();
  run_until(loop, clock_now() + milliseconds(20));
  EXPECT_EQ(fired, 0);
}

TEST(EventLoop, WatchTellsAsLongAsThereIsSomethingToRead) {
  EventLoop loop;
  const Pipe pipe;
  int told = 0;
  Watch watch(loop, pipe.read.get());
  watch.on_readable([&] {
    pipe.take();
    ++told;
  });
  pipe.put();
  pipe.put();  // one octet is taken at a time: the rest is told again
  loop.run_for(milliseconds(100));
  loop.run_for(milliseconds(100));
  EXPECT_EQ(told, 2);
}

TEST(EventLoop, NothingComesAfterAWatchIsGone) {
  EventLoop loop;
  const Pipe pipe;
  int told = 0;
  {
    Watch watch(loop, pipe.read.get());
    watch.on_readable([&] { ++told; });
    pipe.put();
  }
  run_until(loop, clock_now() + milliseconds(20));
  EXPECT_EQ(told, 0);
}

TEST(EventLoop, ACallbackMayEndItsOwnWatch) {
  EventLoop loop;
  const Pipe pipe;
  int told = 0;
  Watch watch(loop, pipe.read.get());
  watch.on_readable([&] {
    ++told;
    watch = Watch();
  });
  pipe.put();
  run_until(loop, clock_now() + milliseconds(20));
  EXPECT_EQ(told, 1);
}

TEST(EventLoop, OneDescriptorAfterTheOtherUnderTheSameNumber) {
  EventLoop loop;
  int told = 0;
  for (int i = 0; i < 3; ++i) {
    const Pipe pipe;
    Watch watch(loop, pipe.read.get());
    watch.on_readable([&] {
      pipe.take();
      ++told;
    });
    pipe.put();
    for (int turns = 0; turns < 5 && told <= i; ++turns) loop.run_for(milliseconds(100));
  }
  EXPECT_EQ(told, 3);
}

TEST(EventLoop, TellsOfSignals) {
  EventLoop loop;
  std::vector<int> heard;
  static constexpr std::array<int, 2> kSignals{SIGUSR1, SIGUSR2};
  loop.on_signals(kSignals, [&](int number) { heard.push_back(number); });
  ::raise(SIGUSR2);
  ::raise(SIGUSR1);
  run_until(loop, clock_now() + milliseconds(20));
  std::sort(heard.begin(), heard.end());
  EXPECT_EQ(heard, (std::vector<int>{SIGUSR1, SIGUSR2}));
}

TEST(EventLoop, StopEndsRun) {
  EventLoop loop;
  Timer timer(loop, [&] { loop.stop(); });
  timer.at(clock_now());
  loop.run();
  SUCCEED() << "run() came back";
}

}  // namespace
}  // namespace sixgate::daemon
