// SPDX-License-Identifier: Apache-2.0
#include "firewall/open_flows.h"

#include <algorithm>
#include <array>
#include <functional>

namespace sixgate::firewall {
namespace {

// Never blocked: ICMPv6, ESP, AH, HIP (RFC 6092 REC-21, 22, 26).
constexpr std::array<std::uint8_t, 4> kAlways{58, 50, 51, 139};
constexpr std::uint8_t kUdp = 17;
constexpr std::uint16_t kIke = 500;  // REC-24

bool holds(const std::vector<Prefix>& prefixes, const Ip6Address& address) {
  return std::ranges::any_of(prefixes,
                             [&](const Prefix& prefix) { return prefix.contains(address); });
}

const FirewallLan* lan_of(const Ruleset& rules, std::vector<Prefix> FirewallLan::*prefixes,
                          const Ip6Address& address) {
  const auto found = std::ranges::find_if(
      rules.lans, [&](const FirewallLan& lan) { return holds(lan.*prefixes, address); });
  return found == rules.lans.end() ? nullptr : &*found;
}

bool is_opened(const FirewallPinhole& pinhole, const Flow& flow) {
  return pinhole.host == flow.destination && pinhole.protocol == flow.protocol &&
         pinhole.source.contains(flow.source) &&
         (!pinhole.has_ports() || (pinhole.first_port <= flow.destination_port &&
                                   flow.destination_port <= pinhole.last_port));
}

bool may_be_wider(const FirewallLan& before, const FirewallLan& after) {
  return before.interface != after.interface || before.zone != after.zone ||
         before.reaches != after.reaches || !std::ranges::includes(before.assigned, after.assigned);
}

}  // namespace

bool is_no_longer_allowed(const Flow& flow, const Ruleset& rules) {
  const FirewallLan* to = lan_of(rules, &FirewallLan::local, flow.destination);
  if (to == nullptr) return false;
  if (const FirewallLan* from = lan_of(rules, &FirewallLan::local, flow.source))
    return !reaches(*from, *to);
  if (!holds(to->assigned, flow.destination))
    return false;  // its addresses are judged before flows are
  if (to->zone == Zone::kExposed) return false;
  if (std::ranges::find(kAlways, flow.protocol) != kAlways.end()) return false;
  if (flow.protocol == kUdp && flow.destination_port == kIke) return false;
  if (std::ranges::any_of(rules.knocks, [&](const FirewallKnock& knock) {
        return knock.interface == to->interface;
      }))
    return false;
  return std::ranges::none_of(
      rules.pinholes, [&](const FirewallPinhole& pinhole) { return is_opened(pinhole, flow); });
}

bool may_have_narrowed(const Ruleset& before, const Ruleset& after) {
  const auto lost = [](const auto& had, const auto& has) {
    return std::ranges::any_of(
        had, [&](const auto& one) { return std::ranges::find(has, one) == has.end(); });
  };
  return lost(before.pinholes, after.pinholes) || lost(before.knocks, after.knocks) ||
         !std::ranges::equal(before.lans, after.lans, std::not_fn(may_be_wider));
}

}  // namespace sixgate::firewall
