// SPDX-License-Identifier: Apache-2.0
#include "daemon/firewall_text.h"

#include "daemon/json.h"
#include "firewall/ip6tables.h"
#include "firewall/nft.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

std::string text_of(const firewall::Ruleset& ruleset, firewall::Backend backend) {
  switch (backend) {
    case firewall::Backend::kNft:
      return firewall::nft_skeleton(ruleset) +
             firewall::nft_difference(firewall::NftSets{}, firewall::nft_sets(ruleset));
    case firewall::Backend::kIp6tables:
      return firewall::render_ip6tables(ruleset);
    case firewall::Backend::kNone:
      return "# nothing: firewall.backend is \"none\"\n";
  }
  return {};
}

void write_rules(JsonWriter& json, const firewall::RuleCounts& rules) {
  json.key("rules").begin_array();
  for (const firewall::RuleCount& one : rules) {
    json.begin_object();
    if (!one.table.empty()) json.member("table", one.table);
    json.member("chain", one.chain).member("number", one.number);
    if (!one.match.empty()) json.member("match", one.match);
    json.member("about", one.why)
        .member("packets", one.packets)
        .member("bytes", one.bytes)
        .end_object();
  }
  json.end_array();
}

}  // namespace

std::string firewall_json(const firewall::Ruleset& ruleset, firewall::Backend backend,
                          std::string_view lack) {
  const std::string head = lack.empty() ? "" : cat("# not in place: ", printable(lack), '\n');
  JsonWriter json;
  json.begin_object()
      .member("schema", 1)
      .member("backend", firewall::to_string(backend))
      .member("applied", lack.empty())
      .member("rules", head + text_of(ruleset, backend))
      .end_object();
  return json.take();
}

void write_counts(JsonWriter& json, const firewall::Counts& counts, bool with_reasons) {
  json.begin_object();
  for (const firewall::Count& one : counts) {
    json.key(one.name).begin_object().member("packets", one.packets).member("bytes", one.bytes);
    if (with_reasons) json.member("about", firewall::why_counted(one.name));
    json.end_object();
  }
  json.end_object();
}

std::string firewall_counters_json(const firewall::Counted& counted, std::string_view backend,
                                   bool each_rule) {
  JsonWriter json;
  json.begin_object().member("schema", 1).member("backend", backend);
  json.key("counters");
  write_counts(json, counted.kinds, true);
  json.key("pinholes").begin_array();
  for (const firewall::PinholeCount& one : counted.pinholes) {
    const firewall::FirewallPinhole& pinhole = one.pinhole;
    const bool ports = pinhole.has_ports();
    json.begin_object()
        .member("interface", pinhole.interface)
        .member("host", pinhole.host.to_string())
        .member("protocol", pinhole.protocol)
        .member("first_port", ports ? pinhole.first_port : 0)
        .member("last_port", ports ? pinhole.last_port : 0)
        .member("source", pinhole.source.to_string())
        .member("packets", one.packets)
        .member("bytes", one.bytes)
        .end_object();
  }
  json.end_array();
  if (each_rule) write_rules(json, counted.rules);
  json.end_object();
  return json.take();
}

}  // namespace sixgate::daemon
