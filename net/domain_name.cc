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
  DomainName name;
  name.wire_.clear();
  for (;;) {
    const std::size_t dot = text.find('.');
    const std::string_view label = text.substr(0, dot);
    if (label.empty() || label.size() > kMaxLabel) return std::nullopt;
    name.wire_.push_back(static_cast<std::uint8_t>(label.size()));
    for (const char c : label) {
      const auto octet = static_cast<unsigned char>(c);
      if (octet <= 0x20 || octet >= 0x7f) return std::nullopt;
      name.wire_.push_back(octet);
    }
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  name.wire_.push_back(0);
  if (name.wire_.size() > kMaxName) return std::nullopt;
  return name;
}

Parsed<DomainName> DomainName::parse(ByteReader& reader) {
  DomainName name;
  name.wire_.clear();
  for (;;) {
    const std::uint8_t length = reader.u8();
    if (!reader.ok()) return reader.error("domain name without end");
    if (length > kMaxLabel) return reader.error("domain name label over 63 octets or compressed");
    const auto label = reader.bytes(length);
    if (!reader.ok()) return reader.error("domain name label beyond its option");
    name.wire_.push_back(length);
    name.wire_.insert(name.wire_.end(), label.begin(), label.end());
    if (name.wire_.size() > kMaxName) return reader.error("domain name over 255 octets");
    if (length == 0) return name;
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
  for (std::size_t at = 0; wire_[at] != 0;) {
    const std::size_t length = wire_[at++];
    if (!out.empty()) out += '.';
    for (std::size_t i = 0; i < length; ++i) {
      const std::uint8_t octet = wire_[at++];
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
