// SPDX-License-Identifier: Apache-2.0
// Elements of our sets as the kernel has them: keys of fields one after the other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "firewall/nft.h"

namespace sixgate::daemon {

// Each field is zero padded to a multiple of 4 octets. An interval set of concatenated fields has a first and a last key
// for each element.
inline constexpr std::size_t kNftMostKey = 16 + 2 * 16 + 4;
using NftKeyOctets = std::array<std::uint8_t, kNftMostKey>;

// How many of them are used.
std::size_t nft_key_size(firewall::NftKey kind);

NftKeyOctets nft_first_key(firewall::NftKey kind, const firewall::NftElement& element);
NftKeyOctets nft_last_key(firewall::NftKey kind, const firewall::NftElement& element);

// Only what we write ourselves: the others come from someone else, or from another version.
std::optional<firewall::NftElement> nft_element(firewall::NftKey kind, const NftKeyOctets& first,
                                                const NftKeyOctets& last);

}  // namespace sixgate::daemon
