// SPDX-License-Identifier: Apache-2.0
// Links that share one /64 (RFC 7278): which they are, what hosts are told, who is where.
#include <algorithm>
#include <utility>

#include "daemon/router.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

template <class T>
std::string listing(const std::vector<T>& entries) {
  std::string out;
  for (const T& entry : entries) out += cat(out.empty() ? "" : ", ", entry);
  return out;
}

// RFC 4389 section 6: a proxy must send two Router Advertisements with the P flag on a segment before it forwards there.
constexpr std::uint64_t kProxiedFirst = 2;

}  // namespace

SharingFacts Router::sharing_facts(const Uplink& uplink) const {
  SharingFacts facts;
  facts.config = &uplink.config();
  facts.heard = &uplink.heard();
  facts.delegation_due = uplink.delegation_due();
  const auto share = shares_.find(uplink.config().name);
  const auto blocked = [&](const std::string& interface) {
    return share != shares_.end() && share->second.proxy.blocks().contains(interface);
  };
  facts.upstream_able = !blocked(uplink.config().interface);
  for (const delegation::Delegation& one : pool_.delegations()) {
    if (!one.withdrawn) facts.delegated.push_back(one.prefix);
  }
  for (const conf::LanConfig& config : config_.lans) {
    const bool relays = config.ra_relay == uplink.config().name;
    if (!relays && !config.takes_from(uplink.config().name)) continue;
    SharingFacts::Lan lan;
    lan.relays = relays;
    lan.name = config.name;
    lan.priority = config.request.priority;
    const LinkState* state = link(config.interface);
    // Hosts make no addresses where the LAN has less than a /64, whatever is shared with it.
    lan.able = !blocked(config.interface) && (state == nullptr || state->mac) &&
               !config.request.splits_slash64();
    for (const delegation::Assignment& assignment : plan_.assignments) {
      if (assignment.lan != config.name || assignment.origin != uplink.config().name) continue;
      for (const delegation::Delegation& one : pool_.delegations()) {
        if (lan.own || one.withdrawn || one.prefix != assignment.delegation ||
            one.origin != assignment.origin || one.standing != delegation::Standing::kLive)
          continue;
        lan.own = assignment.on_link();
        lan.preferred_until = one.preferred_until;
        lan.valid_until = one.valid_until;
      }
    }
    facts.lans.push_back(std::move(lan));
  }
  return facts;
}

void Router::decide_sharing(Instant now) {
  sharing_due_.reset();
  host_routes_due_.reset();
  host_routes_taken_ = now;
  for (const auto& uplink : uplinks_) {
    const std::string& name = uplink->config().name;
    const SharingFacts facts = sharing_facts(*uplink);
    const auto known = shares_.find(name);
    std::optional<SharedPrefix> before;
    if (known != shares_.end())
      before = known->second.shared;
    else if (const auto stored = state_.shared.find(name); stored != state_.shared.end())
      before = stored->second;
    const std::optional<SharedPrefix> shared = daemon::decide_sharing(facts, before, now);
    sharing_due_ = earlier(sharing_due_, sharing_deadline(facts, shared, now));
    if (!shared && known == shares_.end()) {
      state_.shared.erase(name);
      continue;
    }
    const bool begins = known == shares_.end();
    Share& share = shares_.try_emplace(name, rng_).first->second;
    const std::string why = why_shared(facts, shared, now);
    const bool same = share.shared && shared && share.shared->prefixes() == shared->prefixes() &&
                      share.shared->lans == shared->lans && share.why == why;
    if (shared && !same) {
      say(LogLevel::kInfo, cat("uplink ", name, ": ", listing(shared->prefixes()), " is shared by ",
                               listing(shared->lans), ": ", why));
    } else if (!shared && share.shared) {
      say(LogLevel::kInfo,
          cat("uplink ", name, ": ", share.shared->prefix, " is shared no more: ", why));
    }
    const bool another = !share.shared || !shared || share.shared->prefixes() != shared->prefixes();
    share.shared = shared;
    share.why = why;
    if (!shared) {
      state_.shared.erase(name);
      // What it remembers of a loop is still true; to ask there is nobody.
      ra::ProxySettings idle = share.proxy.settings();
      for (ra::ProxySegment& segment : idle.segments) segment.ready = false;
      share.proxy.configure(std::move(idle), now);
      if (share.proxy.blocks().empty()) shares_.erase(name);
      continue;
    }
    state_.shared[name] = *shared;
    state_.shared[name].lans.clear();
    if (!another) continue;
    share.proxy.configure(proxy_settings(*uplink, *shared), now);
    // Hosts that an earlier run found have routes of ours.
    for (const KernelRoute& route : kernel_->routes) {
      if (route.kind == KernelRoute::Kind::kUnicast && !route.gateway &&
          route.table == kMainTable && route.destination.length() == 128 &&
          any_contains(shared->prefixes(), route.destination.address()))
        share.proxy.restore(route.destination.address(), route.interface, now);
    }
    if (!begins) continue;
    for (const auto& lan : lans_) {
      for (const ra::ForeignRouter& router : lan->advertiser().foreign_routers())
        share.proxy.heard_router(lan->config().interface, router.last, router.address, router.heard,
                                 now);
    }
  }
}

