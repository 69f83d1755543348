// SPDX-License-Identifier: Apache-2.0
#include "daemon/desired_state.h"

#include <algorithm>
#include <set>
#include <utility>

#include "daemon/flow_timeouts.h"
#include "daemon/knock.h"
#include "daemon/lan_advertisement.h"
#include "daemon/lan_scope.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

// Metrics of our own, so that replacing a route never meets one of somebody else's.
constexpr std::uint32_t kOnLinkMetric = 206;
constexpr std::uint32_t kSubdelegationMetric = 207;
constexpr std::uint32_t kUnreachableMetric = 0x7fffffff;

bool is_unique_local(const Prefix& prefix) { return kUniqueLocal.contains(prefix); }

KernelAddress wanted_address(const std::string& interface, const Ip6Address& address,
                             unsigned length, Instant preferred_until, Instant valid_until) {
  KernelAddress wanted;
  wanted.interface = interface;
  wanted.address = address;
  wanted.prefix_length = length;
  wanted.preferred_until = std::min(preferred_until, valid_until);
  wanted.valid_until = valid_until;
  wanted.ours = true;
  return wanted;
}

KernelRoute on_link_route(const std::string& interface, const Prefix& prefix, Instant expires) {
  KernelRoute route;
  route.destination = prefix;
  route.interface = interface;
  route.metric = kOnLinkMetric;
  route.expires = expires;
  return route;
}

bool same_object(const KernelRoute& a, const KernelRoute& b) {
  return a.table == b.table && a.destination == b.destination && a.source == b.source &&
         a.metric == b.metric && a.kind == b.kind;
}

bool same_object(const KernelAddress& a, const KernelAddress& b) {
  return a.interface == b.interface && a.address == b.address;
}

template <class T>
void add_unless_there(std::vector<T>& all, const T& thing) {
  const auto same = [&](const T& t) { return same_object(t, thing); };
  if (std::none_of(all.begin(), all.end(), same)) all.push_back(thing);
}

std::string interface_key(const std::string& interface, std::string_view key) {
  return cat("net/ipv6/conf/", interface, "/", key);
}

// Two default routes of one metric would share the traffic, and two uplinks may be configured alike: the one
// that comes later takes the next metric that is free.
void add_behind(std::vector<KernelRoute>& all, KernelRoute route) {
  const auto same = [&](const KernelRoute& r) { return same_object(r, route); };
  while (std::any_of(all.begin(), all.end(), same)) ++route.metric;
  all.push_back(std::move(route));
}

// A /64 of this uplink's link that our LANs share is not on that link alone (RFC 7278 section 4.1).
bool is_shared(const House& house, const UplinkView& uplink, const Prefix& prefix) {
  return std::any_of(house.shared.begin(), house.shared.end(), [&](const SharedLinks& shared) {
    return shared.advertised && shared.uplink == uplink.config->name &&
           shared.prefix.overlaps(prefix);
  });
}

// What is delegated to us lies at home, whatever a router of the uplink says of a part of it.
bool is_ours(const House& house, const Prefix& prefix) {
  return std::any_of(house.delegations.begin(), house.delegations.end(), [&](const auto& d) {
    return d.prefix.contains(prefix) && !(d.excluded && d.excluded->contains(prefix));
  });
}

