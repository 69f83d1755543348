// SPDX-License-Identifier: Apache-2.0
// The sixgate program, with its outputs as values.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "cli/ask.h"

namespace sixgate::cli {

struct CommandResult {
  ExitCode code = kOk;
  std::string out;     // for standard output
  std::string errors;  // for standard error
};

// Where a command that goes on says what it has to say meanwhile; without one it is in `out` at the end.
using Sink = std::function<void(std::string_view)>;

// `arguments` without the program's name.
CommandResult run_command(std::span<const char* const> arguments, const Sink& live = {});

}  // namespace sixgate::cli
