// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/client_bindings.h"

#include <algorithm>
#include <type_traits>

#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

// A server that adds leases with each Renew does not fill the memory.
constexpr std::size_t kMaxLeases = 32;

const char* name_of(AssociationType type) {
  switch (type) {
    case AssociationType::kAddresses:
      return "IA_NA ";
    case AssociationType::kPrefixes:
      return "IA_PD ";
  }
  return "";
}

std::string to_string(AssociationType type, const Prefix& prefix) {
  switch (type) {
    case AssociationType::kAddresses:
      return prefix.address().to_string();
    case AssociationType::kPrefixes:
      return prefix.to_string();
  }
  return {};
}

void note(LogLines& log, std::string text) { log.push_back({LogLevel::kDebug, std::move(text)}); }

// Why a lease cannot be used at all; null when it can.
const char* unusable(AssociationType type, const Prefix& prefix, unsigned longest_prefix) {
  const Ip6Address& address = prefix.address();
  if (address.is_unspecified()) return "the unspecified address";
  if (address.is_multicast()) return "multicast";
  if (address.is_link_local()) return "link-local";
  if (address.is_loopback() || address.is_v4_mapped()) return "not an address of a link";
  if (type == AssociationType::kPrefixes && prefix.length() == 0) return "length 0";
  if (type == AssociationType::kPrefixes && prefix.length() > longest_prefix) return "too long";
  return nullptr;
}

class Reader {
 public:
  Reader(unsigned longest_prefix, LogLines& log) : longest_prefix_(longest_prefix), log_(log) {}

  template <class Ia>
  void association(const Ia& ia, AssociationType type) {
    const std::string name = cat(name_of(type), ia.iaid);
    const bool again = std::any_of(read_.begin(), read_.end(), [&](const OfferedAssociation& a) {
      return a.type == type && a.iaid == ia.iaid;
    });
    if (again) return note(log_, cat(name, " comes twice: the second is ignored"));
    if (!ia.t2.is_zero() && ia.t1 > ia.t2) {
      return note(log_, cat(name, " has T1 ", ia.t1.count(), " > T2 ", ia.t2.count(), ": ignored"));
    }
    OfferedAssociation read{.type = type, .iaid = ia.iaid, .t1 = ia.t1, .t2 = ia.t2};
    read.status = status_of(ia.options);
    if constexpr (std::is_same_v<Ia, IaNa>) {
      for (const IaAddress& one : find_all<IaAddress>(ia.options)) {
        lease(read, Prefix(one.address, 128), one.preferred, one.valid, one.options);
      }
    } else {
      for (const IaPrefix& one : find_all<IaPrefix>(ia.options)) {
        lease(read, one.prefix, one.preferred, one.valid, one.options);
      }
    }
    // Section 18.2.10.1: nothing is used from an IA that reports a failure; what a server takes back, it
    // takes back.
    if (read.status != Status::kSuccess) {
      note(log_, cat(name, ": ", dhcp6::to_string(read.status)));
      read.leases.clear();
    }
    read_.push_back(std::move(read));
  }

  std::vector<OfferedAssociation> finish() { return std::move(read_); }

 private:
  void lease(OfferedAssociation& into, const Prefix& prefix, Lifetime preferred, Lifetime valid,
             const Options& options) {
    const Status status = status_of(options);
    const char* why = nullptr;
    std::string status_text;
    if (preferred > valid) {
      why = "preferred lifetime above the valid one";
    } else if (const char* reason = unusable(into.type, prefix, longest_prefix_)) {
      why = reason;
    } else if (valid.is_zero()) {
      into.withdrawn.push_back(prefix);
      return;
    } else if (offered_elsewhere(into, prefix)) {
      why = "already in another IA";
    } else if (status != Status::kSuccess) {
      status_text = dhcp6::to_string(status);
      why = status_text.c_str();
    }
    if (why) {
      note(log_, cat(name_of(into.type), into.iaid, ": ", to_string(into.type, prefix),
                     " is ignored: ", why));
      return;
    }
    OfferedLease one{.prefix = prefix, .preferred = preferred, .valid = valid};
    if (const PdExclude* exclude = find<PdExclude>(options);
        exclude && into.type == AssociationType::kPrefixes) {
      one.excluded = exclude->excluded(prefix);
      if (!one.excluded) note(log_, cat("the exclusion in ", prefix, " is ignored: not inside"));
    }
    into.leases.push_back(std::move(one));
  }

