// SPDX-License-Identifier: Apache-2.0
#include "cli/status_text.h"

#include <algorithm>

#include "cli/json_text.h"
#include "cli/table.h"
#include "net/text.h"

namespace sixgate::cli {
namespace {

std::string lifetimes(const Json& prefix) {
  return cat("preferred ", lifetime_text(prefix["preferred"]), ", valid ",
             lifetime_text(prefix["valid"]));
}

// "received 12, sent 3, dropped_checksum 1": only what was counted.
std::string counted(const Json& counters) {
  std::string out;
  for (const Json::Member& member : counters.members()) {
    if (member.value.number() == 0) continue;
    if (!out.empty()) out += ", ";
    out += cat(printable(member.name), ' ', member.value.number());
  }
  return out;
}

std::string protocol_name(std::int64_t protocol) {
  if (protocol == 6) return "tcp";
  if (protocol == 17) return "udp";
  return cat("protocol ", protocol);
}

std::string from_text(const Json& sources) {
  return sources.elements().empty() ? "from everywhere" : cat("from ", joined(sources));
}

// A door that a program opened.
std::vector<std::string> mapping_row(const Json& one) {
  const std::string port = one["port"].is_null() ? "" : cat(' ', one["port"].number());
  return {"open", said(one["host"]), cat(protocol_name(one["protocol"].number()), port),
          cat("for ", lifetime_text(one["remaining"])), from_text(one["sources"])};
}

// A pinhole of the configuration.
std::vector<std::string> fixed_row(const Json& one) {
  const std::string ports = joined(one["ports"]);
  const std::string addresses = joined(one["addresses"]);
  return {"pinhole", said(one["host"]),
          ports.empty() ? said(one["protocols"]) : cat(said(one["protocols"]), ' ', ports),
          from_text(one["sources"]),
          addresses.empty() ? "nowhere: no address of it is known" : cat("at ", addresses)};
}

// What was let in through a pinhole.
std::vector<std::string> pinhole_row(const Json& one) {
  const std::int64_t first = one["first_port"].number();
  const std::int64_t last = one["last_port"].number();
  const std::string port = first == 0      ? ""
                           : first == last ? cat(' ', first)
                                           : cat(' ', first, '-', last);
  return {cat("pinhole on ", said(one["interface"])), said(one["host"]),
          cat(protocol_name(one["protocol"].number()), port), cat("from ", said(one["source"])),
          cat(one["packets"].number(), " packets begun")};
}

std::string condition(const Json& link) {
  if (!link["present"].truth()) return "no such interface";
  return link["ready"].truth() ? "up" : "not ready";
}

void add_list(Table& table, std::string_view title, const Json& list) {
  if (!list.elements().empty()) table.row({std::string(title), joined(list)});
}

void add_text(Table& table, std::string_view title, const Json& value) {
  if (!value.text().empty()) table.row({std::string(title), said(value)});
}

void services_text(Table& table, const Json& services) {
  for (const Json& one : services["encrypted_dns"].elements()) {
    const std::string addresses = joined(one["addresses"]);
    table.row(
        {"encrypted DNS", cat(said(one["name"]), addresses.empty() ? "" : " at ", addresses)});
  }
  add_list(table, "NTP", services["ntp"]);
  add_list(table, "SNTP", services["sntp"]);
  add_list(table, "SIP", services["sip"]);
  add_text(table, "AFTR", services["aftr"]);
  add_text(table, "MAP-E", services["map_e"]);
  add_text(table, "MAP-T", services["map_t"]);
  add_text(table, "lw4o6", services["lw4o6"]);
  add_text(table, "captive portal", services["captive_portal"]);
  add_text(table, "NAT64", services["pref64"]);
  for (const Json& option : services["options"].elements()) {
    const std::string name = said(option["name"]);
    table.row({cat("option ", option["code"].number()),
               cat(name, name.empty() ? "" : " ", said(option["hex"]))});
  }
}

// What is not as one would expect it is said.
void known_server(Table& table, const Json& server) {
  std::string lengths;
  for (const Json& length : server["lengths"].elements())
    lengths += cat(lengths.empty() ? "offers /" : ", /", length.number());
  std::string text = lengths.empty() ? "offers no prefix" : lengths;
  if (const std::string hints = said(server["hints"]); hints != "unknown")
    text += cat("; hints ", hints);
  if (said(server["address_and_prefix"]) == "no") text += "; a prefix or an address, not both";
  if (server["fails_on_several"].truth()) text += "; fails when asked for several";
  if (server["leaves_times"].truth()) text += "; leaves T1 and T2 to us";
  const std::string rapid = said(server["rapid_commit"]);
  if (server["fails_on_rapid_commit"].truth())
    text += "; does not answer when asked for rapid commit";
  else if (rapid == "yes" || rapid == "no")
    text += rapid == "yes" ? "; rapid commit" : "; no rapid commit";
  if (server["fails_on_name"].truth()) text += "; fails when told our name";
  table.row({"server", cat(said(server["duid"]), " ", text)});
}

// "shared  2001:db8:5::/64 by home, guests: ...", or why nothing is.
void sharing_text(std::string& out, const Json& sharing) {
  if (!sharing.is_object()) return;
  if (sharing["prefix"].is_null()) {
    out += cat("  no /64 is shared: ", said(sharing["why"]), '\n');
  } else {
    out += cat("  shared by ", joined(sharing["lans"]), ": ", said(sharing["prefix"]), ", ",
               lifetimes(sharing), ": ", said(sharing["why"]), '\n');
    std::string hosts;
    for (const Json::Member& link : sharing["hosts_of"].members())
      hosts += cat(hosts.empty() ? "" : ", ", link.value.number(), " on ", printable(link.name));
    out += cat("    hosts: ", hosts, " (at most ", sharing["most_hosts"].number(), " each)\n");
    Table table;
    for (const Json& host : sharing["hosts"].elements()) {
      table.row({said(host["address"]), said(host["interface"]), said(host["mac"]),
                 host["fixed"].truth()   ? "configured"
                 : host["mac"].is_null() ? "not heard yet"
                                         : cat(lifetime_text(host["seen_ago"]), " ago")});
    }
    table.print(out, "    ");
  }
  for (const Json& block : sharing["blocked"].elements()) {
    out += cat("    ", said(block["interface"]), " takes no part for ",
               lifetime_text(block["left"]), ": ", said(block["why"]), '\n');
  }
  const std::string counters = counted(sharing["counters"]);
  if (!counters.empty()) out += cat("    packets  ", counters, '\n');
}

void uplink_text(std::string& out, const Json& uplink) {
  out += cat("\nuplink ", said(uplink["name"]), " (", said(uplink["interface"]),
             "): ", condition(uplink));
  if (const std::string mode = said(uplink["mode"]); mode == "static") {
    out += ", prefixes by contract";
  } else if (mode == "none") {
    out += ", no IPv6 here";
  }
  if (!uplink["client"].text().empty()) out += cat(", DHCPv6 ", said(uplink["client"]));
  if (uplink["managed"].truth() || uplink["other"].truth()) {
    out +=
        cat(", flags ", uplink["managed"].truth() ? "M" : "", uplink["other"].truth() ? "O" : "");
  }
  out += '\n';
  Table table;
  for (const Json& delegation : uplink["delegations"].elements()) {
    const std::string routed = said(delegation["routed"]);
    table.row({"delegated", said(delegation["prefix"]), said(delegation["standing"]),
               lifetimes(delegation),
               routed == "yes"  ? "routed"
               : routed == "no" ? "NOT ROUTED"
                                : ""});
  }
  for (const Json& address : uplink["addresses"].elements()) {
    const Json& own = address["address"];
    table.row({"address", said(own.is_null() ? address["prefix"] : own), said(address["standing"]),
               lifetimes(address)});
  }
  for (const Json& router : uplink["routers"].elements()) {
    table.row({"router", said(router["address"]), said(router["preference"]),
               cat("for ", lifetime_text(router["lifetime"]),
                   router["silent"].truth() ? ", does not answer" : "")});
  }
  table.print(out, "  ");
  sharing_text(out, uplink["sharing"]);
  Table facts;
  if (uplink["renew_in"].number() > 0 || uplink["rebind_in"].number() > 0) {
    facts.row({"lease", cat("renew in ", lifetime_text(uplink["renew_in"]), ", rebind in ",
                            lifetime_text(uplink["rebind_in"]))});
  }
  for (const Json& server : uplink["known_servers"].elements()) known_server(facts, server);
  if (uplink["probe_in"].number() > 0)
    facts.row({"wider prefix", cat("looked for in ", lifetime_text(uplink["probe_in"]))});
  add_list(facts, "registered", uplink["registered"]);
  add_list(facts, "DNS", uplink["dns_servers"]);
  add_list(facts, "search", uplink["search_domains"]);
  services_text(facts, uplink["services"]);
  const std::string counters = counted(uplink["counters"]);
  if (!counters.empty()) facts.row({"packets", counters});
  facts.print(out, "  ");
}

// The next Router Advertisement: what it will say, and why it is not what the configuration has.
void advertisement_text(std::string& out, const Json& next) {
  out += cat("  next advertisement in ", lifetime_text(next["due_in"]), " (", said(next["due_why"]),
             "):\n");
  Table table;
  for (const Json& field : next["fields"].elements()) {
    const std::string why = said(field["why"]);
    table.row({said(field["name"]), said(field["value"]), why.empty() ? why : cat("<- ", why)});
  }
  table.print(out, "    ");
}

void foreign_text(std::string& out, const Json& lan) {
  for (const Json& router : lan["foreign_routers"].elements()) {
    out += cat("  another router ", said(router["address"]), ", heard ",
               lifetime_text(router["heard_ago"]), " ago: ", said(router["says"]), '\n');
    for (const Json& difference : router["differences"].elements())
      out += cat("    ", said(difference), '\n');
  }
}

void foreign_servers_text(std::string& out, const Json& lan) {
  for (const Json& server : lan["foreign_dhcpv6_servers"].elements()) {
    out += cat("  another DHCPv6 server ", said(server["duid"]));
    if (server["address"].is_text())
      out += cat(" at ", said(server["address"]), " says: ", said(server["says"]));
    if (server["chosen_by_clients"].number() > 0)
      out += cat("; clients took its offer ", server["chosen_by_clients"].number(), " times");
    out += cat("; heard ", lifetime_text(server["heard_ago"]), " ago\n");
  }
}

void lan_text(std::string& out, const Json& lan) {
  out += cat("\nlan ", said(lan["name"]), " (", said(lan["interface"]), "): ", condition(lan), ", ",
             said(lan["zone"]), ", ", said(lan["addressing"]));
  if (lan["router_lifetime"].number() > 0) {
    out += cat(", default router for ", lifetime_text(lan["router_lifetime"]));
  } else if (const std::string why = said(lan["router_lifetime_reason"]); !why.empty()) {
    out += cat(", not a default router: ", why);
  }
  out += '\n';
  Table table;
  for (const Json& prefix : lan["prefixes"].elements()) {
    std::string origin = said(prefix["origin"]);
    table.row({"prefix", said(prefix["prefix"]), said(prefix["standing"]),
               origin.empty() ? origin : cat("from ", origin), lifetimes(prefix)});
    if (!prefix["address"].is_null()) table.row({"address", said(prefix["address"])});
  }
  for (const Json& one : lan["translations"].elements()) {
    table.row({"translated", said(one["internal"]), cat("as ", said(one["external"])),
               cat("on ", said(one["uplink"])),
               one["begins"].truth() ? "" : "for what has begun alone"});
  }
  for (const Json& one : lan["relay"]["delegations"].elements()) {
    table.row({"routed", said(one["prefix"]), cat("by way of ", said(one["next_hop"])),
               cat("valid ", lifetime_text(one["valid"])), cat("client ", said(one["client"]))});
  }
  for (const Json& one : lan["mappings"].elements()) table.row(mapping_row(one));
  table.print(out, "  ");
  Table facts;
  add_list(facts, "relayed to", lan["relay"]["servers"]);
  add_text(facts, "no prefix", lan["no_prefix_reason"]);
  add_text(facts, "no SLAAC", lan["no_slaac_reason"]);
  add_list(facts, "DNS", lan["dns_servers"]);
  const std::string counters = counted(lan["counters"]);
  if (!counters.empty()) facts.row({"packets", counters});
  std::size_t reachable = 0;
  for (const Json& host : lan["hosts"].elements()) {
    const auto& addresses = host["addresses"].elements();
    reachable += std::any_of(addresses.begin(), addresses.end(),
                             [](const Json& one) { return one["reachable"].truth(); });
  }
  if (const std::size_t known = lan["hosts"].elements().size(); known > 0)
    facts.row({"hosts", cat(known, " known, ", reachable, " heard just now (sixgate hosts)")});
  facts.print(out, "  ");
  foreign_text(out, lan);
  foreign_servers_text(out, lan);
  if (lan["next_ra"].is_object()) advertisement_text(out, lan["next_ra"]);
}

void knock_text(std::string& out, const Json& knock) {
  if (knock["tunnels"].elements().empty())
    out += "IPsec knock: no uplink has an address and a prefix yet\n";
  for (const Json& tunnel : knock["tunnels"].elements()) {
    out += cat("IPsec knock: ", said(tunnel["address"]), " opens ", said(tunnel["inner"]),
               tunnel["in_place"].truth() ? "" : " (not in place: has the kernel AH?)", '\n');
  }
}

}  // namespace

std::string firewall_counters_text(const Json& answer) {
  Table table;
  for (const auto& [name, count] : answer["counters"].members()) {
    table.row({printable(name), cat(count["packets"].number(), " packets"),
               cat(count["bytes"].number(), " bytes"), said(count["about"])});
  }
  Table pinholes;
  for (const Json& one : answer["pinholes"].elements()) pinholes.row(pinhole_row(one));
  std::string out;
  table.print(out, "");
  pinholes.print(out, "");
  return out;
}

std::string firewall_rules_text(const Json& answer) {
  Table table;
  for (const Json& one : answer["rules"].elements()) {
    const std::string match = said(one["match"]);
    const std::string place = one["table"].text().empty() ? "" : cat(said(one["table"]), ' ');
    table.row({cat(place, said(one["chain"]), ' ', one["number"].number()),
               cat(one["packets"].number(), " packets"), cat(one["bytes"].number(), " bytes"),
               match.empty() ? said(one["about"]) : cat(match, " (", said(one["about"]), ')')});
  }
  std::string out;
  table.print(out, "");
  return out;
}

std::string status_text(const Json& status) {
  std::string out = cat("sixgated ", said(status["version"]));
  const Json& firewall = status["firewall"];
  out +=
      cat(", firewall ", said(firewall["backend"]),
          firewall["applied"].truth() ? "" : " (not in place)",
          firewall["provisioned"].truth() ? "" : ", not yet provisioned: nothing is forwarded in");
  out += '\n';
  for (const Json& problem : status["problems"].elements()) {
    out += cat("problem: ", said(problem), '\n');
  }
  std::string packets;
  for (const auto& [name, count] : firewall["counters"].members()) {
    if (count["packets"].number() > 0)
      packets += cat(packets.empty() ? "" : ", ", printable(name), ' ', count["packets"].number());
  }
  if (!packets.empty()) out += cat("firewall packets: ", packets, '\n');
  Table pinholes;
  for (const Json& one : firewall["pinholes"].elements()) pinholes.row(fixed_row(one));
  pinholes.print(out, "");
  Table identity;
  if (!status["duid"].text().empty()) identity.row({"DUID", said(status["duid"])});
  if (!status["ula"].text().empty()) identity.row({"ULA", said(status["ula"])});
  identity.print(out, "");
  if (status["knock"].is_object()) knock_text(out, status["knock"]);
  for (const Json& uplink : status["uplinks"].elements()) uplink_text(out, uplink);
  for (const Json& lan : status["lans"].elements()) lan_text(out, lan);
  return out;
}

}  // namespace sixgate::cli
