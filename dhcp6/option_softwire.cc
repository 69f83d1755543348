// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/option_softwire.h"

#include "dhcp6/option_codec.h"
#include "dhcp6/options.h"

namespace sixgate::dhcp6 {
namespace {

template <class Container>
Parsed<Container> parse_container(ByteReader& reader, ParseBudget& budget) {
  auto options = codec::parse_nested(reader, budget);
  if (!options) return Unexpected<ParseError>(options.error());
  return Container{std::move(*options)};
}

}  // namespace

Parsed<S46Rule> S46Rule::parse(ByteReader& reader, ParseBudget& budget) {
  S46Rule rule;
  rule.flags = reader.u8();
  rule.ea_length = reader.u8();
  rule.ipv4_length = reader.u8();
  rule.ipv4_prefix = reader.u32();
  rule.ipv6_prefix = codec::parse_short_prefix(reader);
  if (!reader.ok()) return reader.error("mapping rule too short");
  if (rule.ea_length > 48 || rule.ipv4_length > 32) {
    return reader.error("mapping rule outside its limits");
  }
  auto options = codec::parse_nested(reader, budget);
  if (!options) return Unexpected<ParseError>(options.error());
  rule.options = std::move(*options);
  return rule;
}
void S46Rule::emit(ByteWriter& writer) const {
  writer.u8(flags);
  writer.u8(ea_length);
  writer.u8(ipv4_length);
  writer.u32(ipv4_prefix);
  codec::append_short_prefix(writer, ipv6_prefix);
  (void)codec::append_options(writer, options);
}

Parsed<S46BorderRelay> S46BorderRelay::parse(ByteReader& reader) {
  const S46BorderRelay relay{reader.address()};
  return codec::finish(reader, relay);
}
void S46BorderRelay::emit(ByteWriter& writer) const { writer.address(address); }

Parsed<S46DefaultRule> S46DefaultRule::parse(ByteReader& reader) {
  const S46DefaultRule rule{codec::parse_short_prefix(reader)};
  return codec::finish(reader, rule);
}
void S46DefaultRule::emit(ByteWriter& writer) const { codec::append_short_prefix(writer, prefix); }

Parsed<S46Binding> S46Binding::parse(ByteReader& reader, ParseBudget& budget) {
  S46Binding binding;
  binding.ipv4_address = reader.u32();
  binding.bind_prefix = codec::parse_short_prefix(reader);
  if (!reader.ok()) return reader.error("binding too short");
  auto options = codec::parse_nested(reader, budget);
  if (!options) return Unexpected<ParseError>(options.error());
  binding.options = std::move(*options);
  return binding;
}
void S46Binding::emit(ByteWriter& writer) const {
  writer.u32(ipv4_address);
  codec::append_short_prefix(writer, bind_prefix);
  (void)codec::append_options(writer, options);
}

Parsed<S46PortParameters> S46PortParameters::parse(ByteReader& reader) {
  S46PortParameters ports;
  ports.offset = reader.u8();
  ports.psid_length = reader.u8();
  ports.psid = reader.u16();
  if (reader.ok() && (ports.offset > 15 || ports.psid_length > 16)) {
    return reader.error("port parameters outside their limits");
  }
  return codec::finish(reader, ports);
}
void S46PortParameters::emit(ByteWriter& writer) const {
  writer.u8(offset);
  writer.u8(psid_length);
  writer.u16(psid);
}

Parsed<S46MapE> S46MapE::parse(ByteReader& reader, ParseBudget& budget) {
  return parse_container<S46MapE>(reader, budget);
}
void S46MapE::emit(ByteWriter& writer) const { (void)codec::append_options(writer, options); }

Parsed<S46MapT> S46MapT::parse(ByteReader& reader, ParseBudget& budget) {
  return parse_container<S46MapT>(reader, budget);
}
void S46MapT::emit(ByteWriter& writer) const { (void)codec::append_options(writer, options); }

Parsed<S46Lightweight> S46Lightweight::parse(ByteReader& reader, ParseBudget& budget) {
  return parse_container<S46Lightweight>(reader, budget);
}
void S46Lightweight::emit(ByteWriter& writer) const {
  (void)codec::append_options(writer, options);
}

}  // namespace sixgate::dhcp6
