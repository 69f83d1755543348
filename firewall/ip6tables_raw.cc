// SPDX-License-Identifier: Apache-2.0
#include "firewall/ip6tables_parts.h"

#include "firewall/ip6tables_chains.h"

namespace sixgate::firewall::ip6tables {

namespace {

constexpr std::string_view kNotrack = "CT --notrack";

}  // namespace

std::string raw_table(const Ruleset& rules, FateChains fates) {
  Table raw("raw", kRawChains);
  if (fates == FateChains::kWritten) {
    raw.chains(kRawFates);
    raw.drop(kMisplaced, "counted");
    raw.drop(kOutside, "counted");
  }
  each_interface(rules, [&](const std::string& interface) {
    raw.rule(kPrerouting, cat("-i ", interface, " -m rt --rt-type 0"), kMisplaced,
             "deprecated routing header: RFC 5095, RFC 6092 REC-4");
    raw.rule(kPrerouting, cat("-i ", interface, " -s ff00::/8"), kOutside,
             "multicast is no source: RFC 6092 REC-1");
    raw.rule(kPrerouting, cat("-i ", interface, " -p ipv6-icmp"), kUntracked,
             "ND, MLD, SEND and MRD without conntrack");
    raw.rule(kOutput, cat("-o ", interface, " -p ipv6-icmp"), kUntracked,
             "ND, MLD, SEND and MRD without conntrack");
    raw.rule(kOutput, cat("-o ", interface, " -p udp --sport 546 --dport 547"), kNotrack,
             "DHCPv6 without conntrack");
    for (const int to : {546, 547}) {
      raw.rule(kOutput, cat("-o ", interface, " -p udp --sport 547 --dport ", to), kNotrack,
               "DHCPv6 without conntrack");
    }
  });
  for (const FirewallUplink& uplink : rules.uplinks) {
    raw.rule(kOutput, cat("-o ", uplink.interface, " ", icmp(1), "/5"), kDrop,
             "no answer to the owner of a source that a LAN host forged");
    raw.rule(kOutput, cat("-o ", uplink.interface, " ", icmp(137)), kDrop,
             "we know of no better router there");
    raw.rule(kPrerouting, cat("-i ", uplink.interface, " -d fe80::/10 -p udp --dport 546"),
             kNotrack, "DHCPv6 answers come from any port: without conntrack");
  }
  for (const FirewallLan& lan : rules.lans) {
    raw.rule(kPrerouting, cat("-i ", lan.interface, " -s fe80::/10 -p udp --dport 547"), kNotrack,
             "DHCPv6 requests without conntrack");
  }
  for (const FirewallLan& lan : rules.lans) {
    raw.rule(kPrerouting, told_of_addresses(lan), kNotrack,
             "hosts tell of their addresses: RFC 9686 4.2");
  }
  for (const FirewallServer& server : rules.servers) {
    raw.rule(kPrerouting, answers_of(server), kNotrack,
             "answers to our DHCPv6 relay agent without conntrack");
  }
  for (const FirewallRegistration& one : rules.registrations) {
    raw.rule(kPrerouting, answers_to(one), kNotrack, "answers to address registrations: RFC 9686");
  }
  for (const int type : kLinkTypes) {
    raw.rule(kUntracked, icmp(type), kNotrack, "RFC 4890 4.4.1");
  }
  return std::move(raw).text();
}

std::string mangle_table(const Ruleset& rules) {
  Table mangle("mangle", kMangleChains);
  for (const FirewallUplink& uplink : rules.uplinks) {
    for (const std::string_view direction : {"-o ", "-i "}) {
      mangle.rule(kMss, cat(direction, uplink.interface, " -p tcp --tcp-flags SYN,RST SYN"),
                  "TCPMSS --clamp-mss-to-pmtu", "segments fit the uplink");
    }
  }
  return std::move(mangle).text();
}

}  // namespace sixgate::firewall::ip6tables
