// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/duid.h"

#include <algorithm>
#include <array>
#include <vector>

#include "net/byte_reader.h"
#include "net/byte_writer.h"
#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {
// RFC 9915 sections 11.2 to 11.5.
constexpr std::uint16_t kTypeLlt = 1;
constexpr std::uint16_t kTypeEn = 2;
constexpr std::uint16_t kTypeLl = 3;
constexpr std::uint16_t kTypeUuid = 4;
constexpr std::uint16_t kEthernet = 1;  // IANA hardware type
}  // namespace

Duid Duid::llt(const MacAddress& mac, std::uint32_t seconds_since_2000) {
  std::vector<std::uint8_t> bytes;
  ByteWriter writer(bytes);
  writer.u16(kTypeLlt);
  writer.u16(kEthernet);
  writer.u32(seconds_since_2000);
  writer.bytes(mac.bytes());
  return Duid(bytes);
}

std::optional<Duid> Duid::en(std::uint32_t enterprise, std::span<const std::uint8_t> identifier) {
  std::vector<std::uint8_t> bytes;
  ByteWriter writer(bytes);
  writer.u16(kTypeEn);
  writer.u32(enterprise);
  if (identifier.empty() || identifier.size() > kMaxSize - writer.size()) return std::nullopt;
  writer.bytes(identifier);
  return Duid(bytes);
}

Duid Duid::ll(const MacAddress& mac) {
  std::vector<std::uint8_t> bytes;
  ByteWriter writer(bytes);
  writer.u16(kTypeLl);
  writer.u16(kEthernet);
  writer.bytes(mac.bytes());
  return Duid(bytes);
}

Duid Duid::uuid(std::span<const std::uint8_t, 16> uuid) {
  std::vector<std::uint8_t> bytes;
  ByteWriter writer(bytes);
  writer.u16(kTypeUuid);
  writer.bytes(uuid);
  return Duid(bytes);
}

std::optional<Duid> Duid::from_bytes(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < kMinSize || bytes.size() > kMaxSize) return std::nullopt;
  return Duid(bytes);
}

std::optional<Duid> Duid::parse(std::string_view text) {
  const auto bytes = parse_hex(text);
  if (!bytes) return std::nullopt;
  return from_bytes(*bytes);
}

std::string Duid::to_string() const { return to_hex(bytes()); }

std::optional<MacAddress> Duid::link_layer() const {
  ByteReader reader(bytes());
  const std::uint16_t type = reader.u16();
  const std::uint16_t hardware = reader.u16();
  if (type == kTypeLlt) reader.skip(4);
  MacAddress::Bytes mac{};
  const auto octets = reader.bytes(mac.size());
  const bool known = type == kTypeLlt || type == kTypeLl;
  if (!known || hardware != kEthernet || !reader.ok() || !reader.at_end()) return std::nullopt;
  std::copy(octets.begin(), octets.end(), mac.begin());
  return MacAddress(mac);
}

}  // namespace sixgate::dhcp6
