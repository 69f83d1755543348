// SPDX-License-Identifier: Apache-2.0
#include "conf/check.h"

#include <algorithm>
#include <array>
#include <utility>

#include "conf/check_firewall.h"
#include "conf/check_split.h"
#include "conf/key_values.h"
#include "conf/suggest.h"
#include "net/text.h"

namespace sixgate::conf {

namespace {

using Where = Problem::Where;

// sockaddr_un's sun_path, with its ending zero.
constexpr std::size_t kMaxSocketPath = 107;

// Options that are asked for otherwise or not at all: "not in ORO" of RFC 9915 section 21 and its table of
// option codes.
constexpr std::array<std::uint16_t, 19> kNotRequested{1,  2,  3,  4,  5,  6,  8,  9,  11, 12,
                                                      13, 14, 15, 16, 18, 19, 20, 25, 26};

// A member of AdvertiserSettings -> its key.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kAdvertiserKeys{
    {{"max_interval", "ra_max_interval"},
     {"min_interval", "ra_min_interval"},
     {"router_lifetime", "ra_lifetime"},
     {"hop_limit", "ra_hop_limit"},
     {"mtu", "ra_mtu"},
     {"reachable", "ra_reachable_time"},
     {"retrans", "ra_retrans_timer"},
     {"max_preferred", "ra_max_preferred"},
     {"max_valid", "ra_max_valid"},
     {"multicast_gap", "ra_multicast_gap"}}};

std::string_view advertiser_key(std::string_view member) {
  for (const auto& [name, key] : kAdvertiserKeys) {
    if (name == member) return key;
  }
  return {};
}

// "must not be above max_valid" -> "must not be above ra_max_valid".
std::string with_keys(std::string_view text) {
  std::string out(text);
  for (const auto& [name, key] : kAdvertiserKeys) {
    const std::size_t at = out.find(name);
    if (at == std::string::npos || name == "mtu") continue;
    out.replace(at, name.size(), key);
  }
  return out;
}

class Checker {
 public:
  explicit Checker(const Config& config) : config_(config) {}

  std::vector<Problem> run() {
    check_global();
    for (std::size_t i = 0; i < config_.uplinks.size(); ++i) check_uplink(i);
    for (std::size_t i = 0; i < config_.lans.size(); ++i) check_lan(i);
    // The command line alone says nothing of these: what reads no file is spared them.
    if constexpr (SIXGATE_WITH_TOML != 0) {
      for (std::size_t i = 0; i < config_.reservations.size(); ++i) check_reservation(i);
      for (std::size_t i = 0; i < config_.pinholes.size(); ++i) check_pinhole(i);
      check_knock();
      for (Problem& problem : check_firewall(config_)) problems_.push_back(std::move(problem));
    }
    return std::move(problems_);
  }

 private:
  void add(Where where, std::size_t index, std::string_view key, std::string text,
           bool is_error = true) {
    problems_.push_back({where, index, key, std::move(text), is_error});
  }

