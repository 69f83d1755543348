// SPDX-License-Identifier: Apache-2.0
#include "daemon/lan.h"

#include <algorithm>
#include <utility>

namespace sixgate::daemon {

Lan::Lan(conf::LanConfig config, std::vector<ra::AdvertisedRecord> records,
         std::vector<ra::AdvertisedOption> options, Rng& rng, Instant now)
    : config_(std::move(config)), advertiser_(rng), server_watch_(rng) {
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
  if (ready && advertising_ && link_local_ && link_local_ != state->link_local) {
    former_ = link_local_;
    farewells_left_ = ra::kMaxFinalAdvertisements;
    returning_ = true;
  }
  if (ready) link_local_ = state->link_local;
  server_watch_.link(ready, now);
  if (ready) index_ = state->index;
  resolves_ = state != nullptr && state->mac.has_value();
  ready_ = ready;
}

void Lan::advertise(const ra::Advertisement& advertisement, Instant now) {
  // Before the link is ready nobody hears: the first words wait for it.
  if (!ready_) return;
  advertising_ = true;
  advertiser_.configure(advertisement, now);
  if (returning_) advertiser_.announce(now);
  returning_ = false;
  advertiser_.expire(now);  // also what fell due while the link was away
}

void Lan::receive(const ra::ReceivedPacket& packet, Instant now) {
  if (speaking()) advertiser_.receive(packet, now);
}

void Lan::expire(Instant now) {
  server_watch_.expire(now);
  if (speaking()) advertiser_.expire(now);
}

std::optional<Instant> Lan::next_deadline() const {
  const auto next = server_watch_.next_deadline();
  return speaking() ? earlier(next, advertiser_.next_deadline()) : next;
}

// RFC 4861 section 6.2.8: "a few" advertisements with Router Lifetime 0 from the old address, "a few" from the new
// one; in this order nobody is without a router in between.
ra::AdvertiserOutputs Lan::drain() {
  ra::AdvertiserOutputs said = advertiser_.drain();
  const bool multicast =
      std::any_of(said.packets.begin(), said.packets.end(), [&](const ra::Packet& packet) {
        return config_.ra.unicast_only || packet.destination.is_multicast();
      });
  if (multicast && farewells_left_ > 0) {
    --farewells_left_;
    said.packets.push_back({kAllNodes, ra::to_bytes(advertiser_.farewell()), former_});
  }
  return said;
}

bool Lan::advertised_changed() {
  return std::exchange(advertised_revision_, advertiser_.advertised_revision()) !=
         advertised_revision_;
}

void Lan::stop(Instant now) {
  farewells_left_ = 0;
  server_watch_.configure({}, Duration(0), now);
  if (speaking()) advertiser_.stop(now);
}

}  // namespace sixgate::daemon
