// SPDX-License-Identifier: Apache-2.0
// What servers say to a client: validation (RFC 9915 section 16) and what follows (sections 18.2.9 to 18.2.11).
#include <algorithm>
#include <utility>

#include "dhcp6/client.h"
#include "dhcp6/client_reconfigure.h"
#include "dhcp6/client_verify.h"
#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

constexpr seconds kInformationRefreshDefault{86400};  // IRT_DEFAULT
constexpr seconds kInformationRefreshMinimum{600};    // IRT_MINIMUM

bool any_status(const std::vector<OfferedAssociation>& associations, Status status) {
  return std::any_of(associations.begin(), associations.end(),
                     [&](const OfferedAssociation& ia) { return ia.status == status; });
}

}  // namespace

void Client::dropped(ClientDrop reason) {
  ++counters_[reason];
  outputs_.log.push_back({LogLevel::kDebug, cat("message dropped: ", to_string(reason))});
}

void Client::receive(std::span<const std::uint8_t> payload, const Ip6Address& from, Instant now,
                     Arrival arrival) {
  ++counters_.received;
  const std::variant<Message, Refusal> verified =
      verify_received(payload, arrival, parameters_.duid);
  if (const auto* refusal = std::get_if<Refusal>(&verified)) {
    dropped(refusal->reason);
    if (!refusal->detail.empty()) {
      outputs_.log.push_back({LogLevel::kDebug, cat("from ", from, ": ", refusal->detail)});
    }
    return;
  }
  const Message& message = *std::get_if<Message>(&verified);
  sender_ = from;
  if (message.type == MessageType::kAdvertise) {
    if (probe_ && probe_->asked(message.transaction_id)) {
      if (const auto reason = probe_->take(message, from, now)) dropped(*reason);
      follow_probe(now);
    } else if (survey_) {
      if (const auto reason = survey_->take(message, from, now)) dropped(*reason);
      follow_survey(now);
    } else {
      on_advertise(message, now);
    }
  } else if (message.type == MessageType::kReply) {
    on_reply(message, now);
  } else {
    on_reconfigure(message, payload, now);
  }
  run(now);
}

bool Client::offers_something(const std::vector<OfferedAssociation>& offered) const {
  return std::any_of(offered.begin(), offered.end(), [&](const OfferedAssociation& theirs) {
    const auto& ours = bindings_.associations();
    return !theirs.leases.empty() &&
           std::any_of(ours.begin(), ours.end(), [&](const Association& ia) {
             return ia.type == theirs.type && ia.iaid == theirs.iaid;
           });
  });
}

void Client::notice_registration(const Message& message) {
  for (const UnknownOption& one : find_all<UnknownOption>(message.options)) {
    if (one.code == kAddressRegistration) outputs_.registration_asked = true;
  }
}

void Client::on_advertise(const Message& message, Instant now) {
  if (!exchange_ || exchange_->type != MessageType::kSolicit || !exchange_->timing.sent() ||
      exchange_->transaction_id != message.transaction_id) {
    return dropped(ClientDrop::kOtherTransaction);
  }
  const Duid& server = find_single<ServerId>(message.options)->duid;
  notice_registration(message);
  // Section 18.2.9: these two count even when the rest does not, but only if all servers agree.
  if (const auto* option = find<SolMaxRt>(message.options); option && valid_max_rt(option->value)) {
    discovery_.report_solicit_max(server, option->value);
    solicit_max_ = discovery_.solicit_max().value_or(kDefaultMaxRt);
    exchange_->timing.set_maximum_timeout(solicit_ceiling());
  }
  if (const auto* option = find<InfMaxRt>(message.options); option && valid_max_rt(option->value)) {
    discovery_.report_information_max(server, option->value);
    information_max_ = discovery_.information_max().value_or(kDefaultMaxRt);
  }
  // NoAddrsAvail for the message as a whole may stand beside a good IA_PD (RFC 7084 WPD-6); what else is
  // not Success offers nothing.
  const Status status = status_of(message.options);
  if (status != Status::kSuccess && status != Status::kNoAddrsAvail &&
      status != Status::kNoPrefixAvail) {
    outputs_.log.push_back({LogLevel::kDebug, cat("Advertise with ", to_string(status))});
    exchange_->refused_by = server;
    return dropped(ClientDrop::kServerFailed);
  }
  Offer offer{.server = server};
  if (const Preference* preference = find<Preference>(message.options)) {
    offer.preference = preference->value;
  }
  offer.associations = read_associations(message.options, parameters_.longest_prefix, outputs_.log);
  std::erase_if(offer.associations,
                [&](const OfferedAssociation& ia) { return !offers_something({ia}); });
  if (offer.associations.empty()) {
    exchange_->refused_by = server;
    return dropped(ClientDrop::kNothingOffered);
  }
  offer.held = names_held(offer);
  if (bindings_.has_bound() && !looked_again_) return look_again(now);

  // Section 18.2.1: preference 255 ends the wait. Not when a delegation is missing: another server may
  // have it (section 18.2.9).
  const bool complete =
      offer.obtained(AssociationType::kPrefixes) == bindings_.wanted_delegations();
  const bool at_once = offer.preference == 255 && complete;
  learn_from_offer(offer);
  const std::string what = offer.describe();
  discovery_.add(std::move(offer));
  if (exchange_->plain) return doubt(server, now);
  if (at_once || exchange_->first_timeout_over(now)) {
    take_offers(now, at_once ? "offer with preference 255" : "first offer");
  } else {
    outputs_.log.push_back({LogLevel::kDebug, cat("offer: ", what)});
  }
}

