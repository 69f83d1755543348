// SPDX-License-Identifier: Apache-2.0
// What a survey asks, and when.
#include "dhcp6/survey.h"

#include <algorithm>
#include <utility>

#include "dhcp6/client_compose.h"
#include "dhcp6/client_verify.h"
#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

using Asking = SurveyProgress::Asking;

constexpr int kMaxSurveySteps = 16;
// How many Solicits with every hint may go unanswered before the hints are tried alone.
constexpr unsigned kTogetherAttempts = 2;
// And how many of the only one, when nothing else can be tried.
constexpr unsigned kOnlyAttempts = 3;
// Each question of a walk is an exchange of its own, with the first RT of a Solicit.
constexpr RetransmissionParameters kWalkTiming{.initial_timeout = kSolicitTiming.initial_timeout,
                                               .maximum_timeout = kSolicitTiming.initial_timeout,
                                               .first_above_initial = true};
constexpr unsigned kWalkAttempts = 2;
// Whoever left this many questions in a row unanswered is not asked twice any more.
constexpr unsigned kMissesToAskOnce = 2;
constexpr unsigned kMaxWalks = 2;

ClientParameters asking_as(const SurveyParameters& parameters) {
  ClientParameters as{.duid = parameters.duid};
  as.extra_options = parameters.extra_options;
  as.accept_reconfigure = parameters.accept_reconfigure;
  as.longest_prefix = parameters.longest_prefix;
  for (std::size_t i = 0; i < parameters.hints.size(); ++i) {
    as.delegations.push_back(
        {parameters.first_iaid + static_cast<std::uint32_t>(i), parameters.hints[i]});
  }
  return as;
}

}  // namespace

std::vector<Prefix> every_hint() {
  std::vector<Prefix> hints;
  for (unsigned length = 48; length <= 64; ++length) hints.emplace_back(Ip6Address(), length);
  return hints;
}

Survey::Survey(SurveyParameters parameters, Rng& rng, TransmissionLimit& limit)
    : parameters_(std::move(parameters)),
      rng_(&rng),
      limit_(&limit),
      asking_as_(asking_as(parameters_)),
      discovery_(kSolicitTiming),
      walking_(kWalkTiming) {
  result_.hints = parameters_.hints;
  result_.address_asked = parameters_.address;
}

void Survey::start(Instant at) {
  starts_at_ = at;
  if (parameters_.serial && !one_question() && !parameters_.hints.empty()) {
    begin_walk();
    wait_in_full_ = true;
  } else {
    phase_ = Phase::kDiscovery;
  }
}

bool Survey::covers(const Question& question, std::size_t hint) const {
  switch (question.asking) {
    case Asking::kTogether:
      return true;
    case Asking::kHint:
    case Asking::kBoth:
      return question.hint == hint;
    case Asking::kAddress:
    case Asking::kNothing:
      return false;
  }
  return false;
}

bool Survey::with_address(const Question& question) const {
  switch (question.asking) {
    case Asking::kTogether:
      return parameters_.address;
    case Asking::kAddress:
    case Asking::kBoth:
      return true;
    case Asking::kHint:
    case Asking::kNothing:
      return false;
  }
  return false;
}

void Survey::receive(std::span<const std::uint8_t> payload, const Ip6Address& from, Instant now,
                     Arrival arrival) {
  ++counters_.received;
  const auto verified = verify_received(payload, arrival, parameters_.duid);
  std::optional<ClientDrop> reason;
  if (const auto* refusal = std::get_if<Refusal>(&verified)) {
    reason = refusal->reason;
  } else {
    reason = take(*std::get_if<Message>(&verified), from, now);
  }
  if (!reason) return;
  ++counters_[*reason];
  outputs_.log.push_back(
      {LogLevel::kDebug, cat("message from ", from, " dropped: ", to_string(*reason))});
}

void Survey::expire(Instant now) { run(now); }

void Survey::run(Instant now) {
  for (int i = 0; i < kMaxSurveySteps && step(now); ++i) {
  }
}

