// SPDX-License-Identifier: Apache-2.0
#include "ra/options.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sixgate::ra {

namespace {

constexpr std::size_t kUnit = 8;
constexpr std::size_t kHeader = 2;
constexpr std::size_t kLargestOption = 255 * kUnit;

constexpr std::uint8_t kOnLinkFlag = 0x80;         // L
constexpr std::uint8_t kAutonomousFlag = 0x40;     // A
constexpr std::uint8_t kRouterAddressFlag = 0x20;  // R, RFC 6275 section 7.2
constexpr std::uint8_t kDelegationFlag = 0x10;     // P, RFC 9762 section 4

// RFC 8781 section 4: what each Prefix Length Code stands for.
constexpr std::array<unsigned, 6> kPref64Lengths{96, 64, 56, 48, 40, 32};

Unexpected<ParseError> wrong(const ByteReader& reader, const char* what) {
  return reader.error(what);
}

std::vector<std::uint8_t> copy(std::span<const std::uint8_t> bytes) {
  return {bytes.begin(), bytes.end()};
}

template <class T>
Parsed<T> parse_octets(ByteReader& reader) {
  T option;
  option.octets = copy(reader.rest());
  return option;
}

std::uint32_t clamp_u32(std::int64_t value) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, 0xffffffff));
}

template <class T>
concept Typed = requires {
  T::kCode;
};

template <class T>
std::optional<Option> parse_if(std::uint8_t code, std::span<const std::uint8_t> body,
                               std::size_t base) {
  if constexpr (Typed<T>) {
    if (code != T::kCode) return std::nullopt;
    ByteReader reader(body, base);
    Parsed<T> parsed = T::parse(reader);
    if (parsed) return Option(std::move(*parsed));
    return Option(MalformedOption{code, copy(body), parsed.error().what});
  } else {
    return std::nullopt;
  }
}

template <std::size_t... Index>
Option parse_known(std::uint8_t code, std::span<const std::uint8_t> body, std::size_t base,
                   std::index_sequence<Index...>) {
  std::optional<Option> option;
  // The first alternative whose code it is ends the search.
  (void)((option = parse_if<std::variant_alternative_t<Index, Option>>(code, body, base),
          option.has_value()) ||
         ...);
  if (option) return std::move(*option);
  return UnknownOption{code, copy(body)};
}

template <class T>
std::uint8_t code_of(const T& option) {
  if constexpr (Typed<T>) {
    return T::kCode;
  } else {
    return option.code;
  }
}

}  // namespace

std::string_view to_string(RouterPreference preference) {
  switch (preference) {
    case RouterPreference::kLow:
      return "low";
    case RouterPreference::kMedium:
      return "medium";
    case RouterPreference::kHigh:
      return "high";
  }
  return "";
}

std::uint8_t to_bits(RouterPreference preference) {
  switch (preference) {
    case RouterPreference::kLow:
      return 3;
    case RouterPreference::kMedium:
      return 0;
    case RouterPreference::kHigh:
      return 1;
  }
  return 0;
}

std::optional<RouterPreference> preference_from_bits(std::uint8_t bits) {
  constexpr std::array<std::optional<RouterPreference>, 4> kMeaning{
      RouterPreference::kMedium, RouterPreference::kHigh, std::nullopt, RouterPreference::kLow};
  return kMeaning[bits & 3];
}

std::optional<MacAddress> LinkLayerAddress::mac() const {
  MacAddress::Bytes bytes{};
  if (octets.size() != bytes.size()) return std::nullopt;
  std::copy(octets.begin(), octets.end(), bytes.begin());
  return MacAddress(bytes);
}

Parsed<SourceLinkLayerAddress> SourceLinkLayerAddress::parse(ByteReader& reader) {
  return parse_octets<SourceLinkLayerAddress>(reader);
}

Parsed<TargetLinkLayerAddress> TargetLinkLayerAddress::parse(ByteReader& reader) {
  return parse_octets<TargetLinkLayerAddress>(reader);
}

