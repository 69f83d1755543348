// SPDX-License-Identifier: Apache-2.0
#include "fake_kernel.h"

#include <algorithm>

#include "daemon/reconcile.h"

namespace sixgate::sim {
namespace {
constexpr Duration kDadTime = seconds(1);
}

FakeKernel::FakeKernel(World& world) : world_(world) {
  state_.sysctls["net/ipv6/conf/all/forwarding"] = "0";
}

bool FakeKernel::forwarding() const {
  return state_.sysctls.at("net/ipv6/conf/all/forwarding") == "1";
}

void FakeKernel::tick() {
  const Instant now = world_.now();
  std::erase_if(state_.addresses, [&](const auto& a) { return a.valid_until <= now; });
  std::erase_if(state_.routes, [&](const auto& r) { return r.expires <= now; });
}

daemon::KernelState FakeKernel::state() {
  tick();
  return state_;
}

void FakeKernel::changed() {
  if (told_) return;
  told_ = true;
  world_.after(milliseconds(3), [this] {
    told_ = false;
    if (on_change) on_change();
  });
}

std::optional<std::string> FakeKernel::apply(const daemon::Change& change) {
  tick();
  if (world_.rng().chance(failure)) return "injected failure";
  if (const auto* put = std::get_if<daemon::PutAddress>(&change)) {
    if (find(put->address.interface) == nullptr) return "no such device";
    if (put->address.valid_until <= world_.now()) return "lifetime of zero";
  }
  if (const auto* put = std::get_if<daemon::PutRoute>(&change)) {
    const auto& route = put->route;
    if (!route.interface.empty()) {
      const auto* link = find(route.interface);
      if (link == nullptr || !link->up) return "network is down";
    }
  }
  if (const auto* rules = std::get_if<daemon::ApplyFirewall>(&change)) firewall_ = rules->ruleset;
  if (const auto* sysctl = std::get_if<daemon::SetSysctl>(&change)) {
    if (!state_.sysctls.contains(sysctl->key)) return "no such key";
  }
  daemon::apply(change, state_);
  if (const auto* put = std::get_if<daemon::PutAddress>(&change)) {
    const auto at = std::find_if(state_.addresses.begin(), state_.addresses.end(), [&](auto& a) {
      return a.interface == put->address.interface && a.address == put->address.address;
    });
    at->tentative = !at->dad_failed;
    world_.after(kDadTime, [this, interface = at->interface, address = at->address] {
      for (auto& a : state_.addresses) {
        if (a.interface != interface || a.address != address || !a.tentative) continue;
        a.tentative = false;
        a.dad_failed = occupied.contains(address);
        changed();
      }
    });
  }
  changed();
  return std::nullopt;
}

daemon::LinkState* FakeKernel::find(const std::string& name) {
  for (auto& link : links_) {
    if (link.name == name) return &link;
  }
  return nullptr;
}

bool FakeKernel::usable(const std::string& name) const {
  return std::any_of(links_.begin(), links_.end(),
                     [&](const auto& link) { return link.name == name && link.ready(); });
}

void FakeKernel::add_link(const std::string& name, const MacAddress& mac) {
  daemon::LinkState link;
  link.name = name;
  link.index = static_cast<unsigned>(links_.size()) + 2;
  link.mac = mac;
  link.up = link.carrier = true;
  links_.push_back(link);
  for (const char* key : {"disable_ipv6", "accept_ra", "accept_untracked_na"})
    state_.sysctls["net/ipv6/conf/" + name + "/" + key] =
        std::string(key) == "accept_ra" ? "1" : "0";
  state_.sysctls["net/ipv6/conf/" + name + "/hop_limit"] = "64";
  state_.sysctls["net/ipv6/conf/" + name + "/mtu"] = "1500";
  // The link-local address is usable after its own DAD.
  world_.after(kDadTime, [this, name, mac] {
    if (auto* state = find(name); state != nullptr) {
      state->link_local = Ip6Address::from_halves(0xfe80000000000000, mac.eui64());
      changed();
    }
  });
  changed();
}

void FakeKernel::set_carrier(const std::string& name, bool carrier) {
  if (auto* link = find(name); link != nullptr && link->carrier != carrier) {
    link->carrier = carrier;
    changed();
  }
}

void FakeKernel::set_up(const std::string& name, bool up) {
  auto* link = find(name);
  if (link == nullptr || link->up == up) return;
  link->up = up;
  if (!up) {
    std::erase_if(state_.addresses, [&](const auto& a) { return a.interface == name; });
    std::erase_if(state_.routes, [&](const auto& r) { return r.interface == name; });
    link->link_local.reset();
  } else {
    world_.after(kDadTime, [this, name, mac = *link->mac] {
      if (auto* state = find(name); state != nullptr) {
        state->link_local = Ip6Address::from_halves(0xfe80000000000000, mac.eui64());
        changed();
      }
    });
  }
  changed();
}

void FakeKernel::remove_link(const std::string& name) {
  set_up(name, false);
  std::erase_if(links_, [&](const auto& link) { return link.name == name; });
  std::erase_if(state_.sysctls, [&](const auto& entry) {
    return entry.first.find("/" + name + "/") != std::string::npos;
  });
  changed();
}

void FakeKernel::delete_address_of(const std::string& interface) {
  std::erase_if(state_.addresses, [&](const auto& a) { return a.interface == interface; });
  changed();
}

void FakeKernel::flush_routes() {
  state_.routes.clear();
  changed();
}

void FakeKernel::forget_firewall() {
  firewall_.reset();
  state_.rules.clear();
  state_.sysctls["net/ipv6/conf/all/forwarding"] = "0";
}

}  // namespace sixgate::sim