std::optional<Instant> Survey::next_deadline() const {
  if (phase_ == Phase::kIdle || phase_ == Phase::kOver) return std::nullopt;
  return next();
}

Instant Survey::next() const {
  const Instant free_at = limit_->free_at();
  const auto due = [&](const Retransmission& timing) {
    if (timing.sent()) return timing.timeout_at();
    return last_sent_ ? std::max(starts_at_, *last_sent_ + parameters_.pace) : starts_at_;
  };
  if (phase_ == Phase::kDiscovery) {
    return collect_until_ ? *collect_until_ : std::max(due(discovery_), free_at);
  }
  if (walking_.sent() && !wait_in_full_ && answered_by_all()) return walking_.first_sent();
  return std::max(due(walking_), free_at);
}

bool Survey::step(Instant now) {
  if (phase_ == Phase::kIdle || phase_ == Phase::kOver || next() > now) return false;
  if (phase_ == Phase::kDiscovery) {
    step_discovery(now);
  } else {
    step_walk(now);
  }
  return true;
}

void Survey::step_discovery(Instant now) {
  if (collect_until_) {
    collect_until_.reset();
    if (settled_together() || one_question()) {
      finish();
    } else {
      begin_walk();
    }
    return;
  }
  const unsigned tried = discovery_.transmissions();
  if (one_question() && !parameters_.persistent && tried >= kOnlyAttempts) return finish();
  if (!one_question() && !parameters_.persistent && tried >= kTogetherAttempts) return begin_walk();
  ask(next_of_discovery(), discovery_, now);
}

// While nobody answers, the back-off of section 15 goes on, and the one Solicit with everything takes turns with
// one for a hint alone: who does not answer the first, or not to a length it lacks, is found as well. Of the
// usual 17 hints those are ::/48, ::/56, ::/64, ::/55, ...: each comes in the end.
Survey::Question Survey::next_of_discovery() {
  const std::size_t hints = parameters_.hints.size();
  const unsigned sent = discovery_.transmissions();
  const bool lone = parameters_.serial || (sent >= kTogetherAttempts && sent % 2 == 0);
  if (!lone || one_question()) return {Asking::kTogether, 0};
  const std::size_t stride = hints % 2 == 1 ? std::max<std::size_t>(1, hints / 2) : 1;
  return {Asking::kHint, next_lone_hint_++ * stride % hints};
}

void Survey::step_walk(Instant now) {
  if (!walking_.sent()) return ask(question_, walking_, now);
  const bool waited = walking_.timeout_at() <= now;
  if (waited) wait_in_full_ = false;
  if (!answered_by_all()) {
    const bool twice = !result_.servers.empty() && missed_ < kMissesToAskOnce;
    if (walking_.transmissions() < (twice ? kWalkAttempts : 1)) {
      return ask(question_, walking_, now);
    }
    ++missed_;
  } else {
    missed_ = 0;
  }
  next_question();
}

void Survey::begin_walk(bool again) {
  phase_ = Phase::kWalk;
  ++walks_;
  result_.walked = true;
  known_at_walk_ = result_.servers.size();
  missed_ = 0;
  left_.clear();
  for (std::size_t i = parameters_.hints.size(); i-- > 0;) {
    const bool lacking = std::any_of(result_.servers.begin(), result_.servers.end(),
                                     [&](const SurveyedServer& s) { return !s.prefixes[i].heard; });
    if (!again || lacking) left_.push_back({Asking::kHint, i});
  }
  steps_ = static_cast<unsigned>(left_.size());
  next_question();
}

void Survey::next_question() {
  if (!left_.empty()) {
    question_ = left_.back();
    left_.pop_back();
  } else if (result_.servers.size() > known_at_walk_ && walks_ < kMaxWalks) {
    return begin_walk(true);
  } else if (const auto last = last_question()) {
    question_ = *last;
    ++steps_;
  } else if (result_.servers.empty() && parameters_.persistent) {
    return resume_discovery();
  } else {
    return finish();
  }
  walking_ = Retransmission(kWalkTiming);
  answered_by_ = 0;
}

