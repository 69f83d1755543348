// SPDX-License-Identifier: Apache-2.0
// AddressAnnouncer: tells the routers of an uplink of a new address of ours before the first packet for it comes
// back (RFC 9131 section 6.1.2): up to MAX_NEIGHBOR_ADVERTISEMENT advertisements, RetransTimer apart.
#pragma once

#include <optional>
#include <vector>

#include "net/ip6_address.h"
#include "net/time.h"

namespace sixgate::daemon {

class AddressAnnouncer {
 public:
  // The global addresses of the link that are usable now. Those of the first call are known already.
  void look(const std::vector<Ip6Address>& usable, Instant now);
  // What is to be announced now; each call of expire() may yield some.
  std::vector<Ip6Address> due(Duration retrans, Instant now);
  std::optional<Instant> next_deadline() const;

 private:
  struct New {
    Ip6Address address;
    Instant next_at;
    unsigned said = 0;
  };
  std::optional<std::vector<Ip6Address>> known_;
  std::vector<New> new_;
};

}  // namespace sixgate::daemon
