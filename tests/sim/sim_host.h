// SPDX-License-Identifier: Apache-2.0
// SimHost: a host after RFC 4862 with address timers of its own, judged on what it would really use. Where the M flag
// is set it asks for an address by DHCPv6 too.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "dhcp6/client.h"
#include "ra/messages.h"
#include "world.h"

namespace sixgate::sim {

class SimHost {
 public:
  SimHost(World& world, std::uint64_t interface_id);

  std::function<void(std::vector<std::uint8_t>)> send;       // to ff02::2
  std::function<void(std::vector<std::uint8_t>)> send_dhcp;  // to ff02::1:2, port 547

  void start();
  void receive(const std::vector<std::uint8_t>& packet);
  void receive_dhcp(const std::vector<std::uint8_t>& datagram, const Ip6Address& from);
  Ip6Address link_local() const {
    return Ip6Address::from_halves(0xfe80000000000000, interface_id_);
  }
  void solicit();

  struct Address {
    Instant preferred_until;
    Instant valid_until;
  };
  std::vector<Ip6Address> preferred() const;
  std::vector<Ip6Address> valid() const;
  std::vector<dhcp6::LeasedAddress> leased() const;
  bool has_default_router() const { return router_until_ > world_.now(); }
  std::vector<Ip6Address> dns_servers() const;

 private:
  void begin_dhcp();
  void settle_dhcp();

  World& world_;
  std::uint64_t interface_id_;
  Rng rng_;
  std::optional<dhcp6::Client> client_;
  Alarm alarm_;
  std::map<Prefix, Address> addresses_;
  std::map<Ip6Address, Instant> servers_;
  Instant router_until_;
  bool heard_ = false;
};

}  // namespace sixgate::sim
