// SPDX-License-Identifier: Apache-2.0
#include "conf/lan_advertising.h"

#include <algorithm>
#include <array>

#include "conf/key_values.h"
#include "net/service_parameters.h"
#include "net/text.h"

namespace sixgate::conf {

namespace {

std::vector<std::string_view> words_of(std::string_view text, char separator = ' ') {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::optional<Lifetime> parse_lifetime(std::string_view text) {
  if (text == "infinite") return Lifetime::infinite();
  const auto number = parse_decimal(text);
  if (!number || *number > 0xfffffffe) return std::nullopt;
  return Lifetime(static_cast<std::uint32_t>(*number));
}

std::string lifetime_text(Lifetime lifetime) {
  return lifetime.is_infinite() ? "infinite" : std::to_string(lifetime.count());
}

constexpr std::array<std::string_view, 9> kRuleWords{
    "onlink", "slaac", "router", "pd", "preferred", "valid", "deprecated", "decrement", "hidden"};

Expected<Done> take_word(std::string_view word, PrefixRule& rule) {
  const std::size_t equals = std::min(word.find('='), word.size());
  const std::string_view name = word.substr(0, equals);
  const std::string_view value = word.substr(std::min(equals + 1, word.size()));
  const auto flag = [&](std::optional<bool>& out) -> Expected<Done> {
    if (value != "yes" && value != "no") return fail(cat(name, "= needs yes or no"));
    out = value == "yes";
    return Done{};
  };
  const auto lifetime = [&](std::optional<Lifetime>& out) -> Expected<Done> {
    out = parse_lifetime(value);
    if (!out) return fail(cat(name, "= needs seconds, or infinite"));
    return Done{};
  };
  const auto bare = [&](bool& out) -> Expected<Done> {
    if (equals != word.size()) return fail(cat(name, " has no value"));
    out = true;
    return Done{};
  };
  if (name == "onlink") return flag(rule.on_link);
  if (name == "slaac") return flag(rule.autonomous);
  if (name == "router") return flag(rule.router_address);
  if (name == "pd") return flag(rule.delegation_preferred);
  if (name == "preferred") return lifetime(rule.preferred);
  if (name == "valid") return lifetime(rule.valid);
  if (name == "deprecated") return bare(rule.deprecated);
  if (name == "decrement") return bare(rule.decrement);
  if (name == "hidden") return bare(rule.hidden);
  return fail(unknown_word(name, {kRuleWords.begin(), kRuleWords.end()}));
}

Expected<Done> take_words(const std::vector<std::string_view>& words, PrefixRule& rule) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (auto taken = take_word(words[i], rule); !taken) return fail(taken.error().message);
  }
  if (rule.preferred && rule.valid && *rule.preferred > *rule.valid)
    return fail("preferred= must not be above valid=");
  return Done{};
}

}  // namespace

Expected<PrefixRule> parse_static_prefix(std::string_view text) {
  const auto words = words_of(text);
  if (words.empty()) return fail("needs a prefix such as 2001:db8:1:2::/64");
  const auto prefix = parse_prefix_text(words[0]);
  if (!prefix) return fail(prefix.error().message);
  if (prefix->length() != 64) return fail(cat("hosts of a LAN need a /64, this is ", *prefix));
  if (!prefix->address().is_global_unicast() && !prefix->address().is_unique_local())
    return fail(cat(*prefix, " is no range of unicast addresses"));
  PrefixRule rule;
  rule.within = *prefix;
  if (auto taken = take_words(words, rule); !taken) return fail(taken.error().message);
  if (rule.decrement && (!rule.valid || rule.valid->is_infinite()))
    return fail("decrement needs valid=SECONDS");
  return rule;
}

Expected<PrefixRule> parse_prefix_rule(std::string_view text) {
  const auto words = words_of(text);
  if (words.empty()) return fail("needs a prefix, an uplink, \"ula\", \"static\" or \"all\"");
  PrefixRule rule;
  if (words[0].find(':') != std::string_view::npos) {
    const auto prefix = parse_prefix_text(words[0]);
    if (!prefix) return fail(prefix.error().message);
    rule.within = *prefix;
  } else if (words[0] != "all") {
    rule.origin = words[0] == "local" ? "ula" : std::string(words[0]);  // OpenWrt's word for it
  }
  if (auto taken = take_words(words, rule); !taken) return fail(taken.error().message);
  if (rule.decrement)
    return fail("decrement is for static prefixes; a delegation counts by itself");
  return rule;
}

Expected<RouteRule> parse_route_rule(std::string_view text) {
  const auto words = words_of(text);
  if (words.empty()) return fail("needs a prefix such as 2001:db8:5::/48");
  const auto prefix = parse_prefix_text(words[0]);
  if (!prefix) return fail(prefix.error().message);
  if (prefix->overlaps(kLinkLocal) && prefix->length() > 0)
    return fail(cat(*prefix, " is on every link"));
  RouteRule rule{*prefix, ra::RouterPreference::kMedium, std::nullopt};
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto& known = preference_words();
    const auto word = std::find_if(known.begin(), known.end(),
                                   [&](const auto& entry) { return entry.first == words[i]; });
    if (word != known.end()) {
      rule.preference = word->second;
    } else if (const auto lifetime = parse_lifetime(words[i])) {
      rule.lifetime = lifetime;
    } else {
      return fail(cat("\"", printable(words[i]),
                      "\" is neither \"low\", \"medium\", \"high\" nor a number of seconds"));
    }
  }
  return rule;
}

