// SPDX-License-Identifier: Apache-2.0
#include "ra/advertisement.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "net/text.h"

namespace sixgate::ra {

namespace {

constexpr std::size_t kServersPerOption = 8;
constexpr std::size_t kDomainOctetsPerOption = 512;

// RFC 4191 section 2.3: no two options for the same prefix. The first one stands.
template <class Entry>
void sort_by_prefix(std::vector<Entry>& entries) {
  std::map<Prefix, Entry> sorted;
  for (const Entry& entry : entries) sorted.emplace(entry.prefix, entry);
  entries.clear();
  for (const auto& [prefix, entry] : sorted) entries.push_back(entry);
}

template <class T>
void drop_repeated(std::vector<T>& values) {
  std::set<T> seen;
  std::erase_if(values, [&](const T& value) { return !seen.insert(value).second; });
}

// RFC 4861 section 4.6.2: a router should not send the link-local prefix; a group is no prefix at
// all.
bool may_be_advertised(const Prefix& prefix) {
  return !prefix.overlaps(kLinkLocal) && !prefix.address().is_multicast();
}

// RFC 8781 section 4.1: three times MaxRtrAdvInterval, that every host hears of it in time.
Lifetime translation_limit(const AdvertiserSettings& settings) {
  return Lifetime(static_cast<std::uint32_t>(3 * settings.max_interval.count()));
}

}  // namespace

bool is_translation_length(unsigned length) {
  return length == 96 || (length >= 32 && length <= 64 && length % 8 == 0);
}

std::vector<SettingProblem> check(const AdvertiserSettings& settings) {
  std::vector<SettingProblem> problems;
  // RFC 8319 section 4 raises the upper limits of RFC 4861 section 6.2.1 to what the field holds.
  constexpr seconds kLongest{65535};
  if (settings.max_interval < seconds(4) || settings.max_interval > kLongest) {
    problems.push_back({"max_interval", "must be from 4 to 65535 seconds"});
  }
  if (settings.min_interval < seconds(3) || settings.min_interval * 4 > settings.max_interval * 3) {
    problems.push_back(
        {"min_interval", "must be from 3 seconds to three quarters of max_interval"});
  }
  const seconds router_lifetime(settings.router_lifetime.count());
  if (!settings.router_lifetime.is_zero() &&
      (router_lifetime < settings.max_interval || router_lifetime > kLongest)) {
    problems.push_back({"router_lifetime", "must be 0 or from max_interval to 65535 seconds"});
  }
  if (settings.reachable < milliseconds(0) || settings.reachable > hours(1)) {
    problems.push_back({"reachable", "must be at most one hour"});
  }
  if (settings.retrans < milliseconds(0) || settings.retrans.count() > 0xffffffff) {
    problems.push_back({"retrans", "must fit into 32 bits of milliseconds"});
  }
  if (settings.mtu && *settings.mtu != 0 && *settings.mtu < kMinLinkMtu) {
    problems.push_back({"mtu", "must be 0 or at least 1280"});
  }
  if (settings.max_preferred > settings.max_valid) {
    problems.push_back({"max_preferred", "must not be above max_valid"});
  }
  if (settings.multicast_gap < kMinDelayBetweenAdvertisements ||
      settings.multicast_gap > seconds(60)) {
    problems.push_back({"multicast_gap", "must be from 3 to 60 seconds"});
  }
  return problems;
}

Advertisement normalised(Advertisement next, LogLines& log) {
  std::erase_if(next.prefixes, [&](const AdvertisedPrefix& entry) {
    if (may_be_advertised(entry.prefix)) return false;
    log.push_back({LogLevel::kWarning, cat("prefix ", entry.prefix, " is not for advertising")});
    return true;
  });
  sort_by_prefix(next.prefixes);
  sort_by_prefix(next.routes);
  if (next.routes.size() > kMaxRoutes) {
    log.push_back({LogLevel::kWarning,
                   cat("of ", next.routes.size(), " routes ", kMaxRoutes, " are advertised")});
  }
  std::erase_if(next.dns_servers, [](const Ip6Address& server) {
    return server.is_unspecified() || server.is_multicast() || server.is_loopback();
  });
  drop_repeated(next.dns_servers);
  std::erase_if(next.search_domains, [](const DomainName& name) { return name.is_root(); });
  drop_repeated(next.search_domains);
  sort_by_prefix(next.translations);
  std::erase_if(next.translations,
                [](const auto& entry) { return !is_translation_length(entry.prefix.length()); });
  // RFC 9463 section 6.1: the lowest number is the most wanted.
  std::stable_sort(next.encrypted_dns.begin(), next.encrypted_dns.end(),
                   [](const auto& a, const auto& b) {
                     return std::tie(a.option.priority, a.option.name) <
                            std::tie(b.option.priority, b.option.name);
                   });
  return next;
}

RouterAdvertisement header(const Advertisement& said) {
  const AdvertiserSettings& settings = said.settings;
  RouterAdvertisement message;
  message.hop_limit = settings.hop_limit;
  message.managed = said.managed;
  message.other = said.other;
  message.home_agent = settings.home_agent;
  message.proxy = said.proxy;
  if (said.default_router) {
    message.router_lifetime = seconds(std::min(settings.router_lifetime.count(), 65535U));
  }
  // RFC 4191 section 2.2: with Router Lifetime 0 the preference is 00.
  if (message.router_lifetime > seconds(0)) message.preference = settings.preference;
  message.reachable = settings.reachable;
  message.retrans = settings.retrans;
  return message;
}

Options link_options(const Advertisement& said) {
  Options options;
  if (said.link_layer) options.emplace_back(SourceLinkLayerAddress(*said.link_layer));
  const std::uint32_t mtu = said.settings.mtu.value_or(said.link_mtu);
  if (mtu >= kMinLinkMtu && mtu <= std::max(said.link_mtu, kMinLinkMtu)) {
    options.emplace_back(Mtu{mtu});
  }
  if (said.settings.interval_option) {
    options.emplace_back(AdvertisementInterval{said.settings.max_interval});
  }
  return options;
}

Options server_options(const std::vector<Ip6Address>& servers, Lifetime lifetime) {
  Options options;
  for (std::size_t at = 0; at < servers.size(); at += kServersPerOption) {
    const std::size_t end = std::min(at + kServersPerOption, servers.size());
    RecursiveDnsServers option;
    option.lifetime = lifetime;
    for (std::size_t i = at; i < end; ++i) option.addresses.push_back(servers[i]);
    options.emplace_back(std::move(option));
  }
  return options;
}

Options domain_options(const std::vector<DomainName>& names, Lifetime lifetime) {
  Options options;
  DnsSearchList option;
  option.lifetime = lifetime;
  std::size_t octets = 0;
  for (const DomainName& name : names) {
    if (octets > 0 && octets + name.wire_size() > kDomainOctetsPerOption) {
      options.emplace_back(option);
      option.names.clear();
      octets = 0;
    }
    option.names.push_back(name);
    octets += name.wire_size();
  }
  if (!option.names.empty()) options.emplace_back(std::move(option));
  return options;
}

Instant unchanged_until(const Advertisement& said, Instant now) {
  Instant last = Instant::never();
  const auto consider = [&](Instant end) {
    // remaining() rounds down: what is left beyond whole seconds can pass unnoticed.
    if (!end.is_never() && end > now) last = std::min(last, now + (end - now) % seconds(1));
  };
  for (const AdvertisedPrefix& prefix : said.prefixes) {
    consider(prefix.preferred_until);
    consider(prefix.valid_until);
  }
  for (const AdvertisedRoute& route : said.routes) consider(route.valid_until);
  consider(said.dns_valid_until);
  for (const AdvertisedTranslation& one : said.translations) consider(one.valid_until);
  for (const AdvertisedResolver& one : said.encrypted_dns) consider(one.valid_until);
  return last;
}

Options live_options(const Advertisement& said, Instant now) {
  const AdvertiserSettings& settings = said.settings;
  const auto left = [&](Instant until, Lifetime limit) {
    return std::min(remaining(until, now), limit);
  };
  Options options;
  for (const AdvertisedPrefix& entry : said.prefixes) {
    PrefixInformation option;
    option.prefix = entry.prefix;
    option.on_link = entry.on_link;
    option.autonomous = entry.autonomous;
    option.delegation_preferred = entry.delegation_preferred;
    option.router_address = entry.router_address;
    option.valid = left(entry.valid_until, entry.max_valid.value_or(settings.max_valid));
    option.preferred =
        std::min(left(entry.preferred_until, entry.max_preferred.value_or(settings.max_preferred)),
                 option.valid);
    if (!option.valid.is_zero()) options.emplace_back(option);
  }
  std::size_t routes = 0;
  for (const AdvertisedRoute& entry : said.routes) {
    const Lifetime lifetime = left(entry.valid_until, entry.max_valid.value_or(settings.max_valid));
    if (lifetime.is_zero() || routes == kMaxRoutes) continue;
    options.emplace_back(RouteInformation{entry.prefix, entry.preference, lifetime});
    ++routes;
  }
  if (const Lifetime dns = left(said.dns_valid_until, settings.max_valid); !dns.is_zero()) {
    for (Option& option : server_options(said.dns_servers, dns))
      options.push_back(std::move(option));
    for (Option& option : domain_options(said.search_domains, dns))
      options.push_back(std::move(option));
  }
  for (const AdvertisedTranslation& entry : said.translations) {
    const Lifetime lifetime = left(entry.valid_until, translation_limit(settings));
    if (!lifetime.is_zero()) options.emplace_back(Pref64{entry.prefix, Pref64::scaled(lifetime)});
  }
  if (!said.captive_portal.empty()) options.emplace_back(CaptivePortal{said.captive_portal});
  for (const AdvertisedResolver& entry : said.encrypted_dns) {
    EncryptedDns option = entry.option;
    option.lifetime = left(entry.valid_until, settings.max_valid);
    if (!option.lifetime.is_zero()) options.emplace_back(std::move(option));
  }
  for (const UnknownOption& option : said.further_options) options.emplace_back(option);
  return options;
}

}  // namespace sixgate::ra
