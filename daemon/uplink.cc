// SPDX-License-Identifier: Apache-2.0
#include "daemon/uplink.h"

#include <algorithm>
#include <utility>

#include "net/text.h"

namespace sixgate::daemon {
namespace {

// IA_PDs beyond the first: for LANs where each /64 comes in one of its own, and for what replaces what.
constexpr std::uint32_t kSpareDelegations = 16;

// What mode = "static" has in place of a lease; with "none" nothing.
dhcp6::Lease contracted(const conf::UplinkConfig& config) {
  dhcp6::Lease lease;
  for (const Prefix& prefix : config.prefixes)
    lease.prefixes.push_back({0, prefix, Instant::never(), Instant::never(), std::nullopt});
  lease.renew_at = lease.rebind_at = Instant::never();
  return lease;
}

}  // namespace

Uplink::Uplink(conf::UplinkConfig config, std::optional<dhcp6::Lease> stored, Rng& rng)
    : config_(std::move(config)), rng_(&rng), listener_(rng), registrar_(rng) {
  if (!lease_is_learnt()) {
    lease_ = contracted(config_);
  } else if (stored) {
    lease_ = std::move(*stored);
    lease_.verified = false;
  }
}

void Uplink::identify(const dhcp6::Duid& duid, std::uint32_t first_iaid, const PrefixNeed& need,
                      Instant now) {
  duid_ = duid;
  first_iaid_ = first_iaid;
  need_ = need;
  follow_wish(now);
}

void Uplink::reconfigure(conf::UplinkConfig config, const PrefixNeed& need, Instant now) {
  const conf::UplinkMode before = std::exchange(config_, std::move(config)).mode;
  need_ = need;
  if (config_.mode != before || !lease_is_learnt()) follow_mode(config_.mode != before, now);
  if (client_) {
    // The client is made anew only when what it says of us differs; the lease goes with it, unverified.
    const dhcp6::ClientParameters wanted = parameters(asked_.address);
    dhcp6::ClientParameters without_hint = client_->parameters();
    // Another hint alone is no reason to question what we hold.
    without_hint.survey_hints = wanted.survey_hints;
    without_hint.policy = wanted.policy;
    client_->adapt(wanted.policy, now);
    for (std::size_t i = 0; i < without_hint.delegations.size() && i < wanted.delegations.size();
         ++i)
      without_hint.delegations[i].hint = wanted.delegations[i].hint;
    if (without_hint != wanted) {
      asked_ = Wish{};
      client_.reset();
      // What nobody asks for any more is not kept either.
      const std::optional<Wish> now_wanted = wish(now);
      if (now_wanted && now_wanted->asking != Asking::kStateful) take_lease({});
    }
  }
  if (ready_) follow_wish(now);
  follow_registration();
}

// Another mode begins anew; another contract is followed.
void Uplink::follow_mode(bool another, Instant now) {
  take_lease(contracted(config_));
  if (!another) return;
  asked_ = Wish{};
  client_.reset();
  link_prefixes_.reset();
  if (config_.mode == conf::UplinkMode::kNone) listener_ = ra::RouterListener(*rng_);
  if (config_.mode != conf::UplinkMode::kNone && ready_) listener_.start(now);
  out_.changed = true;
}

void Uplink::link(const LinkState* state, Instant now) {
  const bool ready = state != nullptr && state->ready();
  if (state != nullptr) {
    listener_.set_link_mtu(state->mtu);
    listener_.set_link_layer(state->mac);
  }
  if (ready && link_local_ && *link_local_ != *state->link_local && client_)
    client_->source_address_changed(now);
  if (ready) link_local_ = state->link_local;
  if (ready == ready_) return notice_service(now);
  ready_ = ready;
  out_.changed = true;
  lost_at_ = ready ? std::nullopt : std::optional(now);
  notice_service(now);
  if (!ready) {
    listener_.stop();
    // RFC 9686 section 4.4: found out anew each time.
    registration_asked_ = false;
    follow_registration();
    out_.log.push_back(
        {LogLevel::kInfo, "link ready -> not ready: everything is kept to its own end"});
    return;
  }
  out_.log.push_back({LogLevel::kInfo, "link not ready -> ready: soliciting"});
  ready_since_ = now;
  if (config_.mode != conf::UplinkMode::kNone) listener_.start(now);
  if (client_) {
    asking_since_ = now;
    client_->link_changed(now);
  } else {
    follow_wish(now);
  }
}

void Uplink::receive(const ra::ReceivedPacket& packet, Instant now) {
  if (stopping_ || config_.mode == conf::UplinkMode::kNone) return;
  const bool had_router = has_default_router(now);
  listener_.receive(packet, now);
  follow_wish(now);
  notice_prefixes(now);
  form_addresses(now);
  follow_registration();
  notice_service(now);
  // Who was away is back, and the next Solicit may be an hour off: as after RFC 9915 section 18.2.12, "may
  // have moved to a new link".
  if (!had_router && has_default_router(now) && ready_ && client_ && !lease_.verified &&
      now >= asking_since_ + kVainAsking) {
    asking_since_ = now;
    client_->link_changed(now);
  }
}

bool Uplink::probed(const Ip6Address& address, bool answers, Instant now) {
  return listener_.probed(address, answers, now);
}

bool Uplink::has_default_router(Instant now) const {
  return config_.gateway ||
         std::any_of(heard().routers.begin(), heard().routers.end(),
                     [&](const ra::HeardRouter& router) { return router.router_until > now; });
}

bool Uplink::held(Instant now) const { return lost_at_ && now < *lost_at_ + config_.carrier_hold; }

bool Uplink::dead(Instant now) const { return no_way_at_ && now >= *no_way_at_ + dead_after(); }

Duration Uplink::dead_after() const {
  return std::max(heard().any ? kDeadAfter : kFirstRouter, config_.carrier_hold);
}

void Uplink::notice_service(Instant now) {
  const bool serves = ready_ && has_default_router(now);
  if (!serves) {
    if (!no_way_at_) no_way_at_ = now;
  } else if (no_way_at_) {
    out_.changed = out_.changed || dead(now);
    no_way_at_.reset();
  }
}

// RFC 9915 section 18.2.12: a prefix of the link that is new, or deprecated, may mean that the server has
// news too. The first that are heard are no change.
void Uplink::notice_prefixes(Instant now) {
  if (!heard().any) return;
  std::vector<Prefix> prefixes;
  std::vector<Prefix> delegating;
  for (const ra::HeardPrefix& one : heard().prefixes) {
    if (one.preferred_until <= now) continue;
    if (one.on_link || one.autonomous) prefixes.push_back(one.prefix);
    if (one.delegation_preferred) delegating.push_back(one.prefix);
  }
  const bool changed = link_prefixes_ && *link_prefixes_ != prefixes;
  // RFC 9762 section 7.1: added to or removed from the list, unless it is empty now.
  const bool rebind = link_prefixes_ && delegating_prefixes_ != delegating && !delegating.empty();
  link_prefixes_ = std::move(prefixes);
  delegating_prefixes_ = std::move(delegating);
  if ((changed || rebind) && ready_ && client_) client_->prefixes_changed(now, rebind);
}

// What an address was once made of keeps it.
void Uplink::form_addresses(Instant now) {
  const bool delegation_may_come =
      config_.mode == conf::UplinkMode::kAuto && config_.request_prefix.wanted() &&
      (!lease_.prefixes.empty() || now < ready_since_ + kDelegationPatience);
  std::vector<Prefix> formed;
  for (const ra::HeardPrefix& one : heard().prefixes) {
    if (!one.autonomous || one.valid_until <= now) continue;
    if (!one.delegation_preferred || !delegation_may_come || forms_address_in(one.prefix))
      formed.push_back(one.prefix);
  }
  if (formed == formed_) return;
  formed_ = std::move(formed);
  out_.changed = true;
}

void Uplink::receive(std::span<const std::uint8_t> datagram, const Ip6Address& from,
                     dhcp6::Arrival arrival, Instant now) {
  if (client_) client_->receive(datagram, from, now, arrival);
}

// RFC 9686 section 4.2: not where no Router Advertisement has M or O set; section 4.4: once begun it goes on, whatever
// routers and servers say, until the link is left.
void Uplink::follow_registration() {
  const bool possible = ready_ && !stopping_ && config_.register_addresses && duid_;
  const bool asked = registration_asked_ && (heard().managed || heard().other);
  if (possible && asked && !registrar_.started()) {
    registrar_.start(*duid_);
    out_.log.push_back(
        {LogLevel::kInfo, "the DHCPv6 server asks to be told of addresses of our own making"});
    out_.changed = true;
  } else if (!possible && registrar_.started()) {
    registrar_.stop();
    out_.changed = true;
  }
}

void Uplink::own_addresses(const std::vector<dhcp6::OwnAddress>& addresses, Instant now) {
  registrar_.look(addresses, now);
}

void Uplink::receive_registration(std::span<const std::uint8_t> datagram, const Ip6Address& to,
                                  Instant now) {
  registrar_.receive(datagram, to, now);
}

void Uplink::decline(const Ip6Address& address, Instant now) {
  if (client_) client_->decline(address, now);
}

void Uplink::question(Instant now) {
  if (!client_ || !ready_ || stopping_) return;
  asking_since_ = now;
  client_->link_changed(now);
}

std::optional<Uplink::Wish> Uplink::wish(Instant now) const {
  Wish wish;
  if (config_.mode != conf::UplinkMode::kAuto) return wish;
  const ra::Heard& heard = listener_.heard();
  switch (config_.request_address) {
    case conf::RequestAddress::kAlways:
      wish.address = true;
      break;
    case conf::RequestAddress::kNever:
      break;
    case conf::RequestAddress::kAuto:
      if (heard.any) {
        wish.address = heard.managed;  // RFC 7084 WAA-6
      } else if (!lease_.empty()) {
        wish.address = !lease_.addresses.empty();  // verify what we hold, at once
      } else if (now >= ready_since_ + kAdvertisementPatience) {
        wish.address = true;
      } else {
        return std::nullopt;
      }
      break;
  }
  if (config_.request_prefix.wanted() || wish.address) {
    wish.asking = Asking::kStateful;
  } else if (heard.other || heard.managed) {
    wish.asking = Asking::kStateless;
  }
  return wish;
}

void Uplink::follow_wish(Instant now) {
  if (!ready_ || stopping_ || !duid_) return;
  const std::optional<Wish> wanted = wish(now);
  if (!wanted || *wanted == asked_) return;
  // An M flag that goes away takes nothing from us: what is held is renewed as long as the server agrees.
  if (asked_.asking == Asking::kStateful &&
      (wanted->asking != Asking::kStateful || (asked_.address && !wanted->address)) && client_ &&
      client_->parameters().duid == *duid_)
    return;
  asked_ = *wanted;
  asking_since_ = now;
  client_.reset();
  switch (wanted->asking) {
    case Asking::kNothing:
      // The routers have spoken, and point to no server any more.
      if (heard().any && lease_.only_information()) take_lease({});
      return;
    case Asking::kStateless:
      client_.emplace(parameters(false), *rng_);
      client_->start_stateless(lease_, now);
      return;
    case Asking::kStateful:
      client_.emplace(parameters(wanted->address), *rng_);
      client_->start_stateful(lease_, now);
      return;
  }
}

dhcp6::ClientParameters Uplink::parameters(bool address) const {
  dhcp6::ClientParameters parameters{.duid = *duid_, .extra_options = config_.request_options};
  // IAIDs number the IAs of one type (RFC 9915 section 12): IA_NA has the first, IA_PD begins there too.
  if (address) parameters.address_iaid = first_iaid_;
  const std::vector<Prefix>& wishes = config_.request_prefix.wishes;
  switch (config_.request_prefix.kind) {
    case conf::PrefixRequest::Kind::kAuto:
      parameters.delegations.push_back({first_iaid_, need_.hint});
      parameters.survey_hints = dhcp6::every_hint();
      break;
    case conf::PrefixRequest::Kind::kWishes:
      parameters.delegations.push_back({first_iaid_, wishes.front()});
      if (wishes.size() > 1) parameters.survey_hints = wishes;
      break;
    case conf::PrefixRequest::Kind::kPlain:
      parameters.delegations.push_back({first_iaid_, need_.hint});
      break;
    case conf::PrefixRequest::Kind::kNone:
      break;
  }
  if (!parameters.delegations.empty()) {
    for (std::uint32_t i = 1; i <= kSpareDelegations; ++i)
      parameters.spare_iaids.push_back(first_iaid_ + i);
    parameters.policy = {.slash64s = need_.slash64s,
                         .probe_interval = config_.probe_interval,
                         .retire_after = config_.retire_after};
  }
  if (config_.register_addresses) parameters.extra_options.push_back(dhcp6::kAddressRegistration);
  parameters.name = config_.tell_name;
  parameters.rapid_commit = config_.rapid_commit;
  parameters.release_on_stop = config_.release_on_stop;
  return parameters;
}

void Uplink::take_lease(dhcp6::Lease lease) {
  if (lease == lease_) return;
  lease_ = std::move(lease);
  out_.changed = true;
}

void Uplink::expire(Instant now) {
  // The listener's tables age whether the link is there or not; the client speaks only where it is heard.
  listener_.expire(now);
  form_addresses(now);
  notice_service(now);
  // What depends on these two moments is derived anew.
  const auto rings = [&](const std::optional<Instant>& from, Duration after) {
    return from && last_expiry_ < *from + after && *from + after <= now;
  };
  if (rings(lost_at_, config_.carrier_hold) || rings(no_way_at_, dead_after())) out_.changed = true;
  last_expiry_ = now;
  if (ready_ && !stopping_) registrar_.expire(now);
  if (ready_ || stopping_) {
    if (client_) client_->expire(now);
    follow_wish(now);
  }
}

std::optional<Instant> Uplink::next_deadline() const {
  std::optional<Instant> next = listener_.next_deadline();
  const auto rings = [&](const std::optional<Instant>& from, Duration after) {
    if (from && after > Duration{} && last_expiry_ < *from + after)
      next = earlier(next, std::optional(*from + after));
  };
  rings(lost_at_, config_.carrier_hold);
  rings(no_way_at_, dead_after());
  if (!delegating_prefixes_.empty()) rings(ready_since_, kDelegationPatience);
  if (ready_ && !stopping_) next = earlier(next, registrar_.next_deadline());
  if (client_ && (ready_ || stopping_)) next = earlier(next, client_->next_deadline());
  if (ready_ && !stopping_ && !client_ && asked_.asking == Asking::kNothing &&
      !listener_.heard().any && config_.mode == conf::UplinkMode::kAuto &&
      config_.request_address == conf::RequestAddress::kAuto && lease_.empty())
    next = earlier(next, std::optional(ready_since_ + kAdvertisementPatience));
  return next;
}

UplinkOutputs Uplink::drain() {
  ra::ListenerOutputs heard = listener_.drain();
  out_.changed = out_.changed || heard.changed;
  out_.solicitations = std::move(heard.packets);
  out_.log.insert(out_.log.end(), heard.log.begin(), heard.log.end());
  if (client_) {
    dhcp6::ClientOutputs said = client_->drain();
    if (said.lease) take_lease(std::move(*said.lease));
    out_.datagrams = std::move(said.packets);
    registration_asked_ = registration_asked_ || said.registration_asked;
    out_.log.insert(out_.log.end(), said.log.begin(), said.log.end());
  }
  follow_registration();
  dhcp6::AddressRegistrar::Outputs told = registrar_.drain();
  out_.registrations = std::move(told.packets);
  out_.log.insert(out_.log.end(), told.log.begin(), told.log.end());
  if (!ready_) {  // nobody would hear it
    out_.solicitations.clear();
    out_.datagrams.clear();
    out_.registrations.clear();
  }
  return std::exchange(out_, UplinkOutputs{});
}

void Uplink::stop(Instant now) {
  stopping_ = true;
  listener_.stop();
  if (client_) client_->stop(now);
}

bool Uplink::stopped() const {
  return !client_ || !ready_ || client_->state() == dhcp6::ClientState::kIdle;
}

std::string Uplink::client_state() const {
  return client_ ? std::string(dhcp6::to_string(client_->state())) : "idle";
}

}  // namespace sixgate::daemon
