// SPDX-License-Identifier: Apache-2.0
#include "firewall/counted.h"

#include <algorithm>
#include <optional>

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

// "[12:960] -A sixgate-refused -m comment --comment "told why" -j DROP"
void count_line(std::string_view line, Counts& counts) {
  constexpr std::string_view kChain = " -A sixgate-";
  constexpr std::string_view kTarget = " -j ";
  if (!line.starts_with('[')) return;
  line.remove_prefix(1);
  const auto packets = take_number(line, ':');
  const auto bytes = packets ? take_number(line, ']') : std::nullopt;
  const std::size_t target = line.rfind(kTarget);
  if (!bytes || !line.starts_with(kChain) || target == std::string_view::npos) return;
  const std::string_view to = line.substr(target + kTarget.size());
  if (to.starts_with("sixgate-")) return;
  line.remove_prefix(kChain.size());
  add_count(counts, line.substr(0, line.find_first_of(" .")), *packets, *bytes);
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
  while (!saved.empty()) {
    const std::size_t end = std::min(saved.find('\n'), saved.size());
    count_line(saved.substr(0, end), counts);
    saved.remove_prefix(std::min(end + 1, saved.size()));
  }
  return counts;
}

}  // namespace sixgate::firewall
