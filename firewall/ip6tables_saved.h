// SPDX-License-Identifier: Apache-2.0
// What `ip6tables-save` tells of our rules (with or without -c): whether all is there that was put there, and who comes
// before it.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sixgate::firewall {

// The first of ours that is not there as it was given, for a person; empty: all is there. `restored`: all that
// ip6tables-restore was given (FateChains::kWritten). Rules are counted, chain by chain, for no two versions of
// ip6tables write one the same way; the jumps are looked for.
std::string ip6tables_lack(std::string_view restored, std::string_view saved);

// What the rules of each chain of ours are, as one and the same program writes them: by "chain sixgate-input of table
// filter" a hash of them in their order.
using Ip6tablesPrint = std::map<std::string, std::size_t>;
Ip6tablesPrint ip6tables_print(std::string_view saved);

// The first chain that has other rules than it had, for a person; empty: none.
std::string ip6tables_changed(const Ip6tablesPrint& before, const Ip6tablesPrint& now);

// "FORWARD of table filter: -A FORWARD -j DOCKER-USER": of each chain where others' rules come before our jump the
// first, where there are more than `allowed` of them.
std::vector<std::string> ip6tables_ahead(std::string_view saved, unsigned allowed);

// Chains of others with a rule that drops what conntrack calls INVALID: "filter ufw6-before-input".
std::vector<std::string> ip6tables_dropping_invalid(std::string_view saved);

// Whether the variant that tells nobody of changes has written it.
bool saved_by_legacy(std::string_view saved);

// Whether something is translated by chains of ours.
bool ip6tables_has_translations(std::string_view saved);

}  // namespace sixgate::firewall
