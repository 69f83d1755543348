// SPDX-License-Identifier: Apache-2.0
#include "ra/router_listener.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "net/text.h"

namespace sixgate::ra {

namespace {

constexpr Duration kMaxSolicitationDelay = seconds(1);      // MAX_RTR_SOLICITATION_DELAY
constexpr Duration kInitialRetransmission = seconds(4);     // IRT, RFC 7559 section 2
constexpr Duration kMaximumRetransmission = seconds(3600);  // MRT
constexpr std::uint32_t kTwoHours = 7200;                   // RFC 4862 section 5.5.3 e
constexpr std::uint32_t kMinMtu = 1280;
constexpr Duration kFlagsRemembered = seconds(9000);  // the longest AdvDefaultLifetime
constexpr Duration kTryAgain = seconds(60);           // one that did not answer

// RAND of RFC 3315 section 14: uniform in -0.1..0.1 of `base`.
Duration jitter(Rng& rng, Duration base) { return rng.between(-base / 10, base / 10); }

template <class Entries, class Matches>
auto find_entry(Entries& entries, Matches matches) {
  return std::find_if(entries.begin(), entries.end(), matches);
}

template <class Entries, class Entry, class Before>
void insert_sorted(Entries& entries, Entry entry, Before before) {
  entries.insert(std::upper_bound(entries.begin(), entries.end(), entry, before), std::move(entry));
}

template <class Entries>
std::ptrdiff_t count_of(const Entries& entries, const Ip6Address& router) {
  return std::count_if(entries.begin(), entries.end(),
                       [&](const auto& entry) { return entry.router == router; });
}

bool is_for_hosts(const Prefix& prefix) {
  return !prefix.overlaps(kLinkLocal) && !prefix.address().is_multicast();
}

}  // namespace

void RouterListener::set_link_mtu(std::uint32_t mtu) {
  link_mtu_ = mtu;
  if (heard_.mtu && *heard_.mtu > mtu) heard_.mtu.reset();
}

void RouterListener::start(Instant now) {
  timeout_ = Duration(0);
  found_ = false;
  next_solicitation_ = now + rng_->between(Duration(0), kMaxSolicitationDelay);
}

void RouterListener::stop() { next_solicitation_.reset(); }

// RFC 7559 section 2 with the algorithm of RFC 3315 section 14.
void RouterListener::solicit(Instant now) {
  RouterSolicitation message;
  // The source is our link-local address, never ::, so the option may be there (RFC 4861
  // section 4.1).
  if (link_layer_) message.options.emplace_back(SourceLinkLayerAddress(*link_layer_));
  outputs_.packets.push_back({kAllRouters, to_bytes(message)});
  ++counters_.solicitations_sent;
  // RFC 4861 section 6.3.7: one solicitation even where an advertisement came before it, then no
  // more.
  if (found_) {
    next_solicitation_.reset();
    return;
  }
  if (timeout_ == Duration(0)) {
    timeout_ = kInitialRetransmission + jitter(*rng_, kInitialRetransmission);
  } else {
    timeout_ = 2 * timeout_ + jitter(*rng_, timeout_);
  }
  if (timeout_ > kMaximumRetransmission) {
    timeout_ = kMaximumRetransmission + jitter(*rng_, kMaximumRetransmission);
  }
  next_solicitation_ = now + timeout_;
}

void RouterListener::receive(const ReceivedPacket& packet, Instant now) {
  const auto advertisement = accept_router_advertisement(packet);
  if (!advertisement) return counters_.discarded.count(advertisement.error());
  ++counters_.advertisements;
  forget_expired(now);
  if (!hear_router(*advertisement, packet.source, now)) return;
  heard_.any = true;

  // RFC 7559 section 2.1: only what gives a default route ends the soliciting.
  const bool gives_default_route =
      std::any_of(heard_.routers.begin(), heard_.routers.end(), [&](const HeardRouter& router) {
        return router.address == packet.source && router.router_until > now;
      });
  if (gives_default_route) {
    found_ = true;
    if (timeout_ > Duration(0)) next_solicitation_.reset();
  }
  // RFC 4861 section 6.3.4: zero means unspecified.
  if (advertisement->hop_limit != 0) heard_.hop_limit = advertisement->hop_limit;
  if (advertisement->reachable > milliseconds(0)) heard_.reachable = advertisement->reachable;
  if (advertisement->retrans > milliseconds(0)) heard_.retrans = advertisement->retrans;

  for (const Option& option : advertisement->options) {
    if (const auto* prefix = std::get_if<PrefixInformation>(&option)) {
      hear_prefix(*prefix, packet.source, now);
    } else if (const auto* route = std::get_if<RouteInformation>(&option)) {
      hear_route(*route, packet.source, now);
    } else if (const auto* servers = std::get_if<RecursiveDnsServers>(&option)) {
      hear_servers(*servers, now);
    } else if (const auto* domains = std::get_if<DnsSearchList>(&option)) {
      hear_domains(*domains, now);
    } else if (const auto* resolver = std::get_if<EncryptedDns>(&option)) {
      hear_resolver(*resolver, now);
    } else if (const auto* pref64 = std::get_if<Pref64>(&option)) {
      hear_pref64(*pref64, now);
    } else if (const auto* mtu = std::get_if<Mtu>(&option)) {
      if (mtu->mtu >= kMinMtu && mtu->mtu <= link_mtu_) heard_.mtu = mtu->mtu;
    } else if (std::holds_alternative<MalformedOption>(option)) {
      ++counters_.malformed_options;
    }
  }
}

bool RouterListener::probed(const Ip6Address& address, bool answers, Instant now) {
  const auto router =
      find_entry(heard_.routers, [&](const HeardRouter& r) { return r.address == address; });
  if (router == heard_.routers.end()) return false;
  if (!answers) silent_since_[address] = now;
  if (router->silent == !answers) return false;
  router->silent = !answers;
  outputs_.log.push_back(
      {answers ? LogLevel::kInfo : LogLevel::kWarning,
       cat("router ", address, answers ? " answers again" : " does not answer")});
  return true;
}

// False when the table is full: then nothing of the message is used.
bool RouterListener::hear_router(const RouterAdvertisement& message, const Ip6Address& from,
                                 Instant now) {
  auto& routers = heard_.routers;
  auto router = find_entry(routers, [&](const HeardRouter& r) { return r.address == from; });
  if (router == routers.end()) {
    if (routers.size() >= kMaxHeardRouters) {
      ++counters_.table_full;
      return false;
    }
    HeardRouter fresh;
    fresh.address = from;
    fresh.router_until = now;
    insert_sorted(routers, fresh,
                  [](const HeardRouter& a, const HeardRouter& b) { return a.address < b.address; });
    router = find_entry(routers, [&](const HeardRouter& r) { return r.address == from; });
  }

  Lifetime lifetime(static_cast<std::uint32_t>(message.router_lifetime.count()));
  RouterPreference preference = message.preference;
  // RFC 4191 section 3.1: a route to ::/0 overrides what the header says of the default route.
  for (const Option& option : message.options) {
    const auto* route = std::get_if<RouteInformation>(&option);
    if (route && route->prefix.length() == 0 && route->preference) {
      lifetime = route->lifetime;
      preference = *route->preference;
    }
  }
  // It may have come back: whoever uses it finds out, once in a while (RFC 4191 section 3.2).
  if (router->silent && now >= silent_since_[from] + kTryAgain) router->silent = false;
  const bool was_default = router->router_until > now;
  const bool is_default = !lifetime.is_zero();
  router->router_until = expiry(now, lifetime);
  router->preference = is_default ? preference : RouterPreference::kMedium;
  router->managed = message.managed;
  router->other = message.other;
  if (const auto* source = find<SourceLinkLayerAddress>(message.options)) {
    router->link_layer = source->mac();
  }
  if (const auto* portal = find<CaptivePortal>(message.options)) {
    router->captive_portal = portal->uri;
  }
  router->further.clear();
  std::size_t octets = 0;
  for (const Option& option : message.options) {
    const auto* unknown = std::get_if<UnknownOption>(&option);
    if (unknown == nullptr || octets + unknown->payload.size() > kMaxHeardFurther) continue;
    octets += unknown->payload.size();
    router->further.push_back(*unknown);
  }
  forget_at_[from] = std::max(router->router_until, now + kFlagsRemembered);
  gather_flags();

  if (is_default && !was_default) {
    outputs_.log.push_back(
        {LogLevel::kInfo, cat("default router ", from, ": lifetime ", lifetime.count(),
                              " s, preference ", to_string(preference))});
  } else if (!is_default && was_default) {
    outputs_.log.push_back(
        {LogLevel::kInfo, cat("router ", from, " is no default router any more: it says so")});
  }
  return true;
}

void RouterListener::gather_flags() {
  const auto& routers = heard_.routers;
  heard_.managed =
      std::any_of(routers.begin(), routers.end(), [](const auto& r) { return r.managed; });
  heard_.other = std::any_of(routers.begin(), routers.end(), [](const auto& r) { return r.other; });
}

void RouterListener::hear_prefix(const PrefixInformation& option, const Ip6Address& from,
                                 Instant now) {
  // RFC 4861 section 6.3.4 and RFC 4862 section 5.5.3 (b): never the link-local prefix.
  if (!is_for_hosts(option.prefix)) {
    ++counters_.ignored_prefixes;
    return;
  }
  // RFC 4862 section 5.5.3 (c); and (d): with 64 bits of interface identifier, /64 it must be.
  const bool autonomous_fits = option.preferred <= option.valid && option.prefix.length() == 64;
  if (option.autonomous && !autonomous_fits) ++counters_.ignored_prefixes;
  const bool autonomous = option.autonomous && autonomous_fits;
  if (!autonomous && !option.on_link) {
    // Nothing to configure from it; still a hint to ask for a prefix (RFC 9762 section 7.1), or the
    // mark of a first hop for that source (RFC 8028 section 2.1).
    if (option.autonomous) return;
  }

  auto& prefixes = heard_.prefixes;
  auto entry =
      find_entry(prefixes, [&](const HeardPrefix& p) { return p.prefix == option.prefix; });
  if (entry == prefixes.end()) {
    if (option.valid.is_zero()) return;
    if (prefixes.size() >= kMaxHeardPrefixes ||
        count_of(prefixes, from) >= static_cast<std::ptrdiff_t>(kMaxHeardPerRouter)) {
      ++counters_.table_full;
      return;
    }
    HeardPrefix fresh;
    fresh.prefix = option.prefix;
    fresh.preferred_until = now;
    fresh.valid_until = now;
    fresh.on_link_until = now;
    insert_sorted(prefixes, fresh,
                  [](const HeardPrefix& a, const HeardPrefix& b) { return a.prefix < b.prefix; });
    entry = find_entry(prefixes, [&](const HeardPrefix& p) { return p.prefix == option.prefix; });
  }
  entry->router = from;
  entry->delegation_preferred = option.delegation_preferred;
  entry->said_until = expiry(now, option.valid);

  // RFC 4861 section 6.3.4: L set gives the on-link lifetime, zero ends it; L clear says nothing.
  if (option.on_link) {
    entry->on_link_until = expiry(now, option.valid);
    entry->on_link = !option.valid.is_zero();
  }
  if (autonomous) {
    // RFC 4862 section 5.5.3 (e): the preferred lifetime as received; the valid one is not brought
    // below two hours by anybody who can send a packet.
    const Lifetime left = entry->autonomous ? remaining(entry->valid_until, now) : Lifetime(0);
    if (option.valid.count() > kTwoHours || option.valid > left) {
      entry->valid_until = expiry(now, option.valid);
    } else if (left.count() > kTwoHours) {
      entry->valid_until = now + seconds(kTwoHours);
    }
    entry->preferred_until = expiry(now, option.preferred);
    entry->autonomous = entry->valid_until > now;
  } else if (!entry->autonomous) {
    entry->valid_until = expiry(now, option.valid);
    entry->preferred_until = std::min(expiry(now, option.preferred), entry->valid_until);
  }
  const Instant end = std::max(entry->valid_until, entry->on_link_until);
  if (end <= now) prefixes.erase(entry);
}

void RouterListener::hear_route(const RouteInformation& option, const Ip6Address& from,
                                Instant now) {
  // RFC 4191 section 2.3: the reserved preference spoils the option. ::/0 went to the router
  // itself.
  if (!option.preference || option.prefix.length() == 0 || !is_for_hosts(option.prefix)) return;
  auto& routes = heard_.routes;
  const auto same = [&](const HeardRoute& r) {
    return r.prefix == option.prefix && r.router == from;
  };
  const auto entry = find_entry(routes, same);
  if (option.lifetime.is_zero()) {
    if (entry != routes.end()) routes.erase(entry);
    return;
  }
  const HeardRoute fresh{option.prefix, from, *option.preference, expiry(now, option.lifetime)};
  if (entry != routes.end()) {
    *entry = fresh;
    return;
  }
  if (routes.size() >= kMaxHeardRoutes ||
      count_of(routes, from) >= static_cast<std::ptrdiff_t>(kMaxHeardPerRouter)) {
    ++counters_.table_full;
    return;
  }
  insert_sorted(routes, fresh, [](const HeardRoute& a, const HeardRoute& b) {
    return std::tie(a.prefix, a.router) < std::tie(b.prefix, b.router);
  });
}

void RouterListener::hear_servers(const RecursiveDnsServers& option, Instant now) {
  auto& servers = heard_.rdnss;
  for (const Ip6Address& address : option.addresses) {
    if (address.is_multicast() || address.is_unspecified() || address.is_loopback()) continue;
    const auto entry =
        find_entry(servers, [&](const HeardServer& s) { return s.address == address; });
    if (option.lifetime.is_zero()) {  // RFC 8106 section 5.1: must no longer be used
      if (entry != servers.end()) servers.erase(entry);
    } else if (entry != servers.end()) {
      entry->until = expiry(now, option.lifetime);
    } else if (servers.size() < kMaxHeardServers) {
      servers.push_back({address, expiry(now, option.lifetime)});
    } else {
      ++counters_.table_full;
    }
  }
}

void RouterListener::hear_domains(const DnsSearchList& option, Instant now) {
  auto& domains = heard_.dnssl;
  for (const DomainName& name : option.names) {
    const auto entry = find_entry(domains, [&](const HeardDomain& d) { return d.name == name; });
    if (option.lifetime.is_zero()) {
      if (entry != domains.end()) domains.erase(entry);
    } else if (entry != domains.end()) {
      entry->until = expiry(now, option.lifetime);
    } else if (domains.size() < kMaxHeardDomains) {
      domains.push_back({name, expiry(now, option.lifetime)});
    } else {
      ++counters_.table_full;
    }
  }
}

void RouterListener::hear_resolver(const EncryptedDns& option, Instant now) {
  auto& resolvers = heard_.resolvers;
  const auto entry =
      find_entry(resolvers, [&](const HeardResolver& r) { return r.resolver.name == option.name; });
  if (option.lifetime.is_zero()) {
    if (entry != resolvers.end()) resolvers.erase(entry);
  } else if (entry != resolvers.end()) {
    *entry = {option, expiry(now, option.lifetime)};
  } else if (resolvers.size() < kMaxHeardResolvers) {
    resolvers.push_back({option, expiry(now, option.lifetime)});
  } else {
    ++counters_.table_full;
  }
}

// One NAT64 prefix is kept: the first, until it ends or is taken back.
void RouterListener::hear_pref64(const Pref64& option, Instant now) {
  const bool same = heard_.pref64 && heard_.pref64->prefix == option.prefix;
  if (option.seconds_left().is_zero()) {
    if (same) heard_.pref64.reset();
  } else if (same || !heard_.pref64) {
    heard_.pref64 = HeardPref64{option.prefix, expiry(now, option.seconds_left())};
  }
}

void RouterListener::forget_expired(Instant now) {
  for (HeardRouter& router : heard_.routers) {
    // Logged once: at the first look after its end.
    if (router.router_until <= now && last_look_ < router.router_until) {
      outputs_.log.push_back(
          {LogLevel::kWarning, cat("default router ", router.address, " has fallen silent")});
      router.preference = RouterPreference::kMedium;
      outputs_.changed = true;  // though no value of heard() need differ
    }
  }
  last_look_ = now;
  std::erase_if(heard_.routers, [&](const HeardRouter& router) {
    const auto at = forget_at_.find(router.address);
    if (at == forget_at_.end() || at->second > now) return false;
    forget_at_.erase(at);
    silent_since_.erase(router.address);
    return true;
  });
  gather_flags();
  std::erase_if(heard_.prefixes, [&](HeardPrefix& prefix) {
    if (prefix.on_link_until <= now) prefix.on_link = false;
    if (prefix.valid_until <= now) prefix.autonomous = false;
    return std::max(prefix.valid_until, prefix.on_link_until) <= now;
  });
  std::erase_if(heard_.routes, [&](const HeardRoute& route) { return route.until <= now; });
  std::erase_if(heard_.rdnss, [&](const HeardServer& server) { return server.until <= now; });
  std::erase_if(heard_.dnssl, [&](const HeardDomain& domain) { return domain.until <= now; });
  std::erase_if(heard_.resolvers, [&](const HeardResolver& one) { return one.until <= now; });
  if (heard_.pref64 && heard_.pref64->until <= now) heard_.pref64.reset();
}

void RouterListener::expire(Instant now) {
  forget_expired(now);
  if (next_solicitation_ && *next_solicitation_ <= now) solicit(now);
}

std::optional<Instant> RouterListener::next_deadline() const {
  std::optional<Instant> deadline = next_solicitation_;
  const auto consider = [&](Instant at) {
    // What has passed has been dealt with; what never ends needs no timer.
    if (at > last_look_ && !at.is_never()) deadline = earlier(deadline, std::optional<Instant>(at));
  };
  for (const HeardRouter& router : heard_.routers) consider(router.router_until);
  for (const auto& [router, at] : forget_at_) consider(at);
  for (const HeardPrefix& prefix : heard_.prefixes) {
    consider(prefix.valid_until);
    consider(prefix.on_link_until);
  }
  for (const HeardRoute& route : heard_.routes) consider(route.until);
  for (const HeardServer& server : heard_.rdnss) consider(server.until);
  for (const HeardDomain& domain : heard_.dnssl) consider(domain.until);
  for (const HeardResolver& resolver : heard_.resolvers) consider(resolver.until);
  if (heard_.pref64) consider(heard_.pref64->until);
  return deadline;
}

ListenerOutputs RouterListener::drain() {
  ListenerOutputs out = std::move(outputs_);
  outputs_ = {};
  out.changed = out.changed || heard_ != reported_;
  if (out.changed) reported_ = heard_;
  return out;
}

}  // namespace sixgate::ra
