// SPDX-License-Identifier: Apache-2.0
// What is wrong with a line that is no TOML, in the words of somebody who never read its grammar.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "conf/value.h"

namespace sixgate::conf {

struct SyntaxProblem {
  Position at;
  std::string why;
};

// What toml++ must not be shown: it misbehaves on some letters outside of quotes (undefined behaviour in
// 3.3), and trees of any depth come from lines of any length. Texts of several lines are refused too: no key
// has one, and without them a line can be looked at alone.
std::optional<SyntaxProblem> screen(std::string_view text);

// `line` is the text of the line; `parser_says` what the TOML parser said of it, used when nothing plainer is
// known.
std::string explain_syntax(std::string_view line, std::string_view parser_says);

// The first letter that is none of ASCII, of what printable() made of a text: "U+200B". It may look like another one, or
// like nothing.
std::string odd_letter(std::string_view printed);

}  // namespace sixgate::conf
