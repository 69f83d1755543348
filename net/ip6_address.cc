// SPDX-License-Identifier: Apache-2.0
#include "net/ip6_address.h"

#include <charconv>

namespace sixgate {
namespace {

// The dotted-quad ending of RFC 4291 section 2.2 item 3, as two 16-bit groups.
std::optional<std::array<std::uint16_t, 2>> parse_dotted_quad(std::string_view text) {
  std::array<std::uint8_t, 4> octets{};
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (i == 3)) return std::nullopt;
    const std::string_view part = text.substr(0, dot);
    if (part.empty() || part.size() > 3 || (part.size() > 1 && part[0] == '0')) return std::nullopt;
    unsigned value = 0;
    const auto [end, ec] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (ec != std::errc() || end != part.data() + part.size() || value > 255) return std::nullopt;
    octets[i] = static_cast<std::uint8_t>(value);
    text.remove_prefix(i == 3 ? text.size() : dot + 1);
  }
  return std::array<std::uint16_t, 2>{static_cast<std::uint16_t>(octets[0] << 8 | octets[1]),
                                      static_cast<std::uint16_t>(octets[2] << 8 | octets[3])};
}

// The groups between colons of one side of "::"; nullopt when one is not a group.
struct Groups {
  std::array<std::uint16_t, 8> value{};
  std::size_t count = 0;
};
std::optional<Groups> parse_groups(std::string_view text, bool may_end_dotted) {
  Groups groups;
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    if (colon == std::string_view::npos && may_end_dotted &&
        part.find('.') != std::string_view::npos) {
      const auto quad = parse_dotted_quad(part);
      if (!quad || groups.count > 6) return std::nullopt;
      groups.value[groups.count++] = (*quad)[0];
      groups.value[groups.count++] = (*quad)[1];
      return groups;
    }
    std::uint16_t group = 0;
    if (part.empty() || part.size() > 4 || groups.count == 8) return std::nullopt;
    const auto [end, ec] = std::from_chars(part.data(), part.data() + part.size(), group, 16);
    if (ec != std::errc() || end != part.data() + part.size()) return std::nullopt;
    groups.value[groups.count++] = group;
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
    if (text.empty()) return std::nullopt;  // a trailing single colon
  }
  return groups;
}

}  // namespace

std::optional<Ip6Address> Ip6Address::parse(std::string_view text) {
  const std::size_t gap = text.find("::");
  const bool compressed = gap != std::string_view::npos;
  const auto head = parse_groups(compressed ? text.substr(0, gap) : text, !compressed);
  const auto tail = parse_groups(compressed ? text.substr(gap + 2) : std::string_view(), true);
  if (!head || !tail) return std::nullopt;
  const std::size_t given = head->count + tail->count;
  // "::" stands for at least one group.
  if (compressed ? given > 7 : given != 8) return std::nullopt;
  Bytes bytes{};
  const auto put = [&bytes](std::size_t at, std::uint16_t group) {
    bytes[2 * at] = static_cast<std::uint8_t>(group >> 8);
    bytes[2 * at + 1] = static_cast<std::uint8_t>(group);
  };
  for (std::size_t i = 0; i < head->count; ++i) put(i, head->value[i]);
  for (std::size_t i = 0; i < tail->count; ++i) put(8 - tail->count + i, tail->value[i]);
  return Ip6Address(bytes);
}

std::string Ip6Address::to_string() const {
  std::array<unsigned, 8> group{};
  for (std::size_t i = 0; i < 8; ++i) group[i] = unsigned{bytes_[2 * i]} << 8 | bytes_[2 * i + 1];
  std::string out;
  if (is_v4_mapped()) {  // RFC 5952 section 5
    out = "::ffff:";
    for (std::size_t i = 12; i < 16; ++i) {
      if (i > 12) out += '.';
      out += std::to_string(bytes_[i]);
    }
    return out;
  }
  // RFC 5952 section 4.2: the longest run of two or more zero groups, the first of equals.
  std::size_t best = 8, best_length = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t end = i;
    while (end < 8 && group[end] == 0) ++end;
    if (end - i > best_length) {
      best = i;
      best_length = end - i;
    }
    if (end > i) i = end;
  }
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == best) {
      out += "::";
      i += best_length - 1;
      continue;
    }
    if (i > 0 && out.back() != ':') out += ':';
    char digits[4];
    const auto [end, ec] = std::to_chars(digits, digits + 4, group[i], 16);
    out.append(digits, ec == std::errc() ? end : digits);
  }
  return out;
}

}  // namespace sixgate
