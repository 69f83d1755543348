// SPDX-License-Identifier: Apache-2.0
#include "firewall/overlap.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace sixgate::firewall {

namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
  Prefix source;
};

// Ports that the same sources may reach.
struct Segment {
  std::uint32_t first;
  std::uint32_t last;
  std::vector<Prefix> sources;
};

// The line of ports cut wherever a range begins or ends, so that each piece has one list of sources.
std::vector<Segment> segments_of(const std::vector<Range>& ranges) {
  std::set<std::uint32_t> cuts;
  for (const Range& range : ranges) cuts.insert({range.first, range.last + 1});
  std::vector<Segment> segments;
  for (auto cut = cuts.begin(); cut != cuts.end() && std::next(cut) != cuts.end(); ++cut) {
    Segment segment{*cut, *std::next(cut) - 1, {}};
    for (const Range& range : ranges) {
      if (range.first <= segment.first && segment.last <= range.last) {
        segment.sources.push_back(range.source);
      }
    }
    if (segment.sources.empty()) continue;
    keep_outermost(segment.sources);
    if (!segments.empty() && segments.back().last + 1 == segment.first &&
        segments.back().sources == segment.sources) {
      segments.back().last = segment.last;
    } else {
      segments.push_back(std::move(segment));
    }
  }
  return segments;
}

}  // namespace

void keep_outermost(std::vector<Prefix>& prefixes) {
  // By address and length, a prefix comes before what lies inside it.
  if (!std::ranges::is_sorted(prefixes)) std::ranges::sort(prefixes);
  std::vector<Prefix> kept;
  for (const Prefix& prefix : prefixes) {
    if (kept.empty() || !kept.back().contains(prefix)) kept.push_back(prefix);
  }
  prefixes = std::move(kept);
}

void make_disjoint(std::vector<FirewallPinhole>& pinholes) {
  using Target = std::tuple<std::string, Ip6Address, std::uint8_t>;
  std::map<Target, std::vector<Range>> targets;
  for (const FirewallPinhole& one : pinholes) {
    const bool ports = one.has_ports();
    if (ports && one.first_port > one.last_port) continue;
    targets[{one.interface, one.host, one.protocol}].push_back(
        {ports ? one.first_port : 0U, ports ? one.last_port : 65535U, one.source});
  }
  pinholes.clear();
  for (const auto& [target, ranges] : targets) {
    const auto& [interface, host, protocol] = target;
    for (const Segment& segment : segments_of(ranges)) {
      for (const Prefix& source : segment.sources) {
        pinholes.push_back({interface, host, protocol, static_cast<std::uint16_t>(segment.first),
                            static_cast<std::uint16_t>(segment.last), source});
      }
    }
  }
}

}  // namespace sixgate::firewall
