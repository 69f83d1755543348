// SPDX-License-Identifier: Apache-2.0
// Router looks after what it was told: whether delegations are really routed here (route_check.h).
#include <algorithm>

#include "daemon/router.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

// Whom to ask: the configured address, or the best of the link's own routers.
std::optional<Ip6Address> target_of(const Uplink& uplink, Instant now) {
  const conf::UplinkConfig& config = uplink.config();
  if (config.route_check.mode == conf::RouteCheckConfig::Mode::kAddress)
    return config.route_check.target;
  if (config.gateway) return config.gateway;
  const ra::HeardRouter* best = nullptr;
  for (const ra::HeardRouter& router : uplink.heard().routers) {
    if (router.router_until <= now) continue;
    if (best == nullptr || router.preference > best->preference ||
        (router.preference == best->preference && router.address < best->address))
      best = &router;
  }
  return best == nullptr ? std::nullopt : std::optional(best->address);
}

}  // namespace

bool Router::is_checked(const Uplink& uplink) const {
  return uplink.config().route_check.mode != conf::RouteCheckConfig::Mode::kOff &&
         uplink.serves() && kernel_ && applied_ruleset_;
}

RouteCheck::View Router::check_view(const Uplink& uplink, Instant now) const {
  const auto usable = [&](const std::string& interface, const Ip6Address& address) {
    return std::any_of(kernel_->addresses.begin(), kernel_->addresses.end(), [&](const auto& have) {
      return have.interface == interface && have.address == address && !have.tentative &&
             !have.dad_failed;
    });
  };
  RouteCheck::View view;
  view.target = target_of(uplink, now);
  // A server that is silent until T2 may have lost what it gave, and its router the route.
  const dhcp6::Lease& lease = uplink.lease();
  view.renewal = now < lease.rebind_at ? lease.renew_at : lease.rebind_at;
  const LinkState* own = link(uplink.config().interface);
  if (own != nullptr && own->link_local) view.controls.push_back(*own->link_local);
  for (const KernelAddress& address : desired_.addresses) {
    if (address.interface == uplink.config().interface && address.preferred_until > now &&
        usable(address.interface, address.address)) {
      view.controls.push_back(address.address);
      break;
    }
  }
  for (const dhcp6::LeasedPrefix& leased : lease.prefixes) {
    if (leased.valid_until <= now) continue;
    const auto subject = [&]() -> std::optional<Ip6Address> {
      for (const conf::LanConfig& lan : config_.lans) {
        const auto prefixes = prefixes_.find(lan.name);
        if (prefixes == prefixes_.end()) continue;
        for (const LanPrefix& prefix : prefixes->second) {
          if (prefix.origin == uplink.config().name && leased.prefix.contains(prefix.address) &&
              usable(lan.interface, prefix.address))
            return prefix.address;
        }
      }
      return std::nullopt;
    }();
    if (subject) view.subjects.push_back({leased.prefix, *subject});
  }
  return view;
}

void Router::check_routes(Instant now) {
  for (const auto& uplink : uplinks_) {
    if (!is_checked(*uplink) || stopping_) continue;
    const std::string& name = uplink->config().name;
    RouteCheck& check = checks_.try_emplace(name, rng_).first->second;
    check.look(check_view(*uplink, now), now);
    check.expire(now);  // also what fell due while the uplink was away
    RouteCheckOutputs said = check.drain();
    for (EchoRequest& request : said.packets) {
      out_.packets.push_back({uplink->config().interface, Channel::kEcho, request.destination,
                              std::move(request.payload), request.source});
    }
    for (const LogLine& line : said.log) say(line.level, cat("uplink ", name, ": ", line.text));
    if (said.question) uplink->question(now);
  }
}

// RFC 9131 section 6.1.2.
void Router::announce_addresses(Instant now) {
  if (!kernel_ || stopping_) return;
  for (const auto& uplink : uplinks_) {
    const LinkState* own = link(uplink->config().interface);
    if (!uplink->ready() || own == nullptr || !own->mac) continue;
    std::vector<Ip6Address> usable;
    for (const KernelAddress& address : kernel_->addresses) {
      if (address.ours && address.interface == own->name && !address.tentative &&
          !address.dad_failed && address.preferred_until > now)
        usable.push_back(address.address);
    }
    AddressAnnouncer& announcer = announcers_[uplink->config().name];
    announcer.look(usable, now);
    const Duration retrans = uplink->heard().retrans.value_or(seconds(1));
    for (const Ip6Address& address : announcer.due(retrans, now)) {
      ra::NeighborAdvertisement said;
      said.router = true;
      said.target = address;
      said.options.emplace_back(ra::TargetLinkLayerAddress(*own->mac));
      out_.packets.push_back(
          {own->name, Channel::kIcmp6, kAllRouters, ra::to_bytes(said), address});
    }
  }
}

// RFC 9686: what the kernel has and the firewall is open for, with the lifetimes that the routers gave it.
void Router::register_addresses(Instant now) {
  if (!kernel_ || stopping_) return;
  std::vector<std::pair<std::string, Ip6Address>> wanted;
  for (const auto& uplink : uplinks_) {
    if (!uplink->registrar().started() || !applied_ruleset_) continue;
    std::vector<dhcp6::OwnAddress> own;
    for (const firewall::FirewallRegistration& one : desired_.ruleset.registrations) {
      if (one.interface != uplink->config().interface ||
          std::find(applied_ruleset_->registrations.begin(), applied_ruleset_->registrations.end(),
                    one) == applied_ruleset_->registrations.end())
        continue;
      const auto is_it = [&](const KernelAddress& address) {
        return address.interface == one.interface && address.address == one.address;
      };
      const auto there = std::find_if(kernel_->addresses.begin(), kernel_->addresses.end(), is_it);
      const auto meant = std::find_if(desired_.addresses.begin(), desired_.addresses.end(), is_it);
      if (there == kernel_->addresses.end() || meant == desired_.addresses.end() ||
          there->tentative || there->dad_failed)
        continue;
      own.push_back({one.address, meant->preferred_until, meant->valid_until});
      wanted.emplace_back(one.interface, one.address);
    }
    uplink->own_addresses(own, now);
  }
  if (wanted == registrations_wanted_) return;
  registrations_wanted_ = std::move(wanted);
  out_.sockets_changed = true;
}

Routed Router::routed(const Uplink& uplink, const Prefix& delegation) const {
  const auto check = checks_.find(uplink.config().name);
  if (!is_checked(uplink) || check == checks_.end()) return Routed::kUnknown;
  return check->second.finding(delegation);
}

}  // namespace sixgate::daemon
