// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/state_keeper.h"

#include "daemon/io/clock.h"
#include "net/text.h"

namespace sixgate::daemon {

StateKeeper::StateKeeper(EventLoop& loop, StateDirectory directory, std::string boot, LogSink log)
    : directory_(std::move(directory)),
      boot_(std::move(boot)),
      log_(std::move(log)),
      retry_(loop, [this] { flush(); }) {}

StoredState StateKeeper::load(Instant now) {
  auto text = directory_.load();
  if (!text) {
    log_({LogLevel::kWarning, cat(text.error().message, "; starting without what was stored")});
    return {};
  }
  if (!*text) return {};
  auto state = parse_stored_state(**text, now, boot_);
  if (state) return std::move(*state);
  directory_.set_aside();
  log_({LogLevel::kWarning, cat(directory_.file(), ": ", state.error().message,
                                "; it is kept as state.unreadable, starting without it")});
  return {};
}

void StateKeeper::store(StoredState state) {
  const bool was_in_trouble = in_trouble();
  const auto written = directory_.store(serialise(state, clock_now(), boot_));
  if (written) {
    if (was_in_trouble) log_({LogLevel::kInfo, "the state can be stored again"});
    unwritten_.reset();
    retry_.cancel();
    return;
  }
  if (!was_in_trouble) {
    log_({LogLevel::kWarning,
          cat("the state cannot be stored (", written.error().message,
              "): after a reboot prefixes and addresses may differ; trying again")});
  }
  unwritten_ = std::move(state);
  retry_.at(clock_now() + kRetry);
}

void StateKeeper::flush() {
  if (unwritten_) store(StoredState(*unwritten_));  // still in trouble until it is written
}

}  // namespace sixgate::daemon