  void check_path(std::string_view key, const std::string& path, Where where = Where::kGlobal,
                  std::size_t index = 0) {
    if (path.empty() || path[0] != '/') {
      add(where, index, key, "needs an absolute path, beginning with \"/\"");
    } else if (std::any_of(path.begin(), path.end(),
                           [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
      add(where, index, key, "a path has no control characters");
    }
  }

  void check_global() {
    check_path("state_dir", config_.state_dir);
    check_path("socket", config_.socket);
    if (!config_.hook.empty()) check_path("hook", config_.hook);
    if (!config_.lease_hook.empty()) check_path("lease_hook", config_.lease_hook);
    if (!config_.hosts_hook.empty()) check_path("hosts_hook", config_.hosts_hook);
    if (config_.socket.size() > kMaxSocketPath) {
      add(Where::kGlobal, 0, "socket",
          cat("a socket's path has at most ", kMaxSocketPath, " octets"));
    }
    const std::string& user = config_.user;
    const bool plain = std::all_of(user.begin(), user.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '-' || c == '.' || c == '$';
    });
    if (!plain || user.size() > 32 || user.starts_with('-')) {
      add(Where::kGlobal, 0, "user", cat("\"", printable(user), "\" is no user name"));
    }
    const auto include = [&](std::string_view key, const std::string& path) {
      if (!path.empty()) check_path(key, path, Where::kFirewall);
    };
    include("include_nft", config_.firewall.include_nft);
    include("include_ip6tables", config_.firewall.include_ip6tables);
    if (config_.uplinks.empty() && config_.lans.empty()) {
      add(Where::kGlobal, 0, "", "there is no interface: neither an uplink nor a LAN");
    }
  }

  // The interface of a section, and that nobody else has it.
  void check_interface(Where where, std::size_t index, const std::string& name,
                       const std::string& interface) {
    if (interface.empty()) {
      add(where, index, "interface", "`interface` is missing");
      return;
    }
    if (!firewall::is_interface_name(interface)) {
      add(where, index, "interface", no_interface_name(interface));
      return;
    }
    if (interface == "lo") add(where, index, "interface", "\"lo\" is this machine itself");
    for (std::size_t i = 0; i < config_.uplinks.size(); ++i) {
      if (config_.uplinks[i].interface != interface) continue;
      if (where == Where::kUplink && i >= index) break;
      add(where, index, "interface",
          cat(interface, " is already the interface of uplink ", config_.uplinks[i].name));
      return;
    }
    if (where == Where::kUplink) return;
    for (std::size_t i = 0; i < index; ++i) {
      if (config_.lans[i].interface != interface) continue;
      add(where, index, "interface",
          cat(interface, " is already the interface of LAN ", config_.lans[i].name, "; ", name,
              " needs another"));
      return;
    }
  }

  void check_name(Where where, std::size_t index, const std::string& name) {
    if (!is_section_name(name)) {
      add(where, index, "",
          cat("\"", printable(name),
              "\" is no name: 1 to 32 letters, digits, \".\", \"_\" and \"-\""));
    }
  }

  void check_uplink(std::size_t index) {
    const UplinkConfig& uplink = config_.uplinks[index];
    check_name(Where::kUplink, index, uplink.name);
    for (std::size_t i = 0; i < index; ++i) {
      if (config_.uplinks[i].name == uplink.name) {
        add(Where::kUplink, index, "", cat("there are two uplinks named ", uplink.name));
      }
    }
    if (uplink.name == delegation::kOriginUla || uplink.name == delegation::kOriginStatic ||
        uplink.name == "local") {
      add(Where::kUplink, index, "",
          cat("an uplink cannot be named \"", uplink.name, "\": ip6class uses the word"));
    }
    check_interface(Where::kUplink, index, uplink.name, uplink.interface);
    for (const std::uint16_t code : uplink.request_options) {
      if (std::find(kNotRequested.begin(), kNotRequested.end(), code) != kNotRequested.end()) {
        add(Where::kUplink, index, "request_options",
            cat("option ", code, " is not one that a client lists in its request"));
      }
    }
    check_mode(index);
    const auto can_share = [&](const LanConfig& lan) {
      return (lan.takes_from(uplink.name) || lan.ra_relay == uplink.name) &&
             !lan.request.splits_slash64();
    };
    if (uplink.share_prefix == SharePrefix::kOn && !config_.lans.empty() &&
        std::none_of(config_.lans.begin(), config_.lans.end(), can_share))
      add(Where::kUplink, index, "share_prefix",
          "is for LANs that have a whole /64, with SLAAC, and none that takes prefixes from here "
          "has: see ip6assign");
    if (uplink.nptv6 && config_.ula.mode == UlaConfig::Mode::kNone)
      add(Where::kUplink, index, "nptv6",
          "translates the house's own prefix, and [ula] prefix = \"none\"");
    const bool may_ask = uplink.mode != UplinkMode::kAuto || uplink.request_prefix.wanted();
    if (uplink.nptv6 && (uplink.mode == UplinkMode::kNone || !may_ask))
      add(Where::kUplink, index, "nptv6", "needs a prefix of the provider, and none is asked for");
    for (std::size_t i = 0; i < config_.lans.size() && uplink.nptv6; ++i) {
      const LanConfig& lan = config_.lans[i];
      if (lan.takes_from(uplink.name) && !lan.takes_from(delegation::kOriginUla))
        add(Where::kLan, i, "ip6class",
            cat("leaves out \"ula\", which uplink ", uplink.name, " translates (nptv6)"));
    }
    if (uplink.nptv6 && uplink.share_prefix == SharePrefix::kOn)
      add(Where::kUplink, index, "nptv6",
          "gives hosts nothing of this uplink, and share_prefix = \"on\" does");
    if (!uplink.hook.empty()) check_path("hook", uplink.hook, Where::kUplink, index);
    for (const Prefix& wish : uplink.request_prefix.wishes) {
      if (config_.ula.mode == UlaConfig::Mode::kPrefix && !wish.address().is_unspecified() &&
          wish.overlaps(config_.ula.prefix)) {
        add(Where::kUplink, index, "request_prefix",
            cat(wish, " overlaps the ULA prefix ", config_.ula.prefix));
      }
    }
    if (uplink.rapid_commit && uplink.request_prefix.kind == PrefixRequest::Kind::kAuto) {
      add(Where::kUplink, index, "rapid_commit",
          "takes the first prefix a server gives: request_prefix = \"auto\" cannot look for the "
          "largest then",
          false);
    }
  }

  // Keys that go with another mode than the one that is set, and what a static uplink needs.
  void check_mode(std::size_t index) {
    const UplinkConfig& uplink = config_.uplinks[index];
    const UplinkConfig usual;
    const auto only_with = [&](std::string_view key, bool is_set, UplinkMode mode) {
      if (is_set && uplink.mode != mode) {
        add(Where::kUplink, index, key,
            cat("goes with mode = \"", to_string(mode), "\", and the mode is \"",
                to_string(uplink.mode), "\""));
      }
    };
    only_with("prefixes", !uplink.prefixes.empty(), UplinkMode::kStatic);
    only_with("address", uplink.address.has_value(), UplinkMode::kStatic);
    only_with("gateway", uplink.gateway.has_value(), UplinkMode::kStatic);
    only_with("request_address", uplink.request_address != usual.request_address,
              UplinkMode::kAuto);
    only_with("request_prefix", uplink.request_prefix != usual.request_prefix, UplinkMode::kAuto);
    only_with("request_options", !uplink.request_options.empty(), UplinkMode::kAuto);
    only_with("tell_name", uplink.tell_name.has_value(), UplinkMode::kAuto);
    only_with("rapid_commit", uplink.rapid_commit, UplinkMode::kAuto);
    only_with("release_on_stop", uplink.release_on_stop, UplinkMode::kAuto);
    if (uplink.mode != UplinkMode::kStatic) return;
    if (uplink.prefixes.empty()) {
      add(Where::kUplink, index, "mode", "\"static\" needs `prefixes`");
    }
    for (const Prefix& prefix : uplink.prefixes) {
      if (const std::string other = who_has(prefix, index); !other.empty())
        add(Where::kUplink, index, "prefixes", cat(prefix, " overlaps ", other));
    }
    if (!uplink.gateway || uplink.gateway->is_link_local()) return;
    if (uplink.address && uplink.address->address == *uplink.gateway)
      return add(Where::kUplink, index, "gateway", "is the router's own `address`");
    if (!uplink.address ||
        !Prefix(uplink.address->address, uplink.address->prefix_length).contains(*uplink.gateway)) {
      add(Where::kUplink, index, "gateway",
          cat(*uplink.gateway,
              " is not on the link: it must lie in the prefix of `address`, or be "
              "a link-local address"));
    }
  }

  // What else of the configuration is within a static prefix of an uplink, in words; empty: nothing.
  std::string who_has(const Prefix& prefix, std::size_t index) const {
    if (config_.ula.mode == UlaConfig::Mode::kPrefix && prefix.overlaps(config_.ula.prefix))
      return cat("the ULA prefix ", config_.ula.prefix);
    std::size_t same = 0;
    for (std::size_t i = 0; i <= index; ++i) {
      for (const Prefix& other : config_.uplinks[i].prefixes) {
        if (i == index && other == prefix && ++same < 2) continue;
        if (other.overlaps(prefix)) return cat(other, " of uplink ", config_.uplinks[i].name);
      }
    }
    return {};
  }

  static bool may_meet(const LanConfig& a, const LanConfig& b) {
    if (a.request.classes.empty() || b.request.classes.empty()) return true;
    return std::any_of(
        a.request.classes.begin(), a.request.classes.end(), [&b](const std::string& origin) {
          return std::find(b.request.classes.begin(), b.request.classes.end(), origin) !=
                 b.request.classes.end();
        });
  }

  // First and last /64 of the block that a hint means.
  static std::pair<std::uint64_t, std::uint64_t> block(const LanConfig& lan) {
    const std::uint64_t size = std::uint64_t{1} << (64 - std::min(lan.request.assign_length, 64U));
    const std::uint64_t first = *lan.request.hint & ~(size - 1);
    return {first, first + size - 1};
  }

  void check_lan(std::size_t index) {
    const LanConfig& lan = config_.lans[index];
    check_name(Where::kLan, index, lan.name);
    check_interface(Where::kLan, index, lan.name, lan.interface);
    if (lan.any_endpoint && !firewall::is_guarded(lan.zone))
      add(Where::kLan, index, "filtering",
          "is of what is guarded: the zone must be \"protected\" or \"isolated\"");
    if (lan.downstream != Downstream::kZone && lan.zone == firewall::Zone::kClosed)
      add(Where::kLan, index, "downstream",
          "is about the Internet, which this LAN has not: its zone is \"closed\"");
    if (lan.pcp && !firewall::is_guarded(lan.zone))
      add(Where::kLan, index, "pcp",
          cat("opens what is guarded: the zone must be \"protected\" or \"isolated\", and is \"",
              to_string(lan.zone), "\""));
    check_carving(index);
    check_reaches(index);
    for (const ra::SettingProblem& problem : ra::check(lan.ra)) {
      add(Where::kLan, index, advertiser_key(problem.setting), with_keys(problem.why));
    }
    const std::uint32_t interval = static_cast<std::uint32_t>(lan.ra.max_interval.count());
    if (lan.ra.max_preferred.count() <= interval) {
      add(Where::kLan, index, "ra_max_preferred",
          cat("must be above ra_max_interval (", interval,
              "), or addresses end before the next advertisement"));
    }
    check_advertising(index);
    check_relay(index);
    check_ra_relay(index);
    if (!lan.hosts_file.empty()) check_path("hosts_file", lan.hosts_file, Where::kLan, index);
    if (!lan.hosts_file.empty() && !lan.dhcp6.domain)
      add(Where::kLan, index, "hosts_file", "needs a domain for the names: set `domain`");
    for (std::size_t i = 0; i < index && !lan.hosts_file.empty(); ++i) {
      if (config_.lans[i].hosts_file == lan.hosts_file)
        add(Where::kLan, index, "hosts_file", cat("is that of LAN ", config_.lans[i].name));
    }
    if (!lan.advertise_dns && (!lan.dns_servers.empty() || !lan.search_domains.empty())) {
      add(Where::kLan, index, lan.dns_servers.empty() ? "search" : "dns",
          "has no effect with advertise_dns = false", false);
    }
  }

  void check_advertising(std::size_t index) {
    const LanAdvertising& said = config_.lans[index].advertising;
    std::vector<std::string_view> origins{delegation::kOriginUla, delegation::kOriginStatic};
    for (const UplinkConfig& uplink : config_.uplinks) origins.push_back(uplink.name);
    for (const PrefixRule& rule : said.rules) {
      if (rule.origin.empty() ||
          std::find(origins.begin(), origins.end(), rule.origin) != origins.end())
        continue;
      add(Where::kLan, index, "ra_prefix",
          cat("there is no uplink named \"", printable(rule.origin), "\"",
              suggestion(rule.origin, origins)));
    }
    for (const PrefixRule& own : said.static_prefixes) {
      for (std::size_t i = 0; i <= index; ++i) {
        for (const PrefixRule& other : config_.lans[i].advertising.static_prefixes) {
          if (&other == &own) break;
          if (own.within->overlaps(*other.within))
            add(Where::kLan, index, "prefix",
                cat(*own.within, " is already a prefix of LAN ", config_.lans[i].name));
        }
      }
    }
    if (said.routes.size() > ra::kMaxRoutes)
      add(Where::kLan, index, "ra_route",
          cat("more than ", ra::kMaxRoutes, " routes are not advertised (RFC 4191 section 4)"));
    for (const ra::EncryptedDns& resolver : said.encrypted_dns) {
      // RFC 9463 section 3.1.8
      if (!resolver.addresses.empty() && resolver.service_parameters.empty())
        add(Where::kLan, index, "dnr",
            cat(resolver.name, " has no alpn=: hosts do not know how to speak to it"), false);
    }
  }

  void check_ra_relay(std::size_t index) {
    const LanConfig& lan = config_.lans[index];
    if (lan.ra_relay.empty()) return;
    const auto uplink = std::find_if(config_.uplinks.begin(), config_.uplinks.end(),
                                     [&](const auto& one) { return one.name == lan.ra_relay; });
    if (uplink == config_.uplinks.end()) {
      std::vector<std::string_view> names;
      for (const UplinkConfig& one : config_.uplinks) names.push_back(one.name);
      return add(Where::kLan, index, "ra_relay",
                 cat("there is no uplink named \"", printable(lan.ra_relay), "\"",
                     suggestion(lan.ra_relay, names)));
    }
    if (uplink->share_prefix == SharePrefix::kOff)
      add(Where::kLan, index, "ra_relay",
          cat("needs the /64 of uplink ", uplink->name, ", which has share_prefix = \"off\""));
    if (uplink->mode == UplinkMode::kNone)
      add(Where::kLan, index, "ra_relay",
          cat("uplink ", uplink->name, " has mode = \"none\": there is nothing to tell on"));
    if (lan.request.splits_slash64())
      add(Where::kLan, index, "ra_relay",
          cat("tells on whole /64s; ip6assign = ", lan.request.assign_length, " splits them"));
    const auto idle = [&](std::string_view key, bool is_set) {
      if (is_set)
        add(Where::kLan, index, key,
            cat("has no effect with ra_relay: this LAN has the prefixes of uplink ", uplink->name),
            false);
    };
    idle("ip6hint", lan.request.hint.has_value());
    idle("ip6class", !lan.request.classes.empty());
    idle("ip6assign", lan.request.assign_length < 64);
  }

  void check_relay(std::size_t index) {
    const LanConfig& lan = config_.lans[index];
    if (!lan.is_relayed()) return;
    const std::vector<RelayTo>& servers = lan.relay.servers;
    for (std::size_t i = 0; i < servers.size(); ++i) {
      const auto interface = relay_interface(config_, servers[i]);
      if (!interface)
        add(Where::kLan, index, "dhcpv6_relay", interface.error().message);
      else if (*interface == lan.interface)
        add(Where::kLan, index, "dhcpv6_relay",
            cat(servers[i].to_string(),
                " is on this LAN itself: a server here hears the hosts without us"));
      if (std::find(servers.begin(), servers.begin() + static_cast<std::ptrdiff_t>(i),
                    servers[i]) != servers.begin() + static_cast<std::ptrdiff_t>(i))
        add(Where::kLan, index, "dhcpv6_relay", cat(servers[i].to_string(), " is there twice"));
    }
    const dhcp6::ServerLink usual;
    const auto idle = [&](std::string_view key, bool is_set) {
      if (is_set)
        add(Where::kLan, index, key,
            "has no effect with dhcpv6_relay: another server serves this LAN", false);
    };
    idle("dhcpv6_range", lan.dhcp6.range != usual.range);
    idle("dhcpv6_lease_time", lan.dhcp6.valid != usual.valid);
    idle("dhcpv6_rapid_commit", lan.dhcp6.rapid_commit != usual.rapid_commit);
    idle("dhcpv6_reconfigure", lan.dhcp6.reconfigure != usual.reconfigure);
    idle("dhcpv6_preference", lan.dhcp6.preference != usual.preference);
    idle("dhcpv6_registration", lan.dhcp6.registers != usual.registers);
    idle("domain", lan.dhcp6.domain.has_value());
    idle("delegate", lan.dhcp6.delegates != usual.delegates);
    idle("delegate_length", lan.dhcp6.shortest_delegation != usual.shortest_delegation);
    if (lan.served != ServedOptions{} || !lan.withheld_options.empty())
      add(Where::kLan, index, "",
          "DHCPv6 options have no effect with dhcpv6_relay: another server serves this LAN", false);
    for (std::size_t i = 0; i < config_.reservations.size(); ++i) {
      if (config_.reservations[i].lan == lan.name)
        add(Where::kReservation, i, "lan",
            cat("has no effect: another server serves LAN ", lan.name), false);
    }
  }

  void check_reservation(std::size_t index) {
    const ReservationConfig& reservation = config_.reservations[index];
    const dhcp6::Reservation& kept = reservation.kept;
    if (!kept.duid && !kept.mac && kept.hostname.empty())
      add(Where::kReservation, index, "",
          "says of nobody who it is for: `duid`, `mac` or `hostname` is needed");
    if (kept.lifetime && kept.lifetime->count() < 120)
      add(Where::kReservation, index, "lease_time", "is not within 120..4294967295, or 0");
    if (!kept.name.empty()) {
      const auto name = DomainName::parse(kept.name);
      if (!name || name->is_root())
        add(Where::kReservation, index, "name",
            cat("\"", printable(kept.name), "\" is no host name"));
      else if (kept.name.find('.') != std::string::npos)
        add(Where::kReservation, index, "name",
            "has a dot: the LAN's domain is added to it, and no pinhole can name it", false);
    }
    if (!kept.hostname.empty() && !is_host_label(kept.hostname))
      add(Where::kReservation, index, "hostname", no_host_label(kept.hostname));
    for (std::size_t i = 0; i < index; ++i) {
      const ReservationConfig& other = config_.reservations[i];
      if ((other.lan.empty() || other.lan == reservation.lan) && is_for_all_of(other.kept, kept)) {
        add(Where::kReservation, index, "",
            cat("is of no use: reservation ", i + 1, " is for the same client, and comes first"));
        break;
      }
      if (kept.interface_id && kept.interface_id == other.kept.interface_id &&
          reservation.lan == other.lan)
        add(Where::kReservation, index, "suffix", "is kept for another client already");
      if (kept.subnet && kept.subnet == other.kept.subnet && reservation.lan == other.lan)
        add(Where::kReservation, index, "subnet", "is kept for another client already");
    }
    if (!reservation.lan.empty())
      check_lan_name(reservation.lan, Where::kReservation, index, "lan");
    for (Problem& problem : check_suffix(config_, index)) problems_.push_back(std::move(problem));
  }

  // Whether whoever is meant by `kept` is also by `other`.
  static bool is_for_all_of(const dhcp6::Reservation& other, const dhcp6::Reservation& kept) {
    return (!other.duid || other.duid == kept.duid) && (!other.iaid || other.iaid == kept.iaid) &&
           (!other.mac || other.mac == kept.mac) &&
           (other.hostname.empty() || other.hostname == kept.hostname) &&
           (other.duid || other.mac || !other.hostname.empty());
  }

  // What the server takes for a name when a client says it (dhcp6/server_names.cc).
  static bool is_host_label(std::string_view name) {
    return !name.starts_with('-') && !name.ends_with('-') &&
           std::all_of(name.begin(), name.end(), [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
           });
  }

  static std::string no_host_label(std::string_view name) {
    return cat("\"", printable(name),
               "\" is what no host is called: it is letters, digits and \"-\", without a domain");
  }

  // A pinhole's name that no host can have, or that is none; what is reserved for somebody is one.
  void check_host_name(const std::string& label, std::size_t index) {
    for (const ReservationConfig& one : config_.reservations) {
      if (one.kept.name == label) return;
    }
    if (!is_host_label(label)) add(Where::kPinhole, index, "host", no_host_label(label));
    const std::string_view digits = std::string_view(label).substr(label.starts_with("0x") ? 2 : 0);
    if (digits.find_first_not_of("0123456789abcdef") != std::string_view::npos ||
        digits.find_first_of("0123456789") == std::string_view::npos)
      return;
    std::string meant;
    const auto suffix = parse_hint(digits);
    if (suffix && *suffix) meant = Ip6Address::from_halves(0, **suffix).to_string();
    const auto octets = parse_hex(digits);
    if (octets && octets->size() == 6) meant = to_hex(*octets, ':');
    add(Where::kPinhole, index, "host",
        cat("\"", label, "\" would be a name", meant.empty() ? "" : "; did you mean \"", meant,
            meant.empty() ? "" : "\"?"));
  }

  // The name of a LAN that something is to be opened to.
  void check_opened(std::string_view name, Where where, std::size_t index, std::string_view key) {
    check_lan_name(name, where, index, key);
    for (const LanConfig& lan : config_.lans) {
      if (lan.name != name) continue;
      if (lan.zone == firewall::Zone::kClosed)
        add(where, index, key,
            cat("the Internet does not reach LAN ", lan.name, ", whose zone is closed"));
      if (lan.zone == firewall::Zone::kExposed && lan.downstream != Downstream::kFiltered)
        add(where, index, key, cat("has no effect: LAN ", lan.name, " is exposed"), false);
    }
  }

  void check_lan_name(std::string_view name, Where where, std::size_t index, std::string_view key) {
    std::vector<std::string_view> names;
    for (const LanConfig& lan : config_.lans) names.push_back(lan.name);
    if (std::find(names.begin(), names.end(), name) != names.end()) return;
    add(where, index, key,
        cat("there is no LAN named \"", printable(name), "\"", suggestion(name, names)));
  }

  void check_reaches(std::size_t index) {
    const LanConfig& lan = config_.lans[index];
    if (!lan.reaches) return;
    for (const std::string& name : *lan.reaches)
      check_lan_name(name, Where::kLan, index, "reaches");
  }

  void check_pinhole(std::size_t index) {
    const PinholeConfig& pinhole = config_.pinholes[index];
    if (std::holds_alternative<std::monostate>(pinhole.host))
      add(Where::kPinhole, index, "host", "`host` is missing");
    if (const auto* name = std::get_if<HostName>(&pinhole.host))
      check_host_name(name->label, index);
    const auto has_ports = [](std::uint8_t protocol) { return protocol == 6 || protocol == 17; };
    if (!pinhole.ports.empty() &&
        !std::all_of(pinhole.protocols.begin(), pinhole.protocols.end(), has_ports))
      add(Where::kPinhole, index, "ports", "are those of TCP and UDP alone");
    if (!pinhole.lan.empty()) check_opened(pinhole.lan, Where::kPinhole, index, "lan");
  }

  void check_knock() {
    if (!config_.knock) return;
    if (config_.knock->spi == 0) add(Where::kKnock, 0, "spi", "`spi` is missing");
    if (config_.knock->key_file.empty()) {
      add(Where::kKnock, 0, "key_file", "`key_file` is missing");
    } else {
      check_path("key_file", config_.knock->key_file, Where::kKnock);
    }
    for (const std::string& name : config_.knock->lans)
      check_opened(name, Where::kKnock, 0, "lans");
  }

  void check_carving(std::size_t index) {
    const LanConfig& lan = config_.lans[index];
    for (std::size_t i = 0; i < index; ++i) {
      if (config_.lans[i].name == lan.name) {
        add(Where::kLan, index, "", cat("there are two LANs named ", lan.name));
      }
    }
    if (!is_assignable(lan)) {
      add(Where::kLan, index, "ip6assign",
          cat("is not within 48..", delegation::kLongestAssign,
              ": the pool of the DHCPv6 server needs 16 bits of each address"));
      return;
    }
    for (Problem& problem : check_split(config_, index)) problems_.push_back(std::move(problem));
    std::vector<std::string_view> origins{delegation::kOriginUla};
    for (const UplinkConfig& uplink : config_.uplinks) origins.push_back(uplink.name);
    for (const std::string& origin : lan.request.classes) {
      if (std::find(origins.begin(), origins.end(), origin) == origins.end()) {
        add(Where::kLan, index, "ip6class",
            cat("there is no uplink named \"", printable(origin), "\"",
                suggestion(origin, origins)));
      }
    }
    if (!lan.request.hint) return;
    if (block(lan).first != *lan.request.hint) {
      add(Where::kLan, index, "ip6hint",
          cat("does not begin a /", lan.request.assign_length, "; its low bits are not used"),
          false);
    }
    for (std::size_t i = 0; i < index; ++i) {
      const LanConfig& other = config_.lans[i];
      if (!other.request.hint || !is_assignable(other) || !may_meet(lan, other)) continue;
      // These share a /64.
      if (lan.request.splits_slash64() && other.request.splits_slash64()) continue;
      if (block(lan).first <= block(other).second && block(other).first <= block(lan).second) {
        add(Where::kLan, index, "ip6hint", cat("overlaps the ip6hint of LAN ", other.name));
      }
    }
  }

  const Config& config_;
  std::vector<Problem> problems_;
};

}  // namespace

std::string no_interface_name(std::string_view name) {
  return cat("\"", printable(name),
             "\" is no interface name: 1 to 15 characters, without space and / : \" \\ * + !");
}

std::vector<Problem> check(const Config& config) { return Checker(config).run(); }

bool is_section_name(std::string_view name) {
  return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace sixgate::conf
