// SPDX-License-Identifier: Apache-2.0
// What Router knows, put together for derive(): the pool, the plan, our own addresses.
#include <algorithm>

#include "daemon/router.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

// A LAN that another link's Router Advertisements are told on to has the prefixes of that link.
std::vector<delegation::LanRequest> carve_requests(const conf::Config& config) {
  std::vector<delegation::LanRequest> requests;
  for (const conf::LanConfig& lan : config.lans) {
    if (lan.ra_relay.empty()) requests.push_back(lan.request);
  }
  return requests;
}

}  // namespace

// RFC 7084 WPD-2: at least a /64 for each LAN, rounded up to a nibble. An ISP that follows RFC 6177 gives a
// home a /56, so nobody is asked for less.
PrefixNeed Router::prefix_need(std::string_view uplink) const {
  const std::vector<delegation::LanRequest> requests = carve_requests(config_);
  const std::uint64_t needed = delegation::slash64s_needed(requests, uplink);
  PrefixNeed need{.hint = {}, .slash64s = static_cast<unsigned>(needed)};
  unsigned length = 56;
  while (length > 48 && needed > (std::uint64_t{1} << (64 - length))) length -= 4;
  need.hint = Prefix(Ip6Address(), length);
  return need;
}

void Router::update_pool(Instant now) {
  for (const auto& uplink : uplinks_) {
    std::vector<delegation::Delegation> delegated;
    for (const dhcp6::LeasedPrefix& leased : uplink->lease().prefixes) {
      delegation::Delegation delegation;
      delegation.prefix = leased.prefix;
      delegation.origin = uplink->config().name;
      delegation.preferred_until = leased.preferred_until;
      delegation.valid_until = leased.valid_until;
      delegation.excluded = leased.excluded;
      delegated.push_back(delegation);
    }
    pool_.update(uplink->config().name, std::move(delegated), now);
  }
  update_plan();
}

void Router::update_plan() {
  delegation::CarveResult plan =
      delegation::carve(pool_.delegations(), carve_requests(config_), state_.carve);
  state_.carve = plan.memory;
  // A finding is said once, not at every renewal.
  for (const LogLine& finding : plan.findings) {
    if (std::find(plan_.findings.begin(), plan_.findings.end(), finding) == plan_.findings.end())
      say(finding.level, finding.text);
  }
  for (const delegation::Assignment& assignment : plan.assignments) {
    if (std::find(plan_.assignments.begin(), plan_.assignments.end(), assignment) ==
        plan_.assignments.end())
      say(LogLevel::kInfo,
          cat("lan ", assignment.lan, ": ", assignment.prefix, " of ", assignment.delegation, " (",
              assignment.origin, ") is ", delegation::to_string(assignment.standing)));
  }
  plan_ = std::move(plan);
}

Ip6Address Router::own_address(const std::string& interface, const LinkState* link,
                               const delegation::InterfaceIdPolicy& policy, const Prefix& on_link) {
  using Kind = delegation::InterfaceIdPolicy::Kind;
  const auto found = state_.dad_counters.find(cat(interface, ' ', on_link));
  const unsigned counter = found == state_.dad_counters.end() ? 0 : found->second;
  const MacAddress* mac = link != nullptr && link->mac ? &*link->mac : nullptr;
  // Somebody else has the fixed suffix: a stable one is better than none.
  const delegation::InterfaceIdPolicy used =
      counter > 0 && policy.kind == Kind::kFixed ? delegation::InterfaceIdPolicy::stable() : policy;
  const auto make = [&] {
    return delegation::make_address(on_link, used, mac, interface, state_.secret, counter, rng_);
  };
  if (used.kind != Kind::kRandom) return make();
  const auto [it, fresh] = random_addresses_.try_emplace({interface, on_link});
  if (fresh) {
    it->second = make();
    if (kernel_) {  // one that an earlier run drew
      for (const KernelAddress& address : kernel_->addresses) {
        if (address.ours && !address.dad_failed && address.interface == interface &&
            on_link.contains(address.address))
          it->second = address.address;
      }
    }
  }
  return it->second;
}

// Without a way out while another uplink has one.
bool Router::is_dead(const Uplink& uplink, Instant now) const {
  if (!uplink.dead(now)) return false;
  return std::any_of(uplinks_.begin(), uplinks_.end(), [&](const auto& other) {
    if (other.get() == &uplink || !other->serves()) return false;
    const auto share = shares_.find(other->config().name);
    if (share != shares_.end() && share->second.shared) return true;
    return std::any_of(
        pool_.delegations().begin(), pool_.delegations().end(), [&](const auto& delegation) {
          return delegation.origin == other->config().name && !delegation.withdrawn &&
                 delegation.standing == delegation::Standing::kLive;
        });
  });
}

