// SPDX-License-Identifier: Apache-2.0
// The policy is that of nft_skeleton.cc, in the same order; without sets a rule is written for each
// interface and prefix, and a source is checked in filter because raw cannot reject.
#include "firewall/ip6tables.h"

#include <algorithm>

#include "firewall/forbidden.h"
#include "firewall/ip6tables_chains.h"
#include "firewall/user_rules.h"
#include "net/text.h"

namespace sixgate::firewall {

namespace {

// ND, MLD, SEND and multicast router discovery (RFC 4890 section 4.3.3): never beyond their link.
constexpr std::array kLinkTypes{130, 131, 132, 133, 134, 135, 136, 137,
                                141, 142, 143, 148, 149, 151, 152, 153};
// Not beyond their site (RFC 4890 section 4.3.5).
constexpr std::array kSiteTypes{100, 101, 127, 138, 139, 140, 200, 201, 255};
// Outside the Internet (RFC 6092 REC-3, REC-7): IPv4-compatible, IPv4-mapped, ORCHID, ULA,
// site-local.
constexpr std::array<std::string_view, 5> kNotInternet{"::/96", "::ffff:0:0/96", "2001:10::/28",
                                                       "fc00::/7", "fec0::/10"};

constexpr std::string_view kAccept = "ACCEPT";
constexpr std::string_view kDrop = "DROP";
constexpr std::string_view kReturn = "RETURN";
constexpr std::string_view kNotrack = "CT --notrack";
constexpr std::string_view kHasSent = "-m set --match-set sixgate-endpoints dst,dst";
constexpr std::string_view kRemembersTcp =
    "SET --add-set sixgate-endpoints src,src --exist --timeout 240";
constexpr std::string_view kRemembers =
    "SET --add-set sixgate-endpoints src,src --exist --timeout 300";
constexpr std::string_view kPolicyFail = "icmp6-policy-fail";
constexpr std::string_view kNoRoute = "icmp6-no-route";
constexpr std::string_view kBack = "icmp6-addr-unreachable";
constexpr std::string_view kProhibited = "icmp6-adm-prohibited";

// One table of the text: its chains first, then its rules.
class Table {
 public:
  template <std::size_t kCount>
  Table(std::string_view name, const std::array<std::string_view, kCount>& names)
      : text_(cat("*", name, "\n")) {
    chains(names);
  }
  template <std::size_t kCount>
  void chains(const std::array<std::string_view, kCount>& names) {
    for (const std::string_view chain : names) text_ += cat(":", chain, " - [0:0]\n");
  }
  void rule(std::string_view chain, std::string_view match, std::string_view target,
            std::string_view why) {
    text_ += cat("-A ", chain, match.empty() ? "" : " ", match, " -m comment --comment \"", why,
                 "\" -j ", target, "\n");
  }
  // What a chain of one fate ends with.
  void drop(std::string_view chain, std::string_view why) { rule(chain, "", kDrop, why); }
  // A rejection with a limit, and silence beyond it.
  void refuse(std::string_view chain, std::string_view rejection, std::string_view why,
              std::string_view limit = "--limit 100/second --limit-burst 200") {
    rule(chain, cat("-m limit ", limit), cat("REJECT --reject-with ", rejection), why);
    drop(chain, "the same beyond the limit");
  }
  void append(std::string_view lines) { text_ += lines; }
  std::string text() && { return std::move(text_ += "COMMIT\n"); }

