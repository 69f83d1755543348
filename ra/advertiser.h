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
#include "net/rng.h"
#include "ra/advertisement.h"
#include "ra/router_watch.h"
#include "ra/withdrawals.h"

namespace sixgate::ra {

// RFC 4861 section 10
inline constexpr Duration kMaxInitialInterval = seconds(16);  // MAX_INITIAL_RTR_ADVERT_INTERVAL
inline constexpr unsigned kMaxInitialAdvertisements = 3;      // MAX_INITIAL_RTR_ADVERTISEMENTS
inline constexpr unsigned kMaxFinalAdvertisements = 3;        // MAX_FINAL_RTR_ADVERTISEMENTS
// Solicitors that wait for a unicast answer; more are answered by one multicast.
inline constexpr std::size_t kMaxWaitingSolicitors = 32;
// Whom a link without multicast speaks to; the one that has been silent the longest makes room.
inline constexpr std::size_t kMaxKnownSolicitors = 256;
// procd kills five seconds after SIGTERM, and the other end of a farewell is not ours to see.
inline constexpr Duration kFarewell = milliseconds(4500);

struct AdvertiserOutputs {
  std::vector<Packet> packets;
  LogLines log;
};

struct AdvertiserCounters {
  std::uint64_t multicast_sent = 0;
  std::uint64_t proxied = 0;  // to the whole link, with the P flag, since it is set
  std::uint64_t unicast_sent = 0;
  std::uint64_t solicitations = 0;             // valid ones
  std::uint64_t solicitations_coalesced = 0;   // answered by an advertisement already on its way
  std::uint64_t solicitations_unanswered = 0;  // from ::, where multicasts are not sent
  std::uint64_t unicast_withheld = 0;          // beyond unicast_rate: answered by a multicast
  std::uint64_t foreign_advertisements = 0;    // valid ones of other routers
  std::uint64_t inconsistencies = 0;           // RFC 4861 section 6.2.7
  DiscardCounters discarded;
  bool operator==(const AdvertiserCounters&) const = default;
};

class Advertiser {
 public:
  explicit Advertiser(Rng& rng) : rng_(&rng) {}

  // What an earlier life of this router advertised; before the first configure. What the
  // configuration does not bring back is withdrawn.
  void restore(std::vector<AdvertisedRecord> records, Instant now);
  void restore(std::vector<AdvertisedOption> records, Instant now);

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
  // the last multicast, the others 3 s apart, as many as kFarewell has room for: one or two (RFC
  // 4861 section 6.2.5 wants one). Then next_deadline() is empty.
  void stop(Instant now);

  void expire(Instant now);
  std::optional<Instant> next_deadline() const;
  AdvertiserOutputs drain();

  std::vector<AdvertisedRecord> advertised() const { return held_.prefix_records(); }
  std::vector<AdvertisedOption> advertised_options() const { return held_.option_records(); }
  // While it stays, the two above differ in nothing but their ends.
  std::uint64_t advertised_revision() const { return held_.revision(); }
  // All that is said now, in one value, however many packets it takes.
  RouterAdvertisement current(Instant now) const;
  // The word of a router that is none any more, while its prefixes and resolvers stay: somebody else has them.
  RouterAdvertisement farewell() const;
  // When the next multicast is due, and why then.
  struct Next {
    Instant due;
    std::string_view why;
  };
  std::optional<Next> next() const;
  std::vector<ForeignRouter> foreign_routers() const { return watch_.routers(); }
  const AdvertiserCounters& counters() const { return counters_; }

 private:
  enum class State : std::uint8_t { kIdle, kAdvertising, kStopping, kStopped };
  RouterAdvertisement header(bool final) const;
  Options all_options(Instant now, bool final) const;
  std::vector<RouterAdvertisement> parts(Instant now, bool final) const;
  std::size_t withdrawn(Instant now) const;
  bool urgent(const Advertisement& next, Instant now) const;
  void adopt(Advertisement next, Instant now);
  Duration interval(Instant now);
  std::optional<Instant> multicast_due() const;
  void send_multicast(Instant now);
  void send_unicast(const Ip6Address& to, Instant now);
  void prepare(Instant now);
  bool may_answer_alone(Instant now);
  void remember_solicitor(const Ip6Address& solicitor, Instant now);
  Duration gap() const;
  void forget_expired(Instant now);
  void begin_burst(Instant now);
  void receive_solicitation(const ReceivedPacket& packet, Instant now);
  void receive_advertisement(const ReceivedPacket& packet, Instant now);

  Rng* rng_;
  State state_ = State::kIdle;
  Advertisement configured_;  // as given
  Advertisement said_;        // as compared and sent
  Withdrawals held_;          // what hosts may hold
  // What a solicitation is answered with, octet by octet the same until a lifetime in it has another number of
  // seconds: many hosts that come at once, after a power cut say, are answered from it.
  struct Prepared {
    std::vector<std::vector<std::uint8_t>> payloads;
    std::vector<Withdrawals::Hold> holds;
    std::uint64_t revision = 0;
    Instant from;
    Instant until;  // the last moment at which it is true
  };
  std::optional<Prepared> prepared_;

  std::optional<Instant> last_multicast_;
  Instant next_unsolicited_;
  std::optional<Instant> solicited_multicast_;
  std::map<Ip6Address, Instant> solicited_unicast_;
  std::map<Ip6Address, Instant> solicitors_;  // of a link without multicast: when they last asked
  // The unicast answers sent so far would take until here at unicast_rate.
  Instant unicast_paid_until_;
  unsigned quick_left_ = 0;
  std::size_t next_part_ = 0;  // of an advertisement too large for one packet; 0: none under way
  unsigned finals_sent_ = 0;
  Instant stop_by_;  // no final advertisement after this
  RouterWatch watch_;

  AdvertiserOutputs outputs_;
  AdvertiserCounters counters_;
};

}  // namespace sixgate::ra
