// SPDX-License-Identifier: Apache-2.0
// Router's events: who hears of what. What the house looks like is made in router_house.cc, the kernel is brought
// there in router_kernel.cc; the DHCPv6 server is in router_server.cc, the relay agent in router_relay.cc, doors that
// programs ask for in router_pcp.cc, what is kept in router_store.cc, what a person sees in router_status.cc, links
// that share one /64 in router_sharing.cc, strangers who are not let in in router_refusals.cc.
#include "daemon/router.h"

#include <algorithm>
#include <utility>

#include "daemon/reconcile.h"
#include "delegation/unique_local.h"
#include "net/byte_reader.h"
#include "net/sha256.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

// How long a network that is no longer ours keeps hearing that its prefixes are withdrawn, before the last
// words.
constexpr Duration kFarewell = seconds(10);
// How long a server may take to hear that an uplink that is no longer ours gives its leases back.
constexpr Duration kRelease = seconds(10);

template <class T, class Match>
std::unique_ptr<T> take_out(std::vector<std::unique_ptr<T>>& all, Match match) {
  const auto it = std::find_if(all.begin(), all.end(), match);
  if (it == all.end()) return nullptr;
  std::unique_ptr<T> out = std::move(*it);
  all.erase(it);
  return out;
}

// The identity of an uplink's IAs: made from its name, so that it is the same when the stored state is lost
// or the interface is made anew (RFC 9915 section 12, RFC 9096 WPD-10).
std::uint32_t iaid_named(std::string_view name) {
  const std::string text = cat("iaid ", name);
  const std::vector<std::uint8_t> octets(text.begin(), text.end());
  const Sha256::Digest digest = Sha256::of(octets);
  ByteReader reader(digest);
  return reader.u32();
}

// How often to ask for other DHCPv6 servers. What exposed hosts would answer does not come in.
seconds watch_interval(const conf::LanConfig& lan) {
  const bool ours = lan.zone == firewall::Zone::kProtected && !lan.is_relayed();
  return ours ? lan.server_watch : seconds(0);
}

// RFC 9915 section 11: a DUID need not tell whose it is.
bool reserves_by_station(const conf::Config& config, const conf::LanConfig& lan) {
  return std::any_of(config.reservations.begin(), config.reservations.end(),
                     [&](const conf::ReservationConfig& one) {
                       return one.kept.mac && (one.lan.empty() || one.lan == lan.name);
                     });
}

}  // namespace

Router::Router(conf::Config config, StoredState stored, Rng& rng, Instant now)
    : config_(std::move(config)),
      state_(std::move(stored)),
      durable_(state_),
      rng_(rng),
      server_(rng),
      started_(now) {
  if (state_.secret == decltype(state_.secret){}) rng_.fill(state_.secret);
  relay_.restore(state_.relayed, now);
  if (state_.pcp_epoch) pcp_.restore(state_.mappings, *state_.pcp_epoch, state_.pcp_externals);
  note_told_before();
  server_.look_around([this](std::string_view name, const Ip6Address& address, Instant at) {
    const auto lan = std::find_if(lans_.begin(), lans_.end(),
                                  [&](const auto& one) { return one->config().name == name; });
    return lan == lans_.end() ? std::nullopt : (*lan)->hosts().station_of(address, at);
  });
  build(now);
}

