// SPDX-License-Identifier: Apache-2.0
// What of the stored state is worth writing. Its text is written in stored_state_write.cc and read in
// stored_state_read.cc.
#include "daemon/stored_state.h"

#include <algorithm>
#include <tuple>

namespace sixgate::daemon {
namespace {

// The state without its times, which pass by themselves.
StoredState without_times(StoredState state) {
  for (auto& [name, lease] : state.leases) {
    for (dhcp6::LeasedAddress& a : lease.addresses) a.preferred_until = a.valid_until = Instant();
    for (dhcp6::LeasedPrefix& p : lease.prefixes) p.preferred_until = p.valid_until = Instant();
    lease.renew_at = lease.rebind_at = Instant();
    lease.verified = false;
  }
  for (auto& [name, records] : state.advertised) {
    for (ra::AdvertisedRecord& record : records) record.host_valid_until = Instant();
  }
  for (auto& [name, records] : state.advertised_options) {
    for (ra::AdvertisedOption& record : records) record.host_valid_until = Instant();
  }
  for (dhcp6::RelayedDelegation& one : state.relayed) one.valid_until = Instant();
  state.mappings.clear();
  state.pcp_epoch.reset();
  state.pcp_externals.clear();
  state.flow_timeouts.clear();
  state.tcp_let_in = false;
  for (auto& [name, shared] : state.shared) {
    shared.preferred_until = shared.valid_until = Instant();
    shared.ends.reset();
    for (SharedPrefix::Further& one : shared.further)
      one.preferred_until = one.valid_until = Instant();
  }
  for (KernelAddress& a : state.addresses) a.preferred_until = a.valid_until = Instant();
  std::sort(state.addresses.begin(), state.addresses.end(),
            [](const KernelAddress& a, const KernelAddress& b) {
              return std::tie(a.interface, a.address) < std::tie(b.interface, b.address);
            });
  return state;
}

// Until when anything leased is valid.
Instant latest_end(const StoredState& state) {
  Instant end;
  for (const auto& [name, lease] : state.leases) {
    for (const dhcp6::LeasedAddress& a : lease.addresses) end = std::max(end, a.valid_until);
    for (const dhcp6::LeasedPrefix& p : lease.prefixes) end = std::max(end, p.valid_until);
  }
  return end;
}

}  // namespace

bool StoredState::differs(const StoredState& kept) const {
  const auto comparable = [](StoredState state) {
    for (auto& [name, records] : state.advertised) {
      for (ra::AdvertisedRecord& record : records) record.host_valid_until = Instant();
    }
    for (auto& [name, records] : state.advertised_options) {
      for (ra::AdvertisedOption& record : records) record.host_valid_until = Instant();
    }
    return state;
  };
  return comparable(*this) != comparable(kept);
}

bool StoredState::worth_writing(const StoredState& written, Instant now) const {
  if (without_times(*this) != without_times(written)) return true;
  // Renewals move only times. What is stored may lag, but must not come to tell less than a third of the
  // truth; leases under half an hour are too short to outlive a reboot usefully.
  const auto lags = [now](Instant end, Instant written_end) {
    const Duration truth = end - now;
    const Duration told = std::max(written_end - now, Duration{});
    return truth >= minutes(30) && told < truth / 3;
  };
  // Without their times they are the same ones, in the same order.
  for (std::size_t i = 0; i < relayed.size(); ++i) {
    if (lags(relayed[i].valid_until, written.relayed[i].valid_until)) return true;
  }
  return lags(latest_end(*this), latest_end(written));
}

}  // namespace sixgate::daemon
