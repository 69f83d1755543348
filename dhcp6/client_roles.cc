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

}  // namespace

const Association* Bindings::main_delegation() const {
  return first_with(associations_, Role::kWanted);
}

const Association* Bindings::spare_delegation() const {
  return first_with(associations_, Role::kSpare);
}

const Association* Bindings::delegation(std::uint32_t iaid) const {
  const auto found =
      std::find_if(associations_.begin(), associations_.end(), [&](const Association& ia) {
        return ia.type == AssociationType::kPrefixes && ia.iaid == iaid;
      });
  return found == associations_.end() ? nullptr : &*found;
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
void Bindings::assign_roles(unsigned slash64s, Instant now) {
  const unsigned widest = widest_delegation();
  if (spares_.empty() || widest > 128) return;
  const unsigned wanted = widest == 64 ? slash64s : 1;
  unsigned kept = 0;
  for (Association& ia : associations_) {
    if (ia.type != AssociationType::kPrefixes) continue;
    if (ia.leases.empty()) {
      ia.role = Role::kSpare;
    } else if (ia.widest() == widest && kept < std::max(wanted, 1U)) {
      ia.role = Role::kWanted;
      ++kept;
    } else {
      retire(ia.iaid, now);
    }
  }
  want_delegations(wanted);
}

std::vector<std::uint32_t> Bindings::replace_delegations(std::uint32_t iaid, Instant now) {
  std::vector<std::uint32_t> retired;
  for (Association& ia : associations_) {
    if (!is_delegation(ia, Role::kWanted) || ia.iaid == iaid) continue;
    if (ia.leases.empty()) {
      ia.role = Role::kSpare;
    } else {
      retire(ia.iaid, now);
      retired.push_back(ia.iaid);
    }
  }
  if (Association* ours = find(AssociationType::kPrefixes, iaid)) ours->role = Role::kWanted;
  return retired;
}

void Bindings::retire(std::uint32_t iaid, Instant now) {
  Association* ia = find(AssociationType::kPrefixes, iaid);
  if (!ia) return;
  ia->role = Role::kRetiring;
  for (HeldLease& lease : ia->leases) {
    lease.bound = false;  // nobody renews it
    lease.preferred_until = std::min(lease.preferred_until, now);
  }
}

Association Bindings::give_up(std::uint32_t iaid) {
  Association* ia = find(AssociationType::kPrefixes, iaid);
  if (!ia || ia->role != Role::kRetiring) return {};
  Association released = *ia;
  ia->leases.clear();
  ia->role = Role::kSpare;
  return released;
}

}  // namespace sixgate::dhcp6
