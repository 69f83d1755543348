// SPDX-License-Identifier: Apache-2.0
// What the tests of this room share: short spellings, captured packets, and a stage on which an engine
// runs in virtual time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/time.h"
#include "ra/advertiser.h"
#include "ra/messages.h"
#include "ra/router_listener.h"

namespace sixgate::ra::test {

inline constexpr Instant kStart = Instant::from_micros(1'000'000'000);
inline Instant after(Duration d) { return kStart + d; }

Ip6Address ip(std::string_view text);
Prefix prefix(std::string_view text);
DomainName name(std::string_view text);
std::vector<std::uint8_t> bytes(std::string_view hex);

struct Captured {
  std::vector<std::uint8_t> payload;
  Ip6Address source, destination;
  unsigned hop_limit = 0;
  ReceivedPacket packet() const { return {payload, source, destination, hop_limit}; }
};
// tests/data/ra/NAME.hex; where it comes from stands in its first line.
Captured captured(std::string_view file);

// A Router Solicitation as a host sends it.
std::vector<std::uint8_t> solicitation(bool with_link_layer = true);

struct Sent {
  Instant at;
  Ip6Address to;
  RouterAdvertisement message;
  std::size_t size = 0;  // of the IPv6 packet
};

// An Advertiser and its clock. What it sends is kept, parsed.
struct Lan {
  explicit Lan(std::uint64_t seed = 1) : rng(seed), advertiser(rng) {}
  void run_until(Instant end);
  void run_for(Duration time) { run_until(now + time); }
  void collect();  // drains
  void configure(const Advertisement& advertisement);
  void solicit(const Ip6Address& from, bool with_link_layer = true);
  std::vector<Sent> multicasts() const;

  Rng rng;
  Advertiser advertiser;
  Instant now = kStart;
  std::vector<Sent> sent;
  LogLines log;
};

// A home: one delegated /64 with long lifetimes, a ULA, routes, DNS.
Advertisement home(Instant now = kStart);
AdvertisedPrefix advertised(std::string_view text, Instant preferred_until, Instant valid_until);
// The option for this prefix, or null.
const PrefixInformation* find_prefix(const RouterAdvertisement& message, std::string_view text);
const RouteInformation* find_route(const RouterAdvertisement& message, std::string_view text);

// A RouterListener and its clock.
struct Wan {
  explicit Wan(std::uint64_t seed = 1) : rng(seed), listener(rng) {}
  void run_until(Instant end);
  void run_for(Duration time) { run_until(now + time); }
  void hear(const RouterAdvertisement& message, const Ip6Address& from);
  void collect();

  Rng rng;
  RouterListener listener;
  Instant now = kStart;
  std::vector<Instant> solicited;  // when
  std::vector<Packet> packets;
  bool changed = false;  // at the last collect()
  LogLines log;
};

}  // namespace sixgate::ra::test
