// SPDX-License-Identifier: Apache-2.0
// The keys of a LAN that speak of its Router Advertisements. Where odhcpd has a word for something, it is the
// same here.
#include <array>
#include <type_traits>

#include "conf/keys.h"
#include "net/text.h"

namespace sixgate::conf {

namespace {

void read_mtu(const Value& value, LanConfig& lan, Complaints& complaints) {
  if (value.kind == Value::Kind::kString) {
    if (value.string == "auto" || value.string == "link") {
      lan.ra.mtu.reset();
      lan.advertising.uplink_mtu = value.string == "auto";
    } else {
      complaints.push_back({value.at, unknown_word(value.string, {"auto", "link"}) +
                                          ", 0 (none), or a number of octets"});
    }
    return;
  }
  const auto read = read_number(value, 0, 65535, complaints);
  if (!read) return;
  // RFC 8200 section 5
  if (*read != 0 && *read < 1280) {
    complaints.push_back({value.at, "an IPv6 link has an MTU of at least 1280; 0 says none"});
    return;
  }
  lan.ra.mtu = static_cast<std::uint32_t>(*read);
}

void read_lifetime(const Value& value, Lifetime& out, Complaints& complaints) {
  if (const auto read = read_number(value, 0, kMax32, complaints)) {
    out = Lifetime(static_cast<std::uint32_t>(*read));
  }
}

void read_pref64(const Value& value, LanConfig& lan, Complaints& complaints) {
  const auto text = read_text(value, complaints);
  if (!text) return;
  lan.advertising.pref64.reset();
  lan.advertising.learn_pref64 = *text == "auto";
  if (*text == "auto" || *text == "none") return;
  const auto prefix = parse_pref64(*text);
  if (prefix)
    lan.advertising.pref64 = *prefix;
  else
    complaints.push_back({value.at, text->find(':') == std::string::npos
                                        ? unknown_word(*text, {"auto", "none", "64:ff9b::/96"})
                                        : prefix.error().message});
}

void read_portal(const Value& value, LanConfig& lan, Complaints& complaints) {
  const auto text = read_text(value, complaints);
  if (!text) return;
  auto portal = parse_captive_portal(*text);
  if (portal)
    lan.advertising.captive_portal = std::move(*portal);
  else
    complaints.push_back({value.at, portal.error().message});
}

const std::array kAdvertisingKeys{
    Key<LanConfig>{"ra_max_interval",
                   "The longest time between two Router Advertisements, in seconds (4..1800).",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     read_duration(v, c.ra.max_interval, 4, 1800, e);
                   },
                   [](const LanConfig& c) { return cat(c.ra.max_interval.count()); }},
    Key<LanConfig>{"ra_min_interval",
                   "The shortest; when it is not given, a third of ra_max_interval.",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     read_duration(v, c.ra.min_interval, 3, 1350, e);
                   },
                   [](const LanConfig& c) { return cat(c.ra.min_interval.count()); }},
    Key<LanConfig>{"ra_lifetime",
                   "How long hosts keep us as their default router after one, in seconds: from\n"
                   "ra_max_interval to 9000, or 0 for never.",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     if (const auto n = read_number(v, 0, 9000, e)) {
                       c.ra.router_lifetime = Lifetime(static_cast<std::uint32_t>(*n));
                     }
                   },
                   [](const LanConfig& c) { return cat(c.ra.router_lifetime.count()); }},
    Key<LanConfig>{
        "ra_preference", "\"low\", \"medium\" or \"high\", among several routers.",
        [](const Value& v, LanConfig& c, Complaints& e) {
          read_word(v, preference_words(), c.ra.preference, e);
        },
        [](const LanConfig& c) { return quoted(word_of(c.ra.preference, preference_words())); }},
    Key<LanConfig>{"ra_hop_limit", "What hosts put into their packets; 0 says nothing of it.",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     if (const auto n = read_number(v, 0, 255, e)) {
                       c.ra.hop_limit = static_cast<std::uint8_t>(*n);
                     }
                   },
                   [](const LanConfig& c) { return cat(unsigned{c.ra.hop_limit}); }},
    Key<LanConfig>{
        "ra_mtu",
        "\"auto\": the interface's, or an uplink's where that is smaller; \"link\": the\n"
        "interface's; 0: say nothing of it; or a number of octets.",
        read_mtu,
        [](const LanConfig& c) {
          if (c.ra.mtu) return cat(*c.ra.mtu);
          return quoted(c.advertising.uplink_mtu ? "auto" : "link");
        }},
    Key<LanConfig>{"ra_reachable_time", "Milliseconds; 0 leaves it to the hosts.",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     read_duration(v, c.ra.reachable, 0, 3600000, e);
                   },
                   [](const LanConfig& c) { return cat(c.ra.reachable.count()); }},
    Key<LanConfig>{"ra_retrans_timer", "Milliseconds; 0 leaves it to the hosts.",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     read_duration(v, c.ra.retrans, 0, kMax32, e);
                   },
                   [](const LanConfig& c) { return cat(c.ra.retrans.count()); }},
    Key<LanConfig>{
        "ra_max_preferred",
        "However long the provider's prefix lasts, hosts prefer an address for no longer\n"
        "than this after an advertisement, in seconds (RFC 9096).",
        [](const Value& v, LanConfig& c, Complaints& e) {
          read_lifetime(v, c.ra.max_preferred, e);
        },
        [](const LanConfig& c) { return cat(c.ra.max_preferred.count()); }},
    Key<LanConfig>{
        "ra_max_valid", "And keep it for no longer than this.",
        [](const Value& v, LanConfig& c, Complaints& e) { read_lifetime(v, c.ra.max_valid, e); },
        [](const LanConfig& c) { return cat(c.ra.max_valid.count()); }},
    Key<LanConfig>{"ra_unicast",
                   "Answer a host's solicitation to that host alone, where that is possible.",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     read_into(v, c.ra.unicast_solicited, e);
                   },
                   [](const LanConfig& c) { return boolean(c.ra.unicast_solicited); }},
    Key<LanConfig>{
        "ra_unicast_only",
        "A link without multicast: whoever has solicited is spoken to one by one.",
        [](const Value& v, LanConfig& c, Complaints& e) { read_into(v, c.ra.unicast_only, e); },
        [](const LanConfig& c) { return boolean(c.ra.unicast_only); }},
    Key<LanConfig>{
        "ra_unicast_rate",
        "Answers to single hosts in a second, on average over ten; who comes beyond that\n"
        "is answered by one multicast together with others. 0: no limit.",
        [](const Value& v, LanConfig& c, Complaints& e) {
          if (const auto n = read_number(v, 0, 100000, e))
            c.ra.unicast_rate = static_cast<unsigned>(*n);
        },
        [](const LanConfig& c) { return cat(c.ra.unicast_rate); }},
    Key<LanConfig>{
        "ra_solicited_delay",
        "The longest random wait before a solicitation is answered, in milliseconds (0..500):\n"
        "several routers of one link shall not answer at the same time. 0 where we are alone.",
        [](const Value& v, LanConfig& c, Complaints& e) {
          read_duration(v, c.ra.solicited_delay, 0, 500, e);
        },
        [](const LanConfig& c) { return cat(c.ra.solicited_delay.count()); }},
    Key<LanConfig>{
        "ra_multicast_gap",
        "Multicasts are never closer than this, in seconds (3..60): more where the air is\n"
        "dear or hosts sleep.",
        [](const Value& v, LanConfig& c, Complaints& e) {
          read_duration(v, c.ra.multicast_gap, 3, 60, e);
        },
        [](const LanConfig& c) { return cat(c.ra.multicast_gap.count()); }},
    Key<LanConfig>{
        "ra_default",
        "Be a default router 0: with a default route and a prefix that is no ULA; 1: with a\n"
        "default route, whatever the prefixes; 2: always.",
        [](const Value& v, LanConfig& c, Complaints& e) {
          if (const auto n = read_number(v, 0, 2, e))
            c.advertising.default_router = static_cast<DefaultRouter>(*n);
        },
        [](const LanConfig& c) { return cat(static_cast<int>(c.advertising.default_router)); }},
    Key<LanConfig>{
        "ra_offlink", "Say that prefixes are not on link: hosts send everything to us.",
        [](const Value& v, LanConfig& c, Complaints& e) { read_into(v, c.advertising.offlink, e); },
        [](const LanConfig& c) { return boolean(c.advertising.offlink); }},
    Key<LanConfig>{"ra_advrouter", "Say our whole address with each prefix (the R flag, RFC 6275).",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     read_into(v, c.advertising.router_address, e);
                   },
                   [](const LanConfig& c) { return boolean(c.advertising.router_address); }},
    Key<LanConfig>{
        "ra_home_agent", "Say that we are a home agent (the H flag, RFC 6275).",
        [](const Value& v, LanConfig& c, Complaints& e) { read_into(v, c.ra.home_agent, e); },
        [](const LanConfig& c) { return boolean(c.ra.home_agent); }},
    Key<LanConfig>{
        "ra_interval_option", "Say ra_max_interval to the hosts (RFC 6275).",
        [](const Value& v, LanConfig& c, Complaints& e) { read_into(v, c.ra.interval_option, e); },
        [](const LanConfig& c) { return boolean(c.ra.interval_option); }},
    Key<LanConfig>{"dhcpv6_pd_preferred",
                   "Tell hosts to ask for a prefix of their own by DHCPv6 (the P flag, RFC 9762).",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     read_into(v, c.advertising.delegation_preferred, e);
                   },
                   [](const LanConfig& c) { return boolean(c.advertising.delegation_preferred); }},
    Key<LanConfig>{
        "prefix",
        "Prefixes of this LAN beside the delegated ones, such as \"2001:db8:7:1::/64\", each\n"
        "with words as in ra_prefix if need be. \"decrement\": valid= counts down to an end.",
        [](const Value& v, LanConfig& c, Complaints& e) {
          read_list(v, c.advertising.static_prefixes, parse_static_prefix, e);
        },
        [](const LanConfig& c) { return list_text(c.advertising.static_prefixes); }},
    Key<LanConfig>{
        "ra_prefix",
        "How single prefixes are advertised: \"WHICH WORDS\", WHICH is a range such as\n"
        "\"2001:db8::/32\", an uplink, \"ula\", \"static\" or \"all\"; the first that fits is "
        "used.\n"
        "Words: onlink=, slaac=, router=, pd= with yes or no, preferred=, valid= with the most\n"
        "seconds, deprecated (for nothing new), hidden (not at all).",
        [](const Value& v, LanConfig& c, Complaints& e) {
          read_list(v, c.advertising.rules, parse_prefix_rule, e);
        },
        [](const LanConfig& c) { return list_text(c.advertising.rules); }},
    Key<LanConfig>{"prefix_filter", "Advertise only prefixes inside one of these. []: all.",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     read_list(v, c.advertising.filter, parse_prefix_text, e);
                   },
                   [](const LanConfig& c) { return quoted_texts(c.advertising.filter); }},
    Key<LanConfig>{
        "ra_route",
        "Routes to tell hosts of beside those to the house's prefixes (RFC 4191), such as\n"
        "\"2001:db8:5::/48 high 1800\": a preference and a lifetime may follow.",
        [](const Value& v, LanConfig& c, Complaints& e) {
          read_list(v, c.advertising.routes, parse_route_rule, e);
        },
        [](const LanConfig& c) { return list_text(c.advertising.routes); }},
    Key<LanConfig>{"ra_route_preference", "Of the routes to the house's prefixes.",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     read_word(v, preference_words(), c.advertising.route_preference, e);
                   },
                   [](const LanConfig& c) {
                     return quoted(word_of(c.advertising.route_preference, preference_words()));
                   }},
    Key<LanConfig>{
        "ra_pref64",
        "The prefix of the NAT64 for hosts (RFC 8781): \"auto\" (what the uplink says), \"none\",\n"
        "or one such as \"64:ff9b::/96\".",
        read_pref64,
        [](const LanConfig& c) {
          if (c.advertising.pref64) return quoted(c.advertising.pref64->to_string());
          return quoted(c.advertising.learn_pref64 ? "auto" : "none");
        }},
    Key<LanConfig>{
        "captive_portal_uri",
        "The API of a captive portal (RFC 8910), such as \"https://portal.example.org/api\".",
        read_portal, [](const LanConfig& c) { return quoted(c.advertising.captive_portal); }},
    Key<LanConfig>{
        "dnr",
        "Encrypted resolvers (RFC 9463): \"PRIORITY NAME [ADDRESS,... [KEY=VALUE...]]\", such as\n"
        "\"100 dns.example.org 2001:db8::53 alpn=dot\".",
        [](const Value& v, LanConfig& c, Complaints& e) {
          read_list(v, c.advertising.encrypted_dns, parse_encrypted_dns, e);
        },
        [](const LanConfig& c) { return list_text(c.advertising.encrypted_dns); }},
    Key<LanConfig>{"ra_option", "Further options as \"TYPE:HEX\", such as \"253:0a0b0c\".",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     read_list(v, c.advertising.options, parse_raw_option, e);
                   },
                   [](const LanConfig& c) { return list_text(c.advertising.options); }},
    Key<LanConfig>{"carrier_hold",
                   "A cable that is out for no longer than this, in seconds, changes nothing here.",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     read_duration(v, c.advertising.carrier_hold, 0, 3600, e);
                   },
                   [](const LanConfig& c) { return cat(c.advertising.carrier_hold.count()); }},
};

}  // namespace

std::span<const Key<LanConfig>> advertising_keys() { return kAdvertisingKeys; }

}  // namespace sixgate::conf
