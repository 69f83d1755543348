// SPDX-License-Identifier: Apache-2.0
// What the client writes (RFC 9915 sections 18.2.1 to 18.2.8). Each transmission is composed anew, for the
// elapsed time grows and leases expire between two of them (section 15).
#pragma once

#include <cstdint>
#include <vector>

#include "dhcp6/client_bindings.h"
#include "dhcp6/client_discovery.h"
#include "dhcp6/client_exchange.h"
#include "dhcp6/client_parameters.h"
#include "dhcp6/message.h"

namespace sixgate::dhcp6 {

// The Option Request option of a message (section 21.7): ascending, without what it must not hold.
// `name`: the message says ours, and the server's word on it is wanted.
OptionRequest option_request(const ClientParameters& parameters, MessageType type, bool name);

// A message of `exchange` as of `now`. `associations` are those it is about (for Release and Decline: what is
// given back). `offer` fills a Request; without one it names what is held. With `name_leases` false the
// message asks for no particular address or prefix (section 18.2.10.1, NotOnLink).
Message compose(const ClientParameters& parameters, const Exchange& exchange,
                const std::vector<Association>& associations, const Offer* offer, bool name_leases,
                Instant now);

}  // namespace sixgate::dhcp6
