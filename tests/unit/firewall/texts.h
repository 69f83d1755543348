// SPDX-License-Identifier: Apache-2.0
// Addresses and prefixes that tests write as text.
#pragma once

#include "net/ip6_address.h"
#include "net/prefix.h"

namespace sixgate::firewall {

inline Prefix prefix(const char* text) { return Prefix::parse(text).value(); }
inline Ip6Address address(const char* text) { return Ip6Address::parse(text).value(); }

}  // namespace sixgate::firewall
