// SPDX-License-Identifier: Apache-2.0
// A wider prefix while one is bound: looked for now and then with a Solicit under scratch IAIDs, never under a
// bound one (some servers destroy the binding then) and never with a Release first. What is found is made before
// the old is broken.
#include <algorithm>
#include <utility>

#include "dhcp6/client.h"
#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

constexpr int kSlowest = 4;  // times the configured interval
// Something else is going on at the moment.
constexpr Duration kProbeLater = minutes(1);

}  // namespace

// What there is to be looked for. None: nothing wider is wanted, or nothing is bound.
std::vector<Prefix> Client::wider_hints() const {
  std::vector<Prefix> hints = parameters_.survey_hints;
  if (hints.empty() && !parameters_.delegations.empty() && parameters_.delegations.front().hint)
    hints.push_back(*parameters_.delegations.front().hint);
  const unsigned held = bindings_.widest_delegation();
  std::erase_if(hints, [&](const Prefix& hint) {
    return held > 128 || hint.length() == 0 || hint.length() >= held;
  });
  return hints;
}

void Client::forget_probe() {
  probe_.reset();
  probe_at_ = Instant::never();
  probe_pace_ = parameters_.policy.probe_interval;
}

void Client::plan_probe(Instant now) {
  probe_at_ = Instant::never();
  if (probe_pace_ <= Duration{} || wider_hints().empty() || !bindings_.spare_delegation()) return;
  // Not all the houses of a street at once.
  probe_at_ = now + rng_->between(probe_pace_ * 9 / 10, probe_pace_ * 11 / 10);
}

void Client::adapt(const DelegationPolicy& policy, Instant now) {
  const DelegationPolicy before = std::exchange(parameters_.policy, policy);
  if (before.probe_interval != policy.probe_interval) {
    forget_probe();
    if (state() == ClientState::kBound && verified_) plan_probe(now);
  }
  if (before.slash64s != policy.slash64s && bindings_.widest_delegation() == 64) {
    bindings_.want_delegations(policy.slash64s);
    if (state() == ClientState::kBound && lacks_any()) renew(now, "the house needs another /64");
  }
  run(now);
}

bool Client::step_probe(Instant now) {
  if (probe_) {
    const auto due = probe_->next_deadline();
    if (!due || *due > now) return false;
    probe_->expire(now);
    follow_probe(now);
    return true;
  }
  if (probe_at_ > now) return false;
  probe_at_ = Instant::never();
  if (exchange_ || survey_ || giving_back_ || !verified_) {
    probe_at_ = now + kProbeLater;
    return true;
  }
  std::vector<Prefix> hints = wider_hints();
  if (hints.empty()) return true;
  probe_.emplace(survey_parameters(std::move(hints)), *rng_, limit_);
  probe_->start(soon(now));
  outputs_.log.push_back({LogLevel::kDebug, "looking for a wider prefix"});
  return true;
}

void Client::follow_probe(Instant now) {
  if (!take_from(*probe_, LogLevel::kDebug)) return;
  const SurveyResult result = probe_->result();
  probe_.reset();
  if (exchange_ || survey_ || !verified_) {
    probe_at_ = now + kProbeLater;
    return;
  }
  const unsigned held = bindings_.widest_delegation();
  Discovery found;
  found.restart(true);
  for (const SurveyedServer& server : result.servers) {
    servers_.learn(server.profile(result.hints), false);
    std::optional<Offer> offer = offer_of(server);
    if (offer && offer->widest() < held) found.add(*std::move(offer));
  }
  probe_pace_ = std::min(probe_pace_ * 2, parameters_.policy.probe_interval * kSlowest);
  plan_probe(now);
  if (std::optional<Offer> best = found.take_best()) upgrade(*std::move(best), now);
}

void Client::upgrade(Offer offer, Instant now) {
  const Association* spare = bindings_.spare_delegation();
  if (!spare) return;
  const std::uint32_t iaid = spare->iaid;
  const ClientState before = state();
  const Duid server = offer.server;
  const std::string why = cat("a wider prefix is on offer: ", offer.describe());
  // Nothing but prefixes was asked for, and one that is wider than a /64 comes alone.
  offer.associations.front().iaid = iaid;
  offer_ = std::move(offer);
  exchange_ = make_exchange(MessageType::kRequest, kRequestTiming, now);
  exchange_->server = server;
  exchange_->upgrade = Upgrade{iaid, bindings_.widest_delegation(), server_ != server};
  log_transition(before, why);
}

void Client::on_reply_to_upgrade(const Message& message, const Duid& server, Instant now) {
  const Upgrade wish = *exchange_->upgrade;
  auto offered = read_associations(message.options, parameters_.longest_prefix, outputs_.log);
  const auto given = std::find_if(offered.begin(), offered.end(), [&](const auto& ia) {
    return ia.type == AssociationType::kPrefixes && ia.iaid == wish.iaid;
  });
  if (given == offered.end() || given->leases.empty()) {
    dropped(ClientDrop::kNothingOffered);
    return become_bound(now, false, "the wider prefix is not given; what is held stays");
  }
  const auto known = [&](const OfferedLease& lease) { return bindings_.holds(lease.prefix); };
  const bool moved = std::any_of(given->leases.begin(), given->leases.end(), known);
  if (given->widest() >= wish.wider_than) {
    if (!moved) {
      Association useless{
          .type = AssociationType::kPrefixes, .iaid = wish.iaid, .retired_from = server};
      for (const OfferedLease& lease : given->leases)
        useless.leases.push_back({lease.prefix, now, now, lease.excluded});
      become_bound(now, false, "what is given is no wider; it goes back");
      if (!giving_back_) release(std::move(useless), now);
      return;
    }
    // The server knows a client, and not its IAs: what we held is in the new one now.
    if (!wish.moves) {
      bindings_.apply(offered, now, outputs_.log);
      bindings_.replace_delegations(wish.iaid, server_, parameters_.policy, now);
    }
    return become_bound(now, false, "the server gives what we have");
  }
  if (wish.moves) bindings_.unbind();  // section 18.2.13
  bindings_.apply(offered, now, outputs_.log);
  bindings_.replace_delegations(wish.iaid, server_, parameters_.policy, now);
  accept(message, server);
  probe_pace_ = parameters_.policy.probe_interval;
  plan_probe(now);
  become_bound(now, true, cat("upgraded: ", bindings_.describe(), " from ", server));
}

// One Release at a time.
Instant Client::next_release() const {
  return giving_back_ ? Instant::never() : bindings_.next_release();
}

bool Client::step_retired(Instant now) {
  if (next_release() > now) return false;
  release(bindings_.give_up(now), now);
  return true;
}

void Client::release(Association retired, Instant now) {
  const std::optional<Duid> server = retired.retired_from;
  if (!server) return;
  const ClientState before = state();
  give_back(MessageType::kRelease, kReleaseTiming, now + parameters_.release_delay,
            {std::move(retired)}, *server);
  log_transition(before, "a replaced prefix goes back");
}

}  // namespace sixgate::dhcp6