// The prefixes whose packets belong to this uplink: what it delegated, and its own addresses.
std::vector<std::pair<Prefix, Instant>> sources_of(const House& house, const UplinkView& uplink,
                                                   Instant now) {
  std::vector<std::pair<Prefix, Instant>> sources;
  const auto add = [&](const Prefix& prefix, Instant until) {
    if (until > now) sources.emplace_back(prefix, until);
  };
  for (const delegation::Delegation& delegation : house.delegations) {
    if (delegation.origin == uplink.config->name) add(delegation.prefix, delegation.valid_until);
  }
  for (const ra::HeardPrefix& heard : uplink.heard->prefixes) {
    if (heard.autonomous) add(heard.prefix, heard.valid_until);
  }
  // After a start the link has not said it again yet; and of one that is relayed hosts may have addresses by DHCPv6
  // alone.
  for (const SharedLinks& shared : house.shared) {
    const bool there = std::any_of(sources.begin(), sources.end(),
                                   [&](const auto& one) { return one.first == shared.prefix; });
    if (shared.advertised && shared.uplink == uplink.config->name && !there)
      add(shared.prefix, shared.valid_until);
  }
  for (const dhcp6::LeasedAddress& leased : uplink.lease->addresses)
    add(Prefix(leased.address, 128), leased.valid_until);
  // The best route of those that translate a prefix is taken: a dead one has none, and is not to refuse it either.
  for (const LanView& lan : house.lans) {
    for (const LanTranslation& one : lan.translations) {
      if (one.uplink == uplink.config->name && one.begins && !uplink.dead)
        add(one.internal, one.valid_until);
    }
  }
  if (uplink.config->address) add(Prefix(uplink.config->address->address, 128), Instant::never());
  return sources;
}

// Of several uplinks each is left by the packets whose source belongs to it (RFC 8028 section 3.1, BCP 38):
// a route of each source, whose metrics do not meet those of others. Where no router takes them they are
// refused: another provider would drop them without a word. `route` without a source stays for packets that
// have none yet, and for the prefixes of nobody.
void add_by_source(DesiredState& out, const KernelRoute& route,
                   const std::vector<std::pair<Prefix, Instant>>& sources) {
  for (const auto& [source, until] : sources) {
    KernelRoute own = route;
    own.source = source;
    own.expires = std::min(route.expires, until);
    add_behind(out.routes, own);
  }
}

void refuse_by_source(DesiredState& out, const std::vector<std::pair<Prefix, Instant>>& sources) {
  for (const auto& [source, until] : sources) {
    KernelRoute refused;
    refused.kind = KernelRoute::Kind::kUnreachable;
    refused.source = source;
    refused.metric = kUnreachableMetric;
    add_unless_there(out.routes, refused);
  }
}

