// SPDX-License-Identifier: Apache-2.0
#include "firewall/forbidden.h"

#include <algorithm>

namespace sixgate::firewall {

std::vector<Prefix> forbidden_documentation(const Ruleset& ruleset) {
  std::vector<Prefix> forbidden{Prefix(Ip6Address::from_halves(0x20010db800000000, 0), 32),
                                Prefix(Ip6Address::from_halves(0x3fff000000000000, 0), 20)};
  std::erase_if(forbidden, [&](const Prefix& documentation) {
    const auto inside = [&](const Prefix& prefix) { return documentation.contains(prefix); };
    return std::ranges::any_of(ruleset.delegated, inside) ||
           std::ranges::any_of(ruleset.lans, [&](const FirewallLan& lan) {
             return std::ranges::any_of(lan.assigned, inside);
           });
  });
  return forbidden;
}

}  // namespace sixgate::firewall
