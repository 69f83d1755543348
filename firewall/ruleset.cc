// SPDX-License-Identifier: Apache-2.0
#include "firewall/ruleset.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "firewall/overlap.h"

namespace sixgate::firewall {

namespace {

// `whole` without `hole`: the siblings on the way down to it.
void cut_out(const Prefix& whole, const Prefix& hole, std::vector<Prefix>& left) {
  if (hole.contains(whole)) return;
  if (!whole.contains(hole)) {
    left.push_back(whole);
    return;
  }
  for (unsigned length = whole.length() + 1; length <= hole.length(); ++length) {
    // The sibling of the hole's own prefix of this length: that prefix with its last bit turned.
    Ip6Address::Bytes sibling = Prefix(hole.address(), length).address().bytes();
    const unsigned bit = length - 1;
    sibling[bit / 8] = static_cast<std::uint8_t>(sibling[bit / 8] ^ (0x80U >> (bit % 8)));
    left.push_back(Prefix(Ip6Address(sibling), length));
  }
}

// They are sorted, and none lies in another: what holds the prefix is the last that does not come after it.
bool lies_in_one_of(const std::vector<Prefix>& prefixes, const Prefix& prefix) {
  const auto after = std::ranges::upper_bound(prefixes, prefix);
  return after != prefixes.begin() && std::prev(after)->contains(prefix);
}

}  // namespace

std::string_view to_string(Backend backend) {
  switch (backend) {
    case Backend::kNft:
      return "nft";
    case Backend::kIp6tables:
      return "ip6tables";
    case Backend::kNone:
      return "none";
  }
  return "";
}

std::string_view to_string(Zone zone) {
  switch (zone) {
    case Zone::kProtected:
      return "protected";
    case Zone::kExposed:
      return "exposed";
    case Zone::kIsolated:
      return "isolated";
    case Zone::kClosed:
      return "closed";
  }
  return "";
}

std::optional<Zone> parse_zone(std::string_view text) {
  for (const Zone zone : {Zone::kProtected, Zone::kExposed, Zone::kIsolated, Zone::kClosed}) {
    if (text == to_string(zone)) return zone;
  }
  return std::nullopt;
}

bool reaches(const FirewallLan& from, const FirewallLan& to) {
  if (from.interface == to.interface) return true;
  if (from.reaches) {
    return std::ranges::find(*from.reaches, to.interface) != from.reaches->end();
  }
  switch (from.zone) {
    case Zone::kProtected:
      return true;
    case Zone::kExposed:
      return to.zone == Zone::kExposed;
    case Zone::kIsolated:
    case Zone::kClosed:
      return false;
  }
  return false;
}

bool is_guarded(Zone zone) { return zone == Zone::kProtected || zone == Zone::kIsolated; }

bool is_exposed(const FirewallLan& lan, const Ip6Address& address) {
  return lan.zone == Zone::kExposed ? !any_contains(lan.shut, address)
                                    : any_contains(lan.open, address);
}

bool translates(const Ruleset& ruleset) {
  return ruleset.translating || !ruleset.translations.empty();
}

bool has_interface(const Ruleset& ruleset, std::string_view interface) {
  const auto is_it = [&](const auto& one) { return one.interface == interface; };
  return std::ranges::any_of(ruleset.uplinks, is_it) || std::ranges::any_of(ruleset.lans, is_it);
}

bool opens_endpoints(const FirewallLan& lan) { return lan.any_endpoint && is_guarded(lan.zone); }

bool is_interface_name(std::string_view name) {
  // dev_valid_name() of the kernel; and no octet that would need quoting in a rule.
  if (name.empty() || name.size() > 15 || name == "." || name == "..") return false;
  return std::ranges::all_of(name, [](char c) {
    return c > ' ' && c < 0x7f && c != '/' && c != ':' && c != '"' && c != '\\' && c != '*' &&
           c != '+' && c != '!';
  });
}

std::vector<FirewallTranslation> normalised(std::vector<FirewallTranslation> translations) {
  std::erase_if(translations, [](const FirewallTranslation& one) {
    return !is_interface_name(one.uplink) || !is_interface_name(one.interface) ||
           one.internal.length() != one.external.length();
  });
  std::ranges::sort(translations);
  const auto repeated = std::ranges::unique(translations);
  translations.erase(repeated.begin(), repeated.end());
  return translations;
}

Ruleset normalise(Ruleset ruleset) {
  std::erase_if(ruleset.uplinks,
                [](const FirewallUplink& uplink) { return !is_interface_name(uplink.interface); });
  std::ranges::sort(ruleset.uplinks);
  const auto repeated = std::ranges::unique(ruleset.uplinks);
  ruleset.uplinks.erase(repeated.begin(), repeated.end());

  std::vector<FirewallLan> lans;
  for (FirewallLan& lan : ruleset.lans) {
    if (!is_interface_name(lan.interface)) continue;
    if (std::ranges::find(ruleset.uplinks, FirewallUplink{lan.interface}) !=
        ruleset.uplinks.end()) {
      continue;
    }
    const auto same = std::ranges::find(lans, lan.interface, &FirewallLan::interface);
    if (same == lans.end()) {
      lans.push_back(std::move(lan));
    } else {
      same->assigned.insert(same->assigned.end(), lan.assigned.begin(), lan.assigned.end());
      same->local.insert(same->local.end(), lan.local.begin(), lan.local.end());
      same->open.insert(same->open.end(), lan.open.begin(), lan.open.end());
      same->shut.insert(same->shut.end(), lan.shut.begin(), lan.shut.end());
      same->withdrawn.insert(same->withdrawn.end(), lan.withdrawn.begin(), lan.withdrawn.end());
    }
  }
  for (FirewallLan& lan : lans) {
    // There may be thousands that are assigned: sorted once, they are merged into the few others.
    keep_outermost(lan.assigned);
    keep_outermost(lan.local);
    std::vector<Prefix> local;
    std::ranges::merge(lan.local, lan.assigned, std::back_inserter(local));
    keep_outermost(local);
    lan.local = std::move(local);
    std::erase_if(lan.withdrawn, [&](const Prefix& one) { return lies_in_one_of(lan.local, one); });
    keep_outermost(lan.withdrawn);
    if (lan.zone == Zone::kClosed) lan.assigned.clear();
    if (!is_guarded(lan.zone)) lan.open.clear();
    if (lan.zone != Zone::kExposed) lan.shut.clear();
    for (std::vector<Prefix>* const differs : {&lan.open, &lan.shut}) {
      std::erase_if(*differs,
                    [&](const Prefix& one) { return !lies_in_one_of(lan.assigned, one); });
      keep_outermost(*differs);
    }
  }
  std::ranges::sort(lans);
  ruleset.lans = std::move(lans);
  std::erase_if(ruleset.pinholes, [&](const FirewallPinhole& pinhole) {
    return std::ranges::none_of(ruleset.lans, [&](const FirewallLan& lan) {
      return lan.interface == pinhole.interface &&
             std::ranges::any_of(
                 lan.assigned, [&](const Prefix& prefix) { return prefix.contains(pinhole.host); });
    });
  });
  make_disjoint(ruleset.pinholes);
  std::erase_if(ruleset.knocks, [&](const FirewallKnock& knock) {
    return std::ranges::none_of(ruleset.lans, [&](const FirewallLan& lan) {
      return lan.interface == knock.interface && !lan.assigned.empty();
    });
  });
  std::ranges::sort(ruleset.knocks);
  const auto same_knock = std::ranges::unique(ruleset.knocks);
  ruleset.knocks.erase(same_knock.begin(), same_knock.end());

  const auto is_ours = [&](const std::string& interface) {
    return std::ranges::find(ruleset.uplinks, interface, &FirewallUplink::interface) !=
               ruleset.uplinks.end() ||
           std::ranges::find(ruleset.lans, interface, &FirewallLan::interface) !=
               ruleset.lans.end();
  };
  std::ranges::sort(ruleset.servers);
  std::vector<FirewallServer> servers;
  for (const FirewallServer& server : ruleset.servers) {
    const bool inside = !servers.empty() && servers.back().interface == server.interface &&
                        servers.back().source.contains(server.source);
    if (is_ours(server.interface) && !inside) servers.push_back(server);
  }
  ruleset.servers = std::move(servers);

  std::erase_if(ruleset.registrations, [&](const FirewallRegistration& one) {
    return std::ranges::find(ruleset.uplinks, FirewallUplink{one.interface}) ==
           ruleset.uplinks.end();
  });
  std::ranges::sort(ruleset.registrations);
  const auto twice = std::ranges::unique(ruleset.registrations);
  ruleset.registrations.erase(twice.begin(), twice.end());

  ruleset.translations = normalised(std::move(ruleset.translations));

  std::ranges::sort(ruleset.stations);
  std::vector<FirewallStation> stations;
  for (const FirewallStation& one : ruleset.stations) {
    const auto lan = std::ranges::find(ruleset.lans, one.interface, &FirewallLan::interface);
    if (lan == ruleset.lans.end() || !lies_in_one_of(lan->local, one.prefix)) continue;
    const bool inside = !stations.empty() && stations.back().interface == one.interface &&
                        stations.back().prefix.contains(one.prefix);
    if (!inside) stations.push_back(one);
  }
  ruleset.stations = std::move(stations);

  keep_outermost(ruleset.delegated);
  for (const Prefix& hole : ruleset.excluded) {
    std::vector<Prefix> left;
    for (const Prefix& whole : ruleset.delegated) cut_out(whole, hole, left);
    ruleset.delegated = std::move(left);
  }
  ruleset.excluded.clear();
  keep_outermost(ruleset.delegated);
  return ruleset;
}

}  // namespace sixgate::firewall
