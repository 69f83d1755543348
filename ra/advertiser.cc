// SPDX-License-Identifier: Apache-2.0
// Advertiser, the second half: when it is said.
#include "ra/advertiser.h"

#include <algorithm>

#include "net/text.h"
#include "ra/option_lifetimes.h"

namespace sixgate::ra {

namespace {

// A burst of so many seconds' worth of unicast answers is not held back.
constexpr seconds kUnicastBurst{10};
// A host that is silent for longer has heard that we are gone by its own clock.
constexpr Duration kSolicitorMemory = hours(24);

}  // namespace

void Advertiser::restore(std::vector<AdvertisedRecord> records, Instant now) {
  for (const AdvertisedRecord& record : records) {
    if (record.host_valid_until > now && !record.prefix.overlaps(kLinkLocal)) held_.restore(record);
  }
  forget_expired(now);
}

void Advertiser::restore(std::vector<AdvertisedOption> records, Instant now) {
  for (const AdvertisedOption& record : records) {
    if (record.host_valid_until > now) held_.restore(record);
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
  prepared_.reset();
  if (!next.proxy) counters_.proxied = 0;
  adopt(std::move(next), now);
  state_ = State::kAdvertising;
  forget_expired(now);
  if (!announce_now) return;
  for (LogLine& line : findings) outputs_.log.push_back(std::move(line));
  outputs_.log.push_back(
      {LogLevel::kInfo,
       cat("router advertisement ", speaking ? "changed" : "begun", ": router lifetime ",
           header(false).router_lifetime.count(), " s, prefixes ",
           find_all<PrefixInformation>(live_options(said_, now)).size(), ", withdrawn ",
           withdrawn(now))});
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
  stop_by_ = now + kFarewell;
  next_unsolicited_ = now;
}

// RFC 4861 section 6.2.4: uniform in [MinRtrAdvInterval, MaxRtrAdvInterval]; but a host must hear
// of everything three times before it lets go of it, so both are brought down to a third of the
// shortest lifetime that is said. Not below MIN_DELAY_BETWEEN_RAS, whatever the lifetimes.
Duration Advertiser::interval(Instant now) {
  const std::uint32_t shortest = shortest_lifetime(current(now));
  Duration longest = std::min<Duration>(said_.settings.max_interval, seconds(shortest) / 3);
  longest = std::max(longest, gap());
  // Where the setting does not fit any more, the default relation to the maximum (section 6.2.1).
  Duration least = said_.settings.min_interval;
  if (least * 4 > longest * 3) least = longest / 3;
  least = std::max(least, gap());
  const Duration drawn = rng_->between(least, longest);
  return quick_left_ > 0 ? std::min(drawn, kMaxInitialInterval) : drawn;
}

// RFC 4861 section 6.2.6: consecutive multicasts are MIN_DELAY_BETWEEN_RAS apart, or more where the air is
// dear; who leaves does not wait for that.
Duration Advertiser::gap() const {
  if (state_ == State::kStopping) return kMinDelayBetweenAdvertisements;
  return std::max<Duration>(said_.settings.multicast_gap, kMinDelayBetweenAdvertisements);
}

std::optional<Instant> Advertiser::multicast_due() const {
  if (state_ == State::kIdle || state_ == State::kStopped) return std::nullopt;
  Instant due = next_unsolicited_;
  // The rest of an advertisement under way goes before the next one.
  if (next_part_ > 0 && last_multicast_) {
    due = *last_multicast_;
  } else if (solicited_multicast_) {
    due = std::min(due, *solicited_multicast_);
  }
  if (last_multicast_) due = std::max(due, *last_multicast_ + gap());
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
  held_.note(message.options, now);
  if (said_.settings.unicast_only) {
    for (const auto& [solicitor, asked] : solicitors_) {
      outputs_.packets.push_back({solicitor, to_bytes(message)});
      ++counters_.unicast_sent;
    }
  } else {
    outputs_.packets.push_back({kAllNodes, to_bytes(message)});
    ++counters_.multicast_sent;
  }
  if (message.proxy) ++counters_.proxied;
  last_multicast_ = now;
  if (final) {
    next_unsolicited_ = now;  // as soon as the limit allows
    if (++finals_sent_ == kMaxFinalAdvertisements || now + gap() > stop_by_)
      state_ = State::kStopped;
    return;
  }
  next_part_ = (next_part_ + 1) % messages.size();
  next_unsolicited_ = now + interval(now);
}

void Advertiser::send_unicast(const Ip6Address& to, Instant now) {
  if (!prepared_ || prepared_->revision != held_.revision() || now < prepared_->from ||
      now > prepared_->until)
    prepare(now);
  for (const Withdrawals::Hold& hold : prepared_->holds)
    *hold.until = std::max(*hold.until, expiry(now, hold.lifetime));
  for (const std::vector<std::uint8_t>& payload : prepared_->payloads) {
    outputs_.packets.push_back({to, payload, {}});
    ++counters_.unicast_sent;
  }
}

void Advertiser::prepare(Instant now) {
  prepared_.reset();
  Prepared made;
  const std::vector<RouterAdvertisement> messages = parts(now, false);
  for (const RouterAdvertisement& message : messages) held_.note(message.options, now);
  for (const RouterAdvertisement& message : messages) {
    made.payloads.push_back(to_bytes(message));
    for (const Withdrawals::Hold& hold : held_.holds(message.options)) made.holds.push_back(hold);
  }
  made.revision = held_.revision();
  made.from = now;
  made.until = std::min(unchanged_until(said_, now), held_.first_end() - Duration(1));
  prepared_ = std::move(made);
}

void Advertiser::forget_expired(Instant now) {
  watch_.expire(now);
  held_.trim(live_options(said_, now), now);
  std::erase_if(solicitors_,
                [&](const auto& entry) { return entry.second + kSolicitorMemory <= now; });
}

void Advertiser::remember_solicitor(const Ip6Address& solicitor, Instant now) {
  if (!solicitors_.contains(solicitor) && solicitors_.size() == kMaxKnownSolicitors) {
    solicitors_.erase(
        std::min_element(solicitors_.begin(), solicitors_.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; }));
  }
  solicitors_[solicitor] = now;
}

// A bucket that holds kUnicastBurst and fills at unicast_rate.
bool Advertiser::may_answer_alone(Instant now) {
  if (said_.settings.unicast_rate == 0) return true;
  const Instant paid = std::max(unicast_paid_until_, now);
  if (paid - now > kUnicastBurst) return false;
  unicast_paid_until_ = paid + Duration(seconds(1)) / said_.settings.unicast_rate;
  return true;
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
  const AdvertiserSettings& settings = said_.settings;
  const Duration delay = rng_->between(Duration(0), settings.solicited_delay);
  if (settings.unicast_only) {
    if (packet.source.is_unspecified()) {
      ++counters_.solicitations_unanswered;
      return;
    }
    remember_solicitor(packet.source, now);
  }
  if ((settings.unicast_solicited || settings.unicast_only) && !packet.source.is_unspecified()) {
    if (solicited_unicast_.contains(packet.source)) {
      ++counters_.solicitations_coalesced;
      return;
    }
    if (solicited_unicast_.size() < kMaxWaitingSolicitors && may_answer_alone(now)) {
      if (delay == Duration(0))
        send_unicast(packet.source, now);
      else
        solicited_unicast_.emplace(packet.source, now + delay);
      return;
    }
    ++counters_.unicast_withheld;
  }
  if (solicited_multicast_) {
    ++counters_.solicitations_coalesced;
    return;
  }
  Instant due = now + delay;
  if (last_multicast_ && now < *last_multicast_ + gap()) {
    due = *last_multicast_ + gap() + delay;
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
  if (state_ != State::kAdvertising) return;
  counters_.inconsistencies +=
      watch_.hear(*advertisement, packet.source, current(now), now, outputs_.log);
}

std::optional<Advertiser::Next> Advertiser::next() const {
  const auto due = multicast_due();
  if (!due) return std::nullopt;
  if (state_ == State::kStopping) return Next{*due, "this router leaves"};
  if (next_part_ > 0) return Next{*due, "the rest of one that is too large for a packet"};
  if (quick_left_ > 0) return Next{*due, "something changed: three quick ones"};
  if (solicited_multicast_ && *solicited_multicast_ < next_unsolicited_)
    return Next{*due, "a host has solicited"};
  return Next{*due, "the interval"};
}

AdvertiserOutputs Advertiser::drain() {
  AdvertiserOutputs out = std::move(outputs_);
  outputs_ = {};
  return out;
}

}  // namespace sixgate::ra
