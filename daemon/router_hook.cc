// SPDX-License-Identifier: Apache-2.0
// Router's part in hook scripts: which uplink has one, and what it is told.
#include <algorithm>

#include "daemon/router.h"
#include "net/text.h"

namespace sixgate::daemon {

namespace {

bool is_of(const Hook& hook, const Uplink& uplink) {
  return hook.uplink() == uplink.config().name && hook.interface() == uplink.config().interface;
}

}  // namespace

Hook* Router::hook_of(const Uplink& uplink) {
  const auto it = std::find_if(hooks_.begin(), hooks_.end(),
                               [&](const Hook& hook) { return is_of(hook, uplink); });
  return it == hooks_.end() ? nullptr : &*it;
}

bool Router::has_uplink(const Hook& hook) const {
  return std::any_of(uplinks_.begin(), uplinks_.end(),
                     [&](const auto& uplink) { return is_of(hook, *uplink); });
}

HookView Router::hook_view(const Uplink& uplink) {
  HookView view{uplink.lease(), uplink.heard(), {}, state_.duid, 0};
  const auto iaid = state_.iaids.find(uplink.config().name);
  if (iaid != state_.iaids.end()) view.first_iaid = iaid->second;
  const std::string& interface = uplink.config().interface;
  for (const ra::HeardPrefix& heard : view.heard.prefixes) {
    if (uplink.forms_address_in(heard.prefix))
      view.slaac.emplace_back(
          heard.prefix,
          own_address(interface, link(interface), uplink.config().interface_id, heard.prefix));
  }
  return view;
}

void Router::build_hooks() {
  for (Hook& hook : hooks_) {
    if (!has_uplink(hook)) hook.stop(true);
  }
  for (const auto& uplink : uplinks_) {
    const conf::UplinkConfig& config = uplink->config();
    Hook* hook = hook_of(*uplink);
    if (hook == nullptr) hook = &hooks_.emplace_back(config.name, config.interface);
    hook->configure(
        {config.hook.empty() ? config_.hook : config.hook, Duration(config_.hook_timeout)});
    if (hook->wanted()) hook->see(hook_view(*uplink));
  }
}

void Router::run_hooks(Instant now) {
  for (Hook& hook : hooks_) {
    if (auto run = hook.next(now)) out_.hooks.push_back(std::move(*run));
  }
  for (LeaseHookRun& run : lease_hook_.next()) out_.lease_hooks.push_back(std::move(run));
  if (stopping_) return;
  std::erase_if(hooks_, [&](const Hook& hook) { return hook.idle() && !has_uplink(hook); });
}

void Router::hook_ended(const HookRun& run, const HookResult& result, Instant now) {
  for (Hook& hook : hooks_) {
    if (hook.uplink() != run.uplink || hook.interface() != run.interface) continue;
    for (const LogLine& line : hook.ended(result))
      say(line.level, cat("uplink ", run.uplink, ": ", line.text));
  }
  settle(now);
}

}  // namespace sixgate::daemon