//   |     Type      |    Length     | Prefix Length |L|A|R|P|Reserv.|
//   |                         Valid Lifetime                        |
//   |                       Preferred Lifetime                      |
//   |                           Reserved2                           |
//   |                      Prefix (128 bits)                        |
Parsed<PrefixInformation> PrefixInformation::parse(ByteReader& reader) {
  if (reader.left() != 30) return wrong(reader, "prefix information of a wrong length");
  PrefixInformation option;
  const unsigned length = reader.u8();
  if (length > 128) return wrong(reader, "prefix length above 128");
  const std::uint8_t flags = reader.u8();
  option.on_link = (flags & kOnLinkFlag) != 0;
  option.autonomous = (flags & kAutonomousFlag) != 0;
  option.delegation_preferred = (flags & kDelegationFlag) != 0;
  option.valid = Lifetime(reader.u32());
  option.preferred = Lifetime(reader.u32());
  reader.skip(4);
  const Ip6Address address = reader.address();
  option.prefix = Prefix(address, length);
  if ((flags & kRouterAddressFlag) != 0) option.router_address = address;
  return option;
}

void PrefixInformation::emit(ByteWriter& writer) const {
  writer.u8(static_cast<std::uint8_t>(prefix.length()));
  unsigned flags = 0;
  if (on_link) flags |= kOnLinkFlag;
  if (autonomous) flags |= kAutonomousFlag;
  if (router_address) flags |= kRouterAddressFlag;
  if (delegation_preferred) flags |= kDelegationFlag;
  writer.u8(static_cast<std::uint8_t>(flags));
  writer.u32(valid.count());
  writer.u32(preferred.count());
  writer.zeros(4);
  writer.address(router_address.value_or(prefix.address()));
}

Parsed<Mtu> Mtu::parse(ByteReader& reader) {
  if (reader.left() != 6) return wrong(reader, "MTU option of a wrong length");
  reader.skip(2);
  return Mtu{reader.u32()};
}

void Mtu::emit(ByteWriter& writer) const {
  writer.zeros(2);
  writer.u32(mtu);
}

Parsed<AdvertisementInterval> AdvertisementInterval::parse(ByteReader& reader) {
  if (reader.left() != 6) return wrong(reader, "advertisement interval of a wrong length");
  reader.skip(2);
  return AdvertisementInterval{std::chrono::milliseconds(reader.u32())};
}

void AdvertisementInterval::emit(ByteWriter& writer) const {
  writer.zeros(2);
  writer.u32(clamp_u32(interval.count()));
}

Parsed<HomeAgentInformation> HomeAgentInformation::parse(ByteReader& reader) {
  if (reader.left() != 6) return wrong(reader, "home agent information of a wrong length");
  reader.skip(2);
  HomeAgentInformation option;
  option.preference = reader.u16();
  option.lifetime = std::chrono::seconds(reader.u16());
  return option;
}

void HomeAgentInformation::emit(ByteWriter& writer) const {
  writer.zeros(2);
  writer.u16(preference);
  writer.u16(static_cast<std::uint16_t>(std::clamp<std::int64_t>(lifetime.count(), 0, 0xffff)));
}

Parsed<Nonce> Nonce::parse(ByteReader& reader) { return parse_octets<Nonce>(reader); }

//   |     Type      |    Length     | Prefix Length |Resvd|Prf|Resvd|
//   |                        Route Lifetime                         |
//   |                   Prefix (0, 8 or 16 octets)                  |
Parsed<RouteInformation> RouteInformation::parse(ByteReader& reader) {
  const std::size_t room = reader.left();
  if (room != 6 && room != 14 && room != 22) {
    return wrong(reader, "route information of a wrong length");
  }
  RouteInformation option;
  const unsigned length = reader.u8();
  if (length > 128 || (room < 14 && length > 0) || (room < 22 && length > 64)) {
    return wrong(reader, "route information too short for its prefix");
  }
  option.preference = preference_from_bits(static_cast<std::uint8_t>(reader.u8() >> 3));
  option.lifetime = Lifetime(reader.u32());
  Ip6Address::Bytes bytes{};
  const auto given = reader.rest();
  std::copy(given.begin(), given.end(), bytes.begin());
  option.prefix = Prefix(Ip6Address(bytes), length);
  return option;
}

