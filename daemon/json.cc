// SPDX-License-Identifier: Apache-2.0
#include "daemon/json.h"

#include <cstdlib>

namespace sixgate::daemon {
namespace {

// The length of the well-formed UTF-8 sequence (RFC 3629 section 4) at the start of `text`; 0 when there
// is none.
std::size_t utf8_sequence(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = octet(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 && first <= 0xf4   ? 4
                             : first >= 0xe0 && first <= 0xef ? 3
                             : first >= 0xc2 && first <= 0xdf ? 2
                                                              : 0;
  if (length == 0 || text.size() < length) return 0;
  // The second octet excludes overlong forms, surrogates and what lies beyond U+10FFFF.
  const unsigned low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (octet(1) < low || octet(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (octet(i) < 0x80 || octet(i) > 0xbf) return 0;
  }
  return length;
}

}  // namespace

void JsonWriter::before_value() {
  if (levels_.empty()) {
    if (!out_.empty()) std::abort();  // a document is one value
    return;
  }
  Level& level = levels_.back();
  if (level.closing == '}') {
    if (!level.after_key) std::abort();
    level.after_key = false;
    return;
  }
  if (!level.empty) out_ += ',';
  level.empty = false;
}

JsonWriter& JsonWriter::open(char bracket) {
  before_value();
  out_ += bracket;
  levels_.push_back({bracket == '{' ? '}' : ']'});
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  if (levels_.empty() || levels_.back().closing != bracket || levels_.back().after_key) {
    std::abort();
  }
  levels_.pop_back();
  out_ += bracket;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  if (levels_.empty() || levels_.back().closing != '}' || levels_.back().after_key) std::abort();
  Level& level = levels_.back();
  if (!level.empty) out_ += ',';
  level.empty = false;
  level.after_key = true;
  quoted(name);
  out_ += ':';
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  before_value();
  quoted(text);
  return *this;
}

JsonWriter& JsonWriter::value(bool truth) {
  before_value();
  out_ += truth ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::null() {
  before_value();
  out_ += "null";
  return *this;
}

JsonWriter& JsonWriter::value(Lifetime lifetime) {
  return lifetime.is_infinite() ? null() : value(lifetime.count());
}

JsonWriter& JsonWriter::signed_number(std::int64_t number) {
  before_value();
  out_ += std::to_string(number);
  return *this;
}

JsonWriter& JsonWriter::unsigned_number(std::uint64_t number) {
  before_value();
  out_ += std::to_string(number);
  return *this;
}

void JsonWriter::quoted(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  out_ += '"';
  while (!text.empty()) {
    const auto octet = static_cast<unsigned char>(text[0]);
    if (octet == '"' || octet == '\\') {
      out_ += '\\';
      out_ += text[0];
    } else if (octet == '\n') {
      out_ += "\\n";
    } else if (octet == '\t') {
      out_ += "\\t";
    } else if (octet < 0x20 || octet == 0x7f) {
      out_ += "\\u00";
      out_ += kDigits[octet >> 4];
      out_ += kDigits[octet & 15];
    } else if (const std::size_t length = utf8_sequence(text); length > 0) {
      out_ += text.substr(0, length);
      text.remove_prefix(length);
      continue;
    } else {
      out_ += "\xef\xbf\xbd";
    }
    text.remove_prefix(1);
  }
  out_ += '"';
}

}  // namespace sixgate::daemon
