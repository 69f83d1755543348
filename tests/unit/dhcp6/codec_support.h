// SPDX-License-Identifier: Apache-2.0
// What the codec's tests share: octets written as hex, options alone in a reader.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "dhcp6/relay_message.h"
#include "net/text.h"

namespace sixgate::dhcp6 {

// "0001 0203": spaces are ignored.
inline Octets hex(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != ' ' && c != '\n') digits += c;
  }
  const auto bytes = parse_hex(digits);
  EXPECT_TRUE(bytes.has_value()) << text;
  return bytes.value_or(Octets());
}

inline Ip6Address address(std::string_view text) {
  const auto parsed = Ip6Address::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(Ip6Address());
}

inline Prefix prefix(std::string_view text) {
  const auto parsed = Prefix::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(Prefix());
}

inline DomainName name(std::string_view text) {
  const auto parsed = DomainName::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(DomainName());
}

inline Parsed<Options> parse_all(const Octets& bytes) {
  ByteReader reader(bytes);
  ParseBudget budget;
  return parse_options(reader, budget);
}

// Code, length and payload of one option.
inline Octets framed(std::uint16_t code, const Octets& payload) {
  Octets out;
  ByteWriter writer(out);
  writer.u16(code);
  writer.u16(static_cast<std::uint16_t>(payload.size()));
  writer.bytes(payload);
  return out;
}

inline Octets emitted(const Options& options) {
  Octets out;
  ByteWriter writer(out);
  EXPECT_TRUE(emit_options(writer, options));
  return out;
}

}  // namespace sixgate::dhcp6
