// SPDX-License-Identifier: Apache-2.0
// What `sixgate status` shows: one value, taken at one moment, and its JSON (schema 1, stable: fields may
// be added, none changes its meaning).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/services.h"
#include "firewall/counted.h"
#include "net/ip6_address.h"
#include "net/mac_address.h"
#include "net/prefix.h"
#include "net/time.h"

namespace sixgate::daemon {

struct StatusPrefix {
  Prefix prefix;
  std::string standing;  // "live", "deprecated", "withdrawn"
  std::string origin;    // uplink or "ula"
  Lifetime preferred;
  Lifetime valid;
  std::optional<Ip6Address> address;  // ours in it, on a LAN
  std::string routed;  // of a delegation: "yes", "no", "unknown", or empty when nobody looks
};

struct StatusRouter {
  Ip6Address address;
  std::string preference;
  Lifetime lifetime;
  bool silent = false;  // it does not answer
};

// A server that was asked what it has (dhcp6/server_profile.h).
struct StatusServer {
  std::string duid;
  std::vector<unsigned> lengths;  // of the prefixes it offers
  std::string hints;              // "ignored", "followed", "exact", "unknown"
  std::string together;           // an address and a prefix in one session: "yes", "no", "unknown"
  bool fails_on_several = false;
  bool leaves_times = false;
  std::string rapid_commit;  // "yes", "no", "unknown"
  bool fails_on_rapid_commit = false;
  bool fails_on_name = false;
};

// A host of a shared /64, found where it answers.
struct StatusProxiedHost {
  Ip6Address address;
  std::string interface;
  std::optional<MacAddress> mac;
  bool fixed = false;
  Lifetime seen_ago;
};

// A link that may take no part, and for how long.
struct StatusSharingBlock {
  std::string interface;
  std::string why;
  Lifetime left;
};

// One /64 for several links (RFC 7278), or why there is none.
struct StatusSharing {
  std::optional<Prefix> prefix;  // none: nothing is shared
  std::string why;
  std::vector<std::string> lans;
  Lifetime preferred;
  Lifetime valid;
  std::vector<StatusProxiedHost> hosts;
  std::map<std::string, std::size_t> hosts_of;  // interface ->
  std::size_t most_hosts = 0;                   // of one link
  std::vector<StatusSharingBlock> blocked;
  std::map<std::string, std::uint64_t> counters;
};

struct StatusUplink {
  std::string name;
  std::string interface;
  bool present = false;
  bool ready = false;
  std::string mode;    // as configured
  std::string client;  // the DHCPv6 client's state
  std::string server;  // DUID of the bound server, or empty
  std::optional<Lifetime> renew_in;
  std::optional<Lifetime> rebind_in;
  std::optional<Lifetime> probe_in;  // until it is looked for a wider prefix
  std::vector<StatusServer> servers;
  bool managed = false;  // the M and O flags last heard
  bool other = false;
  std::vector<StatusPrefix> addresses;  // prefix of length 128 for IA_NA, 64 for SLAAC
  std::vector<Ip6Address> registered;   // of these, what the server knows of (RFC 9686)
  std::vector<StatusPrefix> delegations;
  std::vector<StatusRouter> routers;
  std::optional<StatusSharing> sharing;  // none: there is nothing to be said of it
  Services services;
  std::map<std::string, std::uint64_t> counters;  // received, sent and dropped by reason
};

// A field of the next Router Advertisement, and why it is not what the configuration says.
struct StatusField {
  std::string name;
  std::string value;
  std::string why;  // empty: as configured
};

// Another router on a LAN of ours.
struct StatusForeignRouter {
  Ip6Address address;
  std::string says;
  Lifetime heard_ago;
  std::uint64_t advertisements = 0;
  std::vector<std::string> differences;  // RFC 4861 section 6.2.7
};

// What another server gave to a router behind a LAN.
struct StatusRelayed {
  Prefix prefix;
  std::string client;  // DUID
  Ip6Address next_hop;
  Lifetime valid;
};

// Of a LAN that another server serves.
struct StatusRelay {
  std::vector<std::string> servers;  // as configured
  std::optional<Ip6Address> link_address;
  std::vector<StatusRelayed> delegations;
};

// Another DHCPv6 server there.
struct StatusForeignServer {
  std::string duid;
  std::optional<Ip6Address> address;  // none: known only by what clients say
  std::string says;
  Lifetime heard_ago;
  std::uint64_t answers = 0;
  std::uint64_t chosen = 0;  // Requests of clients to it
};

// A host on a LAN, known without having been asked.
struct StatusHost {
  MacAddress mac;    // zero: known by a lease alone, which does not tell it
  std::string name;  // as the DHCPv6 server knows it
  struct Address {
    Ip6Address address;
    // "link-local"; "slaac": made from the MAC address; "privacy": of its own making otherwise; "dhcpv6": leased;
    // "registered": told by RFC 9686; "other": in no prefix of the LAN.
    std::string origin;
    bool reachable = false;  // it answered within the last seconds
    Lifetime seen_ago;       // infinite: never seen, only leased
    bool proxied = false;    // in a shared /64: the other links find it through us
  };
  std::vector<Address> addresses;
  std::vector<Prefix> delegated;
  Lifetime seen_ago;
  bool router = false;
};

// A door that a program asked for.
struct StatusMapping {
  Ip6Address host;
  std::uint8_t protocol = 6;
  std::uint16_t port = 0;  // 0: of a protocol without ports
  std::vector<Prefix> sources;
  Lifetime remaining;
};

// A pinhole of the configuration, and where its host is at the moment.
struct StatusPinhole {
  std::string host;                   // as it is configured
  std::string lan;                    // empty: on every LAN
  std::string protocols;              // "tcp+udp"
  std::vector<std::string> ports;     // "22", "8000-8010"; none: all
  std::vector<Prefix> sources;        // none: from everywhere
  std::vector<Ip6Address> addresses;  // where it is open; none: nowhere
};

// What a LAN's own prefix is on the Internet (NPTv6).
struct StatusTranslation {
  std::string uplink;  // its interface
  Prefix internal;
  Prefix external;
  bool begins = true;  // false: only for what has begun
};

struct StatusLan {
  std::string name;
  std::string interface;
  bool present = false;
  bool ready = false;
  std::string zone;
  std::string addressing;
  bool managed = false;
  bool other = false;
  Lifetime router_lifetime;
  std::string router_lifetime_reason;  // why it is zero; empty when it is not
  std::vector<StatusPrefix> prefixes;
  std::string no_prefix_reason;  // why there is no global prefix; empty: there is one
  std::string no_slaac_reason;   // why hosts make no addresses of their own; empty: they may
  std::vector<Ip6Address> dns_servers;
  std::optional<Lifetime> next_ra_in;  // when the next multicast is due
  std::string next_ra_why;             // then
  std::vector<StatusField> next_ra;
  std::vector<StatusForeignRouter> foreign_routers;
  std::optional<StatusRelay> relay;
  std::vector<StatusForeignServer> foreign_servers;
  std::vector<StatusHost> hosts;
  std::vector<StatusMapping> mappings;
  std::vector<StatusTranslation> translations;
  std::map<std::string, std::uint64_t> counters;
};

// The IPsec knock, if it is configured.
struct StatusKnock {
  struct Tunnel {
    Ip6Address address;
    Prefix inner;
    bool in_place = false;
  };
  std::uint32_t spi = 0;
  std::string algorithm;
  std::vector<Tunnel> tunnels;
};

struct Status {
  std::string version;
  std::string duid;
  std::optional<Prefix> unique_local;
  std::vector<StatusUplink> uplinks;
  std::vector<StatusLan> lans;
  std::string firewall_backend;
  bool firewall_applied = false;
  firewall::Counts firewall_counts;
  bool provisioned = false;
  std::vector<StatusPinhole> pinholes;
  std::optional<StatusKnock> knock;
  std::vector<std::string> problems;  // what a person should know, loudest first
};

std::string to_json(const Status& status);

}  // namespace sixgate::daemon
