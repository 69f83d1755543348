// SPDX-License-Identifier: Apache-2.0
// StateKeeper: gets the stored state onto the medium. What cannot be written (disk full, read-only) is said
// once, tried again in a while, and never stops the router.
#pragma once

#include <optional>
#include <string>

#include "daemon/io/event_loop.h"
#include "daemon/io/state_directory.h"
#include "daemon/stored_state.h"
#include "net/log.h"

namespace sixgate::daemon {

class StateKeeper {
 public:
  static constexpr Duration kRetry = seconds(60);

  StateKeeper(EventLoop& loop, StateDirectory directory, std::string boot, LogSink log);

  // What was stored, or an empty state. What cannot be understood is set aside.
  StoredState load(Instant now);
  void store(StoredState state);
  // Tries once more what has not been written.
  void flush();
  bool in_trouble() const { return unwritten_.has_value(); }

 private:
  StateDirectory directory_;
  std::string boot_;
  LogSink log_;
  std::optional<StoredState> unwritten_;
  Timer retry_;
};

}  // namespace sixgate::daemon
