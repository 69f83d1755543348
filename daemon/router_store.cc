// SPDX-License-Identifier: Apache-2.0
// What Router keeps over a crash and a reboot.
#include <algorithm>
#include <utility>

#include "daemon/router.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

// More than a house ever has prefixes at a time.
constexpr std::size_t kMostCounters = 64;

}  // namespace

// What remains of each lifetime, as exactly as it will be known after a reboot.
void Router::keep_everything() {
  durable_ = offered_ = state_;
  out_.store = state_;
  out_.durable = true;
}

void Router::offer_state(Instant now) {
  // Most events change nothing that is kept: a solicitation must not cost a copy of everything.
  const auto keep = [&](auto& all, const std::string& lan, auto records, const auto& same) {
    if (records.empty() && !all.contains(lan)) return;
    auto& kept = all[lan];
    if (std::equal(records.begin(), records.end(), kept.begin(), kept.end(), same)) return;
    kept = std::move(records);
    keep_ = true;
  };
  for (const auto& lan : lans_) {
    if (!lan->advertised_changed()) continue;
    const std::string& name = lan->config().name;
    keep(state_.advertised, name, lan->advertiser().advertised(), [](const auto& a, const auto& b) {
      return a.prefix == b.prefix && a.on_link == b.on_link && a.autonomous == b.autonomous;
    });
    keep(state_.advertised_options, name, lan->advertiser().advertised_options(),
         [](const auto& a, const auto& b) { return a.withdrawal == b.withdrawal; });
  }
  if (!keep_) return;
  keep_ = false;
  forget_strangers(now);
  for (const auto& uplink : uplinks_) {
    const dhcp6::Lease& lease = uplink->lease();
    const bool nothing = lease.empty() && !lease.only_information() && lease.servers.all().empty();
    if (nothing || !uplink->lease_is_learnt())
      state_.leases.erase(uplink->config().name);
    else
      state_.leases[uplink->config().name] = lease;
  }
  state_.relayed = relay_.delegations();
  state_.mappings = pcp_.mappings();
  state_.pcp_epoch = pcp_.epoch();
  state_.pcp_externals = pcp_.externals();
  if (kernel_) remember_addresses();
  if (state_.worth_writing(durable_, now)) {
    durable_ = state_;
    out_.durable = true;
  }
  if (out_.durable || state_.differs(offered_)) {
    offered_ = state_;
    out_.store = state_;
  }
}

// What was kept for networks that are configured no more, or of prefixes that are gone, must not grow for ever.
void Router::forget_strangers(Instant now) {
  const auto configured = [](const auto& all, const auto& is_it) {
    return std::any_of(all.begin(), all.end(), is_it);
  };
  std::erase_if(state_.advertised, [&](const auto& entry) {
    return !configured(config_.lans, [&](const auto& lan) { return lan.name == entry.first; });
  });
  // By then the providers have spoken.
  if (state_.dad_counters.size() <= kMostCounters || now < started_ + minutes(10)) return;
  // Addresses of prefixes that nobody delegates any more may meet their old neighbours again.
  std::erase_if(state_.dad_counters, [&](const auto& entry) {
    return !configured(desired_.addresses, [&](const KernelAddress& address) {
      return entry.first == cat(address.interface, ' ', address.link_prefix());
    });
  });
}

// Those that are wanted, and those that are still there and ours to remove.
void Router::remember_addresses() {
  state_.addresses = desired_.addresses;
  for (const KernelAddress& there : kernel_->addresses) {
    const bool wanted = std::any_of(
        desired_.addresses.begin(), desired_.addresses.end(), [&](const KernelAddress& want) {
          return want.interface == there.interface && want.address == there.address;
        });
    if (!there.ours || wanted) continue;
    KernelAddress known = there;
    known.tentative = known.dad_failed = false;
    state_.addresses.push_back(known);
  }
}

}  // namespace sixgate::daemon