void Client::take_max_timeouts(const Message& message) {
  if (const auto* option = find<SolMaxRt>(message.options); option && valid_max_rt(option->value)) {
    solicit_max_ = option->value;
  }
  if (const auto* option = find<InfMaxRt>(message.options); option && valid_max_rt(option->value)) {
    information_max_ = option->value;
    if (exchange_ && exchange_->type == MessageType::kInformationRequest) {
      exchange_->timing.set_maximum_timeout(information_max_);
    }
  }
}

void Client::on_reply(const Message& message, Instant now) {
  const Duid server = find_single<ServerId>(message.options)->duid;
  const auto answers = [&](const Exchange& exchange) {
    return exchange.timing.sent() && exchange.transaction_id == message.transaction_id;
  };
  const bool to_giving_back = giving_back_ && answers(giving_back_->exchange);
  if (!to_giving_back && !(exchange_ && answers(*exchange_))) {
    return dropped(ClientDrop::kOtherTransaction);
  }
  const Exchange& exchange = to_giving_back ? giving_back_->exchange : *exchange_;
  if (exchange.server && *exchange.server != server) {
    return dropped(ClientDrop::kNotFromServerAsked);
  }
  if (exchange.type == MessageType::kSolicit &&
      !(exchange.extras.rapid_commit && contains<RapidCommit>(message.options))) {
    return dropped(ClientDrop::kNoRapidCommit);
  }
  take_max_timeouts(message);
  if (to_giving_back) {
    // Section 18.2.10.2: complete, whatever the status.
    const ClientState before = state();
    giving_back_.reset();
    return log_transition(before, "the server has taken it back");
  }
  // Section 18.2.10. The exchange goes on with its own retransmission, which limits rate and duration; for
  // a Request there may be a better server. UseMulticast is obsolete, and we never do anything else.
  const Status status = status_of(message.options);
  if (status == Status::kUnspecFail || status == Status::kUseMulticast) {
    outputs_.log.push_back(
        {LogLevel::kWarning, cat("server ", server, " answers ", to_string(status))});
    dropped(ClientDrop::kServerFailed);
    if (ask_plainly(now) || exchange.type != MessageType::kRequest) return;
    if (exchange.upgrade) {
      become_bound(now, false, cat("no wider prefix: ", to_string(status)));
    } else if (!ask_for_less(server, now, to_string(status)) && !discovery_.empty()) {
      try_next_server(now, to_string(status));
    }
    return;
  }
  if (exchange.upgrade) return on_reply_to_upgrade(message, server, now);
  if (exchange.type == MessageType::kSolicit || exchange.type == MessageType::kRequest) {
    on_reply_with_leases(message, server, now);
  } else if (exchange.type == MessageType::kConfirm) {
    on_reply_to_confirm(message, server, now);
  } else if (exchange.type == MessageType::kInformationRequest) {
    on_reply_with_information(message, server, now);
  } else {
    on_reply_to_renewal(message, server, now, now);
  }
}

