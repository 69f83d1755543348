// SPDX-License-Identifier: Apache-2.0
#include "pcp/server.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "net/text.h"

namespace sixgate::pcp {
namespace {

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;

// RFC 6887 section 7.4: for how long an error is likely to stay.
constexpr std::uint32_t kLongError = 30 * 60;
constexpr std::uint32_t kShortError = 30;

// Section 14.1.3: up to ten times, the gaps doubling.
constexpr unsigned kAnnouncements = 6;
constexpr Duration kFirstGap = milliseconds(250);

std::uint32_t usual_lifetime(ResultCode code) {
  const bool is_short = code == ResultCode::kNetworkFailure || code == ResultCode::kNoResources ||
                        code == ResultCode::kUserExQuota;
  return is_short ? kShortError : kLongError;
}

bool has_ports(std::uint8_t protocol) { return protocol == kTcp || protocol == kUdp; }

// Headers on the way to a protocol, ICMPv6, which has rules of its own, and what is no protocol at all.
bool is_mappable(std::uint8_t protocol) {
  constexpr std::array<std::uint8_t, 10> kNever{0, 1, 43, 44, 58, 59, 60, 135, 139, 140};
  return std::find(kNever.begin(), kNever.end(), protocol) == kNever.end() && protocol < 143;
}

std::string_view name_of(std::uint8_t protocol) {
  return protocol == kTcp ? "tcp" : protocol == kUdp ? "udp" : "protocol";
}

std::string describe(const Mapping& mapping) {
  std::string text = cat(mapping.host, ' ', name_of(mapping.protocol), ' ',
                         has_ports(mapping.protocol) ? mapping.port : mapping.protocol);
  if (mapping.is_peer()) text += cat(" from ", mapping.peer);
  return text;
}

// The filters of a request beside those that were there (section 13.3).
std::vector<Prefix> filtered(std::vector<Prefix> sources, const std::vector<Filter>& filters) {
  for (const Filter& filter : filters) {
    if (filter.length == 0) {
      sources.clear();
      continue;
    }
    const Prefix source(filter.peer, filter.length);
    if (std::find(sources.begin(), sources.end(), source) == sources.end())
      sources.push_back(source);
  }
  return sources;
}

// Whether one more may be asked.
bool spend(Instant& spent_until, unsigned per_second, Instant now) {
  const Instant after = std::max(spent_until, now) + Duration(seconds(1)) / per_second;
  if (after > now + kMostSaved) return false;
  spent_until = after;
  return true;
}

}  // namespace

Instant Link::reachable_until(const Ip6Address& host) const {
  Instant end;
  for (const Reachable& one : prefixes) {
    if (one.prefix.contains(host)) end = std::max(end, one.until);
  }
  return end;
}

Ip6Address Link::external_of(const Ip6Address& host) const {
  for (const Reachable& one : prefixes) {
    if (one.external && one.prefix.contains(host)) return one.external->with_suffix(host);
  }
  return host;
}

bool Link::is_translated(const Ip6Address& host) const {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const Reachable& one) {
    return one.external && one.prefix.contains(host);
  });
}

void Server::restore(std::vector<Mapping> mappings, Instant epoch, Externals externals) {
  mappings_ = std::move(mappings);
  epoch_ = epoch;
  externals_ = std::move(externals);
}

const Link* Server::link(std::string_view interface) const {
  const auto found = std::find_if(links_.begin(), links_.end(),
                                  [&](const Link& one) { return one.interface == interface; });
  return found == links_.end() ? nullptr : &*found;
}

const Counters& Server::counters(const std::string& interface) const {
  static const Counters none;
  const auto found = counters_.find(interface);
  return found == counters_.end() ? none : found->second;
}

