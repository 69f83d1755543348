// SPDX-License-Identifier: Apache-2.0
// Identifiers that no interface may have: the Subnet-Router anycast address (RFC 4291 section 2.6.1), the
// anycast range of RFC 2526 and the IANA Ethernet block (RFC 5453 section 5, RFC 7136 section 5).
#pragma once

#include <cstdint>

namespace sixgate {

constexpr bool is_reserved_interface_id(std::uint64_t id) {
  return id == 0 ||
         // The IANA Ethernet block, which holds the identifier of Proxy Mobile IPv6 too.
         (id >= 0x02005efffe000000 && id <= 0x02005efffeffffff) ||
         id >= 0xfdffffffffffff80;  // RFC 2526
}

}  // namespace sixgate
