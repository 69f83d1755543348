// SPDX-License-Identifier: Apache-2.0
// Router as a person sees it.
#include <algorithm>

#include "daemon/host_list.h"
#include "daemon/ra_reasons.h"
#include "daemon/router.h"
#include "daemon/version.h"
#include "net/text.h"
#include "ra/describe.h"

namespace sixgate::daemon {
namespace {

StatusPrefix status_prefix(const Prefix& prefix, std::string_view origin, std::string_view standing,
                           Instant preferred_until, Instant valid_until, Instant now) {
  StatusPrefix out;
  out.prefix = prefix;
  out.origin = origin;
  out.standing = standing;
  out.preferred = remaining(preferred_until, now);
  out.valid = remaining(valid_until, now);
  return out;
}

void count_discards(std::map<std::string, std::uint64_t>& out,
                    const ra::DiscardCounters& discarded) {
  for (std::size_t i = 0; i < ra::kDiscardReasons; ++i) {
    const auto reason = static_cast<ra::Discard>(i);
    out[cat("ra_dropped_", ra::to_string(reason))] = discarded[reason];
  }
}

StatusUplink status_of(const Uplink& uplink, const LinkState* link, const DesiredState& desired,
                       const std::vector<delegation::Delegation>& delegations, Instant now) {
  StatusUplink out;
  out.name = uplink.config().name;
  out.interface = uplink.config().interface;
  out.present = link != nullptr;
  out.ready = uplink.ready();
  out.mode = conf::to_string(uplink.config().mode);
  if (uplink.lease_is_learnt()) out.client = uplink.client_state();
  const dhcp6::Lease& lease = uplink.lease();
  if (lease.server) out.server = lease.server->to_string();
  if (!lease.empty()) {
    out.renew_in = remaining(lease.renew_at, now);
    out.rebind_in = remaining(lease.rebind_at, now);
  }
  if (!uplink.probe_at().is_never()) out.probe_in = remaining(uplink.probe_at(), now);
  for (const dhcp6::ServerProfile& server : lease.servers.all()) {
    out.servers.push_back({server.server.to_string(), server.lengths,
                           std::string(dhcp6::to_string(server.hints)),
                           std::string(dhcp6::to_string(server.together)), server.fails_on_several,
                           server.leaves_times, std::string(dhcp6::to_string(server.rapid_commit)),
                           server.fails_on_rapid_commit, server.fails_on_name});
  }
  const ra::Heard& heard = uplink.heard();
  out.managed = heard.managed;
  out.other = heard.other;
  for (const KernelAddress& address : desired.addresses) {
    if (address.interface == out.interface) {
      out.addresses.push_back(status_prefix(Prefix(address.address, address.prefix_length), "",
                                            address.preferred_until > now ? "live" : "deprecated",
                                            address.preferred_until, address.valid_until, now));
      out.addresses.back().address = address.address;
    }
  }
  for (const delegation::Delegation& delegation : delegations) {
    if (delegation.origin != out.name) continue;
    out.delegations.push_back(status_prefix(
        delegation.prefix, "",
        delegation.withdrawn ? "withdrawn" : delegation::to_string(delegation.standing),
        delegation.preferred_until, delegation.valid_until, now));
  }
  for (const ra::HeardRouter& router : heard.routers) {
    out.routers.push_back({router.address, std::string(ra::to_string(router.preference)),
                           remaining(router.router_until, now), router.silent});
  }
  out.registered = uplink.registrar().registered();
  out.services = services_of(lease, heard, now);
  const ra::ListenerCounters& listener = uplink.listener_counters();
  out.counters["rs_sent"] = listener.solicitations_sent;
  out.counters["ra_received"] = listener.advertisements;
  out.counters["ra_malformed_options"] = listener.malformed_options;
  out.counters["ra_table_full"] = listener.table_full;
  count_discards(out.counters, listener.discarded);
  if (const dhcp6::ClientCounters* client = uplink.client_counters()) {
    out.counters["dhcp6_sent"] = client->sent;
    out.counters["dhcp6_received"] = client->received;
    for (std::size_t i = 0; i < dhcp6::kClientDropCount; ++i) {
      const auto reason = static_cast<dhcp6::ClientDrop>(i);
      out.counters[cat("dhcp6_dropped_", dhcp6::to_string(reason))] = (*client)[reason];
    }
  }
  return out;
}

// RFC 7084 G-4, L-4, ULA-5, in words.
std::string why_not_default(const ra::Advertisement& said, const DesiredState& desired,
                            bool firewall_applied) {
  if (said.settings.router_lifetime.is_zero()) return "configured";
  if (!firewall_applied) return "the firewall is not in place, so nothing is forwarded";
  const bool global = std::any_of(said.prefixes.begin(), said.prefixes.end(),
                                  [](const auto& p) { return !kUniqueLocal.contains(p.prefix); });
  if (!global) return said.prefixes.empty() ? "no prefix" : "no prefix but ULA";
  const bool route =
      std::any_of(desired.routes.begin(), desired.routes.end(),
                  [](const KernelRoute& r) { return r.gateway && r.destination.length() == 0; });
  return route ? "the uplink is down" : "no uplink has a default router";
}

// A LAN that has the ULA at most: what each uplink it takes prefixes from has to say of it.
std::string why_no_prefix(const conf::LanConfig& lan, const std::vector<StatusUplink>& uplinks) {
  std::string why;
  for (const StatusUplink& uplink : uplinks) {
    const bool takes = lan.takes_from(uplink.name) || lan.ra_relay == uplink.name;
    if (!takes || uplink.mode == "none") continue;
    std::string its = uplink.sharing ? uplink.sharing->why : "nothing is delegated";
    if (uplink.sharing) {
      for (const StatusSharingBlock& block : uplink.sharing->blocked)
        if (block.interface == lan.interface) its = block.why;
    }
    why += cat(why.empty() ? "" : "; ", uplink.name, ": ", its);
  }
  return why.empty() ? "no uplink that it takes prefixes from" : why;
}

// Where hosts cannot make addresses of their own although they have a prefix.
std::string why_no_slaac(const conf::LanConfig& lan, const std::vector<StatusPrefix>& prefixes) {
  const bool whole = std::any_of(prefixes.begin(), prefixes.end(),
                                 [](const StatusPrefix& one) { return one.prefix.length() <= 64; });
  if (!lan.request.splits_slash64() || whole) return {};
  return cat("ip6assign = ", lan.request.assign_length,
             " splits a /64 (RFC 4862 section 5.5.3): addresses come from DHCPv6");
}

StatusForeignRouter status_of(const ra::ForeignRouter& router, Instant now) {
  StatusForeignRouter out;
  out.address = router.address;
  out.says = ra::summary(router.last);
  out.heard_ago = remaining(now, router.heard);
  out.advertisements = router.advertisements;
  out.differences = router.differences;
  return out;
}

// Where a pinhole really is: its rules have no address that no LAN has a prefix for.
std::vector<StatusPinhole> status_pinholes(const DesiredState& desired) {
  std::vector<StatusPinhole> out;
  for (const auto& [pinhole, places] : desired.pinholes) {
    StatusPinhole& one = out.emplace_back(StatusPinhole{conf::to_string(pinhole.host),
                                                        pinhole.lan,
                                                        conf::protocols_text(pinhole.protocols),
                                                        {},
                                                        pinhole.sources,
                                                        {}});
    for (const conf::PortRange& ports : pinhole.ports) one.ports.push_back(conf::to_string(ports));
    for (const PlacedPinhole::Place& place : places) {
      if (std::ranges::any_of(desired.ruleset.pinholes, [&](const auto& rule) {
            return rule.interface == place.interface && rule.host == place.address;
          }))
        one.addresses.push_back(place.address);
    }
  }
  return out;
}

}  // namespace

std::string Router::firewall_lack() const {
  if (rules_in_place()) return {};
  return firewall_complaint_.empty() ? "not loaded yet" : firewall_complaint_;
}

Status Router::status(Instant now) const {
  Status out;
  out.version = kVersion;
  if (state_.duid) out.duid = state_.duid->to_string();
  out.unique_local = state_.unique_local;
  if (!firewall_complaint_.empty())
    out.problems.push_back(
        cat("firewall: the newest rules are not in place: ", firewall_complaint_));
  for (const auto& uplink : uplinks_) {
    out.uplinks.push_back(
        status_of(*uplink, link(uplink->config().interface), desired_, pool_.delegations(), now));
    count_relayed(uplink->config().interface, out.uplinks.back().counters);
    if (uplink->config().route_check.mode != conf::RouteCheckConfig::Mode::kOff) {
      for (StatusPrefix& delegation : out.uplinks.back().delegations) {
        const Routed finding = routed(*uplink, delegation.prefix);
        delegation.routed = to_string(finding);
        if (finding == Routed::kNo) {
          out.problems.push_back(cat("uplink ", uplink->config().name,
                                     ": the provider does not route ", delegation.prefix,
                                     " to us"));
        }
      }
    }
    out.uplinks.back().sharing = sharing_status(*uplink, now);
    if (const auto& sharing = out.uplinks.back().sharing) {
      for (const StatusSharingBlock& block : sharing->blocked)
        out.problems.push_back(cat("uplink ", uplink->config().name, ": ", block.interface,
                                   " takes no part in the sharing: ", block.why));
    }
    const LinkState* own = link(uplink->config().interface);
    if (own != nullptr && !own->ppp &&
        config_.firewall.backend != conf::FirewallConfig::Choice::kNone) {
      for (const std::string& carrier : unguarded_carriers(config_, *own)) {
        if (const LinkState* below = link(carrier); below != nullptr && below->link_local)
          out.problems.push_back(cat("uplink ", uplink->config().name, ": what comes by ", carrier,
                                     ", its VLAN's device, passes the firewall: make it an uplink "
                                     "of mode \"none\" or a LAN, or switch IPv6 off there"));
      }
    }
    if (own == nullptr) {
      out.problems.push_back(cat("uplink ", uplink->config().name, ": there is no interface ",
                                 uplink->config().interface));
    }
  }
  for (const auto& lan : lans_) {
    const conf::LanConfig& config = lan->config();
    StatusLan status;
    status.name = config.name;
    status.interface = config.interface;
    status.present = link(config.interface) != nullptr;
    status.ready = lan->ready();
    status.zone = firewall::to_string(config.zone);
    status.addressing = conf::to_string(config.addressing);
    const auto said = desired_.advertisements.find(config.name);
    if (said != desired_.advertisements.end()) {
      const ra::Advertisement& advertisement = said->second;
      status.managed = advertisement.managed;
      status.other = advertisement.other;
      const bool router = advertisement.default_router && is_judged(config.interface);
      if (router) status.router_lifetime = advertisement.settings.router_lifetime;
      if (status.router_lifetime.is_zero()) {
        status.router_lifetime_reason =
            why_not_default(advertisement, desired_, is_judged(config.interface));
      }
      status.dns_servers = advertisement.dns_servers;
    }
    const auto prefixes = prefixes_.find(config.name);
    for (const LanPrefix& prefix :
         prefixes == prefixes_.end() ? std::vector<LanPrefix>{} : prefixes->second) {
      status.prefixes.push_back(status_prefix(prefix.prefix, prefix.origin,
                                              delegation::to_string(prefix.standing),
                                              prefix.preferred_until, prefix.valid_until, now));
      status.prefixes.back().address = prefix.address;
    }
    if (std::none_of(status.prefixes.begin(), status.prefixes.end(),
                     [](const StatusPrefix& one) { return !kUniqueLocal.contains(one.prefix); }))
      status.no_prefix_reason = why_no_prefix(config, out.uplinks);
    status.no_slaac_reason = why_no_slaac(config, status.prefixes);
    for (const Prefix& prefix : withdrawn_prefixes(*lan, now)) {
      status.prefixes.push_back(status_prefix(prefix, "", "withdrawn", now, now, now));
    }
    const ra::Advertiser& advertiser = lan->advertiser();
    if (const auto next = advertiser.next(); next && lan->ready()) {
      std::string lost = status.router_lifetime_reason;
      if (!lost.empty() && router_lost_)
        lost += cat(", since ", remaining(now, *router_lost_).count(), " s");
      status.next_ra_in = remaining(next->due, now);
      status.next_ra_why = next->why;
      status.next_ra =
          explain(advertiser.current(std::max(now, next->due)), config,
                  prefixes == prefixes_.end() ? std::vector<LanPrefix>{} : prefixes->second,
                  link(config.interface)->mtu, lost);
    }
    for (const ra::ForeignRouter& router : advertiser.foreign_routers()) {
      status.foreign_routers.push_back(status_of(router, now));
      out.problems.push_back(cat("lan ", config.name, ": another router, ", router.address,
                                 ", advertises here: ", ra::summary(router.last)));
    }
    for (const auto& [duid, server] : lan->server_watch().servers()) {
      status.foreign_servers.push_back({duid, server.address, server.says,
                                        remaining(now, server.heard), server.answers,
                                        server.chosen});
      const std::string where =
          server.address ? cat(" at ", *server.address, ": ", server.says) : std::string();
      out.problems.push_back(
          cat("lan ", config.name, ": another DHCPv6 server, ", duid, ", answers here", where));
    }
    status.counters["dhcp6_watch_questions"] = lan->server_watch().questions();
    status.counters["dhcp6_foreign"] = lan->server_watch().answers();
    status.hosts =
        host_list(lan->hosts(), server_, config.name,
                  prefixes == prefixes_.end() ? std::vector<LanPrefix>{} : prefixes->second, now);
    mark_proxied(config.interface, status.hosts);
    const ra::AdvertiserCounters& counters = advertiser.counters();
    status.counters["ra_multicast_sent"] = counters.multicast_sent;
    status.counters["ra_unicast_sent"] = counters.unicast_sent;
    status.counters["rs_received"] = counters.solicitations;
    status.counters["rs_coalesced"] = counters.solicitations_coalesced;
    status.counters["rs_unanswered"] = counters.solicitations_unanswered;
    status.counters["ra_unicast_withheld"] = counters.unicast_withheld;
    status.counters["ra_foreign"] = counters.foreign_advertisements;
    status.counters["ra_inconsistent"] = counters.inconsistencies;
    count_discards(status.counters, counters.discarded);
    if (config.is_relayed()) status.relay = relay_status(config, now);
    count_relayed(config.interface, status.counters);
    status.mappings = status_mappings(config.interface, now);
    for (const firewall::FirewallTranslation& one : desired_.ruleset.translations) {
      if (one.interface == config.interface)
        status.translations.push_back({one.uplink, one.internal, one.external, one.begins});
    }
    count_pcp(config.interface, status.counters);
    const dhcp6::ServerCounters& served = server_.counters(config.name);
    status.counters["dhcp6_received"] = served.received;
    status.counters["dhcp6_sent"] = served.sent;
    status.counters["dhcp6_newcomers_refused"] = lan->newcomers().refused();
    status.counters["dhcp6_reconfigures"] = served.reconfigures;
    for (std::size_t i = 0; i < dhcp6::kServerDropCount; ++i) {
      const auto reason = static_cast<dhcp6::ServerDrop>(i);
      status.counters[cat("dhcp6_dropped_", dhcp6::to_string(reason))] = served[reason];
    }
    if (!status.present)
      out.problems.push_back(
          cat("lan ", config.name, ": there is no interface ", config.interface));
    out.lans.push_back(std::move(status));
  }
  for (const LogLine& finding : plan_.findings) {
    const bool shares = std::any_of(
        plan_.left_out.begin(), plan_.left_out.end(), [&](const delegation::LeftOut& one) {
          const auto share = shares_.find(one.origin);
          return one.finding == finding.text && share != shares_.end() && share->second.shared &&
                 share->second.shared->has(one.lan);
        });
    if (shares) continue;
    if (finding.level == LogLevel::kError || finding.level == LogLevel::kWarning)
      out.problems.push_back(finding.text);
  }
  for (const Hook& hook : hooks_) {
    if (!hook.complaint().empty())
      out.problems.push_back(cat("uplink ", hook.uplink(), ": hook ", hook.complaint()));
  }
  out.firewall_applied = rules_in_place();
  out.provisioned = desired_.ruleset.provisioned;
  out.pinholes = status_pinholes(desired_);
  if (config_.knock) {
    StatusKnock& knock = out.knock.emplace();
    knock.spi = config_.knock->spi;
    knock.algorithm = conf::kind_of(config_.knock->algorithm).name;
    for (const KernelKnock& wanted : desired_.knocks) {
      const bool there =
          kernel_ &&
          std::any_of(kernel_->knocks.begin(), kernel_->knocks.end(), [&](const KernelKnock& have) {
            return have.address == wanted.address && have.spi == wanted.spi &&
                   have.inner == wanted.inner;
          });
      knock.tunnels.push_back({wanted.address, wanted.inner, there});
    }
  }
  return out;
}

}  // namespace sixgate::daemon
