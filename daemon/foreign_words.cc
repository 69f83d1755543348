// SPDX-License-Identifier: Apache-2.0
#include "daemon/foreign_words.h"

#include <algorithm>
#include <charconv>

namespace sixgate::daemon {
namespace {

constexpr std::size_t kMostWords = 16;
constexpr std::size_t kLongestWord = 1024;
constexpr std::size_t kMostOctets = 256;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_octal(char c) { return c >= '0' && c <= '7'; }
bool ends_word(char c) { return is_space(c) || c == ';' || c == '{' || c == '}' || c == '"'; }

void append(std::string& word, char c) {
  if (word.size() < kLongestWord) word += c;
}

}  // namespace

void Statements::skip_space() {
  while (!left_.empty()) {
    if (is_space(left_[0])) {
      left_.remove_prefix(1);
    } else if (left_[0] == '#' || left_.starts_with("//")) {
      left_.remove_prefix(std::min(left_.find('\n'), left_.size()));
    } else if (left_.starts_with("/*")) {
      const std::size_t end = left_.find("*/", 2);
      left_.remove_prefix(end == std::string_view::npos ? left_.size() : end + 2);
    } else {
      return;
    }
  }
}

// "..." with \ooo for any octet and \x for the character x.
Word Statements::quoted() {
  Word word{.text = {}, .quoted = true};
  left_.remove_prefix(1);
  while (!left_.empty() && left_[0] != '"') {
    if (left_[0] != '\\' || left_.size() < 2) {
      append(word.text, left_[0]);
      left_.remove_prefix(1);
    } else if (left_.size() >= 4 && is_octal(left_[1]) && is_octal(left_[2]) &&
               is_octal(left_[3])) {
      const int octet = (left_[1] - '0') * 64 + (left_[2] - '0') * 8 + (left_[3] - '0');
      append(word.text, static_cast<char>(octet & 0xff));
      left_.remove_prefix(4);
    } else {
      append(word.text, left_[1]);
      left_.remove_prefix(2);
    }
  }
  if (!left_.empty()) left_.remove_prefix(1);
  return word;
}

Statement Statements::next() {
  Statement statement;
  for (;;) {
    skip_space();
    if (left_.empty()) return statement;
    const char c = left_[0];
    if (c == ';' || c == '{' || c == '}') {
      left_.remove_prefix(1);
      statement.end = c == ';'   ? Statement::End::kSemicolon
                      : c == '{' ? Statement::End::kOpen
                                 : Statement::End::kClose;
      return statement;
    }
    Word word;
    if (c == '"') {
      word = quoted();
    } else {
      std::size_t size = 0;
      while (size < left_.size() && !ends_word(left_[size])) append(word.text, left_[size++]);
      left_.remove_prefix(size);
    }
    if (statement.words.size() < kMostWords) statement.words.push_back(std::move(word));
  }
}

void Statements::skip_block() {
  for (std::size_t depth = 1; depth > 0;) {
    switch (next().end) {
      case Statement::End::kSemicolon:
        break;
      case Statement::End::kOpen:
        ++depth;
        break;
      case Statement::End::kClose:
        --depth;
        break;
      case Statement::End::kFile:
        return;
    }
  }
}

std::optional<std::vector<Word>> next_line(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  std::vector<Word> words;
  while (!line.empty() && words.size() < kMostWords) {
    if (is_space(line[0])) {
      line.remove_prefix(1);
      continue;
    }
    if (line[0] == '#') break;
    Word word;
    if (line[0] == '\'' || line[0] == '"') {
      const std::size_t close = std::min(line.find(line[0], 1), line.size());
      word = {std::string(line.substr(1, std::min(close - 1, kLongestWord))), true};
      line.remove_prefix(std::min(close + 1, line.size()));
    } else {
      std::size_t size = 0;
      while (size < line.size() && !is_space(line[size])) append(word.text, line[size++]);
      line.remove_prefix(size);
    }
    words.push_back(std::move(word));
  }
  return words;
}

std::optional<std::vector<std::uint8_t>> parse_loose_hex(std::string_view text) {
  std::vector<std::uint8_t> octets;
  while (octets.size() < kMostOctets) {
    const std::size_t end = std::min(text.find(':'), text.size());
    std::uint8_t octet = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + end, octet, 16);
    if (end == 0 || end > 2 || error != std::errc() || stop != text.data() + end) {
      return std::nullopt;
    }
    octets.push_back(octet);
    if (end == text.size()) return octets;
    text.remove_prefix(end + 1);
  }
  return std::nullopt;
}

}  // namespace sixgate::daemon
