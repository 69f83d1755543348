// SPDX-License-Identifier: Apache-2.0
#include "net/mac_address.h"

#include "net/text.h"

namespace sixgate {

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  const char separator = text[2];
  if (separator != ':' && separator != '-') return std::nullopt;
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i % 3 != 2)
      digits += text[i];
    else if (text[i] != separator)
      return std::nullopt;
  }
  const auto octets = parse_hex(digits);
  if (!octets || octets->size() != 6) return std::nullopt;
  Bytes bytes{};
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = (*octets)[i];
  return MacAddress(bytes);
}

std::string MacAddress::to_string() const { return to_hex(bytes_, ':'); }

}  // namespace sixgate
