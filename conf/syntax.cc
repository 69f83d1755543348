// SPDX-License-Identifier: Apache-2.0
#include "conf/syntax.h"

#include <algorithm>
#include <array>
#include <optional>

#include "net/text.h"

namespace sixgate::conf {

namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// The line without a comment that begins outside quotes.
std::string_view without_comment(std::string_view line) {
  char open = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (open == '\0' && line[i] == '#') return line.substr(0, i);
    if (open == '\0' && (line[i] == '"' || line[i] == '\'')) {
      open = line[i];
    } else if (line[i] == open && !(open == '"' && i > 0 && line[i - 1] == '\\')) {
      open = '\0';
    }
  }
  return line;
}

// Whether a key, or a table's name, needs quotes and has none.
bool needs_quotes(std::string_view key) {
  return !contains(key, "\"") && !contains(key, "'") &&
         std::any_of(key.begin(), key.end(), [](char c) {
           const bool bare = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
           return !bare;
         });
}

std::string odd_key(std::string_view key) {
  return cat("\"", printable(key), "\" has other characters than letters, digits, \"_\" and \"-\"");
}

std::optional<std::string> explain_value(std::string_view key, std::string_view value) {
  if (value.empty()) return cat("there is no value after \"=\"");
  const char first = value.front();
  if (value.starts_with("\"\"\"") || value.starts_with("'''")) return std::nullopt;
  if (first == '"' || first == '\'') {
    const std::size_t close = value.find(first, 1);
    if (close == std::string_view::npos) {
      return cat("the text is not closed: a ", first, " is missing at its end");
    }
    if (!trim(value.substr(close + 1)).empty() && first == '"' && !contains(value, "\\")) {
      return cat("there is something after the text: ", printable(trim(value.substr(close + 1))));
    }
    return std::nullopt;
  }
  if (first == '[') {
    if (!contains(value, "]")) return std::string("the list is not closed: a ] is missing");
    return std::nullopt;
  }
  constexpr std::array<std::string_view, 12> kYes{"yes",  "on",   "Yes", "YES", "On",    "ON",
                                                  "True", "TRUE", "no",  "off", "False", "FALSE"};
  if (std::find(kYes.begin(), kYes.end(), value) != kYes.end() || value == "No" || value == "NO") {
    return std::string("a switch is true or false, in small letters and without quotes");
  }
  if (value.starts_with("0X")) return std::string("hexadecimal numbers begin with \"0x\"");
  const bool digits =
      std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits && first == '0' && value.size() > 1) {
    return cat("a number has no leading zero; a text needs quotes: ", key, " = \"", value, "\"");
  }
  if (!digits && !contains(value, "\"") && !contains(value, "{")) {
    return cat("a text needs quotes: ", key, " = \"", printable(value), "\"");
  }
  return std::nullopt;
}

// What no configuration needs and what keeps the depth of a tree within any stack.
constexpr std::size_t kMaxSize = 1U << 20;
constexpr std::size_t kMaxLine = 4096;

