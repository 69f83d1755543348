// SPDX-License-Identifier: Apache-2.0
#include "daemon/lease_hook.h"

#include <algorithm>
#include <utility>

#include "daemon/lease_events.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

bool same_association(const dhcp6::LeaseEvent& a, const dhcp6::LeaseEvent& b) {
  return a.duid == b.duid && a.type == b.type && a.iaid == b.iaid && a.link == b.link;
}

}  // namespace

void LeaseHook::configure(HookScript script) {
  if (script.path != script_.path) {
    waiting_.clear();
    complaint_.clear();
  }
  script_ = std::move(script);
}

void LeaseHook::add(const dhcp6::LeaseEvent& event) {
  if (script_.path.empty() || stopped_) return;
  using Kind = dhcp6::LeaseEvent::Kind;
  if (event.kind == Kind::kRenewed) {
    const auto earlier = std::find_if(waiting_.rbegin(), waiting_.rend(), [&](const Waiting& one) {
      return same_association(one.event, event);
    });
    if (earlier != waiting_.rend() && earlier->event.kind == Kind::kRenewed) {
      earlier->event = event;
      return;
    }
  }
  waiting_.push_back({event, 0});
  if (waiting_.size() <= kMostWaiting) return;
  const std::uint64_t missed = waiting_.front().missed + 1;
  waiting_.pop_front();
  waiting_.front().missed += missed;
}

bool LeaseHook::is_running(const dhcp6::Duid& duid) const {
  return std::any_of(running_.begin(), running_.end(),
                     [&](const auto& run) { return run.second == duid; });
}

std::vector<LeaseHookRun> LeaseHook::next() {
  std::vector<LeaseHookRun> out;
  for (auto it = waiting_.begin(); it != waiting_.end() && running_.size() < kMostAtOnce;) {
    const dhcp6::Duid& duid = it->event.duid;
    if (is_running(duid)) {
      ++it;
      continue;
    }
    out.push_back(begin(*it));
    it = waiting_.erase(it);
  }
  return out;
}

LeaseHookRun LeaseHook::begin(const Waiting& waiting) {
  const dhcp6::LeaseEvent& event = waiting.event;
  LeaseHookRun run{.number = ++runs_, .script = script_, .arguments = {}, .environment = {}};
  running_.emplace(run.number, event.duid);
  const bool prefix = event.type == dhcp6::AssociationType::kPrefixes;
  std::string leases;
  run.arguments = {std::string(event_name(event)), event.link, event.duid.to_string(),
                   cat(event.iaid)};
  for (const Prefix& lease : event.leases) {
    std::string text = prefix ? lease.to_string() : lease.address().to_string();
    leases += cat(leases.empty() ? "" : " ", text);
    run.arguments.push_back(std::move(text));
  }
  run.environment = {cat("SIXGATE_EVENT=", event_name(event)),
                     cat("SIXGATE_LAN=", event.link),
                     cat("SIXGATE_TYPE=", prefix ? "prefix" : "address"),
                     cat("SIXGATE_DUID=", event.duid),
                     cat("SIXGATE_IAID=", event.iaid),
                     cat("SIXGATE_NAME=", event.name),
                     cat("SIXGATE_LEASES=", leases),
                     cat("SIXGATE_VALID=", event.valid.count()),
                     cat("SIXGATE_MISSED=", waiting.missed)};
  return run;
}

LogLines LeaseHook::ended(std::uint64_t number, const HookResult& result) {
  running_.erase(number);
  LogLines lines = output_lines("lease hook: ", result.output);
  if (!result.failure.empty() && result.failure != complaint_)
    lines.push_back(
        {LogLevel::kWarning, cat("lease hook: ", result.failure, "; DHCPv6 goes on without it")});
  complaint_ = result.failure;
  return lines;
}

void LeaseHook::stop() {
  stopped_ = true;
  waiting_.clear();
}

}  // namespace sixgate::daemon