std::vector<LanPrefix> Router::lan_prefixes(const conf::LanConfig& lan, const LinkState* link,
                                            Instant now) {
  std::vector<LanPrefix> prefixes;
  for (const delegation::Assignment& assignment : plan_.assignments) {
    if (assignment.lan != lan.name || translates(assignment.origin)) continue;
    for (const delegation::Delegation& delegation : pool_.delegations()) {
      if (delegation.prefix != assignment.delegation || delegation.origin != assignment.origin ||
          delegation.withdrawn)
        continue;
      LanPrefix prefix;
      prefix.prefix = assignment.on_link();
      prefix.address = own_address(lan.interface, link, lan.interface_id, prefix.prefix);
      prefix.origin = assignment.origin;
      prefix.standing = delegation.standing;
      prefix.preferred_until = delegation.preferred_until;
      prefix.valid_until = delegation.valid_until;
      prefixes.push_back(prefix);
    }
  }
  add_shared(lan, link, now, prefixes);
  // Hosts are not to begin anything with an address that leads nowhere, as long as they have a better one.
  const auto dead = [&](const LanPrefix& prefix) {
    return std::any_of(uplinks_.begin(), uplinks_.end(), [&](const auto& uplink) {
      return uplink->config().name == prefix.origin && is_dead(*uplink, now);
    });
  };
  const bool better = std::any_of(prefixes.begin(), prefixes.end(), [&](const LanPrefix& prefix) {
    return prefix.origin != delegation::kOriginUla && prefix.preferred_until > now && !dead(prefix);
  });
  for (LanPrefix& prefix : prefixes) {
    if (!better || !dead(prefix)) continue;
    prefix.standing = delegation::Standing::kDeprecated;
    prefix.preferred_until = std::min(prefix.preferred_until, started_);
  }
  for (const conf::PrefixRule& own : lan.advertising.static_prefixes) {
    LanPrefix prefix;
    prefix.prefix = *own.within;
    prefix.address = own_address(lan.interface, link, lan.interface_id, prefix.prefix);
    prefix.origin = delegation::kOriginStatic;
    prefix.preferred_until = prefix.valid_until = Instant::never();
    if (own.decrement) {
      const Instant since =
          static_since_.try_emplace({lan.interface, *own.within}, now).first->second;
      prefix.valid_until = expiry(since, own.valid.value_or(Lifetime::infinite()));
      prefix.preferred_until = expiry(since, own.preferred.value_or(*own.valid));
    }
    if (own.deprecated || prefix.preferred_until <= now)
      prefix.standing = delegation::Standing::kDeprecated;
    if (prefix.valid_until > now) prefixes.push_back(prefix);
  }
  return prefixes;
}

bool Router::translates(std::string_view origin) const {
  return std::any_of(uplinks_.begin(), uplinks_.end(), [&](const auto& uplink) {
    return uplink->config().nptv6 && uplink->config().name == origin;
  });
}

// The LAN's own /64 for what each uplink that translates would have given it.
std::vector<LanTranslation> Router::lan_translations(const conf::LanConfig& lan,
                                                     const std::vector<LanPrefix>& prefixes,
                                                     Instant now) const {
  std::vector<LanTranslation> translations;
  const auto own = std::find_if(prefixes.begin(), prefixes.end(), [&](const LanPrefix& prefix) {
    return prefix.origin == delegation::kOriginUla && prefix.valid_until > now;
  });
  if (own == prefixes.end()) return translations;
  for (const delegation::Assignment& assignment : plan_.assignments) {
    if (assignment.lan != lan.name || !translates(assignment.origin)) continue;
    for (const delegation::Delegation& delegation : pool_.delegations()) {
      if (delegation.prefix != assignment.delegation || delegation.origin != assignment.origin ||
          delegation.withdrawn || delegation.valid_until <= now)
        continue;
      const auto uplink = std::find_if(uplinks_.begin(), uplinks_.end(), [&](const auto& one) {
        return one->config().name == assignment.origin;
      });
      // RFC 6296 section 3.5: of prefixes of different lengths the longer one counts.
      const Prefix external = assignment.on_link();
      const unsigned length = std::max(own->prefix.length(), external.length());
      LanTranslation one;
      one.uplink = assignment.origin;
      one.interface = (*uplink)->config().interface;
      one.internal = Prefix(own->prefix.address(), length);
      one.external = Prefix(external.address(), length);
      one.valid_until = delegation.valid_until;
      // What is on its way out serves what has begun, unless there is nothing else.
      const auto better = [&](const LanTranslation& other) { return other.uplink == one.uplink; };
      const auto first = std::find_if(translations.begin(), translations.end(), better);
      if (first != translations.end()) {
        const bool live = delegation.standing == delegation::Standing::kLive;
        one.begins = live;
        if (live) first->begins = false;
      }
      translations.push_back(std::move(one));
    }
  }
  return translations;
}

