// SPDX-License-Identifier: Apache-2.0
// The rules of the moment in a backend's language, for `sixgate firewall print`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/json.h"
#include "firewall/counted.h"
#include "firewall/ruleset.h"

namespace sixgate::daemon {

// {"schema":1,"backend":"nft","applied":true,"rules":"..."}. What is not to be filtered (Backend::kNone) has no rules.
// `lack`: why these are not in place; the first line of the rules is a comment that says so.
std::string firewall_json(const firewall::Ruleset& ruleset, firewall::Backend backend,
                          std::string_view lack);

// {"refused":{"packets":3,"bytes":240,"about":"..."},...}, the reasons where they are asked for.
void write_counts(JsonWriter& json, const firewall::Counts& counts, bool with_reasons);

// {"schema":1,"backend":"nft","counters":{"refused":{"packets":3,"bytes":240,"about":"..."},...},
// "pinholes":[{"interface":"lan0","host":"2001:db8::7","protocol":6,"first_port":22,"last_port":22,"source":"::/0",
// "packets":1,"bytes":80},...]}, for `sixgate firewall counters`. Ports are 0 where the protocol has none.
// With each rule also "rules":[{"table":"filter","chain":"forward","number":3,"match":"-i wan0","about":"answers",
// "packets":3,"bytes":240},...]. The table, and what a rule matches, is told of ip6tables alone.
std::string firewall_counters_json(const firewall::Counted& counted, std::string_view backend,
                                   bool each_rule);

}  // namespace sixgate::daemon
