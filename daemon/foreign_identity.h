// SPDX-License-Identifier: Apache-2.0
// ForeignIdentity: who another DHCPv6 client was to the provider, read from what it left on the medium. A
// router that changes to sixgate with the same DUID and IAIDs keeps its prefix (RFC 9096 section 3.2).
//
// The readers are total: any octets give a list, empty when there is nothing in them. Files of a router are
// not hostile, but they are torn, old, and written by programs of other versions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/stored_state.h"
#include "dhcp6/duid.h"
#include "net/mac_address.h"
#include "net/prefix.h"
#include "net/time.h"

namespace sixgate::daemon {

// What a server had given; an address is the prefix of 128 bits that it is.
struct ForeignLease {
  bool delegated = false;
  std::uint32_t iaid = 0;
  Prefix prefix{};
  Lifetime preferred{};
  Lifetime valid{};
  std::optional<std::int64_t> since{};  // seconds since 1970; none: the file does not say
  bool operator==(const ForeignLease&) const = default;
};

struct ForeignIdentity {
  std::string interface;  // empty: the file does not say
  std::optional<dhcp6::Duid> duid;
  std::optional<dhcp6::Duid> server;
  std::optional<std::uint32_t> address_iaid;     // of the IA_NA
  std::optional<std::uint32_t> delegation_iaid;  // of the first IA_PD
  std::vector<ForeignLease> leases;
  std::vector<std::string> remarks;  // what a person should know of how this was found
  bool operator==(const ForeignIdentity&) const = default;
};

using ForeignIdentities = std::vector<ForeignIdentity>;

// More than any router has; the rest of a file is not looked at.
inline constexpr std::size_t kMaxForeignIdentities = 64;
inline constexpr std::size_t kMaxForeignLeases = 64;

// ISC dhclient: dhclient6.leases. One for each interface; the last declaration of an interface counts, and a
// released one only for its IAIDs.
ForeignIdentities read_dhclient_leases(std::string_view text);

// dhcpcd: /var/lib/dhcpcd/duid (text), INTERFACE.lease6 (the server's last Reply as it came), dhcpcd.conf.
std::optional<dhcp6::Duid> read_dhcpcd_duid(std::string_view text);
std::optional<ForeignIdentity> read_dhcpcd_lease(std::span<const std::uint8_t> reply);
// What the configuration says of one interface; where it is silent dhcpcd's IAID is the end of the MAC address.
ForeignIdentity read_dhcpcd_configuration(std::string_view text, std::string_view interface,
                                          const std::optional<MacAddress>& mac);

// wide-dhcpv6: dhcp6c_duid (a length in the machine's byte order, then the DUID) and dhcp6c.conf.
std::optional<dhcp6::Duid> read_wide_duid(std::span<const std::uint8_t> octets);
ForeignIdentities read_wide_configuration(std::string_view text);

// systemd-networkd: /run/systemd/netif/links/INDEX, which has both; or else computed as networkd does from
// the machine's id and the interface's persistent name (or MAC address).
std::optional<ForeignIdentity> read_networkd_link(std::string_view text);
ForeignIdentity compute_networkd_identity(std::span<const std::uint8_t, 16> machine_id,
                                          std::string_view persistent_name,
                                          const std::optional<MacAddress>& mac);
// /etc/machine-id: 32 hexadecimal digits.
std::optional<std::array<std::uint8_t, 16>> read_machine_id(std::string_view text);
// The persistent name in udev's record of a device, /run/udev/data/nINDEX; empty when it has none.
std::string read_udev_persistent_name(std::string_view text);

// odhcp6c keeps nothing; OpenWrt's /etc/config/network says how netifd starts it. One for each interface with
// proto dhcpv6. Without a DUID there: odhcp6c uses a DUID-LL, which the caller makes of the MAC address.
ForeignIdentities read_openwrt_network(std::string_view text);
// The IAID of odhcp6c's IA_NA.
std::uint32_t odhcp6c_address_iaid(std::string_view interface);

// How much of a lease is left. `now` and `since` are of a wall clock, which may have jumped: what would have
// been given in the future counts from now.
Lifetime left_of(Lifetime lifetime, std::int64_t since, std::int64_t now);

// Makes the identity that of an uplink: the DUID (of all uplinks), the IAID of the prefixes, and what is left of
// the leases, which are then to be confirmed by the server at the start. An address under another IAID is not
// taken along: the server gives another one. `wall` is what `now` is on the wall clock.
void adopt(StoredState& state, const std::string& uplink, const ForeignIdentity& identity,
           Instant now, std::int64_t wall);

}  // namespace sixgate::daemon
