// SPDX-License-Identifier: Apache-2.0
// What the Router Advertisements of one LAN are to say, derived like everything else by a pure function.
#pragma once

#include "daemon/desired_state.h"

namespace sixgate::daemon {

// `services`: what the providers tell. `default_route`: there is a way to the Internet.
ra::Advertisement advertisement_for(const House& house, const Services& services,
                                    const LanView& lan, bool default_route, Instant now);

}  // namespace sixgate::daemon