std::optional<SyntaxProblem> screen_line(std::string_view line, unsigned number) {
  unsigned column = 0;
  char open = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const auto octet = static_cast<unsigned char>(c);
    if ((octet & 0xc0) != 0x80) ++column;  // columns count characters
    if (open != '\0') {
      if (open == '"' && c == '\\') {
        ++i;
        ++column;
      } else if (c == open) {
        open = '\0';
      }
      continue;
    }
    if (c == '#') return std::nullopt;
    if (c == '"' || c == '\'') {
      if (line.substr(i, 3) == std::string(3, c)) {
        return SyntaxProblem{{number, column}, "a text stands on one line, in one pair of quotes"};
      }
      open = c;
    } else if (octet >= 0x80) {
      const std::string why = explain_syntax(line, "");
      const std::string letter = odd_letter(printable(line.substr(i, 4)));
      return SyntaxProblem{
          {number, column},
          contains(why, "straight quotes")
              ? why
              : cat("letters other than those of ASCII stand in quotes or comments only",
                    letter.empty() ? "" : "; this is ", letter)};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<SyntaxProblem> screen(std::string_view text) {
  if (text.size() > kMaxSize) return SyntaxProblem{{1, 1}, "the file is larger than 1 MiB"};
  for (unsigned number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.size() > kMaxLine) {
      return SyntaxProblem{{number, 1}, cat("the line is longer than ", kMaxLine, " octets")};
    }
    if (auto problem = screen_line(line, number)) return problem;
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return std::nullopt;
}

std::string odd_letter(std::string_view printed) {
  std::uint32_t point = 0;
  unsigned left = 0;  // octets of UTF-8 that are yet to come
  for (std::size_t at = printed.find("\\x"); at != std::string_view::npos;
       at = printed.find("\\x", at + 1)) {
    const auto octets = parse_hex(printed.substr(at + 2, 2));
    const std::uint32_t octet = octets && octets->size() == 1 ? octets->front() : 0U;
    if ((octet & 0xc0) != 0x80) {
      left = octet >= 0xf0 ? 3 : octet >= 0xe0 ? 2 : octet >= 0xc2 ? 1 : 0;
      point = octet & 0x3fU >> left;
      continue;
    }
    point = point << 6 | (octet & 0x3fU);
    if (left != 1) {
      left -= left > 0 ? 1 : 0;
      continue;
    }
    std::string digits;
    for (unsigned shift = point > 0xffff ? 24 : 16; shift != 0;)
      digits += "0123456789ABCDEF"[point >> (shift -= 4) & 15];
    return cat("U+", digits);
  }
  return {};
}

std::string explain_syntax(std::string_view line, std::string_view parser_says) {
  // Its sentence for a repetition names the key in quotes.
  if (contains(parser_says, "redefine")) {
    const std::size_t open = parser_says.find('\'');
    const std::size_t close = parser_says.find('\'', std::min(open, parser_says.size() - 1) + 1);
    if (open != std::string_view::npos && close != std::string_view::npos) {
      return cat("\"", printable(parser_says.substr(open + 1, close - open - 1)),
                 "\" is there twice");
    }
  }
  if (contains(parser_says, "representable") || contains(parser_says, "exceeds maximum length"))
    return "the number is too large";
  // 8000-8010
  if (contains(parser_says, "parsing date"))
    return "this would be a date; a range needs quotes: \"8000-8010\"";
  const std::string_view text = trim(line);
  if (text.starts_with("//") || text.starts_with(";")) {
    return "a comment begins with \"#\"";
  }
  // Quotation marks of word processors, U+2018 to U+201D.
  for (const std::string_view mark :
       {"\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9c", "\xe2\x80\x9d"}) {
    if (contains(text, mark)) return "texts stand in straight quotes: \"";
  }
  const std::string_view body = trim(without_comment(text));
  if (body.starts_with('[')) {
    if (!contains(body, "]")) return "the table's name is not closed: a ] is missing";
    if (!trim(body.substr(body.rfind(']') + 1)).empty()) {
      return "there is something after the table's name";
    }
    const std::string_view name = trim(body.substr(1, body.find(']') - 1));
    if (needs_quotes(name)) return odd_key(name);
  } else if (!body.empty() && (contains(body, "=") || !contains(parser_says, "array"))) {
    const std::size_t equals = body.find('=');
    if (equals == std::string_view::npos) {
      const std::size_t end = body.find_first_of(": \t");
      const std::string_view key = body.substr(0, end);
      if (end != std::string_view::npos && !key.empty() && !contains(key, "\"")) {
        std::string_view value = trim(body.substr(end));
        if (value.starts_with(':')) value = trim(value.substr(1));
        return cat("between a key and its value stands \"=\": ", printable(key), " = ",
                   printable(value));
      }
      return "a line is KEY = VALUE, a [table] or a # comment";
    }
    const std::string_view key = trim(body.substr(0, equals));
    if (key.empty()) return "there is no key before \"=\"";
    if (needs_quotes(key)) return odd_key(key);
    if (const auto why = explain_value(printable(key), trim(body.substr(equals + 1)))) return *why;
  }
  return cat("this is no TOML: ", printable(parser_says));
}

}  // namespace sixgate::conf
