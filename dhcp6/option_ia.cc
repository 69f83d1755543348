// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/option_ia.h"

#include <algorithm>

#include "dhcp6/option_codec.h"
#include "dhcp6/options.h"

namespace sixgate::dhcp6 {
namespace {

// IAID, T1, T2, options: IA_NA and IA_PD alike.
template <class Ia>
Parsed<Ia> parse_timed_ia(ByteReader& reader, ParseBudget& budget) {
  Ia ia;
  ia.iaid = reader.u32();
  ia.t1 = Lifetime(reader.u32());
  ia.t2 = Lifetime(reader.u32());
  if (!reader.ok()) return reader.error("identity association too short");
  auto options = codec::parse_nested(reader, budget);
  if (!options) return Unexpected<ParseError>(options.error());
  ia.options = std::move(*options);
  return ia;
}

template <class Ia>
void emit_timed_ia(const Ia& ia, ByteWriter& writer) {
  writer.u32(ia.iaid);
  writer.u32(ia.t1.count());
  writer.u32(ia.t2.count());
  (void)codec::append_options(writer, ia.options);
}

}  // namespace

Parsed<IaNa> IaNa::parse(ByteReader& reader, ParseBudget& budget) {
  return parse_timed_ia<IaNa>(reader, budget);
}
void IaNa::emit(ByteWriter& writer) const { emit_timed_ia(*this, writer); }

Parsed<IaPd> IaPd::parse(ByteReader& reader, ParseBudget& budget) {
  return parse_timed_ia<IaPd>(reader, budget);
}
void IaPd::emit(ByteWriter& writer) const { emit_timed_ia(*this, writer); }

Parsed<IaTa> IaTa::parse(ByteReader& reader, ParseBudget& budget) {
  IaTa ia;
  ia.iaid = reader.u32();
  if (!reader.ok()) return reader.error("identity association too short");
  auto options = codec::parse_nested(reader, budget);
  if (!options) return Unexpected<ParseError>(options.error());
  ia.options = std::move(*options);
  return ia;
}

void IaTa::emit(ByteWriter& writer) const {
  writer.u32(iaid);
  (void)codec::append_options(writer, options);
}

Parsed<IaAddress> IaAddress::parse(ByteReader& reader, ParseBudget& budget) {
  IaAddress ia;
  ia.address = reader.address();
  ia.preferred = Lifetime(reader.u32());
  ia.valid = Lifetime(reader.u32());
  if (!reader.ok()) return reader.error("IA address too short");
  auto options = codec::parse_nested(reader, budget);
  if (!options) return Unexpected<ParseError>(options.error());
  ia.options = std::move(*options);
  return ia;
}

void IaAddress::emit(ByteWriter& writer) const {
  writer.address(address);
  writer.u32(preferred.count());
  writer.u32(valid.count());
  (void)codec::append_options(writer, options);
}

Parsed<IaPrefix> IaPrefix::parse(ByteReader& reader, ParseBudget& budget) {
  IaPrefix ia;
  ia.preferred = Lifetime(reader.u32());
  ia.valid = Lifetime(reader.u32());
  const std::uint8_t length = reader.u8();
  const Ip6Address address = reader.address();
  if (!reader.ok()) return reader.error("IA prefix too short");
  if (length > 128) return reader.error("prefix length above 128");
  ia.prefix = Prefix(address, length);
  auto options = codec::parse_nested(reader, budget);
  if (!options) return Unexpected<ParseError>(options.error());
  ia.options = std::move(*options);
  return ia;
}

void IaPrefix::emit(ByteWriter& writer) const {
  writer.u32(preferred.count());
  writer.u32(valid.count());
  writer.u8(static_cast<std::uint8_t>(prefix.length()));
  writer.address(prefix.address());
  (void)codec::append_options(writer, options);
}

Parsed<PdExclude> PdExclude::parse(ByteReader& reader) {
  PdExclude exclude;
  exclude.length = reader.u8();
  exclude.subnet_id = codec::octets(reader.rest());
  // RFC 6603 section 4.2: option-len between 2 and 17.
  if (!reader.ok() || exclude.subnet_id.empty() || exclude.subnet_id.size() > 16 ||
      exclude.length == 0 || exclude.length > 128) {
    return reader.error("excluded prefix outside its limits");
  }
  return exclude;
}

void PdExclude::emit(ByteWriter& writer) const {
  writer.u8(length);
  writer.bytes(subnet_id);
}

// RFC 6603 section 4.2: the subnet ID is bits delegated..excluded of the address, shifted left to
// an octet boundary. Bit i of the ID is bit (delegated + i) of the address.
std::optional<Prefix> PdExclude::excluded(const Prefix& delegated) const {
  const unsigned first = delegated.length();
  if (length <= first || length > 128 || subnet_id.size() != (length - first + 7) / 8) {
    return std::nullopt;
  }
  Ip6Address::Bytes bytes = delegated.address().bytes();
  for (unsigned bit = first; bit < length; ++bit) {
    const unsigned from = bit - first;
    if ((subnet_id[from / 8] >> (7 - from % 8) & 1) != 0) {
      bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] | 0x80U >> bit % 8);
    }
  }
  return Prefix(Ip6Address(bytes), length);
}

std::optional<PdExclude> PdExclude::make(const Prefix& delegated, const Prefix& excluded) {
  if (!delegated.contains(excluded) || excluded.length() == delegated.length()) return std::nullopt;
  const unsigned first = delegated.length();
  PdExclude exclude;
  exclude.length = static_cast<std::uint8_t>(excluded.length());
  exclude.subnet_id.resize((excluded.length() - first + 7) / 8);
  const Ip6Address::Bytes& bytes = excluded.address().bytes();
  for (unsigned bit = first; bit < excluded.length(); ++bit) {
    if ((bytes[bit / 8] >> (7 - bit % 8) & 1) == 0) continue;
    std::uint8_t& to = exclude.subnet_id[(bit - first) / 8];
    to = static_cast<std::uint8_t>(to | 0x80U >> (bit - first) % 8);
  }
  return exclude;
}

}  // namespace sixgate::dhcp6
