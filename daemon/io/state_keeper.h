// SPDX-License-Identifier: Apache-2.0
// StateKeeper: gets the stored state onto the medium. What cannot be written (disk full, read-only) is said
// once, tried again in a while, and never stops the router.
//
// There are two copies. The one in the state directory survives a reboot and is written when that is worth
// the wear of flash. The one beside the control socket (/run: memory) is written at every change, so that a
// crash of ours forgets no renewal; it counts only within the boot it was written in.
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

  StateKeeper(EventLoop& loop, StateDirectory durable, StateDirectory memory, std::string boot,
              LogSink log);

  // What was stored, or an empty state. What cannot be understood is set aside.
  StoredState load(Instant now);
  void store(StoredState state, bool durable);
  // Tries once more what has not been written.
  void flush();
  bool in_trouble() const { return unwritten_.has_value(); }

 private:
  void store_durable(StoredState state);

  StateDirectory durable_;
  StateDirectory memory_;
  bool memory_trouble_ = false;
  bool unsure_ = false;  // a crash may have come between what memory has and the medium
  std::string boot_;
  LogSink log_;
  std::optional<StoredState> unwritten_;
  Timer retry_;
};

}  // namespace sixgate::daemon
