// SPDX-License-Identifier: Apache-2.0
#include "daemon/services.h"

#include <algorithm>
#include <type_traits>
#include <variant>

namespace sixgate::daemon {
namespace {

template <class T>
void add_new(std::vector<T>& all, const T& one) {
  if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
}

template <class T>
void add_new(std::vector<T>& all, const std::vector<T>& more) {
  for (const T& one : more) add_new(all, one);
}

template <class T>
void keep_first(std::optional<T>& mine, const std::optional<T>& theirs) {
  if (!mine) mine = theirs;
}

void sort_resolvers(std::vector<dhcp6::EncryptedDns>& resolvers) {
  std::stable_sort(resolvers.begin(), resolvers.end(),
                   [](const auto& a, const auto& b) { return a.priority < b.priority; });
}

void take(Services& out, const dhcp6::Option& option) {
  std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, dhcp6::EncryptedDns>) {
          add_new(out.encrypted_dns, value);
        } else if constexpr (std::is_same_v<T, dhcp6::NtpServers>) {
          add_new(out.ntp_servers, value.addresses);
          add_new(out.ntp_multicast, value.multicast_addresses);
          add_new(out.ntp_names, value.names);
        } else if constexpr (std::is_same_v<T, dhcp6::SntpServers>) {
          add_new(out.sntp_servers, value.addresses);
        } else if constexpr (std::is_same_v<T, dhcp6::SipServers>) {
          add_new(out.sip_servers, value.addresses);
        } else if constexpr (std::is_same_v<T, dhcp6::SipDomains>) {
          add_new(out.sip_domains, value.names);
        } else if constexpr (std::is_same_v<T, dhcp6::AftrName>) {
          keep_first(out.aftr, std::optional(value.name));
        } else if constexpr (std::is_same_v<T, dhcp6::S46MapE>) {
          keep_first(out.map_e, std::optional(value));
        } else if constexpr (std::is_same_v<T, dhcp6::S46MapT>) {
          keep_first(out.map_t, std::optional(value));
        } else if constexpr (std::is_same_v<T, dhcp6::S46Lightweight>) {
          keep_first(out.lightweight, std::optional(value));
        } else if constexpr (std::is_same_v<T, dhcp6::CaptivePortal>) {
          if (out.captive_portal.empty()) out.captive_portal = value.uri;
        } else {
          out.others.push_back(option);
        }
      },
      option);
}

}  // namespace

Services services_of(const dhcp6::Lease& lease, const ra::Heard& heard, Instant now) {
  Services out;
  add_new(out.dns_servers, lease.dns_servers);
  add_new(out.search_domains, lease.search_domains);
  for (const dhcp6::Option& option : lease.other_options) take(out, option);
  for (const ra::HeardServer& server : heard.rdnss) {
    if (server.until > now) add_new(out.dns_servers, server.address);
  }
  for (const ra::HeardDomain& domain : heard.dnssl) {
    if (domain.until > now) add_new(out.search_domains, domain.name);
  }
  for (const ra::HeardResolver& one : heard.resolvers) {
    const ra::EncryptedDns& said = one.resolver;
    if (one.until > now)
      add_new(out.encrypted_dns,
              {said.priority, said.name, said.addresses, said.service_parameters});
  }
  sort_resolvers(out.encrypted_dns);
  for (const ra::HeardRouter& router : heard.routers) {
    if (out.captive_portal.empty()) out.captive_portal = router.captive_portal;
  }
  if (heard.pref64 && heard.pref64->until > now) out.pref64 = heard.pref64->prefix;
  return out;
}

void add_services(Services& all, const Services& more) {
  add_new(all.dns_servers, more.dns_servers);
  add_new(all.search_domains, more.search_domains);
  add_new(all.encrypted_dns, more.encrypted_dns);
  sort_resolvers(all.encrypted_dns);
  add_new(all.ntp_servers, more.ntp_servers);
  add_new(all.ntp_multicast, more.ntp_multicast);
  add_new(all.ntp_names, more.ntp_names);
  add_new(all.sntp_servers, more.sntp_servers);
  add_new(all.sip_servers, more.sip_servers);
  add_new(all.sip_domains, more.sip_domains);
  keep_first(all.aftr, more.aftr);
  keep_first(all.map_e, more.map_e);
  keep_first(all.map_t, more.map_t);
  keep_first(all.lightweight, more.lightweight);
  if (all.captive_portal.empty()) all.captive_portal = more.captive_portal;
  keep_first(all.pref64, more.pref64);
  dhcp6::Options added;
  for (const dhcp6::Option& option : more.others) {
    const bool had = std::any_of(all.others.begin(), all.others.end(), [&](const auto& mine) {
      return dhcp6::option_code(mine) == dhcp6::option_code(option);
    });
    if (!had) added.push_back(option);
  }
  all.others.insert(all.others.end(), added.begin(), added.end());
}

Services without_link_local(Services services) {
  const auto drop = [](std::vector<Ip6Address>& addresses) {
    std::erase_if(addresses, [](const Ip6Address& one) { return one.is_link_local(); });
  };
  drop(services.dns_servers);
  drop(services.ntp_servers);
  drop(services.sntp_servers);
  drop(services.sip_servers);
  // One that is left without an address must not come to stand for "by its name alone".
  std::erase_if(services.encrypted_dns, [&](dhcp6::EncryptedDns& resolver) {
    const bool had = !resolver.addresses.empty();
    drop(resolver.addresses);
    return had && resolver.addresses.empty();
  });
  return services;
}

}  // namespace sixgate::daemon