// Uplinks and LANs live on when they are still configured on the same interface.
void Router::build(Instant now) {
  std::vector<std::unique_ptr<Uplink>> old_uplinks = std::exchange(uplinks_, {});
  for (const conf::UplinkConfig& config : config_.uplinks) {
    auto kept = take_out(old_uplinks, [&](const auto& u) {
      return u->config().interface == config.interface && u->config().name == config.name;
    });
    if (kept) {
      kept->reconfigure(config, prefix_need(config.name), now);
    } else {
      const auto lease = state_.leases.find(config.name);
      kept = std::make_unique<Uplink>(
          config, lease == state_.leases.end() ? std::nullopt : std::optional(lease->second), rng_);
    }
    state_.iaids.emplace(config.name, iaid_named(config.name));
    uplinks_.push_back(std::move(kept));
  }
  for (auto& gone : old_uplinks) {
    say(LogLevel::kInfo, cat("uplink ", gone->config().name, ": no longer configured"));
    pool_.update(gone->config().name, {}, now);
    checks_.erase(gone->config().name);
    shares_.erase(gone->config().name);
    state_.shared.erase(gone->config().name);
    announcers_.erase(gone->config().name);
    state_.leases.erase(gone->config().name);
    gone->stop(now);
    if (!gone->stopped()) leaving_uplinks_.push_back({std::move(gone), now + kRelease});
  }

  build_hooks();
  lease_hook_.configure({config_.lease_hook, Duration(config_.hook_timeout)});

  std::vector<std::unique_ptr<Lan>> old_lans = std::exchange(lans_, {});
  Duration host_memory{};
  for (const conf::LanConfig& config : config_.lans) {
    auto kept = take_out(old_lans,
                         [&](const auto& l) { return l->config().interface == config.interface; });
    if (kept) {
      kept->reconfigure(config);
    } else {
      std::vector<ra::AdvertisedRecord> records;
      std::vector<ra::AdvertisedOption> options;
      const auto known = state_.advertised.find(config.name);
      if (known != state_.advertised.end()) records = known->second;
      const auto known_options = state_.advertised_options.find(config.name);
      if (known_options != state_.advertised_options.end()) options = known_options->second;
      // It may be back before its farewell is over, which must not have the last word.
      std::erase_if(leaving_, [&](const Leaving& leaving) {
        if (leaving.lan->config().interface != config.interface) return false;
        records = leaving.lan->advertiser().advertised();
        options = leaving.lan->advertiser().advertised_options();
        return true;
      });
      kept = std::make_unique<Lan>(config, std::move(records), std::move(options), rng_, now);
    }
    if (!config.ra.max_valid.is_infinite())
      host_memory = std::max<Duration>(host_memory, seconds(config.ra.max_valid.count()));
    lans_.push_back(std::move(kept));
  }
  for (const auto& lan : lans_) lan->hosts().keep(named_stations(config_));
  for (std::unique_ptr<Lan>& gone : old_lans) {
    say(LogLevel::kInfo, cat("lan ", gone->config().name, ": no longer configured"));
    ra::Advertisement nothing;
    nothing.settings = gone->config().ra;
    gone->advertise(nothing, now);
    leaving_.push_back({std::move(gone), now + kFarewell});
  }
  if (host_memory > Duration{}) pool_.set_host_memory(host_memory);
  configure_relay();

  std::vector<delegation::Delegation> unique_local;
  if (config_.ula.mode == conf::UlaConfig::Mode::kAuto && !state_.unique_local)
    state_.unique_local = delegation::generate_unique_local(rng_);
  if (config_.ula.mode != conf::UlaConfig::Mode::kNone) {
    delegation::Delegation ula;
    ula.prefix = config_.ula.mode == conf::UlaConfig::Mode::kPrefix ? config_.ula.prefix
                                                                    : *state_.unique_local;
    ula.origin = delegation::kOriginUla;
    unique_local.push_back(ula);
  }
  pool_.update(delegation::kOriginUla, unique_local, now);

  for (const auto& uplink : uplinks_) uplink->link(link(uplink->config().interface), now);
  for (const auto& lan : lans_) lan->link(link(lan->config().interface), now);
  if (!links_.empty()) identify(now);
  update_pool(now);
  dirty_ = true;
}

// RFC 9915 section 11.2: a DUID-LLT from the first interface that has a link-layer address; a home router
// has often no idea of the time when it makes one, and any number serves. Without such an interface a UUID
// (section 11.5).
void Router::identify(Instant now) {
  if (config_.duid.kind == conf::DuidConfig::Kind::kExplicit) {
    if (const auto duid = dhcp6::Duid::from_bytes(config_.duid.bytes)) state_.duid = *duid;
  }
  if (!state_.duid) {
    std::optional<MacAddress> mac;
    const auto look = [&](std::string_view interface) {
      const LinkState* state = link(interface);
      if (!mac && state != nullptr && state->mac && !state->mac->is_zero()) mac = state->mac;
    };
    for (const auto& uplink : uplinks_) look(uplink->config().interface);
    for (const auto& lan : lans_) look(lan->config().interface);
    const bool any_link = std::any_of(uplinks_.begin(), uplinks_.end(), [&](const auto& uplink) {
      return link(uplink->config().interface) != nullptr;
    });
    if (!mac && !any_link) return;  // nobody to speak to yet
    if (mac && config_.duid.kind == conf::DuidConfig::Kind::kLl) {
      state_.duid = dhcp6::Duid::ll(*mac);
    } else if (mac && config_.duid.kind != conf::DuidConfig::Kind::kUuid) {
      state_.duid = dhcp6::Duid::llt(*mac, rng_.u32());
    } else {
      std::array<std::uint8_t, 16> uuid{};
      rng_.fill(uuid);
      uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0f) | 0x40);  // RFC 4122 section 4.4
      uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3f) | 0x80);
      state_.duid = dhcp6::Duid::uuid(uuid);
    }
    say(LogLevel::kInfo, cat("DUID made: ", *state_.duid));
  }
  for (const auto& uplink : uplinks_)
    uplink->identify(*state_.duid, state_.iaids[uplink->config().name],
                     prefix_need(uplink->config().name), now);
}

