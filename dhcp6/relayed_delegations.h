// SPDX-License-Identifier: Apache-2.0
// RelayedDelegations: which prefixes another server gave to routers behind our links, as the Replies and Releases
// that we relay tell (RFC 8987), and the way to them. Whoever relays for such routers is the only one who can
// tell the kernel.
//
// A prefix is known of one client at a time: the last Reply counts. What a client may have, and all clients of a
// link together, is bounded; what is beyond is relayed all the same, but not routed. Neither is what is in use here
// otherwise: no server leads the packets of one LAN to another.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dhcp6/duid.h"
#include "dhcp6/lease_selection.h"
#include "dhcp6/options.h"
#include "net/ip6_address.h"
#include "net/log.h"
#include "net/prefix.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

struct RelayedDelegation {
  Prefix prefix;  // as long as in the IA_PD (RFC 8987 R-2)
  std::string link;
  Ip6Address next_hop;
  Duid client;
  std::uint32_t iaid = 0;
  Instant valid_until;
  bool operator==(const RelayedDelegation&) const = default;
};

// RFC 8987 G-5 to G-7.
struct RelayLimits {
  unsigned per_client = 8;
  unsigned per_link = 64;
  bool operator==(const RelayLimits&) const = default;
};

// What is in use here otherwise.
struct OwnPrefixes {
  // Of LANs, and what our own server delegated: no part of it is given.
  std::vector<Prefix> at_home;
  // To us: a part of one may be given, and never all of it.
  std::vector<Prefix> delegated;
  // The links of uplinks, by what is said there: nothing new is given of them, and they take back nothing.
  std::vector<Prefix> uplinks;
  bool operator==(const OwnPrefixes&) const = default;
};

class RelayedDelegations {
 public:
  // Those of an earlier run (RFC 8987 S-1).
  void restore(std::vector<RelayedDelegation> delegations, Instant now);
  // Links that we relay for no more take theirs along.
  void keep_only(const std::set<std::string>& links);
  void stay_off(OwnPrefixes own);

  // What a Reply says to a client that is reached by `next_hop` (RFC 8987 G-8).
  void learn(const std::string& link, const Duid& client, const Ip6Address& next_hop,
             const Options& reply, const RelayLimits& limits, Instant now);
  // What a Release of the client says (RFC 8987 G-9).
  void release(const std::string& link, const Duid& client, const Options& release);

  // What a person does not want routed any more (O-2), until a Reply tells of it again.
  std::vector<RelayedDelegation> clear(const LeaseSelection& which);

  void expire(Instant now);
  std::optional<Instant> next_deadline() const;

  const std::vector<RelayedDelegation>& all() const { return all_; }
  // How often one of this link was too many, or in use.
  std::uint64_t refused(const std::string& link) const;
  // Since the last call.
  bool take_changed();
  LogLines take_log();

 private:
  void learn_prefix(const RelayedDelegation& said, const RelayLimits& limits);
  bool has_room(const RelayedDelegation& said, const RelayLimits& limits) const;
  bool is_at_home(const Prefix& prefix) const;
  std::string refusal(const RelayedDelegation& said, const RelayLimits& limits) const;
  template <class Ends>
  void end(Ends ends, std::string_view why);
  void say(LogLevel level, std::string text) { log_.push_back({level, std::move(text)}); }

  std::vector<RelayedDelegation> all_;  // sorted by prefix
  OwnPrefixes own_;
  std::set<Prefix> complained_of_;  // as refused
  std::map<std::string, std::uint64_t> refused_;
  bool changed_ = false;
  LogLines log_;
};

}  // namespace sixgate::dhcp6
