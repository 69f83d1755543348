// SPDX-License-Identifier: Apache-2.0
// Unique Local prefixes (RFC 4193).
#pragma once

#include "net/prefix.h"
#include "net/rng.h"

namespace sixgate::delegation {

// fd00::/8 with 40 random bits: a /48 to be generated once and stored (RFC 4193 sections 3.1
// and 3.2; RFC 7084 ULA-1, ULA-2).
Prefix generate_unique_local(Rng& rng);

// Usable as the house's own ULA prefix: inside fd00::/8 (the L bit set, section 3.1), /48 to /64.
bool is_usable_unique_local(const Prefix& prefix);

}  // namespace sixgate::delegation
