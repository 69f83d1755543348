// SPDX-License-Identifier: Apache-2.0
// The IPsec knock: a remote machine that holds the key may open connections to hosts of the house, by an AH
// tunnel (RFC 4302) to the router's address on an uplink. Nobody else learns that there is anything to open.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/expected.h"
#include "net/secret.h"

namespace sixgate::conf {

enum class KnockAlgorithm : std::uint8_t { kHmacSha256, kHmacSha384, kHmacSha512 };

// RFC 4868 section 2: the key is as long as the hash, the check value half of it.
struct KnockAlgorithmKind {
  KnockAlgorithm algorithm;
  std::string_view name;    // in the file
  std::string_view kernel;  // as the kernel's crypto calls it
  unsigned key_octets;
  unsigned icv_bits;
};
const KnockAlgorithmKind& kind_of(KnockAlgorithm algorithm);
std::span<const KnockAlgorithmKind> knock_algorithms();

// RFC 4302 section 2.4: 0 to 255 are not to be had.
inline constexpr std::uint32_t kFirstSpi = 256;

struct KnockConfig {
  std::uint32_t spi = 0;  // 0: not given
  std::string key_file;
  KnockAlgorithm algorithm = KnockAlgorithm::kHmacSha256;
  std::uint32_t mark = 0x6a7e0000;  // of the packets that came so
  std::vector<std::string> lans;    // names; none: every protected and isolated one
  Secret key;                       // what key_file holds: no part of the file's text

  bool operator==(const KnockConfig&) const = default;
};

// The text of a key file: hexadecimal digits, "0x" before them or not, white space around them or not. The error
// says nothing of what it read.
Expected<Secret> parse_knock_key(std::string_view text, KnockAlgorithm algorithm);

}  // namespace sixgate::conf
