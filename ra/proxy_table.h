// SPDX-License-Identifier: Apache-2.0
// ProxyTable: behind which segment of a shared link each host is (RFC 4389 section 4.1.3, RFC 7278).
//
// A host is in the table because it answered there, not because somebody spoke of it. What only hints at one
// (its DAD, a solicitation it sent) makes a candidate, which is asked first. A host seen elsewhere has moved
// when it no longer answers where it was; it is never defended. One that was silent for long, or did not
// answer somebody, is asked three times and then forgotten.
//
// Everything is bounded: candidates cannot drive out hosts, and hosts of one segment not those of another.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "net/ip6_address.h"
#include "net/log.h"
#include "net/mac_address.h"
#include "net/time.h"

namespace sixgate::ra {

inline constexpr std::size_t kMaxProxiedHosts = 1024;
inline constexpr std::size_t kMaxProxiedHostsOfSegment = 512;
inline constexpr std::size_t kMaxProxyCandidates = 64;  // of one segment

struct ProxiedHost {
  Ip6Address address;
  std::string segment;
  std::optional<MacAddress>
      station;          // none: it has not been heard yet (configured, or of an earlier run)
  bool router = false;  // the R flag it answered with
  bool fixed = false;   // configured: it stays, heard or not
  Instant last_seen;
  bool operator==(const ProxiedHost&) const = default;
};

struct FixedHost {
  Ip6Address address;
  std::string segment;
  bool operator==(const FixedHost&) const = default;
};

struct ProxyTableCounters {
  std::uint64_t learned = 0;
  std::uint64_t moved = 0;
  std::uint64_t gone = 0;
  std::uint64_t conflicts = 0;  // claimed on one segment while it answered on another
  std::uint64_t full = 0;       // hosts and candidates there was no room for
  bool operator==(const ProxyTableCounters&) const = default;
};

class ProxyTable {
 public:
  // RFC 4861 section 10: RETRANS_TIMER, MAX_UNICAST_SOLICIT.
  static constexpr Duration kRetransmission = seconds(1);
  static constexpr unsigned kProbes = 3;
  // A host that nobody asks for is looked for this often: seldom, for a telephone sleeps (RFC 7772).
  static constexpr Duration kQuiet = minutes(10);

  struct Probe {
    std::string segment;
    Ip6Address target;
    std::optional<MacAddress> station;  // none: multicast
  };
  struct Move {
    Ip6Address address;
    std::string from;
    std::string to;
  };
  struct Outputs {
    std::vector<Probe> probes;
    std::vector<Move> moves;
    bool changed = false;  // hosts() is another list, but for when they were seen
    LogLines log;
  };

  // Hosts on other segments are forgotten.
  void configure(const std::set<std::string>& segments, const std::vector<FixedHost>& fixed,
                 Instant now);
  // Hosts of a segment that is not ready are neither asked nor forgotten; when it is back they are asked.
  void set_ready(const std::string& segment, bool ready, Instant now);
  // It was there in an earlier run: kept while it is asked.
  void restore(const Ip6Address& address, const std::string& segment, Instant now);

  // A Neighbor Advertisement of this address was heard there. `asked`: in answer to somebody's question.
  void answered(const Ip6Address& address, const std::string& segment, const MacAddress& station,
                bool router, bool asked, Instant now);
  // Something says that the address is there; it is asked not before `at`.
  void suspect(const Ip6Address& address, const std::string& segment, const MacAddress& station,
               Instant at, Instant now);
  // It should have answered and did not: it is asked now.
  void doubt(const Ip6Address& address, Instant now);

  void expire(Instant now);
  std::optional<Instant> next_deadline() const { return next_; }
  Outputs drain();

  const ProxiedHost* find(const Ip6Address& address) const;
  std::vector<ProxiedHost> hosts() const;  // by address
  std::size_t size() const { return hosts_; }
  std::size_t candidates() const;
  const ProxyTableCounters& counters() const { return counters_; }

 private:
  // Three questions, a second apart.
  struct Asking {
    unsigned sent = 0;
    Instant next;
  };
  struct Candidate {
    std::string segment;
    MacAddress station;
    Instant since;
    bool elsewhere = false;  // the host is asked first where it was
    Asking asking;
  };
  struct Entry {
    std::optional<ProxiedHost> host;
    std::optional<Asking> verification;
    std::optional<Candidate> candidate;
  };

  bool ready(const std::string& segment) const { return ready_.contains(segment); }
  void ask(const ProxiedHost& host, Asking& asking, Instant now);
  void verify(Entry& entry, Instant at);
  bool make_host(const Ip6Address& address, Entry& entry, const std::string& segment,
                 const MacAddress& station, bool router, Instant now);
  void forget(Entry& entry);
  void step_candidate(const Ip6Address& address, Entry& entry, Instant now);
  void step_host(Entry& entry, Instant now);
  void drop_candidate(Entry& entry);
  std::optional<Instant> deadline_of(const Entry& entry) const;
  void reckon();

  std::map<Ip6Address, Entry> entries_;
  std::set<std::string> segments_;
  std::set<std::string> ready_;
  std::map<std::string, std::size_t> hosts_of_;
  std::map<std::string, std::size_t> candidates_of_;
  std::size_t hosts_ = 0;
  std::optional<Instant> next_;
  Outputs out_;
  ProxyTableCounters counters_;
};

}  // namespace sixgate::ra