// Routers heard on the uplink, best first: preference, then address (RFC 4191 section 3.2).
void uplink_routes(const House& house, const UplinkView& uplink, DesiredState& out, Instant now) {
  const std::string& interface = uplink.config->interface;
  const bool several =
      std::count_if(house.uplinks.begin(), house.uplinks.end(), [](const UplinkView& one) {
        return one.config->mode != conf::UplinkMode::kNone;
      }) > 1;
  const auto sources =
      several ? sources_of(house, uplink, now) : std::vector<std::pair<Prefix, Instant>>{};
  std::vector<ra::HeardRouter> routers;
  for (const ra::HeardRouter& router : uplink.heard->routers) {
    if (router.router_until > now && !uplink.dead) routers.push_back(router);
  }
  std::sort(routers.begin(), routers.end(), [](const ra::HeardRouter& a, const ra::HeardRouter& b) {
    // RFC 4861 section 6.3.6, RFC 4191 section 3.2: one that answers before one that does not, whatever it prefers.
    if (a.silent != b.silent) return b.silent;
    if (a.preference != b.preference) return a.preference > b.preference;
    return a.address < b.address;
  });
  if (uplink.config->gateway) {
    routers.clear();  // the contract says who it is
    if (!uplink.dead) {
      routers.emplace_back();
      routers.front().address = *uplink.config->gateway;
      routers.front().router_until = Instant::never();
    }
  }
  std::uint32_t rank = 0;
  for (const ra::HeardRouter& router : routers) {
    KernelRoute route;
    route.interface = interface;
    route.gateway = router.address;
    route.metric = uplink.config->metric + rank++;
    route.preference = router.preference;
    route.expires = router.router_until;
    add_by_source(out, route, sources);
    add_behind(out.routes, route);
    // RFC 6603 section 6.1: what the provider kept for its link is no part of what is refused here, whether its
    // router calls it on-link (a better metric) or not.
    for (const delegation::Delegation& delegation : house.delegations) {
      if (delegation.origin != uplink.config->name || !delegation.excluded) continue;
      KernelRoute kept = route;
      kept.destination = *delegation.excluded;
      kept.expires = std::min(route.expires, delegation.valid_until);
      add_behind(out.routes, kept);
    }
  }
  refuse_by_source(out, sources);
  for (const ra::HeardRoute& heard : uplink.heard->routes) {
    // ::/0 only speaks of the default router, whose preference the listener knows (RFC 4191 section 3.1).
    if (heard.until <= now || heard.prefix.length() == 0 || is_ours(house, heard.prefix) ||
        is_shared(house, uplink, heard.prefix))
      continue;
    KernelRoute route;
    route.destination = heard.prefix;
    route.interface = interface;
    route.gateway = heard.router;
    route.metric =
        uplink.config->metric + (heard.preference == ra::RouterPreference::kHigh     ? 0U
                                 : heard.preference == ra::RouterPreference::kMedium ? 1U
                                                                                     : 2U);
    route.preference = heard.preference;
    route.expires = heard.until;
    if (uplink.dead) continue;
    add_by_source(out, route, sources);
    if (!several) add_behind(out.routes, route);
  }
  if (uplink.config->address) {
    const Prefix link(uplink.config->address->address, uplink.config->address->prefix_length);
    if (link.length() < 128)
      add_unless_there(out.routes, on_link_route(interface, link, Instant::never()));
  }
  for (const ra::HeardPrefix& heard : uplink.heard->prefixes) {
    if (heard.on_link && heard.on_link_until > now && !is_ours(house, heard.prefix) &&
        !is_shared(house, uplink, heard.prefix))
      add_unless_there(out.routes, on_link_route(interface, heard.prefix, heard.on_link_until));
  }
}

void uplink_addresses(const House& house, const UplinkView& uplink, DesiredState& out,
                      Instant now) {
  const std::string& interface = uplink.config->interface;
  if (const auto& own = uplink.config->address) {
    add_unless_there(out.addresses, wanted_address(interface, own->address, own->prefix_length,
                                                   Instant::never(), Instant::never()));
  }
  // RFC 7084 WAA-2: neither kind of address says that a prefix is on link.
  for (const auto& [prefix, address] : uplink.slaac) {
    for (const ra::HeardPrefix& heard : uplink.heard->prefixes) {
      if (heard.prefix == prefix && heard.autonomous && heard.valid_until > now) {
        add_unless_there(out.addresses, wanted_address(interface, address,
                                                       is_shared(house, uplink, prefix) ? 128 : 64,
                                                       heard.preferred_until, heard.valid_until));
      }
    }
  }
  for (const dhcp6::LeasedAddress& leased : uplink.lease->addresses) {
    if (leased.valid_until > now) {
      add_unless_there(out.addresses, wanted_address(interface, leased.address, 128,
                                                     leased.preferred_until, leased.valid_until));
    }
  }
}

void uplink_sysctls(const UplinkView& uplink, DesiredState& out) {
  const std::string& interface = uplink.config->interface;
  const ra::Heard& heard = *uplink.heard;
  if (heard.hop_limit) {
    out.sysctls[interface_key(interface, "hop_limit")] = std::to_string(*heard.hop_limit);
  }
  if (heard.mtu && *heard.mtu <= uplink.link->mtu) {
    out.sysctls[interface_key(interface, "mtu")] = std::to_string(*heard.mtu);
  }
  // The kernel refuses what is too many ticks. Nothing above AdvReachableTime's most (RFC 4861 section 6.2.1)
  // makes sense for either.
  constexpr milliseconds kMost{3'600'000};
  const auto neighbour = [&](std::string_view key, const auto& value) {
    if (value && *value <= kMost) {
      out.sysctls[cat("net/ipv6/neigh/", interface, "/", key)] =
          std::to_string(std::chrono::duration_cast<milliseconds>(*value).count());
    }
  };
  neighbour("base_reachable_time_ms", heard.reachable);
  neighbour("retrans_time_ms", heard.retrans);
}

