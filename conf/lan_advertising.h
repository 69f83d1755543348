// SPDX-License-Identifier: Apache-2.0
// What the Router Advertisements of a LAN say beyond the timers and fields of ra::AdvertiserSettings: which
// prefixes and how, which routes, and what else hosts are told. Where odhcpd has a word for it, the key has
// that word.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/expected.h"
#include "ra/advertisement.h"

namespace sixgate::conf {

// How prefixes are advertised: those inside `within` (all when there is none) and of `origin` (an uplink,
// "ula", "static"; every one when empty). As text: "2001:db8::/32 slaac=no preferred=600 deprecated".
struct PrefixRule {
  std::string origin;
  std::optional<Prefix> within;
  std::optional<bool> on_link;               // onlink=
  std::optional<bool> autonomous;            // slaac=
  std::optional<bool> router_address;        // router=
  std::optional<bool> delegation_preferred;  // pd=
  std::optional<Lifetime> preferred;         // preferred=SECONDS or infinite
  std::optional<Lifetime> valid;             // valid=
  bool deprecated = false;
  bool decrement =
      false;            // of a static prefix: its lifetimes count down from when it was configured
  bool hidden = false;  // not advertised at all
  bool operator==(const PrefixRule&) const = default;
};

// As text: "2001:db8:5::/48 high 1800".
struct RouteRule {
  Prefix prefix;
  ra::RouterPreference preference = ra::RouterPreference::kMedium;
  std::optional<Lifetime> lifetime;
  bool operator==(const RouteRule&) const = default;
};

// odhcpd's ra_default.
enum class DefaultRouter : std::uint8_t {
  kWhenUseful,     // 0: with a default route and a prefix that is no ULA (RFC 7084 ULA-5)
  kWithoutPrefix,  // 1: with a default route
  kAlways,         // 2
};

struct LanAdvertising {
  DefaultRouter default_router = DefaultRouter::kWhenUseful;
  bool offlink = false;
  bool router_address = false;        // the R flag
  bool delegation_preferred = false;  // the P flag
  std::vector<PrefixRule> static_prefixes;
  std::vector<PrefixRule> rules;  // the first that fits a prefix is used
  std::vector<Prefix> filter;     // only prefixes inside one of these; none: all
  std::vector<RouteRule> routes;
  ra::RouterPreference route_preference = ra::RouterPreference::kMedium;
  bool uplink_mtu = true;  // say the smallest MTU of an uplink where that is below the link's
  bool learn_pref64 = true;
  std::optional<Prefix> pref64;
  std::string captive_portal;
  std::vector<ra::EncryptedDns> encrypted_dns;
  std::vector<ra::UnknownOption> options;
  // A carrier that is away for no longer changes nothing.
  seconds carrier_hold{5};
  bool operator==(const LanAdvertising&) const = default;
};

Expected<PrefixRule> parse_static_prefix(std::string_view text);
Expected<PrefixRule> parse_prefix_rule(std::string_view text);
Expected<RouteRule> parse_route_rule(std::string_view text);
// odhcpd's form: PRIORITY NAME [ADDRESS,... [KEY=VALUE...]].
Expected<ra::EncryptedDns> parse_encrypted_dns(std::string_view text);
Expected<ra::UnknownOption> parse_raw_option(std::string_view text);  // TYPE:HEX
Expected<std::string> parse_captive_portal(std::string_view text);
Expected<Prefix> parse_pref64(std::string_view text);

std::string text_of(const PrefixRule& rule);
std::string text_of(const RouteRule& rule);
std::string text_of(const ra::EncryptedDns& resolver);
std::string text_of(const ra::UnknownOption& option);

}  // namespace sixgate::conf
