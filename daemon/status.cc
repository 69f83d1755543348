// SPDX-License-Identifier: Apache-2.0
#include "daemon/status.h"

#include "daemon/firewall_text.h"
#include "daemon/host_list.h"
#include "daemon/json.h"
#include "daemon/softwire_text.h"
#include "dhcp6/option_names.h"
#include "net/byte_writer.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

void counters(JsonWriter& json, const std::map<std::string, std::uint64_t>& all) {
  json.key("counters").begin_object();
  for (const auto& [name, count] : all) json.key(name).value(count);
  json.end_object();
}

void prefixes(JsonWriter& json, std::string_view key, const std::vector<StatusPrefix>& all) {
  json.key(key).begin_array();
  for (const StatusPrefix& p : all) {
    json.begin_object();
    json.key("prefix").value(p.prefix.to_string());
    if (p.address) json.key("address").value(p.address->to_string());
    json.member("preferred", p.preferred);
    json.member("valid", p.valid);
    json.key("standing").value(p.standing);
    if (!p.origin.empty()) json.key("origin").value(p.origin);
    if (!p.routed.empty()) json.key("routed").value(p.routed);
    json.end_object();
  }
  json.end_array();
}

// Addresses, or prefixes.
template <class T>
void addresses(JsonWriter& json, std::string_view key, const std::vector<T>& all) {
  json.key(key).begin_array();
  for (const T& one : all) json.value(one.to_string());
  json.end_array();
}

void strings(JsonWriter& json, std::string_view key, const std::vector<std::string>& all) {
  json.key(key).begin_array();
  for (const std::string& s : all) json.value(s);
  json.end_array();
}

template <class T>
void texts(std::vector<std::string>& out, const std::vector<T>& values) {
  for (const T& value : values) out.push_back(value.to_string());
}

// The list is only there when it holds something.
template <class... Lists>
void list(JsonWriter& json, std::string_view key, const Lists&... lists) {
  std::vector<std::string> all;
  (texts(all, lists), ...);
  if (!all.empty()) strings(json, key, all);
}

void text(JsonWriter& json, std::string_view key, std::string_view said) {
  while (!said.empty() && (said.back() == ' ' || said.back() == ',')) said.remove_suffix(1);
  if (!said.empty()) json.key(key).value(said);
}

void raw_option(JsonWriter& json, const dhcp6::Option& option) {
  std::vector<std::uint8_t> wire;
  ByteWriter writer(wire);
  std::visit([&](const auto& value) { value.emit(writer); }, option);
  json.begin_object();
  json.key("code").value(dhcp6::option_code(option));
  text(json, "name", dhcp6::option_name(dhcp6::option_code(option)));
  json.key("hex").value(to_hex(wire));
  json.end_object();
}

// What else was told than DNS servers and search domains; nothing that was not.
void services(JsonWriter& json, const Services& s) {
  json.key("services").begin_object();
  if (!s.encrypted_dns.empty()) {
    json.key("encrypted_dns").begin_array();
    for (const dhcp6::EncryptedDns& one : s.encrypted_dns) {
      json.begin_object();
      json.key("priority").value(one.priority);
      json.key("name").value(one.authentication_name.to_string());
      addresses(json, "addresses", one.addresses);
      if (!one.service_parameters.empty())
        json.key("parameters").value(to_hex(one.service_parameters));
      json.end_object();
    }
    json.end_array();
  }
  list(json, "ntp", s.ntp_servers, s.ntp_multicast, s.ntp_names);
  list(json, "sntp", s.sntp_servers);
  list(json, "sip", s.sip_servers, s.sip_domains);
  if (s.aftr) json.key("aftr").value(s.aftr->to_string());
  if (s.map_e) text(json, "map_e", softwire_text(*s.map_e));
  if (s.map_t) text(json, "map_t", softwire_text(*s.map_t));
  if (s.lightweight) text(json, "lw4o6", softwire_text(*s.lightweight));
  text(json, "captive_portal", s.captive_portal);
  if (s.pref64) json.key("pref64").value(s.pref64->to_string());
  if (!s.others.empty()) {
    json.key("options").begin_array();
    for (const dhcp6::Option& option : s.others) raw_option(json, option);
    json.end_array();
  }
  json.end_object();
}

// What was learnt of the servers of an uplink.
void known_servers(JsonWriter& json, const std::vector<StatusServer>& all) {
  if (all.empty()) return;
  json.key("known_servers").begin_array();
  for (const StatusServer& s : all) {
    json.begin_object();
    json.key("duid").value(s.duid);
    json.key("lengths").begin_array();
    for (const unsigned length : s.lengths) json.value(length);
    json.end_array();
    json.key("hints").value(s.hints);
    json.key("address_and_prefix").value(s.together);
    json.key("fails_on_several").value(s.fails_on_several);
    json.key("leaves_times").value(s.leaves_times);
    json.key("rapid_commit").value(s.rapid_commit);
    json.key("fails_on_rapid_commit").value(s.fails_on_rapid_commit);
    json.key("fails_on_name").value(s.fails_on_name);
    json.end_object();
  }
  json.end_array();
}

