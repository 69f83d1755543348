// SPDX-License-Identifier: Apache-2.0
// The pinholes of the configuration as the firewall needs them: with the addresses that each host has under
// the prefixes of the moment, so that they move in the transaction that moves the prefixes.
#pragma once

#include <compare>
#include <set>
#include <string>
#include <vector>

#include "conf/config.h"
#include "dhcp6/server.h"
#include "firewall/ruleset.h"
#include "net/ip6_address.h"
#include "net/mac_address.h"
#include "net/time.h"
#include "pcp/server.h"

namespace sixgate::daemon {

struct House;

// An address that our DHCPv6 server gave out or was told of.
struct LearntAddress {
  std::string lan;
  Ip6Address address;
  bool operator==(const LearntAddress&) const = default;
};
// For each pinhole of the configuration those of its host.
using LearntHosts = std::vector<std::vector<LearntAddress>>;

LearntHosts learn_hosts(const std::vector<conf::PinholeConfig>& pinholes,
                        const dhcp6::Server& server);

// Whether one of them is for the host with this MAC address: named so, or by a name that is reserved for it.
bool is_for(const conf::Config& config, const MacAddress& station);
// Those that a pinhole or a reservation names.
std::set<MacAddress> named_stations(const conf::Config& config);

// A pinhole of the configuration, and where its host is, whether or not that is in what the LAN has. A host that is known
// by its MAC address is at every address it was heard with, also where that was not made of it (RFC 7217, RFC 8981).
struct PlacedPinhole {
  struct Place {
    std::string interface;
    Ip6Address address;
    auto operator<=>(const Place&) const = default;
  };
  conf::PinholeConfig pinhole;
  std::vector<Place> places;  // sorted
  bool operator==(const PlacedPinhole&) const = default;
};
std::vector<PlacedPinhole> place_pinholes(const House& house, Instant now);

std::vector<firewall::FirewallPinhole> open_pinholes(const std::vector<PlacedPinhole>& pinholes);

// Those that programs asked for (RFC 6887).
std::vector<firewall::FirewallPinhole> mapped_pinholes(const House& house);

// The LANs whose programs may ask, what of them the Internet can reach, and `open`, which is there already.
std::vector<pcp::Link> mapping_links(const House& house,
                                     const std::vector<firewall::FirewallPinhole>& open);

}  // namespace sixgate::daemon
