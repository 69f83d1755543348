// SPDX-License-Identifier: Apache-2.0
// The table filter with its fates, and the whole text. Its parts are in files of their own (ip6tables_parts.h).
#include "firewall/ip6tables.h"

#include <algorithm>

#include "firewall/ip6tables_chains.h"
#include "firewall/ip6tables_parts.h"
#include "net/text.h"

namespace sixgate::firewall {
namespace ip6tables {

void user_rules(Table& filter, const Ruleset& rules, std::string_view chain,
                const UserChain& place) {
  if (!rules.user_rules.empty()) filter.rule(chain, "", place.ip6tables, "rules of your own");
}

void log_rules(Table& filter, const Ruleset& rules, std::string_view chain) {
  if (rules.log_rate == 0) return;
  for (const FirewallUplink& uplink : rules.uplinks) {
    filter.rule(chain, cat("-i ", uplink.interface), kLog, "as the configuration says");
  }
}

std::string answers_of(const FirewallServer& server) {
  return cat("-i ", server.interface, " -s ", server.source, " -p udp --dport 547");
}

std::string told_of_addresses(const FirewallLan& lan) {
  return cat("-i ", lan.interface, " -d ff02::1:2/128 -p udp --dport 547");
}

std::string answers_to(const FirewallRegistration& one) {
  return cat("-i ", one.interface, " -d ", Prefix(one.address, 128),
             " -p udp --sport 547 --dport 546");
}

namespace {

constexpr std::string_view kPolicyFail = "icmp6-policy-fail";
constexpr std::string_view kNoRoute = "icmp6-no-route";
constexpr std::string_view kBack = "icmp6-addr-unreachable";
constexpr std::string_view kProhibited = "icmp6-adm-prohibited";

void filter_fates(Table& filter) {
  filter.chains(kFilterFates);
  filter.refuse(kRefused, kProhibited, "told why");
  filter.refuse(kApart, kProhibited, "told why");
  filter.refuse(kRouterTold, kProhibited, "told why");
  filter.refuse(kForged, kPolicyFail, "told why", "--limit 10/second --limit-burst 20");
  filter.refuse(kUnrouted, kNoRoute, "told why");
  filter.refuse(kUnroutedBack, kBack, "told why");
  filter.refuse(kUnprovisioned, kNoRoute, "told why");
  filter.rule(kMiddles, "-p tcp", "REJECT --reject-with tcp-reset", "told why");
  for (const std::string_view silent :
       {kRefusedSilently, kRouter, kOutside, kMisplaced, kUnroutedSilently, kUnprovisionedSilently,
        kInvalid, kFlood, kForgedSilently}) {
    filter.drop(silent, "counted");
  }
  const auto limited = [&](std::string_view match, std::string_view limit, std::string_view why) {
    filter.rule(kUnasked, cat(match, match.empty() ? "" : " ", "-m limit ", limit), kAccept, why);
    filter.rule(kUnasked, match, kFlood, "the same beyond the limit");
  };
  limited(icmp(128), "--limit 50/second --limit-burst 100",
          "anybody may, but no scan of a /64 fills our table of neighbours: RFC 6583 6.4");
  limited("-p udp --dport 500", "--limit 25/second --limit-burst 50",
          "whoever pings keeps nobody out: RFC 6092 REC-24");
  limited("", "--limit 25/second --limit-burst 50", "the same: RFC 6092 REC-21, 22, 26");
  filter.rule(kPinholes, "", kAccept, "counted");
  filter.rule(kEndpoints, "", kAccept, "counted");
  filter.rule(kKnocks, "", kAccept, "counted");
  filter.rule(kLogged, "", "LOG --log-prefix \"sixgate refused: \"", "counted");
}

std::string filter_table(const Ruleset& rules, FateChains fates) {
  Table filter("filter", kFilterChains);
  if (fates == FateChains::kWritten) filter_fates(filter);
  each_interface(rules, [&](const std::string& interface) {
    filter.rule(kInput, cat("-i ", interface), kToUs, "our interface");
    filter.rule(kForward, cat("-i ", interface), kThrough, "our interface");
  });
  input_rules(filter, rules);
  source_rules(filter, rules);
  forward_rules(filter, rules);
  from_wan_rules(filter, rules);
  to_wan_rules(filter, rules);
  translated_rules(filter, rules);
  shut_rules(filter);
  others_rules(filter, rules);
  beside_rules(filter, rules);
  leaving_rules(filter, rules);
  to_guarded_rules(filter, rules);
  remember_rules(filter, rules);
  if (rules.log_rate > 0)
    filter.rule(kLog,
                cat("-m limit --limit ", rules.log_rate, "/second --limit-burst ", rules.log_rate),
                kLogged, "and no more than that");
  filter.append(rules.user_rules);
  return std::move(filter).text();
}

}  // namespace

}  // namespace ip6tables

std::string render_ip6tables_nat(const Ruleset& ruleset) {
  return ip6tables::nat_table(normalise(ruleset));
}

bool ip6tables_remembers(const Ruleset& ruleset) {
  return std::ranges::any_of(ruleset.lans, opens_endpoints);
}

std::string render_ip6tables(const Ruleset& ruleset, FateChains fates) {
  const Ruleset rules = normalise(ruleset);
  // Tables are committed one by one; filter, which decides, is first, so that what it refuses stops all. But before it
  // lets a ULA out there is what translates it, which the jumps lead to already.
  const std::string needs =
      ip6tables_remembers(rules)
          ? cat("# ipset create ", kEndpointSet, " hash:ip,port family inet6 maxelem ",
                kEndpointSetSize, " timeout ", kEndpointTime, "\n")
          : std::string();
  return cat(needs, rules.translations.empty() ? std::string() : ip6tables::nat_table(rules),
             ip6tables::filter_table(rules, fates), ip6tables::mangle_table(rules),
             ip6tables::raw_table(rules, fates));
}

}  // namespace sixgate::firewall
