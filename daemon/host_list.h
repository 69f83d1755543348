// SPDX-License-Identifier: Apache-2.0
// The hosts of a LAN as a person knows them: what the neighbour table told (known_hosts.h) and what the DHCPv6 server
// knows of leases and names, put together by MAC address.
#pragma once

#include <string>
#include <vector>

#include "daemon/desired_state.h"
#include "daemon/json.h"
#include "daemon/known_hosts.h"
#include "daemon/status.h"
#include "dhcp6/server.h"

namespace sixgate::daemon {

// `prefixes`: those of the LAN. By name, then by MAC address; a client of which no MAC address is known comes as one
// whose address is zero.
std::vector<StatusHost> host_list(const KnownHosts& known, const dhcp6::Server& server,
                                  const std::string& lan, const std::vector<LanPrefix>& prefixes,
                                  Instant now);

// The member "hosts" of a LAN in the status.
void write_hosts(JsonWriter& json, const std::vector<StatusHost>& hosts);
// The LANs with their hosts alone: what `sixgate hosts` asks for (schema 1).
std::string hosts_json(const Status& status);

}  // namespace sixgate::daemon
