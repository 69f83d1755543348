// SPDX-License-Identifier: Apache-2.0
#include "daemon/lan.h"

#include <utility>

namespace sixgate::daemon {

Lan::Lan(conf::LanConfig config, std::vector<ra::AdvertisedRecord> records, Rng& rng, Instant now)
    : config_(std::move(config)), advertiser_(rng) {
  // Which prefixes hosts know is stored when it changes, until when they know them is not (flash wears): the
  // last words of the earlier run may have been said just now.
  for (ra::AdvertisedRecord& record : records)
    record.host_valid_until = expiry(now, config_.ra.max_valid);
  advertiser_.restore(std::move(records), now);
}

void Lan::link(const LinkState* state) {
  const bool ready = state != nullptr && state->ready();
  if (ready && !ready_ && advertising_) returning_ = true;
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
