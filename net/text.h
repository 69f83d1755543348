// SPDX-License-Identifier: Apache-2.0
// Text without streams: cat(...) puts values together, and hexadecimal goes both ways.
// (iostreams and std::format cost half a megabyte on a router, see architecture.md, Size.)
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace sixgate {

namespace text_detail {
template <class T>
concept HasToString = requires(const T& t) {
  { t.to_string() } -> std::convertible_to<std::string>;
};

// One part of a text: where it is, and how it is put to what is before it. There are few kinds of parts and hundreds of
// combinations, so that a combination is to be little code.
struct Part {
  const void* object;
  void (*append)(std::string& out, const void* object);
};

std::string join(std::span<const Part> parts);
void append_literal(std::string& out, const void* object);
void append_signed(std::string& out, std::int64_t value);
void append_unsigned(std::string& out, std::uint64_t value);

template <class T>
void append(std::string& out, const void* object) {
  const T& value = *static_cast<const T*>(object);
  if constexpr (std::same_as<T, char>) {
    out += value;
  } else if constexpr (std::signed_integral<T>) {
    append_signed(out, value);
  } else if constexpr (std::integral<T>) {
    append_unsigned(out, value);
  } else if constexpr (HasToString<T>) {
    out += value.to_string();
  } else {
    out += std::string_view(value);
  }
}

template <class T>
Part part(const T& value) {
  // Literals of all lengths are one kind.
  if constexpr (std::is_array_v<T>)
    return {static_cast<const char*>(value), append_literal};
  else
    return {static_cast<const void*>(&value), append<T>};
}
}  // namespace text_detail

// cat("lan ", name, ": ", prefix): strings, characters, integers, and whatever has to_string().
template <class... Parts>
std::string cat(const Parts&... parts) {
  const std::array<text_detail::Part, sizeof...(parts)> all{text_detail::part(parts)...};
  return text_detail::join(all);
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
