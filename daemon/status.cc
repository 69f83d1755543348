// SPDX-License-Identifier: Apache-2.0
#include "daemon/status.h"

#include "daemon/json.h"

namespace sixgate::daemon {
namespace {

// Infinity is null: no number stands for it.
void lifetime(JsonWriter& json, std::string_view key, Lifetime value) {
  json.key(key);
  if (value.is_infinite())
    json.null();
  else
    json.value(value.count());
}

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
    lifetime(json, "preferred", p.preferred);
    lifetime(json, "valid", p.valid);
    json.key("standing").value(p.standing);
    if (!p.origin.empty()) json.key("origin").value(p.origin);
    if (!p.routed.empty()) json.key("routed").value(p.routed);
    json.end_object();
  }
  json.end_array();
}

void addresses(JsonWriter& json, std::string_view key, const std::vector<Ip6Address>& all) {
  json.key(key).begin_array();
  for (const Ip6Address& a : all) json.value(a.to_string());
  json.end_array();
}

void strings(JsonWriter& json, std::string_view key, const std::vector<std::string>& all) {
  json.key(key).begin_array();
  for (const std::string& s : all) json.value(s);
  json.end_array();
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
  if (u.renew_in) lifetime(json, "renew_in", *u.renew_in);
  if (u.rebind_in) lifetime(json, "rebind_in", *u.rebind_in);
  json.key("managed").value(u.managed);
  json.key("other").value(u.other);
  prefixes(json, "addresses", u.addresses);
  prefixes(json, "delegations", u.delegations);
  json.key("routers").begin_array();
  for (const StatusRouter& r : u.routers) {
    json.begin_object();
    json.key("address").value(r.address.to_string());
    json.key("preference").value(r.preference);
    lifetime(json, "lifetime", r.lifetime);
    json.end_object();
  }
  json.end_array();
  addresses(json, "dns_servers", u.dns_servers);
  strings(json, "search_domains", u.search_domains);
  counters(json, u.counters);
  json.end_object();
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
  lifetime(json, "router_lifetime", l.router_lifetime);
  if (!l.router_lifetime_reason.empty())
    json.key("router_lifetime_reason").value(l.router_lifetime_reason);
  prefixes(json, "prefixes", l.prefixes);
  addresses(json, "dns_servers", l.dns_servers);
  counters(json, l.counters);
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
  json.end_object();
  strings(json, "problems", status.problems);
  json.end_object();
  return json.take();
}

}  // namespace sixgate::daemon
