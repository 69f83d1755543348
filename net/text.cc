// SPDX-License-Identifier: Apache-2.0
#include "net/text.h"

#include <charconv>

namespace sixgate {

namespace text_detail {

std::string join(std::span<const Part> parts) {
  std::string out;
  for (const Part& part : parts) part.append(out, part.object);
  return out;
}

void append_literal(std::string& out, const void* object) {
  out += static_cast<const char*>(object);
}

void append_signed(std::string& out, std::int64_t value) { out += std::to_string(value); }
void append_unsigned(std::string& out, std::uint64_t value) { out += std::to_string(value); }

}  // namespace text_detail
namespace {
constexpr std::string_view kDigits = "0123456789abcdef";

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}
}  // namespace

std::string to_hex(std::span<const std::uint8_t> bytes, char separator) {
  std::string out;
  for (const std::uint8_t byte : bytes) {
    if (separator != '\0' && !out.empty()) out += separator;
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::optional<std::vector<std::uint8_t>> parse_hex(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  while (!text.empty()) {
    if (!bytes.empty() && (text[0] == ':' || text[0] == '-')) text.remove_prefix(1);
    if (text.size() < 2) return std::nullopt;
    const auto high = hex_digit(text[0]), low = hex_digit(text[1]);
    if (!high || !low) return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(*high << 4 | *low));
    text.remove_prefix(2);
  }
  return bytes;
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet >= 0x20 && octet < 0x7f && c != '\\') {
      out += c;
    } else {
      out += "\\x";
      out += kDigits[octet >> 4];
      out += kDigits[octet & 15];
    }
  }
  return out;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace sixgate
