// SPDX-License-Identifier: Apache-2.0
// What sixgated answers, understood; or what a command ends with instead.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/command.h"
#include "cli/json.h"
#include "net/expected.h"

namespace sixgate::cli {

struct Answer {
  std::string text;
  Json json;  // an object without "error"
};

Expected<Answer, CommandResult> answer_to(const std::string& socket, std::string_view command);

// The parts of it, for who hears many documents.
CommandResult failure(const AskError& error);
CommandResult not_understood();
std::optional<CommandResult> refusal(const Json& answer);  // its "error"

}  // namespace sixgate::cli
