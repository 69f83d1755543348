// SPDX-License-Identifier: Apache-2.0
// The pinholes of the configuration as the firewall needs them: with the addresses that each host has under
// the prefixes of the moment, so that they move in the transaction that moves the prefixes.
#pragma once

#include <string>
#include <vector>

#include "conf/config.h"
#include "dhcp6/server.h"
#include "firewall/ruleset.h"
#include "net/ip6_address.h"
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

// Those of the configuration.
std::vector<firewall::FirewallPinhole> open_pinholes(const House& house);

// Those that programs asked for (RFC 6887).
std::vector<firewall::FirewallPinhole> mapped_pinholes(const House& house);

// The LANs whose programs may ask, what of them the Internet can reach, and `open`, which is there already.
std::vector<pcp::Link> mapping_links(const House& house,
                                     const std::vector<firewall::FirewallPinhole>& open);

}  // namespace sixgate::daemon
