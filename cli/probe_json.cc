// SPDX-License-Identifier: Apache-2.0
#include "cli/probe_text.h"
#include "daemon/json.h"

namespace sixgate::cli {
namespace {

using daemon::JsonWriter;
using dhcp6::SurveyAnswer;

constexpr int kSchema = 1;

void until(JsonWriter& json, std::string_view key, Instant end, Instant now) {
  json.member(key, remaining(end, now));
}

void routers(JsonWriter& json, const ProbeReport& report) {
  const ra::Heard& heard = report.heard;
  json.key("routers").begin_array();
  for (const ra::HeardRouter& one : heard.routers) {
    json.begin_object().member("address", one.address);
    until(json, "lifetime", one.router_until, report.at);
    json.member("preference", ra::to_string(one.preference));
    json.member("managed", one.managed).member("other", one.other).end_object();
  }
  json.end_array().key("prefixes").begin_array();
  for (const ra::HeardPrefix& one : heard.prefixes) {
    json.begin_object().member("prefix", one.prefix);
    json.member("on_link", one.on_link).member("autonomous", one.autonomous);
    until(json, "preferred", one.preferred_until, report.at);
    until(json, "valid", one.autonomous ? one.valid_until : one.on_link_until, report.at);
    json.end_object();
  }
  json.end_array().key("routes").begin_array();
  for (const ra::HeardRoute& one : heard.routes) {
    json.begin_object().member("prefix", one.prefix).member("router", one.router);
    json.member("preference", ra::to_string(one.preference));
    until(json, "lifetime", one.until, report.at);
    json.end_object();
  }
  json.end_array().key("dns_servers").begin_array();
  for (const ra::HeardServer& one : heard.rdnss) json.value(one.address);
  json.end_array().key("search_domains").begin_array();
  for (const ra::HeardDomain& one : heard.dnssl) json.value(one.name);
  json.end_array();
  if (heard.pref64) json.member("pref64", heard.pref64->prefix);
  if (heard.mtu) json.member("mtu", *heard.mtu);
}

void answer(JsonWriter& json, const SurveyAnswer& one, bool address) {
  json.member("answered", one.heard).member("present", one.present);
  if (!one.heard) return;
  json.member("status", to_string(one.status));
  json.member("message_status", to_string(one.message_status));
  json.member("t1", one.t1);
  json.member("t2", one.t2);
  json.key("offered").begin_array();
  for (const dhcp6::SurveyedLease& lease : one.leases) {
    json.begin_object();
    if (address) {
      json.member("address", lease.prefix.address());
    } else {
      json.member("prefix", lease.prefix).member("length", lease.prefix.length());
    }
    json.member("preferred", lease.preferred);
    json.member("valid", lease.valid);
    json.member("status", to_string(lease.status)).member("usable", lease.usable).end_object();
  }
  json.end_array();
}

void server(JsonWriter& json, const ProbeReport& report, const dhcp6::SurveyedServer& one) {
  const auto& hints = report.survey.hints;
  json.begin_object().member("duid", one.server).member("address", one.source);
  json.member("preference", unsigned{one.preference});
  json.member("hints", to_string(one.hint_behaviour(hints)));
  json.member("address_and_prefix_together", to_string(one.together()));
  json.key("answers").begin_array();
  for (std::size_t i = 0; i < one.prefixes.size(); ++i) {
    json.begin_object().member("hint", hints[i]);
    answer(json, one.prefixes[i], false);
    json.end_object();
  }
  json.end_array();
  if (report.survey.address_asked) {
    json.key("address_answer").begin_object();
    answer(json, one.address, true);
    json.end_object();
  }
  json.end_object();
}

}  // namespace

std::string probe_json(const ProbeReport& report, const Verdict& verdict) {
  JsonWriter json;
  json.begin_object().member("schema", kSchema).member("interface", report.interface);
  json.member("duid", report.duid);
  if (report.iaid) json.member("iaid", *report.iaid);
  json.member("ready", report.link_ready).member("timed_out", report.timed_out);
  routers(json, report);
  json.key("servers").begin_array();
  for (const dhcp6::SurveyedServer& one : report.survey.servers) server(json, report, one);
  json.end_array();
  if (report.commit) {
    json.key("request").begin_object().member("asked", report.commit->asked);
    json.key("delegated").begin_array();
    for (const dhcp6::LeasedPrefix& one : report.commit->delegated) json.value(one.prefix);
    json.end_array().member("released", report.commit->released).end_object();
  }
  json.key("verdict").begin_object().key("largest");
  if (verdict.largest) {
    json.value(*verdict.largest);
    json.member("slash64s", verdict.largest->subnet_count(64));
  } else {
    json.null();
  }
  json.key("sentences").begin_array();
  for (const std::string& one : verdict.sentences) json.value(one);
  json.end_array();
  if (!verdict.sixgate_toml.empty()) json.member("sixgate_toml", verdict.sixgate_toml);
  if (verdict.reqprefix) json.member("reqprefix", *verdict.reqprefix);
  json.end_object().end_object();
  return json.take();
}

}  // namespace sixgate::cli
