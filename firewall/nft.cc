// SPDX-License-Identifier: Apache-2.0
#include "firewall/nft.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "firewall/forbidden.h"
#include "net/text.h"

namespace sixgate::firewall {

namespace {
constexpr std::string_view kOverlap = "the newest of it that overlaps what it replaced";
}

const std::array<NftSetKind, kNftSetCount> kNftSetKinds{{
    {NftSetId::kWan, "wan", NftKey::kInterface, "uplinks"},
    {NftSetId::kCrossing, "crossing", NftKey::kInterface, "uplinks that are provisioned"},
    {NftSetId::kLan, "lan", NftKey::kInterface, "LANs"},
    {NftSetId::kProtected, "protected", NftKey::kInterface, "LANs that may open anything"},
    {NftSetId::kExposed, "exposed", NftKey::kInterface, "LANs open from outside"},
    {NftSetId::kClosed, "closed", NftKey::kInterface, "LANs without the Internet"},
    {NftSetId::kGuarded, "guarded", NftKey::kInterface, "LANs closed from outside"},
    {NftSetId::kEverywhere, "everywhere", NftKey::kInterface, "LANs that may open to every LAN"},
    {NftSetId::kReach, "reach", NftKey::kInterfacePair, "may open to that LAN"},
    {NftSetId::kAssigned64, "assigned64", NftKey::kInterface64,
     "may speak with the Internet: a /64"},
    {NftSetId::kAssigned, "assigned", NftKey::kInterfacePrefix, "may speak with the Internet"},
    {NftSetId::kAssignedOverlap, "assigned_overlap", NftKey::kInterfacePrefix, kOverlap},
    {NftSetId::kLocal64, "local64", NftKey::kInterface64, "sources that belong to a LAN: a /64"},
    {NftSetId::kLocal, "local", NftKey::kInterfacePrefix, "sources that belong to a LAN"},
    {NftSetId::kLocalOverlap, "local_overlap", NftKey::kInterfacePrefix, kOverlap},
    {NftSetId::kWithdrawn, "withdrawn", NftKey::kInterfacePrefix,
     "invalidated while hosts may hold it"},
    {NftSetId::kDelegated, "delegated", NftKey::kInterfacePrefix, "ours, whole"},
    {NftSetId::kDelegatedOverlap, "delegated_overlap", NftKey::kInterfacePrefix, kOverlap},
    {NftSetId::kForbidden, "forbidden", NftKey::kInterfacePrefix, "documentation prefixes"},
    {NftSetId::kServers, "servers", NftKey::kInterfacePrefix, "DHCPv6 servers that we relay to"},
    {NftSetId::kRegistered, "registered", NftKey::kInterfacePrefix, "told to a DHCPv6 server"},
    {NftSetId::kDoorTcp, "door_tcp", NftKey::kPort, "LAN, host, port: open to everybody", true},
    {NftSetId::kDoorUdp, "door_udp", NftKey::kPort, "LAN, host, port: open to everybody", true},
    {NftSetId::kPinholeTcp, "pinhole_tcp", NftKey::kPorts, "LAN, source, host, ports", true},
    {NftSetId::kPinholeTcpOverlap, "pinhole_tcp_overlap", NftKey::kPorts, kOverlap},
    {NftSetId::kPinholeUdp, "pinhole_udp", NftKey::kPorts, "LAN, source, host, ports", true},
    {NftSetId::kPinholeUdpOverlap, "pinhole_udp_overlap", NftKey::kPorts, kOverlap},
    {NftSetId::kPinholeOther, "pinhole_other", NftKey::kProtocol, "LAN, source, host, protocol",
     true},
    {NftSetId::kPinholeOtherOverlap, "pinhole_other_overlap", NftKey::kProtocol, kOverlap},
    {NftSetId::kOpen, "open", NftKey::kInterfacePrefix, "left to a router behind the LAN"},
    {NftSetId::kOpenOverlap, "open_overlap", NftKey::kInterfacePrefix, kOverlap},
    {NftSetId::kShut, "shut", NftKey::kInterfacePrefix, "guarded behind an exposed LAN"},
    {NftSetId::kShutOverlap, "shut_overlap", NftKey::kInterfacePrefix, kOverlap},
    {NftSetId::kKnockers, "knockers", NftKey::kInterface, "uplinks where IPsec AH is for us"},
    {NftSetId::kKnock, "knock", NftKey::kInterfaceMark, "LAN, mark of what came by IPsec AH"},
    {NftSetId::kAnyEndpoint, "any_endpoint", NftKey::kInterface, "LANs that anybody may answer"},
    {NftSetId::kAsking, "asking", NftKey::kInterface, "LANs whose programs may ask for pinholes"},
    {NftSetId::kRefusing, "refusing", NftKey::kInterface, "LANs where something was shut"},
    {NftSetId::kStations, "stations", NftKey::kStation, "prefixes that one station has alone"},
    {NftSetId::kStationed, "stationed", NftKey::kInterfacePrefix, "the same without the station"},
}};

namespace {

std::string range_text(const NftElement& element) {
  return element.first == element.last ? cat(element.first) : cat(element.first, "-", element.last);
}

std::string to_text(const NftSetKind& kind, const NftElement& element) {
  switch (kind.key) {
    case NftKey::kInterface:
      return cat('"', element.interface, '"');
    case NftKey::kInterfacePair:
      return cat('"', element.interface, "\" . \"", element.other, '"');
    case NftKey::kInterfaceMark:
      return cat('"', element.interface, "\" . ", element.mark);
    case NftKey::kInterface64:
      return cat('"', element.interface, "\" . ", element.prefix.address());
    case NftKey::kInterfacePrefix:
      return cat('"', element.interface, "\" . ", element.prefix);
    case NftKey::kPort:
      return cat('"', element.interface, "\" . ", element.prefix.address(), " . ", element.first);
    case NftKey::kPorts:
    case NftKey::kProtocol:
      return cat('"', element.interface, "\" . ", element.source, " . ", element.prefix.address(),
                 " . ", range_text(element));
    case NftKey::kStation:
      return cat('"', element.interface, "\" . ", element.prefix, " . ", element.station);
  }
  return "";
}

bool overlap(const NftElement& a, const NftElement& b) {
  return a.interface == b.interface && a.prefix.overlaps(b.prefix) && a.source.overlaps(b.source) &&
         a.first <= b.last && b.first <= a.last && a.station == b.station;
}

// Whether the element overlaps one of a set's. They are sorted, and a prefix lies in none of the others or is the same
// (a host's, of which each port is an element): what lies in the element's follows its place, and what it lies in is
// the last before.
bool overlaps_one_of(const std::vector<NftElement>& elements, const NftElement& element) {
  auto at = std::ranges::lower_bound(elements, NftElement{element.interface, element.prefix});
  if (at != elements.begin() && overlap(*std::prev(at), element)) return true;
  for (; at != elements.end() && at->interface == element.interface &&
         element.prefix.contains(at->prefix);
       ++at) {
    if (overlap(*at, element)) return true;
  }
  return false;
}

// Sets that the rules look into one after the other for the same; the last is for what overlaps others.
struct Siblings {
  std::vector<NftSetId> sets;
  NftSetId overlap;
};
const std::array kSiblings{
    Siblings{{NftSetId::kAssigned64, NftSetId::kAssigned}, NftSetId::kAssignedOverlap},
    Siblings{{NftSetId::kLocal64, NftSetId::kLocal}, NftSetId::kLocalOverlap},
    Siblings{{NftSetId::kDelegated}, NftSetId::kDelegatedOverlap},
    Siblings{{NftSetId::kDoorTcp, NftSetId::kPinholeTcp}, NftSetId::kPinholeTcpOverlap},
    Siblings{{NftSetId::kDoorUdp, NftSetId::kPinholeUdp}, NftSetId::kPinholeUdpOverlap},
    Siblings{{NftSetId::kPinholeOther}, NftSetId::kPinholeOtherOverlap},
    Siblings{{NftSetId::kOpen}, NftSetId::kOpenOverlap},
    Siblings{{NftSetId::kShut}, NftSetId::kShutOverlap}};

// What is new in them and overlaps what was there.
std::vector<NftElement> overlapping(const Siblings& siblings, const NftSets& from,
                                    const NftSets& to) {
  std::vector<NftElement> found;
  for (const NftSetId set : siblings.sets) {
    std::ranges::set_difference(to[set], from[set], std::back_inserter(found));
  }
  std::erase_if(found, [&](const NftElement& fresh) {
    return !overlaps_one_of(from[siblings.overlap], fresh) &&
           std::ranges::none_of(siblings.sets,
                                [&](NftSetId set) { return overlaps_one_of(from[set], fresh); });
  });
  std::ranges::sort(found);
  return found;
}

NftSetId set_of(const FirewallPinhole& pinhole) {
  if (!pinhole.has_ports()) return NftSetId::kPinholeOther;
  const bool tcp = pinhole.protocol == 6;
  if (pinhole.first_port == pinhole.last_port && pinhole.source.length() == 0)
    return tcp ? NftSetId::kDoorTcp : NftSetId::kDoorUdp;
  return tcp ? NftSetId::kPinholeTcp : NftSetId::kPinholeUdp;
}

NftSetId set_of(const Prefix& prefix, NftSetId of_64, NftSetId of_others) {
  return prefix.length() == 64 ? of_64 : of_others;
}

std::vector<NftSetId> sets_of(Zone zone) {
  switch (zone) {
    case Zone::kProtected:
      return {NftSetId::kProtected, NftSetId::kGuarded};
    case Zone::kExposed:
      return {NftSetId::kExposed};
    case Zone::kIsolated:
      return {NftSetId::kGuarded};
    case Zone::kClosed:
      return {NftSetId::kClosed};
  }
  return {};
}

NftElement element_of(const FirewallPinhole& pinhole) {
  NftElement element{pinhole.interface, Prefix(pinhole.host, 128)};
  element.source = pinhole.source;
  element.first = pinhole.has_ports() ? pinhole.first_port : pinhole.protocol;
  element.last = pinhole.has_ports() ? pinhole.last_port : pinhole.protocol;
  return element;
}

}  // namespace

FirewallPinhole pinhole_of(NftSetId set, const NftElement& element) {
  FirewallPinhole pinhole{element.interface, element.prefix.address()};
  pinhole.source = element.source;
  if (set == NftSetId::kPinholeOther) {
    pinhole.protocol = static_cast<std::uint8_t>(element.first);
  } else {
    pinhole.protocol = set == NftSetId::kDoorTcp || set == NftSetId::kPinholeTcp ? 6 : 17;
    pinhole.first_port = element.first;
    pinhole.last_port = element.last;
  }
  return pinhole;
}

NftSets nft_sets(const Ruleset& given) {
  const Ruleset ruleset = normalise(given);
  const std::vector<Prefix> forbidden = forbidden_documentation(ruleset);
  NftSets sets;
  for (const FirewallUplink& uplink : ruleset.uplinks) {
    sets[NftSetId::kWan].push_back({uplink.interface});
    if (ruleset.provisioned) sets[NftSetId::kCrossing].push_back({uplink.interface});
    for (const Prefix& prefix : ruleset.delegated) {
      sets[NftSetId::kDelegated].push_back({uplink.interface, prefix});
    }
    for (const Prefix& prefix : forbidden) {
      sets[NftSetId::kForbidden].push_back({uplink.interface, prefix});
    }
  }
  for (const FirewallLan& lan : ruleset.lans) {
    sets[NftSetId::kLan].push_back({lan.interface});
    for (const NftSetId zone : sets_of(lan.zone)) {
      sets[zone].push_back({lan.interface});
    }
    if (ruleset.refuse_middles && (is_guarded(lan.zone) || !lan.shut.empty()))
      sets[NftSetId::kRefusing].push_back({lan.interface});
    if (lan.pcp) sets[NftSetId::kAsking].push_back({lan.interface});
    if (opens_endpoints(lan)) sets[NftSetId::kAnyEndpoint].push_back({lan.interface});
    const bool everywhere = lan.zone == Zone::kProtected && !lan.reaches;
    if (everywhere) sets[NftSetId::kEverywhere].push_back({lan.interface});
    for (const FirewallLan& other : ruleset.lans) {
      if (everywhere || !reaches(lan, other)) continue;
      NftElement pair{lan.interface};
      pair.other = other.interface;
      sets[NftSetId::kReach].push_back(std::move(pair));
    }
    for (const Prefix& prefix : lan.assigned) {
      sets[set_of(prefix, NftSetId::kAssigned64, NftSetId::kAssigned)].push_back(
          {lan.interface, prefix});
    }
    for (const Prefix& prefix : lan.local) {
      sets[set_of(prefix, NftSetId::kLocal64, NftSetId::kLocal)].push_back({lan.interface, prefix});
    }
    for (const Prefix& prefix : lan.withdrawn)
      sets[NftSetId::kWithdrawn].push_back({lan.interface, prefix});
    for (const Prefix& prefix : lan.open) sets[NftSetId::kOpen].push_back({lan.interface, prefix});
    for (const Prefix& prefix : lan.shut) sets[NftSetId::kShut].push_back({lan.interface, prefix});
  }
  if (!ruleset.knocks.empty()) sets[NftSetId::kKnockers] = sets[NftSetId::kWan];
  for (const FirewallKnock& knock : ruleset.knocks) {
    NftElement element{knock.interface};
    element.mark = knock.mark;
    sets[NftSetId::kKnock].push_back(std::move(element));
  }
  for (const FirewallPinhole& one : ruleset.pinholes) sets[set_of(one)].push_back(element_of(one));
  for (const FirewallServer& server : ruleset.servers) {
    sets[NftSetId::kServers].push_back({server.interface, server.source});
  }
  for (const FirewallStation& one : ruleset.stations) {
    NftElement element{one.interface, one.prefix};
    sets[NftSetId::kStationed].push_back(element);
    element.station = one.station;
    sets[NftSetId::kStations].push_back(std::move(element));
  }
  for (const FirewallRegistration& one : ruleset.registrations) {
    sets[NftSetId::kRegistered].push_back({one.interface, Prefix(one.address, 128)});
  }
  for (std::vector<NftElement>& elements : sets.elements) std::ranges::sort(elements);
  return sets;
}

std::vector<NftStep> nft_steps(const NftSets& from, const NftSets& to) {
  std::vector<NftStep> steps;
  const auto step = [&](NftStep::Kind kind, NftSetId set, std::vector<NftElement> elements) {
    if (!elements.empty()) steps.push_back({kind, set, std::move(elements)});
  };
  for (const NftSetKind& kind : kNftSetKinds) {
    std::vector<NftElement> added;
    std::vector<NftElement> stale;
    std::ranges::set_difference(to[kind.id], from[kind.id], std::back_inserter(added));
    std::ranges::set_difference(from[kind.id], to[kind.id], std::back_inserter(stale));
    std::vector<NftElement> in_the_way;
    std::erase_if(stale, [&](const NftElement& old) {
      const bool overlaps = is_interval(kind.key) && overlaps_one_of(added, old);
      if (overlaps) in_the_way.push_back(old);
      return overlaps;
    });
    step(NftStep::Kind::kRemove, kind.id, std::move(in_the_way));
    step(NftStep::Kind::kAdd, kind.id, std::move(added));
    step(NftStep::Kind::kRemove, kind.id, std::move(stale));
  }
  return steps;
}

NftSets apply_steps(NftSets sets, const std::vector<NftStep>& steps) {
  for (const NftStep& step : steps) {
    std::vector<NftElement>& elements = sets[step.set];
    for (const NftElement& element : step.elements) {
      const auto at = std::ranges::lower_bound(elements, element);
      const bool there = at != elements.end() && *at == element;
      if (step.kind == NftStep::Kind::kAdd && !there) elements.insert(at, element);
      if (step.kind == NftStep::Kind::kRemove && there) elements.erase(at);
    }
  }
  return sets;
}

std::vector<NftSets> nft_stages(const NftSets& from, const NftSets& to) {
  NftSets first = from;
  NftSets last = to;
  bool any = false;
  for (const Siblings& siblings : kSiblings) {
    first[siblings.overlap] = last[siblings.overlap] = overlapping(siblings, from, to);
    any = any || !first[siblings.overlap].empty();
  }
  if (!any) return {last};
  return {first, last};
}

std::string nft_difference(const NftSets& from, const NftSets& to) {
  std::string text;
  for (const NftStep& step : nft_steps(from, to)) {
    const NftSetKind& kind = kNftSetKinds[static_cast<std::size_t>(step.set)];
    text += cat(step.kind == NftStep::Kind::kAdd ? "add" : "delete", " element ip6 ", kNftTable,
                " ", kind.name, " { ");
    for (std::size_t i = 0; i < step.elements.size(); ++i) {
      if (i > 0) text += ", ";
      text += to_text(kind, step.elements[i]);
    }
    text += " }\n";
  }
  return text;
}

}  // namespace sixgate::firewall