void RouteInformation::emit(ByteWriter& writer) const {
  writer.u8(static_cast<std::uint8_t>(prefix.length()));
  const unsigned bits = preference ? to_bits(*preference) : 2U;
  writer.u8(static_cast<std::uint8_t>(bits << 3));
  writer.u32(lifetime.count());
  // RFC 4191 section 2.3: 1, 2 or 3 units, as short as the prefix allows.
  const std::size_t octets = prefix.length() == 0 ? 0 : prefix.length() <= 64 ? 8 : 16;
  writer.bytes(std::span(prefix.address().bytes()).first(octets));
}

Parsed<RecursiveDnsServers> RecursiveDnsServers::parse(ByteReader& reader) {
  // RFC 8106 section 5.3.1: Length is odd and at least 3.
  if (reader.left() < 22 || (reader.left() - 6) % 16 != 0) {
    return wrong(reader, "RDNSS of a wrong length");
  }
  RecursiveDnsServers option;
  reader.skip(2);
  option.lifetime = Lifetime(reader.u32());
  while (!reader.at_end()) option.addresses.push_back(reader.address());
  return option;
}

void RecursiveDnsServers::emit(ByteWriter& writer) const {
  writer.zeros(2);
  writer.u32(lifetime.count());
  for (const Ip6Address& address : addresses) writer.address(address);
}

Parsed<DnsSearchList> DnsSearchList::parse(ByteReader& reader) {
  if (reader.left() < 14) return wrong(reader, "DNSSL of a wrong length");
  DnsSearchList option;
  reader.skip(2);
  option.lifetime = Lifetime(reader.u32());
  auto names = DomainName::parse_list(reader, true);
  if (!names) return Unexpected<ParseError>(names.error());
  if (names->empty()) return wrong(reader, "DNSSL without a name");
  option.names = std::move(*names);
  return option;
}

void DnsSearchList::emit(ByteWriter& writer) const {
  writer.zeros(2);
  writer.u32(lifetime.count());
  for (const DomainName& name : names) {
    if (!name.is_root()) name.emit(writer);  // the root would read as padding
  }
}

Parsed<CaptivePortal> CaptivePortal::parse(ByteReader& reader) {
  const auto bytes = reader.rest();
  const auto end = std::find(bytes.begin(), bytes.end(), std::uint8_t{0});
  if (std::any_of(end, bytes.end(), [](std::uint8_t octet) { return octet != 0; })) {
    return wrong(reader, "captive portal URI with a zero octet inside");
  }
  if (end == bytes.begin()) return wrong(reader, "captive portal without a URI");
  return CaptivePortal{std::string(bytes.begin(), end)};
}

void CaptivePortal::emit(ByteWriter& writer) const {
  for (const char c : uri) writer.u8(static_cast<std::uint8_t>(c));
}

std::uint16_t Pref64::scaled(Lifetime lifetime) {
  constexpr std::uint32_t kLargest = 8191;
  if (lifetime.count() > kLargest * 8) return kLargest;
  return static_cast<std::uint16_t>((lifetime.count() + 7) / 8);
}

Parsed<Pref64> Pref64::parse(ByteReader& reader) {
  if (reader.left() != 14) return wrong(reader, "PREF64 of a wrong length");
  const std::uint16_t first = reader.u16();
  const std::size_t code = first & 7;
  if (code >= kPref64Lengths.size()) return wrong(reader, "PREF64 with an unknown prefix length");
  Pref64 option;
  option.lifetime = static_cast<std::uint16_t>(first >> 3);
  Ip6Address::Bytes bytes{};
  const auto given = reader.rest();
  std::copy(given.begin(), given.end(), bytes.begin());
  option.prefix = Prefix(Ip6Address(bytes), kPref64Lengths[code]);
  return option;
}

void Pref64::emit(ByteWriter& writer) const {
  const auto* const found =
      std::find(kPref64Lengths.begin(), kPref64Lengths.end(), prefix.length());
  const auto code = static_cast<unsigned>(found - kPref64Lengths.begin());
  const unsigned units = std::min<unsigned>(lifetime, 8191);
  writer.u16(static_cast<std::uint16_t>(units << 3 | code));
  writer.bytes(std::span(prefix.address().bytes()).first(12));
}

