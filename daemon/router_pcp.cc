// SPDX-License-Identifier: Apache-2.0
// Router and the doors that programs ask for (RFC 6887).
#include <cstddef>
#include <utility>

#include "daemon/router.h"
#include "net/text.h"

namespace sixgate::daemon {

namespace {

// Of those that wait for the kernel: more than a LAN may ask at once. A client asks again within seconds (RFC 6887 section
// 8.1.1).
constexpr std::size_t kMostWaiting = 1024;

}  // namespace

void Router::collect_pcp() {
  pcp::ServerOutputs said = pcp_.drain();
  for (pcp::Datagram& one : said.datagrams) {
    auto& queue = one.destination.is_multicast() ? out_.packets : pcp_answers_;
    queue.push_back({.interface = std::move(one.interface),
                     .channel = Channel::kPcp,
                     .destination = one.destination,
                     .payload = std::move(one.payload),
                     .source = one.source,
                     .port = one.port});
  }
  if (pcp_answers_.size() > kMostWaiting) {
    const auto surplus = static_cast<std::ptrdiff_t>(pcp_answers_.size() - kMostWaiting);
    pcp_answers_.erase(pcp_answers_.begin(), pcp_answers_.begin() + surplus);
  }
  for (LogLine& line : said.log) out_.log.push_back(std::move(line));
  if (said.changed) dirty_ = keep_ = true;
}

// A client hears of a door when it is open, and that it is shut when it is. While the kernel does not take the rules,
// nobody is promised anything.
void Router::answer_pcp() {
  if (pcp_answers_.empty() || changing_ || dirty_ || !rules_in_place()) return;
  for (PacketOut& answer : std::exchange(pcp_answers_, {}))
    out_.packets.push_back(std::move(answer));
}

std::vector<StatusMapping> Router::status_mappings(const std::string& interface,
                                                   Instant now) const {
  std::vector<StatusMapping> out;
  for (const pcp::Mapping& one : pcp_.mappings()) {
    if (one.interface == interface)
      out.push_back({one.host, one.protocol, one.port, one.sources, remaining(one.until, now)});
  }
  return out;
}

void Router::count_pcp(const std::string& interface,
                       std::map<std::string, std::uint64_t>& counters) const {
  if (!pcp_.serves(interface)) return;
  const pcp::Counters& counted = pcp_.counters(interface);
  counters["pcp_received"] = counted.received;
  counters["pcp_ignored"] = counted.ignored;
  counters["pcp_too_often"] = counted.too_often;
  for (std::size_t i = 0; i < pcp::kResultCodeCount; ++i)
    counters[cat("pcp_", pcp::to_string(static_cast<pcp::ResultCode>(i)))] = counted.answered[i];
}

}  // namespace sixgate::daemon
