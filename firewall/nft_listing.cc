// SPDX-License-Identifier: Apache-2.0
#include "firewall/nft_listing.h"

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <set>
#include <utility>

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

// The second is ip6tables', where nft has no word for it.
bool asks_for_a_mark(std::string_view rule) {
  constexpr std::string_view kMark = "meta mark ";
  const std::size_t at = rule.find(kMark);
  return has(rule, "xt match \"mark\"") ||
         (at != std::string_view::npos && !rule.substr(at + kMark.size()).starts_with("set "));
}

// The words of a rule, each quoted text as one.
class Words {
 public:
  explicit Words(std::string_view rule) : rest_(rule) {}
  // Empty: no more.
  std::string_view next() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    const std::size_t quote = rest_.starts_with('"') ? rest_.find('"', 1) : 0;
    const std::string_view word = rest_.substr(0, rest_.find(' ', std::min(quote, rest_.size())));
    rest_.remove_prefix(word.size());
    return word;
  }

 private:
  std::string_view rest_;
};

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

// Whether a rule counts or logs at most, and then drops or rejects.
bool refuses_everything(std::string_view rule) {
  Words words(rule);
  for (std::string_view word = words.next(); !word.empty(); word = words.next()) {
    if (is_one_of(word, {"drop", "reject"})) return true;
    // Where nft knows no name for what ip6tables made.
    if (word == "xt") return words.next() == "target" && words.next() == "\"REJECT\"";
    if (is_one_of(word, {"name", "prefix", "level", "group", "snaplen", "queue-threshold"})) {
      (void)words.next();
    } else if (!is_one_of(word, {"counter", "log", "flags", "all", "tcp", "sequence", "options",
                                 "sequence,options", "ip", "skuid", "ether"})) {
      return false;
    }
  }
  return false;
}

// Calls `each` with table, chain and line of all that is in a chain for IPv6 that is not ours; the line that ends the
// chain, "}", too.
template <class Each>
void for_each_line(std::string_view listing, Each&& each) {
  constexpr std::string_view kTable = "table ";
  constexpr std::string_view kChain = "chain ";
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
    } else if ((table.starts_with("inet ") || table.starts_with("ip6 ")) &&
               table != cat("ip6 ", kNftTable)) {
      each(table, chain, line);
    }
  }
}

std::string name_of(std::string_view table, std::string_view chain) {
  return cat(printable(table), " ", printable(chain));
}

}  // namespace

std::vector<std::string> nft_dropping_invalid(std::string_view listing) {
  std::vector<std::string> found;
  for_each_line(listing,
                [&](std::string_view table, std::string_view chain, std::string_view line) {
                  if (!drops_invalid_packets(line) || chain.starts_with(kNftTable)) return;
                  std::string one = name_of(table, chain);
                  if (found.empty() || found.back() != one) found.push_back(std::move(one));
                });
  return found;
}

std::vector<std::string> nft_closed(std::string_view listing, bool marked) {
  std::vector<std::string> found;
  std::set<std::string, std::less<>> asking;  // tables
  bool base = false;                          // a base chain at one of the hooks
  bool refuses = false;                       // by its policy, or the last rule seen
  bool policy = false;
  for_each_line(listing,
                [&](std::string_view table, std::string_view chain, std::string_view line) {
                  if (marked && asks_for_a_mark(line)) asking.emplace(table);
                  if (line.starts_with("type ")) {
                    base = has(line, " hook input ") || has(line, " hook forward ");
                    policy = has(line, " policy drop;");
                    refuses = false;
                  } else if (line != "}") {
                    refuses = refuses_everything(line);
                  } else if (std::exchange(base, false) && (policy || refuses)) {
                    found.push_back(name_of(table, chain));
                  }
                });
  std::erase_if(found, [&](const std::string& chain) {
    return asking.contains(std::string_view(chain).substr(0, chain.rfind(' ')));
  });
  std::ranges::sort(found);
  return found;
}

}  // namespace sixgate::firewall