// What the hints alone leave open: the address, and whether it comes beside a prefix.
std::optional<Survey::Question> Survey::last_question() {
  if (!parameters_.address || result_.servers.empty()) return std::nullopt;
  const auto& servers = result_.servers;
  if (!asked_address_) {
    asked_address_ = true;
    const bool lacking =
        std::any_of(servers.begin(), servers.end(),
                    [](const SurveyedServer& server) { return !server.address.usable(); });
    if (lacking) return Question{Asking::kAddress, 0};
  }
  if (asked_both_ || parameters_.hints.size() < 2) return std::nullopt;
  asked_both_ = true;
  for (const SurveyedServer& server : servers) {
    const OfferedLease* widest = server.widest();
    if (server.gave_both || !server.address.usable() || !widest) continue;
    for (std::size_t i = 0; i < server.prefixes.size(); ++i) {
      if (server.prefixes[i].widest() &&
          server.prefixes[i].widest()->prefix.length() == widest->prefix.length()) {
        return Question{Asking::kBoth, i};
      }
    }
  }
  return std::nullopt;
}

void Survey::resume_discovery() {
  phase_ = Phase::kDiscovery;
  steps_ = 0;
}

void Survey::ask(const Question& question, Retransmission& timing, Instant now) {
  auto asked = std::find_if(asked_.begin(), asked_.end(),
                            [&](const Asked& one) { return one.question == question; });
  // The same question under the same timing is a retransmission (section 16.1).
  if (asked == asked_.end()) {
    asked = asked_.insert(asked_.end(), {question, rng_->u32() & kTransactionIdMask});
  } else if (!timing.sent()) {
    asked->transaction_id = rng_->u32() & kTransactionIdMask;
  }
  std::vector<Association> associations;
  if (with_address(question)) {
    associations.push_back({.type = AssociationType::kAddresses, .iaid = parameters_.first_iaid});
  }
  for (std::size_t i = 0; i < parameters_.hints.size(); ++i) {
    if (!covers(question, i)) continue;
    const DelegationRequest& request = asking_as_.delegations[i];
    associations.push_back(
        {.type = AssociationType::kPrefixes, .iaid = request.iaid, .hint = request.hint});
  }
  const Exchange exchange{.type = MessageType::kSolicit,
                          .transaction_id = asked->transaction_id,
                          .timing = timing,
                          .starts_at = starts_at_};
  const Message message = compose(asking_as_, exchange, associations, nullptr, true, now);
  const Instant wanted_at = timing.sent() ? timing.timeout_at() : starts_at_;
  if (limit_->free_at() > wanted_at) ++counters_.held_back;
  timing.transmitted(now, *rng_);
  limit_->sent(now);
  last_sent_ = now;
  ++counters_.sent;
  outputs_.packets.push_back({kAllDhcpRelayAgentsAndServers, message.to_bytes()});

  const bool walk = phase_ == Phase::kWalk;
  progress_ = {.asking = question.asking,
               .transmission = timing.transmissions(),
               .step = walk ? steps_ - static_cast<unsigned>(left_.size()) : 0,
               .steps = steps_,
               .servers = result_.servers.size()};
  if (question.asking == Asking::kHint || question.asking == Asking::kBoth) {
    progress_.hint = parameters_.hints[question.hint];
  }
  outputs_.progress = progress_;
}

void Survey::finish() {
  phase_ = Phase::kOver;
  result_.complete = true;
  progress_ = {.asking = Asking::kNothing, .servers = result_.servers.size()};
  outputs_.progress = progress_;
  outputs_.finished = true;
  for (const SurveyedServer& server : result_.servers) {
    const OfferedLease* widest = server.widest();
    outputs_.log.push_back(
        {LogLevel::kInfo,
         cat("survey: ", server.server, " offers ",
             widest ? widest->prefix.to_string() : std::string("no prefix"),
             " at best; hints: ", to_string(server.hint_behaviour(result_.hints)))});
  }
  if (result_.servers.empty()) outputs_.log.push_back({LogLevel::kInfo, "survey: no server"});
}

SurveyOutputs Survey::drain() { return std::exchange(outputs_, {}); }

}  // namespace sixgate::dhcp6
