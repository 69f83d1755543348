// SPDX-License-Identifier: Apache-2.0
// Status codes (RFC 9915 section 21.13). A code that is not listed here is kept as the number it
// is.
#pragma once

#include <cstdint>
#include <string>

namespace sixgate::dhcp6 {

enum class Status : std::uint16_t {
  kSuccess = 0,
  kUnspecFail = 1,
  kNoAddrsAvail = 2,
  kNoBinding = 3,
  kNotOnLink = 4,
  kUseMulticast = 5,  // obsolete, still sent by servers of RFC 8415
  kNoPrefixAvail = 6,
};

// "NoAddrsAvail"; "status 77" for one that is not listed.
std::string to_string(Status status);

}  // namespace sixgate::dhcp6
