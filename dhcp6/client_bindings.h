// SPDX-License-Identifier: Apache-2.0
// Bindings: the identity associations of a client with the leases in them, and how a Reply changes them (RFC
// 9915 section 18.2.10.1). Knows lifetimes and statuses, but no exchange and no timer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dhcp6/client_lease.h"
#include "dhcp6/client_parameters.h"
#include "dhcp6/message.h"
#include "net/log.h"
#include "net/prefix.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

// IA_NA and IA_PD behave alike; an address is treated as the prefix of 128 bits that it is.
enum class AssociationType : std::uint8_t { kAddresses, kPrefixes };

// A lease as a server wrote it, found fit for use.
struct OfferedLease {
  Prefix prefix;
  Lifetime preferred;
  Lifetime valid;  // not zero
  std::optional<Prefix> excluded;
  bool operator==(const OfferedLease&) const = default;
};

// An IA as a server wrote it.
struct OfferedAssociation {
  AssociationType type = AssociationType::kAddresses;
  std::uint32_t iaid = 0;
  Lifetime t1;
  Lifetime t2;
  Status status = Status::kSuccess;
  std::vector<OfferedLease> leases;  // none when the status is a failure
  std::vector<Prefix> withdrawn;     // those with valid lifetime 0
  unsigned widest() const;           // the length of the widest lease; 129 when there is none
  bool operator==(const OfferedAssociation&) const = default;
};

// The IAs of a server's message that may be used; what may not is left out, with a line for the log:
// - an IA with 0 < T2 < T1 (21.4, 21.21);
// - an address or prefix with preferred > valid (21.6, 21.22), with a status of its own that is a failure,
//   or that no host or LAN could have (multicast, link-local, ::/48, longer than `longest_prefix`);
// - a second IA with the same IAID.
std::vector<OfferedAssociation> read_associations(const Options& options, unsigned longest_prefix,
                                                  LogLines& log);

struct HeldLease {
  Prefix prefix;
  Instant preferred_until;
  Instant valid_until;
  std::optional<Prefix> excluded;
  // The server we talk to has it on record. A lease that is not bound any more stays in use until its own
  // end, or until its IA gets another, but is not named in a Renew.
  bool bound = true;
  bool operator==(const HeldLease&) const = default;
};

// What an IA is there for.
enum class Role : std::uint8_t {
  kWanted,    // asked for, and renewed
  kSpare,     // not asked for: its IAID is kept for when it is
  kRetiring,  // its leases are in use, deprecated, until they end or are released; not renewed
};

struct Association {
  AssociationType type = AssociationType::kAddresses;
  std::uint32_t iaid = 0;
  Role role = Role::kWanted;
  std::optional<Prefix> hint;
  Instant renew_at = Instant::never();   // T1
  Instant rebind_at = Instant::never();  // T2
  // When it is retiring: to whom its leases go back, and when.
  std::optional<Duid> retired_from;
  Instant release_at = Instant::never();
  std::vector<HeldLease> leases;  // ordered by prefix
  bool has_bound() const;
  unsigned widest() const;  // the length of the widest lease; 129 when there is none
  bool operator==(const Association&) const = default;
};

// What a Reply did.
struct ReplyEffect {
  bool obtained = false;     // at least one lease was given or extended
  bool withdrawn = false;    // at least one was taken back
  bool no_binding = false;   // an IA we hold is not on the server's record
  bool not_on_link = false;  // an IA has this status
};

class Bindings {
 public:
  Bindings() = default;
  explicit Bindings(const ClientParameters& parameters);

  // Takes over what a stored lease has in the IAs we still have. `now` drops what has expired. Of the IA_PDs
  // that hold something the one with the widest prefix is wanted and the others retire, or as many as the
  // house has use for where all are /64s.
  void restore(const Lease& stored, const DelegationPolicy& policy, Instant now);
  // A Reply to Solicit, Request, Renew or Rebind.
  ReplyEffect apply(const std::vector<OfferedAssociation>& offered, Instant now, LogLines& log);
  // The server has none of it on record (NoBinding for the message as a whole, or discovery begins again).
  void unbind();
  // Forgets everything held.
  void clear();
  // True when something expired.
  bool expire(Instant now);
  // True when the address was held.
  bool remove(const Ip6Address& address);

  bool empty() const;
  bool has_bound() const;
  bool has_prefixes() const;
  // A delegated prefix that is in use, bound or not.
  bool holds(const Prefix& delegated) const;
  // The length of the widest bound delegated prefix; 129 when there is none.
  unsigned widest_delegation() const;
  // An IA that holds a lease and whose T1 (T2) is over.
  bool renewal_overdue(Instant now) const;
  bool rebinding_overdue(Instant now) const;
  // The earliest T1 (T2) of all IAs with bound leases (18.2.4) that is later than `after`.
  Instant renew_at(std::optional<Instant> after = std::nullopt) const;
  Instant rebind_at(std::optional<Instant> after = std::nullopt) const;
  std::optional<Instant> next_expiry() const;

  // So many IA_PDs are wanted, at least one: spare ones are added, empty ones are spare again. Nothing changes
  // where there are no spare ones.
  void want_delegations(unsigned count);
  // The IA_PDs that the parameters name are wanted, as at the start; what is held goes on as it is.
  void reset_roles();
  // The IA_PD that comes first of those wanted; null where no prefix is asked for.
  const Association* main_delegation() const;
  unsigned wanted_delegations() const;
  // An IA_PD that is free to be asked for; null when there is none.
  const Association* spare_delegation() const;
  // This IA_PD takes the place of all others, which retire: in use, deprecated, and after a while, but before they
  // end, to be given back to `server`.
  void replace_delegations(std::uint32_t iaid, const std::optional<Duid>& server,
                           const DelegationPolicy& policy, Instant now);
  Instant next_release() const;  // of a retiring IA_PD
  // One whose time has come is spare again; what it held.
  Association give_up(Instant now);

  const std::vector<Association>& associations() const { return associations_; }
  // Addresses and prefixes of a lease, with the earliest T1 and T2.
  void fill(Lease& lease) const;
  std::string describe() const;  // "2001:db8::1, 2001:db8:100::/56"

 private:
  Association* find(AssociationType type, std::uint32_t iaid);
  void assign_roles(const std::optional<Duid>& server, const DelegationPolicy& policy, Instant now);
  void take(Association& association, const OfferedAssociation& offered, Instant now,
            LogLines& log);

  std::vector<Association> associations_;
  std::vector<std::uint32_t> spares_;
};

// T1 and T2 of an IA as seconds from reception, with the client's own choice where the server left it to the
// client (0, section 14.2) or set it beyond the end of the leases. Never zero, T1 <= T2.
struct RenewalTimes {
  Lifetime t1;
  Lifetime t2;
  bool operator==(const RenewalTimes&) const = default;
};
RenewalTimes choose_renewal_times(Lifetime t1, Lifetime t2,
                                  const std::vector<OfferedLease>& leases);

}  // namespace sixgate::dhcp6
