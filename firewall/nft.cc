// SPDX-License-Identifier: Apache-2.0
#include "firewall/nft.h"

#include <algorithm>
#include <iterator>

#include "firewall/forbidden.h"
#include "net/text.h"

namespace sixgate::firewall {

const std::array<NftSetKind, kNftSetCount> kNftSetKinds{{
    {NftSetId::kWan, "wan", NftKey::kInterface, "uplinks"},
    {NftSetId::kCrossing, "crossing", NftKey::kInterface, "uplinks that are provisioned"},
    {NftSetId::kLan, "lan", NftKey::kInterface, "LANs"},
    {NftSetId::kProtected, "protected", NftKey::kInterface, "LANs closed from outside"},
    {NftSetId::kExposed, "exposed", NftKey::kInterface, "LANs open from outside"},
    {NftSetId::kAssigned, "assigned", NftKey::kInterfacePrefix, "may speak with the Internet"},
    {NftSetId::kLocal, "local", NftKey::kInterfacePrefix, "sources that belong to a LAN"},
    {NftSetId::kDelegated, "delegated", NftKey::kInterfacePrefix, "ours, whole"},
    {NftSetId::kForbidden, "forbidden", NftKey::kInterfacePrefix, "documentation prefixes"},
    {NftSetId::kServers, "servers", NftKey::kInterfacePrefix, "DHCPv6 servers that we relay to"},
}};

namespace {

std::string to_text(const NftSetKind& kind, const NftElement& element) {
  switch (kind.key) {
    case NftKey::kInterface:
      return cat('"', element.interface, '"');
    case NftKey::kInterfacePrefix:
      return cat('"', element.interface, "\" . ", element.prefix);
  }
  return "";
}

bool overlap(const NftSetKind& kind, const NftElement& a, const NftElement& b) {
  return kind.key == NftKey::kInterfacePrefix && a.interface == b.interface &&
         a.prefix.overlaps(b.prefix);
}

}  // namespace

NftSets nft_sets(const Ruleset& given) {
  const Ruleset ruleset = normalise(given);
  const std::vector<Prefix> forbidden = forbidden_documentation(ruleset);
  NftSets sets;
  for (const FirewallUplink& uplink : ruleset.uplinks) {
    sets[NftSetId::kWan].push_back({uplink.interface, {}});
    if (ruleset.provisioned) sets[NftSetId::kCrossing].push_back({uplink.interface, {}});
    for (const Prefix& prefix : ruleset.delegated) {
      sets[NftSetId::kDelegated].push_back({uplink.interface, prefix});
    }
    for (const Prefix& prefix : forbidden) {
      sets[NftSetId::kForbidden].push_back({uplink.interface, prefix});
    }
  }
  for (const FirewallLan& lan : ruleset.lans) {
    sets[NftSetId::kLan].push_back({lan.interface, {}});
    const bool is_protected = lan.zone == Zone::kProtected;
    sets[is_protected ? NftSetId::kProtected : NftSetId::kExposed].push_back({lan.interface, {}});
    for (const Prefix& prefix : lan.assigned) {
      sets[NftSetId::kAssigned].push_back({lan.interface, prefix});
    }
    for (const Prefix& prefix : lan.local) {
      sets[NftSetId::kLocal].push_back({lan.interface, prefix});
    }
  }
  for (const FirewallServer& server : ruleset.servers) {
    sets[NftSetId::kServers].push_back({server.interface, server.source});
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
      const bool overlaps = std::ranges::any_of(
          added, [&](const NftElement& fresh) { return overlap(kind, old, fresh); });
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
