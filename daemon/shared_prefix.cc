// SPDX-License-Identifier: Apache-2.0
#include "daemon/shared_prefix.h"

#include <algorithm>

#include "net/text.h"

namespace sixgate::daemon {
namespace {

using Source = SharedPrefix::Source;

// A /64 that the link's routers let hosts have addresses in, and that is nobody's delegation. Where hosts make
// their own it is no use without SLAAC; where all is told on they may ask the link's DHCPv6 server.
bool can_be_shared(const SharingFacts& facts, const ra::HeardPrefix& one, Instant now) {
  const bool usable = one.autonomous || (facts.relaying() && one.on_link);
  return usable && one.prefix.length() == 64 && one.said_until > now &&
         !kUniqueLocal.contains(one.prefix) &&
         std::none_of(facts.delegated.begin(), facts.delegated.end(),
                      [&](const Prefix& delegated) { return delegated.overlaps(one.prefix); });
}

// One that is shared already stays so while it lives: hosts are not moved for a little more time.
const ra::HeardPrefix* advertised(const SharingFacts& facts,
                                  const std::optional<SharedPrefix>& before, Instant now) {
  const ra::HeardPrefix* best = nullptr;
  for (const ra::HeardPrefix& one : facts.heard->prefixes) {
    if (!can_be_shared(facts, one, now)) continue;
    if (before && before->source == Source::kAdvertised && before->prefix == one.prefix &&
        one.preferred_until > now)
      return &one;
    const auto rank = [](const ra::HeardPrefix& prefix) {
      return std::pair(prefix.autonomous, prefix.preferred_until);
    };
    if (best == nullptr || rank(one) > rank(*best)) best = &one;
  }
  return best;
}

// By priority, then in the order of the configuration: as prefixes are given out.
std::vector<SharingFacts::Lan> in_order(std::vector<SharingFacts::Lan> lans) {
  std::stable_sort(lans.begin(), lans.end(),
                   [](const auto& a, const auto& b) { return a.priority > b.priority; });
  return lans;
}

bool is_delegating(const SharingFacts& facts) {
  return std::any_of(facts.lans.begin(), facts.lans.end(),
                     [](const auto& lan) { return lan.own.has_value(); });
}

// RFC 7278 section 4: no longer than the link says itself.
SharedPrefix of_advertised(const SharingFacts& facts, const ra::HeardPrefix& heard,
                           std::vector<std::string> lans, Instant now) {
  SharedPrefix shared;
  shared.prefix = heard.prefix;
  shared.lans = std::move(lans);
  shared.preferred_until = std::min(heard.preferred_until, heard.said_until);
  shared.valid_until = heard.said_until;
  for (const ra::HeardPrefix& one : facts.heard->prefixes) {
    if (facts.relaying() && one.prefix != heard.prefix && can_be_shared(facts, one, now))
      shared.further.push_back(
          {one.prefix, std::min(one.preferred_until, one.said_until), one.said_until});
  }
  return shared;
}

// `others`: also those that are not told the uplink's own advertisements.
std::vector<std::string> able_lans(const SharingFacts& facts, bool others) {
  std::vector<std::string> names;
  for (const SharingFacts::Lan& lan : in_order(facts.lans)) {
    if (lan.able && (others || lan.relays)) names.push_back(lan.name);
  }
  return names;
}

std::optional<SharedPrefix> share_delegated(const SharingFacts& facts,
                                            const std::optional<SharedPrefix>& before,
                                            Instant now) {
  const bool sharing = before && before->source == Source::kDelegated && !before->ends;
  if (!sharing && now < facts.delegation_due) return std::nullopt;
  const std::vector<SharingFacts::Lan> lans = in_order(facts.lans);
  const auto owner = std::find_if(lans.begin(), lans.end(), [](const auto& lan) {
    return lan.own && lan.able && lan.own->length() == 64;
  });
  if (owner == lans.end()) return std::nullopt;
  SharedPrefix shared{Source::kDelegated,
                      *owner->own,
                      {owner->name},
                      owner->preferred_until,
                      owner->valid_until,
                      {},
                      {}};
  for (const SharingFacts::Lan& lan : lans) {
    if (!lan.own && lan.able) shared.lans.push_back(lan.name);
  }
  if (shared.lans.size() < 2) return std::nullopt;
  return shared;
}

// What the link advertises was shared with a LAN that makes its own advertisements; after a restart it may have been.
bool shared_with_others(const SharingFacts& facts, const std::optional<SharedPrefix>& before) {
  if (!before || before->source != Source::kAdvertised) return false;
  return !facts.relaying() || before->lans.empty() ||
         std::any_of(facts.lans.begin(), facts.lans.end(), [&](const SharingFacts::Lan& lan) {
           return !lan.relays && before->has(lan.name);
         });
}

// Make before break: what there is instead is there already.
std::optional<SharedPrefix> say_farewell(const SharingFacts& facts, SharedPrefix before,
                                         Instant now) {
  if (!before.ends) before.ends = now + kSharingFarewell;
  before.preferred_until = std::min(before.preferred_until, *before.ends - kSharingFarewell);
  before.valid_until = std::min(before.valid_until, *before.ends);
  std::erase_if(before.lans, [&](const std::string& name) {
    return std::none_of(facts.lans.begin(), facts.lans.end(),
                        [&](const auto& lan) { return lan.name == name && lan.able; });
  });
  if (before.source == Source::kAdvertised) {
    const auto heard =
        std::find_if(facts.heard->prefixes.begin(), facts.heard->prefixes.end(),
                     [&](const ra::HeardPrefix& one) { return one.prefix == before.prefix; });
    if (heard != facts.heard->prefixes.end())
      before.valid_until = std::min(heard->said_until, *before.ends);
  } else if (std::none_of(facts.lans.begin(), facts.lans.end(),
                          [&](const auto& lan) { return lan.own == before.prefix; })) {
    return std::nullopt;  // whose it was has it no more
  }
  if (before.lans.empty() || before.valid_until <= now) return std::nullopt;
  return before;
}

}  // namespace

bool SharedPrefix::has(const std::string& lan) const {
  return std::find(lans.begin(), lans.end(), lan) != lans.end();
}

std::vector<Prefix> SharedPrefix::prefixes() const {
  std::vector<Prefix> all{prefix};
  for (const Further& one : further) all.push_back(one.prefix);
  return all;
}

bool SharingFacts::relaying() const {
  return std::any_of(lans.begin(), lans.end(), [](const Lan& lan) { return lan.relays; });
}

std::optional<SharedPrefix> decide_sharing(const SharingFacts& facts,
                                           const std::optional<SharedPrefix>& before, Instant now) {
  const conf::SharePrefix wish = facts.config->share_prefix;
  if (wish == conf::SharePrefix::kOff || facts.config->mode == conf::UplinkMode::kNone ||
      facts.lans.empty())
    return std::nullopt;
  const bool delegating = is_delegating(facts);
  if (facts.relaying() || wish == conf::SharePrefix::kOn || !delegating) {
    if (!facts.upstream_able) return std::nullopt;
    const bool sharing = before && before->source == Source::kAdvertised;
    const ra::HeardPrefix* heard = advertised(facts, before, now);
    // A LAN that waits whether something is delegated does not wait again after a restart.
    const bool others =
        (heard == nullptr || heard->autonomous) &&
        (wish == conf::SharePrefix::kOn ||
         (!delegating && (shared_with_others(facts, before) || now >= facts.delegation_due)));
    const std::vector<std::string> lans = able_lans(facts, others);
    if (lans.empty()) return std::nullopt;
    if (heard != nullptr) return of_advertised(facts, *heard, lans, now);
    // After a start the link has not spoken yet; what it said then is good for its time.
    if (sharing && !facts.heard->any && before->valid_until > now) {
      SharedPrefix kept = *before;
      kept.lans = lans;
      return kept;
    }
    if (!delegating || facts.relaying()) return std::nullopt;
  }
  if (auto shared = share_delegated(facts, before, now)) return shared;
  return before ? say_farewell(facts, *before, now) : std::nullopt;
}

std::string why_shared(const SharingFacts& facts, const std::optional<SharedPrefix>& shared,
                       Instant now) {
  if (shared && shared->ends) return "there is a better prefix now: this one is for what has begun";
  if (shared && shared->source == Source::kDelegated)
    return cat("what ", facts.config->name, " delegates is too small for all LANs");
  if (shared && facts.relaying())
    return cat("Router Advertisements of ", facts.config->name, " are told on");
  if (shared) {
    return facts.config->share_prefix == conf::SharePrefix::kOn
               ? "share_prefix = \"on\""
               : cat(facts.config->name, " delegates nothing, and advertises this /64");
  }
  if (facts.config->share_prefix == conf::SharePrefix::kOff) return "share_prefix = \"off\"";
  if (!facts.upstream_able) return "the link's Router Advertisements came through another proxy";
  if (is_delegating(facts)) {
    const bool all = std::all_of(facts.lans.begin(), facts.lans.end(),
                                 [](const auto& lan) { return lan.own.has_value(); });
    return all ? "each LAN has a prefix of its own"
               : "no two LANs can share what is delegated: it takes a whole /64, and SLAAC";
  }
  if (advertised(facts, shared, now) == nullptr)
    return "no /64 is advertised that hosts may make addresses in";
  if (now < facts.delegation_due) return "waiting whether a prefix is delegated";
  return "no LAN can take part";
}

std::optional<Instant> sharing_deadline(const SharingFacts& facts,
                                        const std::optional<SharedPrefix>& shared, Instant now) {
  std::optional<Instant> next;
  const auto consider = [&](Instant at) {
    if (at > now && !at.is_never()) next = earlier(next, std::optional(at));
  };
  consider(facts.delegation_due);
  if (shared) {
    consider(shared->preferred_until);
    consider(shared->valid_until);
    for (const SharedPrefix::Further& one : shared->further) consider(one.valid_until);
  }
  return next;
}

}  // namespace sixgate::daemon
