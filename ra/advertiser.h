// SPDX-License-Identifier: Apache-2.0
// Advertiser: the router's voice on one LAN (RFC 4861 section 6.2, RFC 9096, RFC 4191, RFC 8106).
//
// It is told what to say (configure) and decides when: a burst of three at the start and after a
// change, then at random intervals, and in answer to solicitations; never two multicasts within 3
// seconds. What it once said it takes back: a prefix, route or DNS server that is no longer
// configured is repeated with lifetime zero for as long as a host may hold what was said before.
//
// After drain(), advertised() already counts the packets drained. An owner that stores it does so
// before sending them, so that no host ever knows a prefix that a restarted router does not (RFC
// 9096 3.5).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "net/log.h"
#include "net/mac_address.h"
#include "net/rng.h"
#include "ra/messages.h"

namespace sixgate::ra {

// RFC 4861 section 10, RFC 9096 section 4
inline constexpr Duration kMaxInitialInterval = seconds(16);  // MAX_INITIAL_RTR_ADVERT_INTERVAL
inline constexpr unsigned kMaxInitialAdvertisements = 3;      // MAX_INITIAL_RTR_ADVERTISEMENTS
inline constexpr unsigned kMaxFinalAdvertisements = 3;        // MAX_FINAL_RTR_ADVERTISEMENTS
inline constexpr Duration kMinDelayBetweenAdvertisements = seconds(3);  // MIN_DELAY_BETWEEN_RAS
inline constexpr Duration kMaxAdvertisementDelay = milliseconds(500);   // MAX_RA_DELAY_TIME
inline constexpr std::size_t kMaxRoutes = 17;                           // RFC 4191 section 4
// Solicitors that wait for a unicast answer; more are answered by one multicast.
inline constexpr std::size_t kMaxWaitingSolicitors = 32;
// What is withdrawn at one time, of each kind; beyond it, what hosts hold the shortest is given up.
inline constexpr std::size_t kMaxWithdrawn = 64;
inline constexpr Lifetime kPreferredLimit{2700};  // ND_PREFERRED_LIMIT
inline constexpr Lifetime kValidLimit{5400};      // ND_VALID_LIMIT

struct AdvertisedPrefix {
  Prefix prefix;
  bool on_link = true;
  bool autonomous = true;
  Instant preferred_until;
  Instant valid_until;
  bool delegation_preferred = false;  // P of RFC 9762
  bool operator==(const AdvertisedPrefix&) const = default;
};

struct AdvertisedRoute {
  Prefix prefix;
  RouterPreference preference = RouterPreference::kMedium;
  Instant valid_until;
  bool operator==(const AdvertisedRoute&) const = default;
};

// RFC 4861 section 6.2.1
struct AdvertiserSettings {
  seconds max_interval{600};                                // MaxRtrAdvInterval
  seconds min_interval{200};                                // MinRtrAdvInterval
  RouterPreference preference = RouterPreference::kMedium;  // RFC 4191 section 2.2
  std::uint8_t hop_limit = 64;                              // AdvCurHopLimit
  // AdvLinkMTU. Unset: the link's own MTU is said. 0: no MTU option. Else this, where the link can.
  std::optional<std::uint32_t> mtu;
  milliseconds reachable{0};                   // AdvReachableTime
  milliseconds retrans{0};                     // AdvRetransTimer
  Lifetime router_lifetime = kPreferredLimit;  // AdvDefaultLifetime (RFC 9096 L-16)
  Lifetime max_preferred = kPreferredLimit;
  Lifetime max_valid = kValidLimit;
  bool unicast_solicited =
      true;  // answer a host by unicast (RFC 7772 section 5.1), not the whole link
  bool operator==(const AdvertiserSettings&) const = default;
};

// What is outside the limits of RFC 4861 section 6.2.1, for whoever reads a configuration.
struct SettingProblem {
  std::string_view setting;  // the member's name above
  std::string_view why;
  bool operator==(const SettingProblem&) const = default;
};
std::vector<SettingProblem> check(const AdvertiserSettings& settings);

// What is to be said.
struct Advertisement {
  AdvertiserSettings settings;
  bool managed = false;
  bool other = false;
  bool default_router = false;  // false: Router Lifetime 0
  std::optional<MacAddress> link_layer;
  std::uint32_t link_mtu = 1500;
  std::vector<AdvertisedPrefix> prefixes;
  std::vector<AdvertisedRoute> routes;
  std::vector<Ip6Address> dns_servers;     // in order of preference
  std::vector<DomainName> search_domains;  // in order of preference
  Instant dns_valid_until;
  bool operator==(const Advertisement&) const = default;
};

// Until when a host may hold a prefix: the latest of (time sent + valid lifetime sent).
struct AdvertisedRecord {
  Prefix prefix;
  bool on_link = true;
  bool autonomous = true;
  Instant host_valid_until;
  bool operator==(const AdvertisedRecord&) const = default;
};

struct AdvertiserOutputs {
  std::vector<Packet> packets;
  LogLines log;
};

struct AdvertiserCounters {
  std::uint64_t multicast_sent = 0;
  std::uint64_t unicast_sent = 0;
  std::uint64_t solicitations = 0;            // valid ones
  std::uint64_t solicitations_coalesced = 0;  // answered by an advertisement already on its way
  std::uint64_t foreign_advertisements = 0;   // valid ones of other routers
  std::uint64_t inconsistencies = 0;          // RFC 4861 section 6.2.7
  DiscardCounters discarded;
  bool operator==(const AdvertiserCounters&) const = default;
};

class Advertiser {
 public:
  explicit Advertiser(Rng& rng) : rng_(&rng) {}

