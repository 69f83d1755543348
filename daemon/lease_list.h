// SPDX-License-Identifier: Apache-2.0
// What `sixgate leases` shows: every lease of the DHCPv6 server as JSON (schema 1, stable as that of status).
#pragma once

#include <string>

#include "dhcp6/server.h"
#include "net/time.h"

namespace sixgate::daemon {

std::string leases_json(const dhcp6::Server& server, Instant now);

}  // namespace sixgate::daemon