void Router::links(std::vector<LinkState> links, Instant now) {
  if (links == links_) return;
  links_ = std::move(links);
  identify(now);
  for (const auto& uplink : uplinks_) uplink->link(link(uplink->config().interface), now);
  for (const auto& lan : lans_) lan->link(link(lan->config().interface), now);
  dirty_ = true;
  settle(now);
}

void Router::receive(std::span<const PacketIn> packets, Instant now) {
  for (const PacketIn& packet : packets) take(packet, now);
  settle(now);
}

void Router::neighbors(const std::vector<Neighbor>& news, Instant now) {
  bool news_of_routers = false;
  for (const Neighbor& neighbor : news) {
    if (Uplink* uplink = uplink_on(neighbor.interface);
        uplink != nullptr && (neighbor.failed || neighbor.reachable)) {
      news_of_routers =
          uplink->probed(neighbor.address, neighbor.reachable, now) || news_of_routers;
    }
    Lan* lan = lan_on(neighbor.interface);
    if (lan == nullptr || neighbor.failed) continue;
    pcp_.see(neighbor.interface, neighbor.address, neighbor.mac);
    const auto before = lan->hosts().station_of(neighbor.address, now);
    if (!lan->hosts().see(neighbor, now)) continue;
    if (lan->config().dhcp6.domain) names_changed_ = true;
    // The next hop of what is delegated on may be known now, or another station.
    if (lan->config().bind_delegations && neighbor.address.is_link_local())
      subdelegations_changed(now);
    // So may an address that a pinhole is to be at.
    if (neighbor.address.is_link_local()) continue;
    if (is_for(config_, neighbor.mac) ||
        (before && *before != neighbor.mac && is_for(config_, *before)))
      dirty_ = true;
  }
  if (dirty_ || news_of_routers) return settle(now);
  tell_names(now);
}

void Router::take(const PacketIn& packet, Instant now) {
  Uplink* uplink = uplink_on(packet.interface);
  Lan* lan = lan_on(packet.interface);
  switch (packet.channel) {
    case Channel::kIcmp6: {
      const ra::ReceivedPacket received{packet.payload, packet.source, packet.destination,
                                        packet.hop_limit};
      if (uplink != nullptr) uplink->receive(received, now);
      if (lan != nullptr) lan->receive(received, now);
      for (auto& [name, share] : shares_)
        share.proxy.receive({packet.interface, {}, false, received}, now);
      break;
    }
    case Channel::kDhcp6Client:
      if (uplink != nullptr) {
        uplink->receive(packet.payload, packet.source,
                        packet.destination.is_multicast() ? dhcp6::Arrival::kMulticast
                                                          : dhcp6::Arrival::kUnicast,
                        now);
      }
      if (lan != nullptr) lan->server_watch().receive(packet.payload, packet.source, now);
      break;
    case Channel::kRegistration:
      if (uplink != nullptr) uplink->receive_registration(packet.payload, packet.destination, now);
      break;
    case Channel::kEcho:
      if (uplink == nullptr) break;
      if (const auto check = checks_.find(uplink->config().name); check != checks_.end())
        check->second.receive(packet.payload, packet.source, packet.destination, now);
      break;
    case Channel::kNeighbors:
      for (auto& [name, share] : shares_) {
        share.proxy.receive({packet.interface,
                             packet.link_layer.value_or(MacAddress()),
                             packet.outgoing,
                             {packet.payload, packet.source, packet.destination, packet.hop_limit}},
                            now);
      }
      break;
    case Channel::kDhcp6Server:
      receive_for_servers(packet, lan, now);
      break;
    case Channel::kStrangers:
      hear_stranger(packet, now);
      break;
    case Channel::kPcp:
      pcp_.receive(packet.interface, packet.payload, packet.source, packet.port, packet.destination,
                   now,
                   lan == nullptr ? std::nullopt : lan->hosts().station_of(packet.source, now));
      break;
  }
}

