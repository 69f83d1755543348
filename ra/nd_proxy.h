// SPDX-License-Identifier: Apache-2.0
// NdProxy: Neighbor Discovery across the segments of one shared /64 (RFC 4389 section 4.1.3, RFC 7278).
//
// Packets are routed between the segments, by a route to each host; only the questions of Neighbor Discovery
// cross here. A question heard on one segment is asked on the others in our own name, and answered when, and
// because, a host has answered there: never from memory. DAD crosses both ways, so that two hosts of one
// address hear of each other.
//
// Questions about hosts that are known are asked where they are and are not counted. Those about unknown
// addresses are, for each segment they come from: a scan of the /64 leaves the others theirs (RFC 6583).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "net/log.h"
#include "net/rng.h"
#include "ra/messages.h"
#include "ra/proxy_guard.h"
#include "ra/proxy_table.h"

namespace sixgate::ra {

inline constexpr std::size_t kMaxProxyQuestions = 64;  // about unknown addresses, from one segment
inline constexpr std::size_t kMaxAskers = 8;           // who wait for the same answer

struct ProxySettings {
  std::vector<Prefix> prefixes;   // /64s
  ProxyGuard::Segments segments;  // the first ones are kept when two of them are a loop
  // Addresses of ours in the prefixes -> the interfaces that have them.
  std::map<Ip6Address, std::set<std::string>> own;
  std::vector<FixedHost> fixed;
  std::vector<Prefix> excluded;  // neither asked for nor learned
  bool operator==(const ProxySettings&) const = default;
};

// A message on one segment, and the link-layer address it came from.
struct Overheard {
  std::string segment;
  MacAddress station;
  bool outgoing = false;  // our own kernel asks
  ReceivedPacket packet;
};

struct ProxyPacket {
  std::string segment;
  MacAddress station;  // to whom
  Ip6Address source;   // unspecified: DAD
  Ip6Address destination;
  std::vector<std::uint8_t> payload;
  bool operator==(const ProxyPacket&) const = default;
};

struct ProxyOutputs {
  std::vector<ProxyPacket> packets;
  bool changed = false;  // hosts() or blocks() say something else
  LogLines log;
};

struct ProxyCounters {
  std::uint64_t solicitations = 0;   // heard, of the prefixes
  std::uint64_t advertisements = 0;  // heard, of the prefixes
  std::uint64_t asked = 0;           // solicitations sent on behalf of others
  std::uint64_t answered = 0;        // advertisements sent
  std::uint64_t probes = 0;          // solicitations sent to see who is there
  std::uint64_t duplicates = 0;      // DAD crossed that found somebody
  std::uint64_t withheld = 0;        // questions about unknown addresses beyond what is allowed
  DiscardCounters discarded;
  bool operator==(const ProxyCounters&) const = default;
};

class NdProxy {
 public:
  // How long a question may take; its asker repeats it each second (RFC 4861 RETRANS_TIMER), three times.
  static constexpr Duration kAnswerTime = seconds(3);
  // Within this the next asker of the same waits for the answer to the first.
  static constexpr Duration kRepeat = milliseconds(900);
  // Questions about unknown addresses, from one segment: so many at once, and then at this distance.
  static constexpr unsigned kQuestionBurst = 32;
  static constexpr Duration kQuestionGap = milliseconds(50);
  // A host learned from its DAD is asked when that is over (RFC 4862 section 5.1: one transmission, 1 s).
  static constexpr Duration kAfterDad = milliseconds(1500);

  explicit NdProxy(Rng& rng) : rng_(&rng) {}

  void configure(ProxySettings settings, Instant now);
  const ProxySettings& settings() const { return settings_; }
  // A host route of an earlier run.
  void restore(const Ip6Address& address, const std::string& segment, Instant now);
  // A Router Advertisement heard before this began.
  void heard_router(const std::string& segment, const RouterAdvertisement& message,
                    const Ip6Address& from, Instant heard, Instant now);

  // Neighbor Solicitations and Advertisements, and Router Advertisements of others.
  void receive(const Overheard& overheard, Instant now);
  void expire(Instant now);
  std::optional<Instant> next_deadline() const;
  ProxyOutputs drain(Instant now);

  std::vector<ProxiedHost> hosts() const { return table_.hosts(); }
  const std::map<std::string, ProxyGuard::Block>& blocks() const { return guard_.blocks(); }
  std::size_t questions() const { return questions_.size(); }
  const ProxyTable& table() const { return table_; }
  const ProxyCounters& counters() const { return counters_; }

 private:
  struct Asker {
    std::string segment;
    MacAddress station;
    Ip6Address source;  // unspecified: its DAD
    bool operator==(const Asker&) const = default;
  };
  struct Question {
    std::string account;             // whose allowance it is under: a segment's, or our own
    std::set<std::string> heard_on;  // the segments of those who ask
    std::set<std::string> asked;     // where
    std::vector<Asker> askers;
    bool known = false;  // there was a host when it was asked
    bool dad = false;    // a DAD crossed with it
    Instant last;
    Instant until;
  };
  struct Allowance {
    Instant paid_until;
    std::size_t open = 0;
  };

  const ProxySegment* segment(const std::string& interface) const;
  bool working(const ProxySegment& segment) const;
  bool concerns(const Ip6Address& address) const;
  void receive_router(const Overheard& overheard, Instant now);
  void receive_solicitation(const Overheard& overheard, Instant now);
  void receive_advertisement(const Overheard& overheard, Instant now);
  void ask(const Overheard& overheard, const NeighborSolicitation& message,
           const MacAddress& station, Instant now);
  bool allowed(const std::string& account, Instant now);
  void follow_guard(Instant now);
  void close(std::map<Ip6Address, Question>::iterator question);
  void advertise(const Asker& asker, const Ip6Address& target, bool router);
  void solicit(const ProxySegment& on, const Ip6Address& target,
               const std::optional<MacAddress>& station, bool dad, const Nonce& nonce);

  Rng* rng_;
  ProxySettings settings_;
  ProxyGuard guard_;
  ProxyTable table_;
  std::map<Ip6Address, Question> questions_;
  std::map<std::string, Allowance> allowances_;
  ProxyOutputs out_;
  ProxyCounters counters_;
};

}  // namespace sixgate::ra
