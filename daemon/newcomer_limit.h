// SPDX-License-Identifier: Apache-2.0
// NewcomerLimit: how many DHCPv6 messages a second are answered on a link to senders of whom the kernel's neighbour
// table says nothing.
//
// An answer to an address that nobody has waits in the socket's send buffer while the kernel looks for its owner
// (RFC 4861 section 7.2.2: three seconds). A few hundred of them are all that the buffer and the neighbour table
// hold, and nobody is answered any more: thc-ipv6's flood_dhcpc6 makes up thousands of clients a second, and the
// leases of others ran out meanwhile. Hosts that were heard are not counted, and one that is new is heard when it
// has its first answer or has solicited a router.
#pragma once

#include <algorithm>
#include <cstdint>

#include "net/time.h"

namespace sixgate::daemon {

class NewcomerLimit {
 public:
  // With those of a burst four times as many may wait at once: a quarter of a neighbour table of usual size.
  static constexpr unsigned kPerSecond = 64;
  static constexpr Duration kBurst = seconds(1);

  // Whether one more may be answered.
  bool admits(Instant now) {
    const Instant spent = std::max(spent_until_, now);
    if (spent - now >= kBurst) {
      ++refused_;
      return false;
    }
    spent_until_ = spent + Duration(seconds(1)) / kPerSecond;
    return true;
  }
  std::uint64_t refused() const { return refused_; }

 private:
  Instant spent_until_;  // those admitted would take until here at kPerSecond
  std::uint64_t refused_ = 0;
};

}  // namespace sixgate::daemon