void sharing(JsonWriter& json, const StatusSharing& s) {
  json.key("sharing").begin_object();
  if (s.prefix) {
    json.key("prefix").value(s.prefix->to_string());
    json.member("preferred", s.preferred);
    json.member("valid", s.valid);
  }
  json.key("why").value(s.why);
  strings(json, "lans", s.lans);
  json.key("hosts").begin_array();
  for (const StatusProxiedHost& host : s.hosts) {
    json.begin_object();
    json.key("address").value(host.address.to_string());
    json.key("interface").value(host.interface);
    if (host.mac) json.key("mac").value(host.mac->to_string());
    if (host.mac) json.member("seen_ago", host.seen_ago);
    json.key("fixed").value(host.fixed);
    json.end_object();
  }
  json.end_array();
  json.key("hosts_of").begin_object();
  for (const auto& [interface, count] : s.hosts_of) json.key(interface).value(count);
  json.end_object();
  json.key("most_hosts").value(s.most_hosts);
  json.key("blocked").begin_array();
  for (const StatusSharingBlock& block : s.blocked) {
    json.begin_object();
    json.key("interface").value(block.interface);
    json.key("why").value(block.why);
    json.member("left", block.left);
    json.end_object();
  }
  json.end_array();
  counters(json, s.counters);
  json.end_object();
}

void uplink(JsonWriter& json, const StatusUplink& u) {
  json.begin_object();
  json.key("name").value(u.name);
  json.key("interface").value(u.interface);
  json.key("present").value(u.present);
  json.key("ready").value(u.ready);
  json.key("mode").value(u.mode);
  json.key("client").value(u.client);
  json.key("server").value(u.server);
  if (u.renew_in) json.member("renew_in", *u.renew_in);
  if (u.rebind_in) json.member("rebind_in", *u.rebind_in);
  if (u.probe_in) json.member("probe_in", *u.probe_in);
  known_servers(json, u.servers);
  json.key("managed").value(u.managed);
  json.key("other").value(u.other);
  prefixes(json, "addresses", u.addresses);
  if (!u.registered.empty()) addresses(json, "registered", u.registered);
  prefixes(json, "delegations", u.delegations);
  json.key("routers").begin_array();
  for (const StatusRouter& r : u.routers) {
    json.begin_object();
    json.key("address").value(r.address.to_string());
    json.key("preference").value(r.preference);
    json.member("lifetime", r.lifetime);
    json.member("silent", r.silent);
    json.end_object();
  }
  json.end_array();
  if (u.sharing) sharing(json, *u.sharing);
  addresses(json, "dns_servers", u.services.dns_servers);
  std::vector<std::string> search;
  texts(search, u.services.search_domains);
  strings(json, "search_domains", search);
  services(json, u.services);
  counters(json, u.counters);
  json.end_object();
}