ra::ProxySettings Router::proxy_settings(const Uplink& uplink, const SharedPrefix& shared) const {
  ra::ProxySettings settings;
  settings.prefixes = shared.prefixes();
  const auto add = [&](const std::string& interface, bool upstream, bool waits = false) {
    const LinkState* state = link(interface);
    // Without link-layer addresses there is one station at the other end, and nothing to be asked.
    if (state == nullptr || !state->mac) return;
    settings.segments.push_back({interface, *state->mac, state->link_local.value_or(Ip6Address()),
                                 upstream, state->ready() && !waits});
  };
  if (shared.source == SharedPrefix::Source::kAdvertised) add(uplink.config().interface, true);
  std::vector<const conf::LanConfig*> lans;
  for (const std::string& name : shared.lans) {
    for (const conf::LanConfig& lan : config_.lans)
      if (lan.name == name) lans.push_back(&lan);
  }
  // Those that may take no part are watched on.
  const auto share = shares_.find(uplink.config().name);
  for (const conf::LanConfig& lan : config_.lans) {
    if (!shared.has(lan.name) && share != shares_.end() &&
        share->second.proxy.blocks().contains(lan.interface))
      lans.push_back(&lan);
  }
  for (const conf::LanConfig* lan : lans) {
    add(lan->interface, false, waits_for_loops(*lan));
    for (const Prefix& prefix : settings.prefixes) {
      for (const Ip6Address& suffix : lan->share_hosts)
        settings.fixed.push_back({prefix.with_suffix(suffix), lan->interface});
    }
  }
  for (const Prefix& prefix : settings.prefixes) {
    for (const Prefix& range : uplink.config().share_exclude)
      settings.excluded.emplace_back(prefix.with_suffix(range.address()), range.length());
  }
  for (const KernelAddress& address : desired_.addresses) {
    if (any_contains(settings.prefixes, address.address))
      settings.own[address.address].insert(address.interface);
  }
  return settings;
}

void Router::note_told_before() {
  for (const auto& [lan, records] : state_.advertised) {
    for (const auto& [uplink, shared] : state_.shared) {
      const std::vector<Prefix> all = shared.prefixes();
      // After a reboot nobody knows until when hosts hold what they were told, nor what has been plugged in since.
      if (std::any_of(records.begin(), records.end(), [&](const ra::AdvertisedRecord& record) {
            return record.host_valid_until != Instant() &&
                   std::find(all.begin(), all.end(), record.prefix) != all.end();
          }))
        told_before_.insert(lan);
    }
  }
}

// RFC 4389 section 6: whoever else joins these links hears of us before anything can go in a circle. What an earlier
// run has told counts: hosts that it found keep their routes.
bool Router::waits_for_loops(const conf::LanConfig& lan) const {
  if (lan.ra_relay.empty() || told_before_.contains(lan.name)) return false;
  const Lan* known = lan_on(lan.interface);
  return known == nullptr || known->advertiser().counters().proxied < kProxiedFirst;
}

