// SPDX-License-Identifier: Apache-2.0
// Config: everything a person decides, as one value made of the protocol rooms' own parameter
// structs. A Config that a reader handed out has passed conf/check.h: whoever gets one does not
// look again.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/diagnostic.h"
#include "conf/knock.h"
#include "conf/lan_advertising.h"
#include "conf/lan_relay.h"
#include "conf/pinhole.h"
#include "conf/served_options.h"
#include "delegation/carve.h"
#include "delegation/interface_identifier.h"
#include "dhcp6/server_scope.h"
#include "firewall/ruleset.h"
#include "net/domain_name.h"
#include "net/ip6_address.h"
#include "net/log.h"
#include "net/prefix.h"
#include "net/time.h"

namespace sixgate::conf {

inline constexpr std::string_view kDefaultConfigFile = "/etc/sixgate/sixgate.toml";

// How hosts of a LAN get addresses: the M, O and A flags of its Router Advertisements.
enum class Addressing : std::uint8_t {
  kSlaac,           // "slaac": A
  kSlaacStateless,  // "slaac+stateless": A, O
  kSlaacDhcpv6,     // "slaac+dhcpv6": A, M, O
  kDhcpv6,          // "dhcpv6": M, O
};

// Whether the uplink asks for an address of its own by DHCPv6 (IA_NA).
enum class RequestAddress : std::uint8_t {
  kAuto,  // when a Router Advertisement says M (RFC 7084 WAA-6)
  kAlways,
  kNever,
};

// Where the prefixes of an uplink come from.
enum class UplinkMode : std::uint8_t {
  kAuto,    // DHCPv6, and what the provider's Router Advertisements say
  kStatic,  // agreed with the provider
  kNone,    // there is no IPv6 to be had: the LANs have the ULA only
};

struct InterfaceAddress {
  Ip6Address address;
  unsigned prefix_length = 64;
  std::string to_string() const;
  bool operator==(const InterfaceAddress&) const = default;
};

// How to find out whether what is delegated is really routed here.
struct RouteCheckConfig {
  enum class Mode : std::uint8_t {
    kAuto,  // ask the link's router
    kOff,
    kAddress,  // ask `target`
  };
  Mode mode = Mode::kAuto;
  Ip6Address target;
  bool operator==(const RouteCheckConfig&) const = default;
};

// Which prefix an uplink asks for, and how it goes about it.
struct PrefixRequest {
  enum class Kind : std::uint8_t {
    kAuto,    // "auto": a survey of every length from /48 to /64, then the widest
    kWishes,  // a length or a prefix; of several the widest that is to be had
    kPlain,   // true: room for the LANs (RFC 7084 WPD-2), and whatever the server gives then
    kNone,    // "none", false
  };
  Kind kind = Kind::kAuto;
  // Of kWishes: ::/56 wishes a length, 2001:db8:1::/56 that very prefix.
  std::vector<Prefix> wishes;

  bool wanted() const { return kind != Kind::kNone; }
  bool operator==(const PrefixRequest&) const = default;
};

// Whether LANs without a prefix of their own share a /64 (RFC 7278).
enum class SharePrefix : std::uint8_t {
  kAuto,  // when the provider delegates nothing, or too little for all of them
  kOn,    // the /64 of the uplink's link, whatever is delegated
  kOff,
};

struct UplinkConfig {
  std::string name;
  std::string interface;
  UplinkMode mode = UplinkMode::kAuto;
  std::vector<Prefix> prefixes;             // of kStatic
  std::optional<InterfaceAddress> address;  // of kStatic
  std::optional<Ip6Address> gateway;        // of kStatic; none: the routers that are heard
  RequestAddress request_address = RequestAddress::kAuto;
  PrefixRequest request_prefix;
  std::vector<std::uint16_t> request_options;  // more option codes for the Option Request option
  std::optional<DomainName> tell_name;
  bool rapid_commit = false;
  bool release_on_stop = false;
  bool use_dns = true;
  // How long a carrier may be away before the LANs hear of it. RFC 7084 G-5 wants to be the default: at once.
  Duration carrier_hold{};
  RouteCheckConfig route_check;
  seconds probe_interval{21600};  // 0: never
  seconds retire_after{7200};
  SharePrefix share_prefix = SharePrefix::kAuto;
  std::vector<Prefix> share_exclude;  // of suffixes: the upper half is zero
  delegation::InterfaceIdPolicy interface_id = delegation::InterfaceIdPolicy::stable();
  bool register_addresses = true;  // with a server that asks for it (RFC 9686)
  std::string hook;                // the script of this uplink; empty: Config::hook
  // Hosts do not get what it delegates: they keep the house's own prefix, which is translated here (RFC 6296).
  bool nptv6 = false;
  std::uint32_t metric = 512;  // below the 1024 of the kernel and of `ip route add`

