// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/relayed_delegations.h"

#include <algorithm>
#include <utility>

#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

// Enough to say each thing once, and no more than that many to remember.
constexpr std::size_t kMostComplaints = 64;

const Prefix kGlobalUnicast{Ip6Address::from_halves(0x2000000000000000, 0), 3};

// What a whole provider has; no house has more.
constexpr unsigned kShortest = 32;

// What a host can have an address in. A server that is wrong must not take the way to everything else.
bool is_delegable(const Prefix& prefix) {
  return (kGlobalUnicast.contains(prefix) || kUniqueLocal.contains(prefix)) &&
         prefix.length() >= kShortest;
}

bool overlaps_any(const std::vector<Prefix>& all, const Prefix& prefix) {
  return std::any_of(all.begin(), all.end(),
                     [&](const Prefix& one) { return one.overlaps(prefix); });
}

bool is_of(const RelayedDelegation& one, const std::string& link, const Duid& client) {
  return one.link == link && one.client == client;
}

}  // namespace

void RelayedDelegations::restore(std::vector<RelayedDelegation> delegations, Instant now) {
  std::erase_if(delegations, [&](const RelayedDelegation& one) {
    return one.valid_until <= now || !is_delegable(one.prefix);
  });
  std::sort(
      delegations.begin(), delegations.end(),
      [](const RelayedDelegation& a, const RelayedDelegation& b) { return a.prefix < b.prefix; });
  const auto same = std::unique(
      delegations.begin(), delegations.end(),
      [](const RelayedDelegation& a, const RelayedDelegation& b) { return a.prefix == b.prefix; });
  delegations.erase(same, delegations.end());
  all_ = std::move(delegations);
  changed_ = !all_.empty();
}

void RelayedDelegations::keep_only(const std::set<std::string>& links) {
  complained_of_.clear();
  end([&](const RelayedDelegation& one) { return !links.contains(one.link); },
      "we relay there no more");
}

template <class Ends>
void RelayedDelegations::end(Ends ends, std::string_view why) {
  std::erase_if(all_, [&](const RelayedDelegation& one) {
    if (!ends(one)) return false;
    say(LogLevel::kInfo, cat("lan ", one.link, ": ", one.prefix, " of client ", one.client,
                             " is no longer routed: ", why));
    changed_ = true;
    return true;
  });
}

bool RelayedDelegations::is_at_home(const Prefix& prefix) const {
  return overlaps_any(own_.at_home, prefix) ||
         std::any_of(own_.delegated.begin(), own_.delegated.end(),
                     [&](const Prefix& one) { return prefix.contains(one); });
}

void RelayedDelegations::stay_off(OwnPrefixes own) {
  if (own == own_) return;
  own_ = std::move(own);
  end([&](const RelayedDelegation& one) { return is_at_home(one.prefix); }, "it is in use here");
}

bool RelayedDelegations::has_room(const RelayedDelegation& said, const RelayLimits& limits) const {
  unsigned of_client = 0;
  unsigned of_link = 0;
  for (const RelayedDelegation& one : all_) {
    if (one.link != said.link || one.prefix == said.prefix) continue;
    ++of_link;
    if (one.client == said.client) ++of_client;
  }
  return of_client < limits.per_client && of_link < limits.per_link;
}

// Why it is not routed; empty when it is.
std::string RelayedDelegations::refusal(const RelayedDelegation& said,
                                        const RelayLimits& limits) const {
  if (is_at_home(said.prefix) || overlaps_any(own_.uplinks, said.prefix))
    return "it is in use here";
  for (const RelayedDelegation& one : all_) {
    // A router may be plugged in elsewhere.
    const bool moves = one.prefix == said.prefix && one.client == said.client;
    if (one.link != said.link && one.prefix.overlaps(said.prefix) && !moves)
      return cat("it is in use behind lan ", one.link);
  }
  if (has_room(said, limits)) return {};
  return cat("it would be more than ", limits.per_client, " of one client or ", limits.per_link,
             " of the LAN");
}

