// SPDX-License-Identifier: Apache-2.0
// Services: what the providers tell of name servers, time servers, portals and ways for IPv4, as one value.
// The house's own Router Advertisements and its DHCPv6 server take it from here, status shows it, and the hook
// script gets it; whoever ends a lease or falls silent takes his part of it away, for it is made anew from what
// is known at the moment.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dhcp6/client_lease.h"
#include "dhcp6/options.h"
#include "net/domain_name.h"
#include "net/ip6_address.h"
#include "net/prefix.h"
#include "net/time.h"
#include "ra/router_listener.h"

namespace sixgate::daemon {

struct Services {
  std::vector<Ip6Address> dns_servers;  // all lists in order of preference
  std::vector<DomainName> search_domains;
  std::vector<dhcp6::EncryptedDns> encrypted_dns;  // the lowest priority number first (RFC 9463)
  std::vector<Ip6Address> ntp_servers;
  std::vector<Ip6Address> ntp_multicast;
  std::vector<DomainName> ntp_names;
  std::vector<Ip6Address> sntp_servers;
  std::vector<Ip6Address> sip_servers;
  std::vector<DomainName> sip_domains;
  std::optional<DomainName> aftr;       // DS-Lite (RFC 6334)
  std::optional<dhcp6::S46MapE> map_e;  // RFC 7598
  std::optional<dhcp6::S46MapT> map_t;
  std::optional<dhcp6::S46Lightweight> lightweight;
  std::string captive_portal;    // URI of RFC 8910, octets of a peer; empty: none told
  std::optional<Prefix> pref64;  // RFC 8781
  // Every other configuration option of the server, as it came.
  dhcp6::Options others;

  bool operator==(const Services&) const = default;
};

// What one uplink has: DHCPv6 before Router Advertisements (RFC 8106 section 5.3.1, RFC 8910 section 3).
Services services_of(const dhcp6::Lease& lease, const ra::Heard& heard, Instant now);

// Adds what a less preferred uplink has. Lists grow at their end; of what there can be one of, the first
// stays, and of other options the first uplink's of each code.
void add_services(Services& all, const Services& more);

// What is of use beyond the uplink's own link: a link-local server is out of a LAN host's reach.
Services without_link_local(Services services);

}  // namespace sixgate::daemon
