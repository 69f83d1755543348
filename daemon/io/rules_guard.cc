// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/rules_guard.h"

#include <algorithm>
#include <string>
#include <utility>

#include "daemon/io/clock.h"
#include "net/text.h"

namespace sixgate::daemon {

namespace {

constexpr Duration kRetry = seconds(5);
constexpr Duration kTick = seconds(10);
// From one inspection to the next. Where another program changes our rules again and again, the gap grows.
constexpr Duration kShortestGap = milliseconds(250);
constexpr Duration kLongestGap = seconds(8);
constexpr Duration kPeace = seconds(30);

}  // namespace

RulesGuard::RulesGuard(EventLoop& loop, FirewallApplier& firewall, std::function<void()> repaired,
                       LogSink log)
    : loop_(loop),
      firewall_(firewall),
      on_repair_(std::move(repaired)),
      log_(std::move(log)),
      soon_(loop, [this] { inspect(); }),
      retry_(loop, [this] { put_back(); }),
      tick_(loop, [this] { tick(); }),
      gap_(kShortestGap) {}

Expected<Done> RulesGuard::start() {
  stopped_ = false;
  tick_.at(clock_now() + kTick);
  auto watch = NftWatch::open(
      loop_,
      [this](std::string_view table, std::uint32_t port) {
        return firewall_.concerns(table, port);
      },
      [this] { changed(); });
  if (!watch) return Unexpected<Error>(watch.error());
  watch_ = std::move(*watch);
  return Done{};
}

void RulesGuard::stop() {
  stopped_ = true;
  watch_.reset();
  soon_.cancel();
  retry_.cancel();
  tick_.cancel();
}

void RulesGuard::changed() {
  const Instant now = clock_now();
  if (inspected_.is_never() || now - inspected_ >= gap_) {
    inspect();
  } else {
    soon_.at(inspected_ + gap_);
  }
}

void RulesGuard::tick() {
  if (firewall_.tells_all()) return;  // and so it stays
  if (firewall_.suspects()) changed();
  tick_.at(clock_now() + kTick);
}

void RulesGuard::inspect() {
  inspected_ = clock_now();
  soon_.cancel();
  firewall_.inspect([this](const Expected<std::string>& lack) {
    if (stopped_) return;
    if (!lack) {
      if (!std::exchange(blind_, true))
        log_({LogLevel::kWarning,
              cat("firewall: whether our rules are there cannot be seen: ", lack.error().message)});
      return;
    }
    blind_ = false;
    if (lack->empty()) return;
    const Instant now = clock_now();
    const bool again = !repaired_.is_never() && now - repaired_ < kPeace;
    gap_ = again ? std::min(gap_ * 2, kLongestGap) : kShortestGap;
    repaired_ = now;
    lack_ = *lack;
    put_back();
  });
}

// The Router goes on taking the rules for what is there, which soon is true again.
void RulesGuard::put_back() {
  firewall_.put_back([this](const Expected<Done>& result) {
    if (stopped_) return;
    const std::string what = cat("firewall: somebody changed our rules: ", lack_);
    if (result) {
      trouble_.clear();
      log_({LogLevel::kWarning, cat(what, ": they are back")});
      on_repair_();
    } else {
      trouble_ = cat(what, ", and they cannot be put back: ", result.error().message);
      log_({LogLevel::kError, cat(trouble_, "; trying again")});
      retry_.at(clock_now() + kRetry);
    }
  });
}

}  // namespace sixgate::daemon
