// SPDX-License-Identifier: Apache-2.0
// Advertiser, the second half: when it is said.
#include "ra/advertiser.h"

#include <algorithm>
#include <limits>

#include "net/text.h"

namespace sixgate::ra {

namespace {

constexpr Duration kQuietAfterComplaint = hours(1);
constexpr std::uint32_t kClockSkew = 10;  // seconds, RFC 4861 section 6.2.7 "some time skew"

void lower(std::uint32_t& shortest, Lifetime lifetime) {
  if (!lifetime.is_zero()) shortest = std::min(shortest, lifetime.count());
}

std::uint32_t shortest_lifetime(const RouterAdvertisement& message) {
  std::uint32_t shortest = std::numeric_limits<std::uint32_t>::max();
  lower(shortest, Lifetime(static_cast<std::uint32_t>(message.router_lifetime.count())));
  for (const Option& option : message.options) {
    if (const auto* prefix = std::get_if<PrefixInformation>(&option)) {
      lower(shortest, prefix->valid);
      lower(shortest, prefix->preferred);
    } else if (const auto* route = std::get_if<RouteInformation>(&option)) {
      lower(shortest, route->lifetime);
    } else if (const auto* servers = std::get_if<RecursiveDnsServers>(&option)) {
      lower(shortest, servers->lifetime);
    } else if (const auto* domains = std::get_if<DnsSearchList>(&option)) {
      lower(shortest, domains->lifetime);
    }
  }
  return shortest;
}

// Lets go of what no host holds any more, then of the soonest to end where too much is withdrawn.
template <class Map, class UntilOf, class IsLive>
void trim(Map& map, Instant now, UntilOf until_of, IsLive is_live) {
  std::erase_if(map, [&](const auto& entry) { return until_of(entry.second) <= now; });
  if (map.size() <= kMaxWithdrawn) return;
  std::vector<typename Map::iterator> withdrawn;
  for (auto it = map.begin(); it != map.end(); ++it) {
    if (!is_live(it->first)) withdrawn.push_back(it);
  }
  if (withdrawn.size() <= kMaxWithdrawn) return;
  std::sort(withdrawn.begin(), withdrawn.end(), [&](const auto& a, const auto& b) {
    const Instant ends_a = until_of(a->second);
    const Instant ends_b = until_of(b->second);
    return ends_a != ends_b ? ends_a < ends_b : a->first < b->first;
  });
  withdrawn.resize(withdrawn.size() - kMaxWithdrawn);
  for (const auto& it : withdrawn) map.erase(it);
}

}  // namespace

void Advertiser::restore(std::vector<AdvertisedRecord> records, Instant now) {
  for (const AdvertisedRecord& record : records) {
    if (record.host_valid_until <= now || record.prefix.overlaps(kLinkLocal)) continue;
    Held& held = held_[record.prefix];
    held.on_link = record.on_link;
    held.autonomous = record.autonomous;
    held.until = std::max(held.until, record.host_valid_until);
  }
  forget_expired(now);
}

void Advertiser::configure(Advertisement advertisement, Instant now) {
  const bool speaking = state_ == State::kAdvertising;
  if (speaking && advertisement == configured_) return;
  LogLines findings;
  Advertisement next = normalised(advertisement, findings);
  const bool announce_now = !speaking || urgent(next, now);
  configured_ = std::move(advertisement);
  adopt(std::move(next), now);
  state_ = State::kAdvertising;
  forget_expired(now);
  if (!announce_now) return;
  for (LogLine& line : findings) outputs_.log.push_back(std::move(line));
  outputs_.log.push_back(
      {LogLevel::kInfo,
       cat("router advertisement ", speaking ? "changed" : "begun", ": router lifetime ",
           header(false).router_lifetime.count(), " s, prefixes ", live_prefixes(now).size(),
           ", withdrawn ", withdrawn_prefixes(now).size())});
  begin_burst(now);
}

void Advertiser::announce(Instant now) {
  if (state_ == State::kAdvertising) begin_burst(now);
}

// RFC 4861 section 6.2.4: after a change "the same rules as when an interface becomes an
// advertising interface".
void Advertiser::begin_burst(Instant now) {
  quick_left_ = kMaxInitialAdvertisements;
  next_part_ = 0;
  finals_sent_ = 0;
  next_unsolicited_ = now;
}

void Advertiser::stop(Instant now) {
  if (state_ == State::kStopping || state_ == State::kStopped) return;
  const bool heard_by_anyone = counters_.multicast_sent + counters_.unicast_sent > 0;
  state_ = heard_by_anyone ? State::kStopping : State::kStopped;
  solicited_multicast_.reset();
  solicited_unicast_.clear();
  next_part_ = 0;
  finals_sent_ = 0;
  next_unsolicited_ = now;
}

// RFC 4861 section 6.2.4: uniform in [MinRtrAdvInterval, MaxRtrAdvInterval]; but a host must hear
// of everything three times before it lets go of it, so both are brought down to a third of the
// shortest lifetime that is said. Not below MIN_DELAY_BETWEEN_RAS, whatever the lifetimes.
Duration Advertiser::interval(Instant now) {
  const std::uint32_t shortest = shortest_lifetime(current(now));
  Duration longest = std::min<Duration>(said_.settings.max_interval, seconds(shortest) / 3);
  longest = std::max(longest, kMinDelayBetweenAdvertisements);
  // Where the setting does not fit any more, the default relation to the maximum (section 6.2.1).
  Duration least = said_.settings.min_interval;
  if (least * 4 > longest * 3) least = longest / 3;
  least = std::max(least, kMinDelayBetweenAdvertisements);
  const Duration drawn = rng_->between(least, longest);
  return quick_left_ > 0 ? std::min(drawn, kMaxInitialInterval) : drawn;
}

// RFC 4861 section 6.2.6: consecutive multicasts are MIN_DELAY_BETWEEN_RAS apart, whatever they are
// for.
std::optional<Instant> Advertiser::multicast_due() const {
  if (state_ == State::kIdle || state_ == State::kStopped) return std::nullopt;
  Instant due = next_unsolicited_;
  // The rest of an advertisement under way goes before the next one.
  if (next_part_ > 0 && last_multicast_) {
    due = *last_multicast_;
  } else if (solicited_multicast_) {
    due = std::min(due, *solicited_multicast_);
  }
  if (last_multicast_) due = std::max(due, *last_multicast_ + kMinDelayBetweenAdvertisements);
  return due;
}

std::optional<Instant> Advertiser::next_deadline() const {
  std::optional<Instant> deadline = multicast_due();
  for (const auto& [source, due] : solicited_unicast_) {
    deadline = earlier(deadline, std::optional<Instant>(due));
  }
  return deadline;
}

void Advertiser::expire(Instant now) {
  forget_expired(now);
  for (auto it = solicited_unicast_.begin(); it != solicited_unicast_.end();) {
    if (it->second <= now) {
      send_unicast(it->first, now);
      it = solicited_unicast_.erase(it);
    } else {
      ++it;
    }
  }
  if (const auto due = multicast_due(); due && *due <= now) send_multicast(now);
}

void Advertiser::send_multicast(Instant now) {
  const bool final = state_ == State::kStopping;
  const std::vector<RouterAdvertisement> messages = parts(now, final);
  if (next_part_ >= messages.size()) next_part_ = 0;
  if (next_part_ == 0 && !final) {
    solicited_multicast_.reset();
    if (quick_left_ > 0) --quick_left_;
  }
  // The final advertisements take turns where one packet does not hold everything.
  const std::size_t index = final ? finals_sent_ % messages.size() : next_part_;
  const RouterAdvertisement& message = messages[index];
  note_sent(message, now);
  outputs_.packets.push_back({kAllNodes, to_bytes(message)});
  ++counters_.multicast_sent;
  last_multicast_ = now;
  if (final) {
    next_unsolicited_ = now;  // as soon as the limit allows
    if (++finals_sent_ == kMaxFinalAdvertisements) state_ = State::kStopped;
    return;
  }
  next_part_ = (next_part_ + 1) % messages.size();
  next_unsolicited_ = now + interval(now);
}

void Advertiser::send_unicast(const Ip6Address& to, Instant now) {
  for (const RouterAdvertisement& message : parts(now, false)) {
    note_sent(message, now);
    outputs_.packets.push_back({to, to_bytes(message)});
    ++counters_.unicast_sent;
  }
}

void Advertiser::forget_expired(Instant now) {
  const auto until_of = [](const auto& held) { return held.until; };
  const auto itself = [](Instant until) { return until; };
  trim(held_, now, until_of, [&](const Prefix& prefix) { return is_live(prefix, now); });
  trim(held_routes_, now, until_of,
       [&](const Prefix& prefix) { return is_live_route(prefix, now); });
  trim(held_servers_, now, itself, [&](const Ip6Address& server) {
    const auto& servers = said_.dns_servers;
    return dns_live(now) && std::find(servers.begin(), servers.end(), server) != servers.end();
  });
  trim(held_domains_, now, itself, [&](const DomainName& name) {
    const auto& names = said_.search_domains;
    return dns_live(now) && std::find(names.begin(), names.end(), name) != names.end();
  });
}

void Advertiser::receive(const ReceivedPacket& packet, Instant now) {
  if (!packet.payload.empty() && packet.payload[0] == RouterAdvertisement::kType) {
    receive_advertisement(packet, now);
  } else {
    receive_solicitation(packet, now);
  }
}

void Advertiser::receive_solicitation(const ReceivedPacket& packet, Instant now) {
  const auto solicitation = accept_router_solicitation(packet);
  if (!solicitation) return counters_.discarded.count(solicitation.error());
  ++counters_.solicitations;
  if (state_ != State::kAdvertising) return;

  // RFC 4861 section 6.2.6: a delay of 0 to MAX_RA_DELAY_TIME, from the first of those answered
  // together.
  const Duration delay = rng_->between(Duration(0), kMaxAdvertisementDelay);
  if (said_.settings.unicast_solicited && !packet.source.is_unspecified()) {
    if (solicited_unicast_.contains(packet.source)) {
      ++counters_.solicitations_coalesced;
      return;
    }
    if (solicited_unicast_.size() < kMaxWaitingSolicitors) {
      solicited_unicast_.emplace(packet.source, now + delay);
      return;
    }
  }
  if (solicited_multicast_) {
    ++counters_.solicitations_coalesced;
    return;
  }
  Instant due = now + delay;
  if (last_multicast_ && now < *last_multicast_ + kMinDelayBetweenAdvertisements) {
    due = *last_multicast_ + kMinDelayBetweenAdvertisements + delay;
  }
  // "If the computed value corresponds to a time later than the time the next multicast Router
  // Advertisement is scheduled to be sent", that one is the answer.
  if (next_part_ == 0 && next_unsolicited_ <= due) {
    ++counters_.solicitations_coalesced;
    return;
  }
  solicited_multicast_ = due;
}

void Advertiser::receive_advertisement(const ReceivedPacket& packet, Instant now) {
  const auto advertisement = accept_router_advertisement(packet);
  if (!advertisement) return counters_.discarded.count(advertisement.error());
  ++counters_.foreign_advertisements;
  if (state_ == State::kAdvertising) compare(*advertisement, packet.source, now);
}

// RFC 4861 section 6.2.7: what would make hosts switch to and fro between two routers' values.
// Values of zero say nothing. One line for each kind in an hour, however often the other one
// speaks.
void Advertiser::compare(const RouterAdvertisement& theirs, const Ip6Address& from, Instant now) {
  const auto complain = [&](std::string_view what, const auto& their_value, const auto& our_value) {
    ++counters_.inconsistencies;
    const auto last = complained_.find(what);
    if (last != complained_.end() && now < last->second + kQuietAfterComplaint) return;
    complained_[what] = now;
    outputs_.log.push_back(
        {LogLevel::kWarning, cat("router ", from, " on this link advertises ", what, " ",
                                 their_value, ", here it is ", our_value)});
  };
  const auto differ = [](auto a, auto b) { return a != 0 && b != 0 && a != b; };
  const RouterAdvertisement ours = current(now);
  if (differ(theirs.hop_limit, ours.hop_limit)) {
    complain("hop limit", unsigned{theirs.hop_limit}, unsigned{ours.hop_limit});
  }
  if (theirs.managed != ours.managed) complain("M", int{theirs.managed}, int{ours.managed});
  if (theirs.other != ours.other) complain("O", int{theirs.other}, int{ours.other});
  if (differ(theirs.reachable.count(), ours.reachable.count())) {
    complain("reachable time", theirs.reachable.count(), ours.reachable.count());
  }
  if (differ(theirs.retrans.count(), ours.retrans.count())) {
    complain("retransmission timer", theirs.retrans.count(), ours.retrans.count());
  }
  const Mtu* their_mtu = find<Mtu>(theirs.options);
  const Mtu* our_mtu = find<Mtu>(ours.options);
  if (their_mtu && our_mtu && their_mtu->mtu != our_mtu->mtu) {
    complain("MTU", their_mtu->mtu, our_mtu->mtu);
  }
  const auto apart = [](Lifetime a, Lifetime b) {
    return std::max(a.count(), b.count()) - std::min(a.count(), b.count()) > kClockSkew;
  };
  for (const Option& option : theirs.options) {
    const auto* their_prefix = std::get_if<PrefixInformation>(&option);
    if (!their_prefix) continue;
    for (const Option& own : ours.options) {
      const auto* our_prefix = std::get_if<PrefixInformation>(&own);
      if (!our_prefix || our_prefix->prefix != their_prefix->prefix) continue;
      if (apart(their_prefix->valid, our_prefix->valid)) {
        complain("valid lifetime", cat(their_prefix->prefix, " ", their_prefix->valid.count()),
                 our_prefix->valid.count());
      }
      if (apart(their_prefix->preferred, our_prefix->preferred)) {
        complain("preferred lifetime",
                 cat(their_prefix->prefix, " ", their_prefix->preferred.count()),
                 our_prefix->preferred.count());
      }
    }
  }
}

AdvertiserOutputs Advertiser::drain() {
  AdvertiserOutputs out = std::move(outputs_);
  outputs_ = {};
  return out;
}

std::vector<AdvertisedRecord> Advertiser::advertised() const {
  std::vector<AdvertisedRecord> records;
  for (const auto& [prefix, held] : held_) {
    records.push_back({prefix, held.on_link, held.autonomous, held.until});
  }
  return records;
}

}  // namespace sixgate::ra
