// SPDX-License-Identifier: Apache-2.0
// DomainName: a name in uncompressed DNS wire format (RFC 1035 section 3.1), as DHCPv6 (RFC 9915 section
// 10) and Router Advertisements (RFC 8106 section 5.2) carry it. Always valid: labels of 1..63 octets,
// 255 octets in all with the ending zero.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/byte_reader.h"
#include "net/byte_writer.h"
#include "net/short_octets.h"

namespace sixgate {

class DomainName {
 public:
  DomainName() : DomainName(std::array<std::uint8_t, 1>{}) {}  // the root
  // "home.arpa" or "home.arpa."; empty labels and over-long names are refused. Octets outside printable
  // ASCII are refused too: names from a configuration are A-labels.
  static std::optional<DomainName> parse(std::string_view text);
  // One name; a compression pointer, an over-long label or a missing end is an error.
  static Parsed<DomainName> parse(ByteReader& reader);
  // One or more names to the end of the reader. With `padded`, zero octets may follow the last name (RFC
  // 8106 section 5.2).
  static Parsed<std::vector<DomainName>> parse_list(ByteReader& reader, bool padded = false);

  void emit(ByteWriter& writer) const { writer.bytes(wire_.span()); }
  std::size_t wire_size() const { return wire_.span().size(); }
  bool is_root() const { return wire_size() == 1; }
  std::string to_string() const;  // without the final dot; odd octets as \DDD; "." for the root

  friend auto operator<=>(const DomainName&, const DomainName&) = default;

 private:
  explicit DomainName(std::span<const std::uint8_t> wire) : wire_(wire) {}
  ShortOctets wire_;
};

}  // namespace sixgate
