// SPDX-License-Identifier: Apache-2.0
// LeaseHook: what the script for leases is to be run for (docs/hook.md). Sans-I/O. Of one client one run at a time,
// in the order of what happened; different clients do not wait for each other. A renewal that follows one which is
// yet to be told takes its place. When more is waiting than kMostWaiting the oldest go, and the next run is told how
// many they were.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "daemon/hook.h"
#include "dhcp6/server.h"
#include "net/log.h"

namespace sixgate::daemon {

struct LeaseHookRun {
  std::uint64_t number = 0;  // by which its end is told
  HookScript script;
  std::vector<std::string> arguments;    // behind the script's own path
  std::vector<std::string> environment;  // "NAME=value"
};

class LeaseHook {
 public:
  static constexpr std::size_t kMostWaiting = 1024;
  static constexpr std::size_t kMostAtOnce = 4;

  // Another script hears of what happens from now on.
  void configure(HookScript script);
  void add(const dhcp6::LeaseEvent& event);
  // Those that are to begin.
  std::vector<LeaseHookRun> next();
  // What the run printed, and once why it failed.
  LogLines ended(std::uint64_t number, const HookResult& result);
  // Nothing more begins: what is waiting is not told.
  void stop();
  bool idle() const { return running_.empty(); }

 private:
  struct Waiting {
    dhcp6::LeaseEvent event;
    std::uint64_t missed = 0;  // before it
  };
  LeaseHookRun begin(const Waiting& waiting);
  bool is_running(const dhcp6::Duid& duid) const;

  HookScript script_;
  std::deque<Waiting> waiting_;
  std::map<std::uint64_t, dhcp6::Duid> running_;  // by number
  std::uint64_t runs_ = 0;
  bool stopped_ = false;
  std::string complaint_;  // as last said
};

}  // namespace sixgate::daemon
