// SPDX-License-Identifier: Apache-2.0
// What survives a restart, a crash and a reboot: identity, leases, which /64 belongs to which LAN, and what
// hosts were told. A value and its text; daemon/io writes the text atomically.
//
// Instants are stored as what remains of them beside the clock reading they belong to: within one boot they
// are exact, after a reboot (the clock starts again, and a home router often has no other) what remained is
// counted from the start.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/kernel_state.h"
#include "daemon/shared_prefix.h"
#include "delegation/carve.h"
#include "dhcp6/client.h"
#include "dhcp6/relayed_delegations.h"
#include "net/expected.h"
#include "net/prefix.h"
#include "net/time.h"
#include "pcp/mapping.h"
#include "ra/advertiser.h"

namespace sixgate::daemon {

// How far the sender of an IPsec knock had come, for when the kernel has forgotten it (RFC 4302 section 3.4.3).
struct StoredKnock {
  Ip6Address address;  // ours
  std::uint32_t spi = 0;
  std::array<std::uint8_t, 8>
      key{};                   // which one: of a hash, and nothing that would serve to guess it
  std::uint32_t sequence = 0;  // the highest seen
  bool operator==(const StoredKnock&) const = default;
};

struct StoredState {
  std::optional<dhcp6::Duid> duid;
  std::array<std::uint8_t, 32> secret{};       // of RFC 7217 identifiers; all zero: not made yet
  std::optional<Prefix> unique_local;          // the generated ULA /48 (RFC 4193 section 3.2)
  std::map<std::string, std::uint32_t> iaids;  // uplink name -> its first IAID
  std::map<std::string, dhcp6::Lease> leases;  // uplink name ->
  delegation::CarveMemory carve;
  std::map<std::string, std::vector<ra::AdvertisedRecord>> advertised;  // LAN name ->
  std::map<std::string, std::vector<ra::AdvertisedOption>>
      advertised_options;                        // the same LAN name ->
  std::map<std::string, unsigned> dad_counters;  // interface and prefix -> RFC 7217 DAD_Counter
  std::map<std::string, SharedPrefix> shared;    // uplink name -> ; for which LANs is not kept
  std::vector<KernelAddress> addresses;          // ours, for kernels without IFA_PROTO
  // What another server gave to routers behind our LANs (RFC 8987 S-1).
  std::vector<dhcp6::RelayedDelegation> relayed;
  // The epochs of the DHCPv6 server's runs are below it: for the day its journal is lost. Some in advance, for the sake
  // of flash.
  std::uint32_t lease_epochs = 0;
  std::vector<StoredKnock> knocks;  // the one that changed last is the last

  // Doors that programs asked for, since when none was lost, and by what addresses they are known outside. Not kept over a reboot, which ends what came in by them.
  std::vector<pcp::Mapping> mappings;
  std::optional<Instant> pcp_epoch;
  pcp::Externals pcp_externals;
  // Some run of this boot let TCP in from outside: the next one, which may not, looks after what is open. Nor this.
  bool tcp_let_in = false;
  // What the kernel's timeouts of flows were before we raised them, by their sysctl. Nor this.
  std::map<std::string, std::string> flow_timeouts;

  bool operator==(const StoredState&) const = default;

  // Anything but the times that every Router Advertisement moves.
  bool differs(const StoredState& kept) const;
  // True when the difference from `written` is worth a write to flash: another set of things, or stored
  // lifetimes that have come to tell much less than the true ones.
  bool worth_writing(const StoredState& written, Instant now) const;
};

// `boot_id` tells one run of the clock from another.
std::string serialise(const StoredState& state, Instant now, std::string_view boot_id);

// Whether `text` was written in the boot of `boot_id`, so that its instants are of the present clock.
bool is_of_boot(std::string_view text, std::string_view boot_id);

// Reads what serialise() wrote. A damaged file (its checksum differs) or one of a newer version is an error
// that says so; the caller goes on without.
Expected<StoredState> parse_stored_state(std::string_view text, Instant now,
                                         std::string_view boot_id);

}  // namespace sixgate::daemon
