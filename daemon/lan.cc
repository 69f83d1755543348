// SPDX-License-Identifier: Apache-2.0
#include "daemon/lan.h"

#include <algorithm>
#include <utility>

namespace sixgate::daemon {

Lan::Lan(conf::LanConfig config, std::vector<ra::AdvertisedRecord> records,
         std::vector<ra::AdvertisedOption> options, Rng& rng, Instant now)
    : config_(std::move(config)), advertiser_(rng) {
  // What hosts know is stored when it changes, until when they know it is not (flash wears): the
  // last words of the earlier run may have been said just now.
  for (ra::AdvertisedRecord& record : records)
    record.host_valid_until = expiry(now, config_.ra.max_valid);
  for (ra::AdvertisedOption& option : options)
    option.host_valid_until = expiry(now, std::max(config_.ra.max_valid, ra::kValidLimit));
  advertiser_.restore(std::move(records), now);
  advertiser_.restore(std::move(options), now);
}

void Lan::link(const LinkState* state, Instant now) {
  const bool ready = state != nullptr && state->ready();
  if (ready_ && !ready) away_since_ = now;
  if (ready && advertising_) {
    const bool another = state->index != index_;
    const bool long_away = !ready_ && now - away_since_ > config_.advertising.carrier_hold;
    if (another || long_away) returning_ = true;
  }
  if (ready) index_ = state->index;
  ready_ = ready;
}

void Lan::advertise(const ra::Advertisement& advertisement, Instant now) {
  // Before the link is ready nobody hears: the first words wait for it.
  if (!ready_) return;
  advertising_ = true;
  advertiser_.configure(advertisement, now);
  if (returning_) advertiser_.announce(now);
  returning_ = false;
}

void Lan::receive(const ra::ReceivedPacket& packet, Instant now) {
  if (speaking()) advertiser_.receive(packet, now);
}

void Lan::expire(Instant now) {
  if (speaking()) advertiser_.expire(now);
}

std::optional<Instant> Lan::next_deadline() const {
  return speaking() ? advertiser_.next_deadline() : std::nullopt;
}

ra::AdvertiserOutputs Lan::drain() { return advertiser_.drain(); }

void Lan::stop(Instant now) {
  if (speaking()) advertiser_.stop(now);
}

}  // namespace sixgate::daemon
