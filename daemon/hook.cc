// SPDX-License-Identifier: Apache-2.0
#include "daemon/hook.h"

#include <algorithm>
#include <utility>

#include "net/text.h"

namespace sixgate::daemon {
namespace {

// A lease without what a script has no use for.
dhcp6::Lease for_scripts(dhcp6::Lease lease) {
  lease.verified = false;
  lease.reconfigure_key.reset();
  lease.server_address.reset();
  return lease;
}

// The end of a lifetime told earlier is news when it came nearer, or when what was told will be over long before
// what is true: each Router Advertisement moves it, and a script need not run for each.
bool moved(Instant told, Instant now_true, Instant now) {
  constexpr Duration kUnsharp =
      seconds(3);  // lifetimes are whole seconds, and packets take their time
  told = std::max(told, now);
  now_true = std::max(now_true, now);
  if (told == now_true) return false;
  if (told.is_never() || now_true.is_never()) return true;
  if (now_true < told) return told - now_true > kUnsharp;
  return told - now < (now_true - now) / 2;
}

// What a script is told of Router Advertisements, with or without its times.
struct RaNews {
  std::vector<ra::HeardRouter> routers;
  std::vector<ra::HeardPrefix> prefixes;
  std::vector<ra::HeardRoute> routes;
  std::vector<ra::HeardServer> servers;
  std::vector<ra::HeardDomain> domains;
  std::optional<std::uint32_t> mtu;
  std::optional<std::uint8_t> hop_limit;
  std::optional<milliseconds> reachable;
  std::optional<milliseconds> retrans;
  std::vector<Instant> times;
  bool operator==(const RaNews& other) const {
    return routers == other.routers && prefixes == other.prefixes && routes == other.routes &&
           servers == other.servers && domains == other.domains && mtu == other.mtu &&
           hop_limit == other.hop_limit && reachable == other.reachable && retrans == other.retrans;
  }
};

RaNews news_of(const ra::Heard& heard) {
  RaNews out{heard.routers, heard.prefixes,  heard.routes,    heard.rdnss,   heard.dnssl,
             heard.mtu,     heard.hop_limit, heard.reachable, heard.retrans, {}};
  const auto take = [&](Instant& at) { out.times.push_back(std::exchange(at, Instant())); };
  for (ra::HeardRouter& router : out.routers) take(router.router_until);
  for (ra::HeardPrefix& prefix : out.prefixes) {
    take(prefix.preferred_until);
    take(prefix.valid_until);
    take(prefix.on_link_until);
    prefix.router = Ip6Address();  // whoever said it last
  }
  for (ra::HeardRoute& route : out.routes) take(route.until);
  for (ra::HeardServer& server : out.servers) take(server.until);
  for (ra::HeardDomain& domain : out.domains) take(domain.until);
  return out;
}

bool advertisements_differ(const HookView& told, const HookView& now_true, Instant now) {
  const RaNews before = news_of(told.heard);
  const RaNews after = news_of(now_true.heard);
  if (before != after || told.slaac != now_true.slaac) return true;
  for (std::size_t i = 0; i < before.times.size(); ++i) {
    if (moved(before.times[i], after.times[i], now)) return true;
  }
  return false;
}

}  // namespace

std::string_view to_string(HookAction action) {
  switch (action) {
    case HookAction::kStarted:
      return "started";
    case HookAction::kBound:
      return "bound";
    case HookAction::kInformed:
      return "informed";
    case HookAction::kUpdated:
      return "updated";
    case HookAction::kRaUpdated:
      return "ra-updated";
    case HookAction::kRebound:
      return "rebound";
    case HookAction::kUnbound:
      return "unbound";
    case HookAction::kStopped:
      return "stopped";
  }
  return "";
}

LogLines output_lines(std::string_view what, std::string_view output) {
  LogLines lines;
  while (!output.empty()) {
    const std::size_t end = std::min(output.find('\n'), output.size());
    if (end > 0) lines.push_back({LogLevel::kInfo, cat(what, printable(output.substr(0, end)))});
    output.remove_prefix(std::min(end + 1, output.size()));
  }
  return lines;
}

std::optional<HookAction> action_between(const HookView& told, const HookView& now_true,
                                         bool rebound, Instant now) {
  const bool had = !told.lease.empty();
  const bool has = !now_true.lease.empty();
  const bool informed = now_true.lease.only_information();
  if (!had && has) return HookAction::kBound;
  if (had && !has) return HookAction::kUnbound;
  if (!has && told.lease.only_information() && !informed) return HookAction::kUnbound;
  if ((has || informed) && for_scripts(told.lease) != for_scripts(now_true.lease)) {
    if (!has) return HookAction::kInformed;
    const bool other_server = told.lease.server != now_true.lease.server;
    return rebound || other_server ? HookAction::kRebound : HookAction::kUpdated;
  }
  if (advertisements_differ(told, now_true, now)) return HookAction::kRaUpdated;
  return std::nullopt;
}

void Hook::configure(HookScript script) {
  if (script.path != script_.path) {
    told_.reset();
    complaint_.clear();
    changed_ = true;
  }
  script_ = std::move(script);
}

void Hook::see(HookView view) {
  rebound_ = rebound_ || (rebinding_ && view.lease != latest_.lease);
  latest_ = std::move(view);
  changed_ = true;
}

void Hook::stop(bool unbound) {
  if (stopping_) return;
  stopping_ = true;
  // A script that was never called has nothing to end.
  stopped_ = !told_;
  unbind_ = unbound && told_ && !told_->lease.empty();
}

bool Hook::idle() const { return !running_ && (!wanted() || !stopping_ || stopped_); }

std::optional<HookRun> Hook::next(Instant now) {
  if (running_ || stopped_ || !wanted()) return std::nullopt;
  if (stopping_) {
    if (std::exchange(unbind_, false)) return begin(HookAction::kUnbound, now);
    stopped_ = true;
    return begin(HookAction::kStopped, now);
  }
  if (!told_) {
    told_.emplace();  // of the lease it hears next
    told_->heard = latest_.heard;
    told_->slaac = latest_.slaac;
    changed_ = true;
    return begin(HookAction::kStarted, now);
  }
  if (!changed_) return std::nullopt;
  const auto action = action_between(*told_, latest_, std::exchange(rebound_, false), now);
  changed_ = false;
  if (!action) return std::nullopt;
  HookRun run = begin(*action, now);
  told_ = latest_;
  if (*action == HookAction::kUnbound) {
    // Settings that stay without a lease are told next.
    told_->lease = {};
    changed_ = true;
  }
  return run;
}

HookRun Hook::begin(HookAction action, Instant now) {
  running_ = true;
  action_ = action;
  return {uplink_, interface_, script_, action,
          hook_environment(action, *told_, latest_, uplink_, now)};
}

LogLines Hook::ended(const HookResult& result) {
  running_ = false;
  const std::string what = cat("hook ", to_string(action_), ": ");
  LogLines lines = output_lines(what, result.output);
  if (!result.failure.empty() && result.failure != complaint_)
    lines.push_back({LogLevel::kWarning, cat(what, result.failure, "; IPv6 goes on without it")});
  complaint_ = result.failure;
  return lines;
}

}  // namespace sixgate::daemon
