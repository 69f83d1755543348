// SPDX-License-Identifier: Apache-2.0
#include "firewall/open_flows.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <span>

namespace sixgate::firewall {
namespace {

// Never blocked: ICMPv6, ESP, AH, HIP (RFC 6092 REC-21, 22, 26).
constexpr std::array<std::uint8_t, 4> kAlways{58, 50, 51, 139};
constexpr std::uint8_t kUdp = 17;
constexpr std::uint16_t kIke = 500;  // REC-24

const FirewallLan* lan_of(const Ruleset& rules, std::vector<Prefix> FirewallLan::*prefixes,
                          const Ip6Address& address) {
  const auto found = std::ranges::find_if(
      rules.lans, [&](const FirewallLan& lan) { return any_contains(lan.*prefixes, address); });
  return found == rules.lans.end() ? nullptr : &*found;
}

// The one that it is on. Links may have a prefix together, an uplink among them.
const FirewallLan* lan_of(const Ruleset& rules, const Ip6Address& address,
                          const Whereabouts& where) {
  const FirewallLan* const first = lan_of(rules, &FirewallLan::local, address);
  if (first == nullptr || !where) return first;
  const std::optional<std::string> at = where(address);
  if (!at || *at == first->interface || !has_interface(rules, *at)) return first;
  const auto found = std::ranges::find(rules.lans, *at, &FirewallLan::interface);
  return found == rules.lans.end() || !any_contains(found->local, address) ? nullptr : &*found;
}

// Whether the Internet may open what it wants to it; none: it is assigned to nobody.
std::optional<bool> exposes(const Ruleset& rules, const Prefix& prefix) {
  const FirewallLan* const lan = lan_of(rules, &FirewallLan::assigned, prefix.address());
  if (lan == nullptr) return std::nullopt;
  return is_exposed(*lan, prefix.address());
}

// What LANs have in one of their lists, and had not, or another one had. There may be thousands that both have.
std::vector<Prefix> newly_in(std::vector<Prefix> FirewallLan::*list, const Ruleset& had,
                             const Ruleset& has) {
  std::vector<Prefix> fresh;
  for (const FirewallLan& lan : has.lans) {
    const auto same = std::ranges::find(had.lans, lan.interface, &FirewallLan::interface);
    const std::span<const Prefix> known =
        same == had.lans.end() ? std::span<const Prefix>() : (*same).*list;
    std::ranges::set_difference(lan.*list, known, std::back_inserter(fresh));
  }
  return fresh;
}

bool is_opened(const FirewallPinhole& pinhole, const Flow& flow) {
  return pinhole.host == flow.destination && pinhole.protocol == flow.protocol &&
         pinhole.source.contains(flow.source) &&
         (!pinhole.has_ports() || (pinhole.first_port <= flow.destination_port &&
                                   flow.destination_port <= pinhole.last_port));
}

bool covers(const FirewallPinhole& wide, const FirewallPinhole& narrow) {
  return wide.interface == narrow.interface && wide.host == narrow.host &&
         wide.protocol == narrow.protocol && wide.first_port <= narrow.first_port &&
         wide.last_port >= narrow.last_port && wide.source.contains(narrow.source);
}

// Something that one has and the other has not.
constexpr auto lost = [](const auto& had, const auto& has) {
  return std::ranges::any_of(
      had, [&](const auto& one) { return std::ranges::find(has, one) == has.end(); });
};

bool judges_alike(const FirewallLan& before, const FirewallLan& after) {
  return before.interface == after.interface && before.zone == after.zone &&
         before.any_endpoint <= after.any_endpoint && before.reaches == after.reaches &&
         std::ranges::includes(after.open, before.open) &&
         std::ranges::includes(before.shut, after.shut);
}

bool gains_nothing(const FirewallLan& before, const FirewallLan& after) {
  return std::ranges::includes(before.assigned, after.assigned);
}

}  // namespace

bool is_no_longer_allowed(const Flow& flow, const Ruleset& rules, const Whereabouts& where) {
  const FirewallLan* to = lan_of(rules, flow.destination, where);
  if (to == nullptr) return false;
  if (const FirewallLan* from = lan_of(rules, flow.source, where)) return !reaches(*from, *to);
  if (!any_contains(to->assigned, flow.destination))
    return false;  // its addresses are judged before flows are
  if (is_exposed(*to, flow.destination)) return false;
  if (std::ranges::find(kAlways, flow.protocol) != kAlways.end()) return false;
  if (flow.protocol == kUdp && flow.destination_port == kIke) return false;
  // What its host had sent by then, the kernel's set knew.
  if (opens_endpoints(*to)) return false;
  if (std::ranges::any_of(rules.knocks, [&](const FirewallKnock& knock) {
        return knock.interface == to->interface;
      }))
    return false;
  return std::ranges::none_of(
      rules.pinholes, [&](const FirewallPinhole& pinhole) { return is_opened(pinhole, flow); });
}

std::optional<std::string> interface_of(const Ruleset& rules, const Ip6Address& host,
                                        const Whereabouts& where) {
  const FirewallLan* const lan = lan_of(rules, host, where);
  return lan == nullptr ? std::nullopt : std::optional(lan->interface);
}

bool may_have_narrowed(const Ruleset& before, const Ruleset& after) {
  return lost(before.pinholes, after.pinholes) || lost(before.knocks, after.knocks) ||
         lost(before.translations, after.translations) ||
         !std::ranges::equal(before.lans, after.lans, judges_alike);
}

bool has_more_assigned(const Ruleset& before, const Ruleset& after) {
  return !std::ranges::equal(before.lans, after.lans, gains_nothing);
}

std::vector<Prefix> no_longer_assigned(const Ruleset& before, const Ruleset& after) {
  std::vector<Prefix> gone = newly_in(&FirewallLan::assigned, after, before);
  std::erase_if(gone, [&](const Prefix& prefix) { return exposes(after, prefix).has_value(); });
  return gone;
}

bool is_of(const Flow& flow, const std::vector<Prefix>& gone, const Ruleset& rules,
           const Whereabouts& where) {
  const auto is_outside = [&](const Ip6Address& address) {
    return !any_contains(gone, address) && lan_of(rules, address, where) == nullptr;
  };
  return (any_contains(gone, flow.source) && is_outside(flow.destination)) ||
         (any_contains(gone, flow.destination) && is_outside(flow.source));
}

bool has_lost_its_address(const TrackedFlow& tracked, const Ruleset& before, const Ruleset& rules,
                          const Whereabouts& where, const WayOut& way) {
  const auto is_lost = [&](const Ip6Address& host, const Ip6Address& external,
                           const Ip6Address& peer) {
    const auto is_its = [&](const FirewallTranslation& one) {
      return one.internal.contains(host) && one.external.contains(external);
    };
    const auto has = std::ranges::find_if(rules.translations, is_its);
    const bool is_gone = has == rules.translations.end();
    if (is_gone && std::ranges::none_of(before.translations, is_its)) return false;
    // Between LANs it goes on, with an old address too.
    if (lan_of(rules, peer, where) != nullptr) return false;
    if (is_gone) return true;
    const std::optional<std::string> out = way(host, has->interface, peer, tracked.mark);
    return out && std::ranges::find(rules.uplinks, FirewallUplink{*out}) != rules.uplinks.end() &&
           std::ranges::none_of(rules.translations, [&](const FirewallTranslation& one) {
             return is_its(one) && one.uplink == *out;
           });
  };
  return is_lost(tracked.flow.source, tracked.answered_at, tracked.flow.destination) ||
         is_lost(tracked.flow.destination, tracked.sent_to, tracked.flow.source);
}

bool lets_tcp_in(const Ruleset& rules) {
  return !rules.knocks.empty() || std::ranges::any_of(rules.lans, [](const FirewallLan& lan) {
    return lan.zone == Zone::kExposed || !lan.open.empty() || opens_endpoints(lan);
  }) || std::ranges::any_of(rules.pinholes, [](const FirewallPinhole& hole) {
    return hole.protocol == kTcp;
  });
}

bool has_shut_tcp(const Ruleset& before, const Ruleset& after) {
  const auto is_shut = [&](const FirewallPinhole& hole) {
    return hole.protocol == kTcp && lan_of(after, &FirewallLan::assigned, hole.host) != nullptr &&
           std::ranges::none_of(after.pinholes,
                                [&](const FirewallPinhole& one) { return covers(one, hole); });
  };
  const auto is_open = [](const FirewallLan& lan) {
    return lan.zone == Zone::kExposed || opens_endpoints(lan);
  };
  const auto is_guarded_now = [&](const FirewallLan& lan) {
    return is_open(lan) && std::ranges::any_of(after.lans, [&](const FirewallLan& one) {
             return one.interface == lan.interface && !is_open(one);
           });
  };
  // What routers behind LANs have.
  const auto is_guarded_behind = [&](const Prefix& prefix) {
    return exposes(after, prefix) == false;
  };
  const auto was_exposed_behind = [&](const Prefix& prefix) {
    return exposes(before, prefix) == true;
  };
  return std::ranges::any_of(before.pinholes, is_shut) ||
         std::ranges::any_of(before.lans, is_guarded_now) ||
         std::ranges::any_of(newly_in(&FirewallLan::open, after, before), is_guarded_behind) ||
         std::ranges::any_of(newly_in(&FirewallLan::shut, before, after), was_exposed_behind) ||
         lost(before.knocks, after.knocks);
}

}  // namespace sixgate::firewall
