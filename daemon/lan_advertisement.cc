// SPDX-License-Identifier: Apache-2.0
#include "daemon/lan_advertisement.h"

#include <algorithm>
#include <iterator>

namespace sixgate::daemon {
namespace {

// The smallest MTU that an uplink announced (RFC 4861 section 4.6.4): a LAN host that knows it need not
// learn it packet by packet.
std::uint32_t path_mtu(const House& house, std::uint32_t link_mtu) {
  std::uint32_t mtu = link_mtu;
  for (const UplinkView& uplink : house.uplinks) {
    if (uplink.link == nullptr) continue;
    mtu = std::min(mtu, uplink.link->mtu);
    if (uplink.heard->mtu) mtu = std::min(mtu, *uplink.heard->mtu);
  }
  return std::max(mtu, std::uint32_t{1280});
}

// The first rule that speaks of this prefix.
const conf::PrefixRule* rule_for(const conf::LanAdvertising& said, const LanPrefix& prefix) {
  const auto fits = [&](const conf::PrefixRule& rule) {
    return (rule.origin.empty() || rule.origin == prefix.origin) &&
           (!rule.within || rule.within->contains(prefix.prefix));
  };
  const auto find = [&](const std::vector<conf::PrefixRule>& rules) -> const conf::PrefixRule* {
    const auto rule = std::find_if(rules.begin(), rules.end(), fits);
    return rule == rules.end() ? nullptr : &*rule;
  };
  if (prefix.origin == delegation::kOriginStatic) {
    for (const conf::PrefixRule& own : said.static_prefixes) {
      conf::PrefixRule plain;
      plain.within = own.within;
      // Without words of its own it is under the rules for all.
      if (own.within == prefix.prefix && own != plain) return &own;
    }
  }
  return find(said.rules);
}

std::optional<ra::AdvertisedPrefix> advertised(const conf::LanConfig& config,
                                               const LanPrefix& prefix, Instant now) {
  const conf::LanAdvertising& said = config.advertising;
  if (!said.filter.empty() &&
      std::none_of(said.filter.begin(), said.filter.end(),
                   [&](const Prefix& range) { return range.contains(prefix.prefix); }))
    return std::nullopt;
  static const conf::PrefixRule kNoRule;
  const conf::PrefixRule* found = rule_for(said, prefix);
  const conf::PrefixRule& rule = found != nullptr ? *found : kNoRule;
  if (rule.hidden) return std::nullopt;
  ra::AdvertisedPrefix out;
  out.prefix = prefix.prefix;
  out.on_link = rule.on_link.value_or(!said.offlink);
  // RFC 4862 section 5.5.3 d: together with an interface identifier of 64 bits it must make an address.
  const bool whole = prefix.prefix.length() <= 64;
  out.autonomous =
      whole && rule.autonomous.value_or(config.addressing != conf::Addressing::kDhcpv6);
  out.delegation_preferred = whole && rule.delegation_preferred.value_or(said.delegation_preferred);
  if (rule.router_address.value_or(said.router_address)) out.router_address = prefix.address;
  out.preferred_until =
      rule.deprecated ? std::min(now, prefix.preferred_until) : prefix.preferred_until;
  out.valid_until = prefix.valid_until;
  out.max_preferred = rule.preferred;
  out.max_valid = rule.valid;
  return out;
}

// RFC 8781: the configured prefix, else what an uplink that works says of its own NAT64.
void add_translations(const House& house, const conf::LanAdvertising& said, ra::Advertisement& out,
                      Instant now) {
  if (said.pref64) out.translations.push_back({*said.pref64, Instant::never()});
  if (!said.learn_pref64) return;
  for (const UplinkView& uplink : house.uplinks) {
    const bool works = uplink.link != nullptr && uplink.link->ready() && !uplink.dead;
    if (works && uplink.heard->pref64 && uplink.heard->pref64->until > now)
      out.translations.push_back({uplink.heard->pref64->prefix, uplink.heard->pref64->until});
  }
}

// RFC 4389 section 4.1.3.3: what the uplink's routers say, with the Proxy bit, and in our own name: it is through us that
// hosts reach them. Before they have spoken, after a start, it is what is kept of them.
void relay(const House& house, const Services& services, const LanView& lan, bool default_route,
           ra::Advertisement& out, Instant now) {
  const conf::LanConfig& config = *lan.config;
  out.proxy = true;
  out.routes.clear();
  out.translations.clear();
  const auto uplink =
      std::find_if(house.uplinks.begin(), house.uplinks.end(),
                   [&](const UplinkView& one) { return one.config->name == config.ra_relay; });
  const bool shares = std::any_of(lan.prefixes.begin(), lan.prefixes.end(),
                                  [](const LanPrefix& one) { return one.shared; });
  out.default_router = shares && default_route;
  if (uplink == house.uplinks.end() || !uplink->heard->any) return;
  const ra::Heard& heard = *uplink->heard;
  const ra::HeardRouter* router = nullptr;
  for (const ra::HeardRouter& one : heard.routers) {
    if (one.router_until > now && (router == nullptr || one.preference > router->preference))
      router = &one;
  }
  const bool works =
      uplink->held || (uplink->link != nullptr && uplink->link->ready() && !uplink->dead);
  out.default_router = shares && works && router != nullptr;
  if (config.is_relayed()) {
    out.managed = heard.managed;
    out.other = heard.other;
  }
  if (heard.hop_limit) out.settings.hop_limit = *heard.hop_limit;
  if (heard.reachable) out.settings.reachable = *heard.reachable;
  if (heard.retrans) out.settings.retrans = *heard.retrans;
  for (ra::AdvertisedPrefix& prefix : out.prefixes) {
    for (const ra::HeardPrefix& one : heard.prefixes) {
      if (one.prefix != prefix.prefix) continue;
      prefix.on_link = prefix.on_link && one.on_link;
      prefix.autonomous = prefix.autonomous && one.autonomous;
    }
  }
  for (const ra::HeardRoute& one : heard.routes) {
    if (one.until > now && one.prefix.length() > 0)
      out.routes.push_back({one.prefix, one.preference, one.until, std::nullopt});
  }
  if (heard.pref64 && heard.pref64->until > now)
    out.translations.push_back({heard.pref64->prefix, heard.pref64->until});
  if (config.dns_servers.empty() && config.advertise_dns) {
    // As far as hosts can reach them from here; where there is none, what else the providers tell.
    std::vector<Ip6Address> servers;
    Instant until = now;
    for (const ra::HeardServer& one : heard.rdnss) {
      if (one.until <= now || one.address.is_link_local()) continue;
      servers.push_back(one.address);
      until = std::max(until, one.until);
    }
    if (!servers.empty()) {
      out.dns_servers = std::move(servers);
      out.dns_valid_until = until;
    } else {
      out.dns_servers = services.dns_servers;
    }
    if (config.search_domains.empty() && !heard.dnssl.empty()) {
      out.search_domains.clear();
      for (const ra::HeardDomain& one : heard.dnssl) {
        if (one.until > now) out.search_domains.push_back(one.name);
      }
    }
  }
  if (router == nullptr) return;
  out.settings.preference = router->preference;
  // CGA, RSA Signature and Timestamp are about the router's own words (RFC 3971 section 5).
  const auto signs = [](const ra::UnknownOption& one) { return one.code >= 11 && one.code <= 13; };
  std::remove_copy_if(router->further.begin(), router->further.end(),
                      std::back_inserter(out.further_options), signs);
}

}  // namespace

ra::Advertisement advertisement_for(const House& house, const Services& services,
                                    const LanView& lan, bool default_route, Instant now) {
  const conf::LanConfig& config = *lan.config;
  const conf::LanAdvertising& said = config.advertising;
  ra::Advertisement out;
  out.settings = config.ra;
  out.managed = config.addressing == conf::Addressing::kSlaacDhcpv6 ||
                config.addressing == conf::Addressing::kDhcpv6;
  out.other = out.managed || config.addressing == conf::Addressing::kSlaacStateless;
  out.link_layer = lan.link->mac;
  out.link_mtu = lan.link->mtu;
  if (!out.settings.mtu && said.uplink_mtu) out.settings.mtu = path_mtu(house, lan.link->mtu);
  bool global = !lan.translations.empty();  // a ULA is as good as one then
  for (const LanPrefix& prefix : lan.prefixes) {
    global = global || !kUniqueLocal.contains(prefix.prefix);
    if (auto option = advertised(config, prefix, now)) out.prefixes.push_back(*option);
  }
  switch (said.default_router) {
    case conf::DefaultRouter::kWhenUseful:  // RFC 7084 G-4, L-4 and ULA-5
      out.default_router = default_route && global;
      break;
    case conf::DefaultRouter::kWithoutPrefix:
      out.default_router = default_route;
      break;
    case conf::DefaultRouter::kAlways:
      out.default_router = true;
      break;
  }
  for (const conf::RouteRule& route : said.routes) {
    out.routes.push_back({route.prefix, route.preference, Instant::never(), route.lifetime});
  }
  Instant longest = now;
  for (const delegation::Delegation& delegation : house.delegations) {
    if (delegation.valid_until <= now) continue;
    if (delegation.standing == delegation::Standing::kLive) {
      out.routes.push_back(  // RFC 7084 L-3
          {delegation.prefix, said.route_preference, delegation.valid_until, std::nullopt});
    }
    if (!kUniqueLocal.contains(delegation.prefix))
      longest = std::max(longest, delegation.valid_until);
  }
  for (const LanPrefix& prefix : lan.prefixes) {
    if (prefix.shared) longest = std::max(longest, prefix.valid_until);
  }
  if (!config.dns_servers.empty() || !config.advertise_dns) {
    out.dns_servers = config.dns_servers;
    out.search_domains = config.search_domains;
    out.dns_valid_until = Instant::never();  // capped by the advertiser (RFC 9096 section 3.4)
  } else {
    out.dns_servers = services.dns_servers;
    out.search_domains =
        config.search_domains.empty() ? services.search_domains : config.search_domains;
    out.dns_valid_until = longest;
    for (const dhcp6::EncryptedDns& resolver : services.encrypted_dns)
      out.encrypted_dns.push_back(
          {ra::EncryptedDns{resolver.priority, Lifetime(0), resolver.authentication_name,
                            resolver.addresses, resolver.service_parameters},
           longest});
  }
  if (!said.encrypted_dns.empty()) {
    out.encrypted_dns.clear();
    for (const ra::EncryptedDns& resolver : said.encrypted_dns)
      out.encrypted_dns.push_back({resolver, Instant::never()});
  }
  add_translations(house, said, out, now);
  // A provider's portal is octets of a peer: only what could stand in a configuration is told on.
  if (!said.captive_portal.empty())
    out.captive_portal = said.captive_portal;
  else if (const auto portal = conf::parse_captive_portal(services.captive_portal))
    out.captive_portal = *portal;
  out.further_options = said.options;
  if (!config.ra_relay.empty()) relay(house, services, lan, default_route, out, now);
  return out;
}

}  // namespace sixgate::daemon
