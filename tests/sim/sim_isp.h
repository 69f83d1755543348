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
  bool knows_bindings = true;  // false: answers NoBinding to Renew, as after a loss of its leases
};

class SimIsp {
 public:
  SimIsp(World& world, IspBehaviour behaviour);

  // Sends to the customer's uplink.
  std::function<void(std::vector<std::uint8_t>, Ip6Address source, Ip6Address destination)>
      send_dhcp;
  std::function<void(std::vector<std::uint8_t>, Ip6Address source, Ip6Address destination)>
      send_icmp;

  void receive_dhcp(const std::vector<std::uint8_t>& datagram);
  void receive_icmp(const std::vector<std::uint8_t>& packet);
  void start();

  // Flash renumbering: other prefixes, the old bindings forgotten, another DUID.
  void renumber(const Prefix& pool);
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
  dhcp6::IaPd answer(const dhcp6::IaPd& asked, bool may_create);
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
  bool silent_ = false;
  unsigned replies_ = 0;
  Alarm alarm_;
};

}  // namespace sixgate::sim
