// SPDX-License-Identifier: Apache-2.0
// Router and the kernel: what is there, what is to be there instead, and what comes of it.
#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "daemon/flow_timeouts.h"
#include "daemon/knock.h"
#include "daemon/reconcile.h"
#include "daemon/router.h"
#include "firewall/open_flows.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

constexpr Duration kFirstRetry = seconds(1);
constexpr Duration kLastRetry = seconds(60);
// RFC 7217 section 6: IDGEN_RETRIES.
constexpr unsigned kIdentifierRetries = 3;
// How often flash is worn for what comes by an IPsec knock.
constexpr Duration kKnocksKeep = minutes(5);

// The LANs whose hosts are told to ask for prefixes (RFC 9762).
std::set<std::string> delegating_lans(const DesiredState& desired) {
  std::set<std::string> out;
  for (const auto& [lan, said] : desired.advertisements) {
    if (std::any_of(said.prefixes.begin(), said.prefixes.end(),
                    [](const auto& one) { return one.delegation_preferred; }))
      out.insert(lan);
  }
  return out;
}

bool says_default(const DesiredState& desired) {
  return std::any_of(desired.advertisements.begin(), desired.advertisements.end(),
                     [](const auto& entry) { return entry.second.default_router; });
}

// As long as a flow may be silent and yet go on.
constexpr Duration kMiddlesRefused = hours(24);

}  // namespace

void Router::kernel(KernelState kernel, Instant now) {
  for (KernelAddress& address : kernel.addresses) {
    // A kernel without IFA_PROTO (before 5.18) does not know whose it is; we remember.
    address.ours = address.ours || std::any_of(state_.addresses.begin(), state_.addresses.end(),
                                               [&](const KernelAddress& known) {
                                                 return known.interface == address.interface &&
                                                        known.address == address.address;
                                               });
  }
  kernel_ = std::move(kernel);
  if (knocks_reset_) forget_senders();
  if (!inheritance_taken_) {
    // What an earlier run let in nobody knows; after a boot nothing was, nor where no run let anything in. A house that
    // sees one half of its flows (another router is on a LAN) would hear of each that it began in its middle.
    const auto ours = [](const auto& one) { return one.ours; };
    if (state_.tcp_let_in &&
        (!kernel_->routes.empty() ||
         std::any_of(kernel_->addresses.begin(), kernel_->addresses.end(), ours)))
      middles_refused_until_ = now + kMiddlesRefused;
    inherit();
  }
  judge_duplicates(now);
  if ((!knocks_kept_ || now >= *knocks_kept_ + kKnocksKeep) && keep_knocks()) knocks_kept_ = now;
  dirty_ = true;
  settle(now);
}

// What an earlier run left on the uplinks stays until the uplink has spoken or its own end.
void Router::inherit() {
  inheritance_taken_ = true;
  for (const auto& uplink : uplinks_) {
    const std::string& interface = uplink->config().interface;
    Inheritance inheritance;
    for (const KernelAddress& address : kernel_->addresses) {
      if (address.ours && address.interface == interface && !address.dad_failed)
        inheritance.addresses.push_back(address);
    }
    for (const KernelRoute& route : kernel_->routes) {
      if (route.interface == interface) inheritance.routes.push_back(route);
    }
    if (inheritance.addresses.empty() && inheritance.routes.empty()) continue;
    say(LogLevel::kInfo, cat("uplink ", uplink->config().name, ": ", inheritance.addresses.size(),
                             " addresses and ", inheritance.routes.size(),
                             " routes of an earlier run are kept until the uplink speaks"));
    inherited_[interface] = std::move(inheritance);
  }
}

bool Router::in_grace(Instant now) const {
  if (now >= started_ + kGrace) return false;
  return std::any_of(uplinks_.begin(), uplinks_.end(),
                     [](const auto& uplink) { return !uplink->verdict(); });
}

