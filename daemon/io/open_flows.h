// SPDX-License-Identifier: Apache-2.0
// OpenFlows: ends in the kernel's connection tracking what the rules do not allow any more.
#pragma once

#include <functional>
#include <optional>

#include "firewall/open_flows.h"
#include "firewall/ruleset.h"
#include "net/expected.h"
#include "net/log.h"

namespace sixgate::daemon {

// How many flows of IPv6 were ended: those that `wrong` says it of.
Expected<std::size_t> end_flows(const std::function<bool(const firewall::Flow&)>& wrong);

class OpenFlows {
 public:
  explicit OpenFlows(LogSink log) : log_(std::move(log)) {}

  // These, normalised, are in force now. Costs something only when they are narrower than what was, or the first: an
  // earlier run may have had others.
  void rules_changed(const firewall::Ruleset& rules);

 private:
  LogSink log_;
  std::optional<firewall::Ruleset> before_;
};

}  // namespace sixgate::daemon
