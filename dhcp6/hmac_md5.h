// SPDX-License-Identifier: Apache-2.0
// HMAC-MD5 (RFC 2104, RFC 1321): what the reconfiguration key protocol of DHCPv6 is made of (RFC 9915
// section 20.4). For nothing else: MD5 is broken as a hash.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace sixgate::dhcp6 {

using Md5Digest = std::array<std::uint8_t, 16>;

Md5Digest md5(std::span<const std::uint8_t> message);
Md5Digest hmac_md5(std::span<const std::uint8_t> key, std::span<const std::uint8_t> message);

}  // namespace sixgate::dhcp6