// Prefixes that hosts of this LAN may still use although they are ours no more.
std::vector<Prefix> Router::withdrawn_prefixes(const Lan& lan, Instant now) const {
  std::vector<Prefix> withdrawn;
  for (const ra::AdvertisedRecord& record : lan.advertiser().advertised()) {
    if (record.host_valid_until <= now) continue;
    const bool in_use = std::any_of(
        plan_.assignments.begin(), plan_.assignments.end(), [&](const auto& assignment) {
          const bool live = std::any_of(
              pool_.delegations().begin(), pool_.delegations().end(), [&](const auto& delegation) {
                return delegation.prefix == assignment.delegation &&
                       delegation.origin == assignment.origin && !delegation.withdrawn;
              });
          return live && assignment.prefix.overlaps(record.prefix) &&
                 !translates(assignment.origin);
        });
    const auto& own = lan.config().advertising.static_prefixes;
    const bool is_static = std::any_of(own.begin(), own.end(), [&](const conf::PrefixRule& rule) {
      return rule.within == record.prefix;
    });
    if (!in_use && !is_static && !is_shared(lan.config().name, record.prefix))
      withdrawn.push_back(record.prefix);
  }
  return withdrawn;
}

House Router::house(Instant now) {
  House house;
  house.config = &config_;
  for (const auto& uplink : uplinks_) {
    UplinkView view;
    view.config = &uplink->config();
    const LinkState* state = link(view.config->interface);
    view.link = state != nullptr && state->up ? state : nullptr;
    view.heard = &uplink->heard();
    view.lease = &uplink->lease();
    view.held = uplink->held(now);
    view.dead = is_dead(*uplink, now);
    view.registers = uplink->registrar().started();
    const auto inherited = inherited_.find(view.config->interface);
    if (inherited != inherited_.end()) {
      if (uplink->heard().any || !uplink->lease_is_learnt()) {
        inherited_.erase(inherited);  // the uplink, or its contract, speaks for itself now
      } else {
        view.inherited_addresses = inherited->second.addresses;
        view.inherited_routes = inherited->second.routes;
      }
    }
    for (const ra::HeardPrefix& heard : view.heard->prefixes) {
      if (uplink->forms_address_in(heard.prefix) && heard.valid_until > now)
        view.slaac.emplace_back(heard.prefix, own_address(view.config->interface, state,
                                                          view.config->interface_id, heard.prefix));
    }
    house.uplinks.push_back(std::move(view));
  }
  withdrawal_ends_.reset();
  prefixes_.clear();
  for (const auto& lan : lans_) {
    LanView view;
    view.config = &lan->config();
    const LinkState* state = link(view.config->interface);
    view.link = state != nullptr && state->up ? state : nullptr;
    view.prefixes = lan_prefixes(*view.config, state, now);
    prefixes_[view.config->name] = view.prefixes;
    view.translations = lan_translations(*view.config, view.prefixes, now);
    view.withdrawn = withdrawn_prefixes(*lan, now);
    view.hosts = &lan->hosts();
    for (const ra::AdvertisedRecord& record : lan->advertiser().advertised()) {
      if (std::find(view.withdrawn.begin(), view.withdrawn.end(), record.prefix) !=
          view.withdrawn.end())
        withdrawal_ends_ = earlier(withdrawal_ends_, std::optional(record.host_valid_until));
    }
    house.lans.push_back(std::move(view));
  }
  for (const delegation::Delegation& delegation : pool_.delegations()) {
    if (!delegation.withdrawn) house.delegations.push_back(delegation);
  }
  for (const LanView& lan : house.lans) {
    for (const LanPrefix& prefix : lan.prefixes) {
      if (prefix.origin != delegation::kOriginStatic) continue;
      delegation::Delegation own;
      own.prefix = prefix.prefix;
      own.origin = prefix.origin;
      own.standing = prefix.standing;
      own.preferred_until = prefix.preferred_until;
      own.valid_until = prefix.valid_until;
      house.delegations.push_back(own);
    }
  }
  house.assignments = plan_.assignments;
  house.shared = shared_links();
  house.subdelegations = server_.delegations();
  house.learnt_hosts = learnt_hosts_ = learn_hosts(config_.pinholes, server_);
  house.mappings = pcp_.mappings();
  for (const dhcp6::RelayedDelegation& one : relay_.delegations())
    house.subdelegations.push_back({one.prefix, one.link, one.next_hop, one.valid_until});
  house.settled = settled_;
  return house;
}

}  // namespace sixgate::daemon
