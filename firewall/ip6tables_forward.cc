// SPDX-License-Identifier: Apache-2.0
#include "firewall/ip6tables_parts.h"

#include "firewall/ip6tables_chains.h"

namespace sixgate::firewall::ip6tables {

namespace {

constexpr std::string_view kHasSent = "-m set --match-set sixgate-endpoints dst,dst";
constexpr std::string_view kIsRemembered = "-m set --match-set sixgate-endpoints src,src";
constexpr std::string_view kRemembersTcp =
    "SET --add-set sixgate-endpoints src,src --exist --timeout 240";
constexpr std::string_view kRemembers =
    "SET --add-set sixgate-endpoints src,src --exist --timeout 300";

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

}  // namespace

void forward_rules(Table& filter, const Ruleset& rules) {
  for (const int type : kLinkTypes) {
    constexpr std::string_view kWhy =
        "not beyond its link: RFC 4890 4.3.3; else it crosses a bridge alone";
    const bool listening = type <= 132 || type == 143 || type >= 151;  // MLD and MRD
    if (!listening)
      filter.rule(kThrough, cat(icmp(type), " -m hl ! --hl-eq 255"), kMisplaced, kWhy);
    else
      for (const std::string_view source : {"2000::/3", "fc00::/7"})
        filter.rule(kThrough, cat("-s ", source, ' ', icmp(type)), kMisplaced, kWhy);
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
  for (const FirewallLan& lan : rules.lans) {
    if (lan.zone != Zone::kProtected)
      filter.rule(kThrough, cat("-i ", lan.interface), kBeside, "what is not ours");
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

// Only who begins a flow is remembered, as in nft_skeleton.cc.
void remember_rules(Table& filter, const Ruleset& rules) {
  if (!ip6tables_remembers(rules)) return;
  constexpr std::string_view kOther = "not opened to all by what it sends";
  filter.rule(kRemember, "-m ah", kReturn, kOther);
  filter.rule(kRemember, "-p tcp --syn", kRemembersTcp, "anybody may answer: RFC 6092 REC-33");
  filter.rule(kRemember, cat("-p tcp --tcp-flags FIN,RST NONE ", kIsRemembered), kRemembersTcp,
              "the same, as long as it goes on");
  for (const int protocol : {6, 33, 50, 58, 132, 136, 139})
    filter.rule(kRemember, cat("-p ", protocol), kReturn, kOther);
  filter.rule(kRemember, "", kRemembers, "anybody may answer: RFC 6092 REC-11, REC-17");
}

}  // namespace sixgate::firewall::ip6tables
