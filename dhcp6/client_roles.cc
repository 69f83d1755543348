// SPDX-License-Identifier: Apache-2.0
// The roles of a client's IA_PDs: several where only /64s are to be had, another one when a wider prefix takes the
// place of a held one.
#include <algorithm>

#include "dhcp6/client_bindings.h"

namespace sixgate::dhcp6 {
namespace {

bool is_delegation(const Association& ia, Role role) {
  return ia.type == AssociationType::kPrefixes && ia.role == role;
}

template <class Associations>
auto* first_with(Associations& all, Role role) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& ia) { return is_delegation(ia, role); });
  return found == all.end() ? nullptr : &*found;
}

// What is not renewed is given back while it is still ours to give.
constexpr Duration kBeforeTheEnd = seconds(10);

void retire(Association& ia, const std::optional<Duid>& server, const DelegationPolicy& policy,
            Instant now) {
  ia.role = Role::kRetiring;
  ia.retired_from = server;
  ia.release_at = now + policy.retire_after;
  for (HeldLease& lease : ia.leases) {
    lease.bound = false;  // nobody renews it
    lease.preferred_until = std::min(lease.preferred_until, now);
    if (!lease.valid_until.is_never())
      ia.release_at = std::min(ia.release_at, lease.valid_until - kBeforeTheEnd);
  }
}

}  // namespace

const Association* Bindings::main_delegation() const {
  return first_with(associations_, Role::kWanted);
}

const Association* Bindings::spare_delegation() const {
  return first_with(associations_, Role::kSpare);
}

unsigned Bindings::wanted_delegations() const {
  return static_cast<unsigned>(
      std::count_if(associations_.begin(), associations_.end(),
                    [](const Association& ia) { return is_delegation(ia, Role::kWanted); }));
}

void Bindings::want_delegations(unsigned count) {
  if (spares_.empty()) return;
  count = std::max(count, 1U);
  unsigned wanted = wanted_delegations();
  while (wanted < count) {
    Association* spare = first_with(associations_, Role::kSpare);
    if (!spare) break;
    spare->role = Role::kWanted;
    ++wanted;
  }
  for (auto ia = associations_.rbegin(); ia != associations_.rend() && wanted > count; ++ia) {
    if (!is_delegation(*ia, Role::kWanted) || !ia->leases.empty()) continue;
    ia->role = Role::kSpare;
    --wanted;
  }
}

void Bindings::reset_roles() {
  for (Association& ia : associations_) {
    if (ia.type != AssociationType::kPrefixes || !ia.leases.empty()) continue;
    const bool spare = std::find(spares_.begin(), spares_.end(), ia.iaid) != spares_.end();
    ia.role = spare ? Role::kSpare : Role::kWanted;
  }
}

// A stored lease does not say which of its IA_PDs was wanted: it may have been stored at any moment of an upgrade.
void Bindings::assign_roles(const std::optional<Duid>& server, const DelegationPolicy& policy,
                            Instant now) {
  const unsigned widest = widest_delegation();
  if (spares_.empty() || widest > 128) return;
  const unsigned wanted = widest == 64 ? std::max(policy.slash64s, 1U) : 1;
  unsigned kept = 0;
  for (Association& ia : associations_) {
    if (ia.type != AssociationType::kPrefixes) continue;
    if (ia.leases.empty()) {
      ia.role = Role::kSpare;
    } else if (ia.widest() == widest && kept < wanted) {
      ia.role = Role::kWanted;
      ++kept;
    } else {
      retire(ia, server, policy, now);
    }
  }
  want_delegations(wanted);
}

void Bindings::replace_delegations(std::uint32_t iaid, const std::optional<Duid>& server,
                                   const DelegationPolicy& policy, Instant now) {
  for (Association& ia : associations_) {
    if (ia.type != AssociationType::kPrefixes) continue;
    if (ia.iaid == iaid) {
      ia.role = Role::kWanted;
    } else if (ia.role == Role::kWanted && ia.leases.empty()) {
      ia.role = Role::kSpare;
    } else if (ia.role == Role::kWanted) {
      retire(ia, server, policy, now);
    }
  }
}

Instant Bindings::next_release() const {
  Instant at = Instant::never();
  for (const Association& ia : associations_) {
    if (is_delegation(ia, Role::kRetiring)) at = std::min(at, ia.release_at);
  }
  return at;
}

Association Bindings::give_up(Instant now) {
  for (Association& ia : associations_) {
    if (!is_delegation(ia, Role::kRetiring) || ia.release_at > now) continue;
    Association released = ia;
    ia.leases.clear();
    ia.role = Role::kSpare;
    return released;
  }
  return {};
}

}  // namespace sixgate::dhcp6
