// SPDX-License-Identifier: Apache-2.0
// Text without streams: cat(...) puts values together, and hexadecimal goes both ways.
// (iostreams and std::format cost half a megabyte on a router, see architecture.md, Size.)
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sixgate {

namespace text_detail {
inline void append(std::string& out, std::string_view s) { out += s; }
inline void append(std::string& out, char c) { out += c; }
template <std::integral I>
void append(std::string& out, I value) {
  out += std::to_string(value);
}
template <class T>
requires requires(const T& t) {
  { t.to_string() } -> std::convertible_to<std::string>;
}
void append(std::string& out, const T& value) { out += value.to_string(); }
}  // namespace text_detail

// cat("lan ", name, ": ", prefix): strings, characters, integers, and whatever has to_string().
template <class... Parts>
std::string cat(const Parts&... parts) {
  std::string out;
  (text_detail::append(out, parts), ...);
  return out;
}

// "0a0b" or, with a separator, "0a:0b".
std::string to_hex(std::span<const std::uint8_t> bytes, char separator = '\0');
// Pairs of hexadecimal digits; single ':' or '-' between octets are allowed. Empty text is no octets.
std::optional<std::vector<std::uint8_t>> parse_hex(std::string_view text);

// A whole decimal number and nothing else.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

// Text from outside for a log line or a terminal: control and non-ASCII octets as \xNN.
std::string printable(std::string_view text);

// A to Z as a to z, whatever the locale.
std::string lower_case(std::string_view text);

}  // namespace sixgate
