// SPDX-License-Identifier: Apache-2.0
// Rulesets to go from one to another, and what the kernel would refuse on the way.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "firewall/nft.h"
#include "firewall/ruleset.h"

namespace sixgate::firewall::test {

// Few names and few, nested prefixes, so that rulesets share and overlap much.
class RandomRulesets {
 public:
  explicit RandomRulesets(unsigned seed) : engine_(seed) {}
  Ruleset next() {
    constexpr std::array kNames{"wan0", "lan0", "lan1", "lan2", "ppp0"};
    Ruleset ruleset;
    ruleset.provisioned = below(2) == 1;
    for (const char* name : kNames) {
      switch (below(4)) {
        case 0:
          break;
        case 1:
          ruleset.uplinks.push_back({name});
          break;
        default:
          ruleset.lans.push_back(
              {name, static_cast<Zone>(below(4)), prefixes(), prefixes(), std::nullopt});
          if (below(4) == 0) ruleset.lans.back().reaches = {"lan0", "lan2"};
          if (below(2) == 0) ruleset.lans.back().withdrawn = prefixes();
          if (below(2) == 0) ruleset.lans.back().open = behind(ruleset.lans.back());
          if (below(2) == 0) ruleset.lans.back().shut = behind(ruleset.lans.back());
      }
    }
    for (unsigned i = below(12); i > 0; --i) ruleset.pinholes.push_back(pinhole(ruleset));
    for (unsigned i = below(3); i > 0; --i) ruleset.knocks.push_back({kNames[below(5)], below(2)});
    ruleset.delegated = prefixes();
    ruleset.excluded = prefixes();
    for (unsigned i = below(5); i > 0; --i) {
      for (const Prefix& prefix : prefixes())
        ruleset.stations.push_back(
            {kNames[below(5)], prefix,
             MacAddress({2, 0, 0, 0, 0, static_cast<std::uint8_t>(below(3))})});
    }
    ruleset.refuse_middles = below(2) == 1;
    return ruleset;
  }

 private:
  unsigned below(unsigned end) {
    return std::uniform_int_distribution<unsigned>(0, end - 1)(engine_);
  }
  // Of what a LAN has, and some that it has not.
  std::vector<Prefix> behind(const FirewallLan& lan) {
    std::vector<Prefix> out = prefixes();
    for (const Prefix& one : lan.assigned) {
      if (below(2) == 0) out.push_back(one);
      if (below(2) == 0) out.push_back(Prefix(one.address(), one.length() + 4));
    }
    return out;
  }
  // For one of few hosts, mostly in what its LAN has.
  FirewallPinhole pinhole(const Ruleset& ruleset) {
    constexpr std::array<std::uint8_t, 4> kProtocols{6, 17, 132, 6};
    FirewallPinhole one;
    one.interface = "lan0";
    one.host = Ip6Address::from_halves(0x20010db800000000, below(2));
    if (!ruleset.lans.empty()) {
      const FirewallLan& lan = ruleset.lans[below(static_cast<unsigned>(ruleset.lans.size()))];
      one.interface = lan.interface;
      if (!lan.assigned.empty()) {
        one.host = lan.assigned[0].with_suffix(Ip6Address::from_halves(0, below(2)));
      }
    }
    one.protocol = kProtocols[below(4)];
    one.first_port = static_cast<std::uint16_t>(below(6));
    one.last_port = static_cast<std::uint16_t>(below(8) == 0 ? 65535 : one.first_port + below(4));
    const std::vector<Prefix> sources = prefixes();
    if (!sources.empty()) one.source = sources[0];
    return one;
  }
  std::vector<Prefix> prefixes() {
    std::vector<Prefix> out;
    for (unsigned i = below(4); i > 0; --i) {
      const std::uint64_t network =
          0x20010db800000000 | (std::uint64_t{below(4)} << 30) | below(16);
      out.push_back(Prefix(Ip6Address::from_halves(network, 0), 56 + below(9)));
    }
    return out;
  }
  std::mt19937 engine_;
};

inline bool overlaps_within(const NftSets& sets) {
  for (const NftSetKind& kind : kNftSetKinds) {
    if (!is_interval(kind.key)) continue;
    const std::vector<NftElement>& elements = sets[kind.id];
    for (std::size_t i = 0; i < elements.size(); ++i) {
      for (std::size_t j = i + 1; j < elements.size(); ++j) {
        const NftElement& a = elements[i];
        const NftElement& b = elements[j];
        if (a.interface == b.interface && a.prefix.overlaps(b.prefix) &&
            a.source.overlaps(b.source) && a.first <= b.last && b.first <= a.last &&
            a.station == b.station) {
          return true;
        }
      }
    }
  }
  return false;
}

}  // namespace sixgate::firewall::test