// Section 18.2.10.5: what a Reply does not hold any more is not used any more.
void Client::accept(const Message& message, const Duid& server) {
  Lease fresh;
  fresh.server_address = sender_;
  notice_registration(message);
  if (const DnsServers* dns = find<DnsServers>(message.options)) fresh.dns_servers = dns->addresses;
  if (const DomainSearchList* list = find<DomainSearchList>(message.options)) {
    fresh.search_domains = list->names;
  }
  for (const Option& option : message.options) {
    if (is_configuration(option)) fresh.other_options.push_back(option);
  }
  // Section 20.4.3: the key comes with the first Reply of a server and is kept.
  if (server_ == server) fresh.reconfigure_key = configuration_.reconfigure_key;
  if (const auto* authentication = find<Authentication>(message.options);
      authentication && parameters_.accept_reconfigure) {
    if (const auto key = authentication->reconfigure_key()) {
      fresh.reconfigure_key = ReconfigureKey{*key, authentication->replay_value};
    }
  }
  configuration_ = std::move(fresh);
  server_ = server;
  verified_ = true;
  looked_again_ = false;
  failures_.reset();
}

void Client::on_reply_with_leases(const Message& message, const Duid& server, Instant now) {
  const auto offered = read_associations(message.options, parameters_.longest_prefix, outputs_.log);
  const bool something = offers_something(offered);
  // Section 18.2.13: no mixture of two servers' bindings, nor of what was before discovery and after.
  const bool discovered = exchange_->type == MessageType::kSolicit;
  const bool prefix = std::any_of(offered.begin(), offered.end(), [](const auto& ia) {
    return ia.type == AssociationType::kPrefixes && !ia.leases.empty();
  });
  if (!discovered && !prefix &&
      ask_for_less(server, now, "no prefix is given to whom asks for several /64s"))
    return;
  if (something && (discovered || (server_ && *server_ != server))) bindings_.unbind();
  const ReplyEffect effect = bindings_.apply(offered, now, outputs_.log);
  if (something) {
    learn_from_reply(server, offered);
    accept(message, server);
    return become_bound(now, true, cat(bindings_.describe(), " from ", server));
  }
  const Status status = status_of(message.options);
  const bool not_on_link = status == Status::kNotOnLink || effect.not_on_link;
  if (not_on_link && name_leases_) {
    // Section 18.2.10.1: once more, without naming anything.
    name_leases_ = false;
    if (!discovered) {
      request(server, std::nullopt, now, "NotOnLink: asking without addresses");
      return;
    }
  }
  dropped(ClientDrop::kNothingOffered);
  if (discovered) return;
  if (bindings_.has_bound()) {
    become_bound(now, true, "nothing more is to be had; other leases stay");
  } else {
    try_next_server(now, cat("the server gives nothing (", to_string(status), ")"));
  }
}

// A server that fails when it is asked for a /64 per LAN is asked for one.
bool Client::ask_for_less(const Duid& server, Instant now, std::string_view why) {
  if (!offer_ || offer_->widest() != 64) return false;
  const unsigned before = bindings_.wanted_delegations();
  bindings_.want_delegations(1);
  if (bindings_.wanted_delegations() == before) return false;
  servers_.mark(server, &ServerProfile::fails_on_several);
  Offer same = *std::move(offer_);
  request(server, std::nullopt, now, why);
  offer_ = std::move(same);
  return true;
}

void Client::on_reply_to_renewal(const Message& message, const Duid& server, Instant received,
                                 Instant now) {
  const auto offered = read_associations(message.options, parameters_.longest_prefix, outputs_.log);
  const bool something = offers_something(offered);
  const bool no_binding =
      any_status(offered, Status::kNoBinding) || status_of(message.options) == Status::kNoBinding;
  const bool our_server = server_ && *server_ == server;
  if (!something && no_binding && !our_server) {
    // A server that never knew us; ours may still answer.
    exchange_->refused_by = server;
    return;
  }
  const bool fresh = received == now;
  if (something && !our_server && fresh && waits_for_ours(message, offered, now)) return;
  if (something && !our_server) bindings_.unbind();  // section 18.2.13
  const ReplyEffect effect = bindings_.apply(offered, received, outputs_.log);
  if (something) {
    learn_from_reply(server, offered);
    accept(message, server);
  }
  if (effect.no_binding || (no_binding && !something)) {
    // Section 18.2.10.1: a Request for all IAs to the server that responded.
    if (!something) bindings_.unbind();
    return request(server, std::nullopt, now, "NoBinding");
  }
  if (something) {
    return become_bound(now, true, cat(bindings_.describe(), " from ", server));
  }
  if (effect.withdrawn && !bindings_.has_bound()) {
    return discover(now, false, "the server has taken every lease back");
  }
  // As if the Reply had not been received: the next transmission comes at its time.
  dropped(ClientDrop::kNothingOffered);
}

