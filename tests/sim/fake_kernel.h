// SPDX-License-Identifier: Apache-2.0
// FakeKernel: the part of Linux that the daemon changes. Lifetimes tick, new addresses go through Duplicate
// Address Detection, changes can fail, and somebody else may delete or flush.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "daemon/change.h"
#include "daemon/kernel_state.h"
#include "world.h"

namespace sixgate::sim {

class FakeKernel {
 public:
  explicit FakeKernel(World& world);

  // Called (coalesced) when links or objects changed without the caller's doing or by it.
  std::function<void()> on_change;

  std::vector<daemon::LinkState> links() const { return links_; }
  daemon::KernelState state();
  const std::optional<firewall::Ruleset>& firewall() const { return firewall_; }
  bool forwarding() const;

  // The reason of a refusal, or none.
  std::optional<std::string> apply(const daemon::Change& change);

  void add_link(const std::string& name, const MacAddress& mac);
  void set_carrier(const std::string& name, bool carrier);
  void set_up(const std::string& name, bool up);  // down flushes the link's addresses and routes
  void remove_link(const std::string& name);
  bool usable(const std::string& name) const;
  void delete_address_of(const std::string& interface);  // somebody's `ip address flush`
  void flush_routes();
  void forget_firewall();  // a reboot: no rules, and forwarding off again

  double failure = 0;             // the chance that a change is refused
  std::set<Ip6Address> occupied;  // another host has these: DAD fails

 private:
  void tick();
  void changed();
  daemon::LinkState* find(const std::string& name);

  World& world_;
  std::vector<daemon::LinkState> links_;
  daemon::KernelState state_;
  std::optional<firewall::Ruleset> firewall_;
  bool told_ = false;
};

}  // namespace sixgate::sim
