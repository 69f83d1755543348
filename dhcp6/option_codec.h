// SPDX-License-Identifier: Apache-2.0
// What the .cc files of the options share, and nobody else needs.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "dhcp6/option_base.h"
#include "net/domain_name.h"
#include "net/prefix.h"

namespace sixgate::dhcp6::codec {

// Every parse ends here: the payload must be exactly as long as what was read.
template <class T>
Parsed<T> finish(ByteReader& reader, T value) {
  if (!reader.ok()) return reader.error("option too short");
  if (!reader.at_end()) return reader.error("octets after the end of the option");
  return value;
}

inline Octets octets(std::span<const std::uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

// All options to the end of the reader, one level deeper than what holds them.
Parsed<Options> parse_nested(ByteReader& reader, ParseBudget& budget);

// Writes the options without taking anything back: false when a length did not fit. What holds such
// an option is larger still, so only the outermost caller needs to look.
bool append_options(ByteWriter& writer, const Options& options);

// Code/length/value items without a meaning here (vendor options, sub-options of NTP).
Parsed<std::vector<UnknownOption>> parse_suboptions(ByteReader& reader);
void append_suboptions(ByteWriter& writer, const std::vector<UnknownOption>& suboptions);

// Items after a two-octet length each (user class, vendor class).
std::vector<Octets> parse_items(ByteReader& reader);
void append_items(ByteWriter& writer, const std::vector<Octets>& items);

// Addresses to the end of the reader, which fails when a part of one is left.
std::vector<Ip6Address> parse_addresses(ByteReader& reader);
void append_addresses(ByteWriter& writer, const std::vector<Ip6Address>& addresses);

void append_names(ByteWriter& writer, const std::vector<DomainName>& names);

void append_text(ByteWriter& writer, std::string_view text);
std::string parse_text(ByteReader& reader);

// A length octet and as many octets of a prefix as that length needs (RFC 7598).
Prefix parse_short_prefix(ByteReader& reader);
void append_short_prefix(ByteWriter& writer, const Prefix& prefix);

}  // namespace sixgate::dhcp6::codec
