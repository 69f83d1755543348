// SPDX-License-Identifier: Apache-2.0
// Asks a running sixgated over its control socket.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "net/expected.h"

namespace sixgate::cli {

// Exit codes of the sixgate program: part of its interface.
enum ExitCode : int {
  kOk = 0,
  kFailure = 1,  // or: something was found
  kUsage = 2,
  kNotRunning = 3,
  kNoPermission = 4,
};

struct AskError {
  ExitCode code = kFailure;
  std::string message;
};

// The answer to `command`: one JSON document, without its newline.
Expected<std::string, AskError> ask(const std::string& socket, std::string_view command);

// Every line that `command` brings, one after the other, for as long as `take` wants more; an error when sixgated
// ends the connection.
Expected<Done, AskError> follow(const std::string& socket, std::string_view command,
                                const std::function<bool(std::string_view line)>& take);

}  // namespace sixgate::cli