void Server::configure(std::vector<Link> links, bool settled, Instant now) {
  if (links == links_ && !settled) return;
  links_ = std::move(links);
  if (!links_.empty() && !epoch_) lose_state(now);
  if (!settled) return;
  // What cannot be reached any more is lost, and who asked for it is told (section 8.5).
  const auto lost = std::erase_if(mappings_, [&](const Mapping& mapping) {
    const Link* on = link(mapping.interface);
    return on == nullptr ||
           std::none_of(on->prefixes.begin(), on->prefixes.end(), [&](const Link::Reachable& one) {
             return one.prefix.contains(mapping.host);
           });
  });
  // So is who was told an external address that it has no more, also of a door that a person opened: it need not ask
  // again for long.
  Externals externals;
  for (const Link& on : links_) {
    for (const Link::Reachable& one : on.prefixes) {
      if (one.external) externals.try_emplace({on.interface, one.prefix}, *one.external);
    }
  }
  const bool renamed = !std::ranges::includes(externals, externals_);
  out_.changed = out_.changed || externals != externals_;
  externals_ = std::move(externals);
  if (lost > 0 || renamed) lose_state(now);
}

void Server::lose_state(Instant now) {
  epoch_ = now;
  out_.changed = true;
  announcements_left_ = kAnnouncements;
  announce_gap_ = kFirstGap;
  announce_at_ = now;
  announce(now);
}

void Server::announce(Instant now) {
  if (!announce_at_ || now < *announce_at_) return;
  for (const Link& one : links_)
    out_.datagrams.push_back(
        {one.interface, {}, kAllNodes, kClientPort, announcement(seconds_since_epoch(now))});
  announce_at_ = now + announce_gap_;
  announce_gap_ *= 2;
  if (--announcements_left_ == 0) announce_at_.reset();
}

std::uint32_t Server::seconds_since_epoch(Instant now) const {
  return epoch_ ? static_cast<std::uint32_t>((now - *epoch_) / seconds(1)) : 0;
}

// Who floods has nothing of what is left to others (section 18.3.1).
bool Server::too_often(const std::string& interface, const std::optional<MacAddress>& station,
                       Instant now) {
  Spent& spent = spent_[interface];
  auto& stations = spent.of_stations;
  if (station && !stations.contains(*station) && stations.size() >= kMostStations)
    stations.erase(
        std::ranges::min_element(stations, {}, [](const auto& one) { return one.second; }));
  Instant& own = station ? stations[*station] : spent.of_strangers;
  return !spend(own, kPerSecond, now) || !spend(spent.of_lan, kPerSecondOfLan, now);
}

void Server::receive(std::string_view interface, std::span<const std::uint8_t> payload,
                     const Ip6Address& from, std::uint16_t port, const Ip6Address& to, Instant now,
                     std::optional<MacAddress> station) {
  const Link* on = link(interface);
  if (on == nullptr) return;
  Counters& counters = counters_[on->interface];
  ++counters.received;
  // To a group nobody asks, and a source that is none gets no answer.
  if (to.is_multicast() || from.is_multicast() || from.is_unspecified() || port == 0) {
    ++counters.ignored;
    return;
  }
  const Reading reading = read_request(payload, from);
  if (std::holds_alternative<std::monostate>(reading)) {
    ++counters.ignored;
    return;
  }
  if (too_often(on->interface, station, now)) {
    ++counters.too_often;
    return;
  }
  const std::uint32_t epoch = seconds_since_epoch(now);
  const auto say = [&](ResultCode code, std::vector<std::uint8_t> answer) {
    ++counters.answered[static_cast<std::size_t>(code)];
    out_.datagrams.push_back({on->interface, to, from, port, std::move(answer)});
  };
  if (const auto* code = std::get_if<ResultCode>(&reading)) {
    say(*code, error_answer(payload, *code, usual_lifetime(*code), epoch, false));
    return;
  }
  const Request& request = std::get<Request>(reading);
  if (request.opcode == Opcode::kAnnounce) {
    say(ResultCode::kSuccess, announcement(epoch));
    return;
  }
  const Answer result = answer({*on, request, station, now});
  if (result.code != ResultCode::kSuccess) {
    say(result.code, error_answer(payload, result.code, result.lifetime, epoch));
    return;
  }
  // A deletion gets back what it suggested (section 15.1).
  const bool deletion = request.opcode == Opcode::kMap && request.lifetime == 0;
  say(ResultCode::kSuccess,
      success_answer(request, deletion ? request.external_address : on->external_of(request.client),
                     deletion ? request.external_port : request.internal_port, result.lifetime,
                     epoch));
}

