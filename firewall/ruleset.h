// SPDX-License-Identifier: Apache-2.0
// Ruleset: what the firewall is to hold, as one value without a backend's syntax. The daemon
// derives it from configuration and delegations; nft.h and ip6tables.h say it in the kernel's
// languages.
//
// The value holds only what changes: whose interfaces, which prefixes. What every home needs alike
// (the policy of RFC 6092, RFC 4890, RFC 7084 section 4.5) is written once in each renderer.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/prefix.h"

namespace sixgate::firewall {

enum class Backend : std::uint8_t { kNft, kIp6tables, kNone };
std::string_view to_string(Backend backend);  // "nft", "ip6tables", "none"

enum class Zone : std::uint8_t {
  kProtected,  // only what the inside started, and what RFC 6092 never blocks
  kExposed,    // everything in; the hosts fend for themselves, and cannot reach protected ones
};
std::string_view to_string(Zone zone);  // "protected", "exposed"
std::optional<Zone> parse_zone(std::string_view text);

struct FirewallUplink {
  std::string interface;
  friend auto operator<=>(const FirewallUplink&, const FirewallUplink&) = default;
};

struct FirewallLan {
  std::string interface;
  Zone zone = Zone::kProtected;
  // May speak with the Internet: global prefixes whose delegation is still valid, deprecated ones
  // too, and what is delegated on to a router behind this LAN.
  std::vector<Prefix> assigned;
  // May be a source on this LAN: assigned, ULA, and what was invalidated while hosts may hold it
  // (such sources reach home, and draw code 5 on the way out: RFC 7084 L-14).
  std::vector<Prefix> local;
  friend auto operator<=>(const FirewallLan&, const FirewallLan&) = default;
};

// Who may answer our DHCPv6 relay agent, and where.
struct FirewallServer {
  std::string interface;
  Prefix source;
  friend auto operator<=>(const FirewallServer&, const FirewallServer&) = default;
};

struct Ruleset {
  std::vector<FirewallUplink> uplinks;
  std::vector<FirewallLan> lans;
  std::vector<FirewallServer> servers;
  std::vector<Prefix> delegated;  // whole delegations, whether given to a LAN or not
  std::vector<Prefix> excluded;   // parts of them that lie on the WAN link (RFC 6603)
  // RFC 7084 G-3: while false nothing crosses between LAN and WAN. LANs talk to each other and to
  // us.
  bool provisioned = false;
  bool operator==(const Ruleset&) const = default;
};

// The same policy in one form only: sorted, without duplicates, without a prefix that lies inside
// another of its list; an interface named twice keeps the first zone and the prefixes of both; an
// uplink is not also a LAN; nothing that is assigned lacks in local; what is excluded is cut out of
// delegated, and excluded is empty; no server is where neither an uplink nor a LAN is. Renderers do
// this themselves.
Ruleset normalise(Ruleset ruleset);

// A name the kernel takes for an interface: 1..15 octets, no space, no '/', not "." or "..".
// Renderers leave out what is not, so that no text of ours can carry a foreign word.
bool is_interface_name(std::string_view name);

}  // namespace sixgate::firewall