// Router Advertisements are for us, on uplinks, or come from us; never for the kernel. So also while the link
// is down: it would hear the first one after it comes up.
void ipv6_without_advertisements(const std::string& interface, DesiredState& out) {
  out.sysctls[interface_key(interface, "disable_ipv6")] = "0";
  out.sysctls[interface_key(interface, "accept_ra")] = "0";
}

// Where the answers to what a DHCPv6 server is told come to: everything here that it did not lease itself.
void derive_registrations(const UplinkView& uplink, DesiredState& out) {
  const auto is_leased = [&](const Ip6Address& address) {
    return std::any_of(uplink.lease->addresses.begin(), uplink.lease->addresses.end(),
                       [&](const auto& leased) { return leased.address == address; });
  };
  for (const KernelAddress& own : out.addresses) {
    if (own.interface == uplink.config->interface && !is_leased(own.address))
      out.ruleset.registrations.push_back({own.interface, own.address});
  }
}

void derive_uplink(const House& house, const UplinkView& uplink, DesiredState& out, Instant now) {
  out.ruleset.uplinks.push_back({uplink.config->interface});
  ipv6_without_advertisements(uplink.config->interface, out);
  if (uplink.link == nullptr) return;
  // Who shares the access network can send plain Ethernet, too, to where PPPoE comes from.
  for (const std::string& carrier : unguarded_carriers(*house.config, *uplink.link)) {
    if (uplink.link->ppp) out.ruleset.uplinks.push_back({carrier});
  }
  uplink_sysctls(uplink, out);
  uplink_addresses(house, uplink, out, now);
  uplink_routes(house, uplink, out, now);
  if (uplink.registers) derive_registrations(uplink, out);
  for (const KernelAddress& address : uplink.inherited_addresses) {
    if (address.valid_until > now) add_unless_there(out.addresses, address);
  }
  for (const KernelRoute& route : uplink.inherited_routes) {
    if (route.expires > now) add_unless_there(out.routes, route);
  }
}

// The unreachable route keeps what is delegated and not assigned from looping between us and the ISP (RFC
// 7084 WPD-5), and answers the sender.
void derive_delegations(const House& house, DesiredState& out, Instant now) {
  for (const delegation::Delegation& delegation : house.delegations) {
    if (delegation.valid_until <= now) continue;
    KernelRoute route;
    route.kind = KernelRoute::Kind::kUnreachable;
    route.destination = delegation.prefix;
    route.metric = kUnreachableMetric;
    add_unless_there(out.routes, route);
    out.ruleset.delegated.push_back(delegation.prefix);
    if (delegation.excluded) out.ruleset.excluded.push_back(*delegation.excluded);
  }
}

// RFC 7084 G-3: nothing crosses before both the WAN and the delegation are there.
bool provisioned(const House& house) {
  for (const UplinkView& uplink : house.uplinks) {
    const bool connected =
        uplink.link != nullptr && (uplink.heard->any || !uplink.lease->addresses.empty() ||
                                   uplink.config->gateway || !uplink.inherited_routes.empty());
    if (!connected) continue;
    for (const LanView& lan : house.lans) {
      for (const LanPrefix& prefix : lan.prefixes) {
        const bool of_uplink =
            prefix.origin == uplink.config->name || prefix.origin == delegation::kOriginStatic;
        if (of_uplink && !is_unique_local(prefix.prefix)) return true;
      }
      if (std::any_of(lan.translations.begin(), lan.translations.end(),
                      [&](const auto& one) { return one.uplink == uplink.config->name; }))
        return true;
    }
  }
  return false;
}