// The same host, protocol and port, whoever the peer is.
bool Server::is_about(const Mapping& one, const Asked& asked) {
  const Request& request = asked.request;
  return one.interface == asked.link.interface && one.host == request.client &&
         one.protocol == request.protocol && one.port == request.internal_port;
}

Mapping* Server::find(const Asked& asked) {
  const Request& request = asked.request;
  const auto found = std::find_if(mappings_.begin(), mappings_.end(), [&](const Mapping& one) {
    return is_about(one, asked) && one.peer == request.remote_peer &&
           one.peer_port == request.remote_port;
  });
  return found == mappings_.end() ? nullptr : &*found;
}

Server::Answer Server::answer(const Asked& asked) {
  const Request& request = asked.request;
  Mapping* there = find(asked);
  if (there != nullptr && there->nonce != request.nonce)
    return {ResultCode::kNotAuthorized, remaining(there->until, asked.now).count()};
  if (request.opcode == Opcode::kMap) {
    const bool fixed =
        asked.link.reachable_until(request.client) > asked.now &&
        std::any_of(asked.link.doors.begin(), asked.link.doors.end(), [&](const FixedDoor& door) {
          return door.host == request.client && door.protocol == request.protocol &&
                 door.first_port <= request.internal_port &&
                 request.internal_port <= door.last_port;
        });
    if (request.lifetime == 0) {
      if (fixed) return {ResultCode::kNotAuthorized, kLongError};
      return remove(asked, there);
    }
    if (fixed && request.prefer_failure && is_elsewhere(asked))
      return {ResultCode::kCannotProvideExternal,
              usual_lifetime(ResultCode::kCannotProvideExternal)};
    if (fixed) return {ResultCode::kSuccess, Lifetime::infinite().count()};
  }
  return open(asked, there);
}

Server::Answer Server::remove(const Asked& asked, const Mapping* there) {
  if (there == nullptr) {
    // Section 15.1: MAP deletes nothing that PEER made, and what nobody made is gone.
    const bool of_peer = std::any_of(mappings_.begin(), mappings_.end(), [&](const Mapping& one) {
      return one.is_peer() && is_about(one, asked);
    });
    return of_peer ? Answer{ResultCode::kNotAuthorized, kLongError} : Answer{};
  }
  lines_.say(LogLevel::kInfo, cat("PCP: closed to the Internet: ", describe(*there)), asked.now,
             out_.log);
  mappings_.erase(mappings_.begin() + (there - mappings_.data()));
  out_.changed = true;
  return {};
}

// Whether another external address or port is suggested than there can be.
bool Server::is_elsewhere(const Asked& asked) {
  const Request& request = asked.request;
  return (request.external_port != 0 && request.external_port != request.internal_port) ||
         (!request.external_address.is_unspecified() &&
          request.external_address != asked.link.external_of(request.client));
}

// Why there can be no such mapping, whatever is there already.
std::optional<Server::Answer> Server::refuse(const Asked& asked) const {
  const Request& request = asked.request;
  const auto error = [](ResultCode code) { return Answer{code, usual_lifetime(code)}; };
  if (!is_mappable(request.protocol)) return error(ResultCode::kUnsuppProtocol);
  // All ports of a protocol that has some, among them our own ones, or one port of a protocol whose ports the
  // firewall does not know: neither can be done in its entirety (section 11.3).
  if (has_ports(request.protocol) == (request.internal_port == 0))
    return error(ResultCode::kUnsuppProtocol);
  if (request.protocol == kUdp &&
      (request.internal_port == kServerPort || request.internal_port == kClientPort))
    return error(ResultCode::kNotAuthorized);
  const bool at_home =
      request.client.is_unique_local() && !asked.link.is_translated(request.client);
  if (request.client.is_link_local() || at_home) return error(ResultCode::kNotAuthorized);
  if (asked.link.reachable_until(request.client) <= asked.now)
    return error(ResultCode::kNetworkFailure);
  if (is_elsewhere(asked) && (request.prefer_failure || request.opcode == Opcode::kPeer))
    return error(ResultCode::kCannotProvideExternal);
  if (request.opcode == Opcode::kPeer && !request.remote_peer.is_global_unicast())
    return error(ResultCode::kMalformedRequest);
  // The firewall does not look at the other side's port.
  if (std::any_of(request.filters.begin(), request.filters.end(),
                  [](const Filter& filter) { return filter.length > 0 && filter.port != 0; }))
    return error(ResultCode::kUnsuppOption);
  return std::nullopt;
}