void Router::reload(conf::Config config, Instant now) {
  if (config == config_) {
    say(LogLevel::kInfo, "configuration unchanged");
    return;
  }
  config_ = std::move(config);
  say(LogLevel::kInfo, "configuration changed");
  build(now);
  settle(now);
}

void Router::stop(Instant now) {
  if (stopping_) return;
  stopping_ = true;
  say(LogLevel::kInfo,
      "stopping: hosts are told; addresses, routes and rules stay to their own end");
  lease_hook_.stop();
  for (const auto& lan : lans_) lan->stop(now);
  for (Leaving& leaving : leaving_) leaving.lan->stop(now);
  for (const auto& uplink : uplinks_) {
    if (Hook* hook = hook_of(*uplink)) hook->stop(uplink->config().release_on_stop);
    uplink->stop(now);
  }
  settle(now);
  keep_knocks();
  keep_everything();
}

void Router::hand_over(Instant now) {
  if (stopping_) return;
  stopping_ = true;
  say(LogLevel::kInfo, "ending for another sixgated to take over: hosts are told nothing");
  lease_hook_.stop();
  lans_.clear();
  leaving_.clear();
  uplinks_.clear();
  settle(now);
  keep_everything();
}

void Router::expire(Instant now) {
  const std::vector<delegation::Delegation> before = pool_.delegations();
  pool_.expire(now);
  for (const auto& uplink : uplinks_) {
    uplink->expire(now);
  }
  for (const auto& lan : lans_) lan->expire(now);
  server_.expire(now);
  relay_.expire(now);
  pcp_.expire(now);
  for (Leaving& leaving : leaving_) {
    leaving.lan->expire(now);
    if (now >= leaving.stop_at && !leaving.stop_at.is_never()) {
      leaving.lan->stop(now);
      leaving.stop_at = Instant::never();
    }
  }
  for (const LeavingUplink& leaving : leaving_uplinks_) leaving.uplink->expire(now);
  for (auto& [name, share] : shares_) share.proxy.expire(now);
  std::erase_if(leaving_, [](const Leaving& leaving) {
    return leaving.stop_at.is_never() && leaving.lan->stopped();
  });
  if (pool_.delegations() != before) {
    update_plan();
    dirty_ = true;
  }
  if (retry_at_ && now >= *retry_at_) {
    retry_at_.reset();
    held_back_.clear();
    dirty_ = true;
  }
  if (grace_ && !in_grace(now)) dirty_ = true;
  if (!settled_ && delegations_known(now)) dirty_ = true;
  if (withdrawal_ends_ && now >= *withdrawal_ends_) dirty_ = true;
  if (subdelegations_due_ && now >= *subdelegations_due_) dirty_ = true;
  if (middles_refused_until_ && now >= *middles_refused_until_) {
    middles_refused_until_.reset();
    dirty_ = true;
  }
  if (sharing_due_ && now >= *sharing_due_) dirty_ = true;
  if (knocks_look_due_ && now >= *knocks_look_due_) {
    knocks_look_due_ = now + kKnocksGap;
    out_.look = true;
  }
  if (host_routes_due_ && now >= *host_routes_due_) dirty_ = true;
  if (names_due_ && now >= *names_due_) {
    names_due_.reset();
    names_changed_ = true;
  }
  settle(now);
}