//   |     Type      |    Length     |        Service Priority       |
//   |                           Lifetime                            |
//   |          ADN Length           |  authentication-domain-name   ~
//   |          Addr Length          |         ipv6-address(es)      ~
//   |       SvcParams Length        |           SvcParams           ~
Parsed<EncryptedDns> EncryptedDns::parse(ByteReader& reader) {
  EncryptedDns option;
  option.priority = reader.u16();
  option.lifetime = Lifetime(reader.u32());
  ByteReader name = reader.sub(reader.u16());
  if (!reader.ok()) return wrong(reader, "encrypted DNS cut short");
  auto parsed = DomainName::parse(name);
  if (!parsed) return Unexpected<ParseError>(parsed.error());
  if (!name.at_end()) return wrong(name, "more than one name for an encrypted resolver");
  option.name = std::move(*parsed);
  // In ADN-only mode what follows is absent; padding reads as two lengths of zero.
  if (reader.left() >= 2) {
    ByteReader addresses = reader.sub(reader.u16());
    if (!reader.ok() || addresses.left() % 16 != 0) {
      return wrong(reader, "encrypted DNS with a wrong address length");
    }
    while (!addresses.at_end()) option.addresses.push_back(addresses.address());
  }
  if (reader.left() >= 2) {
    option.service_parameters = copy(reader.bytes(reader.u16()));
    if (!reader.ok()) return wrong(reader, "encrypted DNS with wrong service parameters");
  } else if (!option.addresses.empty()) {
    return wrong(reader, "encrypted DNS cut short");
  }
  return option;
}

void EncryptedDns::emit(ByteWriter& writer) const {
  writer.u16(priority);
  writer.u32(lifetime.count());
  writer.u16(static_cast<std::uint16_t>(name.wire_size()));
  name.emit(writer);
  if (addresses.empty() && service_parameters.empty()) return;
  writer.u16(static_cast<std::uint16_t>(addresses.size() * 16));
  for (const Ip6Address& address : addresses) writer.address(address);
  writer.u16(static_cast<std::uint16_t>(service_parameters.size()));
  writer.bytes(service_parameters);
}

Parsed<Options> parse_options(ByteReader& reader) {
  Options options;
  while (!reader.at_end()) {
    const std::size_t at = reader.offset();
    const std::uint8_t code = reader.u8();
    const std::size_t size = reader.u8() * kUnit;
    if (!reader.ok()) return Unexpected<ParseError>(ParseError{at, "option cut short"});
    if (size == 0) return Unexpected<ParseError>(ParseError{at, "option of length zero"});
    const std::size_t base = reader.offset();
    const auto body = reader.bytes(size - kHeader);
    if (!reader.ok()) return Unexpected<ParseError>(ParseError{at, "option beyond the end"});
    options.push_back(
        parse_known(code, body, base, std::make_index_sequence<std::variant_size_v<Option>>{}));
  }
  return options;
}

void emit_option(const Option& option, ByteWriter& writer) {
  std::vector<std::uint8_t> out;
  ByteWriter body(out);
  const std::uint8_t code = std::visit(
      [&](const auto& o) {
        o.emit(body);
        return code_of(o);
      },
      option);
  const std::size_t size = (out.size() + kHeader + kUnit - 1) / kUnit * kUnit;
  // Longer than Length can say: nothing is better than something that spoils the message.
  if (size > kLargestOption) return;
  writer.u8(code);
  writer.u8(static_cast<std::uint8_t>(size / kUnit));
  writer.bytes(out);
  writer.zeros(size - kHeader - out.size());
}

void emit_options(const Options& options, ByteWriter& writer) {
  for (const Option& option : options) emit_option(option, writer);
}

std::size_t wire_size(const Option& option) {
  std::vector<std::uint8_t> out;
  ByteWriter writer(out);
  emit_option(option, writer);
  return out.size();
}

}  // namespace sixgate::ra
