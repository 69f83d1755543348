// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/option_services.h"

#include "dhcp6/option_codec.h"

namespace sixgate::dhcp6 {
namespace {

template <class T>
Parsed<T> parse_address_list(ByteReader& reader) {
  T list{codec::parse_addresses(reader)};
  if (!reader.ok()) return reader.error("length is no multiple of 16");
  return list;
}

template <class T>
Parsed<T> parse_name_list(ByteReader& reader) {
  auto names = DomainName::parse_list(reader);
  if (!names) return Unexpected<ParseError>(names.error());
  return T{std::move(*names)};
}

}  // namespace

Parsed<SipDomains> SipDomains::parse(ByteReader& reader) {
  return parse_name_list<SipDomains>(reader);
}
void SipDomains::emit(ByteWriter& writer) const { codec::append_names(writer, names); }

Parsed<SipServers> SipServers::parse(ByteReader& reader) {
  return parse_address_list<SipServers>(reader);
}
void SipServers::emit(ByteWriter& writer) const { codec::append_addresses(writer, addresses); }

Parsed<DnsServers> DnsServers::parse(ByteReader& reader) {
  return parse_address_list<DnsServers>(reader);
}
void DnsServers::emit(ByteWriter& writer) const { codec::append_addresses(writer, addresses); }

Parsed<DomainSearchList> DomainSearchList::parse(ByteReader& reader) {
  return parse_name_list<DomainSearchList>(reader);
}
void DomainSearchList::emit(ByteWriter& writer) const { codec::append_names(writer, names); }

Parsed<SntpServers> SntpServers::parse(ByteReader& reader) {
  return parse_address_list<SntpServers>(reader);
}
void SntpServers::emit(ByteWriter& writer) const { codec::append_addresses(writer, addresses); }

Parsed<ClientFqdn> ClientFqdn::parse(ByteReader& reader) {
  ClientFqdn fqdn;
  fqdn.flags = reader.u8();
  if (!reader.ok()) return reader.error("option too short");
  const std::size_t at = reader.offset();
  const auto given = reader.rest();
  // A partial name lacks the ending zero (RFC 4704 section 4.2): it is read as if it were there. A
  // name that has it ends before the added one, which is how the two are told apart.
  Octets ended;
  ended.reserve(given.size() + 1);
  ended.assign(given.begin(), given.end());
  ended.push_back(0);
  ByteReader inner(ended, at);
  auto name = DomainName::parse(inner);
  if (!name) return Unexpected<ParseError>(name.error());
  if (inner.left() > 1) return inner.error("octets after the end of the option");
  fqdn.partial = inner.at_end();
  fqdn.name = std::move(*name);
  return fqdn;
}
void ClientFqdn::emit(ByteWriter& writer) const {
  writer.u8(flags);
  name.emit(writer);
  if (partial) writer.truncate(writer.size() - 1);
}

namespace {
constexpr std::uint16_t kNtpAddress = 1;    // RFC 5908 section 4.1
constexpr std::uint16_t kNtpMulticast = 2;  // section 4.2
constexpr std::uint16_t kNtpName = 3;       // section 4.3
}  // namespace

Parsed<NtpServers> NtpServers::parse(ByteReader& reader) {
  NtpServers servers;
  while (reader.ok() && !reader.at_end()) {
    const std::uint16_t code = reader.u16();
    const std::uint16_t length = reader.u16();
    ByteReader inner = reader.sub(length);
    if (!reader.ok()) break;
    if (code == kNtpAddress) {
      servers.addresses.push_back(inner.address());
    } else if (code == kNtpMulticast) {
      servers.multicast_addresses.push_back(inner.address());
    } else if (code == kNtpName) {
      auto name = DomainName::parse(inner);
      if (!name) return Unexpected<ParseError>(name.error());
      servers.names.push_back(std::move(*name));
    } else {
      servers.others.push_back({code, codec::octets(inner.rest())});
    }
    if (!inner.ok() || !inner.at_end()) return inner.error("NTP sub-option of a wrong length");
  }
  return codec::finish(reader, std::move(servers));
}
void NtpServers::emit(ByteWriter& writer) const {
  for (const Ip6Address& address : addresses) {
    writer.u16(kNtpAddress);
    writer.u16(16);
    writer.address(address);
  }
  for (const Ip6Address& address : multicast_addresses) {
    writer.u16(kNtpMulticast);
    writer.u16(16);
    writer.address(address);
  }
  for (const DomainName& name : names) {
    writer.u16(kNtpName);
    writer.u16(static_cast<std::uint16_t>(name.wire_size()));
    name.emit(writer);
  }
  codec::append_suboptions(writer, others);
}

Parsed<AftrName> AftrName::parse(ByteReader& reader) {
  // RFC 6334 section 5: of several names only the first is used.
  auto names = DomainName::parse_list(reader);
  if (!names) return Unexpected<ParseError>(names.error());
  if (names->empty() || names->front().is_root()) return reader.error("AFTR name is empty");
  return AftrName{std::move(names->front())};
}
void AftrName::emit(ByteWriter& writer) const { name.emit(writer); }

Parsed<CaptivePortal> CaptivePortal::parse(ByteReader& reader) {
  CaptivePortal portal{codec::parse_text(reader)};
  return codec::finish(reader, std::move(portal));
}
void CaptivePortal::emit(ByteWriter& writer) const { codec::append_text(writer, uri); }

Parsed<EncryptedDns> EncryptedDns::parse(ByteReader& reader) {
  EncryptedDns resolver;
  resolver.priority = reader.u16();
  const std::uint16_t name_length = reader.u16();
  ByteReader name_reader = reader.sub(name_length);
  if (!reader.ok()) return reader.error("option too short");
  auto name = DomainName::parse(name_reader);
  if (!name) return Unexpected<ParseError>(name.error());
  if (!name_reader.at_end()) return name_reader.error("octets after the authentication name");
  resolver.authentication_name = std::move(*name);
  if (reader.at_end()) return resolver;  // ADN-only mode

  const std::uint16_t addresses_length = reader.u16();
  ByteReader address_reader = reader.sub(addresses_length);
  resolver.addresses = codec::parse_addresses(address_reader);
  if (!address_reader.ok()) return reader.error("addresses are cut short");
  resolver.service_parameters = codec::octets(reader.rest());
  return codec::finish(reader, std::move(resolver));
}
void EncryptedDns::emit(ByteWriter& writer) const {
  writer.u16(priority);
  writer.u16(static_cast<std::uint16_t>(authentication_name.wire_size()));
  authentication_name.emit(writer);
  if (addresses.empty() && service_parameters.empty()) return;
  writer.u16(static_cast<std::uint16_t>(16 * addresses.size()));
  codec::append_addresses(writer, addresses);
  writer.bytes(service_parameters);
}

}  // namespace sixgate::dhcp6
