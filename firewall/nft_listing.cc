// SPDX-License-Identifier: Apache-2.0
#include "firewall/nft_listing.h"

#include <algorithm>

#include "firewall/nft.h"
#include "net/text.h"

namespace sixgate::firewall {

namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// "ct state invalid counter drop", "ct state { invalid, untracked } drop", "ct state vmap { invalid : drop, ... }"
bool drops_invalid_packets(std::string_view rule) {
  constexpr std::string_view kState = "ct state ";
  const std::size_t at = rule.find(kState);
  if (at == std::string_view::npos || has(rule.substr(0, at), "nfproto ipv4")) return false;
  rule.remove_prefix(at + kState.size());
  if (rule.starts_with("vmap")) return has(rule, "invalid : drop");
  return !rule.starts_with("!=") && has(rule, "invalid") &&
         (has(rule, " drop") || has(rule, " reject"));
}

}  // namespace

std::vector<std::string> nft_dropping_invalid(std::string_view listing) {
  constexpr std::string_view kTable = "table ";
  constexpr std::string_view kChain = "chain ";
  std::vector<std::string> found;
  std::string_view table;
  std::string_view chain;
  while (!listing.empty()) {
    std::string_view line = listing.substr(0, listing.find('\n'));
    listing.remove_prefix(std::min(line.size() + 1, listing.size()));
    line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
    const auto name_after = [&](std::string_view word) {
      const std::string_view rest = line.substr(word.size());
      return rest.substr(0, rest.find(" {"));
    };
    if (line.starts_with(kTable)) {
      table = name_after(kTable);
    } else if (line.starts_with(kChain)) {
      chain = name_after(kChain);
    } else if (drops_invalid_packets(line) &&
               (table.starts_with("inet ") || table.starts_with("ip6 ")) &&
               table != cat("ip6 ", kNftTable) && !chain.starts_with(kNftTable)) {
      std::string one = cat(printable(table), " ", printable(chain));
      if (found.empty() || found.back() != one) found.push_back(std::move(one));
    }
  }
  return found;
}

std::string drops_invalid(std::string_view chain) {
  return cat("chain \"", chain,
             "\" drops what conntrack calls invalid, such as answers to a multicast ping; "
             "Neighbor Discovery and DHCPv6 are not tracked, and pass it");
}

}  // namespace sixgate::firewall