// After derive(): our own addresses are known.
void Router::fit_proxies(Instant now) {
  std::vector<std::string> wanted;
  for (const auto& uplink : uplinks_) {
    const auto share = shares_.find(uplink->config().name);
    if (share == shares_.end() || !share->second.shared) continue;
    ra::NdProxy& proxy = share->second.proxy;
    ra::ProxySettings settings = proxy_settings(*uplink, *share->second.shared);
    if (settings != proxy.settings()) proxy.configure(std::move(settings), now);
    std::vector<std::string> able;
    for (const ra::ProxySegment& segment : proxy.settings().segments) {
      if (!proxy.blocks().contains(segment.interface)) able.push_back(segment.interface);
    }
    if (able.size() > 1) wanted.insert(wanted.end(), able.begin(), able.end());
  }
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  if (wanted == neighbors_wanted_) return;
  neighbors_wanted_ = std::move(wanted);
  out_.sockets_changed = true;
}

void Router::collect_sharing(Instant now) {
  for (auto& [name, share] : shares_) {
    ra::ProxyOutputs said = share.proxy.drain(now);
    if (!stopping_) {
      for (ra::ProxyPacket& packet : said.packets) {
        PacketOut out{packet.segment, Channel::kNeighbors, packet.destination,
                      std::move(packet.payload)};
        out.source = packet.source;
        out.station = packet.station;
        out_.packets.push_back(std::move(out));
      }
    }
    for (const LogLine& line : said.log) say(line.level, cat("uplink ", name, ": ", line.text));
    if (!said.changed) continue;
    // The first at once; more of them together.
    if (now >= host_routes_taken_ + kHostRouteGap)
      dirty_ = true;
    else
      host_routes_due_ = host_routes_taken_ + kHostRouteGap;
  }
  for (const auto& lan : lans_) {
    const auto prefixes = prefixes_.find(lan->config().name);
    if (prefixes == prefixes_.end() || waits_for_loops(lan->config())) continue;
    if (std::any_of(prefixes->second.begin(), prefixes->second.end(),
                    [](const LanPrefix& one) { return one.waits; }))
      sharing_due_ = earlier(sharing_due_, std::optional(now));
  }
}

void Router::add_shared(const conf::LanConfig& lan, const LinkState* link, Instant now,
                        std::vector<LanPrefix>& prefixes) {
  for (const auto& [uplink, share] : shares_) {
    if (!share.shared || !share.shared->has(lan.name)) continue;
    const SharedPrefix& shared = *share.shared;
    // Of the LANs that are there the first has the route to the whole.
    const auto is_there = [&](const std::string& name) {
      return std::any_of(config_.lans.begin(), config_.lans.end(), [&](const auto& one) {
        const LinkState* state = this->link(one.interface);
        return one.name == name && state != nullptr && state->up;
      });
    };
    const auto add = [&](const SharedPrefix::Further& told, auto may_have) {
      const auto first =
          std::find_if(shared.lans.begin(), shared.lans.end(),
                       [&](const auto& name) { return is_there(name) && may_have(name); });
      const bool on_link = first == shared.lans.end() || *first == lan.name;
      const auto own = std::find_if(prefixes.begin(), prefixes.end(), [&](const LanPrefix& one) {
        return one.prefix == told.prefix;
      });
      if (own != prefixes.end()) {
        own->on_link = on_link;
        return;
      }
      // The link has its own ::1, as a rule.
      const bool fixed = lan.interface_id.kind == delegation::InterfaceIdPolicy::Kind::kFixed &&
                         shared.source == SharedPrefix::Source::kAdvertised;
      LanPrefix prefix;
      prefix.prefix = told.prefix;
      prefix.address = own_address(
          lan.interface, link, fixed ? delegation::InterfaceIdPolicy::stable() : lan.interface_id,
          told.prefix);
      prefix.origin = uplink;
      prefix.standing = told.preferred_until > now ? delegation::Standing::kLive
                                                   : delegation::Standing::kDeprecated;
      prefix.preferred_until = told.preferred_until;
      prefix.valid_until = told.valid_until;
      prefix.shared = true;
      prefix.on_link = on_link;
      prefix.waits = waits_for_loops(lan);
      prefixes.push_back(prefix);
    };
    const auto relays = [&, &name = uplink](const std::string& of) {
      return std::any_of(config_.lans.begin(), config_.lans.end(),
                         [&](const auto& one) { return one.name == of && one.ra_relay == name; });
    };
    add({shared.prefix, shared.preferred_until, shared.valid_until},
        [](const std::string&) { return true; });
    if (!relays(lan.name)) continue;
    for (const SharedPrefix::Further& further : shared.further) add(further, relays);
  }
}

