// SPDX-License-Identifier: Apache-2.0
// What `sixgate leases` shows: every lease of the DHCPv6 server as JSON (schema 1, stable as that of status); and what
// `sixgate lease release` did.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dhcp6/server.h"
#include "net/time.h"

namespace sixgate::daemon {

std::string leases_json(const dhcp6::Server& server, Instant now);

// An address, a prefix, "lan:NAME", else a client's name or the digits of its DUID.
dhcp6::LeaseSelection lease_selection(std::string_view text);
std::string released_json(const std::vector<dhcp6::LeaseEvent>& released);

}  // namespace sixgate::daemon
