// SPDX-License-Identifier: Apache-2.0
// Why a Router Advertisement says what it says: each field in words, with a reason where it is not simply
// what the configuration has.
#pragma once

#include <string>
#include <vector>

#include "conf/config.h"
#include "daemon/desired_state.h"
#include "daemon/status.h"

namespace sixgate::daemon {

// `not_default`: why we are no default router; empty when we are one. `link_mtu`: the LAN's own.
std::vector<StatusField> explain(const ra::RouterAdvertisement& next, const conf::LanConfig& config,
                                 const std::vector<LanPrefix>& prefixes, std::uint32_t link_mtu,
                                 const std::string& not_default);

}  // namespace sixgate::daemon