void RelayedDelegations::learn_prefix(const RelayedDelegation& said, const RelayLimits& limits) {
  const auto at = std::lower_bound(
      all_.begin(), all_.end(), said.prefix,
      [](const RelayedDelegation& one, const Prefix& prefix) { return one.prefix < prefix; });
  const bool known = at != all_.end() && at->prefix == said.prefix;
  if (known && *at == said) return;
  const bool its_own = known && is_of(*at, said.link, said.client);
  if (const std::string why = its_own ? "" : refusal(said, limits); !why.empty()) {
    ++refused_[said.link];
    if (complained_of_.size() < kMostComplaints && complained_of_.insert(said.prefix).second) {
      say(LogLevel::kWarning, cat("lan ", said.link, ": ", said.prefix, " of client ", said.client,
                                  " is not routed: ", why));
    }
    return;
  }
  complained_of_.erase(said.prefix);
  changed_ = true;
  if (!its_own || at->next_hop != said.next_hop) {
    say(LogLevel::kInfo, cat("lan ", said.link, ": ", said.prefix, " is delegated to client ",
                             said.client, ", by way of ", said.next_hop));
  }
  if (known)
    *at = said;
  else
    all_.insert(at, said);
}

void RelayedDelegations::learn(const std::string& link, const Duid& client,
                               const Ip6Address& next_hop, const Options& reply,
                               const RelayLimits& limits, Instant now) {
  for (const IaPd& ia : find_all<IaPd>(reply)) {
    if (status_of(ia.options) != Status::kSuccess) continue;
    for (const IaPrefix& said : find_all<IaPrefix>(ia.options)) {
      // RFC 9915 sections 21.22 and 18.2.10.1: such a prefix the client does not take.
      if (said.preferred > said.valid || status_of(said.options) != Status::kSuccess) continue;
      if (!is_delegable(said.prefix)) continue;
      if (said.valid.is_zero()) {
        end(
            [&](const RelayedDelegation& one) {
              return one.prefix == said.prefix && is_of(one, link, client);
            },
            "the server took it back");
      } else {
        learn_prefix({.prefix = said.prefix,
                      .link = link,
                      .next_hop = next_hop,
                      .client = client,
                      .iaid = ia.iaid,
                      .valid_until = expiry(now, said.valid)},
                     limits);
      }
    }
  }
}

void RelayedDelegations::release(const std::string& link, const Duid& client,
                                 const Options& release) {
  for (const IaPd& ia : find_all<IaPd>(release)) {
    std::vector<Prefix> named;
    for (const IaPrefix& one : find_all<IaPrefix>(ia.options)) named.push_back(one.prefix);
    end(
        [&](const RelayedDelegation& one) {
          return is_of(one, link, client) && one.iaid == ia.iaid &&
                 (named.empty() ||
                  std::find(named.begin(), named.end(), one.prefix) != named.end());
        },
        "the client gave it back");
  }
}

std::vector<RelayedDelegation> RelayedDelegations::clear(const LeaseSelection& which) {
  std::vector<RelayedDelegation> cleared;
  end(
      [&](const RelayedDelegation& one) {
        if (!which.takes(one.link, one.client, {}, std::span(&one.prefix, 1))) return false;
        cleared.push_back(one);
        return true;
      },
      "a person took it out");
  return cleared;
}

void RelayedDelegations::expire(Instant now) {
  end([&](const RelayedDelegation& one) { return one.valid_until <= now; }, "its time is over");
}

std::optional<Instant> RelayedDelegations::next_deadline() const {
  std::optional<Instant> next;
  for (const RelayedDelegation& one : all_) {
    if (!one.valid_until.is_never()) next = earlier(next, std::optional(one.valid_until));
  }
  return next;
}

std::uint64_t RelayedDelegations::refused(const std::string& link) const {
  const auto found = refused_.find(link);
  return found == refused_.end() ? 0 : found->second;
}

bool RelayedDelegations::take_changed() { return std::exchange(changed_, false); }
LogLines RelayedDelegations::take_log() { return std::exchange(log_, {}); }

}  // namespace sixgate::dhcp6
