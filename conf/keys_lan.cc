// SPDX-License-Identifier: Apache-2.0
// The keys of a LAN: its prefixes, its zone, and its DHCPv6 server.
#include <array>

#include "conf/keys.h"
#include "net/text.h"

namespace sixgate::conf {

namespace {

void read_hint(const Value& value, LanConfig& lan, Complaints& complaints) {
  if (value.kind == Value::Kind::kInteger) {
    // 10 is ten to TOML and sixteen to everybody who writes subnet numbers.
    if (!value.hexadecimal && value.integer > 9) {
      complaints.push_back({value.at, cat("subnet numbers are hexadecimal: write \"", value.integer,
                                          "\" in quotes, or 0x", value.integer)});
    } else if (value.integer < 0 || value.integer > kMax32) {
      complaints.push_back({value.at, "is not within 0..0xffffffff"});
    } else {
      lan.request.hint = static_cast<std::uint64_t>(value.integer);
    }
    return;
  }
  read_parsed(value, lan.request.hint, parse_hint, complaints);
}

void read_reaches(const Value& value, LanConfig& lan, Complaints& complaints) {
  if (value.kind == Value::Kind::kString && value.string == "auto") {
    lan.reaches.reset();
  } else if (auto names = read_texts(value, complaints)) {
    lan.reaches = std::move(*names);
  }
}

void read_lease_time(const Value& value, LanConfig& lan, Complaints& complaints) {
  const auto n = read_number(value, 120, kMax32, complaints);
  if (!n) return;
  lan.dhcp6.valid = Lifetime(static_cast<std::uint32_t>(*n));
  lan.dhcp6.preferred =
      lan.dhcp6.valid.is_infinite() ? lan.dhcp6.valid : Lifetime(lan.dhcp6.valid.count() / 2);
}

std::string range_text(const dhcp6::InterfaceIdRange& range) {
  return cat(Ip6Address::from_halves(0, range.first), "-", Ip6Address::from_halves(0, range.last));
}

void read_classes(const Value& value, LanConfig& lan, Complaints& complaints) {
  const auto texts = read_texts(as_list(value), complaints);
  if (!texts) return;
  lan.request.classes.clear();
  for (const std::string& text : *texts) {
    // OpenWrt's word for it.
    lan.request.classes.push_back(text == "local" ? std::string(delegation::kOriginUla) : text);
  }
}

const std::array kLanKeys{
    Key<LanConfig>{
        kInterfaceKey, "The interface towards the hosts.",
        [](const Value& v, LanConfig& c, Complaints& e) { read_into(v, c.interface, e); },
        [](const LanConfig& c) { return quoted(c.interface); }},
    Key<LanConfig>{
        "ip6assign",
        "How much of each prefix this LAN gets: 64, or a larger block down to 48 for\n"
        "routers behind it. Hosts always use the first /64. 65 to 112: several LANs lie\n"
        "in one /64, without SLAAC, and addressing must be \"dhcpv6\".",
        [](const Value& v, LanConfig& c, Complaints& e) {
          // check.h says more of what is wrong with a number.
          if (const auto n = read_number(v, 0, 128, e)) {
            c.request.assign_length = static_cast<unsigned>(*n);
          }
        },
        [](const LanConfig& c) { return cat(c.request.assign_length); }},
    Key<LanConfig>{"ip6hint",
                   "Which /64 of each prefix, as the hexadecimal subnet number: \"10\" of\n"
                   "2001:db8:1::/48 is 2001:db8:1:10::/64. \"\": any, and then always the same.\n"
                   "With ip6assign beyond 64: in which /64 the LAN lies.",
                   read_hint, [](const LanConfig& c) { return quoted(hint_text(c.request.hint)); }},
    Key<LanConfig>{"ip6ifaceid",
                   "The lower half of the router's addresses here: a suffix such as \"::1\",\n"
                   "\"eui64\", \"stable\" (RFC 7217) or \"random\".",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     read_parsed(v, c.interface_id, delegation::InterfaceIdPolicy::parse, e);
                   },
                   [](const LanConfig& c) { return quoted(c.interface_id.to_string()); }},
    Key<LanConfig>{"ip6class",
                   "Take prefixes only from these uplinks (their names, or \"ula\"). []: from all.",
                   read_classes, [](const LanConfig& c) { return quoted_list(c.request.classes); }},
    Key<LanConfig>{
        "priority",
        "When a prefix is too small for all LANs, higher numbers are served first; equal\n"
        "ones in the order of this file.",
        [](const Value& v, LanConfig& c, Complaints& e) {
          if (const auto n = read_number(v, -1000, 1000, e)) {
            c.request.priority = static_cast<int>(*n);
          }
        },
        [](const LanConfig& c) { return cat(c.request.priority); }},
    Key<LanConfig>{
        "zone",
        "\"protected\": nobody outside opens a connection to its hosts, but for ping and IPsec\n"
        "(RFC 6092). \"exposed\": everybody may. \"isolated\": as protected, for guests: the\n"
        "Internet, no other LAN. \"closed\": no Internet, and no other LAN either.",
        [](const Value& v, LanConfig& c, Complaints& e) { read_word(v, zone_words(), c.zone, e); },
        [](const LanConfig& c) { return quoted(word_of(c.zone, zone_words())); }},
    Key<LanConfig>{
        "filtering",
        "Who may answer what its hosts send: \"address-and-port-dependent\": those that it was\n"
        "sent to. \"endpoint-independent\": anybody, to the address and port that sent it, for\n"
        "five minutes (TCP: four) after the last packet out (RFC 6092 REC-11, 17, 33; RFC\n"
        "4787): for games and calls from host to host. With ip6tables the kernel needs ipset;\n"
        "the zone must be protected or isolated.",
        [](const Value& v, LanConfig& c, Complaints& e) {
          read_word(v, filtering_words(), c.any_endpoint, e);
        },
        [](const LanConfig& c) { return quoted(word_of(c.any_endpoint, filtering_words())); }},
    Key<LanConfig>{
        "downstream",
        "Who guards what routers behind this LAN were delegated. \"zone\": as its hosts are.\n"
        "\"filtered\": the Internet opens nothing there, as if the zone were protected.\n"
        "\"exposed\": it may open everything; that is left to those routers.",
        [](const Value& v, LanConfig& c, Complaints& e) {
          read_word(v, downstream_words(), c.downstream, e);
        },
        [](const LanConfig& c) { return quoted(word_of(c.downstream, downstream_words())); }},
    Key<LanConfig>{
        "bind_delegations",
        "What a router behind this LAN was delegated is used by its station (MAC address) alone:\n"
        "no other sends from there (RFC 9663 section 5, RFC 8987 R-3), and what that router\n"
        "sends there itself is not given back to it (R-5).",
        [](const Value& v, LanConfig& c, Complaints& e) { read_into(v, c.bind_delegations, e); },
        [](const LanConfig& c) { return boolean(c.bind_delegations); }},
    Key<LanConfig>{
        "reaches",
        "The LANs that its hosts may open connections to, such as [\"printers\"]. \"auto\": as\n"
        "the zone has it: protected ones reach all, exposed ones those exposed, others none.",
        read_reaches,
        [](const LanConfig& c) { return c.reaches ? quoted_list(*c.reaches) : quoted("auto"); }},
    Key<LanConfig>{
        "pcp",
        "Programs of its hosts may open ports of their own host to the Internet, for a while\n"
        "(Port Control Protocol, RFC 6887). The zone must be \"protected\" or\n"
        "\"isolated\"; guests may open their own hosts to everybody, then.",
        [](const Value& v, LanConfig& c, Complaints& e) { read_into(v, c.pcp, e); },
        [](const LanConfig& c) { return boolean(c.pcp); }},
    Key<LanConfig>{
        "addressing",
        "How hosts get addresses: \"slaac\", \"slaac+stateless\" (and settings by DHCPv6),\n"
        "\"slaac+dhcpv6\" (addresses of both kinds) or \"dhcpv6\".",
        [](const Value& v, LanConfig& c, Complaints& e) {
          read_word(v, addressing_words(), c.addressing, e);
        },
        [](const LanConfig& c) { return quoted(to_string(c.addressing)); }},
    Key<LanConfig>{
        "advertise_dns", "Tell hosts DNS servers and search domains.",
        [](const Value& v, LanConfig& c, Complaints& e) { read_into(v, c.advertise_dns, e); },
        [](const LanConfig& c) { return boolean(c.advertise_dns); }},
    Key<LanConfig>{"dns", "DNS servers to tell them. []: the providers'.",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     read_servers(v, c.dns_servers, "DNS server", e);
                   },
                   [](const LanConfig& c) { return quoted_texts(c.dns_servers); }},
    Key<LanConfig>{
        "search", "Search domains to tell them. []: the providers'.",
        [](const Value& v, LanConfig& c, Complaints& e) { read_domains(v, c.search_domains, e); },
        [](const LanConfig& c) { return quoted_texts(c.search_domains); }},
    Key<LanConfig>{"dhcpv6_range",
                   "Where the DHCPv6 server takes addresses from: first and last suffix.",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     read_parsed(v, c.dhcp6.range, parse_interface_id_range, e);
                   },
                   [](const LanConfig& c) { return quoted(range_text(c.dhcp6.range)); }},
    Key<LanConfig>{
        "dhcpv6_lease_time",
        "How long a lease is valid at most, in seconds; it is preferred for half of it,\n"
        "and renewed after a quarter (RFC 9096).",
        read_lease_time, [](const LanConfig& c) { return cat(c.dhcp6.valid.count()); }},
    Key<LanConfig>{
        "dhcpv6_rapid_commit", "Two messages instead of four, for clients that can.",
        [](const Value& v, LanConfig& c, Complaints& e) { read_into(v, c.dhcp6.rapid_commit, e); },
        [](const LanConfig& c) { return boolean(c.dhcp6.rapid_commit); }},
    Key<LanConfig>{
        "dhcpv6_reconfigure",
        "Tell clients that accept it to renew at once when something changes.",
        [](const Value& v, LanConfig& c, Complaints& e) { read_into(v, c.dhcp6.reconfigure, e); },
        [](const LanConfig& c) { return boolean(c.dhcp6.reconfigure); }},
    Key<LanConfig>{"dhcpv6_preference",
                   "Among several DHCPv6 servers clients take the one with the highest (0..255).",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     if (const auto n = read_number(v, 0, 255, e))
                       c.dhcp6.preference = static_cast<std::uint8_t>(*n);
                   },
                   [](const LanConfig& c) { return cat(unsigned{c.dhcp6.preference}); }},
    Key<LanConfig>{
        "dhcpv6_registration",
        "Hosts may tell which addresses they made themselves (RFC 9686): they are in\n"
        "`sixgate leases` and in hosts_file.",
        [](const Value& v, LanConfig& c, Complaints& e) { read_into(v, c.dhcp6.registers, e); },
        [](const LanConfig& c) { return boolean(c.dhcp6.registers); }},
    Key<LanConfig>{
        "dhcpv6_watch",
        "How often to ask whether another DHCPv6 server answers here, in seconds (60..86400),\n"
        "by a message that leaves nothing behind on any server. 0: never. Where the zone is\n"
        "exposed nobody is asked: the answer would not come in.",
        [](const Value& v, LanConfig& c, Complaints& e) {
          const bool never = v.kind == Value::Kind::kInteger && v.integer == 0;
          read_duration(v, c.server_watch, never ? 0 : 60, 86400, e);
        },
        [](const LanConfig& c) { return cat(c.server_watch.count()); }},
    Key<LanConfig>{
        "domain",
        "In which domain the hosts that say their name are, such as \"home.arpa\" (RFC 4704).\n"
        "\"\": their names are told to nobody.",
        [](const Value& v, LanConfig& c, Complaints& e) {
          read_unless_empty(v, c.dhcp6.domain, parse_domain, "is no domain", e);
        },
        [](const LanConfig& c) {
          return quoted(c.dhcp6.domain ? c.dhcp6.domain->to_string() : "");
        }},
    Key<LanConfig>{
        "hosts_file",
        "Write their addresses and names here, for the resolver. Needs domain. \"\": nowhere.",
        [](const Value& v, LanConfig& c, Complaints& e) { read_into(v, c.hosts_file, e); },
        [](const LanConfig& c) { return quoted(c.hosts_file); }},
    Key<LanConfig>{
        "hosts_format",
        "\"hosts\": as dnsmasq (addn-hosts, or a file in its hostsdir) and others read it.\n"
        "\"unbound\": what its `include:` reads, names both ways; it needs hosts_hook.",
        [](const Value& v, LanConfig& c, Complaints& e) {
          read_word(v, hosts_format_words(), c.hosts_format, e);
        },
        [](const LanConfig& c) { return quoted(word_of(c.hosts_format, hosts_format_words())); }},
    Key<LanConfig>{
        "delegate", "Give routers behind us prefixes of their own.",
        [](const Value& v, LanConfig& c, Complaints& e) { read_into(v, c.dhcp6.delegates, e); },
        [](const LanConfig& c) { return boolean(c.dhcp6.delegates); }},
    Key<LanConfig>{
        "delegate_length",
        "The largest prefix that such a router gets when it asks for it: 64, or down to\n"
        "48 for routers with routers behind them. Who does not ask gets a /64.",
        [](const Value& v, LanConfig& c, Complaints& e) {
          if (const auto n = read_number(v, 48, 64, e))
            c.dhcp6.shortest_delegation = static_cast<unsigned>(*n);
        },
        [](const LanConfig& c) { return cat(c.dhcp6.shortest_delegation); }},
    Key<LanConfig>{"delegate_limit", "How many prefixes one router gets.",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     if (const auto n = read_number(v, 1, 1000, e))
                       c.dhcp6.delegations_per_client = static_cast<unsigned>(*n);
                   },
                   [](const LanConfig& c) { return cat(c.dhcp6.delegations_per_client); }},
    Key<LanConfig>{"delegate_total", "How many all routers of the LAN get together.",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     if (const auto n = read_number(v, 1, 100000, e))
                       c.dhcp6.delegations = static_cast<unsigned>(*n);
                   },
                   [](const LanConfig& c) { return cat(c.dhcp6.delegations); }},
};

}  // namespace

std::span<const Key<LanConfig>> lan_keys() {
  static const auto all = joined(std::span<const Key<LanConfig>>(kLanKeys), served_lan_keys(),
                                 relay_keys(), advertising_keys(), sharing_lan_keys());
  return all;
}

}  // namespace sixgate::conf