// RFC 4862 section 5.4.5, RFC 7217 section 6, RFC 9915 section 18.2.8.
void Router::judge_duplicates(Instant now) {
  for (const KernelAddress& address : kernel_->addresses) {
    if (!address.dad_failed || !address.ours) continue;
    Uplink* uplink = uplink_on(address.interface);
    if (uplink != nullptr &&
        std::any_of(uplink->lease().addresses.begin(), uplink->lease().addresses.end(),
                    [&](const auto& leased) { return leased.address == address.address; })) {
      say(LogLevel::kWarning, cat("uplink ", uplink->config().name, ": the leased address ",
                                  address.address, " is in use by another host: declined"));
      uplink->decline(address.address, now);
      continue;
    }
    const bool wanted = std::any_of(
        desired_.addresses.begin(), desired_.addresses.end(), [&](const KernelAddress& want) {
          return want.interface == address.interface && want.address == address.address;
        });
    if (!wanted) continue;  // already replaced, and about to be removed
    const Prefix prefix = address.link_prefix();
    unsigned& counter = state_.dad_counters[cat(address.interface, ' ', prefix)];
    if (counter >= kIdentifierRetries) continue;
    ++counter;
    random_addresses_.erase({address.interface, prefix});
    say(LogLevel::kWarning, cat("address ", address.address, " on ", address.interface,
                                " is in use by another host: taking another identifier"));
  }
}

void Router::applied(const ChangeOutcome& outcome, Instant now) {
  changing_ = false;
  dirty_ = true;
  std::size_t next_failure = 0;
  std::vector<Change> done;  // when it is not all of them
  for (std::size_t i = 0; i < outcome.changes.size(); ++i) {
    const Change& change = outcome.changes[i];
    const bool failed =
        next_failure < outcome.failures.size() && outcome.failures[next_failure].index == i;
    if (failed) {
      say(LogLevel::kWarning,
          cat("cannot ", to_string(change), ": ", outcome.failures[next_failure].reason));
      if (std::holds_alternative<ApplyFirewall>(change))
        firewall_complaint_ = outcome.failures[next_failure].reason;
      ++next_failure;
      held_back_.push_back(change);
      continue;
    }
    if (!outcome.failures.empty()) done.push_back(change);
    if (const auto* rules = std::get_if<ApplyFirewall>(&change)) {
      applied_ruleset_ = rules->ruleset;
      firewall_complaint_.clear();
    }
  }
  if (kernel_) apply_all(outcome.failures.empty() ? outcome.changes : done, *kernel_);
  if (!outcome.failures.empty()) back_off(now);
  settle(now);
}

// Whether somebody has come further.
bool Router::keep_knocks() {
  if (!kernel_ || kernel_->knocks.empty()) return false;
  std::vector<StoredKnock> kept = knocks_to_keep(state_.knocks, kernel_->knocks, state_.secret);
  if (kept == state_.knocks) return false;
  state_.knocks = std::move(kept);
  keep_ = true;
  return true;
}

// As if another key were there: nothing is carried over.
void Router::forget_senders() {
  for (KernelKnock& knock : kernel_->knocks) knock.key = Secret();
}

std::size_t Router::reset_knocks(Instant now) {
  if (!kernel_) return 0;
  knocks_reset_ = true;
  forget_senders();
  state_.knocks.clear();
  keep_everything();
  say(LogLevel::kInfo, "the IPsec knock is made anew");
  dirty_ = true;
  settle(now);
  return desired_.knocks.size();
}

void Router::back_off(Instant now) {
  retry_after_ = retry_after_ == Duration{} ? kFirstRetry : std::min(2 * retry_after_, kLastRetry);
  retry_at_ = now + retry_after_;
}