  // One prefix in two IAs would be given to two LANs.
  bool offered_elsewhere(const OfferedAssociation& here, const Prefix& prefix) const {
    for (const OfferedAssociation& other : read_) {
      if (other.type != here.type) continue;
      for (const OfferedLease& lease : other.leases) {
        if (lease.prefix == prefix) return true;
      }
    }
    return false;
  }

  unsigned longest_prefix_;
  LogLines& log_;
  std::vector<OfferedAssociation> read_;
};

template <class Lease>
unsigned widest_of(const std::vector<Lease>& leases) {
  unsigned length = 129;
  for (const Lease& lease : leases) length = std::min(length, lease.prefix.length());
  return length;
}

std::uint32_t share(std::uint64_t seconds, std::uint64_t numerator, std::uint64_t denominator) {
  return static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(seconds * numerator / denominator, 1, 0xfffffffe));
}

}  // namespace

std::vector<OfferedAssociation> read_associations(const Options& options, unsigned longest_prefix,
                                                  LogLines& log) {
  Reader reader(longest_prefix, log);
  for (const IaNa& ia : find_all<IaNa>(options)) {
    reader.association(ia, AssociationType::kAddresses);
  }
  for (const IaPd& ia : find_all<IaPd>(options)) {
    reader.association(ia, AssociationType::kPrefixes);
  }
  return reader.finish();
}

// Sections 14.2 and 21.4: where a time is left to us we take 0.5 and 0.8 of the shortest preferred lifetime
// that is being extended. Section 18.2.4 lets us be earlier than told, so times beyond the shortest valid
// lifetime, at which nothing would be left to renew, are chosen anew as well. Infinity is left alone: the
// server does not wish to be asked (section 7.7).
RenewalTimes choose_renewal_times(Lifetime t1, Lifetime t2,
                                  const std::vector<OfferedLease>& leases) {
  Lifetime preferred = Lifetime::infinite();
  Lifetime valid = Lifetime::infinite();
  for (const OfferedLease& lease : leases) {
    if (!lease.preferred.is_zero()) preferred = std::min(preferred, lease.preferred);
    valid = std::min(valid, lease.valid);
  }
  const Lifetime base = std::min(preferred, valid);
  const auto own = [&](std::uint64_t numerator, std::uint64_t denominator) {
    return base.is_infinite() ? base : Lifetime(share(base.count(), numerator, denominator));
  };
  if (!t1.is_infinite() && t1 >= valid) t1 = Lifetime(0);
  if (!t2.is_infinite() && t2 > valid) t2 = Lifetime(0);
  if (t1.is_zero()) {
    t1 = own(1, 2);
    if (!t2.is_zero() && t1 > t2) t1 = t2.is_infinite() ? t1 : Lifetime(share(t2.count(), 5, 8));
  }
  if (t2.is_zero()) {
    t2 = own(4, 5);
    // T2 left to us after a late T1: between T1 and the end.
    if (t2 < t1) t2 = t1.is_infinite() ? t1 : std::min(Lifetime(share(t1.count(), 8, 5)), valid);
  }
  return {t1, t2};
}

bool Association::has_bound() const {
  return std::any_of(leases.begin(), leases.end(), [](const HeldLease& l) { return l.bound; });
}

unsigned OfferedAssociation::widest() const { return widest_of(leases); }
unsigned Association::widest() const { return widest_of(leases); }

Bindings::Bindings(const ClientParameters& parameters) {
  if (parameters.address_iaid) {
    associations_.push_back(
        {.type = AssociationType::kAddresses, .iaid = *parameters.address_iaid});
  }
  for (const DelegationRequest& request : parameters.delegations) {
    if (find(AssociationType::kPrefixes, request.iaid)) continue;  // section 12: IAIDs are unique
    associations_.push_back(
        {.type = AssociationType::kPrefixes, .iaid = request.iaid, .hint = request.hint});
  }
  for (const std::uint32_t iaid : parameters.spare_iaids) {
    if (!main_delegation() || find(AssociationType::kPrefixes, iaid)) continue;
    associations_.push_back(
        {.type = AssociationType::kPrefixes, .iaid = iaid, .role = Role::kSpare});
    spares_.push_back(iaid);
  }
}

Association* Bindings::find(AssociationType type, std::uint32_t iaid) {
  for (Association& one : associations_) {
    if (one.type == type && one.iaid == iaid) return &one;
  }
  return nullptr;
}

