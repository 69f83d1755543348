// SPDX-License-Identifier: Apache-2.0
#include "daemon/known_hosts.h"

#include <algorithm>
#include <tuple>

namespace sixgate::daemon {

void KnownHosts::forget(Entries::iterator entry) {
  const auto count = counts_.find(entry->second.mac);
  if (--count->second == 0) counts_.erase(count);
  entries_.erase(entry);
}

// The first to go: of the host itself when it has enough; whom nobody named; who never answered; who was not seen the
// longest.
void KnownHosts::make_room(const MacAddress& mac, Instant now) {
  const auto count = counts_.find(mac);
  const bool enough = count != counts_.end() && count->second == kMostOfOne;
  if (!enough && entries_.size() < kMostAddresses + kept_.size() * kMostOfOne) return;
  auto first = entries_.end();
  const auto rank = [&](const Entry& entry) {
    return std::tuple(kept_.contains(entry.mac), entry.seen + kMemory > now, entry.answered,
                      entry.seen);
  };
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    if (enough && it->second.mac != mac) continue;
    if (first == entries_.end() || rank(it->second) < rank(first->second)) first = it;
  }
  forget(first);
}

bool KnownHosts::see(const Neighbor& neighbor, Instant now) {
  auto known = entries_.find(neighbor.address);
  if (known != entries_.end() && known->second.mac != neighbor.mac) {
    forget(known);
    known = entries_.end();
  }
  const bool fresh = known == entries_.end();
  if (fresh) {
    make_room(neighbor.mac, now);
    ++counts_[neighbor.mac];
    known =
        entries_.emplace(neighbor.address, Entry{neighbor.mac, neighbor.seen, false, false, false})
            .first;
  }
  Entry& entry = known->second;
  entry.seen = std::max(entry.seen, neighbor.seen);
  entry.reachable = neighbor.reachable;
  const bool answers_now = neighbor.reachable && !entry.answered;
  entry.answered = entry.answered || neighbor.reachable;
  entry.router = neighbor.router;
  return fresh || answers_now;
}

std::optional<MacAddress> KnownHosts::station_of(const Ip6Address& address, Instant now) const {
  const auto known = entries_.find(address);
  if (known == entries_.end() || known->second.seen + kMemory <= now) return std::nullopt;
  return known->second.mac;
}

std::vector<Ip6Address> KnownHosts::addresses_of(const MacAddress& station, Instant now) const {
  std::vector<Ip6Address> out;
  if (!counts_.contains(station)) return out;
  for (const auto& [address, entry] : entries_) {
    if (entry.mac == station && entry.seen + kMemory > now && !address.is_link_local())
      out.push_back(address);
  }
  return out;
}

std::map<Ip6Address, KnownHosts::Entry> KnownHosts::addresses(Instant now) const {
  Entries out = entries_;
  std::erase_if(out, [&](const auto& entry) { return entry.second.seen + kMemory <= now; });
  return out;
}

}  // namespace sixgate::daemon
