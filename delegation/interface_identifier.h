// SPDX-License-Identifier: Apache-2.0
// The lower 64 bits of an address of our own: fixed, from the MAC address, stable and opaque (RFC
// 7217), or random.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/expected.h"
#include "net/ip6_address.h"
#include "net/mac_address.h"
#include "net/prefix.h"
#include "net/rng.h"

namespace sixgate::delegation {

// The secret_key of RFC 7217 section 5: made once from the kernel's randomness, stored.
using StableSecret = std::array<std::uint8_t, 32>;

struct InterfaceIdPolicy {
  enum class Kind : std::uint8_t { kFixed, kEui64, kStable, kRandom };
  Kind kind = Kind::kFixed;
  Ip6Address fixed = Ip6Address::from_halves(0, 1);  // of kFixed: the suffix, ::1

  static InterfaceIdPolicy stable() { return {.kind = Kind::kStable}; }
  // ip6ifaceid: "::1", any other suffix of 64 bits, "eui64", "stable" or "random". Reserved
  // identifiers and bits in the upper half are refused.
  static Expected<InterfaceIdPolicy> parse(std::string_view text);
  std::string to_string() const;

  bool operator==(const InterfaceIdPolicy&) const = default;
};

// Identifiers that no interface may have: the Subnet-Router anycast address (RFC 4291
// section 2.6.1), the anycast range of RFC 2526 and the IANA Ethernet block (RFC 5453 section 5,
// RFC 7136 section 5).
bool is_reserved_interface_id(std::uint64_t id);

// RFC 7217 section 5 with SHA-256 as F(), Net_Iface the interface's name and no Network_ID.
// Reserved results are passed over as a conflict would be (the DAD counter goes up). Of a prefix
// longer than /64 "as many bits as necessary" are taken.
std::uint64_t stable_interface_id(const Prefix& on_link, std::string_view interface,
                                  const StableSecret& secret, unsigned dad_counter);

// An address in `on_link`, a /64 or longer, whose host bits are the lower ones of the identifier. `mac` may be null: kEui64 is then kStable, as it is after a conflict
// (dad_counter > 0). kFixed stays what it is. kRandom draws anew at each call: the caller keeps the
// address.
Ip6Address make_address(const Prefix& on_link, const InterfaceIdPolicy& policy,
                        const MacAddress* mac, std::string_view interface,
                        const StableSecret& secret, unsigned dad_counter, Rng& rng);

}  // namespace sixgate::delegation
