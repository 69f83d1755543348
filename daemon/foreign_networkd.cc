// SPDX-License-Identifier: Apache-2.0
// systemd-networkd: a DUID-EN of systemd's enterprise number (43793) whose identifier is SipHash-2-4 of the
// machine's id, and one IAID for IA_NA and IA_PD, the same hash of the interface's persistent name.
#include <algorithm>
#include <array>
#include <charconv>

#include "daemon/foreign_identity.h"
#include "daemon/foreign_words.h"
#include "net/byte_writer.h"
#include "net/siphash.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

constexpr std::uint32_t kSystemdEnterprise = 43793;
constexpr std::array<std::uint8_t, 16> kHashKey{0x80, 0x11, 0x8c, 0xc2, 0xfe, 0x4a, 0x03, 0xee,
                                                0x3e, 0xd6, 0x0c, 0x6f, 0x36, 0x39, 0x14, 0x09};

struct DuidType {
  std::string_view name;
  std::uint16_t type;
};
constexpr std::array<DuidType, 4> kDuidTypes{
    {{"DUID-LLT", 1}, {"DUID-EN/Vendor", 2}, {"DUID-LL", 3}, {"UUID", 4}}};

// "DUID-EN/Vendor:0000ab11...": the type by name, the octets after it.
std::optional<dhcp6::Duid> duid_of(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto known = std::find_if(kDuidTypes.begin(), kDuidTypes.end(), [&](const DuidType& one) {
    return one.name == text.substr(0, colon);
  });
  const auto octets = parse_hex(text.substr(colon + 1));
  if (known == kDuidTypes.end() || !octets) return std::nullopt;
  std::vector<std::uint8_t> whole;
  ByteWriter writer(whole);
  writer.u16(known->type);
  writer.bytes(*octets);
  return dhcp6::Duid::from_bytes(whole);
}

std::optional<std::uint32_t> hexadecimal_iaid(std::string_view text) {
  if (!text.starts_with("0x")) return std::nullopt;
  text.remove_prefix(2);
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<ForeignIdentity> read_networkd_link(std::string_view text) {
  ForeignIdentity read;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view value = line.substr(equals + 1);
    if (line.substr(0, equals) == "DHCP6_CLIENT_DUID") read.duid = duid_of(value);
    if (line.substr(0, equals) == "DHCP6_CLIENT_IAID") {
      read.address_iaid = read.delegation_iaid = hexadecimal_iaid(value);
    }
  }
  if (!read.duid || !read.delegation_iaid) return std::nullopt;
  return read;
}

ForeignIdentity compute_networkd_identity(std::span<const std::uint8_t, 16> machine_id,
                                          std::string_view persistent_name,
                                          const std::optional<MacAddress>& mac) {
  ForeignIdentity made;
  const std::uint64_t identifier = siphash24(kHashKey, machine_id);
  std::array<std::uint8_t, 8> octets{};
  for (std::size_t i = 0; i < octets.size(); ++i) {
    octets[i] = static_cast<std::uint8_t>(identifier >> (8 * i));
  }
  made.duid = dhcp6::Duid::en(kSystemdEnterprise, octets);
  std::vector<std::uint8_t> named(persistent_name.begin(), persistent_name.end());
  if (named.empty() && mac) named.assign(mac->bytes().begin(), mac->bytes().end());
  if (named.empty()) return made;
  const std::uint64_t hash = siphash24(kHashKey, named);
  const std::uint32_t folded =
      static_cast<std::uint32_t>(hash) ^ static_cast<std::uint32_t>(hash >> 32);
  made.address_iaid = made.delegation_iaid = folded;
  return made;
}

std::optional<std::array<std::uint8_t, 16>> read_machine_id(std::string_view text) {
  const auto words = next_line(text);
  const auto octets = words && words->size() == 1 ? parse_hex((*words)[0].text) : std::nullopt;
  std::array<std::uint8_t, 16> id{};
  if (!octets || octets->size() != id.size()) return std::nullopt;
  std::copy(octets->begin(), octets->end(), id.begin());
  return id;
}

std::string read_udev_persistent_name(std::string_view text) {
  static constexpr std::array<std::string_view, 4> kInOrder{
      "E:ID_NET_NAME_ONBOARD=", "E:ID_NET_NAME_SLOT=", "E:ID_NET_NAME_PATH=", "E:ID_NET_NAME_MAC="};
  for (const std::string_view key : kInOrder) {
    std::string_view left = text;
    while (!left.empty()) {
      const std::string_view line = left.substr(0, left.find('\n'));
      left.remove_prefix(std::min(line.size() + 1, left.size()));
      if (line.starts_with(key)) return std::string(line.substr(key.size()));
    }
  }
  return {};
}

}  // namespace sixgate::daemon
