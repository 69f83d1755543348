// SPDX-License-Identifier: Apache-2.0
// Runs a program without a shell and without blocking: nft and ip6tables at start, when no other interface to
// them will do, and hook scripts. It has a process group of its own, in which it is ended with all that it
// started when it takes too long.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/io/event_loop.h"
#include "net/expected.h"
#include "net/time.h"

namespace sixgate::daemon {

struct Command {
  std::vector<std::string>
      arguments;      // [0] is the program, looked up in PATH and the sbin directories
  std::string input;  // what it reads on standard input; empty: /dev/null
  std::vector<std::string> environment;  // "NAME=value", beside PATH and LC_ALL=C
  Duration time_limit = seconds(20);
  std::size_t most_output = 4096;  // of what it writes, this much is kept
};

struct ProcessResult {
  int exit_status = 0;  // 128 + signal when one ended it
  std::string output;   // what it wrote, on standard error too, up to most_output octets
};

class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;
  // The callback is called later, never from within run(); once, unless the runner is destroyed before.
  using Callback = std::function<void(Expected<ProcessResult>)>;  // error: not started, or too slow
  virtual void run(Command command, Callback callback) = 0;
  // Whether such a program is there to be run.
  virtual bool available(const std::string& program) const = 0;
};

std::unique_ptr<ProcessRunner> make_process_runner(EventLoop& loop);

}  // namespace sixgate::daemon
