// SPDX-License-Identifier: Apache-2.0
// Names of DHCPv6 options, for a configuration and for a person who reads codes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sixgate::dhcp6 {

struct OptionName {
  std::string_view name;
  std::uint16_t code;
};

// Options that a client may ask for, by code.
std::span<const OptionName> option_names();

// Empty for a code without a name here.
std::string_view option_name(std::uint16_t code);
std::optional<std::uint16_t> option_code_of(std::string_view name);

}  // namespace sixgate::dhcp6
