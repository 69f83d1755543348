// SPDX-License-Identifier: Apache-2.0
// The keys of an uplink.
#include <array>

#include "conf/keys.h"
#include "conf/suggest.h"
#include "dhcp6/option_names.h"
#include "net/text.h"

namespace sixgate::conf {

namespace {

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
                      [](const UplinkConfig& c) { return quoted_texts(c.prefixes); }},
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
                      [](const Value& v, UplinkConfig& c, Complaints& e) {
                        read_option_codes(v, c.request_options, e);
                      },
                      [](const UplinkConfig& c) { return option_codes_text(c.request_options); }},
    Key<UplinkConfig>{
        "tell_name",
        "A name of this router for the provider's DHCPv6 server, such as \"router\" or\n"
        "\"gw.example.net\", which may put it into the DNS. Told to nobody who fails on it.",
        [](const Value& v, UplinkConfig& c, Complaints& e) {
          read_unless_empty(v, c.tell_name, parse_domain, "is no domain name", e);
        },
        [](const UplinkConfig& c) {
          return quoted(c.tell_name ? c.tell_name->to_string() : std::string());
        }},
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
        "register_addresses",
        "Tell a DHCPv6 server that asks for it which addresses we made ourselves (RFC 9686).",
        [](const Value& v, UplinkConfig& c, Complaints& e) {
          read_into(v, c.register_addresses, e);
        },
        [](const UplinkConfig& c) { return boolean(c.register_addresses); }},
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
    Key<UplinkConfig>{
        "nptv6",
        "Hosts do not get addresses of this provider: they keep those of the house's own prefix\n"
        "(see ula), and the firewall turns its /64 on each LAN into the one that the LAN would\n"
        "have had here, and back (RFC 6296). For several providers of which none may show; it\n"
        "costs what translation always costs: programs that tell others their address fail,\n"
        "and most hosts prefer IPv4 to a ULA.",
        [](const Value& v, UplinkConfig& c, Complaints& e) { read_into(v, c.nptv6, e); },
        [](const UplinkConfig& c) { return boolean(c.nptv6); }},
    Key<UplinkConfig>{"metric",
                      "Metric of the default route; of several uplinks the lowest is used.",
                      [](const Value& v, UplinkConfig& c, Complaints& e) {
                        if (const auto n = read_number(v, 1, kMax32, e)) {
                          c.metric = static_cast<std::uint32_t>(*n);
                        }
                      },
                      [](const UplinkConfig& c) { return cat(c.metric); }},
};

}  // namespace

std::span<const Key<UplinkConfig>> uplink_keys() {
  static const auto all =
      joined(std::span<const Key<UplinkConfig>>(kUplinkKeys), sharing_uplink_keys());
  return all;
}

}  // namespace sixgate::conf