// A route over a link without carrier leads nowhere (RFC 7084 G-5), nor does one to a neighbor's link-local address
// where we have none: over a PPP link that goes on for IPv4 alone (WLL-3).
bool has_default_route(const House& house, const DesiredState& out, Instant now) {
  const auto leads_out = [&](const UplinkView& uplink) {
    return std::any_of(out.routes.begin(), out.routes.end(), [&](const KernelRoute& route) {
      return route.gateway && route.destination.length() == 0 &&
             uplink.link->name == route.interface &&
             (uplink.link->link_local || !route.gateway->is_link_local());
    });
  };
  return std::any_of(house.uplinks.begin(), house.uplinks.end(), [&](const UplinkView& uplink) {
    if (uplink.held) {
      return uplink.config->gateway ||
             std::any_of(uplink.heard->routers.begin(), uplink.heard->routers.end(),
                         [&](const ra::HeardRouter& router) { return router.router_until > now; });
    }
    return uplink.link != nullptr && uplink.link->carrier && leads_out(uplink);
  });
}

Services upstream_services(const House& house, Instant now) {
  Services all;
  for (const UplinkView* uplink : best_first(house)) {
    if (uplink->dead) break;
    Services one = services_of(*uplink->lease, *uplink->heard, now);
    if (!uplink->config->use_dns) {
      one.dns_servers.clear();
      one.search_domains.clear();
      one.encrypted_dns.clear();
    }
    add_services(all, without_link_local(std::move(one)));
  }
  return all;
}

// RFC 9818 LPD-5: the way to what a router behind this LAN has, and what may come from there (LPD-6). There may be
// thousands of them.
void derive_subdelegations(const House& house, const LanView& lan, firewall::FirewallLan& rules,
                           DesiredState& out, Instant now) {
  std::set<Prefix> taken;  // destinations that a route like ours has
  for (const KernelRoute& route : out.routes) {
    if (route.metric == kSubdelegationMetric && route.table == kMainTable)
      taken.insert(route.destination);
  }
  const auto is_delegated = [&](const Prefix& prefix) {
    return std::any_of(house.delegations.begin(), house.delegations.end(), [&](const auto& whole) {
      return whole.valid_until > now && whole.prefix.contains(prefix);
    });
  };
  for (const dhcp6::DelegatedPrefix& one : house.subdelegations) {
    if (one.link != lan.config->name || one.valid_until <= now) continue;
    if (is_unique_local(one.prefix)) {
      rules.local.push_back(one.prefix);
    } else {
      rules.assigned.push_back(one.prefix);  // and so local
      if (lan.config->downstream == conf::Downstream::kExposed) rules.open.push_back(one.prefix);
      if (lan.config->downstream == conf::Downstream::kFiltered) rules.shut.push_back(one.prefix);
      // What another server gave need not be part of what we were delegated, and is at home all the same.
      if (!is_delegated(one.prefix)) out.ruleset.delegated.push_back(one.prefix);
    }
    // Until its station is known, everybody on the LAN may use it.
    if (lan.config->bind_delegations && lan.hosts != nullptr) {
      if (const auto station = lan.hosts->station_of(one.next_hop, now))
        out.ruleset.stations.push_back({rules.interface, one.prefix, *station});
    }
    if (lan.link == nullptr) continue;
    KernelRoute route;
    route.destination = one.prefix;
    route.interface = lan.config->interface;
    route.gateway = one.next_hop;
    route.metric = kSubdelegationMetric;
    route.expires = one.valid_until;
    if (taken.insert(route.destination).second) out.routes.push_back(std::move(route));
  }
}

// Who may answer our relay agent: those it asks. A group means servers of its link (dhcp6/relay.h).
void derive_relay(const House& house, const conf::LanConfig& lan, DesiredState& out) {
  for (const conf::RelayTo& to : lan.relay.servers) {
    const auto interface = conf::relay_interface(*house.config, to);
    if (!interface) continue;
    out.ruleset.servers.push_back(
        {*interface, to.address.is_multicast() ? kLinkLocal : Prefix(to.address, 128)});
  }
}

