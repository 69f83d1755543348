// SPDX-License-Identifier: Apache-2.0
#include "firewall/ip6tables_parts.h"

#include "firewall/ip6tables_chains.h"

namespace sixgate::firewall::ip6tables {

void input_rules(Table& filter, const Ruleset& rules) {
  for (const int type : {133, 134, 135, 136, 141, 142, 148, 149}) {
    filter.rule(kToUs, cat(icmp(type), " -m hl --hl-eq 255"), kAccept,
                "ND and SEND from this link: RFC 4861 6.1, RFC 4890 4.4.1");
  }
  for (const int type : {130, 131, 132, 143}) {
    for (const std::string_view source : {"::/128", "fe80::/10"}) {
      filter.rule(kToUs, cat("-s ", source, " ", icmp(type)), kAccept,
                  "MLD from this link: RFC 3810 5.1.14");
    }
  }
  for (const int type : {151, 152, 153}) {
    filter.rule(kToUs, cat("-s fe80::/10 ", icmp(type), " -m hl --hl-eq 1"), kAccept,
                "multicast router discovery from this link: RFC 4286");
  }
  for (const FirewallUplink& uplink : rules.uplinks) {
    filter.rule(kToUs, cat("-i ", uplink.interface, " -d fe80::/10 -p udp --dport 546"), kAccept,
                "DHCPv6 answers: the only service on the WAN");
  }
  for (const FirewallRegistration& one : rules.registrations) {
    filter.rule(kToUs, answers_to(one), kAccept, "answers to address registrations: RFC 9686");
  }
  for (const FirewallLan& lan : rules.lans) {
    filter.rule(kToUs, cat("-i ", lan.interface, " -s fe80::/10 -p udp --dport 547"), kAccept,
                "DHCPv6 requests of hosts");
  }
  for (const FirewallServer& server : rules.servers) {
    filter.rule(kToUs, answers_of(server), kAccept,
                "answers of the DHCPv6 servers that we relay to");
  }
  for (const FirewallLan& lan : rules.lans) {
    filter.rule(kToUs, cat("-i ", lan.interface), kSource, "a source belongs to its LAN: BCP 38");
    filter.rule(kToUs, told_of_addresses(lan), kAccept,
                "hosts tell of their addresses: RFC 9686 4.2");
  }
  for (const FirewallUplink& uplink : rules.uplinks) {
    for (const Prefix& prefix : rules.delegated) {
      filter.rule(kToUs, cat("-i ", uplink.interface, " -s ", prefix), kOutside,
                  "our own sources do not come from outside");
    }
  }
  if (!rules.knocks.empty()) {
    for (const FirewallUplink& uplink : rules.uplinks) {
      // "-p ah" is not matched by the legacy variant, which looks past extension headers.
      filter.rule(kToUs, cat("-i ", uplink.interface, " -m ipv6header --header auth --soft"),
                  kAccept, "IPsec AH: what it carries is judged when it is out of it");
    }
  }
  filter.rule(kToUs, "-m conntrack --ctstate RELATED,ESTABLISHED", kAccept, "answers");
  filter.rule(kToUs, icmp(129), kAccept, "INVALID when it answers a multicast ping");
  for (const int type : {1, 2, 3, 4}) {
    filter.rule(kToUs, cat(icmp(type), " -m limit --limit 100/second --limit-burst 200"), kAccept,
                "errors: RFC 4890 4.4.1");
  }
  filter.rule(kToUs, cat(icmp(128), " -m limit --limit 50/second --limit-burst 100"), kAccept,
              "ping: RFC 4890 4.4.1");
  filter.rule(kToUs, "-m conntrack --ctstate INVALID", kInvalid, "belongs to nothing");
  user_rules(filter, rules, kToUs, kUserInput);
  for (const FirewallLan& lan : rules.lans) {
    switch (lan.zone) {
      case Zone::kProtected:
        filter.rule(kToUs, cat("-i ", lan.interface), kAccept, "those inside may manage us");
        break;
      case Zone::kExposed:
      case Zone::kIsolated:
      case Zone::kClosed:
        if (lan.pcp)
          filter.rule(kToUs, cat("-i ", lan.interface, " -p udp --dport 5351"), kAccept,
                      "programs ask for pinholes: RFC 6887");
        for (const std::string_view protocol : {"tcp", "udp"}) {
          filter.rule(kToUs, cat("-i ", lan.interface, " -p ", protocol, " --dport 53"), kAccept,
                      "DNS for the other hosts");
        }
        filter.rule(kToUs, cat("-i ", lan.interface), kRouterTold, "they are told");
        break;
    }
  }
  log_rules(filter, rules, kToUs);
  filter.rule(kToUs, "", kRouter, "no service on the WAN: RFC 6092 REC-8, REC-9, REC-50");
}

}  // namespace sixgate::firewall::ip6tables
