// SPDX-License-Identifier: Apache-2.0
// Server: hosts of a LAN ask for doors in the firewall, for themselves alone (RFC 6887, in its Simple Threat Model,
// section 18.1). The external port is the host's own, and so is the external address, unless its prefix is translated.
//
// Mappings are in mappings() before the answer that tells of them is drained; an owner that opens the firewall first
// and sends then promises nothing that is not there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/line_budget.h"
#include "net/log.h"
#include "net/prefix.h"
#include "net/time.h"
#include "pcp/mapping.h"
#include "pcp/message.h"

namespace sixgate::pcp {

inline constexpr Lifetime kShortestLife{120};   // section 15
inline constexpr Lifetime kLongestLife{86400};  // section 15
// Section 17.2. A host may have many addresses: what its station (its address on the link) has counts together. Whose
// station is not known shares what strangers may have: who speaks for the first time, who is behind a downstream
// router, and what a station had more than its share when it became known.
inline constexpr std::size_t kMostPerHost = 64;
inline constexpr std::size_t kMostOfStrangers = 256;
inline constexpr std::size_t kMostPerLan = 1024;
inline constexpr std::size_t kMostFilters = 8;  // of one mapping
// A station is heard so often in a second, and strangers together; a LAN no more often than four of them. What was not
// asked in the last seconds may be asked at once.
inline constexpr unsigned kPerSecond = 50;
inline constexpr unsigned kPerSecondOfLan = 200;
inline constexpr Duration kMostSaved = seconds(4);
inline constexpr std::size_t kMostStations = 256;  // whose requests are counted, of a LAN

// A door that a person opened: it is there whatever programs say.
struct FixedDoor {
  Ip6Address host;
  std::uint8_t protocol = 6;
  std::uint16_t first_port = 0;
  std::uint16_t last_port = 65535;
  bool operator==(const FixedDoor&) const = default;
};

// A LAN whose hosts may ask.
struct Link {
  std::string interface;
  struct Reachable {
    Prefix prefix;  // that the Internet can reach
    Instant until;  // how long it is the LAN's
    // What it is there, where it is translated (RFC 6296): a prefix of the same length.
    std::optional<Prefix> external = std::nullopt;
    bool operator==(const Reachable&) const = default;
  };
  std::vector<Reachable> prefixes;
  // Until when; the beginning of time: never was.
  Instant reachable_until(const Ip6Address& host) const;
  // What the Internet calls it: itself, unless it is translated. Of several translations the first is in use.
  Ip6Address external_of(const Ip6Address& host) const;
  bool is_translated(const Ip6Address& host) const;
  std::vector<FixedDoor> doors;
  bool operator==(const Link&) const = default;
};

struct Datagram {
  std::string interface;
  std::optional<Ip6Address> source;  // ours that the client spoke to; none: the link-local one
  Ip6Address destination;
  std::uint16_t port = 0;
  std::vector<std::uint8_t> payload;
  bool operator==(const Datagram&) const = default;
};

struct Counters {
  std::uint64_t received = 0;
  std::array<std::uint64_t, kResultCodeCount> answered{};
  std::uint64_t ignored = 0;    // no requests
  std::uint64_t too_often = 0;  // beyond what a station, or the LAN, may ask in a second
  bool operator==(const Counters&) const = default;
};

struct ServerOutputs {
  std::vector<Datagram> datagrams;
  bool changed = false;  // mappings(), epoch() or externals()
  LogLines log;
};

class Server {
 public:
  // All as an earlier run of the same boot had them; without, what clients had is lost, and they hear of it.
  void restore(std::vector<Mapping> mappings, Instant epoch, Externals externals);
  // `settled`: what a LAN does not have now is gone, and not only unheard of yet.
  void configure(std::vector<Link> links, bool settled, Instant now);
  void receive(std::string_view interface, std::span<const std::uint8_t> payload,
               const Ip6Address& from, std::uint16_t port, const Ip6Address& to, Instant now,
               std::optional<MacAddress> station = std::nullopt);
  // Whose address it is now, as often as that is heard.
  void see(std::string_view interface, const Ip6Address& host, const MacAddress& station);
  // An address that nobody has any more (section 15).
  void forget(const Ip6Address& host);
  void expire(Instant now);
  std::optional<Instant> next_deadline() const;
  ServerOutputs drain();

  bool serves(std::string_view interface) const { return link(interface) != nullptr; }
  const std::vector<Mapping>& mappings() const { return mappings_; }
  std::optional<Instant> epoch() const { return epoch_; }  // none: nothing was ever served
  const Externals& externals() const { return externals_; }
  const Counters& counters(const std::string& interface) const;

 private:
  struct Asked {
    const Link& link;
    const Request& request;
    std::optional<MacAddress> station;
    Instant now;
  };
  // A result of a request, and for how many seconds it holds.
  struct Answer {
    ResultCode code = ResultCode::kSuccess;
    std::uint32_t lifetime = 0;
  };
  const Link* link(std::string_view interface) const;
  Answer answer(const Asked& asked);
  // `there`: the mapping that the request is about; null: there is none.
  Answer remove(const Asked& asked, const Mapping* there);
  Answer open(const Asked& asked, Mapping* there);
  static bool is_about(const Mapping& one, const Asked& asked);
  static bool is_elsewhere(const Asked& asked);
  std::optional<Answer> refuse(const Asked& asked) const;
  std::optional<ResultCode> exceeds(const Asked& asked) const;
  Mapping* find(const Asked& asked);
  std::uint32_t seconds_since_epoch(Instant now) const;
  bool too_often(const std::string& interface, const std::optional<MacAddress>& station,
                 Instant now);
  void lose_state(Instant now);
  void announce(Instant now);

  // Until when what was asked would take, at so many a second.
  struct Spent {
    Instant of_lan;
    Instant of_strangers;
    std::map<MacAddress, Instant> of_stations;
  };
  std::vector<Link> links_;
  std::vector<Mapping> mappings_;
  std::optional<Instant> epoch_;
  Externals externals_;  // as clients know them
  std::optional<Instant> announce_at_;
  Duration announce_gap_{};
  unsigned announcements_left_ = 0;
  std::map<std::string, Spent> spent_;        // interface ->
  std::map<std::string, Counters> counters_;  // interface ->
  LineBudget lines_;
  ServerOutputs out_;
};

}  // namespace sixgate::pcp
