// SPDX-License-Identifier: Apache-2.0
#include "cli/answer.h"

#include <utility>

#include "net/text.h"

namespace sixgate::cli {

CommandResult failure(const AskError& error) {
  return {error.code, {}, cat("sixgate: ", error.message, '\n')};
}

CommandResult not_understood() {
  return {kFailure, {}, "sixgate: sixgated's answer is not understood\n"};
}

std::optional<CommandResult> refusal(const Json& answer) {
  const Json& error = answer["error"];
  if (!error.is_text()) return std::nullopt;
  return CommandResult{
      kFailure, {}, cat("sixgate: sixgated says: ", printable(error.text()), '\n')};
}

Expected<Answer, CommandResult> answer_to(const std::string& socket, std::string_view command) {
  auto text = ask(socket, command);
  if (!text) return Unexpected<CommandResult>(failure(text.error()));
  auto json = Json::parse(*text);
  if (!json || !json->is_object()) return Unexpected<CommandResult>(not_understood());
  if (auto refused = refusal(*json)) return Unexpected<CommandResult>(std::move(*refused));
  return Answer{std::move(*text), std::move(*json)};
}

}  // namespace sixgate::cli