void derive_lan(const House& house, const LanView& lan, DesiredState& out, Instant now) {
  firewall::FirewallLan rules;
  rules.interface = lan.config->interface;
  rules.zone = lan.config->zone;
  rules.any_endpoint = lan.config->any_endpoint;
  rules.pcp = lan.config->pcp;
  if (lan.config->reaches) {
    rules.reaches.emplace();
    for (const LanView& other : house.lans) {
      const auto& names = *lan.config->reaches;
      if (std::find(names.begin(), names.end(), other.config->name) != names.end())
        rules.reaches->push_back(other.config->interface);
    }
  }
  for (const LanPrefix& prefix : lan.prefixes) {
    if (prefix.waits) continue;
    rules.local.push_back(prefix.prefix);
    if (!is_unique_local(prefix.prefix)) rules.assigned.push_back(prefix.prefix);
  }
  rules.withdrawn = lan.withdrawn;
  for (const LanTranslation& one : lan.translations) {
    if (one.valid_until <= now) continue;
    rules.assigned.push_back(one.internal);
    out.ruleset.translations.push_back(
        {one.interface, rules.interface, one.internal, one.external, one.begins});
  }
  derive_subdelegations(house, lan, rules, out, now);
  derive_relay(house, *lan.config, out);
  out.ruleset.lans.push_back(rules);
  const std::string& interface = lan.config->interface;
  ipv6_without_advertisements(interface, out);
  if (lan.link == nullptr) return;
  // RFC 9131: know a host before the first packet for it arrives.
  out.sysctls[interface_key(interface, "accept_untracked_na")] = "1";
  for (const LanPrefix& prefix : lan.prefixes) {
    if (prefix.valid_until <= now) continue;
    add_unless_there(out.addresses,
                     wanted_address(interface, prefix.address, prefix.prefix.length(),
                                    prefix.preferred_until, prefix.valid_until));
    if (prefix.on_link)
      add_unless_there(out.routes, on_link_route(interface, prefix.prefix, prefix.valid_until));
  }
  // The answer "source address failed policy" must find its way to a host that still uses what was
  // withdrawn (RFC 7084 L-14), while everybody else's packets go where the Internet says: a private table
  // for what we ourselves send.
  for (const Prefix& prefix : lan.withdrawn) {
    KernelRoute route = on_link_route(interface, prefix, Instant::never());
    route.table = kWithdrawnTable;
    add_unless_there(out.routes, route);
    const KernelRule rule{prefix};
    if (std::find(out.rules.begin(), out.rules.end(), rule) == out.rules.end())
      out.rules.push_back(rule);
  }
}

// Each host of a shared /64 has a route to where it was found.
void derive_sharing(const House& house, DesiredState& out) {
  const auto is_there = [&](const std::string& interface) {
    return std::any_of(house.lans.begin(), house.lans.end(),
                       [&](const LanView& lan) {
                         return lan.link != nullptr && lan.link->name == interface;
                       }) ||
           std::any_of(house.uplinks.begin(), house.uplinks.end(), [&](const UplinkView& uplink) {
             return uplink.link != nullptr && uplink.link->name == interface;
           });
  };
  for (const SharedLinks& shared : house.shared) {
    for (const ra::ProxiedHost& host : shared.hosts) {
      if (is_there(host.segment))
        out.routes.push_back(
            on_link_route(host.segment, Prefix(host.address, 128), Instant::never()));
    }
  }
}

}  // namespace

std::vector<const UplinkView*> best_first(const House& house) {
  std::vector<const UplinkView*> uplinks;
  for (const UplinkView& uplink : house.uplinks) uplinks.push_back(&uplink);
  std::stable_sort(uplinks.begin(), uplinks.end(), [](const auto* a, const auto* b) {
    return std::pair(a->dead, a->config->metric) < std::pair(b->dead, b->config->metric);
  });
  return uplinks;
}

