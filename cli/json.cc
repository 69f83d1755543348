// SPDX-License-Identifier: Apache-2.0
#include "cli/json.h"

#include <charconv>

#include "net/text.h"

namespace sixgate::cli {
namespace {

constexpr unsigned kDeepest = 32;
constexpr std::size_t kLargest = 16 << 20;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, std::uint32_t point) {  // RFC 3629 section 3
  const auto octet = [&](std::uint32_t bits) { out += static_cast<char>(bits); };
  if (point < 0x80) {
    octet(point);
  } else if (point < 0x800) {
    octet(0xc0 | point >> 6);
    octet(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    octet(0xe0 | point >> 12);
    octet(0x80 | (point >> 6 & 0x3f));
    octet(0x80 | (point & 0x3f));
  } else {
    octet(0xf0 | point >> 18);
    octet(0x80 | (point >> 12 & 0x3f));
    octet(0x80 | (point >> 6 & 0x3f));
    octet(0x80 | (point & 0x3f));
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Expected<Json> document() {
    if (text_.size() > kLargest) return fail("JSON: too large");
    Json value;
    space();
    if (!read(value, 0)) return error();
    space();
    if (at_ != text_.size()) {
      problem_ = "text after the value";
      return error();
    }
    return value;
  }

 private:
  Unexpected<Error> error() const { return fail(cat("JSON: ", problem_, " at octet ", at_)); }
  bool wrong(const char* what) {
    problem_ = what;
    return false;
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool accept(char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  void space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
  }
  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return wrong("an unknown word");
    at_ += expected.size();
    return true;
  }

  bool read(Json& out, unsigned depth) {
    if (depth > kDeepest) return wrong("too deeply nested");
    switch (peek()) {
      case '{':
        return object(out, depth);
      case '[':
        return array(out, depth);
      case '"': {
        std::string value;
        if (!string(value)) return false;
        out = Json(std::move(value));
        return true;
      }
      case 't':
        out = Json(true);
        return word("true");
      case 'f':
        out = Json(false);
        return word("false");
      case 'n':
        out = Json();
        return word("null");
      default:
        return number(out);
    }
  }

  bool object(Json& out, unsigned depth) {
    Json::Object members;
    ++at_;
    space();
    if (!accept('}')) {
      do {
        space();
        Json::Member member;
        if (peek() != '"') return wrong("a name is missing");
        if (!string(member.name)) return false;
        space();
        if (!accept(':')) return wrong("':' is missing");
        space();
        if (!read(member.value, depth + 1)) return false;
        members.push_back(std::move(member));
        space();
      } while (accept(','));
      if (!accept('}')) return wrong("'}' is missing");
    }
    out = Json(std::move(members));
    return true;
  }

  bool array(Json& out, unsigned depth) {
    Json::Array elements;
    ++at_;
    space();
    if (!accept(']')) {
      do {
        space();
        Json element;
        if (!read(element, depth + 1)) return false;
        elements.push_back(std::move(element));
        space();
      } while (accept(','));
      if (!accept(']')) return wrong("']' is missing");
    }
    out = Json(std::move(elements));
    return true;
  }

  bool number(Json& out) {
    const std::size_t start = at_;
    bool whole = true;
    accept('-');
    if (!accept('0')) {
      if (!is_digit(peek())) return wrong("not a value");
      while (is_digit(peek())) ++at_;
    }
    if (accept('.')) {
      whole = false;
      if (!is_digit(peek())) return wrong("a digit is missing");
      while (is_digit(peek())) ++at_;
    }
    if (peek() == 'e' || peek() == 'E') {
      whole = false;
      ++at_;
      if (!accept('+')) accept('-');
      if (!is_digit(peek())) return wrong("a digit is missing");
      while (is_digit(peek())) ++at_;
    }
    const char* first = text_.data() + start;
    const char* last = text_.data() + at_;
    if (whole) {
      std::int64_t value = 0;
      if (std::from_chars(first, last, value).ec == std::errc()) {
        out = Json(value);
        return true;
      }
    }
    double value = 0;  // beyond the range of double: the nearest there is
    std::from_chars(first, last, value);
    out = Json(value);
    return true;
  }

  bool unit(std::uint32_t& out) {  // the four digits of \uXXXX
    if (text_.size() - at_ < 4) return wrong("a cut short escape");
    const char* first = text_.data() + at_;
    for (const char* c = first; c != first + 4; ++c) {
      const bool hex = is_digit(*c) || (*c >= 'a' && *c <= 'f') || (*c >= 'A' && *c <= 'F');
      if (!hex) return wrong("a wrong escape");
    }
    std::from_chars(first, first + 4, out, 16);
    at_ += 4;
    return true;
  }

  bool escape(std::string& out) {
    switch (at_ < text_.size() ? text_[at_++] : '\0') {
      case '"':
        out += '"';
        return true;
      case '\\':
        out += '\\';
        return true;
      case '/':
        out += '/';
        return true;
      case 'b':
        out += '\b';
        return true;
      case 'f':
        out += '\f';
        return true;
      case 'n':
        out += '\n';
        return true;
      case 'r':
        out += '\r';
        return true;
      case 't':
        out += '\t';
        return true;
      case 'u': {
        std::uint32_t point = 0;
        if (!unit(point)) return false;
        if (point >= 0xd800 && point < 0xdc00) {
          std::uint32_t low = 0;
          if (!accept('\\') || !accept('u')) return wrong("half a character");
          if (!unit(low)) return false;
          if (low < 0xdc00 || low > 0xdfff) return wrong("half a character");
          point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        } else if (point >= 0xdc00 && point <= 0xdfff) {
          return wrong("half a character");
        }
        append_utf8(out, point);
        return true;
      }
      default:
        return wrong("a wrong escape");
    }
  }

  bool string(std::string& out) {
    ++at_;
    for (;;) {
      if (at_ >= text_.size()) return wrong("an unfinished string");
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return wrong("a control character");
      if (c == '\\') {
        if (!escape(out)) return false;
      } else {
        out += c;
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  const char* problem_ = "";
};

}  // namespace

// Here, where Member is known.
Json::Json() = default;
Json::Json(bool truth) : value_(truth) {}
Json::Json(double number) : value_(number) {}
Json::Json(std::int64_t number) : value_(number) {}
Json::Json(std::string text) : value_(std::move(text)) {}
Json::Json(Array elements) : value_(std::move(elements)) {}
Json::Json(Object members) : value_(std::move(members)) {}
Json::Json(const Json&) = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(const Json&) = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;

Expected<Json> Json::parse(std::string_view text) { return Parser(text).document(); }

const std::string& Json::text() const {
  static const std::string kNone;
  const auto* value = std::get_if<std::string>(&value_);
  return value != nullptr ? *value : kNone;
}

std::int64_t Json::number() const {
  const auto* value = std::get_if<std::int64_t>(&value_);
  return value != nullptr ? *value : 0;
}

bool Json::truth() const {
  const auto* value = std::get_if<bool>(&value_);
  return value != nullptr && *value;
}

const Json::Array& Json::elements() const {
  static const Array kNone;
  const auto* value = std::get_if<Array>(&value_);
  return value != nullptr ? *value : kNone;
}

const Json::Object& Json::members() const {
  static const Object kNone;
  const auto* value = std::get_if<Object>(&value_);
  return value != nullptr ? *value : kNone;
}

const Json& Json::operator[](std::string_view name) const {
  static const Json kNull;
  for (const Member& member : members()) {
    if (member.name == name) return member.value;
  }
  return kNull;
}

}  // namespace sixgate::cli
