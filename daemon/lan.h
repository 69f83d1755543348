// SPDX-License-Identifier: Apache-2.0
// Lan: one network of the house, and our voice on it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conf/config.h"
#include "daemon/kernel_state.h"
#include "daemon/known_hosts.h"
#include "daemon/newcomer_limit.h"
#include "dhcp6/server_watch.h"
#include "net/rng.h"
#include "ra/advertiser.h"

namespace sixgate::daemon {

class Lan {
 public:
  // `records`: what hosts may still hold from an earlier run.
  Lan(conf::LanConfig config, std::vector<ra::AdvertisedRecord> records,
      std::vector<ra::AdvertisedOption> options, Rng& rng, Instant now);

  void reconfigure(conf::LanConfig config) {
    config_ = std::move(config);
    advertised_revision_.reset();  // it may be kept under another name now
  }
  // A carrier that comes back after more than `carrier_hold`, or another interface under the name, is
  // heard by hosts that may be new: the burst begins again, with what is true then, so not before
  // advertise(). A flap within it changes nothing: who was plugged in meanwhile solicits. With another
  // link-local address we are another router to the hosts: RFC 4861 section 6.2.8.
  void link(const LinkState* state, Instant now);
  void advertise(const ra::Advertisement& advertisement, Instant now);
  void receive(const ra::ReceivedPacket& packet, Instant now);
  void expire(Instant now);
  std::optional<Instant> next_deadline() const;
  ra::AdvertiserOutputs drain();
  void stop(Instant now);
  // Of the DHCPv6 servers of others here: see server_watch.h.
  dhcp6::ServerWatch& server_watch() { return server_watch_; }
  const dhcp6::ServerWatch& server_watch() const { return server_watch_; }
  KnownHosts& hosts() { return hosts_; }
  const KnownHosts& hosts() const { return hosts_; }
  // Whether who was heard, or not, is listened to now when it speaks to a DHCPv6 server.
  bool may_ask(bool heard, Instant now) { return heard || !resolves_ || newcomers_.admits(now); }
  const NewcomerLimit& newcomers() const { return newcomers_; }
  // advertised() of the advertiser is not what it was when this was last asked.
  bool advertised_changed();
  bool stopped() const { return !speaking() || !advertiser_.next_deadline(); }

  const conf::LanConfig& config() const { return config_; }
  const ra::Advertiser& advertiser() const { return advertiser_; }
  bool ready() const { return ready_; }

 private:
  conf::LanConfig config_;
  ra::Advertiser advertiser_;
  bool speaking() const { return ready_ && advertising_ && !returning_; }
  bool ready_ = false;
  bool advertising_ = false;              // configure() has been called
  bool returning_ = false;                // the link came back; what it last heard may be stale
  Instant away_since_;                    // while it is not ready
  unsigned index_ = 0;                    // of the interface when it was last ready
  std::optional<Ip6Address> link_local_;  // whom hosts know us as
  // Whom they knew us as, and how often they are yet to be told that this one is no router any more.
  std::optional<Ip6Address> former_;
  unsigned farewells_left_ = 0;
  std::optional<std::uint64_t> advertised_revision_;  // as last asked
  dhcp6::ServerWatch server_watch_;
  KnownHosts hosts_;
  NewcomerLimit newcomers_;
  bool resolves_ = false;  // neighbours have link-layer addresses here
};

}  // namespace sixgate::daemon
