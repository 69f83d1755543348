// SPDX-License-Identifier: Apache-2.0
// The checksum of what IPv6 carries: the ones' complement sum over pseudo-header and segment (RFC 8200 section
// 8.1). Over a segment that has a right one in it, it is zero.
#pragma once

#include <cstdint>
#include <span>

#include "net/ip6_address.h"

namespace sixgate {

std::uint16_t internet_checksum(const Ip6Address& source, const Ip6Address& destination,
                                std::uint8_t protocol, std::span<const std::uint8_t> segment);

}  // namespace sixgate
