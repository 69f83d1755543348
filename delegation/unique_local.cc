// SPDX-License-Identifier: Apache-2.0
#include "delegation/unique_local.h"

namespace sixgate::delegation {

namespace {
constexpr std::uint64_t kLocallyAssigned = 0xfd00000000000000;  // fc00::/7 with L = 1
}  // namespace

Prefix generate_unique_local(Rng& rng) {
  // | 7 bits: fc00::/7 | L = 1 | 40 bits Global ID | 16 bits Subnet ID |   (section 3.1)
  // The Global ID comes from the kernel's generator, which is better than the sample algorithm of
  // section 3.2.2 (time of day and MAC address: a router that boots in 1970 has no time of day).
  const std::uint64_t global_id = rng.u64() >> 24;
  return Prefix(Ip6Address::from_halves(kLocallyAssigned | global_id << 16, 0), 48);
}

bool is_usable_unique_local(const Prefix& prefix) {
  return prefix.length() >= 48 && prefix.length() <= 64 && prefix.address().bytes()[0] == 0xfd;
}

}  // namespace sixgate::delegation
