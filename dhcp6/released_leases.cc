// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/released_leases.h"

#include <algorithm>
#include <utility>

namespace sixgate::dhcp6 {
namespace {

// A lease without an end is withheld for so long.
constexpr Duration kLongest = hours(24);

}  // namespace

void ReleasedLeases::add(ReleasedLease lease, bool tell, Instant now) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.lease.until <= now; });
  if (entries_.size() >= kMost) {
    entries_.erase(std::min_element(
        entries_.begin(), entries_.end(),
        [](const Entry& a, const Entry& b) { return a.lease.until < b.lease.until; }));
  }
  lease.until = std::min(lease.until, now + kLongest);
  // One Reconfigure makes a client ask for all that it has.
  tell = tell && std::none_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
           return entry.attempt && entry.lease.client == lease.client;
         });
  entries_.push_back(
      {std::move(lease), tell ? std::optional(ReconfigureAttempt{now}) : std::nullopt});
}

bool ReleasedLeases::knows(const Duid& client, Instant now) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.lease.until > now && entry.lease.client == client;
  });
}

bool ReleasedLeases::withholds(const Duid& client, std::string_view link,
                               std::uint64_t interface_id, Instant now) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.lease.until > now && entry.lease.interface_id == interface_id &&
           entry.lease.link == link && entry.lease.client == client;
  });
}

bool ReleasedLeases::accepts_reconfigure(const Duid& client, Instant now) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.lease.until > now && entry.lease.client == client &&
           entry.lease.accepts_reconfigure;
  });
}

std::vector<Prefix> ReleasedLeases::withheld(const Duid& client, Instant now) const {
  std::vector<Prefix> out;
  for (const Entry& entry : entries_) {
    if (entry.lease.until > now && entry.lease.client == client)
      out.insert(out.end(), entry.lease.prefixes.begin(), entry.lease.prefixes.end());
  }
  return out;
}

void ReleasedLeases::heard(const Duid& client) {
  for (Entry& entry : entries_) {
    if (entry.lease.client == client) entry.attempt.reset();
  }
}

std::vector<ReleasedLease> ReleasedLeases::due(Instant now) {
  std::vector<ReleasedLease> due;
  for (Entry& entry : entries_) {
    if (!entry.attempt || entry.attempt->next > now) continue;
    if (entry.attempt->is_last()) {
      entry.attempt.reset();
      continue;
    }
    entry.attempt->count(now);
    due.push_back(entry.lease);
  }
  return due;
}

std::optional<Instant> ReleasedLeases::next() const {
  std::optional<Instant> next;
  for (const Entry& entry : entries_) {
    if (entry.attempt) next = earlier(next, std::optional(entry.attempt->next));
  }
  return next;
}

}  // namespace sixgate::dhcp6
