// SPDX-License-Identifier: Apache-2.0
#include "delegation/pool.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace sixgate::delegation {

std::string_view to_string(Standing standing) {
  switch (standing) {
    case Standing::kLive:
      return "live";
    case Standing::kDeprecated:
      return "deprecated";
  }
  return "live";
}

void PrefixPool::restore(std::vector<Delegation> stored, Instant now) {
  delegations_ = std::move(stored);
  settle(now);
}

void PrefixPool::update(std::string_view origin, std::vector<Delegation> now_delegated,
                        Instant now) {
  // A valid lifetime of zero is how a server takes a prefix back (RFC 9915 section 18.2.10.1).
  std::erase_if(now_delegated, [now](const Delegation& d) { return d.valid_until <= now; });
  for (Delegation& d : now_delegated) {
    d.origin = origin;
    d.withdrawn = false;
  }

  for (Delegation& old : delegations_) {
    if (old.origin != origin) continue;
    const bool again = std::any_of(now_delegated.begin(), now_delegated.end(),
                                   [&old](const Delegation& d) { return d.prefix == old.prefix; });
    if (again) {
      old.valid_until = now;  // its successor stands in now_delegated
    } else if (!old.withdrawn) {
      old.withdrawn = true;
      old.standing = Standing::kDeprecated;
      old.preferred_until = std::min(old.preferred_until, now);
      old.valid_until = std::min(old.valid_until, now + host_memory_);
    }
  }
  settle(now);
  for (Delegation& d : now_delegated) {
    const auto twin =
        std::find_if(delegations_.begin(), delegations_.end(), [&d](const Delegation& known) {
          return known.origin == d.origin && known.prefix == d.prefix;
        });
    if (twin == delegations_.end()) {
      delegations_.push_back(std::move(d));
    } else if (twin->valid_until < d.valid_until) {  // said twice in one breath: the longer one
      *twin = std::move(d);
    }
  }
  settle(now);
}

void PrefixPool::expire(Instant now) { settle(now); }

void PrefixPool::settle(Instant now) {
  std::erase_if(delegations_, [now](const Delegation& d) { return d.valid_until <= now; });
  for (Delegation& d : delegations_) {
    if (d.preferred_until <= now) d.standing = Standing::kDeprecated;
  }
  std::sort(delegations_.begin(), delegations_.end(), [](const Delegation& a, const Delegation& b) {
    return std::tie(a.origin, a.prefix) < std::tie(b.origin, b.prefix);
  });
}

std::optional<Instant> PrefixPool::next_deadline() const {
  std::optional<Instant> next;
  const auto consider = [&next](Instant at) {
    if (!at.is_never()) next = earlier(next, std::optional<Instant>(at));
  };
  for (const Delegation& d : delegations_) {
    consider(d.valid_until);
    if (d.standing == Standing::kLive) consider(d.preferred_until);
  }
  return next;
}

}  // namespace sixgate::delegation