  // What an earlier life of this router advertised; before the first configure. What the
  // configuration does not bring back is withdrawn.
  void restore(std::vector<AdvertisedRecord> records, Instant now);

  // The same value: nothing happens. What a host must hear at once: a burst. Lifetimes that only
  // grew, or changed beyond what is said of them, wait for the next advertisement that is due
  // anyway: a lease renewed every few minutes shall not wake every telephone of the house three
  // times.
  void configure(Advertisement advertisement, Instant now);

  // As if the interface had become an advertising one: the link came back.
  void announce(Instant now);

  void receive(const ReceivedPacket& packet, Instant now);

  // Up to three final advertisements, Router Lifetime 0, routes and DNS withdrawn, prefixes not
  // mentioned (hosts keep their addresses over a restart of ours). The first goes out within 3 s of
  // the last multicast, the others 3 s apart: at most 9 s, then next_deadline() is empty.
  // finals_sent() tells an owner in a hurry that the hosts have been told at least once.
  void stop(Instant now);
  unsigned finals_sent() const { return finals_sent_; }

  void expire(Instant now);
  std::optional<Instant> next_deadline() const;
  AdvertiserOutputs drain();

  std::vector<AdvertisedRecord> advertised() const;  // ordered by prefix
  // All that is said now, in one value, however many packets it takes.
  RouterAdvertisement current(Instant now) const;
  const AdvertiserCounters& counters() const { return counters_; }

 private:
  enum class State : std::uint8_t { kIdle, kAdvertising, kStopping, kStopped };
  struct Held {  // what hosts may hold of a prefix
    bool on_link = true;
    bool autonomous = true;
    Instant until;
  };
  struct HeldRoute {
    RouterPreference preference = RouterPreference::kMedium;
    Instant until;
  };

  RouterAdvertisement header(bool final) const;
  Options link_options() const;
  Options live_prefixes(Instant now) const;
  Options withdrawn_prefixes(Instant now) const;
  Options routes(Instant now, bool final) const;
  Options servers(Instant now, bool final) const;
  Options domains(Instant now, bool final) const;
  Options all_options(Instant now, bool final) const;
  std::vector<RouterAdvertisement> parts(Instant now, bool final) const;
  void note_sent(const RouterAdvertisement& sent, Instant now);
  bool urgent(const Advertisement& next, Instant now) const;
  static Advertisement normalised(Advertisement next, LogLines& log);
  void adopt(Advertisement next, Instant now);
  Duration interval(Instant now);
  std::optional<Instant> multicast_due() const;
  void send_multicast(Instant now);
  void send_unicast(const Ip6Address& to, Instant now);
  bool is_live(const Prefix& prefix, Instant now) const;
  bool is_live_route(const Prefix& prefix, Instant now) const;
  bool dns_live(Instant now) const;
  void forget_expired(Instant now);
  void begin_burst(Instant now);
  void receive_solicitation(const ReceivedPacket& packet, Instant now);
  void receive_advertisement(const ReceivedPacket& packet, Instant now);
  void compare(const RouterAdvertisement& theirs, const Ip6Address& from, Instant now);

  Rng* rng_;
  State state_ = State::kIdle;
  Advertisement configured_;  // as given
  Advertisement said_;        // as compared and sent
  std::map<Prefix, Held> held_;
  std::map<Prefix, HeldRoute> held_routes_;
  std::map<Ip6Address, Instant> held_servers_;
  std::map<DomainName, Instant> held_domains_;

  std::optional<Instant> last_multicast_;
  Instant next_unsolicited_;
  std::optional<Instant> solicited_multicast_;
  std::map<Ip6Address, Instant> solicited_unicast_;
  unsigned quick_left_ = 0;
  std::size_t next_part_ = 0;  // of an advertisement too large for one packet; 0: none under way
  unsigned finals_sent_ = 0;
  std::map<std::string_view, Instant> complained_;  // when an inconsistency was last logged

  AdvertiserOutputs outputs_;
  AdvertiserCounters counters_;
};

}  // namespace sixgate::ra
