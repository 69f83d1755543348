// SPDX-License-Identifier: Apache-2.0
// What the DHCPv6 server serves on one LAN, derived like everything else from what is known of the house.
#pragma once

#include "daemon/desired_state.h"
#include "daemon/services.h"
#include "dhcp6/server_scope.h"

namespace sixgate::daemon {

// `services` is what the providers tell. `said` is the LAN's Router Advertisement: hosts hear the same of both.
dhcp6::ServerLink server_link(const House& house, const Services& services, const LanView& lan,
                              const ra::Advertisement& said, Instant now);

}  // namespace sixgate::daemon
