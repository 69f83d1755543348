// SPDX-License-Identifier: Apache-2.0
#include "cli/probe.h"

#include <algorithm>
#include <array>
#include <utility>

#include "net/text.h"

namespace sixgate::cli {
namespace {

// RFC 9915 section 14.1, as the daemon has it.
constexpr unsigned kRateMessages = 20;
constexpr Duration kRateInterval = seconds(20);
// Two solicitations, the second after about four seconds (RFC 7559 section 2), and time for an answer.
constexpr Duration kRouterPatience = seconds(6);
// Whoever has just made an offer answers a Request in this time, or does not.
constexpr Duration kCommitPatience = seconds(15);
constexpr Duration kReleasePatience = seconds(4);
constexpr std::uint32_t kCommitIaid = 0x70000100;  // none of the survey's

// A DUID-UUID (RFC 9915 section 11.5) that nobody has and nobody will have again.
dhcp6::Duid throwaway(Rng& rng) {
  std::array<std::uint8_t, 16> uuid{};
  rng.fill(uuid);
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0f) | 0x40);  // RFC 9562 section 5.4
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3f) | 0x80);
  return dhcp6::Duid::uuid(uuid);
}

std::string describe(const dhcp6::SurveyProgress& progress) {
  using Asking = dhcp6::SurveyProgress::Asking;
  std::string text;
  switch (progress.asking) {
    case Asking::kTogether:
      text = "asking for every length at once";
      break;
    case Asking::kHint:
      text = cat("asking for ", progress.hint.value_or(Prefix()));
      break;
    case Asking::kAddress:
      text = "asking for an address";
      break;
    case Asking::kBoth:
      text = cat("asking for an address and ", progress.hint.value_or(Prefix()), " together");
      break;
    case Asking::kNothing:
      return {};
  }
  if (progress.steps > 0) text += cat(" (", progress.step, " of ", progress.steps, ')');
  if (progress.transmission > 1) text += cat(", try ", progress.transmission);
  if (progress.servers > 0) {
    text += cat(", ", progress.servers, progress.servers == 1 ? " server" : " servers", " heard");
  }
  return text;
}

}  // namespace

void merge(dhcp6::SurveyResult& into, const dhcp6::SurveyResult& more) {
  const std::size_t known = into.hints.size();
  into.hints.insert(into.hints.end(), more.hints.begin(), more.hints.end());
  for (const dhcp6::SurveyedServer& theirs : more.servers) {
    auto ours = std::find_if(into.servers.begin(), into.servers.end(),
                             [&](const auto& one) { return one.server == theirs.server; });
    if (ours == into.servers.end()) {
      into.servers.push_back(theirs);
      ours = std::prev(into.servers.end());
      ours->prefixes.clear();
    }
    ours->prefixes.resize(known);
    ours->prefixes.insert(ours->prefixes.end(), theirs.prefixes.begin(), theirs.prefixes.end());
    ours->preference = theirs.preference;
    ours->options = theirs.options;
    if (!ours->address.usable()) ours->address = theirs.address;
    ours->gave_both = ours->gave_both || theirs.gave_both;
    ours->refused_both = ours->refused_both || theirs.refused_both;
  }
  for (dhcp6::SurveyedServer& one : into.servers) one.prefixes.resize(into.hints.size());
  into.address_asked = into.address_asked || more.address_asked;
  into.walked = into.walked || more.walked;
  into.complete = more.complete;
  if (more.solicit_max) into.solicit_max = more.solicit_max;
  if (more.information_max) into.information_max = more.information_max;
}

Probe::Probe(ProbeSettings settings, Rng& rng, Instant now)
    : settings_(std::move(settings)),
      rng_(&rng),
      ends_at_(now + settings_.timeout),
      duid_(settings_.duid ? *settings_.duid : throwaway(rng)),
      limit_(kRateMessages, kRateInterval),
      listener_(rng) {
  say(cat("waiting for ", settings_.interface, " to be ready"));
}

void Probe::say(std::string what) {
  if (!what.empty()) out_.progress = std::move(what);
}

void Probe::link(const daemon::LinkState* state, Instant now) {
  if (phase_ != Phase::kWaiting || state == nullptr || !state->ready()) return;
  ready_ = true;
  listener_.set_link_mtu(state->mtu);
  listener_.set_link_layer(state->mac);
  listener_.start(now);
  routers_until_ = now + kRouterPatience;
  begin_surveys(now);
  advance(now);
}

void Probe::begin_surveys(Instant now) {
  phase_ = Phase::kSurvey;
  dhcp6::SurveyParameters all{.duid = duid_};
  all.hints = settings_.hints;
  all.address = true;
  all.serial = settings_.serial;
  if (settings_.iaid) {
    // One IAID can be asked with one hint at a time.
    for (auto hint = settings_.hints.rbegin(); hint != settings_.hints.rend(); ++hint) {
      dhcp6::SurveyParameters one = all;
      one.hints = {*hint};
      one.first_iaid = *settings_.iaid;
      one.address = false;
      left_.push_back(std::move(one));
    }
  } else {
    left_.push_back(std::move(all));
  }
  next_survey(now);
}

void Probe::next_survey(Instant now) {
  survey_.emplace(std::move(left_.back()), *rng_, limit_);
  left_.pop_back();
  survey_->start(now);
}

