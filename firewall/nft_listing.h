// SPDX-License-Identifier: Apache-2.0
// What `nft list ruleset` tells of the rules of others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sixgate::firewall {

// Chains for IPv6 that are not ours with a rule that drops what conntrack calls invalid: "inet fw4 forward".
std::vector<std::string> nft_dropping_invalid(std::string_view listing);

// What is said of such a chain, for a person.
std::string drops_invalid(std::string_view chain);

}  // namespace sixgate::firewall
