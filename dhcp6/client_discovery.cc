// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/client_discovery.h"

#include <algorithm>

#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

// More servers than any link has; a stranger who forges DUIDs does not fill the memory.
constexpr std::size_t kMaxServers = 16;

}  // namespace

unsigned Offer::obtained(AssociationType type) const {
  unsigned count = 0;
  for (const OfferedAssociation& ia : associations) {
    if (ia.type == type && !ia.leases.empty()) ++count;
  }
  return count;
}

unsigned Offer::widest() const {
  unsigned length = 129;
  for (const OfferedAssociation& ia : associations) {
    if (ia.type == AssociationType::kPrefixes) length = std::min(length, ia.widest());
  }
  return length;
}

std::string Offer::describe() const {
  std::string text;
  for (const OfferedAssociation& ia : associations) {
    for (const OfferedLease& lease : ia.leases) {
      if (!text.empty()) text += ", ";
      text += ia.type == AssociationType::kAddresses ? lease.prefix.address().to_string()
                                                     : lease.prefix.to_string();
    }
  }
  return cat(text, " from ", server);
}

bool better(const Offer& a, const Offer& b) {
  const unsigned a_delegations = a.obtained(AssociationType::kPrefixes);
  const unsigned b_delegations = b.obtained(AssociationType::kPrefixes);
  if (a_delegations != b_delegations) return a_delegations > b_delegations;
  if (a.preference != b.preference) return a.preference > b.preference;
  const unsigned a_addresses = a.obtained(AssociationType::kAddresses);
  const unsigned b_addresses = b.obtained(AssociationType::kAddresses);
  if (a_addresses != b_addresses) return a_addresses > b_addresses;
  return a.widest() < b.widest();
}

bool wider(const Offer& a, const Offer& b) {
  if (a.widest() != b.widest()) return a.widest() < b.widest();
  if (a.held != b.held) return a.held;
  if (a.preference != b.preference) return a.preference > b.preference;
  return a.obtained(AssociationType::kAddresses) > b.obtained(AssociationType::kAddresses);
}

void Discovery::restart(bool surveyed) {
  surveyed_ = surveyed;
  offers_.clear();
  solicit_max_.clear();
  information_max_.clear();
}

void Discovery::add(Offer offer) {
  for (Offer& known : offers_) {
    if (known.server != offer.server) continue;
    known = std::move(offer);
    return;
  }
  if (offers_.size() < kMaxServers) offers_.push_back(std::move(offer));
}

std::optional<Offer> Discovery::take_best() {
  if (offers_.empty()) return std::nullopt;
  // The first of equals: max_element with "worse than" keeps the earliest.
  const auto best = std::max_element(
      offers_.begin(), offers_.end(),
      [&](const Offer& a, const Offer& b) { return surveyed_ ? wider(b, a) : better(b, a); });
  std::optional<Offer> taken(std::move(*best));
  offers_.erase(best);
  return taken;
}

void Discovery::report(Reports& reports, const Duid& server, seconds value) {
  for (auto& [who, said] : reports) {
    if (who != server) continue;
    said = value;
    return;
  }
  if (reports.size() < kMaxServers) reports.emplace_back(server, value);
}

std::optional<seconds> Discovery::agreed(const Reports& reports) {
  if (reports.empty()) return std::nullopt;
  const seconds first = reports.front().second;
  const bool all = std::all_of(reports.begin(), reports.end(),
                               [&](const auto& report) { return report.second == first; });
  return all ? first : kDefaultMaxRt;
}

}  // namespace sixgate::dhcp6
