// SPDX-License-Identifier: Apache-2.0
// The course of a session: which exchange begins when, and why.
#include "dhcp6/client.h"

#include <algorithm>
#include <utility>

#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

constexpr Duration kMaxDelay = seconds(1);  // SOL_MAX_DELAY, CNF_MAX_DELAY, INF_MAX_DELAY (7.6)
// Section 18.2.12: at most one exchange in this time because prefixes of the link changed.
constexpr Duration kRecheckInterval = seconds(30);
// How an IA is asked for that the server did not give: no retransmission of the RFC, but its arithmetic.
constexpr Duration kAskAgainFirst = seconds(60);
// The Rebind to a server that has just shown that it is there.
constexpr RetransmissionParameters kSecondLookTiming{.initial_timeout = seconds(1),
                                                     .maximum_count = 2};

}  // namespace

std::string_view to_string(ClientState state) {
  switch (state) {
    case ClientState::kIdle:
      return "idle";
    case ClientState::kSoliciting:
      return "soliciting";
    case ClientState::kRequesting:
      return "requesting";
    case ClientState::kBound:
      return "bound";
    case ClientState::kRenewing:
      return "renewing";
    case ClientState::kRebinding:
      return "rebinding";
    case ClientState::kConfirming:
      return "confirming";
    case ClientState::kInformationRequesting:
      return "information-requesting";
    case ClientState::kInformed:
      return "informed";
    case ClientState::kReleasing:
      return "releasing";
    case ClientState::kDeclining:
      return "declining";
  }
  return "";
}

Client::Client(ClientParameters parameters, Rng& rng)
    : parameters_(std::move(parameters)),
      rng_(&rng),
      limit_(parameters_.rate_messages, parameters_.rate_interval) {}

ClientState Client::state() const {
  const auto of_type = [](MessageType type) {
    if (type == MessageType::kSolicit) return ClientState::kSoliciting;
    if (type == MessageType::kRequest) return ClientState::kRequesting;
    if (type == MessageType::kRenew) return ClientState::kRenewing;
    if (type == MessageType::kRebind) return ClientState::kRebinding;
    if (type == MessageType::kConfirm) return ClientState::kConfirming;
    if (type == MessageType::kRelease) return ClientState::kReleasing;
    if (type == MessageType::kDecline) return ClientState::kDeclining;
    return ClientState::kInformationRequesting;
  };
  if (exchange_) return of_type(exchange_->type);
  if (survey_) return ClientState::kSoliciting;
  if (giving_back_) return of_type(giving_back_->exchange.type);
  switch (mode_) {
    case Mode::kOff:
      return ClientState::kIdle;
    case Mode::kStateful:
      return ClientState::kBound;
    case Mode::kStateless:
      return ClientState::kInformed;
  }
  return ClientState::kIdle;
}

void Client::reset(Mode mode) {
  mode_ = mode;
  exchange_.reset();
  survey_.reset();
  giving_back_.reset();
  bindings_ = mode == Mode::kStateful ? Bindings(parameters_) : Bindings();
  discovery_.restart();
  offer_.reset();
  name_leases_ = true;
  prefix_alone_ = false;
  server_.reset();
  configuration_ = {};
  verified_ = looked_again_ = false;
  renew_at_ = rebind_at_ = Instant::never();
  again_.reset();
  refresh_at_.reset();
  recheck_at_.reset();
  rechecked_at_.reset();
  recheck_rebinds_ = false;
  failures_.reset();
  forget_probe();
}

void Client::start_stateful(std::optional<Lease> stored, Instant now) {
  reset(Mode::kStateful);
  if (stored) {
    servers_ = stored->servers;
    bindings_.restore(*stored, parameters_.policy, now);
    server_ = stored->server;
    configuration_ = std::move(*stored);
  }
  if (bindings_.empty()) {
    configuration_ = {};
    server_.reset();
    discover(now, false, "start");
  } else {
    verify(now, cat("start with stored ", bindings_.describe()));
  }
  run(now);
}

