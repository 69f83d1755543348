// SPDX-License-Identifier: Apache-2.0
#include "firewall/ip6tables_parts.h"

#include <algorithm>
#include <array>

#include "firewall/forbidden.h"
#include "firewall/ip6tables_chains.h"

namespace sixgate::firewall::ip6tables {

namespace {

// Outside the Internet (RFC 6092 REC-3, REC-7): IPv4-compatible, IPv4-mapped, ORCHID, ULA,
// site-local.
constexpr std::array<std::string_view, 5> kNotInternet{"::/96", "::ffff:0:0/96", "2001:10::/28",
                                                       "fc00::/7", "fec0::/10"};

void beyond_rules(Table& filter, std::string_view chain) {
  const auto drop = [&](int type) {
    filter.rule(chain, icmp(type), kMisplaced,
                "not beyond its link or site: RFC 4890 4.3.3, 4.3.5");
  };
  std::ranges::for_each(kLinkTypes, drop);
  std::ranges::for_each(kSiteTypes, drop);
}

// The rest of the chain is for what goes to interfaces that are neither uplinks nor LANs.
void not_to_ours(Table& filter, const Ruleset& rules, std::string_view chain) {
  each_interface(rules, [&](const std::string& interface) {
    filter.rule(chain, cat("-o ", interface), kReturn, "our interface");
  });
}

}  // namespace

void source_rules(Table& filter, const Ruleset& rules) {
  for (const FirewallStation& one : rules.stations) {
    const auto rule = [&](std::string_view side, std::string_view inverted, std::string_view fate,
                          std::string_view why) {
      filter.rule(kSource,
                  cat(side, one.prefix, " -i ", one.interface, " -m mac ", inverted,
                      "--mac-source ", one.station),
                  fate, why);
    };
    rule("-s ", "! ", kForgedSilently,
         "what a router has is no other station's: RFC 9663 5, RFC 8987 R-3");
    rule("-d ", "", kUnroutedSilently, "would go round between us and that router: RFC 8987 R-5");
  }
  for (const FirewallLan& lan : rules.lans) {
    for (const Prefix& prefix : lan.local) {
      filter.rule(kSource, cat("-i ", lan.interface, " -s ", prefix), kReturn,
                  "belongs to its LAN");
    }
  }
  filter.rule(kSource, "-s fe80::/10", kReturn, "belongs to every link");
  // What only crosses a bridge comes here too, where br_netfilter is.
  filter.rule(kSource, cat("-s ::/128 ", icmp(135), " -m hl --hl-eq 255"), kReturn,
              "asks whether its address is another's: RFC 4862 5.4.2");
  for (const int type : {131, 132, 143}) {
    filter.rule(kSource, cat("-s ::/128 ", icmp(type), " -m hl --hl-eq 1"), kReturn,
                "MLD before it has an address: RFC 3810 5.2.13");
  }
  for (const FirewallLan& lan : rules.lans) {
    for (const Prefix& prefix : lan.withdrawn) {
      filter.rule(kSource, cat("-i ", lan.interface, " -s ", prefix), kForged,
                  "its host may not have heard yet: RFC 7084 L-14");
    }
  }
  filter.rule(kSource, "", kForgedSilently,
              "a source belongs to its LAN, and who has it would be told: RFC 7084 S-2");
}

void from_wan_rules(Table& filter, const Ruleset& rules) {
  if (!rules.provisioned) {
    filter.rule(kFromWan, "", kUnprovisionedSilently,
                "nothing crosses before address and prefix are there: RFC 7084 G-3");
    return;
  }
  for (const std::string_view prefix : kNotInternet) {
    filter.rule(kFromWan, cat("-s ", prefix), kOutside,
                "not sources of the Internet: RFC 6092 REC-3, REC-7");
  }
  for (const Prefix& prefix : forbidden_documentation(rules)) {
    filter.rule(kFromWan, cat("-s ", prefix), kOutside, "documentation prefix: RFC 6092 REC-3");
  }
  for (const Prefix& prefix : rules.delegated) {
    filter.rule(kFromWan, cat("-s ", prefix), kOutside,
                "our own sources do not come from outside: RFC 6092 REC-6");
  }
  beyond_rules(filter, kFromWan);
  if (!rules.translations.empty())
    filter.rule(kFromWan, "-d fc00::/7 -m conntrack ! --ctstate SNAT,DNAT", kUnroutedSilently,
                "ULA are reached by translation alone");
  for (const FirewallLan& lan : rules.lans) {
    for (const Prefix& prefix : lan.assigned) {
      filter.rule(kFromWan, cat("-d ", prefix, " -o ", lan.interface), kReturn,
                  "a LAN's own prefix");
    }
  }
  filter.rule(kFromWan, "-m conntrack --ctstate RELATED,ESTABLISHED", kOthers,
              "answers to interfaces that are not ours");
  filter.rule(kFromWan, "-d fc00::/7", kUnroutedSilently, "not on the Internet: RFC 4193 4.3");
  for (const Prefix& prefix : rules.delegated) {
    filter.rule(kFromWan, cat("-d ", prefix), kUnrouted,
                "delegated, given to no LAN: RFC 7084 WPD-5");
  }
  for (const FirewallUplink& uplink : rules.uplinks) {
    filter.rule(kFromWan, cat("-o ", uplink.interface), kUnroutedBack,
                "would go back where it came from: RFC 4443 3.1, RFC 7084 G-2");
  }
  filter.rule(kFromWan, "", kUnroutedSilently, "not for us: nor ULA, multicast, WAN to WAN");
}

void to_wan_rules(Table& filter, const Ruleset& rules) {
  if (!rules.provisioned) {
    filter.rule(kToWan, "", kUnprovisioned,
                "nothing crosses before address and prefix are there: RFC 7084 G-3");
    return;
  }
  for (const FirewallLan& lan : rules.lans) {
    if (lan.zone != Zone::kClosed) continue;
    filter.rule(kToWan, cat("-i ", lan.interface), kApart, "this LAN has no way out");
  }
  for (unsigned scope = 0; scope <= 8; ++scope) {
    filter.rule(kToWan, cat("-d ff0", scope, "::/ff0f::"), kMisplaced,
                "multicast of organization scope or less stays: RFC 6092 REC-2");
  }
  beyond_rules(filter, kToWan);
  for (const std::string_view prefix : kNotInternet) {
    filter.rule(kToWan, cat("-d ", prefix), kUnrouted,
                "not on the Internet: RFC 6092 REC-3, REC-7");
  }
  for (const Prefix& prefix : forbidden_documentation(rules)) {
    filter.rule(kToWan, cat("-d ", prefix), kUnrouted, "documentation prefix: RFC 6092 REC-3");
  }
  for (const Prefix& prefix : rules.delegated) {
    filter.rule(kToWan, cat("-d ", prefix), kUnrouted,
                "delegated, given to no LAN: RFC 7084 WPD-5");
  }
  if (!rules.translations.empty())
    filter.rule(kToWan, "-s fc00::/7", kTranslated, "NPTv6: RFC 6296");
  for (const FirewallLan& lan : rules.lans) {
    for (const Prefix& prefix : lan.assigned) {
      filter.rule(kToWan, cat("-s ", prefix, " -i ", lan.interface), kReturn,
                  "a LAN's own prefix: RFC 6092 REC-5");
    }
  }
  filter.rule(kToWan, "", kForged,
              "ULA and invalidated sources stay at home: RFC 7084 ULA-4, L-14");
}

// What the router itself sends.
void leaving_rules(Table& filter, const Ruleset& rules) {
  for (const FirewallUplink& uplink : rules.uplinks) {
    filter.rule(kLeaving, cat("-o ", uplink.interface, " -s fc00::/7"),
                rules.translations.empty() ? kDrop : kTranslated,
                "ULA stay at home, our own too: RFC 7084 ULA-4");
  }
}

// What goes to an interface that is neither an uplink nor a LAN is for the rules of others, once it answers.
void others_rules(Table& filter, const Ruleset& rules) {
  not_to_ours(filter, rules, kOthers);
  filter.rule(kOthers, "", kAccept, "not our interface");
}

// What LANs begin whose hosts may not manage us, towards a VPN's or a container's interface.
void beside_rules(Table& filter, const Ruleset& rules) {
  not_to_ours(filter, rules, kBeside);
  user_rules(filter, rules, kBeside, kUserForward);
  filter.rule(kBeside, "", kApart, "not our interface");
}

}  // namespace sixgate::firewall::ip6tables