void Bindings::restore(const Lease& stored, const DelegationPolicy& policy, Instant now) {
  const auto put = [&](AssociationType type, std::uint32_t iaid, HeldLease lease) {
    Association* ia = find(type, iaid);
    if (!ia || lease.valid_until <= now || ia->leases.size() >= kMaxLeases) return;
    ia->renew_at = stored.renew_at;
    ia->rebind_at = stored.rebind_at;
    ia->leases.push_back(std::move(lease));
  };
  for (const LeasedAddress& one : stored.addresses) {
    put(AssociationType::kAddresses, one.iaid,
        {Prefix(one.address, 128), one.preferred_until, one.valid_until, std::nullopt});
  }
  for (const LeasedPrefix& one : stored.prefixes) {
    put(AssociationType::kPrefixes, one.iaid,
        {one.prefix, one.preferred_until, one.valid_until, one.excluded});
  }
  for (Association& ia : associations_) {
    std::sort(ia.leases.begin(), ia.leases.end(),
              [](const HeldLease& a, const HeldLease& b) { return a.prefix < b.prefix; });
  }
  assign_roles(stored.server, policy, now);
}

ReplyEffect Bindings::apply(const std::vector<OfferedAssociation>& offered, Instant now,
                            LogLines& log) {
  ReplyEffect effect;
  for (const OfferedAssociation& theirs : offered) {
    Association* ours = find(theirs.type, theirs.iaid);
    if (!ours) {
      note(log, cat(name_of(theirs.type), theirs.iaid, " is ignored: not ours"));
      continue;
    }
    const std::size_t taken_back = std::erase_if(ours->leases, [&](const HeldLease& held) {
      return std::find(theirs.withdrawn.begin(), theirs.withdrawn.end(), held.prefix) !=
             theirs.withdrawn.end();
    });
    effect.withdrawn = effect.withdrawn || taken_back > 0;
    effect.not_on_link = effect.not_on_link || theirs.status == Status::kNotOnLink;
    if (theirs.status == Status::kNoBinding) {
      effect.no_binding = true;
      for (HeldLease& held : ours->leases) held.bound = false;
    }
    if (theirs.leases.empty()) continue;
    take(*ours, theirs, now, log);
    effect.obtained = true;
  }
  return effect;
}

// Section 18.2.10.1: adds new leases, updates those that are named, leaves the others alone.
void Bindings::take(Association& association, const OfferedAssociation& offered, Instant now,
                    LogLines& log) {
  for (const OfferedLease& lease : offered.leases) {
    // It may have been in another of our IAs until now.
    for (Association& other : associations_) {
      if (&other == &association || other.type != association.type) continue;
      if (std::erase_if(other.leases,
                        [&](const HeldLease& l) { return l.prefix == lease.prefix; })) {
        note(log, cat(to_string(other.type, lease.prefix), " moves from ", name_of(other.type),
                      other.iaid, " to ", association.iaid));
      }
    }
    const HeldLease held{lease.prefix, expiry(now, lease.preferred), expiry(now, lease.valid),
                         lease.excluded};
    const auto at = std::lower_bound(
        association.leases.begin(), association.leases.end(), lease.prefix,
        [](const HeldLease& l, const Prefix& prefix) { return l.prefix < prefix; });
    if (at != association.leases.end() && at->prefix == lease.prefix) {
      *at = held;
    } else if (association.leases.size() < kMaxLeases) {
      association.leases.insert(at, held);
    } else {
      note(log, cat(to_string(association.type, lease.prefix), " is ignored: too many leases"));
    }
  }
  // What an earlier server gave has done its service (18.2.13).
  std::erase_if(association.leases, [](const HeldLease& l) { return !l.bound; });
  const RenewalTimes times = choose_renewal_times(offered.t1, offered.t2, offered.leases);
  association.renew_at = expiry(now, times.t1);
  association.rebind_at = expiry(now, times.t2);
}

void Bindings::unbind() {
  for (Association& ia : associations_) {
    for (HeldLease& lease : ia.leases) lease.bound = false;
  }
}

void Bindings::clear() {
  for (Association& ia : associations_) {
    ia.leases.clear();
    ia.renew_at = ia.rebind_at = Instant::never();
  }
}

