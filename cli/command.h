// SPDX-License-Identifier: Apache-2.0
// The sixgate program, with its outputs as values.
#pragma once

#include <span>
#include <string>

#include "cli/ask.h"

namespace sixgate::cli {

struct CommandResult {
  ExitCode code = kOk;
  std::string out;     // for standard output
  std::string errors;  // for standard error
};

// `arguments` without the program's name.
CommandResult run_command(std::span<const char* const> arguments);

}  // namespace sixgate::cli
