// SPDX-License-Identifier: Apache-2.0
// What the kernel says of one entry of its neighbour table (RFC 4861 section 5.1).
#pragma once

#include <string>

#include "net/ip6_address.h"
#include "net/mac_address.h"
#include "net/time.h"

namespace sixgate::daemon {

struct Neighbor {
  std::string interface;
  Ip6Address address;
  MacAddress mac;
  Instant seen;            // it answered, or was heard
  bool reachable = false;  // it answered just now
  bool router = false;     // it says that it is one
  bool failed =
      false;  // it was asked in vain; only of link-local addresses, and without `mac` and `seen`
  bool operator==(const Neighbor&) const = default;
};

}  // namespace sixgate::daemon