  bool operator==(const UplinkConfig&) const = default;
};

// How a resolver reads names.
enum class HostsFormat : std::uint8_t {
  kHosts,    // "hosts": ADDRESS NAME...
  kUnbound,  // "unbound": local-data
};

// Who guards what routers behind a LAN were delegated.
enum class Downstream : std::uint8_t {
  kZone,      // "zone": as the LAN's hosts
  kFiltered,  // "filtered": we do, whatever the zone
  kExposed,   // "exposed": nobody here
};

struct LanConfig {
  std::string name;
  std::string interface;
  delegation::LanRequest request;  // its name and interface repeat the two above
  delegation::InterfaceIdPolicy interface_id;
  firewall::Zone zone = firewall::Zone::kProtected;
  bool any_endpoint = false;  // filtering, as firewall/ruleset.h has it
  Downstream downstream = Downstream::kZone;
  bool bind_delegations = false;  // what a router behind it was given is used by its station alone
  // Names of the LANs that its hosts may open connections to; none: as the zone has it.
  std::optional<std::vector<std::string>> reaches;
  Addressing addressing = Addressing::kSlaac;
  ra::AdvertiserSettings ra;
  LanAdvertising advertising;
  bool advertise_dns = true;
  std::vector<Ip6Address> dns_servers;  // none: those the uplinks gave
  std::vector<DomainName> search_domains;
  // What the DHCPv6 server does here; which prefixes it has is not configuration.
  dhcp6::ServerLink dhcp6;
  ServedOptions served;                         // by our server, beside what the providers tell
  std::vector<std::uint16_t> withheld_options;  // of theirs: codes
  LanRelay relay;                               // or another machine does it
  // The uplink whose Router Advertisements are told on here, instead of ours (RFC 4389); empty: none.
  std::string ra_relay;
  // How often it is asked whether another DHCPv6 server answers here; 0: never.
  seconds server_watch{3600};
  bool pcp = false;                     // programs of its hosts may open doors for them (RFC 6887)
  std::vector<Ip6Address> share_hosts;  // suffixes, in whatever /64 is shared
  std::string hosts_file;               // where the names of its hosts are written; empty: nowhere
  HostsFormat hosts_format = HostsFormat::kHosts;

  bool is_relayed() const { return !relay.servers.empty(); }
  // Where another link's advertisements are told on, nothing of a delegation of ours is.
  bool takes_from(std::string_view origin) const {
    return ra_relay.empty() && request.takes_from(origin);
  }
  bool operator==(const LanConfig&) const = default;
};

struct UlaConfig {
  enum class Mode : std::uint8_t {
    kAuto,  // generated once and stored
    kNone,
    kPrefix,
  };
  Mode mode = Mode::kAuto;
  Prefix prefix;  // of kPrefix

