// SPDX-License-Identifier: Apache-2.0
// The pure difference between what is wanted and what the kernel has.
#pragma once

#include <optional>
#include <span>

#include "daemon/change.h"
#include "daemon/desired_state.h"
#include "daemon/kernel_state.h"

namespace sixgate::daemon {

// Kernel lifetimes are whole seconds read at a moment of their own: closer than this is the same.
inline constexpr Duration kLifetimeTolerance = seconds(2);

// Changes that turn `kernel` into `desired`, make before break: unreachable routes, addresses, on-link
// routes, the firewall (when `applied_ruleset` is not the wanted one), then, only when a rule set is known to be
// in place, forwarding and routes to gateways; then, with `Removal::kAllowed`, what is no longer wanted, in the
// reverse order. IPsec knocks come before the firewall too: they let nothing pass that it does not. Objects that are
// not ours are neither changed nor removed.
enum class Removal : std::uint8_t { kAllowed, kWithheld };
ChangeSet difference(const DesiredState& desired, const KernelState& kernel,
                     const std::optional<firewall::Ruleset>& applied_ruleset, Removal removal,
                     Instant now);

// What the kernel has after `change` took effect; or all of them, in this order.
void apply(const Change& change, KernelState& kernel);
void apply_all(std::span<const Change> changes, KernelState& kernel);

}  // namespace sixgate::daemon
