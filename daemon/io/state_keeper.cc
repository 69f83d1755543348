// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/state_keeper.h"

#include "daemon/io/clock.h"
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
  if (const auto text = memory_.load(); text && *text && is_of_boot(**text, boot_)) {
    if (auto state = parse_stored_state(**text, now, boot_)) return std::move(*state);
  }
  auto text = durable_.load();
  if (!text) {
    log_({LogLevel::kWarning, cat(text.error().message, "; starting without what was stored")});
    return {};
  }
  if (!*text) return {};
  auto state = parse_stored_state(**text, now, boot_);
  if (state) return std::move(*state);
  durable_.set_aside();
  log_({LogLevel::kWarning, cat(durable_.file(), ": ", state.error().message,
                                "; it is kept as state.unreadable, starting without it")});
  return {};
}

void StateKeeper::store(StoredState state, bool durable) {
  const auto kept = memory_.store(serialise(state, clock_now(), boot_));
  if (!kept && !memory_trouble_) {
    log_({LogLevel::kWarning, cat(kept.error().message, "; the state directory is used instead")});
  }
  memory_trouble_ = !kept;
  // Without memory to write to, the medium has to do; and what the medium still owes is this by now.
  if (durable || !kept || in_trouble()) store_durable(std::move(state));
}

void StateKeeper::store_durable(StoredState state) {
  const bool was_in_trouble = in_trouble();
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
