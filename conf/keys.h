// SPDX-License-Identifier: Apache-2.0
// Every key of the configuration, one row each: its name, what it is for, how it is read and written. The
// reader, the list of known keys in messages, describe() and the commented example all come from here.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/config.h"
#include "conf/key_values.h"
#include "conf/value.h"

namespace sixgate::conf {

template <class Section>
struct Key {
  std::string_view name;
  std::string_view about;  // lines for the example
  void (*read)(const Value&, Section&, Complaints&);
  std::string (*write)(const Section&);  // the value as TOML
};

// The keys of a section whose parts stand in files of their own.
template <class Section, class... More>
std::vector<Key<Section>> joined(std::span<const Key<Section>> first, const More&... more) {
  std::vector<Key<Section>> keys(first.begin(), first.end());
  (keys.insert(keys.end(), more.begin(), more.end()), ...);
  return keys;
}

std::span<const Key<Config>> global_keys();
std::span<const Key<UlaConfig>> ula_keys();
std::span<const Key<FirewallConfig>> firewall_keys();
std::span<const Key<UplinkConfig>> uplink_keys();
std::span<const Key<LanConfig>> lan_keys();
std::span<const Key<LanConfig>>
advertising_keys();  // those of lan_keys() that speak of advertisements
std::span<const Key<LanConfig>> served_lan_keys();  // those that speak of DHCPv6 options
std::span<const Key<LanConfig>> relay_keys();       // those that speak of another DHCPv6 server
// Those of uplink_keys() and lan_keys() that speak of a shared /64.
std::span<const Key<UplinkConfig>> sharing_uplink_keys();
std::span<const Key<LanConfig>> sharing_lan_keys();
std::span<const Key<ReservationConfig>> reservation_keys();
std::span<const Key<ReservationConfig>> served_reservation_keys();
std::span<const Key<PinholeConfig>> pinhole_keys();
std::span<const Key<KnockConfig>> knock_keys();

// The one key of uplinks and LANs that has no default.
inline constexpr std::string_view kInterfaceKey = "interface";

}  // namespace sixgate::conf
