// SPDX-License-Identifier: Apache-2.0
#include "daemon/named_hosts.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace sixgate::daemon {
namespace {

using Names = std::map<MacAddress, std::string>;
using Neighbors = std::map<Ip6Address, KnownHosts::Entry>;

// What a person reserved comes first: the first that fits, as in the server.
Names reserved_names(const std::vector<conf::ReservationConfig>& reservations,
                     const std::string& lan) {
  Names names;
  for (const conf::ReservationConfig& one : reservations) {
    if (!one.lan.empty() && one.lan != lan) continue;
    auto mac = one.kept.mac;
    if (!mac && one.kept.duid) mac = one.kept.duid->link_layer();
    if (mac && !one.kept.name.empty()) names.try_emplace(*mac, one.kept.name);
  }
  return names;
}

// A host with a name is known by the MAC address in its DUID, and by whoever answers for its address.
Names learnt_names(const dhcp6::Server& server, const std::string& lan,
                   const std::vector<dhcp6::NamedAddress>& published, const Neighbors& neighbors,
                   Names names) {
  std::set<Ip6Address> named;
  for (const dhcp6::NamedAddress& one : published) {
    if (one.link == lan) named.insert(one.address);
  }
  server.each_address([&](const std::string& link, const dhcp6::Duid& duid, const std::string& name,
                          const Ip6Address& address) {
    if (link != lan || !named.contains(address)) return;
    const auto neighbor = neighbors.find(address);
    if (neighbor != neighbors.end() && neighbor->second.answered)
      names.try_emplace(neighbor->second.mac, name);
    if (const auto mac = duid.link_layer()) names.try_emplace(*mac, name);
  });
  return names;
}

bool is_usable(const NamedLan& lan, const Ip6Address& address, Instant now) {
  return std::any_of(lan.prefixes.begin(), lan.prefixes.end(), [&](const LanPrefix& prefix) {
    return prefix.prefix.contains(address) && prefix.preferred_until > now &&
           prefix.address != address;
  });
}

}  // namespace

NamedHosts named_hosts(const dhcp6::Server& server,
                       const std::vector<conf::ReservationConfig>& reservations,
                       const std::vector<NamedLan>& lans, Instant now) {
  NamedHosts out;
  out.addresses = server.named_addresses();
  const std::vector<dhcp6::NamedAddress> published = out.addresses;
  std::set<Ip6Address> there;
  for (const dhcp6::NamedAddress& one : published) there.insert(one.address);
  for (const NamedLan& lan : lans) {
    if (!lan.config->dhcp6.domain) continue;
    const Neighbors neighbors = lan.hosts->addresses(now);
    const Names names = learnt_names(server, lan.config->name, published, neighbors,
                                     reserved_names(reservations, lan.config->name));
    for (const auto& [address, entry] : neighbors) {
      const auto name = names.find(entry.mac);
      // Who was only named by somebody is nobody yet.
      if (name == names.end() || !entry.answered || !is_usable(lan, address, now)) continue;
      if (!there.insert(address).second) continue;
      out.addresses.push_back({address, lan.config->name, name->second});
      out.until = earlier(out.until, std::optional(entry.seen + KnownHosts::kMemory));
    }
  }
  return out;
}

}  // namespace sixgate::daemon
