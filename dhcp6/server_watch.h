// SPDX-License-Identifier: Apache-2.0
// ServerWatch: the other DHCPv6 servers of a link on which we serve. A second one is no error of the protocol and
// nearly always one of the house: hosts get resolvers and addresses of two minds, and keep those of a router that
// is long gone.
//
// A server's answers go to its client alone, so that nothing is heard of it by listening. Two things tell:
// - A client's Request names the server whose Advertise it took (RFC 9915 section 18.2.2). Renew, Release and
//   Decline prove nothing: their lease may be of another network, or of the router that was here before us.
// - A question of ours. It is an Information-request (section 18.2.6) without Client Identifier: whoever answers
//   keeps nothing about us and gives nothing away, no binding and no offer held back, which cannot be said of every
//   server that hears a Solicit; and only servers and relay agents are in its group, so that no host wakes up. So
//   it is on unless it is configured otherwise.
//
// Memory and log are bounded whatever arrives. Nothing of what they say is ever used.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dhcp6/datagram.h"
#include "dhcp6/duid.h"
#include "net/ip6_address.h"
#include "net/line_budget.h"
#include "net/log.h"
#include "net/rng.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

struct ForeignServer {
  std::optional<Ip6Address> address;  // none: known only by what clients say
  std::string says;                   // its resolvers and search domains, in words
  Instant heard;
  std::uint64_t answers = 0;
  std::uint64_t chosen = 0;  // Requests of clients to it
  bool operator==(const ForeignServer&) const = default;
};

class ServerWatch {
 public:
  static constexpr std::size_t kMostServers = 16;
  // RFC 9915 section 7.6, INF_MAX_DELAY; then once more, for the first question may get lost.
  static constexpr Duration kFirstQuestion = seconds(1);
  static constexpr Duration kSecondQuestion = seconds(10);
  // Who was silent for so many questions is forgotten, but not before a day when there are none.
  static constexpr unsigned kSilentQuestions = 3;
  static constexpr Duration kMemory = hours(24);

  explicit ServerWatch(Rng& rng) : rng_(&rng) {}

  // `interval`: between two questions; zero: none are asked. `own`: ours, which is no stranger.
  void configure(const std::optional<Duid>& own, Duration interval, Instant now);
  // The link can be spoken on, or not.
  void link(bool ready, Instant now);

  // What came to port 546.
  void receive(std::span<const std::uint8_t> payload, const Ip6Address& from, Instant now);
  // A client on this link asks that server for a lease.
  void overhear(const Duid& server, Instant now);

  void expire(Instant now);
  std::optional<Instant> next_deadline() const;
  struct Outputs {
    std::vector<Datagram> packets;
    LogLines log;
  };
  Outputs drain();

  // By DUID, in hexadecimal digits.
  const std::map<std::string, ForeignServer>& servers() const { return servers_; }
  std::uint64_t questions() const { return questions_; }
  std::uint64_t answers() const { return answers_; }

 private:
  void ask(Instant now);
  ForeignServer* entry(const Duid& server, bool& is_new);
  void forget_silent(Instant now);

  Rng* rng_;
  std::optional<Duid> own_;
  Duration interval_{};
  bool ready_ = false;
  std::optional<Instant> ask_at_;
  unsigned asked_ = 0;  // since the link is ready
  std::uint32_t transaction_ = 0;
  std::map<std::string, ForeignServer> servers_;
  std::uint64_t questions_ = 0;
  std::uint64_t answers_ = 0;
  LineBudget budget_;
  Outputs out_;
};

}  // namespace sixgate::dhcp6
