// SPDX-License-Identifier: Apache-2.0
// SimHost: a host after RFC 4862 with address timers of its own, judged on what it would really use.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "ra/messages.h"
#include "world.h"

namespace sixgate::sim {

class SimHost {
 public:
  SimHost(World& world, std::uint64_t interface_id);

  std::function<void(std::vector<std::uint8_t>)> send;  // to ff02::2

  void start();
  void receive(const std::vector<std::uint8_t>& packet);
  void solicit();

  struct Address {
    Instant preferred_until;
    Instant valid_until;
  };
  std::vector<Ip6Address> preferred() const;
  std::vector<Ip6Address> valid() const;
  bool has_default_router() const { return router_until_ > world_.now(); }
  std::vector<Ip6Address> dns_servers() const;

 private:
  World& world_;
  std::uint64_t interface_id_;
  std::map<Prefix, Address> addresses_;
  std::map<Ip6Address, Instant> servers_;
  Instant router_until_;
  bool heard_ = false;
};

}  // namespace sixgate::sim
