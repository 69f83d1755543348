// SPDX-License-Identifier: Apache-2.0
#include "daemon/host_list.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace sixgate::daemon {
namespace {

// How the host came to this address, as far as it shows.
std::string_view origin_of(const Ip6Address& address, const MacAddress& mac,
                           const std::vector<LanPrefix>& prefixes) {
  if (address.is_link_local()) return "link-local";
  if (std::none_of(prefixes.begin(), prefixes.end(),
                   [&](const LanPrefix& one) { return one.prefix.contains(address); }))
    return "other";
  // RFC 4291 appendix A; or an identifier of the host's own choice, for ever (RFC 7217) or a while (RFC 8981).
  return address.low() == mac.eui64() ? "slaac" : "privacy";
}

class HostList {
 public:
  HostList(const KnownHosts& known, const std::vector<LanPrefix>& prefixes, Instant now)
      : neighbors_(known.addresses(now)), now_(now) {
    for (const auto& [address, entry] : neighbors_) {
      StatusHost& host = host_of(entry.mac);
      host.addresses.push_back({address, std::string(origin_of(address, entry.mac, prefixes)),
                                entry.reachable, remaining(now, entry.seen)});
      host.router = host.router || entry.router;
      host.seen_ago = std::min(host.seen_ago, remaining(now, entry.seen));
      there_.emplace(&host, address);
    }
  }

  // The host that has one of these addresses, or this DUID's MAC address; of neither: one without.
  StatusHost& find(const std::vector<Ip6Address>& addresses, const dhcp6::Duid& duid) {
    for (const Ip6Address& address : addresses) {
      const auto known = neighbors_.find(address);
      if (known != neighbors_.end()) return host_of(known->second.mac);
    }
    if (const auto mac = duid.link_layer()) return host_of(*mac);
    return strangers_[duid.to_string()];
  }

  // An address that the server knows: of it the server knows better where it comes from.
  void add(StatusHost& host, const Ip6Address& address, std::string_view origin) {
    // One machine may pretend to be thousands of clients: its addresses are not searched for each.
    if (!there_.emplace(&host, address).second) {
      const auto known = std::find_if(host.addresses.begin(), host.addresses.end(),
                                      [&](const auto& one) { return one.address == address; });
      known->origin = origin;
      return;
    }
    host.addresses.push_back({address, std::string(origin), false, Lifetime::infinite()});
  }

  std::vector<StatusHost> take() {
    std::vector<StatusHost> out;
    for (auto& [mac, host] : hosts_) out.push_back(std::move(host));
    for (auto& [duid, host] : strangers_) out.push_back(std::move(host));
    std::sort(out.begin(), out.end(), [](const StatusHost& a, const StatusHost& b) {
      return std::tuple(a.name.empty(), a.name, a.mac) < std::tuple(b.name.empty(), b.name, b.mac);
    });
    return out;
  }

 private:
  StatusHost& host_of(const MacAddress& mac) {
    const auto [place, is_new] = hosts_.try_emplace(mac);
    if (is_new) {
      place->second.mac = mac;
      place->second.seen_ago = Lifetime::infinite();
    }
    return place->second;
  }

  std::map<Ip6Address, KnownHosts::Entry> neighbors_;
  std::map<MacAddress, StatusHost> hosts_;
  std::map<std::string, StatusHost> strangers_;  // by DUID
  std::set<std::pair<const StatusHost*, Ip6Address>> there_;
  Instant now_;
};

}  // namespace

std::vector<StatusHost> host_list(const KnownHosts& known, const dhcp6::Server& server,
                                  const std::string& lan, const std::vector<LanPrefix>& prefixes,
                                  Instant now) {
  HostList list(known, prefixes, now);
  const dhcp6::LeaseTable& table = server.table();
  table.each([&](dhcp6::BindingNumber, const dhcp6::Binding& binding) {
    if (table.link_name(binding.link) != lan || binding.valid_until <= now) return;
    const dhcp6::LeaseClient& client = table.client(binding.client);
    const dhcp6::LeaseList leases = table.leases(binding);
    std::vector<Ip6Address> own;
    if (!client.relayed) own.push_back(client.address);
    const bool addresses = binding.type == dhcp6::AssociationType::kAddresses;
    if (addresses) {
      for (const Prefix& lease : leases) own.push_back(lease.address());
    }
    StatusHost& host = list.find(own, client.duid);
    if (!client.name.empty()) host.name = client.name;
    for (const Prefix& lease : leases) {
      if (addresses)
        list.add(host, lease.address(), "dhcpv6");
      else
        host.delegated.push_back(lease);
    }
  });
  for (const auto& [address, one] : table.registrations().all()) {
    if (one.link != lan || one.until <= now) continue;
    StatusHost& host = list.find({address}, one.duid);
    if (!one.name.empty()) host.name = one.name;
    list.add(host, address, "registered");
  }
  return list.take();
}

void write_hosts(JsonWriter& json, const std::vector<StatusHost>& hosts) {
  json.key("hosts").begin_array();
  for (const StatusHost& host : hosts) {
    json.begin_object();
    if (!host.mac.is_zero()) json.member("mac", host.mac);
    if (!host.name.empty()) json.member("name", host.name);
    if (host.router) json.member("router", true);
    if (!host.mac.is_zero()) json.member("seen_ago", host.seen_ago);
    json.key("addresses").begin_array();
    for (const StatusHost::Address& one : host.addresses) {
      json.begin_object().member("address", one.address).member("origin", one.origin);
      json.member("reachable", one.reachable);
      if (one.proxied) json.member("proxied", true);
      if (!one.seen_ago.is_infinite()) json.member("seen_ago", one.seen_ago);
      json.end_object();
    }
    json.end_array();
    if (!host.delegated.empty()) {
      json.key("delegated").begin_array();
      for (const Prefix& prefix : host.delegated) json.value(prefix);
      json.end_array();
    }
    json.end_object();
  }
  json.end_array();
}

std::string hosts_json(const Status& status) {
  JsonWriter json;
  json.begin_object().member("schema", 1).key("lans").begin_array();
  for (const StatusLan& lan : status.lans) {
    json.begin_object().member("name", lan.name).member("interface", lan.interface);
    write_hosts(json, lan.hosts);
    json.end_object();
  }
  json.end_array().end_object();
  return json.take();
}

}  // namespace sixgate::daemon
