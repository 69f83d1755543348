// SPDX-License-Identifier: Apache-2.0
// ReleasedLeases: what a person took from a client that does not know of it yet. Until the lease would have been
// over the client is not given it again, and when it accepts Reconfigure it is told to ask (RFC 9915 section
// 18.3.11). Kept in memory alone: after a restart a client that still names the lease has it again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dhcp6/duid.h"
#include "dhcp6/relay_path.h"
#include "dhcp6/server_reconfigure.h"
#include "net/ip6_address.h"
#include "net/prefix.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

struct ReleasedLease {
  Duid client;
  std::string link;
  Ip6Address address;                         // the client's own
  std::optional<std::uint64_t> interface_id;  // of addresses, under whichever prefix
  std::vector<Prefix> prefixes;               // of delegations
  Instant until;
  bool accepts_reconfigure = false;  // its client
  std::optional<RelayPath> path;     // to one behind relay agents
};

class ReleasedLeases {
 public:
  // Of more than these the first to end makes room.
  static constexpr std::size_t kMost = 256;

  // `tell`: the client accepts Reconfigure.
  void add(ReleasedLease lease, bool tell, Instant now);
  bool knows(const Duid& client, Instant now) const;
  bool withholds(const Duid& client, std::string_view link, std::uint64_t interface_id,
                 Instant now) const;
  // It said so when it had what is released now.
  bool accepts_reconfigure(const Duid& client, Instant now) const;
  // Those that the client does not get.
  std::vector<Prefix> withheld(const Duid& client, Instant now) const;
  // The client asks: it need not be told any more.
  void heard(const Duid& client);
  // Whom to write to at `now`; each is counted as written to.
  std::vector<ReleasedLease> due(Instant now);
  std::optional<Instant> next() const;

 private:
  struct Entry {
    ReleasedLease lease;
    std::optional<ReconfigureAttempt> attempt;
  };
  std::vector<Entry> entries_;
};

}  // namespace sixgate::dhcp6
