// SPDX-License-Identifier: Apache-2.0
// What the DHCPv6 server is told about itself and the links it serves: plain values, given anew whenever
// something of it changes. All lifetimes here are ends; what a client hears never reaches beyond them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dhcp6/duid.h"
#include "dhcp6/option_base.h"
#include "dhcp6/options.h"
#include "net/domain_name.h"
#include "net/ip6_address.h"
#include "net/mac_address.h"
#include "net/prefix.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

// An on-link prefix that hosts get addresses in: a /64, or a longer one where a person wants it split.
struct ScopePrefix {
  Prefix prefix;
  Instant preferred_until = Instant::never();
  Instant valid_until = Instant::never();
  bool operator==(const ScopePrefix&) const = default;
};

// A prefix of ours that routers behind us get parts of (RFC 9818), except those that are taken: the blocks
// of our own links, and what RFC 6603 keeps for the delegating router.
struct DelegableSpace {
  Prefix prefix;
  Instant preferred_until = Instant::never();
  Instant valid_until = Instant::never();
  std::vector<Prefix> taken;
  bool operator==(const DelegableSpace&) const = default;
};

// The identifiers that the server chooses from, both ends included.
struct InterfaceIdRange {
  std::uint64_t first = 0x1000;
  std::uint64_t last = 0xffff;
  bool contains(std::uint64_t id) const { return id >= first && id <= last; }
  bool operator==(const InterfaceIdRange&) const = default;
};

// What is kept for one client. All conditions that are given must hold.
struct Reservation {
  std::optional<Duid> duid;
  std::optional<std::uint32_t> iaid;
  std::optional<MacAddress> mac;
  std::string hostname;                       // as the client says itself (RFC 4704), lower case
  std::optional<std::uint64_t> interface_id;  // the same under every prefix
  std::optional<std::uint64_t> subnet;        // of each space: the /64 where its prefix begins
  std::optional<Lifetime> lifetime;           // valid; preferred is half of it
  std::string name;
  bool ignore = false;  // the client gets no answer at all
  // What it is told instead of what the link has of the same codes.
  Options options;
  std::optional<Lifetime> information_refresh;
  bool operator==(const Reservation&) const = default;
};

struct ServerLink {
  std::string name;
  bool addresses = false;       // IA_NA
  bool delegates = true;        // IA_PD
  bool rapid_commit = true;     // RFC 9915 section 18.3.1
  bool reconfigure = true;      // section 18.3.11
  bool registers = true;        // hosts may tell their own addresses (RFC 9686)
  std::uint8_t preference = 0;  // section 21.8; 0 is not sent
  // RFC 9096 section 3.4: no more than these, however long our own prefix lasts.
  Lifetime preferred{2700};
  Lifetime valid{5400};
  Lifetime information_refresh{5400};  // section 21.23
  InterfaceIdRange range;
  unsigned shortest_delegation = 64;  // what a client may have at most (RFC 9818 LPD-7)
  unsigned delegations_per_client = 8;
  // IAs of all clients together: each is a route and rules, and DUIDs are made up easily.
  unsigned delegations = 1024;
  std::vector<ScopePrefix> prefixes;
  std::vector<DelegableSpace> spaces;  // in the order they are written in (RFC 9818 LPD-9)
  std::vector<Ip6Address> in_use;      // by us or by others: never assigned
  std::vector<Reservation> reservations;
  Options options;  // returned when asked for
  // In which the names of hosts are published; none: we publish nothing of them.
  std::optional<DomainName> domain;
  // False while prefixes may yet turn up: nothing is then called wrong for being unknown.
  bool settled = true;

  // The interface identifier of an address here.
  std::uint64_t interface_id_of(const Ip6Address& address) const {
    for (const ScopePrefix& one : prefixes) {
      if (one.prefix.contains(address)) return one.prefix.interface_id(address);
    }
    return address.low();
  }
  bool operator==(const ServerLink&) const = default;
};

struct ServerConfiguration {
  std::optional<Duid> duid;  // none: not known yet, and nobody is answered
  // Of addresses that nobody can guess, and of Reconfigure keys.
  std::array<std::uint8_t, 32> secret{};
  std::vector<ServerLink> links;
  bool operator==(const ServerConfiguration&) const = default;
};

}  // namespace sixgate::dhcp6
