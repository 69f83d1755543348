// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/state_keeper.h"

#include "daemon/io/clock.h"
#include "daemon/io/state_copies.h"
#include "net/text.h"

namespace sixgate::daemon {

StateKeeper::StateKeeper(EventLoop& loop, StateDirectory durable, StateDirectory memory,
                         std::string boot, LogSink log)
    : durable_(std::move(durable)),
      memory_(std::move(memory)),
      boot_(std::move(boot)),
      log_(std::move(log)),
      retry_(loop, [this] { flush(); }) {}

StoredState StateKeeper::load(Instant now) {
  const auto remembered = memory_.load();
  unsure_ = remembered && *remembered && is_of_boot(**remembered, boot_);
  auto state = load_newest(durable_, memory_, boot_, now);
  if (state) return std::move(*state).value_or(StoredState());
  const bool unreadable = state.error().code == 0;
  if (unreadable) durable_.set_aside();
  log_({LogLevel::kWarning, cat(state.error().message,
                                unreadable ? "; it is kept as state.unreadable, starting without it"
                                           : "; starting without what was stored")});
  return {};
}

void StateKeeper::store(StoredState state, bool durable) {
  const auto kept = memory_.store(serialise(state, clock_now(), boot_));
  if (!kept && !memory_trouble_) {
    log_({LogLevel::kWarning, cat(kept.error().message, "; the state directory is used instead")});
  }
  memory_trouble_ = !kept;
  // Without memory to write to, the medium has to do; and what the medium still owes is this by now. Whether it
  // owes something to the run before, which left its memory behind, nobody knows: it may have had a full disk.
  if (durable || !kept || unsure_ || in_trouble()) store_durable(std::move(state));
}

void StateKeeper::store_durable(StoredState state) {
  const bool was_in_trouble = in_trouble();
  unsure_ = false;
  const auto written = durable_.store(serialise(state, clock_now(), boot_));
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
  if (unwritten_) store_durable(StoredState(*unwritten_));  // still in trouble until it is written
}

}  // namespace sixgate::daemon
