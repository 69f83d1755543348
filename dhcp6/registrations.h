// SPDX-License-Identifier: Apache-2.0
// Registrations: the addresses that hosts made themselves and told us of (RFC 9686), each until it ends. They
// take nothing from anybody: they are for names, for people, and so that no lease is given to what is in use.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "dhcp6/duid.h"
#include "net/ip6_address.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

struct Registration {
  std::string link;
  Duid duid;
  std::string name;  // empty: it says none
  Instant until;
  bool operator==(const Registration&) const = default;
};

class Registrations {
 public:
  // A host has a handful of addresses; whoever makes up more must not fill our memory.
  static constexpr std::size_t kMost = 4096;

  const Registration* find(const Ip6Address& address) const;
  bool is_full() const { return all_.size() >= kMost; }
  void put(const Ip6Address& address, Registration registration);
  void remove(const Ip6Address& address);
  // One whose time is over at `now`.
  std::optional<Ip6Address> next_ended(Instant now) const;
  std::optional<Instant> next_end() const;
  const std::map<Ip6Address, Registration>& all() const { return all_; }

 private:
  std::map<Ip6Address, Registration> all_;
  std::set<std::pair<Instant, Ip6Address>> ends_;
};

}  // namespace sixgate::dhcp6
