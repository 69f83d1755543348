// SPDX-License-Identifier: Apache-2.0
#include "firewall/ip6tables_parts.h"

#include "firewall/ip6tables_chains.h"

namespace sixgate::firewall::ip6tables {

// As in nft_skeleton.cc.
void translated_rules(Table& filter, const Ruleset& rules) {
  if (rules.translations.empty()) return;
  for (const FirewallTranslation& one : rules.translations) {
    const std::string leaves = cat("-s ", one.internal, " -o ", one.uplink, " -m conntrack ");
    if (one.begins)
      filter.rule(kTranslated, cat(leaves, "! --ctstate INVALID,SNAT,DNAT"), kReturn, "begins");
    filter.rule(kTranslated, cat(leaves, "--ctrepldst ", one.external), kReturn,
                "has its external address from here");
    filter.rule(kTranslated, cat(leaves, "--ctorigdst ", one.external), kReturn,
                "answers what came here");
  }
  filter.rule(kTranslated, "", kForged, "ULA stay at home: RFC 7084 ULA-4");
}

std::string nat_table(const Ruleset& rules) {
  Table nat("nat", kNatChains);
  for (const FirewallTranslation& one : rules.translations) {
    const std::string in = cat("NETMAP --to ", one.internal);
    nat.rule(kTranslateIn, cat("-d ", one.external, " -i ", one.uplink), in, "NPTv6: RFC 6296");
    for (const FirewallLan& lan : rules.lans) {
      nat.rule(kTranslateIn, cat("-d ", one.external, " -i ", lan.interface), in,
               "hairpin: RFC 6296 4.3");
    }
    const std::string out = cat("NETMAP --to ", one.external);
    if (one.begins)
      nat.rule(kTranslateOut, cat("-s ", one.internal, " -o ", one.uplink), out, "NPTv6: RFC 6296");
    for (const FirewallLan& lan : rules.lans) {
      nat.rule(kTranslateOut,
               cat("-s ", one.internal, " -o ", lan.interface,
                   " -m conntrack --ctstate DNAT --ctorigdst ", one.external),
               out, "hairpin: RFC 6296 4.3");
    }
  }
  return std::move(nat).text();
}

}  // namespace sixgate::firewall::ip6tables