void Probe::receive(const daemon::PacketIn& packet, Instant now) {
  if (phase_ == Phase::kOver) return;
  switch (packet.channel) {
    case daemon::Channel::kEcho:  // nobody here pings, serves, shares or opens doors
    case daemon::Channel::kNeighbors:
    case daemon::Channel::kPcp:
    case daemon::Channel::kStrangers:
    case daemon::Channel::kRegistration:
    case daemon::Channel::kDhcp6Server:
      break;
    case daemon::Channel::kIcmp6:
      listener_.receive({packet.payload, packet.source, packet.destination, packet.hop_limit}, now);
      break;
    case daemon::Channel::kDhcp6Client: {
      const auto arrival =
          packet.destination.is_multicast() ? dhcp6::Arrival::kMulticast : dhcp6::Arrival::kUnicast;
      if (client_) {
        client_->receive(packet.payload, packet.source, now, arrival);
      } else if (survey_) {
        survey_->receive(packet.payload, packet.source, now, arrival);
      }
      break;
    }
  }
  advance(now);
}

void Probe::expire(Instant now) {
  if (phase_ == Phase::kOver) return;
  if (phase_ != Phase::kWaiting) listener_.expire(now);
  if (client_) client_->expire(now);
  if (survey_ && !client_) survey_->expire(now);
  advance(now);
}

// Everything the engines have to say, and what follows from it.
void Probe::advance(Instant now) {
  for (ra::Packet& packet : listener_.drain().packets) {
    out_.packets.push_back({settings_.interface, daemon::Channel::kIcmp6, packet.destination,
                            std::move(packet.payload)});
  }
  const auto send = [&](std::vector<dhcp6::Datagram> datagrams) {
    for (dhcp6::Datagram& one : datagrams) {
      out_.packets.push_back({settings_.interface, daemon::Channel::kDhcp6Client, one.destination,
                              std::move(one.payload)});
    }
  };
  if (client_) send(client_->drain().packets);
  while (phase_ == Phase::kSurvey) {
    dhcp6::SurveyOutputs said = survey_->drain();
    send(std::move(said.packets));
    if (said.progress) say(describe(*said.progress));
    if (!said.finished) break;
    merge(result_, survey_->result());
    if (left_.empty()) {
      phase_ = Phase::kRouters;
    } else {
      next_survey(now);
    }
  }
  if (phase_ == Phase::kRouters) after_surveys(now);
  if (phase_ == Phase::kCommit) commit(now);
  if (phase_ == Phase::kRelease &&
      (client_->state() == dhcp6::ClientState::kIdle || now >= commit_until_)) {
    outcome_.released =
        !outcome_.delegated.empty() && client_->state() == dhcp6::ClientState::kIdle;
    finish(true);
  }
  if (phase_ != Phase::kOver && now >= ends_at_) finish(false);
}

void Probe::after_surveys(Instant now) {
  const dhcp6::OfferedLease* widest = result_.widest();
  if (settings_.request && widest != nullptr) {
    phase_ = Phase::kCommit;
    outcome_.asked = widest->prefix;
    commit_until_ = now + kCommitPatience;
    // What is taken is given back, also when the time is over.
    ends_at_ = std::max(ends_at_, commit_until_ + 2 * kReleasePatience);
    dhcp6::ClientParameters parameters{.duid = throwaway(*rng_)};
    // That very prefix: a length alone gets something else from servers that ignore hints.
    parameters.delegations.push_back({kCommitIaid, widest->prefix});
    parameters.release_on_stop = true;
    client_.emplace(std::move(parameters), *rng_);
    client_->start_stateful(std::nullopt, now);
    say(cat("asking in earnest for ", widest->prefix));
    return;
  }
  if (listener_.heard().any || now >= routers_until_) return finish(true);
  say("waiting for a router");
}

void Probe::commit(Instant now) {
  const bool bound = !client_->lease().prefixes.empty();
  if (!bound && now < commit_until_) return;
  outcome_.delegated = client_->lease().prefixes;
  say(bound ? "giving it back" : "nobody gave what was offered");
  client_->stop(now);
  phase_ = Phase::kRelease;
  commit_until_ = now + kReleasePatience;
  for (dhcp6::Datagram& one : client_->drain().packets) {
    out_.packets.push_back({settings_.interface, daemon::Channel::kDhcp6Client, one.destination,
                            std::move(one.payload)});
  }
}

void Probe::finish(bool in_time) {
  if (survey_ && phase_ == Phase::kSurvey) merge(result_, survey_->result());
  phase_ = Phase::kOver;
  timed_out_ = !in_time;
  listener_.stop();
  out_.finished = true;
}

std::optional<Instant> Probe::next_deadline() const {
  if (phase_ == Phase::kOver) return std::nullopt;
  std::optional<Instant> next = ends_at_;
  if (phase_ == Phase::kWaiting) return next;
  next = earlier(next, listener_.next_deadline());
  if (client_) {
    next = earlier(next, client_->next_deadline());
    next = earlier(next, std::optional(commit_until_));
  } else if (phase_ == Phase::kRouters) {
    next = earlier(next, std::optional(routers_until_));
  } else if (survey_) {
    next = earlier(next, survey_->next_deadline());
  }
  return next;
}

ProbeOutputs Probe::drain() { return std::exchange(out_, ProbeOutputs{}); }

ProbeReport Probe::report(Instant now) const {
  ProbeReport report{.interface = settings_.interface, .duid = duid_};
  report.iaid = settings_.iaid;
  report.link_ready = ready_;
  report.timed_out = timed_out_;
  report.at = now;
  report.heard = listener_.heard();
  report.survey = result_;
  if (client_) report.commit = outcome_;
  return report;
}

}  // namespace sixgate::cli
