// SPDX-License-Identifier: Apache-2.0
// Advertiser, the first half: what is said. Lifetimes, options, and their division over packets.
#include <algorithm>
#include <functional>
#include <iterator>
#include <set>

#include "net/text.h"
#include "ra/advertiser.h"

namespace sixgate::ra {

namespace {

constexpr std::uint32_t kMinLinkMtu = 1280;  // RFC 8200 section 5
constexpr std::size_t kIp6Header = 40;
constexpr std::size_t kFixedPart = 16;  // of a Router Advertisement
// One RDNSS or DNSSL option stays small enough to find room in a packet beside others.
constexpr std::size_t kServersPerOption = 8;
constexpr std::size_t kDomainOctetsPerOption = 512;

// RFC 9096 sections 3.3 and 3.4: what is left, and never more than the limit.
Lifetime said(Instant until, Lifetime limit, Instant now) {
  return std::min(remaining(until, now), limit);
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

void append(Options& to, Options more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

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

}  // namespace

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
  return problems;
}

// The one form that is compared and sent: sorted, without repetitions, without what may not be
// said.
Advertisement Advertiser::normalised(Advertisement next, LogLines& log) {
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
  return next;
}

// A prefix that arrives dead (an IA Prefix with valid lifetime 0) is news for hosts that had it
// from an earlier life of ours of which no record is left (RFC 9096 section 3.5).
void Advertiser::adopt(Advertisement next, Instant now) {
  for (const AdvertisedPrefix& entry : next.prefixes) {
    if (!remaining(entry.valid_until, now).is_zero() || held_.contains(entry.prefix)) continue;
    const bool known =
        std::any_of(said_.prefixes.begin(), said_.prefixes.end(),
                    [&](const AdvertisedPrefix& old) { return old.prefix == entry.prefix; });
    if (!known) {
      held_[entry.prefix] = {entry.on_link, entry.autonomous, expiry(now, next.settings.max_valid)};
    }
  }
  said_ = std::move(next);
}

bool Advertiser::is_live(const Prefix& prefix, Instant now) const {
  return std::any_of(said_.prefixes.begin(), said_.prefixes.end(), [&](const auto& entry) {
    return entry.prefix == prefix &&
           !said(entry.valid_until, said_.settings.max_valid, now).is_zero();
  });
}

bool Advertiser::is_live_route(const Prefix& prefix, Instant now) const {
  return std::any_of(said_.routes.begin(), said_.routes.end(), [&](const auto& entry) {
    return entry.prefix == prefix &&
           !said(entry.valid_until, said_.settings.max_valid, now).is_zero();
  });
}

bool Advertiser::dns_live(Instant now) const {
  return !said(said_.dns_valid_until, said_.settings.max_valid, now).is_zero();
}

RouterAdvertisement Advertiser::header(bool final) const {
  const AdvertiserSettings& settings = said_.settings;
  RouterAdvertisement message;
  message.hop_limit = settings.hop_limit;
  message.managed = said_.managed;
  message.other = said_.other;
  if (said_.default_router && !final) {
    message.router_lifetime = seconds(std::min(settings.router_lifetime.count(), 65535U));
  }
  // RFC 4191 section 2.2: with Router Lifetime 0 the preference is 00.
  if (message.router_lifetime > seconds(0)) message.preference = settings.preference;
  message.reachable = settings.reachable;
  message.retrans = settings.retrans;
  return message;
}

Options Advertiser::link_options() const {
  Options options;
  if (said_.link_layer) options.emplace_back(SourceLinkLayerAddress(*said_.link_layer));
  const std::uint32_t mtu = said_.settings.mtu.value_or(said_.link_mtu);
  if (mtu >= kMinLinkMtu && mtu <= std::max(said_.link_mtu, kMinLinkMtu)) {
    options.emplace_back(Mtu{mtu});
  }
  return options;
}

Options Advertiser::live_prefixes(Instant now) const {
  Options options;
  for (const AdvertisedPrefix& entry : said_.prefixes) {
    PrefixInformation option;
    option.prefix = entry.prefix;
    option.on_link = entry.on_link;
    option.autonomous = entry.autonomous;
    option.delegation_preferred = entry.delegation_preferred;
    option.valid = said(entry.valid_until, said_.settings.max_valid, now);
    option.preferred =
        std::min(said(entry.preferred_until, said_.settings.max_preferred, now), option.valid);
    if (!option.valid.is_zero()) options.emplace_back(option);
  }
  return options;
}

// RFC 9096 section 3.5: both lifetimes zero, A and L as they were. A host does not shorten a valid
// lifetime below two hours on our word (RFC 4862 section 5.5.3 e), but it follows the preferred one
// at once: the address is not used for anything new.
Options Advertiser::withdrawn_prefixes(Instant now) const {
  Options options;
  for (const auto& [prefix, held] : held_) {
    if (held.until <= now || is_live(prefix, now)) continue;
    PrefixInformation option;
    option.prefix = prefix;
    option.on_link = held.on_link;
    option.autonomous = held.autonomous;
    options.emplace_back(option);
  }
  return options;
}

Options Advertiser::routes(Instant now, bool final) const {
  Options options;
  if (!final) {
    for (const AdvertisedRoute& entry : said_.routes) {
      const Lifetime lifetime = said(entry.valid_until, said_.settings.max_valid, now);
      if (lifetime.is_zero() || options.size() == kMaxRoutes) continue;
      options.emplace_back(RouteInformation{entry.prefix, entry.preference, lifetime});
    }
  }
  for (const auto& [prefix, held] : held_routes_) {
    if (options.size() == kMaxRoutes) break;
    if (held.until <= now || (!final && is_live_route(prefix, now))) continue;
    options.emplace_back(RouteInformation{prefix, held.preference, Lifetime(0)});
  }
  return options;
}

Options Advertiser::servers(Instant now, bool final) const {
  const bool live = !final && dns_live(now);
  const Lifetime lifetime = said(said_.dns_valid_until, said_.settings.max_valid, now);
  Options options = live ? server_options(said_.dns_servers, lifetime) : Options{};
  std::vector<Ip6Address> gone;
  for (const auto& [server, until] : held_servers_) {
    const auto& now_said = said_.dns_servers;
    const bool said_still = std::find(now_said.begin(), now_said.end(), server) != now_said.end();
    if (until > now && !(live && said_still)) gone.push_back(server);
  }
  append(options, server_options(gone, Lifetime(0)));
  return options;
}

Options Advertiser::domains(Instant now, bool final) const {
  const bool live = !final && dns_live(now);
  const Lifetime lifetime = said(said_.dns_valid_until, said_.settings.max_valid, now);
  Options options = live ? domain_options(said_.search_domains, lifetime) : Options{};
  std::vector<DomainName> gone;
  for (const auto& [name, until] : held_domains_) {
    const auto& now_said = said_.search_domains;
    const bool said_still = std::find(now_said.begin(), now_said.end(), name) != now_said.end();
    if (until > now && !(live && said_still)) gone.push_back(name);
  }
  append(options, domain_options(gone, Lifetime(0)));
  return options;
}

Options Advertiser::all_options(Instant now, bool final) const {
  Options options;
  // What is live comes first, so that the first of several packets gets a host going. On stop the
  // prefixes are not mentioned: they are still this link's.
  if (!final) append(options, live_prefixes(now));
  append(options, routes(now, final));
  append(options, servers(now, final));
  append(options, domains(now, final));
  if (!final) append(options, withdrawn_prefixes(now));
  return options;
}

RouterAdvertisement Advertiser::current(Instant now) const {
  const bool final = state_ == State::kStopping || state_ == State::kStopped;
  RouterAdvertisement message = header(final);
  message.options = link_options();
  append(message.options, all_options(now, final));
  return message;
}

// RFC 4861 section 6.2.3: more options than the link MTU holds go out in several advertisements,
// each with a subset. Never fragmented (RFC 6980).
std::vector<RouterAdvertisement> Advertiser::parts(Instant now, bool final) const {
  const Options link = link_options();
  std::size_t used_by_all = kIp6Header + kFixedPart;
  for (const Option& option : link) used_by_all += wire_size(option);
  std::uint32_t mtu = said_.link_mtu;
  if (said_.settings.mtu.value_or(0) != 0) mtu = std::min(mtu, *said_.settings.mtu);
  const std::size_t room = std::max(mtu, kMinLinkMtu) - used_by_all;

  std::vector<RouterAdvertisement> out;
  std::size_t used = 0;
  const auto open = [&] {
    out.push_back(header(final));
    out.back().options = link;
    used = 0;
  };
  open();
  for (Option& option : all_options(now, final)) {
    const std::size_t size = wire_size(option);
    if (used + size > room && used > 0) open();
    used += size;
    out.back().options.push_back(std::move(option));
  }
  return out;
}

// Keeps the books of what hosts may hold from now on.
void Advertiser::note_sent(const RouterAdvertisement& sent, Instant now) {
  for (const PrefixInformation& option : find_all<PrefixInformation>(sent.options)) {
    if (option.valid.is_zero()) continue;
    Held& held = held_[option.prefix];
    held.on_link = option.on_link;
    held.autonomous = option.autonomous;
    held.until = std::max(held.until, expiry(now, option.valid));
  }
  for (const RouteInformation& option : find_all<RouteInformation>(sent.options)) {
    if (option.lifetime.is_zero()) continue;
    HeldRoute& held = held_routes_[option.prefix];
    held.preference = option.preference.value_or(RouterPreference::kMedium);
    held.until = std::max(held.until, expiry(now, option.lifetime));
  }
  for (const RecursiveDnsServers& option : find_all<RecursiveDnsServers>(sent.options)) {
    for (const Ip6Address& server : option.addresses) {
      if (option.lifetime.is_zero()) continue;
      Instant& until = held_servers_[server];
      until = std::max(until, expiry(now, option.lifetime));
    }
  }
  for (const DnsSearchList& option : find_all<DnsSearchList>(sent.options)) {
    for (const DomainName& name : option.names) {
      if (option.lifetime.is_zero()) continue;
      Instant& until = held_domains_[name];
      until = std::max(until, expiry(now, option.lifetime));
    }
  }
}

// Whether hosts must hear of `next` at once: anything that is said differs, apart from lifetimes
// that grew. A lease counted in whole seconds comes back a second shorter now and then: that is no
// news.
bool Advertiser::urgent(const Advertisement& next, Instant now) const {
  constexpr std::uint32_t kSlack = 2;
  const auto shortened = [&](Instant was, Instant is, Lifetime limit) {
    const std::uint32_t before = said(was, limit, now).count();
    const std::uint32_t after = said(is, limit, now).count();
    return (before == 0) != (after == 0) || (after < before && before - after > kSlack);
  };
  const AdvertiserSettings& settings = next.settings;
  if (said_.settings != settings || said_.managed != next.managed || said_.other != next.other ||
      said_.default_router != next.default_router || said_.link_layer != next.link_layer ||
      said_.link_mtu != next.link_mtu || said_.dns_servers != next.dns_servers ||
      said_.search_domains != next.search_domains) {
    return true;
  }
  const bool dns = !next.dns_servers.empty() || !next.search_domains.empty();
  if (dns && shortened(said_.dns_valid_until, next.dns_valid_until, settings.max_valid))
    return true;
  const auto prefix_differs = [&](const AdvertisedPrefix& was, const AdvertisedPrefix& is) {
    return was.prefix != is.prefix || was.on_link != is.on_link ||
           was.autonomous != is.autonomous || was.delegation_preferred != is.delegation_preferred ||
           shortened(was.preferred_until, is.preferred_until, settings.max_preferred) ||
           shortened(was.valid_until, is.valid_until, settings.max_valid);
  };
  if (!std::equal(said_.prefixes.begin(), said_.prefixes.end(), next.prefixes.begin(),
                  next.prefixes.end(), std::not_fn(prefix_differs))) {
    return true;
  }
  const auto route_differs = [&](const AdvertisedRoute& was, const AdvertisedRoute& is) {
    return was.prefix != is.prefix || was.preference != is.preference ||
           shortened(was.valid_until, is.valid_until, settings.max_valid);
  };
  return !std::equal(said_.routes.begin(), said_.routes.end(), next.routes.begin(),
                     next.routes.end(), std::not_fn(route_differs));
}

}  // namespace sixgate::ra
