// SPDX-License-Identifier: Apache-2.0
// SipHash-2-4: the keyed hash from which systemd makes the DUID and IAIDs of its DHCPv6 client, and so what
// taking over such an identity needs.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace sixgate {

std::uint64_t siphash24(const std::array<std::uint8_t, 16>& key,
                        std::span<const std::uint8_t> message);

}  // namespace sixgate
