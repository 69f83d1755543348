// SPDX-License-Identifier: Apache-2.0
#include "firewall/counted.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "net/text.h"

namespace sixgate::firewall {

const std::array<CountedKind, 16> kCountedKinds{{
    {"refused", "came from the Internet for a guarded LAN, not asked for"},
    {"apart", "to another LAN, or from a closed one to the Internet"},
    {"router", "for the router itself, no service there"},
    {"forged", "a source that does not belong to its LAN, or not to the Internet"},
    {"outside", "came from the Internet with a source that is not of the Internet, or ours"},
    {"misplaced", "never crosses a router: ND, MLD, small scopes, routing header 0"},
    {"unrouted", "for nobody: delegated to no LAN, or not of the Internet"},
    {"unprovisioned", "before the uplink had address and prefix"},
    {"invalid", "belongs to no flow"},
    {"middles", "TCP that began in its middle after something was shut"},
    {"flood", "begun by anybody, beyond the limit"},
    {"logged", "of those refused, written into the kernel's log"},
    {"unasked", "let in: ping, IPsec and HIP, begun by anybody"},
    {"pinholes", "let in: begun through a pinhole"},
    {"endpoints", "let in: begun by anybody with who had sent something before"},
    {"knocks", "let in: begun by a holder of the IPsec knock's key"},
}};

namespace {

// Takes "123" and the character after it off the front.
std::optional<std::uint64_t> take_number(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const auto number = parse_decimal(text.substr(0, at));
  if (number) text.remove_prefix(at + 1);
  return number;
}

constexpr std::string_view kTarget = " -j ";

// A rule in one of our chains.
struct SavedRule {
  std::uint64_t packets;
  std::uint64_t bytes;
  std::string_view chain;  // without "sixgate-"
  std::string_view rest;   // from the space after it
};

// "[12:960] -A sixgate-refused -m comment --comment "told why" -j DROP"
std::optional<SavedRule> saved_rule(std::string_view line) {
  constexpr std::string_view kChain = " -A sixgate-";
  if (!line.starts_with('[')) return std::nullopt;
  line.remove_prefix(1);
  const auto packets = take_number(line, ':');
  const auto bytes = packets ? take_number(line, ']') : std::nullopt;
  if (!bytes || !line.starts_with(kChain)) return std::nullopt;
  line.remove_prefix(kChain.size());
  const std::size_t end = std::min(line.find(' '), line.size());
  return SavedRule{*packets, *bytes, line.substr(0, end), line.substr(end)};
}

// Calls `each` with the table and the rule.
template <class Each>
void each_saved_rule(std::string_view saved, Each&& each) {
  std::string_view table;
  while (!saved.empty()) {
    const std::size_t end = std::min(saved.find('\n'), saved.size());
    const std::string_view line = saved.substr(0, end);
    if (line.starts_with('*'))
      table = line.substr(1);
    else if (const auto rule = saved_rule(line))
      each(table, *rule);
    saved.remove_prefix(std::min(end + 1, saved.size()));
  }
}

// What it matches, and its comment, which has quotes where it has spaces.
std::pair<std::string_view, std::string_view> match_and_comment(std::string_view rest) {
  constexpr std::string_view kComment = " -m comment --comment ";
  const std::size_t at = rest.find(kComment);
  std::string_view match = rest.substr(0, std::min(at, rest.rfind(kTarget)));
  if (match.starts_with(' ')) match.remove_prefix(1);
  if (at == std::string_view::npos) return {match, {}};
  std::string_view comment = rest.substr(at + kComment.size());
  const char end = comment.starts_with('"') ? '"' : ' ';
  if (end == '"') comment.remove_prefix(1);
  return {match, comment.substr(0, comment.find(end))};
}

}  // namespace

std::string_view why_counted(std::string_view name) {
  const auto* const kind = std::ranges::find(kCountedKinds, name, &CountedKind::name);
  return kind == kCountedKinds.end() ? std::string_view() : kind->why;
}

Counts no_counts() {
  Counts counts;
  for (const CountedKind& kind : kCountedKinds) counts.push_back({std::string(kind.name)});
  return counts;
}

void add_count(Counts& counts, std::string_view name, std::uint64_t packets, std::uint64_t bytes) {
  const auto count = std::ranges::find(counts, name, &Count::name);
  if (count == counts.end()) return;
  count->packets += packets;
  count->bytes += bytes;
}

Counts ip6tables_counts(std::string_view saved) {
  Counts counts = no_counts();
  each_saved_rule(saved, [&](std::string_view, const SavedRule& rule) {
    const std::size_t target = rule.rest.rfind(kTarget);
    if (target == std::string_view::npos) return;
    if (rule.rest.substr(target + kTarget.size()).starts_with("sixgate-")) return;
    add_count(counts, rule.chain.substr(0, rule.chain.find('.')), rule.packets, rule.bytes);
  });
  return counts;
}

RuleCounts ip6tables_rule_counts(std::string_view saved) {
  RuleCounts counts;
  each_saved_rule(saved, [&](std::string_view table, const SavedRule& rule) {
    const bool same =
        !counts.empty() && counts.back().chain == rule.chain && counts.back().table == table;
    const auto [match, comment] = match_and_comment(rule.rest);
    counts.push_back({.table = std::string(table),
                      .chain = std::string(rule.chain),
                      .number = same ? counts.back().number + 1 : 1,
                      .match = std::string(match),
                      .why = std::string(comment),
                      .packets = rule.packets,
                      .bytes = rule.bytes});
  });
  return counts;
}

}  // namespace sixgate::firewall
