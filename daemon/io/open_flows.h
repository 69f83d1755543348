// SPDX-License-Identifier: Apache-2.0
// OpenFlows: ends in the kernel's connection tracking what the rules do not allow any more.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "daemon/io/event_loop.h"
#include "firewall/open_flows.h"
#include "firewall/ruleset.h"
#include "net/expected.h"
#include "net/log.h"
#include "net/time.h"

namespace sixgate::daemon {

// How many flows of IPv6 were ended: those that `wrong` says it of.
Expected<std::size_t> end_flows(const std::function<bool(const firewall::TrackedFlow&)>& wrong);

// Whether the table of connections has it, in either direction.
Expected<bool> is_tracked(const firewall::Flow& flow);

class OpenFlows {
 public:
  // How long flows of an earlier run to what is assigned only now may go on. To read the table of connections takes
  // ten milliseconds and more, and routers behind us that get their prefixes in a row are one occasion, not many.
  static constexpr Duration kPatience = seconds(5);

  OpenFlows(EventLoop& loop, LogSink log);

  // These, normalised, are in force now. Costs something only when they are narrower than what was, or the first: an
  // earlier run may have had others. `included`: the user's own rules are beside them, of which nobody knows what they let
  // in: then only what is known to have been let in by ours is ended.
  void rules_changed(const firewall::Ruleset& rules, bool included);
  // Somebody had taken rules away, and they are in force again.
  void rules_came_back();
  // Packets may leave by another uplink than before.
  void ways_changed();

 private:
  // `gone`: assigned no more. `before`: the rules that were in force, where that is known.
  void look(const std::vector<Prefix>& gone, const std::optional<firewall::Ruleset>& before);

  LogSink log_;
  std::optional<firewall::Ruleset> rules_;
  bool included_ = false;
  Timer later_;
  bool waiting_ = false;  // for later_
};

}  // namespace sixgate::daemon