  bool operator==(const UlaConfig&) const = default;
};

struct DuidConfig {
  enum class Kind : std::uint8_t {
    kAuto,  // DUID-LLT, made once and stored
    kLlt,
    kLl,
    kUuid,      // random, made once and stored
    kExplicit,  // `bytes`; "en:ENTERPRISE:HEX" and "uuid:HEX" come as this too
  };
  Kind kind = Kind::kAuto;
  std::vector<std::uint8_t>
      bytes;  // of kExplicit: the whole DUID, type first (RFC 9915 section 11)

  bool operator==(const DuidConfig&) const = default;
};

struct FirewallConfig {
  enum class Choice : std::uint8_t {
    kAuto,
    kNft,
    kIp6tables,
    kNone
  };  // kAuto: what the machine has
  Choice backend = Choice::kAuto;
  enum class OnStop : std::uint8_t {
    kKeep,    // the rules of the moment
    kBlock,   // nothing between the LANs and the Internet
    kRemove,  // none of ours
  };
  OnStop on_stop = OnStop::kKeep;
  unsigned jump_position = 1;  // of ip6tables' jumps to our chains, 1 being the first rule
  // Set in the mark of packets that our rules let pass, for rules of others that come after them; 0: none.
  std::uint32_t accept_mark = 0;
  // TCP SYN and SCTP INIT from outside that are not let in are answered, six seconds later (RFC 6092 REC-34, REC-39).
  bool answer_refused = true;
  enum class Log : std::uint8_t { kNone, kRefused };
  Log log = Log::kNone;         // which packets are written into the kernel's log
  std::uint32_t log_rate = 10;  // in a second, at most
  // Files with rules of the person's own, as the backend's tool reads them (firewall/user_rules.h); empty: none.
  std::string include_nft;
  std::string include_ip6tables;

  bool operator==(const FirewallConfig&) const = default;
};

// What a DHCPv6 lease that a client was told of survives.
enum class Durability : std::uint8_t {
  kProcess,  // "process": a crash of ours
  kPower,    // "power": also of the whole machine
};

struct ReservationConfig {
  std::string lan;          // empty: on every LAN
  dhcp6::Reservation kept;  // but for its options
  ServedOptions served;

  bool operator==(const ReservationConfig&) const = default;
};

struct Config {
  std::vector<UplinkConfig> uplinks;  // in the order of the file
  std::vector<LanConfig> lans;        // in the order of the file
  std::vector<ReservationConfig> reservations;
  std::vector<PinholeConfig> pinholes;
  std::optional<KnockConfig> knock;
  UlaConfig ula;
  DuidConfig duid;
  FirewallConfig firewall;
  std::string state_dir = "/var/lib/sixgate";
  std::string socket = "/run/sixgate/sixgate.sock";
  std::string user;  // empty: stay who started us
  LogLevel log_level = LogLevel::kInfo;
  std::string hook;        // the script that is run for every uplink without its own; empty: none
  std::string hosts_hook;  // the script that is run when hosts files were written
  std::string lease_hook;  // the script that is run for every lease that is given or ends
  std::chrono::seconds hook_timeout{20};  // how long one run of either may take
  Durability durability = Durability::kProcess;

  bool operator==(const Config&) const = default;
};

// The texts of the enumerations are those of the file (zone: firewall::to_string, preference:
// ra::to_string).
std::string_view to_string(Addressing addressing);
std::string_view to_string(RequestAddress request);
std::string_view to_string(UplinkMode mode);
std::string_view to_string(SharePrefix share);
std::string_view to_string(FirewallConfig::Choice choice);

struct ReadResult {
  std::optional<Config> config;  // only when there is no error
  Diagnostics errors;            // every error at once, in the order of the file
  Diagnostics warnings;
};

// `file` names the text in diagnostics. Without toml++ (SIXGATE_WITH_TOML=0) the only result is an
// error that says so.
ReadResult read_toml(std::string_view text, std::string_view file);

// Every key with its value, as TOML: what read_toml() turns into the same Config again.
std::string describe(const Config& config);

// The commented example: every key, what it is for, and its default.
std::string example_toml();

}  // namespace sixgate::conf
