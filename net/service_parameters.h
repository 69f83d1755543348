// SPDX-License-Identifier: Apache-2.0
// Service parameters of an encrypted resolver (RFC 9460 section 2.2), as Router Advertisements and DHCPv6
// carry them (RFC 9463): text such as "alpn=dot,h2 port=8853 dohpath=/dns-query{?dns}" and its wire form.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/expected.h"

namespace sixgate {

// Words "key=value" and "key", in any order; a key may also be written "key65280=HEX". Hints of addresses
// are refused: the option has a field for those (RFC 9463 section 3.1.8).
Expected<std::vector<std::uint8_t>> parse_service_parameters(std::string_view text);

// The same text again. What is no series of parameters is "".
std::string service_parameters_text(std::span<const std::uint8_t> wire);

}  // namespace sixgate