std::vector<std::string> unguarded_carriers(const conf::Config& config, const LinkState& link) {
  const auto is_named = [](const auto& those, const std::string& interface) {
    return std::ranges::any_of(those, [&](const auto& one) { return one.interface == interface; });
  };
  std::vector<std::string> out;
  std::ranges::copy_if(link.carriers, std::back_inserter(out), [&](const std::string& carrier) {
    return !is_named(config.uplinks, carrier) && !is_named(config.lans, carrier);
  });
  return out;
}

DesiredState derive(const House& house, Instant now) {
  DesiredState out;
  // Thousands behind us are the most of it: not twice as much memory while it grows.
  out.routes.reserve(house.subdelegations.size() + 64);
  derive_delegations(house, out, now);
  for (const LanView& lan : house.lans) derive_lan(house, lan, out, now);
  derive_sharing(house, out);
  for (const UplinkView& uplink : house.uplinks) derive_uplink(house, uplink, out, now);
  derive_knock(house, out, now);
  out.ruleset.provisioned = provisioned(house);
  out.ruleset.translating = std::ranges::any_of(house.config->uplinks, &conf::UplinkConfig::nptv6);
  out.ruleset.accept_mark = house.config->firewall.accept_mark;
  if (house.config->firewall.log == conf::FirewallConfig::Log::kRefused)
    out.ruleset.log_rate = house.config->firewall.log_rate;
  out.pinholes = place_pinholes(house, now);
  out.ruleset.pinholes = open_pinholes(out.pinholes);
  out.pcp_links = mapping_links(house, out.ruleset.pinholes);
  std::ranges::copy(mapped_pinholes(house), std::back_inserter(out.ruleset.pinholes));
  out.ruleset = firewall::normalise(out.ruleset);
  out.forwarding["net/ipv6/conf/all/forwarding"] = "1";
  if (house.config->firewall.backend != conf::FirewallConfig::Choice::kNone) {
    for (const auto& [name, least] : kFlowTimeouts)
      out.sysctls[std::string(name)] = std::to_string(least);
  }
  out.services = upstream_services(house, now);
  const bool default_route = has_default_route(house, out, now);
  for (const LanView& lan : house.lans) {
    if (lan.link == nullptr) continue;
    ra::Advertisement said = advertisement_for(house, out.services, lan, default_route, now);
    if (!lan.config->is_relayed()) {
      out.dhcp6_links.push_back(server_link(house, out.services, lan, said, now));
      settle_delegation_flags(said, out.dhcp6_links.back(), house, now);
    }
    out.advertisements.emplace(lan.config->name, std::move(said));
  }
  return out;
}

firewall::Ruleset lasting_rules(const DesiredState& desired) {
  firewall::Ruleset rules = desired.ruleset;
  rules.pinholes = open_pinholes(desired.pinholes);
  return firewall::normalise(std::move(rules));
}

std::vector<std::string> watched_sysctls(const conf::Config& config) {
  std::vector<std::string> keys{"net/ipv6/conf/all/forwarding"};
  for (const auto& [name, least] : kFlowTimeouts) keys.emplace_back(name);
  for (const conf::UplinkConfig& uplink : config.uplinks) {
    for (const std::string_view key : {"disable_ipv6", "accept_ra", "hop_limit", "mtu"})
      keys.push_back(interface_key(uplink.interface, key));
    for (const std::string_view key : {"base_reachable_time_ms", "retrans_time_ms"})
      keys.push_back(cat("net/ipv6/neigh/", uplink.interface, "/", key));
  }
  for (const conf::LanConfig& lan : config.lans) {
    for (const std::string_view key : {"disable_ipv6", "accept_ra", "accept_untracked_na"})
      keys.push_back(interface_key(lan.interface, key));
  }
  return keys;
}

}  // namespace sixgate::daemon