void next_advertisement(JsonWriter& json, const StatusLan& l) {
  json.key("next_ra").begin_object();
  json.member("due_in", *l.next_ra_in);
  json.key("due_why").value(l.next_ra_why);
  json.key("fields").begin_array();
  for (const StatusField& field : l.next_ra) {
    json.begin_object();
    json.key("name").value(field.name);
    json.key("value").value(field.value);
    if (!field.why.empty()) json.key("why").value(field.why);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void foreign_routers(JsonWriter& json, const StatusLan& l) {
  json.key("foreign_routers").begin_array();
  for (const StatusForeignRouter& router : l.foreign_routers) {
    json.begin_object();
    json.key("address").value(router.address.to_string());
    json.key("says").value(router.says);
    json.member("heard_ago", router.heard_ago);
    json.key("advertisements").value(router.advertisements);
    strings(json, "differences", router.differences);
    json.end_object();
  }
  json.end_array();
}

void relay(JsonWriter& json, const StatusRelay& r) {
  json.key("relay").begin_object();
  strings(json, "servers", r.servers);
  if (r.link_address) json.key("link_address").value(r.link_address->to_string());
  json.key("delegations").begin_array();
  for (const StatusRelayed& one : r.delegations) {
    json.begin_object();
    json.key("prefix").value(one.prefix.to_string());
    json.key("client").value(one.client);
    json.key("next_hop").value(one.next_hop.to_string());
    json.member("valid", one.valid);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void mappings(JsonWriter& json, const std::vector<StatusMapping>& all) {
  json.key("mappings").begin_array();
  for (const StatusMapping& one : all) {
    json.begin_object().member("host", one.host);
    json.key("protocol").value(std::uint64_t{one.protocol});
    if (one.port != 0) json.key("port").value(std::uint64_t{one.port});
    addresses(json, "sources", one.sources);
    json.member("remaining", one.remaining).end_object();
  }
  json.end_array();
}

void pinholes(JsonWriter& json, const std::vector<StatusPinhole>& all) {
  json.key("pinholes").begin_array();
  for (const StatusPinhole& one : all) {
    json.begin_object().member("host", one.host);
    if (!one.lan.empty()) json.member("lan", one.lan);
    json.member("protocols", one.protocols);
    strings(json, "ports", one.ports);
    addresses(json, "sources", one.sources);
    addresses(json, "addresses", one.addresses);
    json.end_object();
  }
  json.end_array();
}

void translations(JsonWriter& json, const std::vector<StatusTranslation>& all) {
  json.key("translations").begin_array();
  for (const StatusTranslation& one : all) {
    json.begin_object().member("uplink", one.uplink);
    json.key("internal").value(one.internal.to_string());
    json.key("external").value(one.external.to_string());
    json.key("begins").value(one.begins);
    json.end_object();
  }
  json.end_array();
}

void foreign_servers(JsonWriter& json, const StatusLan& l) {
  json.key("foreign_dhcpv6_servers").begin_array();
  for (const StatusForeignServer& server : l.foreign_servers) {
    json.begin_object().member("duid", server.duid);
    if (server.address) json.member("address", *server.address).member("says", server.says);
    json.member("heard_ago", server.heard_ago).member("answers", server.answers);
    json.member("chosen_by_clients", server.chosen);
    json.end_object();
  }
  json.end_array();
}

void lan(JsonWriter& json, const StatusLan& l) {
  json.begin_object();
  json.key("name").value(l.name);
  json.key("interface").value(l.interface);
  json.key("present").value(l.present);
  json.key("ready").value(l.ready);
  json.key("zone").value(l.zone);
  json.key("addressing").value(l.addressing);
  json.key("managed").value(l.managed);
  json.key("other").value(l.other);
  json.member("router_lifetime", l.router_lifetime);
  if (!l.router_lifetime_reason.empty())
    json.key("router_lifetime_reason").value(l.router_lifetime_reason);
  prefixes(json, "prefixes", l.prefixes);
  if (!l.no_prefix_reason.empty()) json.key("no_prefix_reason").value(l.no_prefix_reason);
  if (!l.no_slaac_reason.empty()) json.key("no_slaac_reason").value(l.no_slaac_reason);
  addresses(json, "dns_servers", l.dns_servers);
  if (l.next_ra_in) next_advertisement(json, l);
  if (!l.foreign_routers.empty()) foreign_routers(json, l);
  if (l.relay) relay(json, *l.relay);
  if (!l.foreign_servers.empty()) foreign_servers(json, l);
  if (!l.hosts.empty()) write_hosts(json, l.hosts);
  if (!l.mappings.empty()) mappings(json, l.mappings);
  if (!l.translations.empty()) translations(json, l.translations);
  counters(json, l.counters);
  json.end_object();
}

void knock(JsonWriter& json, const StatusKnock& knock) {
  json.key("knock").begin_object();
  json.member("spi", knock.spi).member("algorithm", knock.algorithm);
  json.key("tunnels").begin_array();
  for (const StatusKnock::Tunnel& tunnel : knock.tunnels) {
    json.begin_object()
        .member("address", tunnel.address.to_string())
        .member("inner", tunnel.inner.to_string())
        .member("in_place", tunnel.in_place)
        .end_object();
  }
  json.end_array();
  json.end_object();
}

}  // namespace

std::string to_json(const Status& status) {
  JsonWriter json;
  json.begin_object();
  json.key("schema").value(1);
  json.key("version").value(status.version);
  json.key("duid").value(status.duid);
  if (status.unique_local) json.key("ula").value(status.unique_local->to_string());
  json.key("uplinks").begin_array();
  for (const StatusUplink& u : status.uplinks) uplink(json, u);
  json.end_array();
  json.key("lans").begin_array();
  for (const StatusLan& l : status.lans) lan(json, l);
  json.end_array();
  json.key("firewall").begin_object();
  json.key("backend").value(status.firewall_backend);
  json.key("applied").value(status.firewall_applied);
  json.key("provisioned").value(status.provisioned);
  if (!status.pinholes.empty()) pinholes(json, status.pinholes);
  json.key("counters");
  write_counts(json, status.firewall_counts, false);
  json.end_object();
  if (status.knock) knock(json, *status.knock);
  strings(json, "problems", status.problems);
  json.end_object();
  return json.take();
}

}  // namespace sixgate::daemon