bool Bindings::expire(Instant now) {
  std::size_t expired = 0;
  for (Association& ia : associations_) {
    expired += std::erase_if(ia.leases, [&](const HeldLease& l) { return l.valid_until <= now; });
    if (ia.role == Role::kRetiring && ia.leases.empty()) ia.role = Role::kSpare;
  }
  return expired > 0;
}

bool Bindings::remove(const Ip6Address& address) {
  const Prefix prefix(address, 128);
  std::size_t removed = 0;
  for (Association& ia : associations_) {
    if (ia.type != AssociationType::kAddresses) continue;
    removed += std::erase_if(ia.leases, [&](const HeldLease& l) { return l.prefix == prefix; });
  }
  return removed > 0;
}

bool Bindings::empty() const {
  return std::all_of(associations_.begin(), associations_.end(),
                     [](const Association& ia) { return ia.leases.empty(); });
}

bool Bindings::has_bound() const {
  return std::any_of(associations_.begin(), associations_.end(),
                     [](const Association& ia) { return ia.has_bound(); });
}

bool Bindings::has_prefixes() const {
  return std::any_of(associations_.begin(), associations_.end(), [](const Association& ia) {
    return ia.type == AssociationType::kPrefixes && !ia.leases.empty();
  });
}

bool Bindings::holds(const Prefix& delegated) const {
  return std::any_of(associations_.begin(), associations_.end(), [&](const Association& ia) {
    return ia.type == AssociationType::kPrefixes &&
           std::any_of(ia.leases.begin(), ia.leases.end(),
                       [&](const HeldLease& lease) { return lease.prefix == delegated; });
  });
}

unsigned Bindings::widest_delegation() const {
  unsigned length = 129;
  for (const Association& ia : associations_) {
    if (ia.type == AssociationType::kPrefixes && ia.has_bound())
      length = std::min(length, ia.widest());
  }
  return length;
}

bool Bindings::renewal_overdue(Instant now) const {
  return std::any_of(associations_.begin(), associations_.end(),
                     [&](const Association& ia) { return ia.has_bound() && ia.renew_at <= now; });
}

bool Bindings::rebinding_overdue(Instant now) const {
  return std::any_of(associations_.begin(), associations_.end(),
                     [&](const Association& ia) { return ia.has_bound() && ia.rebind_at <= now; });
}

Instant Bindings::renew_at(std::optional<Instant> after) const {
  Instant at = Instant::never();
  for (const Association& ia : associations_) {
    if (ia.has_bound() && (!after || ia.renew_at > *after)) at = std::min(at, ia.renew_at);
  }
  return at;
}

Instant Bindings::rebind_at(std::optional<Instant> after) const {
  Instant at = Instant::never();
  for (const Association& ia : associations_) {
    if (ia.has_bound() && (!after || ia.rebind_at > *after)) at = std::min(at, ia.rebind_at);
  }
  return at;
}

std::optional<Instant> Bindings::next_expiry() const {
  Instant at = Instant::never();
  for (const Association& ia : associations_) {
    for (const HeldLease& lease : ia.leases) at = std::min(at, lease.valid_until);
  }
  return at.is_never() ? std::nullopt : std::optional(at);
}

void Bindings::fill(Lease& lease) const {
  lease.addresses.clear();
  lease.prefixes.clear();
  for (const Association& ia : associations_) {
    for (const HeldLease& held : ia.leases) {
      switch (ia.type) {
        case AssociationType::kAddresses:
          lease.addresses.push_back(
              {ia.iaid, held.prefix.address(), held.preferred_until, held.valid_until});
          break;
        case AssociationType::kPrefixes:
          lease.prefixes.push_back(
              {ia.iaid, held.prefix, held.preferred_until, held.valid_until, held.excluded});
          break;
      }
    }
  }
  std::sort(lease.prefixes.begin(), lease.prefixes.end(),
            [](const LeasedPrefix& a, const LeasedPrefix& b) {
              return a.iaid != b.iaid ? a.iaid < b.iaid : a.prefix < b.prefix;
            });
  lease.renew_at = renew_at();
  lease.rebind_at = rebind_at();
}

std::string Bindings::describe() const {
  std::string text;
  for (const Association& ia : associations_) {
    for (const HeldLease& held : ia.leases) {
      if (!text.empty()) text += ", ";
      text += to_string(ia.type, held.prefix);
    }
  }
  return text.empty() ? "nothing" : text;
}

}  // namespace sixgate::dhcp6
