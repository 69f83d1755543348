// SPDX-License-Identifier: Apache-2.0
// The IPsec knock of the configuration as the kernel and the firewall need it: on each address of an uplink, for
// what that uplink delegates, so that it moves with a renumbering.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "daemon/desired_state.h"
#include "daemon/stored_state.h"

namespace sixgate::daemon {

// Fills in knocks, knock_policies and the knocks of the rule set. The addresses of the uplinks are there already.
void derive_knock(const House& house, DesiredState& out, Instant now);

// What the kernel has seen of senders, beside what was kept of those that it does not know any more. `secret` hides which
// key it was.
std::vector<StoredKnock> knocks_to_keep(std::vector<StoredKnock> kept,
                                        const std::vector<KernelKnock>& there,
                                        std::span<const std::uint8_t> secret);
// Of what was kept of them nothing is taken a second time.
void recall_knocks(std::vector<KernelKnock>& wanted, const std::vector<StoredKnock>& kept,
                   std::span<const std::uint8_t> secret);

// {"schema":1,"client":"..."}: what `sixgate knock client-config` shows, knock_client_text().
std::string knock_json(const std::vector<KernelKnock>& knocks);
// {"schema":1,"reset":2}
std::string knock_reset_json(std::size_t tunnels);

// The commands that make a Linux machine the other end, with the key left to its owner; of each tunnel one.
std::string knock_client_text(const std::vector<KernelKnock>& knocks);

}  // namespace sixgate::daemon
