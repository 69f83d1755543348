// SPDX-License-Identifier: Apache-2.0
// One step from what the kernel has to what it should have. Each is idempotent; their order in a
// ChangeSet is make before break (reconcile.h).
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "daemon/kernel_state.h"
#include "firewall/ruleset.h"

namespace sixgate::daemon {

struct PutAddress {  // create, or replace the lifetimes of the same address without a gap
  KernelAddress address;
  bool operator==(const PutAddress&) const = default;
};
struct RemoveAddress {
  KernelAddress address;
  bool operator==(const RemoveAddress&) const = default;
};
struct PutRoute {  // create or replace
  KernelRoute route;
  bool operator==(const PutRoute&) const = default;
};
struct RemoveRoute {
  KernelRoute route;
  bool operator==(const RemoveRoute&) const = default;
};
struct PutRule {
  KernelRule rule;
  bool operator==(const PutRule&) const = default;
};
struct RemoveRule {
  KernelRule rule;
  bool operator==(const RemoveRule&) const = default;
};
struct PutKnock {  // there is none of this address and SPI
  KernelKnock knock;
  bool operator==(const PutKnock&) const = default;
};
struct RemoveKnock {
  KernelKnock knock;
  bool operator==(const RemoveKnock&) const = default;
};
struct PutKnockPolicy {
  KernelKnockPolicy policy;
  bool operator==(const PutKnockPolicy&) const = default;
};
struct RemoveKnockPolicy {
  KernelKnockPolicy policy;
  bool operator==(const RemoveKnockPolicy&) const = default;
};
struct SetSysctl {
  std::string key;  // as in KernelState::sysctls
  std::string value;
  bool operator==(const SetSysctl&) const = default;
};
// Asynchronous in daemon/io: what follows in the set waits for its end, good or bad. Forwarding is never in
// a set before a rule set is known to be in place (reconcile.h).
struct ApplyFirewall {
  firewall::Ruleset ruleset;
  bool operator==(const ApplyFirewall&) const = default;
};

using Change =
    std::variant<PutAddress, RemoveAddress, PutRoute, RemoveRoute, PutRule, RemoveRule, PutKnock,
                 RemoveKnock, PutKnockPolicy, RemoveKnockPolicy, SetSysctl, ApplyFirewall>;
using ChangeSet = std::vector<Change>;

struct ChangeFailure {
  std::size_t index = 0;  // into the ChangeSet
  std::string reason;     // the kernel's words
  bool operator==(const ChangeFailure&) const = default;
};

// What became of a ChangeSet: each change is attempted, and took effect when it is not among the failures.
struct ChangeOutcome {
  ChangeSet changes;
  std::vector<ChangeFailure> failures;  // ordered by index
};

// "put address 2001:db8::1/64 on lan0": for logs.
std::string to_string(const Change& change);

}  // namespace sixgate::daemon
