// SPDX-License-Identifier: Apache-2.0
// HouseModel: one uplink, two LANs and all they know, to be bent by a test and given to derive().
#pragma once

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "daemon/desired_state.h"

namespace sixgate::daemon::testing {

inline constexpr Instant kNow = Instant::from_micros(1'000'000'000);

inline Ip6Address address(const char* text) {
  const auto parsed = Ip6Address::parse(text);
  if (!parsed) std::abort();
  return *parsed;
}

inline Prefix prefix(const char* text) {
  const auto parsed = Prefix::parse(text);
  if (!parsed) std::abort();
  return *parsed;
}

inline DomainName domain(const char* text) {
  const auto parsed = DomainName::parse(std::string_view(text));
  if (!parsed) std::abort();
  return *parsed;
}

inline MacAddress mac(unsigned number) {
  return MacAddress({0x02, 0, 0x5e, 0, 0x53, static_cast<std::uint8_t>(number)});
}

inline LinkState ready_link(const std::string& name, unsigned number) {
  LinkState link;
  link.name = name;
  link.index = number;
  link.up = link.carrier = true;
  link.mac = mac(number);
  link.link_local = Ip6Address::from_halves(0xfe80000000000000, mac(number).eui64());
  return link;
}

inline conf::UplinkConfig uplink_config(const std::string& name, const std::string& interface) {
  conf::UplinkConfig config;
  config.name = name;
  config.interface = interface;
  // One Solicit, so that tests of other things see what follows; the survey has
  // its own.
  config.request_prefix.kind = conf::PrefixRequest::Kind::kPlain;
  return config;
}

inline conf::LanConfig lan_config(const std::string& interface) {
  conf::LanConfig config;
  config.name = config.interface = interface;
  config.request.name = config.request.interface = interface;
  return config;
}

inline conf::Config two_lans() {
  conf::Config config;
  config.uplinks.push_back(uplink_config("wan", "wan0"));
  config.lans.push_back(lan_config("lan0"));
  config.lans.push_back(lan_config("lan1"));
  return config;
}

inline ra::HeardRouter heard_router(const char* text, Instant until) {
  ra::HeardRouter router;
  router.address = address(text);
  router.router_until = until;
  return router;
}

inline ra::HeardPrefix heard_prefix(const char* text, bool on_link, bool autonomous) {
  ra::HeardPrefix heard;
  heard.prefix = prefix(text);
  heard.router = address("fe80::1");
  heard.on_link = on_link;
  heard.autonomous = autonomous;
  heard.preferred_until = kNow + seconds(1800);
  heard.valid_until = heard.on_link_until = kNow + seconds(3600);
  return heard;
}

// At the start everything is well: a default router, a delegation of 2001:db8:1::/56, a ULA, two /64s of each
// on the LANs.
struct HouseModel {
  conf::Config config = two_lans();
  LinkState wan = ready_link("wan0", 1);
  std::vector<LinkState> lan_links{ready_link("lan0", 2), ready_link("lan1", 3)};
  ra::Heard heard;
  dhcp6::Lease lease;
  std::vector<std::pair<Prefix, Ip6Address>> slaac;
  std::vector<KernelAddress> inherited_addresses;
  std::vector<KernelRoute> inherited_routes;
  std::vector<std::vector<LanPrefix>> prefixes{2};
  std::vector<std::vector<Prefix>> withdrawn{2};
  std::vector<delegation::Delegation> delegations;
  bool wan_present = true;
  bool lan_present = true;

  HouseModel() {
    heard.any = true;
    heard.routers.push_back(heard_router("fe80::1", kNow + seconds(1800)));
    delegate("2001:db8:1::/56", "wan");
    delegate("fd00:6:6::/48", "ula");
    give(0, "2001:db8:1::/64", "wan");
    give(0, "fd00:6:6::/64", "ula");
    give(1, "2001:db8:1:1::/64", "wan");
    give(1, "fd00:6:6:1::/64", "ula");
  }

  void delegate(const char* text, const char* origin) {
    delegation::Delegation one;
    one.prefix = prefix(text);
    one.origin = origin;
    if (one.origin != "ula") {
      one.preferred_until = kNow + seconds(1800);
      one.valid_until = kNow + seconds(3600);
    }
    delegations.push_back(one);
  }
  void give(std::size_t lan, const char* text, const char* origin) {
    LanPrefix one;
    one.prefix = prefix(text);
    one.address = one.prefix.with_suffix(Ip6Address::from_halves(0, 1));
    one.origin = origin;
    const bool ula = one.origin == "ula";
    one.preferred_until = ula ? Instant::never() : kNow + seconds(1800);
    one.valid_until = ula ? Instant::never() : kNow + seconds(3600);
    prefixes[lan].push_back(one);
  }
  void lose_global_prefixes() {
    const auto global = [](const auto& p) { return !kUniqueLocal.contains(p.prefix); };
    std::erase_if(delegations, global);
    for (auto& lan : prefixes) std::erase_if(lan, global);
  }

  House house() const {
    House out;
    out.config = &config;
    for (const conf::UplinkConfig& uplink : config.uplinks) {
      UplinkView view;
      view.config = &uplink;
      view.link = wan_present ? &wan : nullptr;
      view.heard = &heard;
      view.lease = &lease;
      view.inherited_addresses = inherited_addresses;
      view.inherited_routes = inherited_routes;
      view.slaac = slaac;
      out.uplinks.push_back(view);
    }
    for (std::size_t i = 0; i < config.lans.size(); ++i) {
      LanView view;
      view.config = &config.lans[i];
      view.link = lan_present ? &lan_links[i] : nullptr;
      view.prefixes = prefixes[i];
      view.withdrawn = withdrawn[i];
      out.lans.push_back(view);
    }
    out.delegations = delegations;
    return out;
  }
  DesiredState derive_now() const { return derive(house(), kNow); }
};

inline const KernelRoute* route_to(const DesiredState& state, const Prefix& destination,
                                   std::uint32_t table = kMainTable) {
  const auto at = std::find_if(state.routes.begin(), state.routes.end(), [&](const KernelRoute& r) {
    return r.destination == destination && r.table == table;
  });
  return at == state.routes.end() ? nullptr : &*at;
}

inline std::vector<KernelRoute> default_routes(const DesiredState& state) {
  std::vector<KernelRoute> out;
  for (const KernelRoute& route : state.routes) {
    if (route.destination.length() == 0) out.push_back(route);
  }
  return out;
}

inline const KernelAddress* address_in(const std::vector<KernelAddress>& all,
                                       const Ip6Address& wanted) {
  const auto at = std::find_if(all.begin(), all.end(),
                               [&](const KernelAddress& a) { return a.address == wanted; });
  return at == all.end() ? nullptr : &*at;
}

// What hosts of a LAN are told.
inline ra::RouterAdvertisement said_on(const DesiredState& state, const std::string& lan) {
  Rng rng(1);
  ra::Advertiser advertiser(rng);
  advertiser.configure(state.advertisements.at(lan), kNow);
  return advertiser.current(kNow);
}

inline std::vector<ra::PrefixInformation> prefixes_on(const DesiredState& state,
                                                      const std::string& lan) {
  return ra::find_all<ra::PrefixInformation>(said_on(state, lan).options);
}

}  // namespace sixgate::daemon::testing
