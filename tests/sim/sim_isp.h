// SPDX-License-Identifier: Apache-2.0
// SimIsp: a DHCPv6 server that delegates, and the router of the uplink. It renumbers, forgets, falls silent
// and lies about lifetimes as told.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "dhcp6/message.h"
#include "ra/messages.h"
#include "world.h"

namespace sixgate::sim {

struct IspBehaviour {
  Prefix pool;  // delegations are carved from here
  unsigned delegated_length = 56;
  Lifetime preferred{1800};
  Lifetime valid{3600};
  Lifetime t1{900};
  Lifetime t2{1440};
  bool managed = true;  // M: gives IA_NA
  bool other = true;
  bool slaac = false;  // an autonomous prefix on the uplink
  bool router = true;  // sends Router Advertisements
  Duration advertisement_interval = seconds(200);
  std::uint16_t router_lifetime = 1800;
  bool answers_echo = false;
  std::uint8_t preference = 0;
  // What is wrong with it.
  double unspec_fail = 0;  // how often it answers UnspecFail
  bool no_addresses_for_all =
      false;  // NoAddrsAvail for the message beside a good IA_PD, as wide-dhcpv6 does
  enum class Times : std::uint8_t { kNamed, kLeftToClient, kOnlyT1 };
  Times times = Times::kNamed;
  bool times_inverted = false;  // T1 above T2, whatever `times` says: the client discards the IA
  bool preferred_above_valid = false;
  bool never_extends = false;  // a Renew gets what is left of the first lifetimes
  // What else it delegates than `delegated_length`, from pools of their own, and what it makes of a hint.
  std::vector<unsigned> more_lengths;
  enum class Hints : std::uint8_t { kIgnored, kFollowed, kExact };
  Hints hints = Hints::kIgnored;  // one pool after the other
  bool one_delegation = false;    // several IA_PDs in a message get none
  bool address_kills_prefix = false;
};

class SimIsp {
 public:
  SimIsp(World& world, IspBehaviour behaviour, std::uint64_t number = 1);

  // Sends to the customer's uplink.
  std::function<void(std::vector<std::uint8_t>, Ip6Address source, Ip6Address destination)>
      send_dhcp;
  std::function<void(std::vector<std::uint8_t>, Ip6Address source, Ip6Address destination)>
      send_icmp;
  std::function<void(std::vector<std::uint8_t>, Ip6Address source, Ip6Address destination)>
      send_echo;

  void receive_dhcp(const std::vector<std::uint8_t>& datagram);
  void receive_icmp(const std::vector<std::uint8_t>& packet);
  // An Echo Request from `source`, which the answer reaches when it is routed.
  void receive_echo(const std::vector<std::uint8_t>& packet, const Ip6Address& source);
  void start();

  // Flash renumbering: other prefixes, the old bindings forgotten, another DUID.
  void renumber(const Prefix& pool);
  // The leases are lost, and the routes with them; pool and DUID are the same.
  void forget();
  void set_silent(bool silent) { silent_ = silent; }
  void set_router(bool router);
  IspBehaviour& behaviour() { return behaviour_; }

  // What is routed to the customer now.
  std::vector<Prefix> routed() const;
  // Until when the customer may use what it was given.
  std::optional<Instant> valid_until(const Prefix& inner) const;
  unsigned replies() const { return replies_; }

 private:
  struct Binding {
    Prefix prefix;
    Instant valid_until;
  };
  void advertise();
  template <class Ia>
  void set_times(Ia& ia) const;
  // An Advertise commits to nothing: an offer reserves nothing and is forgotten.
  enum class Giving : std::uint8_t { kKnownOnly, kOffer, kCommit };
  dhcp6::IaPd answer(const dhcp6::IaPd& asked, Giving giving);
  // From the pool of a length.
  Prefix pool_of(unsigned length) const;
  std::optional<unsigned> length_for(const dhcp6::IaPd& asked) const;
  std::optional<Prefix> free_prefix(const dhcp6::IaPd& asked, unsigned length);
  dhcp6::IaNa answer(const dhcp6::IaNa& asked, bool may_create);

  World& world_;
  IspBehaviour behaviour_;
  dhcp6::Duid duid_;
  Ip6Address address_;
  std::map<std::uint32_t, Binding> delegations_;  // by IAID
  std::map<std::uint32_t, Ip6Address> addresses_;
  std::uint64_t declined_ = 0;
  std::vector<Binding> granted_;  // everything ever, for the lifetime invariant
  std::uint64_t next_subnet_ = 1;
  std::uint64_t offered_ = 0;   // in this answer
  bool gives_prefixes_ = true;  // to the message that is being answered
  bool silent_ = false;
  unsigned replies_ = 0;
  Alarm alarm_;
};

}  // namespace sixgate::sim
