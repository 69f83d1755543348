// SPDX-License-Identifier: Apache-2.0
// Hook: what the script of one uplink is to be run for, and with what. It speaks odhcp6c's language, actions
// and variables alike (docs/hook.md), so that scripts written for that client go on working.
//
// Sans-I/O, and by difference: the Hook compares what the script was told last with what is true now. While a
// run is under way nothing is queued; when it ends, one more run tells whatever has changed meanwhile. So a slow
// script misses steps in between and never the last one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dhcp6/client_lease.h"
#include "net/log.h"
#include "ra/router_listener.h"

namespace sixgate::daemon {

enum class HookAction : std::uint8_t {
  kStarted,
  kBound,      // a lease, where none was
  kInformed,   // settings alone, from an Information-request
  kUpdated,    // the lease is another one, or was renewed
  kRaUpdated,  // Router Advertisements say something else
  kRebound,    // after Rebind, or from another server
  kUnbound,    // the lease is over
  kStopped,
};
std::string_view to_string(HookAction action);  // "started", ..., "ra-updated", ...

// What a script is told of an uplink.
struct HookView {
  dhcp6::Lease lease;
  ra::Heard heard;
  std::vector<std::pair<Prefix, Ip6Address>> slaac;  // our addresses in advertised prefixes
  std::optional<dhcp6::Duid> client;
  std::uint32_t first_iaid = 0;  // of the IA_PD that every uplink has
};

struct HookScript {
  std::string path;  // empty: none
  Duration time_limit = seconds(20);
  bool operator==(const HookScript&) const = default;
};

struct HookRun {
  std::string uplink;
  std::string interface;
  HookScript script;
  HookAction action = HookAction::kStarted;
  std::vector<std::string> environment;  // "NAME=value"
};

struct HookResult {
  std::string
      failure;         // why it was not run to its end, or what it ended with; empty: all went well
  std::string output;  // the beginning of what it printed
};

// What a script printed, line by line behind `what`.
LogLines output_lines(std::string_view what, std::string_view output);

// What happened between two views; none when a script need not know. `rebound`: a Rebind was answered.
std::optional<HookAction> action_between(const HookView& told, const HookView& now_true,
                                         bool rebound, Instant now);

// The variables for an action. What was told and is not true any more is in it with lifetimes 0.
std::vector<std::string> hook_environment(HookAction action, const HookView& told,
                                          const HookView& now_true, std::string_view uplink,
                                          Instant now);

class Hook {
 public:
  Hook(std::string uplink, std::string interface)
      : uplink_(std::move(uplink)), interface_(std::move(interface)) {}

  // Another script begins at the beginning.
  void configure(HookScript script);
  bool wanted() const { return !script_.path.empty(); }
  // What is true now, and whether the client is in a Rebind.
  void see(HookView view);
  void set_rebinding(bool rebinding) { rebinding_ = rebinding; }
  // The last: with `unbound` when the lease is given back.
  void stop(bool unbound);
  bool idle() const;  // no run is under way or due; after stop() the end

  std::optional<HookRun> next(Instant now);
  // The run is over. What it printed, and once why it failed.
  LogLines ended(const HookResult& result);

  // Why the last run failed; empty when it did not.
  const std::string& complaint() const { return complaint_; }
  const std::string& uplink() const { return uplink_; }
  const std::string& interface() const { return interface_; }

 private:
  HookRun begin(HookAction action, Instant now);

  std::string uplink_;
  std::string interface_;
  HookScript script_;
  std::optional<HookView> told_;  // none: nothing yet, not even "started"
  HookView latest_;
  bool rebinding_ = false;
  bool rebound_ = false;  // since the last run
  bool running_ = false;
  bool stopping_ = false;
  bool unbind_ = false;  // before the stop
  bool stopped_ = false;
  bool changed_ = true;                       // there is something to compare
  HookAction action_ = HookAction::kStarted;  // of the run under way
  std::string complaint_;                     // as last said
};

}  // namespace sixgate::daemon
