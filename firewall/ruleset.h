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

#include "net/mac_address.h"
#include "net/prefix.h"

namespace sixgate::firewall {

enum class Backend : std::uint8_t { kNft, kIp6tables, kNone };
std::string_view to_string(Backend backend);  // "nft", "ip6tables", "none"

enum class Zone : std::uint8_t {
  kProtected,  // only what the inside started, and what RFC 6092 never blocks
  kExposed,    // everything in; the hosts fend for themselves, and cannot reach protected ones
  kIsolated,   // closed from outside like a protected one; has the Internet, and no other LAN
  kClosed,     // nothing to or from the Internet, and nothing started from here to another LAN
};
std::string_view to_string(Zone zone);  // "protected", "exposed", "isolated", "closed"
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
  // May be a source on this LAN: assigned, and ULA.
  std::vector<Prefix> local;
  // Interfaces of the LANs that its hosts may open connections to; none: as the zone has it.
  std::optional<std::vector<std::string>> reaches = std::nullopt;
  // Where one of its hosts has sent something from, anybody may send to (endpoint-independent filtering, RFC 6092 REC-11,
  // REC-17, REC-33).
  bool any_endpoint = false;
  // Parts of assigned that a router behind this LAN has, and for which the zone does not say what the Internet may open:
  // everything, for that router guards them or nobody does; and what a protected LAN lets in, no more.
  std::vector<Prefix> open{};
  std::vector<Prefix> shut{};
  // Was local, and was invalidated while hosts may hold it: they are told by code 5 (RFC 7084 L-14). Whoever else sends
  // from where he is not is told nothing, for it would come to whoever is there.
  std::vector<Prefix> withdrawn{};
  // Its programs may ask us for pinholes (RFC 6887).
  bool pcp = false;
  friend auto operator<=>(const FirewallLan&, const FirewallLan&) = default;
};

// A host that anybody, or somebody, on the Internet may open connections to.
struct FirewallPinhole {
  std::string interface;  // of its LAN
  Ip6Address host;
  std::uint8_t protocol = 6;     // as IANA numbers them
  std::uint16_t first_port = 0;  // of TCP and UDP alone
  std::uint16_t last_port = 65535;
  Prefix source;  // from where; ::/0: from everywhere
  friend auto operator<=>(const FirewallPinhole&, const FirewallPinhole&) = default;
  bool has_ports() const { return protocol == 6 || protocol == 17; }
};

// Who may answer our DHCPv6 relay agent, and where.
struct FirewallServer {
  std::string interface;
  Prefix source;
  friend auto operator<=>(const FirewallServer&, const FirewallServer&) = default;
};

// What a remote machine's IPsec AH has proven: packets that the kernel took out of such a tunnel carry the mark.
struct FirewallKnock {
  std::string interface;  // the LAN whose hosts it may open connections to
  std::uint32_t mark = 0;
  friend auto operator<=>(const FirewallKnock&, const FirewallKnock&) = default;
};

// An address of ours on an uplink that a DHCPv6 server is told of (RFC 9686): its answer comes to that very address.
struct FirewallRegistration {
  std::string interface;
  Ip6Address address;
  friend auto operator<=>(const FirewallRegistration&, const FirewallRegistration&) = default;
};

// NPTv6 (RFC 6296): hosts with an internal prefix are on the Internet with another, external one of the same length, and
// keep the rest of their address. The kernel's table of connections does it, so that rules see internal addresses on both
// ways and know what is an answer; checksums are corrected in the packet, and need no neutral address (section 3.1).
struct FirewallTranslation {
  std::string uplink;     // interface whose link knows the external prefix
  std::string interface;  // of the LAN that has the internal one, which is among its assigned
  Prefix internal;
  Prefix external;
  // What the inside begins there gets it. Of several for one uplink and internal prefix it is one; the others are for
  // what has begun, while the delegation they are from is running out.
  bool begins = true;
  friend auto operator<=>(const FirewallTranslation&, const FirewallTranslation&) = default;
};