std::optional<Instant> Router::next_deadline() const {
  std::optional<Instant> next = pool_.next_deadline();
  for (const auto& uplink : uplinks_) {
    next = earlier(next, uplink->next_deadline());
    const auto check = checks_.find(uplink->config().name);
    if (check != checks_.end() && is_checked(*uplink) && !stopping_)
      next = earlier(next, check->second.next_deadline());
    const auto announcer = announcers_.find(uplink->config().name);
    if (announcer != announcers_.end() && uplink->ready() && !stopping_)
      next = earlier(next, announcer->second.next_deadline());
  }
  for (const auto& lan : lans_) next = earlier(next, lan->next_deadline());
  next = earlier(earlier(next, server_.next_deadline()), relay_.next_deadline());
  next = earlier(earlier(next, pcp_.next_deadline()), names_due_);
  next = earlier(next, refusals_.next());
  if (names_changed_) next = earlier(next, std::optional(names_wait_until()));
  for (const auto& [name, share] : shares_) next = earlier(next, share.proxy.next_deadline());
  for (const Leaving& leaving : leaving_) {
    next = earlier(next, leaving.lan->next_deadline());
    if (!leaving.stop_at.is_never()) next = earlier(next, std::optional(leaving.stop_at));
  }
  for (const LeavingUplink& leaving : leaving_uplinks_)
    next = earlier(earlier(next, leaving.uplink->next_deadline()), std::optional(leaving.until));
  // While the kernel is at work nothing more is asked of it; its answer looks at everything anew.
  if (stopping_ || changing_ || !kernel_) return next;
  next = earlier(next, retry_at_);
  if (grace_ || !settled_) next = earlier(next, std::optional(started_ + kGrace));
  next = earlier(earlier(next, subdelegations_due_), earlier(sharing_due_, host_routes_due_));
  next = earlier(earlier(next, knocks_look_due_), middles_refused_until_);
  return earlier(next, withdrawal_ends_);
}

void Router::collect(Instant now) {
  bool leases_changed = false;
  const auto drain_uplink = [&](Uplink& uplink) {
    UplinkOutputs said = uplink.drain();
    const std::string& interface = uplink.config().interface;
    for (ra::Packet& packet : said.solicitations)
      out_.packets.push_back(
          {interface, Channel::kIcmp6, packet.destination, std::move(packet.payload)});
    for (dhcp6::Datagram& datagram : said.datagrams)
      out_.packets.push_back(
          {interface, Channel::kDhcp6Client, datagram.destination, std::move(datagram.payload)});
    for (dhcp6::RegistrationDatagram& told : said.registrations)
      out_.packets.push_back({interface, Channel::kRegistration, kAllDhcpRelayAgentsAndServers,
                              std::move(told.payload), told.source});
    for (const LogLine& line : said.log)
      say(line.level, cat("uplink ", uplink.config().name, ": ", line.text));
    return said.changed;
  };
  for (const auto& uplink : uplinks_) {
    const bool changed = drain_uplink(*uplink);
    leases_changed = leases_changed || changed;
    if (Hook* hook = hook_of(*uplink)) {
      if (hook->wanted() && changed) hook->see(hook_view(*uplink));
      hook->set_rebinding(uplink->rebinding());
    }
  }
  for (const LeavingUplink& leaving : leaving_uplinks_) drain_uplink(*leaving.uplink);
  std::erase_if(leaving_uplinks_, [now](const LeavingUplink& leaving) {
    return leaving.uplink->stopped() || now >= leaving.until;
  });
  const auto drain_lan = [&](Lan& lan) {
    ra::AdvertiserOutputs said = lan.drain();
    for (ra::Packet& packet : said.packets)
      out_.packets.push_back({lan.config().interface, Channel::kIcmp6, packet.destination,
                              std::move(packet.payload), packet.source});
    dhcp6::ServerWatch::Outputs asked = lan.server_watch().drain();
    for (dhcp6::Datagram& datagram : asked.packets)
      out_.packets.push_back({lan.config().interface, Channel::kDhcp6Client, datagram.destination,
                              std::move(datagram.payload)});
    said.log.insert(said.log.end(), asked.log.begin(), asked.log.end());
    for (const LogLine& line : said.log)
      say(line.level, cat("lan ", lan.config().name, ": ", line.text));
  };
  for (const auto& lan : lans_) drain_lan(*lan);
  for (const Leaving& leaving : leaving_) drain_lan(*leaving.lan);
  collect_sharing(now);
  collect_server(now);
  collect_relay(now);
  collect_pcp();
  if (leases_changed) {
    update_pool(now);
    dirty_ = keep_ = true;
  }
}

