// SPDX-License-Identifier: Apache-2.0
// The parts of the text for ip6tables-restore: tables, and chains of the table filter. Which is for what is said where they
// are made. The policy is that of nft_skeleton.cc, in the same order; without sets a rule is written for each interface and
// prefix, and a source is checked in filter because raw cannot reject.
#pragma once

#include <string>
#include <string_view>

#include "firewall/ip6tables.h"
#include "firewall/ip6tables_table.h"
#include "firewall/ruleset.h"
#include "firewall/user_rules.h"

namespace sixgate::firewall::ip6tables {

// Calls `visit` with the name of each uplink and each LAN.
template <class Visit>
void each_interface(const Ruleset& rules, Visit&& visit) {
  for (const FirewallUplink& uplink : rules.uplinks) visit(uplink.interface);
  for (const FirewallLan& lan : rules.lans) visit(lan.interface);
}

// ip6tables_raw.cc: what conntrack does not see, what it may not see, and segments that fit.
std::string raw_table(const Ruleset& rules, FateChains fates);
std::string mangle_table(const Ruleset& rules);

// ip6tables_translation.cc: NPTv6 (RFC 6296).
std::string nat_table(const Ruleset& rules);
void translated_rules(Table& filter, const Ruleset& rules);

// ip6tables_input.cc: what is for the router.
void input_rules(Table& filter, const Ruleset& rules);

// ip6tables_edge.cc: which addresses may come and go where.
void source_rules(Table& filter, const Ruleset& rules);
void from_wan_rules(Table& filter, const Ruleset& rules);
void to_wan_rules(Table& filter, const Ruleset& rules);
void others_rules(Table& filter, const Ruleset& rules);
void beside_rules(Table& filter, const Ruleset& rules);
void leaving_rules(Table& filter, const Ruleset& rules);

// ip6tables_forward.cc: which flows may begin, and go on.
void forward_rules(Table& filter, const Ruleset& rules);
void shut_rules(Table& filter);
void to_guarded_rules(Table& filter, const Ruleset& rules);
void remember_rules(Table& filter, const Ruleset& rules);

// Of several of them: rules of the person's own, what is logged, and packets that more than one table knows.
void user_rules(Table& filter, const Ruleset& rules, std::string_view chain,
                const UserChain& place);
void log_rules(Table& filter, const Ruleset& rules, std::string_view chain);
std::string answers_of(const FirewallServer& server);
std::string told_of_addresses(const FirewallLan& lan);
std::string answers_to(const FirewallRegistration& one);

}  // namespace sixgate::firewall::ip6tables