// A router behind a LAN whose delegated prefix is used by its station alone: no other is a source there (RFC 9663 section
// 5, RFC 8987 R-3), and what this one sends to it is not given back to it, to go round for ever.
struct FirewallStation {
  std::string interface;  // of the LAN, among whose local the prefix is
  Prefix prefix;
  MacAddress station;
  friend auto operator<=>(const FirewallStation&, const FirewallStation&) = default;
};

struct Ruleset {
  std::vector<FirewallUplink> uplinks;
  std::vector<FirewallLan> lans;
  std::vector<FirewallServer> servers;
  std::vector<FirewallRegistration> registrations{};
  std::vector<Prefix> delegated;  // whole delegations, whether given to a LAN or not, and our ULA
  std::vector<Prefix> excluded;   // parts of them that lie on the WAN link (RFC 6603)
  std::vector<FirewallPinhole> pinholes;
  std::vector<FirewallKnock> knocks;
  std::vector<FirewallTranslation> translations{};
  // An uplink is to translate, and has a prefix for it now and then: what that needs is there all the time.
  bool translating = false;
  std::vector<FirewallStation> stations{};
  // RFC 7084 G-3: while false nothing crosses between LAN and WAN. LANs talk to each other and to
  // us.
  bool provisioned = false;
  // Bits for the mark of what passes, which rules of others may look at after ours (nft alone); 0: none.
  std::uint32_t accept_mark = 0;
  // TCP from guarded LANs that begins in its middle is reset: something that was let in is no more, and is not to come
  // back by what its host goes on to send (nf_conntrack_tcp_loose). False: what the inside had begun before the router was
  // started anew, or before somebody emptied its table of connections, goes on (RFC 6092 REC-32).
  bool refuse_middles = false;
  // How many packets that came from outside and were refused are logged in a second, at most; 0: none.
  std::uint32_t log_rate = 0;
  // Of the backend in use, as firewall/user_rules.h has them; empty: none.
  std::string user_rules{};
  bool operator==(const Ruleset&) const = default;
};

// The same policy in one form only: sorted, without duplicates, without a prefix that lies inside
// another of its list; an interface named twice keeps the first zone and the prefixes of both; an
// uplink is not also a LAN; nothing that is assigned lacks in local, and nothing is assigned to a closed
// LAN; what is open is assigned to a guarded LAN, and what is shut to an exposed one; nothing
// withdrawn is local; what is excluded is cut out of delegated, and excluded is empty; pinholes are for hosts in what is
// assigned and do not overlap; knocks are for LANs that have something assigned; no server is where neither an
// uplink nor a LAN is, and no registration where no uplink is; translations are sorted and between prefixes of
// one length; stations are those of a LAN's local prefixes, and of none that lies in another's. Renderers do this
// themselves.
Ruleset normalise(Ruleset ruleset);

// What normalise() makes of them.
std::vector<FirewallTranslation> normalised(std::vector<FirewallTranslation> translations);

// Whether something is translated, or may be at the next change.
bool translates(const Ruleset& ruleset);

// Whether hosts of one LAN may open connections to those of another: as configured, else the protected to
// all and the exposed to the exposed. What lies behind another router of the same LAN is no other LAN.
bool reaches(const FirewallLan& from, const FirewallLan& to);

// Whether the rules stand between the Internet and its hosts, which may use it.
bool is_guarded(Zone zone);

// Whether the Internet may open anything to this address, which is assigned to it (of a normalised LAN).
bool is_exposed(const FirewallLan& lan, const Ip6Address& address);

// Whether what its hosts send opens the address and port that it was sent from: of guarded LANs alone.
bool opens_endpoints(const FirewallLan& lan);
// Whether it is an uplink or a LAN of these rules.
bool has_interface(const Ruleset& ruleset, std::string_view interface);

// A name the kernel takes for an interface: 1..15 octets, no space, no '/', not "." or "..".
// Renderers leave out what is not, so that no text of ours can carry a foreign word.
bool is_interface_name(std::string_view name);

}  // namespace sixgate::firewall