void Router::settle(Instant now) {
  collect(now);
  reconcile(now);
  check_routes(now);
  announce_addresses(now);
  register_addresses(now);
  collect(now);  // what the advertisers say of it
  answer_pcp();
  answer_strangers(now);
  tell_names(now);
  offer_state(now);
  run_hooks(now);
  if (stopping_) {
    out_.finished =
        lease_hook_.idle() &&
        std::all_of(hooks_.begin(), hooks_.end(), [](const Hook& hook) { return hook.idle(); }) &&
        std::all_of(lans_.begin(), lans_.end(), [](const auto& lan) { return lan->stopped(); }) &&
        std::all_of(uplinks_.begin(), uplinks_.end(),
                    [](const auto& uplink) { return uplink->stopped(); });
  }
}

// Whether rules are in place that know it.
bool Router::is_judged(const std::string& interface) const {
  return applied_ruleset_ && firewall::has_interface(*applied_ruleset_, interface);
}

// Hosts are told when the kernel is ready for what they will send.
void Router::advertise(Instant now) {
  for (const auto& lan : lans_) {
    const auto said = desired_.advertisements.find(lan->config().name);
    if (said == desired_.advertisements.end()) continue;
    ra::Advertisement advertisement = said->second;
    // Without rules that know the LAN nothing is forwarded: no default router.
    if (!is_judged(lan->config().interface)) advertisement.default_router = false;
    lan->advertise(advertisement, now);
  }
  server_.configure({state_.duid, state_.secret, desired_.dhcp6_links}, now);
  configure_relay();
  pcp_.configure(desired_.pcp_links, settled_, now);
  for (const auto& lan : lans_)
    lan->server_watch().configure(state_.duid, watch_interval(lan->config()), now);
}

RouterOutputs Router::drain() {
  RouterOutputs out = std::exchange(out_, RouterOutputs{});
  out_.finished = out.finished;
  return out;
}

void Router::reuse(RouterOutputs done) {
  for (PacketOut& packet : done.packets) {
    if (packet.channel == Channel::kDhcp6Server) server_.reuse(std::move(packet.payload));
  }
  done.packets.clear();
  done.lease_journal.clear();
  if (out_.packets.empty()) out_.packets = std::move(done.packets);
  if (out_.lease_journal.empty()) out_.lease_journal = std::move(done.lease_journal);
}

WantedSockets Router::wanted_sockets() const {
  WantedSockets wanted;
  for (const auto& uplink : uplinks_) {
    wanted.uplinks.push_back(uplink->config().interface);
    if (relay_.is_upstream(uplink->config().interface))
      wanted.relay_uplinks.push_back(uplink->config().interface);
    if (uplink->config().route_check.mode != conf::RouteCheckConfig::Mode::kOff)
      wanted.echo.push_back(uplink->config().interface);
    if (hears_strangers()) wanted.strangers.push_back(uplink->config().interface);
  }
  for (const auto& lan : lans_) {
    wanted.lans.push_back(lan->config().interface);
    if (relay_.relays_for(lan->config().interface) || reserves_by_station(config_, lan->config()))
      wanted.station_lans.push_back(lan->config().interface);
    if (watch_interval(lan->config()) > seconds(0))
      wanted.watched.push_back(lan->config().interface);
    if (lan->config().pcp) wanted.pcp.push_back(lan->config().interface);
  }
  wanted.neighbors = neighbors_wanted_;
  wanted.registrations = registrations_wanted_;
  for (const Leaving& leaving : leaving_) wanted.lans.push_back(leaving.lan->config().interface);
  for (const LeavingUplink& leaving : leaving_uplinks_)
    wanted.uplinks.push_back(leaving.uplink->config().interface);
  return wanted;
}

std::vector<std::string> Router::watched_sysctls() const {
  return daemon::watched_sysctls(config_);
}

Uplink* Router::uplink_on(std::string_view interface) {
  for (const auto& uplink : uplinks_) {
    if (uplink->config().interface == interface) return uplink.get();
  }
  for (const LeavingUplink& leaving : leaving_uplinks_) {
    if (leaving.uplink->config().interface == interface) return leaving.uplink.get();
  }
  return nullptr;
}

Lan* Router::lan_on(std::string_view interface) const {
  for (const auto& lan : lans_) {
    if (lan->config().interface == interface) return lan.get();
  }
  return nullptr;
}

const LinkState* Router::link(std::string_view interface) const {
  for (const LinkState& state : links_) {
    if (state.name == interface) return &state;
  }
  return nullptr;
}

void Router::say(LogLevel level, std::string text) { out_.log.push_back({level, std::move(text)}); }

}  // namespace sixgate::daemon