Expected<ra::EncryptedDns> parse_encrypted_dns(std::string_view text) {
  const auto words = words_of(text);
  if (words.size() < 2)
    return fail(
        "needs \"PRIORITY NAME [ADDRESS,... [KEY=VALUE...]]\", such as \"100 "
        "dns.example.org 2001:db8::53 alpn=dot\"");
  ra::EncryptedDns resolver;
  const auto priority = parse_decimal(words[0]);
  // RFC 9460 section 2.4.1: 0 means another mode, which RFC 9463 does not know.
  if (!priority || *priority == 0 || *priority > 65535)
    return fail(cat("\"", printable(words[0]), "\" is no priority from 1 to 65535"));
  resolver.priority = static_cast<std::uint16_t>(*priority);
  const auto name = DomainName::parse(words[1]);
  if (!name || name->is_root()) return fail(cat("\"", printable(words[1]), "\" is no domain name"));
  resolver.name = *name;
  if (words.size() == 2) return resolver;
  for (const std::string_view one : words_of(words[2], ',')) {
    const auto address = Ip6Address::parse(one);
    if (!address || address->is_unspecified() || address->is_multicast() || address->is_loopback())
      return fail(cat("\"", printable(one), "\" is no resolver's IPv6 address"));
    resolver.addresses.push_back(*address);
  }
  std::string parameters;
  for (std::size_t i = 3; i < words.size(); ++i) parameters += cat(words[i], ' ');
  auto wire = parse_service_parameters(parameters);
  if (!wire) return fail(wire.error().message);
  resolver.service_parameters = std::move(*wire);
  if (ra::wire_size(resolver) > ra::kMinLinkMtu - 128 || ra::wire_size(resolver) == 0)
    return fail("is too long for a Router Advertisement");
  return resolver;
}

Expected<ra::UnknownOption> parse_raw_option(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto type = parse_decimal(text.substr(0, colon));
  const std::string_view digits = text.substr(std::min(colon + 1, text.size()));
  const auto payload = parse_hex(digits);
  if (!type || *type == 0 || *type > 255 || colon == text.size() || (!payload && !digits.empty()))
    return fail("needs \"TYPE:HEX\", such as \"253:0a0b0c\"");
  // What has a key of its own, or belongs into other messages.
  constexpr std::array<std::uint8_t, 11> kOurs{1, 2, 3, 5, 7, 24, 25, 31, 37, 38, 144};
  const auto code = static_cast<std::uint8_t>(*type);
  if (std::find(kOurs.begin(), kOurs.end(), code) != kOurs.end())
    return fail(cat("option ", unsigned{code}, " is made from keys of its own"));
  ra::UnknownOption option{code, payload.value_or(std::vector<std::uint8_t>{})};
  if (option.payload.size() > 1022) return fail("is too long for a Router Advertisement");
  return option;
}

Expected<std::string> parse_captive_portal(std::string_view text) {
  if (text.empty() || text == ra::kUnrestrictedPortal) return std::string(text);
  // RFC 8910 section 2; RFC 8908 section 4.1 has HTTPS.
  constexpr std::string_view kScheme = "https://";
  if (!text.starts_with(kScheme) || text.size() == kScheme.size())
    return fail("a captive portal's API has a URI such as https://portal.example.org/api");
  if (text.size() > 255) return fail("is longer than 255 octets");
  if (std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c > '~'; }))
    return fail("is no URI");
  const std::string_view host = text.substr(kScheme.size());
  const std::string_view name = host.substr(0, host.find_first_of(":/"));
  if (host.starts_with('[') || name.find_first_not_of("0123456789.") == std::string_view::npos)
    return fail("needs a name: an address has no certificate");
  return std::string(text);
}

Expected<Prefix> parse_pref64(std::string_view text) {
  const auto prefix = parse_prefix_text(text);
  if (!prefix) return fail(prefix.error().message);
  if (!ra::is_translation_length(prefix->length()))
    return fail(cat(*prefix, " must be a /96, /64, /56, /48, /40 or /32 (RFC 6052)"));
  return *prefix;
}

std::string text_of(const PrefixRule& rule) {
  std::string out = rule.within           ? rule.within->to_string()
                    : rule.origin.empty() ? "all"
                                          : rule.origin;
  const auto flag = [&](std::string_view name, const std::optional<bool>& value) {
    if (value) out += cat(' ', name, *value ? "=yes" : "=no");
  };
  flag("onlink", rule.on_link);
  flag("slaac", rule.autonomous);
  flag("router", rule.router_address);
  flag("pd", rule.delegation_preferred);
  if (rule.preferred) out += cat(" preferred=", lifetime_text(*rule.preferred));
  if (rule.valid) out += cat(" valid=", lifetime_text(*rule.valid));
  if (rule.deprecated) out += " deprecated";
  if (rule.decrement) out += " decrement";
  if (rule.hidden) out += " hidden";
  return out;
}

std::string text_of(const RouteRule& rule) {
  std::string out = cat(rule.prefix, ' ', ra::to_string(rule.preference));
  if (rule.lifetime) out += cat(' ', lifetime_text(*rule.lifetime));
  return out;
}

std::string text_of(const ra::EncryptedDns& resolver) {
  std::string out = cat(resolver.priority, ' ', resolver.name);
  for (std::size_t i = 0; i < resolver.addresses.size(); ++i)
    out += cat(i == 0 ? ' ' : ',', resolver.addresses[i]);
  const std::string parameters = service_parameters_text(resolver.service_parameters);
  if (!parameters.empty()) out += cat(' ', parameters);
  return out;
}

std::string text_of(const ra::UnknownOption& option) {
  return cat(unsigned{option.code}, ':', to_hex(option.payload));
}

}  // namespace sixgate::conf
