// SPDX-License-Identifier: Apache-2.0
// Lease: everything one uplink has from DHCPv6 at a moment, as a value. The client yields one whenever it
// changes; the daemon stores it, gives it back at the next start, and derives addresses and delegations.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dhcp6/duid.h"
#include "dhcp6/options.h"
#include "dhcp6/server_profile.h"
#include "net/domain_name.h"
#include "net/ip6_address.h"
#include "net/prefix.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

// An address of an IA_NA (RFC 9915 section 21.6). It says nothing about what is on-link (18.2.10.1).
struct LeasedAddress {
  std::uint32_t iaid = 0;
  Ip6Address address;
  Instant preferred_until;  // in the past, or the moment it was learnt: deprecated
  Instant valid_until;
  bool operator==(const LeasedAddress&) const = default;
};

// A delegated prefix of an IA_PD (21.22), masked, 1..64 bits long.
struct LeasedPrefix {
  std::uint32_t iaid = 0;
  Prefix prefix;
  Instant preferred_until;
  Instant valid_until;
  std::optional<Prefix> excluded;  // RFC 6603: inside `prefix`, not for us to assign to a LAN
  bool operator==(const LeasedPrefix&) const = default;
};

// What proves a Reconfigure message, as the server gave it to us.
struct ReconfigureKey {
  Authentication::Key key{};
  std::uint64_t replay_value = 0;  // the highest seen (20.3)
  bool operator==(const ReconfigureKey&) const = default;
};

struct Lease {
  // Whom we got it from; none before the first Reply.
  std::optional<Duid> server;
  std::optional<Ip6Address> server_address;  // where its last Reply came from: a relay, or itself
  std::vector<LeasedAddress> addresses;      // ordered by IAID, then address
  std::vector<LeasedPrefix> prefixes;        // ordered by IAID, then prefix
  Instant renew_at = Instant::never();       // the earliest T1 over all IAs (18.2.4)
  Instant rebind_at = Instant::never();      // the earliest T2
  std::vector<Ip6Address> dns_servers;       // option 23, in the server's order
  std::vector<DomainName> search_domains;    // option 24
  // Every other configuration option of the last Reply, for whoever passes it on. No IA, identifier,
  // status, timing or authentication option is here.
  std::vector<Option> other_options;
  bool stateful = false;  // from Request, Renew, Rebind; not from Information-request
  // False from a start with a stored lease, or a link change, until a server has spoken. An unverified
  // lease is to be kept in use (18.2.3, 18.2.12).
  bool verified = false;
  // The secret of Reconfigure messages, to be stored with the lease and shown to nobody (20.4.3).
  std::optional<ReconfigureKey> reconfigure_key;

  // Of the servers that were surveyed, also while nothing is leased.
  ServerProfiles servers;

  bool empty() const { return addresses.empty() && prefixes.empty(); }
  // Settings alone, from an Information-request.
  bool only_information() const { return empty() && !stateful && server.has_value(); }
  bool operator==(const Lease&) const = default;
};

}  // namespace sixgate::dhcp6
