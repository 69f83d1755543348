// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <string>
#include <utility>

#include "daemon/io/process.h"
#include "net/text.h"

namespace sixgate::daemon {

// Programs that end when the test says so.
class FakeRunner final : public ProcessRunner {
 public:
  struct Run {
    Command command;
    Callback callback;
  };
  void run(Command command, Callback callback) override {
    runs.push_back({std::move(command), std::move(callback)});
  }
  bool available(const std::string& program) const override { return nft || program != "nft"; }

  // Ends the oldest run and returns its command line.
  std::string end(int status, std::string output = "") {
    if (runs.empty()) return "nothing";
    Run run = std::move(runs.front());
    runs.pop_front();
    last_input = run.command.input;
    std::string line;
    for (const std::string& word : run.command.arguments)
      line += cat(line.empty() ? "" : " ", word);
    run.callback(ProcessResult{status, std::move(output)});
    return line;
  }

  std::deque<Run> runs;
  std::string last_input;
  bool nft = false;  // whether there is that program
};

}  // namespace sixgate::daemon
