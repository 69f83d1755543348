// SPDX-License-Identifier: Apache-2.0
// What time does to a client: transmissions, failed exchanges, T1 and T2, leases that end.
#include <algorithm>
#include <utility>

#include "dhcp6/client.h"
#include "dhcp6/client_compose.h"
#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

// One expire() does at most this many things; each leaves the next one for later, so few are ever needed.
constexpr int kMaxSteps = 16;
// How many Solicits that name the leases we hold go unanswered before one is tried that does not.
constexpr unsigned kNamingSolicits = 3;

}  // namespace

void Client::expire(Instant now) { run(now); }

void Client::run(Instant now) {
  if (mode_ == Mode::kStateful && bindings_.expire(now)) {
    outputs_.log.push_back({LogLevel::kInfo, cat("leases ended; left: ", bindings_.describe())});
  }
  for (int i = 0; i < kMaxSteps && step(now); ++i) {
  }
  publish();
}

std::optional<Instant> Client::next_deadline() const {
  Instant at = Instant::never();
  const Instant free_at = limit_.free_at();
  if (giving_back_) at = std::min(at, giving_back_->exchange.next(free_at));
  if (mode_ != Mode::kOff) {
    if (exchange_) at = std::min(at, exchange_->next(free_at));
    if (survey_) at = std::min(at, survey_->next_deadline().value_or(Instant::never()));
    if (recheck_at_) at = std::min(at, *recheck_at_);
    if (refresh_at_) at = std::min(at, *refresh_at_);
  }
  if (mode_ == Mode::kStateful) {
    if (const auto expiry = bindings_.next_expiry()) at = std::min(at, *expiry);
    at = std::min({at, probe_at_, next_release()});
    if (probe_) at = std::min(at, probe_->next_deadline().value_or(Instant::never()));
    if (may_await_timers() && bindings_.has_bound()) {
      at = std::min({at, renew_at_, rebind_at_});
      if (again_ && !exchange_) at = std::min(at, again_->timeout_at());
    }
  }
  return at.is_never() ? std::nullopt : std::optional(at);
}

bool Client::may_await_timers() const {
  return !exchange_ || exchange_->type == MessageType::kInformationRequest || exchange_->upgrade;
}

bool Client::step(Instant now) {
  if (step_giving_back(now)) return true;
  if (mode_ == Mode::kOff) return false;
  if (recheck_at_ && *recheck_at_ <= now) {
    recheck_at_.reset();
    const bool rebind = std::exchange(recheck_rebinds_, false);
    if (exchange_ || survey_) return true;  // servers are being asked already
    rechecked_at_ = now;
    if (mode_ == Mode::kStateless) {
      ask_for_information(now, "the prefixes of the link changed");
    } else if (bindings_.has_prefixes() && !rebind) {
      renew(now, "the prefixes of the link changed");
    } else if (bindings_.has_bound()) {
      verify(now, "the prefixes of the link changed");
    }
    return true;
  }
  if (mode_ == Mode::kStateless) {
    if (refresh_at_ && *refresh_at_ <= now) {
      ask_for_information(now, "the information is to be refreshed");
      return true;
    }
    return step_exchange(now);
  }
  if (step_retired(now) || step_probe(now)) return true;
  if (survey_) {
    const auto due = survey_->next_deadline();
    if (!due || *due > now) return false;
    survey_->expire(now);
    follow_survey(now);
    return true;
  }
  const bool acquiring = exchange_ && (exchange_->type == MessageType::kSolicit ||
                                       exchange_->type == MessageType::kRequest);
  if (!acquiring && !bindings_.has_bound() && !giving_back_) {
    discover(now, false, "no lease is left");
    return true;
  }
  return step_bound(now) || step_exchange(now);
}

bool Client::step_giving_back(Instant now) {
  if (!giving_back_ || giving_back_->exchange.next(limit_.free_at()) > now) return false;
  if (giving_back_->exchange.failed(now)) {
    const ClientState before = state();
    giving_back_.reset();
    log_transition(before, "the server did not answer");
    return true;
  }
  transmit(giving_back_->exchange, giving_back_->associations, now);
  return true;
}

