// SPDX-License-Identifier: Apache-2.0
// RouterListener: what a host hears from the routers of a link (RFC 4861 section 6.3, RFC 4862
// section 5.5.3, RFC 4191 as a type C host, RFC 8106, RFC 8781), and how it asks for it (RFC 7559).
//
// Memory is bounded whatever arrives. Who is in a table stays until its own lifetime ends; a
// newcomer to a full table is not taken in (counted), and one router can fill only its share of the
// prefixes and routes. So a flood can keep later comers out for a while, but never drives out the
// router in use.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "net/log.h"
#include "net/mac_address.h"
#include "net/rng.h"
#include "ra/messages.h"

namespace sixgate::ra {

inline constexpr std::size_t kMaxHeardRouters = 16;
inline constexpr std::size_t kMaxHeardPrefixes = 64;
inline constexpr std::size_t kMaxHeardRoutes = 64;
inline constexpr std::size_t kMaxHeardPerRouter = 24;  // prefixes, and as many routes
inline constexpr std::size_t kMaxHeardServers = 16;
inline constexpr std::size_t kMaxHeardDomains = 16;
inline constexpr std::size_t kMaxHeardResolvers = 8;
inline constexpr std::size_t kMaxHeardFurther = 512;  // octets of options that we do not know

struct HeardRouter {
  Ip6Address address;
  std::optional<MacAddress> link_layer;
  RouterPreference preference = RouterPreference::kMedium;
  Instant router_until;  // not after the time it was heard: not a default router
  bool managed = false;
  bool other = false;
  std::string captive_portal{};  // URI (RFC 8910), the last it said; it has no lifetime of its own
  std::vector<UnknownOption> further{};  // of its last advertisement
  bool silent = false;  // it does not answer solicitations for it (RFC 4861 section 6.3.6)
  bool operator==(const HeardRouter&) const = default;
};

struct HeardPrefix {
  Prefix prefix;
  Ip6Address router;  // the last that advertised it
  bool on_link = false;
  bool autonomous = false;
  Instant preferred_until;
  Instant valid_until;    // of an autonomous one: after the two-hour rule
  Instant on_link_until;  // its end as an on-link prefix, to which the two-hour rule does not apply
  bool delegation_preferred = false;  // P of RFC 9762
  Instant said_until{};               // its end as it was last said, by nobody's rule
  bool operator==(const HeardPrefix&) const = default;
};

struct HeardRoute {
  Prefix prefix;
  Ip6Address router;
  RouterPreference preference = RouterPreference::kMedium;
  Instant until;
  bool operator==(const HeardRoute&) const = default;
};

struct HeardServer {
  Ip6Address address;
  Instant until;
  bool operator==(const HeardServer&) const = default;
};

struct HeardDomain {
  DomainName name;
  Instant until;
  bool operator==(const HeardDomain&) const = default;
};

// An encrypted resolver (RFC 9463 section 6.1), known by its name.
struct HeardResolver {
  EncryptedDns resolver;  // `lifetime` is as it was said
  Instant until;
  bool operator==(const HeardResolver&) const = default;
};

struct HeardPref64 {
  Prefix prefix;
  Instant until;
  bool operator==(const HeardPref64&) const = default;
};

struct Heard {
  std::vector<HeardRouter> routers;      // by address
  std::vector<HeardPrefix> prefixes;     // by prefix
  std::vector<HeardRoute> routes;        // by prefix, then router; ::/0 is folded into its router
  std::vector<HeardServer> rdnss;        // as they came
  std::vector<HeardDomain> dnssl;        // as they came
  std::vector<HeardResolver> resolvers;  // as they came
  std::optional<HeardPref64> pref64;
  std::optional<std::uint32_t> mtu;
  std::optional<std::uint8_t> hop_limit;
  std::optional<milliseconds> reachable;
  std::optional<milliseconds> retrans;
  bool managed = false;  // of any router still remembered
  bool other = false;
  bool any = false;  // a valid Router Advertisement has been heard
  bool operator==(const Heard&) const = default;
};

struct ListenerOutputs {
  std::vector<Packet> packets;
  // heard() is another value than at the last drain, or the end of a router's lifetime has passed.
  bool changed = false;
  LogLines log;
};

struct ListenerCounters {
  std::uint64_t solicitations_sent = 0;
  std::uint64_t advertisements = 0;     // valid ones
  std::uint64_t malformed_options = 0;  // ignored, the rest of the message used
  std::uint64_t ignored_prefixes = 0;   // RFC 4862 section 5.5.3 (b), (c), length not 64
  std::uint64_t table_full = 0;
  DiscardCounters discarded;
  bool operator==(const ListenerCounters&) const = default;
};

class RouterListener {
 public:
  explicit RouterListener(Rng& rng) : rng_(&rng) {}

  // The upper bound of an MTU option (RFC 4861 section 6.3.4).
  void set_link_mtu(std::uint32_t mtu);
  // Sent with solicitations; set it when the link has such addresses.
  void set_link_layer(std::optional<MacAddress> link_layer) { link_layer_ = link_layer; }

  void start(Instant now);  // the link-local address is ready: begin soliciting
  void stop();              // link down: no more soliciting; what was heard lives to its own end

  void receive(const ReceivedPacket& packet, Instant now);
  // What Neighbor Unreachability Detection found out about an address, which may be a router's (RFC 4861 section 7.3). True:
  // it is news.
  bool probed(const Ip6Address& address, bool answers, Instant now);
  void expire(Instant now);
  std::optional<Instant> next_deadline() const;
  ListenerOutputs drain();

  const Heard& heard() const { return heard_; }
  const ListenerCounters& counters() const { return counters_; }

 private:
  void solicit(Instant now);
  bool hear_router(const RouterAdvertisement& message, const Ip6Address& from, Instant now);
  void hear_prefix(const PrefixInformation& option, const Ip6Address& from, Instant now);
  void hear_route(const RouteInformation& option, const Ip6Address& from, Instant now);
  void hear_servers(const RecursiveDnsServers& option, Instant now);
  void hear_domains(const DnsSearchList& option, Instant now);
  void hear_resolver(const EncryptedDns& option, Instant now);
  void hear_pref64(const Pref64& option, Instant now);
  void gather_flags();
  void forget_expired(Instant now);

  Rng* rng_;
  Heard heard_;
  Heard reported_;
  std::map<Ip6Address, Instant> forget_at_;  // of each router: when its flags stop counting
  std::map<Ip6Address, Instant> silent_since_;
  std::uint32_t link_mtu_ = 1500;
  std::optional<MacAddress> link_layer_;
  std::optional<Instant> next_solicitation_;
  Duration timeout_{0};  // RT of RFC 7559; zero before the first solicitation
  bool found_ = false;   // a default router has answered since start()
  Instant last_look_;    // when forget_expired last ran
  ListenerOutputs outputs_;
  ListenerCounters counters_;
};

}  // namespace sixgate::ra
