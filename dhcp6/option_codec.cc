// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/option_codec.h"

#include <algorithm>

namespace sixgate::dhcp6::codec {

Parsed<std::vector<UnknownOption>> parse_suboptions(ByteReader& reader) {
  std::vector<UnknownOption> suboptions;
  while (reader.ok() && !reader.at_end()) {
    const std::uint16_t code = reader.u16();
    const std::uint16_t length = reader.u16();
    const auto bytes = reader.bytes(length);
    if (!reader.ok()) return reader.error("sub-option beyond its option");
    suboptions.push_back({code, octets(bytes)});
  }
  return suboptions;
}

// Lengths in here need no check: an item that is too long for its field makes the option itself too
// long, and append_options sees that.
void append_suboptions(ByteWriter& writer, const std::vector<UnknownOption>& suboptions) {
  for (const UnknownOption& suboption : suboptions) {
    writer.u16(suboption.code);
    writer.u16(static_cast<std::uint16_t>(suboption.bytes.size()));
    writer.bytes(suboption.bytes);
  }
}

std::vector<Octets> parse_items(ByteReader& reader) {
  std::vector<Octets> items;
  while (reader.ok() && !reader.at_end()) {
    const std::uint16_t length = reader.u16();
    items.push_back(octets(reader.bytes(length)));
  }
  return items;
}

void append_items(ByteWriter& writer, const std::vector<Octets>& items) {
  for (const Octets& item : items) {
    writer.u16(static_cast<std::uint16_t>(item.size()));
    writer.bytes(item);
  }
}

std::vector<Ip6Address> parse_addresses(ByteReader& reader) {
  std::vector<Ip6Address> addresses;
  addresses.reserve(reader.left() / 16);
  while (reader.ok() && !reader.at_end()) addresses.push_back(reader.address());
  return addresses;
}

void append_addresses(ByteWriter& writer, const std::vector<Ip6Address>& addresses) {
  for (const Ip6Address& address : addresses) writer.address(address);
}

void append_names(ByteWriter& writer, const std::vector<DomainName>& names) {
  for (const DomainName& name : names) name.emit(writer);
}

void append_text(ByteWriter& writer, std::string_view text) {
  for (const char c : text) writer.u8(static_cast<std::uint8_t>(c));
}

std::string parse_text(ByteReader& reader) {
  const auto bytes = reader.rest();
  return {bytes.begin(), bytes.end()};
}

Prefix parse_short_prefix(ByteReader& reader) {
  const unsigned length = reader.u8();
  if (length > 128) {
    reader.fail();
    return {};
  }
  Ip6Address::Bytes bytes{};
  const auto given = reader.bytes((length + 7) / 8);
  std::copy(given.begin(), given.end(), bytes.begin());
  return {Ip6Address(bytes), length};
}

void append_short_prefix(ByteWriter& writer, const Prefix& prefix) {
  writer.u8(static_cast<std::uint8_t>(prefix.length()));
  writer.bytes(std::span(prefix.address().bytes()).first((prefix.length() + 7) / 8));
}

}  // namespace sixgate::dhcp6::codec
