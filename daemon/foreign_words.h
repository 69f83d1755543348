// SPDX-License-Identifier: Apache-2.0
// The words of other programs' files: ISC's statements that end in ';' or open a block, and files of lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sixgate::daemon {

struct Word {
  std::string text;
  bool quoted = false;
  bool is(std::string_view other) const { return !quoted && text == other; }
};

// ISC's grammar, as far as it goes: words up to a ';', '{' or '}'. Comments begin with '#' or are C's.
struct Statement {
  enum class End : std::uint8_t { kSemicolon, kOpen, kClose, kFile };
  std::vector<Word> words;  // the first few; nobody needs more
  End end = End::kFile;
};

class Statements {
 public:
  explicit Statements(std::string_view text) : left_(text) {}
  Statement next();
  // Passes over the block that an open brace has begun.
  void skip_block();

 private:
  void skip_space();
  Word quoted();

  std::string_view left_;
};

// The words of the next line, quotes of both kinds taken off, '#' at the beginning of a word a comment. None
// at the end.
std::optional<std::vector<Word>> next_line(std::string_view& text);

// "0:1:a:ff": one or two hexadecimal digits an octet. None when it is anything else, or over 256 octets.
std::optional<std::vector<std::uint8_t>> parse_loose_hex(std::string_view text);

}  // namespace sixgate::daemon
