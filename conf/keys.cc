// SPDX-License-Identifier: Apache-2.0
#include "conf/keys.h"

#include <array>
#include <limits>

#include "conf/suggest.h"
#include "dhcp6/option_names.h"
#include "net/interface_id.h"
#include "net/text.h"

namespace sixgate::conf {

namespace {

constexpr std::int64_t kMax32 = 0xffffffff;

void read_into(const Value& value, bool& out, Complaints& complaints) {
  if (const auto read = read_boolean(value, complaints)) out = *read;
}

std::string boolean(bool value) { return value ? "true" : "false"; }

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

void read_prefixes(const Value& value, UplinkConfig& uplink, Complaints& complaints) {
  const auto texts = read_texts(value, complaints);
  if (!texts) return;
  uplink.prefixes.clear();
  for (std::size_t i = 0; i < texts->size(); ++i) {
    // As a wish: from /1 to /64, unicast. A bare length is none.
    const auto prefix = parse_prefix_wish((*texts)[i]);
    if ((*texts)[i].empty() || (prefix && prefix->address().is_unspecified())) {
      complaints.push_back({value.array[i].at, cat("\"", printable((*texts)[i]),
                                                   "\" is no prefix such as 2001:db8::/56")});
    } else if (!prefix) {
      complaints.push_back({value.array[i].at, prefix.error().message});
    } else {
      uplink.prefixes.push_back(*prefix);
    }
  }
}

void read_reaches(const Value& value, LanConfig& lan, Complaints& complaints) {
  if (value.kind == Value::Kind::kString && value.string == "auto") {
    lan.reaches.reset();
  } else if (auto names = read_texts(value, complaints)) {
    lan.reaches = std::move(*names);
  }
}

void read_dns(const Value& value, LanConfig& lan, Complaints& complaints) {
  const auto texts = read_texts(value, complaints);
  if (!texts) return;
  lan.dns_servers.clear();
  for (std::size_t i = 0; i < texts->size(); ++i) {
    const std::string& text = (*texts)[i];
    const auto address = Ip6Address::parse(text);
    if (!address) {
      complaints.push_back(
          {value.array[i].at, cat("\"", printable(text), "\" is no IPv6 address")});
    } else if (address->is_unspecified() || address->is_multicast() || address->is_loopback() ||
               address->is_v4_mapped()) {
      complaints.push_back({value.array[i].at, cat(*address, " can be no host's DNS server")});
    } else {
      lan.dns_servers.push_back(*address);
    }
  }
}

void read_search(const Value& value, LanConfig& lan, Complaints& complaints) {
  const auto texts = read_texts(value, complaints);
  if (!texts) return;
  lan.search_domains.clear();
  for (std::size_t i = 0; i < texts->size(); ++i) {
    const auto name = DomainName::parse((*texts)[i]);
    if (name && !name->is_root()) {
      lan.search_domains.push_back(*name);
    } else {
      complaints.push_back(
          {value.array[i].at, cat("\"", printable((*texts)[i]), "\" is no domain name")});
    }
  }
}

Expected<std::uint16_t> parse_option(std::string_view text) {
  if (const auto code = dhcp6::option_code_of(text)) return *code;
  std::vector<std::string_view> names;
  for (const dhcp6::OptionName& one : dhcp6::option_names()) names.push_back(one.name);
  return fail(cat("no DHCPv6 option is named \"", printable(text),
                  "\", though any may be given by its code", suggestion(text, names)));
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

std::optional<DomainName> parse_domain(std::string_view text) {
  const auto domain = DomainName::parse(text);
  return domain && !domain->is_root() ? domain : std::nullopt;
}

std::optional<std::uint64_t> parse_suffix(std::string_view text) {
  const auto address = Ip6Address::parse(text);
  if (!address || address->high() != 0 || is_reserved_interface_id(address->low()))
    return std::nullopt;
  return address->low();
}

// "" is what makes the member empty.
template <class T, class Parse>
void read_unless_empty(const Value& value, std::optional<T>& out, Parse parse,
                       std::string_view otherwise, Complaints& complaints) {
  const auto text = read_text(value, complaints);
  if (!text) return;
  out.reset();
  if (text->empty()) return;
  if (auto parsed = parse(*text)) {
    out.emplace(*parsed);
  } else {
    complaints.push_back({value.at, cat("\"", printable(*text), "\" ", otherwise)});
  }
}

void read_request_options(const Value& value, UplinkConfig& uplink, Complaints& complaints) {
  if (value.kind != Value::Kind::kArray) {
    complaints.push_back({value.at, cat("needs a list of options such as [\"aftr\", 59], this is ",
                                        kind_name(value.kind))});
    return;
  }
  uplink.request_options.clear();
  for (const Value& item : value.array) {
    std::uint16_t code = 0;
    if (item.kind == Value::Kind::kString) {
      read_parsed(item, code, parse_option, complaints);
    } else if (const auto number = read_number(item, 1, 65535, complaints)) {
      code = static_cast<std::uint16_t>(*number);
    }
    if (code != 0) uplink.request_options.push_back(code);
  }
}

void read_classes(const Value& value, LanConfig& lan, Complaints& complaints) {
  Value list = value;
  if (value.kind == Value::Kind::kString) {  // one class needs no brackets
    list = Value{.kind = Value::Kind::kArray, .at = value.at, .array = {value}};
  }
  const auto texts = read_texts(list, complaints);
  if (!texts) return;
  lan.request.classes.clear();
  for (const std::string& text : *texts) {
    // OpenWrt's word for it.
    lan.request.classes.push_back(text == "local" ? std::string(delegation::kOriginUla) : text);
  }
}

// 56, "/56", "2001:db8:1::/56": one wish.
std::optional<Prefix> read_prefix_wish(const Value& value, Complaints& complaints) {
  if (value.kind == Value::Kind::kInteger) {
    const auto length = read_number(value, 1, 64, complaints);
    if (!length) return std::nullopt;
    return Prefix(Ip6Address(), static_cast<unsigned>(*length));
  }
  const auto text = read_text(value, complaints);
  if (!text) return std::nullopt;
  const auto wish = parse_prefix_wish(*text);
  if (wish) return *wish;
  complaints.push_back({value.at, wish.error().message});
  return std::nullopt;
}

void read_prefix_request(const Value& value, UplinkConfig& uplink, Complaints& complaints) {
  using Kind = PrefixRequest::Kind;
  PrefixRequest& request = uplink.request_prefix;
  if (value.kind == Value::Kind::kBoolean) {
    request = {value.boolean ? Kind::kPlain : Kind::kNone, {}};
    return;
  }
  if (value.kind == Value::Kind::kString && value.string == "auto") {
    request = {};
    return;
  }
  if (value.kind == Value::Kind::kString && value.string == "none") {
    request = {Kind::kNone, {}};
    return;
  }
  PrefixRequest wishes{Kind::kWishes, {}};
  if (value.kind == Value::Kind::kArray) {
    if (value.array.empty() || value.array.size() > 32) {
      complaints.push_back(
          {value.at, "a list has 1 to 32 lengths or prefixes; \"none\" asks for none"});
      return;
    }
    for (const Value& one : value.array) {
      if (const auto wish = read_prefix_wish(one, complaints)) wishes.wishes.push_back(*wish);
    }
  } else if (value.kind == Value::Kind::kString && value.string.find(':') == std::string::npos &&
             value.string.find_first_of("0123456789") == std::string::npos) {
    complaints.push_back({value.at, unknown_word(value.string, {"auto", "none"}) +
                                        ", a length, a prefix, or a list of them"});
    return;
  } else if (const auto wish = read_prefix_wish(value, complaints)) {
    wishes.wishes.push_back(*wish);
  }
  if (!wishes.wishes.empty()) request = std::move(wishes);
}

template <class T>
std::vector<std::string> texts_of(const std::vector<T>& values) {
  std::vector<std::string> texts;
  for (const T& value : values) texts.push_back(value.to_string());
  return texts;
}

std::string codes(const std::vector<std::uint16_t>& values) {
  std::string out = "[";
  for (const std::uint16_t value : values) {
    const std::string_view name = dhcp6::option_name(value);
    out += cat(out.size() == 1 ? "" : ", ", name.empty() ? cat(value) : quoted(name));
  }
  return out + ']';
}

const std::array kGlobalKeys{
    Key<Config>{"state_dir", "Where leases, prefixes and identifiers are kept over a restart.",
                [](const Value& v, Config& c, Complaints& e) { read_into(v, c.state_dir, e); },
                [](const Config& c) { return quoted(c.state_dir); }},
    Key<Config>{"socket", "Where the sixgate tool talks to the daemon.",
                [](const Value& v, Config& c, Complaints& e) { read_into(v, c.socket, e); },
                [](const Config& c) { return quoted(c.socket); }},
    Key<Config>{"user",
                "Run as this user, with no more than the capabilities that are needed.\n"
                "\"\": stay the user the daemon was started as.",
                [](const Value& v, Config& c, Complaints& e) { read_into(v, c.user, e); },
                [](const Config& c) { return quoted(c.user); }},
    Key<Config>{"log_level", "\"error\", \"warning\", \"info\" or \"debug\".",
                [](const Value& v, Config& c, Complaints& e) {
                  read_word(v, log_level_words(), c.log_level, e);
                },
                [](const Config& c) { return quoted(word_of(c.log_level, log_level_words())); }},
    Key<Config>{"hook",
                "A script that is run when an uplink gets, renews or loses something, with\n"
                "odhcp6c's arguments and environment: an absolute path. \"\": none.",
                [](const Value& v, Config& c, Complaints& e) { read_into(v, c.hook, e); },
                [](const Config& c) { return quoted(c.hook); }},
    Key<Config>{"hook_timeout", "Seconds that one run of the script may take before it is killed.",
                [](const Value& v, Config& c, Complaints& e) {
                  read_duration(v, c.hook_timeout, 1, 3600, e);
                },
                [](const Config& c) { return cat(c.hook_timeout.count()); }},
    Key<Config>{
        "duid",
        "Who we are to DHCPv6 servers: \"llt\" (what \"auto\" is), \"ll\" or \"uuid\", made\n"
        "once and kept; or a given one: \"en:32473:0a0b0c\", \"uuid:\" and 32 hexadecimal\n"
        "digits, or the whole DUID in hexadecimal digits.",
        [](const Value& v, Config& c, Complaints& e) { read_parsed(v, c.duid, parse_duid, e); },
        [](const Config& c) { return quoted(duid_text(c.duid)); }},
    Key<Config>{
        "durability",
        "DHCPv6 leases survive a crash of the daemon (\"process\"), or of the whole machine\n"
        "(\"power\"), which is slower and wears flash.",
        [](const Value& v, Config& c, Complaints& e) {
          read_word(v, durability_words(), c.durability, e);
        },
        [](const Config& c) { return quoted(word_of(c.durability, durability_words())); }},
};

const std::array kUlaKeys{
    Key<UlaConfig>{
        "prefix",
        "A prefix of the house's own, which stays when the provider's changes (RFC 4193).\n"
        "\"auto\" makes one and keeps it; \"none\"; or your own, such as\n"
        "\"fd12:3456:789a::/48\".",
        [](const Value& v, UlaConfig& c, Complaints& e) { read_parsed(v, c, parse_ula, e); },
        [](const UlaConfig& c) { return quoted(ula_text(c)); }},
};

const std::array kFirewallKeys{
    Key<FirewallConfig>{
        "backend",
        "\"nft\", \"ip6tables\", \"none\" (somebody else keeps the house), or \"auto\":\n"
        "what the machine has.",
        [](const Value& v, FirewallConfig& c, Complaints& e) {
          read_word(v, firewall_words(), c.backend, e);
        },
        [](const FirewallConfig& c) { return quoted(to_string(c.backend)); }},
};

const std::array kUplinkKeys{
    Key<UplinkConfig>{
        kInterfaceKey, "The interface towards the provider.",
        [](const Value& v, UplinkConfig& c, Complaints& e) { read_into(v, c.interface, e); },
        [](const UplinkConfig& c) { return quoted(c.interface); }},
    Key<UplinkConfig>{
        "mode",
        "\"auto\": DHCPv6, and what the provider's Router Advertisements say; \"static\":\n"
        "`prefixes` are agreed with the provider; \"none\": there is no IPv6 to be had, and\n"
        "the LANs have the house's own prefix only.",
        [](const Value& v, UplinkConfig& c, Complaints& e) {
          read_word(v, uplink_mode_words(), c.mode, e);
        },
        [](const UplinkConfig& c) { return quoted(to_string(c.mode)); }},
    Key<UplinkConfig>{"prefixes",
                      "With mode = \"static\": what is routed to this house, such as\n"
                      "[\"2001:db8:1::/48\"].",
                      read_prefixes,
                      [](const UplinkConfig& c) { return quoted_list(texts_of(c.prefixes)); }},
    Key<UplinkConfig>{
        "address",
        "With mode = \"static\": the router's own address here, such as\n"
        "\"2001:db8:0:1::2/64\". \"\": what Router Advertisements give.",
        [](const Value& v, UplinkConfig& c, Complaints& e) {
          read_parsed(v, c.address, parse_interface_address, e);
        },
        [](const UplinkConfig& c) { return quoted(c.address ? c.address->to_string() : ""); }},
    Key<UplinkConfig>{
        "gateway",
        "With mode = \"static\": the provider's router, such as \"fe80::1\". \"\": the routers\n"
        "that advertise themselves.",
        [](const Value& v, UplinkConfig& c, Complaints& e) {
          read_parsed(v, c.gateway, parse_gateway, e);
        },
        [](const UplinkConfig& c) { return quoted(c.gateway ? c.gateway->to_string() : ""); }},
    Key<UplinkConfig>{
        "request_address",
        "Ask by DHCPv6 for an address of the router's own: \"auto\" (when the provider's\n"
        "Router Advertisement says so), \"always\" or \"never\".",
        [](const Value& v, UplinkConfig& c, Complaints& e) {
          read_word(v, request_address_words(), c.request_address, e);
        },
        [](const UplinkConfig& c) { return quoted(to_string(c.request_address)); }},
    Key<UplinkConfig>{
        "request_prefix",
        "The prefix for the LANs. \"auto\": see what the provider offers for every length from\n"
        "/48 to /64, and take the largest; 48 to 64: ask for this length; a whole one, such as\n"
        "\"2001:db8:1::/56\": for that very prefix; a list of these: the largest that is to be\n"
        "had; true: ask for as much as the LANs need and take what is given; \"none\".",
        read_prefix_request,
        [](const UplinkConfig& c) { return prefix_request_text(c.request_prefix); }},
    Key<UplinkConfig>{"request_options",
                      "More DHCPv6 options to ask for, by name or code, such as\n"
                      "[\"aftr\", \"map-e\", 59]. Asked for anyway: dns, search, ntp, sntp,\n"
                      "sip-servers, sip-domains, captive-portal, dnr.",
                      read_request_options,
                      [](const UplinkConfig& c) { return codes(c.request_options); }},
    Key<UplinkConfig>{
        "rapid_commit", "Two messages instead of four, with a server that can.",
        [](const Value& v, UplinkConfig& c, Complaints& e) { read_into(v, c.rapid_commit, e); },
        [](const UplinkConfig& c) { return boolean(c.rapid_commit); }},
    Key<UplinkConfig>{
        "release_on_stop",
        "Give everything back when the daemon stops. Most providers then delegate another\n"
        "prefix at the next start.",
        [](const Value& v, UplinkConfig& c, Complaints& e) { read_into(v, c.release_on_stop, e); },
        [](const UplinkConfig& c) { return boolean(c.release_on_stop); }},
    Key<UplinkConfig>{
        "use_dns", "Tell the LANs this provider's DNS servers.",
        [](const Value& v, UplinkConfig& c, Complaints& e) { read_into(v, c.use_dns, e); },
        [](const UplinkConfig& c) { return boolean(c.use_dns); }},
    Key<UplinkConfig>{
        "carrier_hold",
        "How many seconds the cable may be out before the LANs are told that there is no\n"
        "way out (0..300). What is leased is kept in any case.",
        [](const Value& v, UplinkConfig& c, Complaints& e) {
          if (const auto n = read_number(v, 0, 300, e)) c.carrier_hold = seconds(*n);
        },
        [](const UplinkConfig& c) {
          return cat(std::chrono::duration_cast<seconds>(c.carrier_hold).count());
        }},
    Key<UplinkConfig>{
        "route_check",
        "Find out whether what is delegated is really routed here, by a ping from inside\n"
        "the delegation: \"auto\" (to the link's router, which sees one packet in five\n"
        "minutes), \"off\", or the address to ask.",
        [](const Value& v, UplinkConfig& c, Complaints& e) {
          read_parsed(v, c.route_check, parse_route_check, e);
        },
        [](const UplinkConfig& c) { return quoted(route_check_text(c.route_check)); }},
    Key<UplinkConfig>{
        "probe_interval",
        "How many seconds until it is looked whether the provider has a wider prefix by now\n"
        "(30..604800, or 0: never); where there is none, less and less often. Nothing is\n"
        "given up before the wider one is there.",
        [](const Value& v, UplinkConfig& c, Complaints& e) {
          // A server is not to be asked without end.
          const bool never = v.kind == Value::Kind::kInteger && v.integer == 0;
          read_duration(v, c.probe_interval, never ? 0 : 30, 604800, e);
        },
        [](const UplinkConfig& c) { return cat(c.probe_interval.count()); }},
    Key<UplinkConfig>{
        "retire_after",
        "How many seconds a prefix that a wider one has replaced stays in use, deprecated,\n"
        "before it is given back (0..604800).",
        [](const Value& v, UplinkConfig& c, Complaints& e) {
          read_duration(v, c.retire_after, 0, 604800, e);
        },
        [](const UplinkConfig& c) { return cat(c.retire_after.count()); }},
    Key<UplinkConfig>{"ip6ifaceid",
                      "The lower half of the router's own addresses here: \"stable\" (RFC 7217),\n"
                      "\"eui64\", \"random\", or a suffix such as \"::1\".",
                      [](const Value& v, UplinkConfig& c, Complaints& e) {
                        read_parsed(v, c.interface_id, delegation::InterfaceIdPolicy::parse, e);
                      },
                      [](const UplinkConfig& c) { return quoted(c.interface_id.to_string()); }},
    Key<UplinkConfig>{
        "hook", "The script for this uplink alone. \"\": the one for all.",
        [](const Value& v, UplinkConfig& c, Complaints& e) { read_into(v, c.hook, e); },
        [](const UplinkConfig& c) { return quoted(c.hook); }},
    Key<UplinkConfig>{"metric",
                      "Metric of the default route; of several uplinks the lowest is used.",
                      [](const Value& v, UplinkConfig& c, Complaints& e) {
                        if (const auto n = read_number(v, 1, kMax32, e)) {
                          c.metric = static_cast<std::uint32_t>(*n);
                        }
                      },
                      [](const UplinkConfig& c) { return cat(c.metric); }},
};

const std::array kLanKeys{
    Key<LanConfig>{
        kInterfaceKey, "The interface towards the hosts.",
        [](const Value& v, LanConfig& c, Complaints& e) { read_into(v, c.interface, e); },
        [](const LanConfig& c) { return quoted(c.interface); }},
    Key<LanConfig>{"ip6assign",
                   "How much of each prefix this LAN gets: 64, or a larger block down to 48 for\n"
                   "routers behind it. Hosts always use the first /64.",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     if (const auto n = read_number(v, 48, 64, e)) {
                       c.request.assign_length = static_cast<unsigned>(*n);
                     }
                   },
                   [](const LanConfig& c) { return cat(c.request.assign_length); }},
    Key<LanConfig>{"ip6hint",
                   "Which /64 of each prefix, as the hexadecimal subnet number: \"10\" of\n"
                   "2001:db8:1::/48 is 2001:db8:1:10::/64. \"\": any, and then always the same.",
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
        "\"protected\": nobody outside opens a connection to its hosts. \"exposed\":\n"
        "everybody may. \"isolated\": as protected, for guests: the Internet, no other LAN.\n"
        "\"closed\": no Internet, and no other LAN either.",
        [](const Value& v, LanConfig& c, Complaints& e) { read_word(v, zone_words(), c.zone, e); },
        [](const LanConfig& c) { return quoted(word_of(c.zone, zone_words())); }},
    Key<LanConfig>{
        "reaches",
        "The LANs that its hosts may open connections to, such as [\"printers\"]. \"auto\": as\n"
        "the zone has it: protected ones reach all, exposed ones those exposed, others none.",
        read_reaches,
        [](const LanConfig& c) { return c.reaches ? quoted_list(*c.reaches) : quoted("auto"); }},
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
    Key<LanConfig>{"dns", "DNS servers to tell them. []: the providers'.", read_dns,
                   [](const LanConfig& c) { return quoted_list(texts_of(c.dns_servers)); }},
    Key<LanConfig>{"search", "Search domains to tell them. []: the providers'.", read_search,
                   [](const LanConfig& c) { return quoted_list(texts_of(c.search_domains)); }},
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
        "Write their addresses and names here, as dnsmasq (addn-hosts, or a file in its\n"
        "hostsdir) reads them. Needs domain. \"\": nowhere.",
        [](const Value& v, LanConfig& c, Complaints& e) { read_into(v, c.hosts_file, e); },
        [](const LanConfig& c) { return quoted(c.hosts_file); }},
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
};

const std::array kReservationKeys{
    Key<ReservationConfig>{
        "lan", "On which LAN. \"\": on each.",
        [](const Value& v, ReservationConfig& c, Complaints& e) { read_into(v, c.lan, e); },
        [](const ReservationConfig& c) { return quoted(c.lan); }},
    Key<ReservationConfig>{"duid", "The client's DUID in hexadecimal digits. \"\": any.",
                           [](const Value& v, ReservationConfig& c, Complaints& e) {
                             read_unless_empty(v, c.kept.duid, dhcp6::Duid::parse,
                                               "is no DUID: 1 to 130 octets in hexadecimal digits",
                                               e);
                           },
                           [](const ReservationConfig& c) {
                             return quoted(c.kept.duid ? c.kept.duid->to_string() : "");
                           }},
    Key<ReservationConfig>{"iaid", "Only this IA of the client, as a number. -1: any.",
                           [](const Value& v, ReservationConfig& c, Complaints& e) {
                             const auto n = read_number(v, -1, kMax32, e);
                             if (!n) return;
                             c.kept.iaid.reset();
                             if (*n >= 0) c.kept.iaid = static_cast<std::uint32_t>(*n);
                           },
                           [](const ReservationConfig& c) {
                             return c.kept.iaid ? cat(*c.kept.iaid) : std::string("-1");
                           }},
    Key<ReservationConfig>{
        "mac",
        "The client's MAC address: from its DUID, its link-local address or the relay agent.\n"
        "\"\": any.",
        [](const Value& v, ReservationConfig& c, Complaints& e) {
          read_unless_empty(v, c.kept.mac, MacAddress::parse,
                            "is no MAC address such as 02:00:5e:00:53:01", e);
        },
        [](const ReservationConfig& c) {
          return quoted(c.kept.mac ? c.kept.mac->to_string() : "");
        }},
    Key<ReservationConfig>{"hostname",
                           "The name that the client says of itself, without a domain. \"\": any.",
                           [](const Value& v, ReservationConfig& c, Complaints& e) {
                             if (const auto text = read_text(v, e))
                               c.kept.hostname = lower_case(*text);
                           },
                           [](const ReservationConfig& c) { return quoted(c.kept.hostname); }},
    Key<ReservationConfig>{
        "suffix", "The lower half of its addresses, such as \"::77\". \"\": any.",
        [](const Value& v, ReservationConfig& c, Complaints& e) {
          read_unless_empty(v, c.kept.interface_id, parse_suffix,
                            "is no suffix such as \"::77\" that an interface may have", e);
        },
        [](const ReservationConfig& c) {
          return quoted(c.kept.interface_id
                            ? Ip6Address::from_halves(0, *c.kept.interface_id).to_string()
                            : "");
        }},
    Key<ReservationConfig>{
        "subnet",
        "The hexadecimal number of the /64 in each delegation where its prefix begins, when it\n"
        "is a router. \"\": any.",
        [](const Value& v, ReservationConfig& c, Complaints& e) {
          read_parsed(v, c.kept.subnet, parse_hint, e);
        },
        [](const ReservationConfig& c) { return quoted(hint_text(c.kept.subnet)); }},
    Key<ReservationConfig>{"lease_time", "For how long, in seconds. 0: as everybody on the LAN.",
                           [](const Value& v, ReservationConfig& c, Complaints& e) {
                             const auto n = read_number(v, 0, kMax32, e);
                             if (!n) return;
                             c.kept.lifetime.reset();
                             if (*n > 0) c.kept.lifetime = Lifetime(static_cast<std::uint32_t>(*n));
                           },
                           [](const ReservationConfig& c) {
                             return cat(c.kept.lifetime ? c.kept.lifetime->count() : 0U);
                           }},
    Key<ReservationConfig>{"name", "What the host is called.",
                           [](const Value& v, ReservationConfig& c, Complaints& e) {
                             if (const auto text = read_text(v, e)) c.kept.name = lower_case(*text);
                           },
                           [](const ReservationConfig& c) { return quoted(c.kept.name); }},
    Key<ReservationConfig>{
        "ignore", "Never answer it.",
        [](const Value& v, ReservationConfig& c, Complaints& e) { read_into(v, c.kept.ignore, e); },
        [](const ReservationConfig& c) { return boolean(c.kept.ignore); }},
};

}  // namespace

std::span<const Key<Config>> global_keys() { return kGlobalKeys; }
std::span<const Key<UlaConfig>> ula_keys() { return kUlaKeys; }
std::span<const Key<FirewallConfig>> firewall_keys() { return kFirewallKeys; }

namespace {

template <class Section, class... More>
std::vector<Key<Section>> joined(std::span<const Key<Section>> first, const More&... more) {
  std::vector<Key<Section>> keys(first.begin(), first.end());
  (keys.insert(keys.end(), more.begin(), more.end()), ...);
  return keys;
}

}  // namespace

std::span<const Key<UplinkConfig>> uplink_keys() {
  static const auto all =
      joined(std::span<const Key<UplinkConfig>>(kUplinkKeys), sharing_uplink_keys());
  return all;
}

std::span<const Key<LanConfig>> lan_keys() {
  static const auto all = joined(std::span<const Key<LanConfig>>(kLanKeys), relay_keys(),
                                 advertising_keys(), sharing_lan_keys());
  return all;
}

std::span<const Key<ReservationConfig>> reservation_keys() { return kReservationKeys; }

}  // namespace sixgate::conf
