// SPDX-License-Identifier: Apache-2.0
// `sixgate lease release` and `sixgate lease reserve`, and `sixgate monitor leases`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/json.h"

namespace sixgate::cli {

// `whom`: a client's name or DUID, or an address or prefix that it has.
CommandResult release_lease(const std::string& socket, const std::string& whom, bool as_json);

// What a client holds as [[reservation]] tables for sixgate.toml. What is kept for whom stands in the configuration
// and nowhere else, so nothing is changed.
CommandResult reserve_lease(const std::string& socket, const std::string& whom);
// Of the answer to "leases"; empty when nothing is leased to `whom`.
std::string reservations_text(const Json& leases, const std::string& whom);

struct MonitorLeases {
  std::string socket;
  bool as_json = false;
  std::optional<std::uint64_t> count;  // of events, then the end
  std::string since;                   // EPOCH.SEQ of the last one known; empty: from now on
};
CommandResult monitor_leases(const MonitorLeases& wanted, const Sink& live);
// One event as a line for a person; empty for what is of no use to him.
std::string event_text(const Json& event);

}  // namespace sixgate::cli
