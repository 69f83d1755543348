// SPDX-License-Identifier: Apache-2.0
// What `nft -s list ruleset` tells of the rules of others. Chains are named as there: "inet fw4 forward".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sixgate::firewall {

// Chains for IPv6 that are not ours with a rule that drops what conntrack calls invalid.
std::vector<std::string> nft_dropping_invalid(std::string_view listing);

// Base chains for IPv6 that are not ours at the hooks input and forward, whose policy is drop or whose last rule refuses
// all that comes to it (firewalld's): what ours let pass they may refuse, for an accept in one table ends nothing in
// another. ip6tables' own chains (table ip6 filter) are among them where ip6tables is nftables. `marked`: what ours let pass
// bears a mark; then those are left out whose table asks for marks.
std::vector<std::string> nft_closed(std::string_view listing, bool marked = false);

}  // namespace sixgate::firewall
