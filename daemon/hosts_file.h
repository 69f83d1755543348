// SPDX-License-Identifier: Apache-2.0
// The hosts file of a LAN: the names that DHCPv6 clients and registered addresses have, for the resolver.
#pragma once

#include <string>
#include <vector>

#include "conf/config.h"
#include "dhcp6/server.h"

namespace sixgate::daemon {

// Lines of "ADDRESS NAME.DOMAIN NAME", or unbound's local-data and local-data-ptr; sorted: the same hosts give the same
// text.
std::string hosts_text(const std::vector<dhcp6::NamedAddress>& named, const conf::LanConfig& lan);

}  // namespace sixgate::daemon