void Client::start_stateless(std::optional<Lease> stored, Instant now) {
  reset(Mode::kStateless);
  if (stored) servers_ = stored->servers;
  if (stored && stored->only_information()) {
    server_ = stored->server;
    configuration_ = std::move(*stored);
  }
  ask_for_information(now, "start");
  run(now);
}

void Client::link_changed(Instant now) {
  switch (mode_) {
    case Mode::kOff:
      return;
    case Mode::kStateful:
      failures_.reset();
      looked_again_ = false;
      if (bindings_.has_bound()) {
        verify(now, "the link changed");
      } else {
        discover(now, false, "the link changed");
      }
      break;
    case Mode::kStateless:
      ask_for_information(now, "the link changed");
      break;
  }
  run(now);
}

void Client::prefixes_changed(Instant now, bool rebind) {
  if (mode_ == Mode::kOff) return;
  recheck_rebinds_ = recheck_rebinds_ || rebind;
  if (recheck_at_) return;
  recheck_at_ = rechecked_at_ ? std::max(now, *rechecked_at_ + kRecheckInterval) : now;
  run(now);
}

void Client::source_address_changed(Instant now) {
  if (state() != ClientState::kBound || !configuration_.reconfigure_key) return;
  renew(now, "our link-local address changed");
  run(now);
}

void Client::decline(const Ip6Address& address, Instant now) {
  if (mode_ != Mode::kStateful) return;
  std::vector<Association> declined = bindings_.associations();
  const Prefix prefix(address, 128);
  for (Association& ia : declined) {
    if (ia.type != AssociationType::kAddresses) ia.leases.clear();
    std::erase_if(ia.leases, [&](const HeldLease& l) { return l.prefix != prefix || !l.bound; });
  }
  std::erase_if(declined, [](const Association& ia) { return ia.leases.empty(); });
  if (!bindings_.remove(address)) return;
  const ClientState before = state();
  if (!declined.empty() && server_) {
    // Several addresses failing together: one Decline for all, begun anew.
    if (giving_back_) {
      for (Association& ia : declined) {
        for (const Association& earlier : giving_back_->associations) {
          if (earlier.iaid != ia.iaid) continue;
          ia.leases.insert(ia.leases.end(), earlier.leases.begin(), earlier.leases.end());
        }
      }
    }
    give_back(MessageType::kDecline, kDeclineTiming, now, std::move(declined), *server_);
  }
  if (!bindings_.has_bound()) {
    exchange_.reset();  // nothing left to ask about; discovery follows when the Decline is done
  } else if (!exchange_) {
    settle(now, true);  // asks for another address later
  }
  log_transition(before, cat("address ", address, " is in use by another node"));
  run(now);
}

void Client::stop(Instant now) {
  if (mode_ == Mode::kOff) return;
  const ClientState before = state();
  const Mode was = mode_;
  mode_ = Mode::kOff;
  exchange_.reset();
  survey_.reset();
  giving_back_.reset();
  forget_probe();
  if (was == Mode::kStateful && parameters_.release_on_stop && server_ && bindings_.has_bound()) {
    std::vector<Association> released = bindings_.associations();
    for (Association& ia : released) {
      if (ia.role == Role::kRetiring && ia.retired_from == server_) continue;
      std::erase_if(ia.leases, [](const HeldLease& l) { return !l.bound; });
    }
    give_back(MessageType::kRelease, kReleaseTiming, now + parameters_.release_delay,
              std::move(released), *server_);
    bindings_.clear();
    lease_ = {};
    lease_.servers = servers_;
  }
  log_transition(before, giving_back_ ? "told to stop, leases go back" : "told to stop");
}

Exchange Client::make_exchange(MessageType type, const RetransmissionParameters& timing,
                               Instant starts_at) {
  return {.type = type,
          .transaction_id = rng_->u32() & kTransactionIdMask,
          .timing = Retransmission(timing),
          .starts_at = starts_at};
}

