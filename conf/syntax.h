// SPDX-License-Identifier: Apache-2.0
// What is wrong with a line that is no TOML, in the words of somebody who never read its grammar.
#pragma once

#include <string>
#include <string_view>

namespace sixgate::conf {

// `line` is the text of the line; `parser_says` what the TOML parser said of it, used when nothing plainer is
// known.
std::string explain_syntax(std::string_view line, std::string_view parser_says);

}  // namespace sixgate::conf
