// SPDX-License-Identifier: Apache-2.0
// DesiredState: everything that should be true of the kernel and the LANs, derived by one pure function
// from what is known. Start, reload, renumbering, netlink overrun, somebody deleting our address and
// recovery after kill -9 are all: dump, derive, diff, apply.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conf/config.h"
#include "daemon/kernel_state.h"
#include "daemon/known_hosts.h"
#include "daemon/pinholes.h"
#include "daemon/services.h"
#include "delegation/carve.h"
#include "delegation/pool.h"
#include "dhcp6/client.h"
#include "dhcp6/server.h"
#include "firewall/ruleset.h"
#include "pcp/server.h"
#include "ra/advertiser.h"
#include "ra/proxy_table.h"
#include "ra/router_listener.h"

namespace sixgate::daemon {

// What is known of one uplink.
struct UplinkView {
  const conf::UplinkConfig* config = nullptr;
  const LinkState* link = nullptr;  // none: the interface is absent
  const ra::Heard* heard = nullptr;
  const dhcp6::Lease* lease = nullptr;
  bool held = false;  // its link went away a moment ago, which nobody need know yet
  bool dead = false;  // without a way out, while another uplink has one
  // Addresses and routes of an earlier run, kept until the uplink has spoken or a bounded wait is over:
  // unconfirmed is not unwanted.
  std::vector<KernelAddress> inherited_addresses;
  std::vector<KernelRoute> inherited_routes;
  // The addresses that autonomous prefixes give this interface, made by the caller (RFC 7217).
  std::vector<std::pair<Prefix, Ip6Address>> slaac;
  bool registers = false;  // a server here is told of our own addresses (RFC 9686)
};

// One prefix of one LAN.
struct LanPrefix {
  Prefix prefix;       // on link: a /64, or longer (ip6assign)
  Ip6Address address;  // ours in it
  std::string origin;  // uplink name or "ula"
  delegation::Standing standing = delegation::Standing::kLive;
  Instant preferred_until;
  Instant valid_until;
  bool shared = false;  // with other links (RFC 7278)
  // The route to all of it lies here; of a shared one elsewhere, and here hosts have routes of their own.
  bool on_link = true;
  // Nothing is forwarded from it yet: those who could make a loop are told first (RFC 4389 section 6).
  bool waits = false;

  bool operator==(const LanPrefix&) const = default;
};

// What a LAN's own prefix is on the Internet (RFC 6296).
struct LanTranslation {
  std::string uplink;     // its name
  std::string interface;  // of the uplink
  Prefix internal;
  Prefix external;
  Instant valid_until;
  bool begins = true;  // as firewall::FirewallTranslation has it
  bool operator==(const LanTranslation&) const = default;
};

struct LanView {
  const conf::LanConfig* config = nullptr;
  const LinkState* link = nullptr;
  std::vector<LanPrefix> prefixes;
  std::vector<LanTranslation> translations;
  // Prefixes withdrawn while hosts may still use them.
  std::vector<Prefix> withdrawn;
  const KnownHosts* hosts = nullptr;
};

// A /64 that several links share, and where its hosts are.
struct SharedLinks {
  Prefix prefix;
  std::string uplink;       // whose it is
  bool advertised = false;  // on the uplink's link, which is one of them
  Instant valid_until;
  std::vector<ra::ProxiedHost> hosts;  // by interface
};

struct House {
  const conf::Config* config = nullptr;
  std::vector<UplinkView> uplinks;
  std::vector<LanView> lans;
  std::vector<delegation::Delegation> delegations;
  std::vector<delegation::Assignment> assignments;  // all blocks of LANs in them
  // What routers behind the LANs have of them.
  std::vector<dhcp6::DelegatedPrefix> subdelegations;
  LearntHosts learnt_hosts;            // of the pinholes
  std::vector<pcp::Mapping> mappings;  // that programs asked for
  std::vector<SharedLinks> shared;
  // Every uplink has said what it delegates, or was waited for long enough.
  bool settled = true;
};

struct DesiredState {
  std::vector<KernelAddress> addresses;
  std::vector<KernelRoute> routes;
  std::vector<KernelRule> rules;
  std::vector<KernelKnock> knocks;
  std::vector<KernelKnockPolicy> knock_policies;
  std::map<std::string, std::string> sysctls;
  std::map<std::string, std::string>
      forwarding;  // sysctls that may only be set behind the firewall
  firewall::Ruleset ruleset;
  std::vector<PlacedPinhole> pinholes;  // what of them is in no LAN's prefix is not in the ruleset
  // What all uplinks together tell, the one of the lowest metric first: for every LAN that says nothing else.
  Services services;
  std::map<std::string, ra::Advertisement> advertisements;  // LAN name ->
  std::vector<dhcp6::ServerLink> dhcp6_links;               // what is served on each LAN
  std::vector<pcp::Link> pcp_links;                         // LANs whose programs may ask

  bool operator==(const DesiredState&) const = default;
};

DesiredState derive(const House& house, Instant now);

// The rules that may stand while nobody looks after them: without the doors that programs asked for, whose time would
// not end (RFC 6887 section 15).
firewall::Ruleset lasting_rules(const DesiredState& desired);

// As the routing prefers them: those that are not dead, the one of the lowest metric first.
std::vector<const UplinkView*> best_first(const House& house);

// Every sysctl that derive() may ask for on this configuration: what daemon/io reads in a dump.
std::vector<std::string> watched_sysctls(const conf::Config& config);

// Devices below an uplink that are nobody's uplink or LAN.
std::vector<std::string> unguarded_carriers(const conf::Config& config, const LinkState& link);

}  // namespace sixgate::daemon
