// SPDX-License-Identifier: Apache-2.0
#include "daemon/address_announcer.h"

#include <algorithm>

namespace sixgate::daemon {
namespace {

constexpr unsigned kMaxNeighborAdvertisement = 3;  // RFC 4861 section 10

bool among(const std::vector<Ip6Address>& all, const Ip6Address& address) {
  return std::find(all.begin(), all.end(), address) != all.end();
}

}  // namespace

void AddressAnnouncer::look(const std::vector<Ip6Address>& usable, Instant now) {
  std::erase_if(new_, [&](const New& one) { return !among(usable, one.address); });
  if (known_) {
    for (const Ip6Address& address : usable) {
      if (!among(*known_, address)) new_.push_back({address, now});
    }
  }
  known_ = usable;
}

std::vector<Ip6Address> AddressAnnouncer::due(Duration retrans, Instant now) {
  std::vector<Ip6Address> out;
  for (New& one : new_) {
    if (one.next_at > now) continue;
    out.push_back(one.address);
    ++one.said;
    one.next_at = now + retrans;
  }
  std::erase_if(new_, [](const New& one) { return one.said >= kMaxNeighborAdvertisement; });
  return out;
}

std::optional<Instant> AddressAnnouncer::next_deadline() const {
  std::optional<Instant> next;
  for (const New& one : new_) next = earlier(next, std::optional(one.next_at));
  return next;
}

}  // namespace sixgate::daemon