void Client::give_back(MessageType type, const RetransmissionParameters& timing, Instant starts_at,
                       std::vector<Association> associations, const Duid& server) {
  giving_back_ = GivingBack{make_exchange(type, timing, starts_at), std::move(associations)};
  giving_back_->exchange.server = server;
}

Instant Client::soon(Instant now) { return now + rng_->between(Duration::zero(), kMaxDelay); }

void Client::discover(Instant now, bool after_failure, std::string_view why) {
  const ClientState before = state();
  bindings_.unbind();
  if (!bindings_.has_prefixes()) bindings_.reset_roles();
  forget_probe();
  discovery_.restart();
  offer_.reset();
  name_leases_ = true;
  prefix_alone_ = false;
  verified_ = false;
  again_.reset();
  Instant starts_at = soon(now);
  if (after_failure) {
    // A server that offers and then refuses must not keep us in a loop (sections 14.1, 18.2.10).
    if (!failures_) {
      failures_ = Retransmission(
          {.initial_timeout = kSolicitTiming.initial_timeout, .maximum_timeout = solicit_max_});
    }
    failures_->transmitted(now, *rng_);
    starts_at = starts_at + failures_->timeout();
  }
  if (surveys(parameters_)) {
    begin_survey(starts_at);
    return log_transition(before, why);
  }
  survey_.reset();
  RetransmissionParameters timing = kSolicitTiming;
  timing.maximum_timeout = solicit_ceiling();
  exchange_ = make_exchange(MessageType::kSolicit, timing, starts_at);
  log_transition(before, why);
}

// While leases are held that need an answer, Solicit stands in for Rebind, and keeps its ceiling unless the
// servers of this link have asked for another.
Duration Client::solicit_ceiling() const {
  const bool as_rebind = bindings_.has_bound() && solicit_max_ == kDefaultMaxRt;
  return as_rebind ? kRebindTiming.maximum_timeout : solicit_max_;
}

void Client::request(const Duid& server, std::optional<Offer> offer, Instant now,
                     std::string_view why) {
  const ClientState before = state();
  const Duid named = server;  // it may live in the exchange that ends here
  survey_.reset();
  offer_ = std::move(offer);
  if (offer_) {
    prefix_alone_ = offer_->prefix_alone;
    const ServerProfile* known = servers_.find(named);
    const bool several = offer_->widest() == 64 && !(known && known->fails_on_several);
    bindings_.want_delegations(several ? parameters_.policy.slash64s : 1);
  }
  exchange_ = make_exchange(MessageType::kRequest, kRequestTiming, now);
  exchange_->server = named;
  log_transition(before, why);
}

// Section 18.2.2: another server that advertised, else discovery again.
void Client::try_next_server(Instant now, std::string_view why) {
  if (std::optional<Offer> next = discovery_.take_best()) {
    const std::string text = cat(why, "; next: ", next->describe());
    bindings_.unbind();  // section 18.2.13: what comes now takes the place of what was held
    const Duid server = next->server;
    request(server, std::move(next), now, text);
  } else {
    discover(now, true, why);
  }
}

void Client::renew(Instant now, std::string_view why) {
  if (!server_) return rebind(now, why);
  const ClientState before = state();
  exchange_ = make_exchange(MessageType::kRenew, kRenewTiming, now);
  exchange_->server = server_;
  exchange_->ends_at = bindings_.rebind_at(now);
  log_transition(before, why);
}

void Client::rebind(Instant now, std::string_view why) {
  const ClientState before = state();
  exchange_ = make_exchange(MessageType::kRebind, kRebindTiming, now);
  log_transition(before, why);
}