 private:
  std::string text_;
};

void user_rules(Table& filter, const Ruleset& rules, std::string_view chain,
                const UserChain& place) {
  if (!rules.user_rules.empty()) filter.rule(chain, "", place.ip6tables, "rules of your own");
}

std::string icmp(int type) { return cat("-p ipv6-icmp -m icmp6 --icmpv6-type ", type); }

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

std::string raw_table(const Ruleset& rules, FateChains fates) {
  Table raw("raw", kRawChains);
  if (fates == FateChains::kWritten) {
    raw.chains(kRawFates);
    raw.drop(kMisplaced, "counted");
    raw.drop(kOutside, "counted");
  }
  const auto each_ours = [&](auto&& visit) {
    for (const FirewallUplink& uplink : rules.uplinks) visit(uplink.interface);
    for (const FirewallLan& lan : rules.lans) visit(lan.interface);
  };
  each_ours([&](const std::string& interface) {
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
    if (!translates(rules))
      raw.rule(kOutput, cat("-o ", uplink.interface, " -s fc00::/7"), kDrop,
               "ULA stay at home, our own too: RFC 7084 ULA-4");
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

void log_rules(Table& filter, const Ruleset& rules, std::string_view chain) {
  if (rules.log_rate == 0) return;
  for (const FirewallUplink& uplink : rules.uplinks) {
    filter.rule(chain, cat("-i ", uplink.interface), kLog, "as the configuration says");
  }
}

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

void beyond_rules(Table& filter, std::string_view chain) {
  const auto drop = [&](int type) {
    filter.rule(chain, icmp(type), kMisplaced,
                "not beyond its link or site: RFC 4890 4.3.3, 4.3.5");
  };
  std::ranges::for_each(kLinkTypes, drop);
  std::ranges::for_each(kSiteTypes, drop);
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

constexpr auto guarded = [](const FirewallLan& lan) { return is_guarded(lan.zone); };

void pinhole_rules(Table& filter, const Ruleset& rules) {
  for (const FirewallPinhole& one : rules.pinholes) {
    std::string match = cat("-o ", one.interface, " -s ", one.source, " -d ", one.host, " -p ");
    if (one.has_ports()) {
      match +=
          cat(one.protocol == 6 ? "tcp" : "udp", " --dport ", one.first_port, ":", one.last_port);
    } else {
      match += cat(one.protocol);
    }
    for (const FirewallUplink& uplink : rules.uplinks) {
      filter.rule(kThrough, cat("-i ", uplink.interface, " ", match), kPinholes,
                  "opened by the configuration, or by PCP");
    }
  }
}

// IPsec, HIP and IKE (RFC 6092): whoever begins it from outside comes in, not more often than a scan may.
void unasked_rules(Table& filter, std::string_view chain, std::string_view where) {
  for (const std::string_view match : {"-m ah", "-p esp", "-p 139", "-p udp --dport 500"}) {
    filter.rule(chain, cat(where, match, " -m conntrack --ctstate NEW"), kUnasked,
                "begun by anybody");
  }
}

void self_guarding_rules(Table& filter, std::string_view chain, std::string_view where) {
  for (const std::string_view protocol : {"-m ah", "-p esp", "-p 139"}) {
    filter.rule(chain, cat(where, protocol), kAccept,
                "IPsec and HIP guard themselves: RFC 6092 REC-21, 22, 26");
  }
  filter.rule(chain, cat(where, "-p udp --dport 500"), kAccept, "IKE: RFC 6092 REC-24");
}

constexpr std::string_view kUnmatched = "belongs to nothing, unmatched errors too: RFC 6092 REC-10";

// What routers behind LANs have, where the zone does not say who may open to it.
void behind_rules(Table& filter, const Ruleset& rules) {
  for (const FirewallUplink& uplink : rules.uplinks) {
    const auto each = [&](std::vector<Prefix> FirewallLan::*prefixes, std::string_view fate,
                          std::string_view why) {
      for (const FirewallLan& lan : rules.lans) {
        for (const Prefix& prefix : lan.*prefixes) {
          filter.rule(kThrough, cat("-d ", prefix, " -i ", uplink.interface, " -o ", lan.interface),
                      fate, why);
        }
      }
    };
    each(&FirewallLan::open, kAccept, "left to the router behind that LAN");
    each(&FirewallLan::shut, kGuardedBehind, "guarded, as the LAN is not");
  }
}

// TCP of guarded hosts that begins in its middle.
void middle_rules(Table& filter, const Ruleset& rules) {
  for (const FirewallLan& lan : rules.lans) {
    for (const FirewallUplink& uplink : rules.uplinks) {
      const auto rule = [&](std::string_view source, std::string_view fate, std::string_view why) {
        filter.rule(kThrough,
                    cat(source, "-i ", lan.interface, " -o ", uplink.interface,
                        " -p tcp ! --syn -m conntrack --ctstate NEW"),
                    fate, why);
      };
      constexpr std::string_view kWhy = "a closed flow does not come back from its middle";
      for (const Prefix& prefix : lan.open)
        rule(cat("-s ", prefix, " "), kAccept, "left to the router behind that LAN");
      for (const Prefix& prefix : lan.shut) rule(cat("-s ", prefix, " "), kMiddles, kWhy);
      if (is_guarded(lan.zone)) rule("", kMiddles, kWhy);
    }
  }
}

// Calls `visit` with each uplink and each LAN whose hosts anybody may answer.
template <class Visit>
void each_remembering(const Ruleset& rules, Visit&& visit) {
  for (const FirewallLan& lan : rules.lans) {
    if (!opens_endpoints(lan)) continue;
    for (const FirewallUplink& uplink : rules.uplinks) visit(uplink.interface, lan.interface);
  }
}

// Only who begins a flow is remembered, as in nft_skeleton.cc.
void remember_rules(Table& filter, const Ruleset& rules) {
  if (!ip6tables_remembers(rules)) return;
  constexpr std::string_view kOther = "not opened to all by what it sends";
  filter.rule(kRemember, "-m ah", kReturn, kOther);
  filter.rule(kRemember, "-p tcp --tcp-flags FIN,RST NONE", kRemembersTcp,
              "anybody may answer: RFC 6092 REC-33");
  for (const int protocol : {6, 33, 50, 58, 132, 136, 139})
    filter.rule(kRemember, cat("-p ", protocol), kReturn, kOther);
  filter.rule(kRemember, "", kRemembers, "anybody may answer: RFC 6092 REC-11, REC-17");
}

void endpoint_rules(Table& filter, const Ruleset& rules) {
  each_remembering(rules, [&](const std::string& uplink, const std::string& lan) {
    for (const std::string_view begins : {"-p tcp --syn ", "! -p tcp "}) {
      filter.rule(kThrough, cat("-i ", uplink, " -o ", lan, " ", begins, kHasSent), kEndpoints,
                  "sent something to somebody just now");
    }
  });
}

// What may begin, and what is told that it may not.
void new_flow_rules(Table& filter, const Ruleset& rules) {
  const auto each = [&](auto&& chosen, auto&& visit) {
    for (const FirewallLan& lan : rules.lans) {
      if (chosen(lan)) visit(lan.interface);
    }
  };
  const auto zone_is = [](Zone zone) {
    return [zone](const FirewallLan& lan) { return lan.zone == zone; };
  };
  each(guarded, [&](const std::string& lan) {
    for (const FirewallUplink& uplink : rules.uplinks)
      unasked_rules(filter, kThrough, cat("-i ", uplink.interface, " -o ", lan, " "));
    self_guarding_rules(filter, kThrough, cat("-o ", lan, " "));
  });
  user_rules(filter, rules, kThrough, kUserForward);
  if (rules.refuse_middles) middle_rules(filter, rules);
  each(zone_is(Zone::kProtected), [&](const std::string& lan) {
    filter.rule(kThrough, cat("-i ", lan), kAccept, "those inside may open anything");
  });
  for (const FirewallLan& from : rules.lans) {
    for (const FirewallLan& to : rules.lans) {
      if (from.zone == Zone::kProtected || !reaches(from, to)) continue;
      filter.rule(kThrough, cat("-i ", from.interface, " -o ", to.interface), kAccept,
                  "may open to that LAN");
    }
    for (const FirewallUplink& uplink : rules.uplinks) {
      if (from.zone == Zone::kProtected || from.zone == Zone::kClosed) continue;
      filter.rule(kThrough, cat("-i ", from.interface, " -o ", uplink.interface), kAccept,
                  "hosts may open to the Internet");
    }
  }
  pinhole_rules(filter, rules);
  behind_rules(filter, rules);
  each(zone_is(Zone::kExposed), [&](const std::string& lan) {
    filter.rule(kThrough, cat("-o ", lan), kAccept, "exposed hosts fend for themselves");
  });
  // Behind all that is let in whatever flow it is of: half of a flow is invalid to conntrack where the other half goes
  // another way.
  filter.rule(kThrough, "-m conntrack --ctstate INVALID", kInvalid, kUnmatched);
  endpoint_rules(filter, rules);
  each(guarded, [&](const std::string& lan) {
    filter.rule(kThrough, cat("-o ", lan), kToGuarded, "the inside started nothing like this");
  });
  filter.rule(kThrough, "", kRefusedSilently, "nothing else asked for it");
}

void forward_rules(Table& filter, const Ruleset& rules) {
  for (const int type : kLinkTypes) {
    const bool listening = type <= 132 || type == 143 || type >= 151;  // MLD and MRD
    filter.rule(kThrough, cat(icmp(type), " -m hl ! --hl-eq ", listening ? 1 : 255), kMisplaced,
                "not beyond its link: RFC 4890 4.3.3; else it crosses a bridge alone");
  }
  for (const FirewallLan& lan : rules.lans) {
    filter.rule(kThrough, cat("-i ", lan.interface), kSource,
                "a source belongs to its LAN: BCP 38");
  }
  for (const FirewallUplink& uplink : rules.uplinks)
    filter.rule(kThrough, cat("-i ", uplink.interface), kFromWan, "what comes from the Internet");
  for (const FirewallUplink& uplink : rules.uplinks)
    filter.rule(kThrough, cat("-o ", uplink.interface), kToWan, "what goes to the Internet");
  each_remembering(rules, [&](const std::string& uplink, const std::string& lan) {
    filter.rule(kThrough, cat("-i ", lan, " -o ", uplink, " -m conntrack --ctdir ORIGINAL"),
                kRemember, "endpoint-independent filtering");
  });
  user_rules(filter, rules, kThrough, kUserBefore);
  filter.rule(kThrough, "-m conntrack --ctstate RELATED,ESTABLISHED", kAccept,
              "what is allowed already, and errors about it");
  user_rules(filter, rules, kThrough, kUserAfter);
  for (const FirewallKnock& knock : rules.knocks) {
    for (const FirewallUplink& uplink : rules.uplinks) {
      filter.rule(kThrough,
                  cat("-i ", uplink.interface, " -o ", knock.interface, " -m mark --mark ",
                      knock.mark, " -m conntrack --ctstate NEW"),
                  kKnocks, "proven by IPsec AH");
    }
  }
  for (const FirewallLan& from : rules.lans) {
    for (const FirewallLan& to : rules.lans) {
      if (reaches(from, to)) continue;
      filter.rule(kThrough, cat("-i ", from.interface, " -o ", to.interface), kApart,
                  "LANs that are kept apart");
    }
  }
  for (const FirewallUplink& uplink : rules.uplinks) {
    filter.rule(kThrough,
                cat("-i ", uplink.interface, ' ', icmp(128), " -m conntrack --ctstate NEW"),
                kUnasked, "begun by anybody");
  }
  for (const int type : {3, 4, 128, 129, 144, 145, 146, 147}) {
    filter.rule(kThrough, cat(icmp(type), " -m limit --limit 1000/second --limit-burst 2000"),
                kAccept, "diagnosis, Mobile IPv6: RFC 4890 4.3.1, 4.3.2");
  }
  new_flow_rules(filter, rules);
}

void shut_rules(Table& filter) {
  unasked_rules(filter, kGuardedBehind, "");
  self_guarding_rules(filter, kGuardedBehind, "");
  filter.rule(kGuardedBehind, "-m conntrack --ctstate INVALID", kInvalid, kUnmatched);
  filter.rule(kGuardedBehind, "", kToGuarded, "the inside started nothing like this");
}

// What goes to an interface that is neither an uplink nor a LAN is for the rules of others, once it answers.
void others_rules(Table& filter, const Ruleset& rules) {
  const auto ours = [&](const std::string& interface) {
    filter.rule(kOthers, cat("-o ", interface), kReturn, "our interface");
  };
  for (const FirewallUplink& uplink : rules.uplinks) ours(uplink.interface);
  for (const FirewallLan& lan : rules.lans) ours(lan.interface);
  filter.rule(kOthers, "", kAccept, "not our interface");
}

void to_guarded_rules(Table& filter, const Ruleset& rules) {
  log_rules(filter, rules, kToGuarded);
  for (const FirewallUplink& uplink : rules.uplinks) {
    for (const std::string_view protocol : {"tcp", "sctp"}) {
      filter.rule(kToGuarded, cat("-i ", uplink.interface, " -p ", protocol), kRefusedSilently,
                  "no early answer, it would end a simultaneous open: RFC 6092 REC-34, REC-39");
    }
  }
  filter.rule(kToGuarded, "", kRefused, "not asked for");
}

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
  filter.rule(kUnasked, "-m limit --limit 100/second --limit-burst 200", kAccept,
              "anybody may, but no scan of a /64 fills our table of neighbours: RFC 6583 6.4");
  filter.rule(kUnasked, "", kFlood, "the same beyond the limit");
  filter.rule(kPinholes, "", kAccept, "counted");
  filter.rule(kEndpoints, "", kAccept, "counted");
  filter.rule(kKnocks, "", kAccept, "counted");
  filter.rule(kLogged, "", "LOG --log-prefix \"sixgate refused: \"", "counted");
}

std::string filter_table(const Ruleset& rules, FateChains fates) {
  Table filter("filter", kFilterChains);
  if (fates == FateChains::kWritten) filter_fates(filter);
  const auto ours = [&](const std::string& interface) {
    filter.rule(kInput, cat("-i ", interface), kToUs, "our interface");
    filter.rule(kForward, cat("-i ", interface), kThrough, "our interface");
  };
  for (const FirewallUplink& uplink : rules.uplinks) ours(uplink.interface);
  for (const FirewallLan& lan : rules.lans) ours(lan.interface);
  input_rules(filter, rules);
  source_rules(filter, rules);
  forward_rules(filter, rules);
  from_wan_rules(filter, rules);
  to_wan_rules(filter, rules);
  translated_rules(filter, rules);
  shut_rules(filter);
  others_rules(filter, rules);
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

std::string ip6tables_without_translations() { return nat_table({}); }

bool ip6tables_remembers(const Ruleset& ruleset) {
  return std::ranges::any_of(ruleset.lans, opens_endpoints);
}

std::string render_ip6tables(const Ruleset& ruleset, FateChains fates) {
  const Ruleset rules = normalise(ruleset);
  // Tables are committed one by one; filter, which decides, is first, so that what it refuses stops all. But before it
  // lets a ULA out there is what translates it.
  const std::string needs =
      ip6tables_remembers(rules)
          ? cat("# ipset create ", kEndpointSet, " hash:ip,port family inet6 maxelem ",
                kEndpointSetSize, " timeout ", kEndpointTime, "\n")
          : std::string();
  return cat(needs, rules.translations.empty() ? std::string() : nat_table(rules),
             filter_table(rules, fates), mangle_table(rules), raw_table(rules, fates));
}

}  // namespace sixgate::firewall