// Whether one more would be more than this host, strangers or the LAN may have. A stranger's station is known when the
// refusal has reached it, and then it is none any more.
std::optional<ResultCode> Server::exceeds(const Asked& asked) const {
  std::size_t of_lan = 0;
  std::size_t of_host = 0;
  std::size_t of_strangers = 0;
  for (const Mapping& one : mappings_) {
    if (one.interface != asked.link.interface) continue;
    ++of_lan;
    if (!one.station) ++of_strangers;
    if (one.host == asked.request.client || (one.station && one.station == asked.station))
      ++of_host;
  }
  if (of_host >= kMostPerHost) return ResultCode::kUserExQuota;
  if (of_lan >= kMostPerLan || (!asked.station && of_strangers >= kMostOfStrangers))
    return ResultCode::kNoResources;
  return std::nullopt;
}

Server::Answer Server::open(const Asked& asked, Mapping* there) {
  const Request& request = asked.request;
  if (const auto refused = refuse(asked)) return *refused;
  const std::uint32_t wanted =
      std::clamp(request.lifetime, kShortestLife.count(), kLongestLife.count());
  Instant until = std::min(asked.link.reachable_until(request.client), asked.now + seconds(wanted));
  std::vector<Prefix> sources =
      filtered(there != nullptr ? there->sources : std::vector<Prefix>{}, request.filters);
  if (sources.size() > kMostFilters) return {ResultCode::kExcessiveRemotePeers, kLongError};
  if (there != nullptr) {
    // PEER never makes a mapping shorter (section 12.1).
    if (there->is_peer()) until = std::max(until, there->until);
    out_.changed = out_.changed || there->until != until || there->sources != sources;
    there->until = until;
    there->sources = std::move(sources);
    return {ResultCode::kSuccess, remaining(until, asked.now).count()};
  }
  if (const auto code = exceeds(asked)) return {*code, kShortError};
  if (request.opcode == Opcode::kPeer) sources = {Prefix(request.remote_peer, 128)};
  mappings_.push_back({.interface = asked.link.interface,
                       .host = request.client,
                       .protocol = request.protocol,
                       .port = request.internal_port,
                       .peer = request.remote_peer,
                       .peer_port = request.remote_port,
                       .sources = std::move(sources),
                       .nonce = request.nonce,
                       .until = until,
                       .station = asked.station});
  lines_.say(LogLevel::kInfo, cat("PCP: open to the Internet: ", describe(mappings_.back())),
             asked.now, out_.log);
  out_.changed = true;
  return {ResultCode::kSuccess, remaining(until, asked.now).count()};
}

void Server::see(std::string_view interface, const Ip6Address& host, const MacAddress& station) {
  auto has = static_cast<std::size_t>(std::ranges::count(mappings_, station, &Mapping::station));
  for (Mapping& one : mappings_) {
    if (one.interface != interface || one.host != host || one.station == station) continue;
    one.station.reset();
    if (has >= kMostPerHost) continue;
    one.station = station;
    ++has;
  }
}

void Server::forget(const Ip6Address& host) {
  const auto gone =
      std::erase_if(mappings_, [&](const Mapping& mapping) { return mapping.host == host; });
  if (gone > 0) out_.changed = true;
}

void Server::expire(Instant now) {
  const auto gone =
      std::erase_if(mappings_, [&](const Mapping& mapping) { return mapping.until <= now; });
  if (gone > 0) out_.changed = true;
  announce(now);
}

std::optional<Instant> Server::next_deadline() const {
  std::optional<Instant> next = announce_at_;
  for (const Mapping& mapping : mappings_)
    next = next ? std::min(*next, mapping.until) : mapping.until;
  return next;
}

ServerOutputs Server::drain() { return std::exchange(out_, {}); }

}  // namespace sixgate::pcp
