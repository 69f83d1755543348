// SPDX-License-Identifier: Apache-2.0
#include "net/service_parameters.h"

#include <array>
#include <map>
#include <optional>

#include "net/byte_reader.h"
#include "net/byte_writer.h"
#include "net/text.h"

namespace sixgate {

namespace {

// The keys with a name, by number (RFC 9460 section 14.3.2, RFC 9461 section 5).
constexpr std::array<std::string_view, 8> kNames{"mandatory", "alpn", "no-default-alpn", "port",
                                                 "ipv4hint",  "ech",  "ipv6hint",        "dohpath"};
enum Key : std::uint16_t { kMandatory, kAlpn, kNoDefaultAlpn, kPort, kIpv4Hint, kEch, kIpv6Hint };
constexpr std::uint16_t kDohPath = 7;
constexpr std::size_t kLargest = 1024;

std::optional<std::uint16_t> key_number(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<std::uint16_t>(i);
  }
  if (!name.starts_with("key")) return std::nullopt;
  const auto number = parse_decimal(name.substr(3));
  if (!number || *number > 0xfffe) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

std::string key_name(std::uint16_t key) {
  return key < kNames.size() ? std::string(kNames[key]) : cat("key", key);
}

// Takes the next part of `text` up to `separator` off its front.
std::string_view take(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

Expected<std::vector<std::uint8_t>> value_octets(std::uint16_t key, std::string_view value) {
  std::vector<std::uint8_t> out;
  ByteWriter writer(out);
  const std::string shown = printable(value);
  if (key == kMandatory) {
    while (!value.empty()) {
      const auto number = key_number(take(value, ','));
      if (!number || *number == kMandatory) return fail(cat("mandatory=", shown, " names no keys"));
      writer.u16(*number);
    }
    if (out.empty()) return fail("mandatory= needs keys");
  } else if (key == kAlpn) {
    while (!value.empty()) {
      const std::string_view id = take(value, ',');
      if (id.empty() || id.size() > 255) return fail(cat("alpn=", shown, " has an empty protocol"));
      writer.u8(static_cast<std::uint8_t>(id.size()));
      for (const char c : id) writer.u8(static_cast<std::uint8_t>(c));
    }
    if (out.empty()) return fail("alpn= needs protocols such as dot,h2");
  } else if (key == kNoDefaultAlpn) {
    if (!value.empty()) return fail("no-default-alpn has no value");
  } else if (key == kPort) {
    const auto port = parse_decimal(value);
    if (!port || *port == 0 || *port > 65535) return fail(cat("port=", shown, " is no port"));
    writer.u16(static_cast<std::uint16_t>(*port));
  } else if (key == kIpv4Hint || key == kIpv6Hint) {
    return fail("address hints have no place here: the addresses are a field of their own");
  } else if (key == kDohPath) {
    // RFC 9461 section 5: a URI template with the variable dns.
    if (!value.starts_with('/') || value.find("{?dns}") == std::string_view::npos)
      return fail("dohpath= needs a template such as /dns-query{?dns}");
    for (const char c : value) writer.u8(static_cast<std::uint8_t>(c));
  } else {
    const auto octets = parse_hex(value);
    if (!octets && !value.empty()) return fail(cat(key_name(key), " needs hexadecimal digits"));
    if (octets) writer.bytes(*octets);
  }
  return out;
}

std::string value_text(std::uint16_t key, ByteReader value) {
  std::string out;
  const auto separate = [&out] { out += out.empty() ? "" : ","; };
  if (key == kMandatory) {
    while (value.left() >= 2) separate(), out += key_name(value.u16());
  } else if (key == kAlpn) {
    while (value.left() > 0) {
      ByteReader id = value.sub(value.u8());
      if (!value.ok()) return {};
      separate();
      while (!id.at_end()) out += printable(std::string(1, static_cast<char>(id.u8())));
    }
  } else if (key == kPort && value.left() == 2) {
    out = std::to_string(value.u16());
  } else if (key == kDohPath) {
    while (!value.at_end()) out += printable(std::string(1, static_cast<char>(value.u8())));
  } else {
    out = to_hex(value.rest());
  }
  return out;
}

}  // namespace

Expected<std::vector<std::uint8_t>> parse_service_parameters(std::string_view text) {
  // RFC 9460 section 2.2: in strictly increasing order of the keys.
  std::map<std::uint16_t, std::vector<std::uint8_t>> parameters;
  while (!text.empty()) {
    std::string_view value = take(text, ' ');
    if (value.empty()) continue;
    const std::string_view name = take(value, '=');
    const auto key = key_number(name);
    if (!key) return fail(cat("\"", printable(name), "\" is no service parameter"));
    auto octets = value_octets(*key, value);
    if (!octets) return fail(octets.error().message);
    if (!parameters.emplace(*key, std::move(*octets)).second)
      return fail(cat(key_name(*key), " is given twice"));
  }
  std::vector<std::uint8_t> out;
  ByteWriter writer(out);
  for (const auto& [key, octets] : parameters) {
    writer.u16(key);
    writer.u16(static_cast<std::uint16_t>(octets.size()));
    writer.bytes(octets);
  }
  if (out.size() > kLargest) return fail("the service parameters are too long");
  return out;
}

std::string service_parameters_text(std::span<const std::uint8_t> wire) {
  std::string out;
  ByteReader reader(wire);
  while (!reader.at_end()) {
    const std::uint16_t key = reader.u16();
    const std::size_t length = reader.u16();
    ByteReader value = reader.sub(length);
    if (!reader.ok()) return {};
    out += cat(out.empty() ? "" : " ", key_name(key));
    if (length > 0) out += cat('=', value_text(key, value));
  }
  return out;
}

}  // namespace sixgate