// What was let in and is not any more is ended in the kernel's table of connections; its host's next packet would
// bring it back. What a renumbering moves needs no care: the old source is refused.
void Router::refuse_middles(Instant now) {
  firewall::Ruleset& next = desired_.ruleset;
  if (applied_ruleset_ && firewall::has_shut_tcp(*applied_ruleset_, next))
    middles_refused_until_ = now + kMiddlesRefused;
  next.refuse_middles = middles_refused_until_.has_value();
  if (!state_.tcp_let_in && firewall::lets_tcp_in(next)) {
    state_.tcp_let_in = true;
    keep_ = true;
  }
}

// What is raised is put back when we stop.
void Router::remember_flow_timeout(const Change& change) {
  const auto* set = std::get_if<SetSysctl>(&change);
  if (set == nullptr || !set->key.starts_with(kFlowTimeoutPrefix)) return;
  const auto before = kernel_->sysctls.find(set->key);
  if (before == kernel_->sysctls.end()) return;
  state_.flow_timeouts[set->key] = before->second;
  keep_ = true;
}

// By our doing or another's: the kernel takes away routes by itself.
void Router::notice_ways() {
  std::set<std::string> ways;
  if (desired_.ruleset.translating) {
    for (const KernelRoute& route : kernel_->routes) {
      if (route.gateway && uplink_on(route.interface) != nullptr)
        ways.insert(cat(route.source, ' ', route.destination, ' ', route.metric, route.interface));
    }
  }
  if (ways == ways_) return;
  ways_ = std::move(ways);
  out_.ways_changed = true;
}

void Router::reconcile(Instant now) {
  if (!dirty_ || changing_ || stopping_ || !kernel_) return;
  dirty_ = false;
  notice_ways();
  grace_ = in_grace(now);
  const bool was_default = says_default(desired_);
  settled_ = delegations_known(now);
  subdelegations_due_.reset();
  subdelegations_taken_ = now;
  decide_sharing(now);
  const std::set<std::string> were_delegating = delegating_lans(desired_);
  desired_ = derive(house(now), now);
  recall_knocks(desired_.knocks, state_.knocks, state_.secret);
  if (desired_.knocks.empty())
    knocks_look_due_.reset();
  else if (!knocks_look_due_)
    knocks_look_due_ = now + kKnocksGap;
  refuse_middles(now);
  fit_proxies(now);
  const std::set<std::string> are_delegating = delegating_lans(desired_);
  for (const std::string& lan : were_delegating) {
    if (!are_delegating.contains(lan))
      say(LogLevel::kWarning,
          cat("lan ", lan, ": no /64 is left to delegate: hosts are not told to ask for one"));
  }
  for (const std::string& lan : are_delegating) {
    if (!were_delegating.contains(lan))
      say(LogLevel::kInfo, cat("lan ", lan, ": hosts are told to ask for a prefix of their own"));
  }
  if (says_default(desired_))
    router_lost_.reset();
  else if (was_default)
    router_lost_ = now;
  keep_ = true;  // the plan, the addresses and what they are made of may be new
  ChangeSet changes = difference(desired_, *kernel_, applied_ruleset_,
                                 grace_ ? Removal::kWithheld : Removal::kAllowed, now);
  // One thing that the kernel refuses, a read-only setting say, must not keep a new prefix waiting.
  if (!held_back_.empty())
    std::erase_if(changes, [&](const Change& change) {
      return std::find(held_back_.begin(), held_back_.end(), change) != held_back_.end();
    });
  if (changes.empty()) {
    if (!retry_at_) retry_after_ = Duration{};
    advertise(now);
    return;
  }
  // The kernel, or somebody else, undoes what we do: do not fight at full speed.
  if (changes == last_changes_ && now < last_changes_at_ + kFirstRetry) {
    held_back_.insert(held_back_.end(), changes.begin(), changes.end());
    back_off(now);
    advertise(now);
    return;
  }
  knocks_reset_ = false;
  for (const Change& change : changes) remember_flow_timeout(change);
  last_changes_ = changes;
  last_changes_at_ = now;
  changing_ = true;
  out_.changes = std::move(changes);
}

}  // namespace sixgate::daemon