bool Client::step_bound(Instant now) {
  if (!may_await_timers() || !bindings_.has_bound()) return false;
  if (rebind_at_ <= now) {
    rebind_at_ = Instant::never();
    rebind(now, "T2");
    return true;
  }
  if (renew_at_ <= now) {
    renew_at_ = Instant::never();
    renew(now, "T1");
    return true;
  }
  if (exchange_ || !again_ || again_->timeout_at() > now) return false;
  if (!verified_) {
    verify(now, "nobody has confirmed the leases yet");
  } else if (bindings_.rebinding_overdue(now)) {
    rebind(now, "not everything was rebound");
  } else {
    renew(now, lacks_any() ? "asking again for what is missing" : "not everything was renewed");
  }
  return true;
}

bool Client::step_exchange(Instant now) {
  if (!exchange_ || exchange_->next(limit_.free_at()) > now) return false;
  if (exchange_->other && exchange_->other->taken_at() <= now) {
    take_other(now);
  } else if (exchange_->ends_at <= now) {
    rebind(now, "T2");
  } else if (exchange_->failed(now)) {
    exchange_failed(now);
  } else if (exchange_->timing.sent() && exchange_->timing.timeout_at() <= now) {
    exchange_timed_out(now);
  } else {
    transmit(*exchange_, asked_associations(), now);
  }
  return true;
}

// MRC or MRD is reached.
void Client::exchange_failed(Instant now) {
  if (exchange_->type == MessageType::kRequest) {
    if (bindings_.has_bound()) {
      become_bound(now, false, "the server does not answer the Request; other leases stay");
    } else {
      try_next_server(now, "the server does not answer the Request");
    }
  } else if (exchange_->refused_by) {
    exchange_timed_out(now);
  } else if (exchange_->verifying) {
    seek(true, now, "no answer; the leases stay while servers are looked for");
  } else {
    // Section 18.2.3: the leases stay in use with the lifetimes last known.
    become_bound(now, false, "no answer; the leases stay");
  }
}

// RT is over.
void Client::exchange_timed_out(Instant now) {
  if (exchange_->type == MessageType::kSolicit && !discovery_.empty()) {
    confirm_doubt();
    take_offers(now, "the time for offers is over");
  } else if (exchange_->type == MessageType::kSolicit) {
    const bool in_vain =
        exchange_->refused_by ||
        (bindings_.has_bound() && exchange_->timing.transmissions() >= kNamingSolicits);
    if (in_vain && name_leases_ && !bindings_.empty()) {
      seek(false, now, "nothing is offered while we name what we held: asking without");
    } else {
      exchange_->timing.set_maximum_timeout(solicit_ceiling());
      vary_extras(*exchange_);
      transmit(*exchange_, asked_associations(), now);
    }
  } else if (exchange_->refused_by && exchange_->type == MessageType::kConfirm) {
    // Section 18.2.10.3: nobody said the addresses are right for this link.
    bindings_.clear();
    discover(now, false, "the addresses are not of this link");
  } else if (exchange_->refused_by) {
    request(*exchange_->refused_by, std::nullopt, now, "the server has no record of our leases");
  } else {
    vary_extras(*exchange_);
    transmit(*exchange_, asked_associations(), now);
  }
}

void Client::transmit(Exchange& exchange, const std::vector<Association>& associations,
                      Instant now) {
  if (!exchange.timing.sent()) choose_extras(exchange);
  const bool first_messages =
      exchange.type == MessageType::kRequest || exchange.type == MessageType::kSolicit;
  const Offer* offer = exchange.type == MessageType::kRequest && offer_ ? &*offer_ : nullptr;
  const Message message =
      compose(parameters_, exchange, associations, offer, name_leases_ || !first_messages, now);
  const Instant wanted_at =
      exchange.timing.sent() ? exchange.timing.timeout_at() : exchange.starts_at;
  if (limit_.free_at() > wanted_at) ++counters_.held_back;
  exchange.timing.transmitted(now, *rng_);
  limit_.sent(now);
  ++counters_.sent;
  outputs_.packets.push_back({kAllDhcpRelayAgentsAndServers, message.to_bytes()});
}

}  // namespace sixgate::dhcp6
