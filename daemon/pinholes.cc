// SPDX-License-Identifier: Apache-2.0
#include "daemon/pinholes.h"

#include <algorithm>

#include "daemon/desired_state.h"
#include "daemon/known_hosts.h"

namespace sixgate::daemon {
namespace {

// Whether what DHCPv6 knows of a host is of any use to a pinhole.
bool is_learnt(const conf::PinholeHost& host) {
  return std::holds_alternative<MacAddress>(host) || std::holds_alternative<dhcp6::Duid>(host) ||
         std::holds_alternative<conf::HostName>(host);
}

bool is_host(const conf::PinholeHost& host, const dhcp6::Duid& duid, const std::string& name) {
  if (const auto* mac = std::get_if<MacAddress>(&host)) return duid.link_layer() == *mac;
  if (const auto* whole = std::get_if<dhcp6::Duid>(&host)) return duid == *whole;
  const auto* label = std::get_if<conf::HostName>(&host);
  return label != nullptr && !name.empty() && name == label->label;
}

// The addresses that a host has in a prefix whoever gave it. What is longer than /64 has no room for a MAC address.
std::vector<Ip6Address> addresses_in(const Prefix& prefix, const conf::PinholeHost& host) {
  const auto with = [&](std::uint64_t id) {
    if (id > prefix.last_interface_id()) return std::vector<Ip6Address>{};
    return std::vector{prefix.with_suffix(Ip6Address::from_halves(0, id))};
  };
  if (const auto* suffix = std::get_if<conf::HostSuffix>(&host)) return with(suffix->id);
  if (const auto* mac = std::get_if<MacAddress>(&host)) return with(mac->eui64());
  return {};
}

// By which a pinhole's host is to be found among those that were heard.
std::vector<MacAddress> stations_of(const conf::PinholeHost& host, const conf::Config& config) {
  if (const auto* mac = std::get_if<MacAddress>(&host)) return {*mac};
  const auto* label = std::get_if<conf::HostName>(&host);
  if (label == nullptr) return {};
  std::vector<MacAddress> out;
  for (const conf::ReservationConfig& one : config.reservations) {
    if (one.kept.mac && one.kept.name == label->label) out.push_back(*one.kept.mac);
  }
  return out;
}

void open(const conf::PinholeConfig& pinhole, const std::string& interface,
          const Ip6Address& address, std::vector<firewall::FirewallPinhole>& out) {
  const std::vector<conf::PortRange> all_ports{conf::PortRange{}};
  const std::vector<Prefix> everywhere{Prefix()};
  for (const std::uint8_t protocol : pinhole.protocols) {
    for (const conf::PortRange& ports : pinhole.ports.empty() ? all_ports : pinhole.ports) {
      for (const Prefix& source : pinhole.sources.empty() ? everywhere : pinhole.sources)
        out.push_back({interface, address, protocol, ports.first, ports.last, source});
    }
  }
}

}  // namespace

LearntHosts learn_hosts(const std::vector<conf::PinholeConfig>& pinholes,
                        const dhcp6::Server& server) {
  LearntHosts learnt(pinholes.size());
  const bool any = std::any_of(pinholes.begin(), pinholes.end(),
                               [](const auto& pinhole) { return is_learnt(pinhole.host); });
  if (!any) return learnt;
  server.each_address([&](const std::string& lan, const dhcp6::Duid& duid, const std::string& name,
                          const Ip6Address& address) {
    for (std::size_t i = 0; i < pinholes.size(); ++i) {
      const bool here = pinholes[i].lan.empty() || pinholes[i].lan == lan;
      if (here && is_host(pinholes[i].host, duid, name)) learnt[i].push_back({lan, address});
    }
  });
  return learnt;
}

bool is_for(const conf::Config& config, const MacAddress& station) {
  return std::any_of(config.pinholes.begin(), config.pinholes.end(), [&](const auto& pinhole) {
    const auto stations = stations_of(pinhole.host, config);
    return std::find(stations.begin(), stations.end(), station) != stations.end();
  });
}

std::set<MacAddress> named_stations(const conf::Config& config) {
  std::set<MacAddress> out;
  for (const conf::PinholeConfig& pinhole : config.pinholes) {
    if (const auto* mac = std::get_if<MacAddress>(&pinhole.host)) out.insert(*mac);
  }
  for (const conf::ReservationConfig& one : config.reservations) {
    if (one.kept.mac) out.insert(*one.kept.mac);
  }
  return out;
}

std::vector<PlacedPinhole> place_pinholes(const House& house, Instant now) {
  const auto& pinholes = house.config->pinholes;
  std::vector<PlacedPinhole> out;
  for (std::size_t i = 0; i < pinholes.size(); ++i) {
    const conf::PinholeConfig& pinhole = pinholes[i];
    std::vector<PlacedPinhole::Place> places;
    for (const LanView& lan : house.lans) {
      const conf::LanConfig& config = *lan.config;
      if (!pinhole.lan.empty() && pinhole.lan != config.name) continue;
      const auto found = [&](const Ip6Address& address) {
        places.push_back({config.interface, address});
      };
      if (const auto* address = std::get_if<Ip6Address>(&pinhole.host)) found(*address);
      for (const LanPrefix& prefix : lan.prefixes)
        std::ranges::for_each(addresses_in(prefix.prefix, pinhole.host), found);
      for (const MacAddress& station : stations_of(pinhole.host, *house.config)) {
        if (lan.hosts != nullptr)
          std::ranges::for_each(lan.hosts->addresses_of(station, now), found);
      }
      // Guests may call themselves whatever they like.
      const bool is_claimed = std::holds_alternative<conf::HostName>(pinhole.host) &&
                              config.zone == firewall::Zone::kIsolated && pinhole.lan.empty();
      if (is_claimed || i >= house.learnt_hosts.size()) continue;
      for (const LearntAddress& learnt : house.learnt_hosts[i]) {
        if (learnt.lan == config.name) found(learnt.address);
      }
    }
    std::ranges::sort(places);
    const auto again = std::ranges::unique(places);
    places.erase(again.begin(), again.end());
    out.push_back({pinhole, std::move(places)});
  }
  return out;
}

std::vector<firewall::FirewallPinhole> open_pinholes(const std::vector<PlacedPinhole>& pinholes) {
  std::vector<firewall::FirewallPinhole> out;
  for (const PlacedPinhole& one : pinholes) {
    for (const PlacedPinhole::Place& place : one.places)
      open(one.pinhole, place.interface, place.address, out);
  }
  return out;
}

std::vector<firewall::FirewallPinhole> mapped_pinholes(const House& house) {
  std::vector<firewall::FirewallPinhole> out;
  const std::vector<Prefix> everywhere{Prefix()};
  for (const pcp::Mapping& mapping : house.mappings) {
    const std::uint16_t last = mapping.port == 0 ? 65535 : mapping.port;
    for (const Prefix& source : mapping.sources.empty() ? everywhere : mapping.sources) {
      out.push_back(
          {mapping.interface, mapping.host, mapping.protocol, mapping.port, last, source});
    }
  }
  return out;
}

std::vector<pcp::Link> mapping_links(const House& house,
                                     const std::vector<firewall::FirewallPinhole>& open) {
  std::vector<pcp::Link> out;
  const std::vector<const UplinkView*> uplinks = best_first(house);
  for (const LanView& lan : house.lans) {
    if (!lan.config->pcp) continue;
    pcp::Link link{.interface = lan.config->interface, .prefixes = {}, .doors = {}};
    for (const LanPrefix& prefix : lan.prefixes) {
      if (!kUniqueLocal.contains(prefix.prefix))
        link.prefixes.push_back({prefix.prefix, prefix.valid_until});
    }
    // What a host answers leaves by the best of them, and is refused with the address of another (RFC 6887 section 11.3).
    for (const UplinkView* uplink : uplinks) {
      for (const LanTranslation& one : lan.translations) {
        if (one.begins && one.uplink == uplink->config->name)
          link.prefixes.push_back({one.internal, one.valid_until, one.external});
      }
    }
    for (const dhcp6::DelegatedPrefix& one : house.subdelegations) {
      if (one.link == lan.config->name && !kUniqueLocal.contains(one.prefix))
        link.prefixes.push_back({one.prefix, one.valid_until});
    }
    for (const firewall::FirewallPinhole& one : open) {
      if (one.interface == link.interface && one.source.length() == 0)
        link.doors.push_back({one.host, one.protocol, one.first_port, one.last_port});
    }
    out.push_back(std::move(link));
  }
  return out;
}

}  // namespace sixgate::daemon