// Another server answers a Rebind and does not give what we have of ours: a Reply of ours, or of one that does, is
// worth a moment. What is held stays in use meanwhile.
bool Client::waits_for_ours(const Message& message, const std::vector<OfferedAssociation>& offered,
                            Instant now) {
  const Duid& server = find_single<ServerId>(message.options)->duid;
  const Offer what{.server = server, .associations = offered};
  if (exchange_->type != MessageType::kRebind || !bindings_.has_prefixes() || names_held(what))
    return false;
  if (exchange_->other) return true;  // the first of such
  outputs_.log.push_back({LogLevel::kInfo, cat("server ", server, " would give ", what.describe(),
                                               ": waiting for who gave us ours")});
  exchange_->other = OtherAnswer{message, sender_, now};
  return true;
}

void Client::take_other(Instant now) {
  const OtherAnswer other = *std::exchange(exchange_->other, std::nullopt);
  sender_ = other.from;
  on_reply_to_renewal(other.reply, find_single<ServerId>(other.reply.options)->duid, other.received,
                      now);
}

void Client::on_reply_to_confirm(const Message& message, const Duid& server, Instant now) {
  const Status status = status_of(message.options);
  if (status == Status::kSuccess) {
    verified_ = true;
    return become_bound(now, false, cat("the addresses are of this link, says ", server));
  }
  if (status == Status::kNotOnLink) {
    exchange_->refused_by = server;
    return;
  }
  dropped(ClientDrop::kServerFailed);
}

void Client::on_reply_with_information(const Message& message, const Duid& server, Instant now) {
  if (mode_ == Mode::kStateful) {
    // Asked for by a Reconfigure: the leases and their times stay.
    accept(message, server);
    return become_bound(now, false, cat("information from ", server));
  }
  accept(message, server);
  const ClientState before = state();
  exchange_.reset();
  // Section 21.23.
  Lifetime refresh(static_cast<std::uint32_t>(kInformationRefreshDefault.count()));
  if (const auto* option = find<InformationRefreshTime>(message.options)) {
    const Lifetime minimum(static_cast<std::uint32_t>(kInformationRefreshMinimum.count()));
    refresh = std::max(option->time, minimum);
  }
  refresh_at_ = refresh.is_infinite() ? std::nullopt : std::optional(expiry(now, refresh));
  log_transition(before, cat("information from ", server));
}

void Client::on_reconfigure(const Message& message, std::span<const std::uint8_t> raw,
                            Instant now) {
  const Duid& server = find_single<ServerId>(message.options)->duid;
  if (mode_ == Mode::kOff || !parameters_.accept_reconfigure || server_ != server) {
    return dropped(ClientDrop::kReconfigureRefused);
  }
  // Section 18.2.11: one at a time; and who is asking already will hear the news anyway.
  if (exchange_ || survey_) return dropped(ClientDrop::kReconfigureBusy);
  const auto checked = check_reconfigure(message, raw, configuration_.reconfigure_key);
  if (const auto* reason = std::get_if<ClientDrop>(&checked)) return dropped(*reason);
  const ReconfigureOrder order = *std::get_if<ReconfigureOrder>(&checked);
  const bool about_leases = order.type != MessageType::kInformationRequest;
  if (about_leases && (mode_ != Mode::kStateful || !bindings_.has_bound())) {
    return dropped(ClientDrop::kReconfigureInvalid);
  }
  configuration_.reconfigure_key->replay_value = order.replay_value;
  if (order.type == MessageType::kRenew) {
    renew(now, "Reconfigure");
  } else if (order.type == MessageType::kRebind) {
    rebind(now, "Reconfigure");
  } else {
    ask_for_information(now, "Reconfigure");
    exchange_->server = server;  // section 18.2.6
  }
}

}  // namespace sixgate::dhcp6
