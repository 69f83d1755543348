// SPDX-License-Identifier: Apache-2.0
// The names of hosts with all addresses that they are reached by: what the DHCPv6 server leased and what hosts
// registered, and what they made themselves (SLAAC) and the neighbour table tells of, when the MAC address is that of
// a client with a name or has one reserved.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conf/config.h"
#include "daemon/desired_state.h"
#include "daemon/known_hosts.h"
#include "dhcp6/server.h"

namespace sixgate::daemon {

struct NamedLan {
  const conf::LanConfig* config = nullptr;
  const KnownHosts* hosts = nullptr;
  std::vector<LanPrefix> prefixes;
};

struct NamedHosts {
  std::vector<dhcp6::NamedAddress> addresses;
  std::optional<Instant> until;  // when the first of them is forgotten unless it is seen again
};

NamedHosts named_hosts(const dhcp6::Server& server,
                       const std::vector<conf::ReservationConfig>& reservations,
                       const std::vector<NamedLan>& lans, Instant now);

}  // namespace sixgate::daemon
