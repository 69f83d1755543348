// SPDX-License-Identifier: Apache-2.0
// KnownHosts: who is on a LAN, by what the kernel's neighbour table tells in passing. Nobody is probed for it: a host
// that speaks with nobody but its like stays unknown, and a sleeping one is not woken.
//
// It is bounded whatever a host makes up: so many addresses, so many of one host, and what was not seen for a day is
// forgotten. Who answered the kernel is kept before who was only named, and whom the configuration names before all
// others: a pinhole follows them.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "daemon/neighbor.h"

namespace sixgate::daemon {

class KnownHosts {
 public:
  static constexpr std::size_t kMostAddresses = 1024;
  static constexpr std::size_t kMostOfOne = 16;
  static constexpr Duration kMemory = hours(24);

  struct Entry {
    MacAddress mac;
    Instant seen;
    bool reachable = false;
    bool answered = false;  // ever
    bool router = false;
    bool operator==(const Entry&) const = default;
  };

  // Of these the addresses are not forgotten for others': room for them comes on top.
  void keep(std::set<MacAddress> stations) { kept_ = std::move(stations); }
  // Whether this address has just become known, or another's, or answered for the first time.
  bool see(const Neighbor& neighbor, Instant now);
  // Where an address was within kMemory.
  std::optional<MacAddress> station_of(const Ip6Address& address, Instant now) const;
  // Where a station was heard within kMemory, link-local addresses aside.
  std::vector<Ip6Address> addresses_of(const MacAddress& station, Instant now) const;
  // Those seen within kMemory.
  std::map<Ip6Address, Entry> addresses(Instant now) const;

 private:
  using Entries = std::map<Ip6Address, Entry>;
  void make_room(const MacAddress& mac, Instant now);
  void forget(Entries::iterator entry);

  Entries entries_;
  std::map<MacAddress, std::size_t> counts_;
  std::set<MacAddress> kept_;
};

}  // namespace sixgate::daemon