// Section 18.2.12: Rebind with the timing of Confirm when there are prefixes, else Confirm.
void Client::verify(Instant now, std::string_view why) {
  const ClientState before = state();
  verified_ = false;
  offer_.reset();
  survey_.reset();
  forget_probe();
  const MessageType type = bindings_.has_prefixes() ? MessageType::kRebind : MessageType::kConfirm;
  exchange_ = make_exchange(type, kConfirmTiming, soon(now));
  exchange_->verifying = true;
  log_transition(before, why);
}

// A server answers a Solicit while we hold leases that nobody has confirmed. It may be the one that knows
// them, and was away: a short Rebind before anything new is asked for.
void Client::look_again(Instant now) {
  const ClientState before = state();
  looked_again_ = true;
  exchange_ = make_exchange(MessageType::kRebind, kSecondLookTiming, now);
  exchange_->verifying = true;
  log_transition(before, "a server is there: does it know our leases?");
}

// Nobody answers a Rebind: there is no server, or none that remembers (section 18.3.5 lets it be silent
// then). Solicit reaches either. The leases stay bound and in use until another server's offer is taken.
void Client::seek(bool name_leases, Instant now, std::string_view why) {
  const ClientState before = state();
  discovery_.restart(surveys(parameters_));
  offer_.reset();
  name_leases_ = name_leases;
  again_.reset();
  RetransmissionParameters timing = kSolicitTiming;
  timing.maximum_timeout = solicit_ceiling();
  exchange_ = make_exchange(MessageType::kSolicit, timing, soon(now));
  log_transition(before, why);
}

void Client::ask_for_information(Instant now, std::string_view why) {
  const ClientState before = state();
  RetransmissionParameters timing = kInformationRequestTiming;
  timing.maximum_timeout = information_max_;
  exchange_ = make_exchange(MessageType::kInformationRequest, timing, soon(now));
  refresh_at_.reset();
  log_transition(before, why);
}

void Client::become_bound(Instant now, bool after_reply, std::string_view why) {
  const ClientState before = state();
  exchange_.reset();
  offer_.reset();
  discovery_.restart();
  name_leases_ = true;
  settle(now, after_reply);
  log_transition(before, why);
}

// After a Reply, a T1 or T2 that is over belongs to an IA that was not renewed: it is asked for again with
// back-off instead of at once (section 18.2.10.1). Without a Reply it is a time that we slept through.
void Client::settle(Instant now, bool after_reply) {
  const std::optional<Instant> after = after_reply ? std::optional(now) : std::nullopt;
  renew_at_ = bindings_.renew_at(after);
  rebind_at_ = bindings_.rebind_at(after);
  const bool overdue = !verified_ || bindings_.renewal_overdue(now);
  if (overdue || lacks_any()) {
    RetransmissionParameters pace = kRenewTiming;
    if (!overdue) {
      pace.initial_timeout = kAskAgainFirst;
      pace.maximum_timeout = solicit_max_;
    }
    if (!again_ || again_->parameters() != pace) again_ = Retransmission(pace);
    again_->transmitted(now, *rng_);
  } else {
    again_.reset();
  }
  if (verified_ && !probe_ && probe_at_.is_never()) plan_probe(now);
}

void Client::log_transition(ClientState before, std::string_view why) {
  outputs_.log.push_back(
      {LogLevel::kInfo, cat(to_string(before), " -> ", to_string(state()), ": ", why)});
}

void Client::publish() {
  if (mode_ == Mode::kOff) return;  // the lease stays as it was when the session ended
  Lease now_held;
  const bool anything = mode_ == Mode::kStateful ? !bindings_.empty() : server_.has_value();
  if (anything) {
    now_held = configuration_;
    now_held.server = server_;
    bindings_.fill(now_held);
    now_held.stateful = mode_ == Mode::kStateful;
    now_held.verified = verified_;
  }
  now_held.servers = servers_;
  lease_ = std::move(now_held);
}

ClientOutputs Client::drain() {
  if (lease_ != reported_) {
    outputs_.lease = lease_;
    reported_ = lease_;
  }
  return std::exchange(outputs_, {});
}

}  // namespace sixgate::dhcp6
