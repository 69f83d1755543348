// SPDX-License-Identifier: Apache-2.0
// Lan: one network of the house, and our voice on it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conf/config.h"
#include "daemon/kernel_state.h"
#include "net/rng.h"
#include "ra/advertiser.h"

namespace sixgate::daemon {

class Lan {
 public:
  // `records`: what hosts may still hold from an earlier run.
  Lan(conf::LanConfig config, std::vector<ra::AdvertisedRecord> records,
      std::vector<ra::AdvertisedOption> options, Rng& rng, Instant now);

  void reconfigure(conf::LanConfig config) { config_ = std::move(config); }
  // A carrier that comes back after more than `carrier_hold`, or another interface under the name, is
  // heard by hosts that may be new: the burst begins again, with what is true then, so not before
  // advertise(). A flap within it changes nothing: who was plugged in meanwhile solicits.
  void link(const LinkState* state, Instant now);
  void advertise(const ra::Advertisement& advertisement, Instant now);
  void receive(const ra::ReceivedPacket& packet, Instant now);
  void expire(Instant now);
  std::optional<Instant> next_deadline() const;
  ra::AdvertiserOutputs drain();
  void stop(Instant now);
  bool stopped() const { return !speaking() || !advertiser_.next_deadline(); }

  const conf::LanConfig& config() const { return config_; }
  const ra::Advertiser& advertiser() const { return advertiser_; }
  bool ready() const { return ready_; }

 private:
  conf::LanConfig config_;
  ra::Advertiser advertiser_;
  bool speaking() const { return ready_ && advertising_ && !returning_; }
  bool ready_ = false;
  bool advertising_ = false;  // configure() has been called
  bool returning_ = false;    // the link came back; what it last heard may be stale
  Instant away_since_;        // while it is not ready
  unsigned index_ = 0;        // of the interface when it was last ready
};

}  // namespace sixgate::daemon
