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

// The P flag (RFC 9762) is a promise of "a DHCPv6 server capable of making delegations to every device on the
// network" (section 5, RFC 9663 section 7): it is only said while the next one who asks can have a /64 to itself.
// What was delegated stays when it is taken back. Who knows nothing of P asks where M or O is set: O is said beside
// it, full or not, since it stands for the server's settings too.
void settle_delegation_flags(ra::Advertisement& said, const dhcp6::ServerLink& link,
                             const House& house, Instant now);

}  // namespace sixgate::daemon
