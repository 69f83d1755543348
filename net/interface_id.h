// SPDX-License-Identifier: Apache-2.0
// Identifiers that no interface may have: the Subnet-Router anycast address (RFC 4291 section 2.6.1), the
// anycast range of RFC 2526 and the IANA Ethernet block (RFC 5453 section 5, RFC 7136 section 5).
#pragma once

#include <cstdint>

#include "net/prefix.h"

namespace sixgate {

constexpr bool is_reserved_interface_id(std::uint64_t id) {
  return id == 0 ||
         // The IANA Ethernet block, which holds the identifier of Proxy Mobile IPv6 too.
         (id >= 0x02005efffe000000 && id <= 0x02005efffeffffff) ||
         id >= 0xfdffffffffffff80;  // RFC 2526
}

// The same on the link of a prefix that may be longer than /64. Identifiers are shorter there, and have no format:
// the subnet-router anycast address is the one of zeros, and the 128 highest are RFC 2526's (its section 2).
inline bool is_reserved_interface_id(const Prefix& on_link, std::uint64_t id) {
  if (on_link.length() <= 64) return is_reserved_interface_id(id);
  return id == 0 || id > on_link.last_interface_id() - 128;
}

}  // namespace sixgate
