// SPDX-License-Identifier: Apache-2.0
#include "net/domain_name.h"

#include "net/text.h"

namespace sixgate {
namespace {
constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxName = 255;
}  // namespace

std::optional<DomainName> DomainName::parse(std::string_view text) {
  if (text == ".") return DomainName();
  if (!text.empty() && text.back() == '.') text.remove_suffix(1);
  std::vector<std::uint8_t> wire;
  wire.reserve(text.size() + 2);
  for (;;) {
    const std::size_t dot = text.find('.');
    const std::string_view label = text.substr(0, dot);
    if (label.empty() || label.size() > kMaxLabel) return std::nullopt;
    wire.push_back(static_cast<std::uint8_t>(label.size()));
    for (const char c : label) {
      const auto octet = static_cast<unsigned char>(c);
      if (octet <= 0x20 || octet >= 0x7f) return std::nullopt;
      wire.push_back(octet);
    }
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  wire.push_back(0);
  if (wire.size() > kMaxName) return std::nullopt;
  return DomainName(wire);
}

Parsed<DomainName> DomainName::parse(ByteReader& reader) {
  ByteReader whole = reader;
  for (;;) {
    const std::uint8_t length = reader.u8();
    if (!reader.ok()) return reader.error("domain name without end");
    if (length > kMaxLabel) return reader.error("domain name label over 63 octets or compressed");
    reader.skip(length);
    if (!reader.ok()) return reader.error("domain name label beyond its option");
    const std::size_t size = whole.left() - reader.left();
    if (size > kMaxName) return reader.error("domain name over 255 octets");
    if (length == 0) return DomainName(whole.bytes(size));
  }
}

Parsed<std::vector<DomainName>> DomainName::parse_list(ByteReader& reader, bool padded) {
  std::vector<DomainName> names;
  while (!reader.at_end()) {
    auto name = parse(reader);
    if (!name) return Unexpected<ParseError>(name.error());
    if (name->is_root() && padded) {
      for (const std::uint8_t octet : reader.rest()) {
        if (octet != 0) return reader.error("padding after domain names is not zero");
      }
      break;
    }
    names.push_back(std::move(*name));
  }
  return names;
}

std::string DomainName::to_string() const {
  if (is_root()) return ".";
  std::string out;
  const std::span<const std::uint8_t> wire = wire_.span();
  for (std::size_t at = 0; wire[at] != 0;) {
    const std::size_t length = wire[at++];
    if (!out.empty()) out += '.';
    for (std::size_t i = 0; i < length; ++i) {
      const std::uint8_t octet = wire[at++];
      if (octet > 0x20 && octet < 0x7f && octet != '.' && octet != '\\') {
        out += static_cast<char>(octet);
      } else {  // RFC 1035 section 5.1
        out += '\\';
        for (const int divisor : {100, 10, 1}) out += static_cast<char>('0' + octet / divisor % 10);
      }
    }
  }
  return out;
}

}  // namespace sixgate
