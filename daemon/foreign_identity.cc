// SPDX-License-Identifier: Apache-2.0
#include "daemon/foreign_identity.h"

#include <algorithm>

namespace sixgate::daemon {

Lifetime left_of(Lifetime lifetime, std::int64_t since, std::int64_t now) {
  if (lifetime.is_infinite() || since >= now) return lifetime;
  const std::int64_t gone = now - since;
  if (gone >= lifetime.count()) return Lifetime(0);
  return Lifetime(lifetime.count() - static_cast<std::uint32_t>(gone));
}

void adopt(StoredState& state, const std::string& uplink, const ForeignIdentity& identity,
           Instant now, std::int64_t wall) {
  if (identity.duid && state.duid != identity.duid) {
    // What was leased to somebody else is not ours any more.
    state.duid = identity.duid;
    state.leases.clear();
  }
  state.leases.erase(uplink);
  // An uplink numbers its IAs of both types from one IAID, and it is the prefix that a house must keep.
  const auto iaid = identity.delegation_iaid ? identity.delegation_iaid : identity.address_iaid;
  if (iaid) state.iaids[uplink] = *iaid;

  dhcp6::Lease lease;
  lease.server = identity.server;
  lease.stateful = true;
  for (const ForeignLease& one : identity.leases) {
    const std::int64_t since = one.since.value_or(wall);
    const Lifetime valid = left_of(one.valid, since, wall);
    if (valid.is_zero() || (!one.delegated && one.iaid != iaid)) continue;
    const Instant valid_until = expiry(now, valid);
    const Instant preferred_until =
        expiry(now, std::min(left_of(one.preferred, since, wall), valid));
    if (one.delegated) {
      lease.prefixes.push_back({one.iaid, one.prefix, preferred_until, valid_until, {}});
    } else {
      lease.addresses.push_back({one.iaid, one.prefix.address(), preferred_until, valid_until});
    }
  }
  if (!lease.empty()) state.leases[uplink] = std::move(lease);
}

}  // namespace sixgate::daemon