std::vector<SharedLinks> Router::shared_links() const {
  std::vector<SharedLinks> out;
  for (const auto& [uplink, share] : shares_) {
    if (!share.shared) continue;
    const bool advertised = share.shared->source == SharedPrefix::Source::kAdvertised;
    out.push_back({share.shared->prefix, uplink, advertised, share.shared->valid_until, {}});
    for (const SharedPrefix::Further& one : share.shared->further)
      out.push_back({one.prefix, uplink, advertised, one.valid_until, {}});
    for (const ra::ProxiedHost& host : share.proxy.hosts()) {
      for (SharedLinks& links : out) {
        if (links.uplink == uplink && links.prefix.contains(host.address))
          links.hosts.push_back(host);
      }
    }
  }
  return out;
}

bool Router::is_shared(const std::string& lan, const Prefix& prefix) const {
  return std::any_of(shares_.begin(), shares_.end(), [&](const auto& one) {
    const std::optional<SharedPrefix>& shared = one.second.shared;
    if (!shared || !shared->has(lan)) return false;
    const std::vector<Prefix> all = shared->prefixes();
    return std::find(all.begin(), all.end(), prefix) != all.end();
  });
}

void Router::mark_proxied(const std::string& interface, std::vector<StatusHost>& hosts) const {
  for (const auto& [uplink, share] : shares_) {
    for (StatusHost& host : hosts) {
      for (StatusHost::Address& one : host.addresses) {
        const ra::ProxiedHost* known = share.proxy.table().find(one.address);
        if (known != nullptr && known->segment == interface) one.proxied = true;
      }
    }
  }
}

std::optional<StatusSharing> Router::sharing_status(const Uplink& uplink, Instant now) const {
  const SharingFacts facts = sharing_facts(uplink);
  const auto share = shares_.find(uplink.config().name);
  const bool lacking =
      std::any_of(facts.lans.begin(), facts.lans.end(), [](const auto& lan) { return !lan.own; });
  if (share == shares_.end() && (!lacking || uplink.config().mode == conf::UplinkMode::kNone))
    return std::nullopt;
  StatusSharing out;
  if (share == shares_.end()) {
    out.why = why_shared(facts, std::nullopt, now);
    return out;
  }
  const Share& known = share->second;
  out.why = why_shared(facts, known.shared, now);
  if (known.shared) {
    out.prefix = known.shared->prefix;
    out.lans = known.shared->lans;
    out.preferred = remaining(known.shared->preferred_until, now);
    out.valid = remaining(known.shared->valid_until, now);
  }
  out.most_hosts = ra::kMaxProxiedHostsOfSegment;
  for (const ra::ProxySegment& segment : known.proxy.settings().segments)
    out.hosts_of[segment.interface] = 0;
  for (const ra::ProxiedHost& host : known.proxy.hosts()) {
    out.hosts.push_back(
        {host.address, host.segment, host.station, host.fixed, remaining(now, host.last_seen)});
    ++out.hosts_of[host.segment];
  }
  for (const auto& [interface, block] : known.proxy.blocks())
    out.blocked.push_back({interface, block.why, remaining(block.until, now)});
  const ra::ProxyCounters& counters = known.proxy.counters();
  const ra::ProxyTableCounters& table = known.proxy.table().counters();
  out.counters = {{"ns_received", counters.solicitations},
                  {"na_received", counters.advertisements},
                  {"ns_sent", counters.asked},
                  {"na_sent", counters.answered},
                  {"ns_probes", counters.probes},
                  {"ns_withheld", counters.withheld},
                  {"duplicates", counters.duplicates},
                  {"hosts_learned", table.learned},
                  {"hosts_moved", table.moved},
                  {"hosts_gone", table.gone},
                  {"hosts_in_conflict", table.conflicts},
                  {"hosts_without_room", table.full}};
  for (std::size_t i = 0; i < ra::kDiscardReasons; ++i) {
    const auto reason = static_cast<ra::Discard>(i);
    out.counters[cat("dropped_", ra::to_string(reason))] = counters.discarded[reason];
  }
  return out;
}

}  // namespace sixgate::daemon
