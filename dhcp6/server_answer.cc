// SPDX-License-Identifier: Apache-2.0
// What the server writes (RFC 9915 sections 18.3.1 to 18.3.9).
#include <algorithm>
#include <utility>

#include "dhcp6/server.h"
#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

// Of an answer, so that they are not moved again and again while it is put together.
constexpr std::size_t kUsualOptions = 8;

// How long a declined address is left alone.
constexpr Duration kQuarantine = hours(24);

std::string_view explanation(Status status) {
  switch (status) {
    case Status::kSuccess:
      return "all is well";
    case Status::kNoAddrsAvail:
      return "no address for you on this link";
    case Status::kNoBinding:
      return "nothing is known of this IA";
    case Status::kNotOnLink:
      return "an address does not belong on this link";
    case Status::kNoPrefixAvail:
      return "no prefix is left";
    case Status::kUnspecFail:
    case Status::kUseMulticast:
      break;
  }
  return "it did not work";
}

StatusCode status_code(Status status) {
  return {.status = status, .message = std::string(explanation(status))};
}

// T1 and T2 of a whole message (sections 18.3.2 and 21.4).
struct RenewalSchedule {
  Lifetime t1;
  Lifetime t2;
};

Lifetime share(Lifetime whole, unsigned tenths) {
  if (whole.is_infinite()) return whole;
  return Lifetime(static_cast<std::uint32_t>(std::uint64_t{whole.count()} * tenths / 10));
}

template <class Answers>
RenewalSchedule schedule(const Answers& answers) {
  std::optional<Lifetime> preferred;
  std::optional<Lifetime> valid;
  for (const auto& answer : answers) {
    for (const auto& grant : answer.grants) {
      if (!grant.preferred.is_zero())
        preferred = std::min(preferred.value_or(Lifetime::infinite()), grant.preferred);
      valid = std::min(valid.value_or(Lifetime::infinite()), grant.valid);
    }
  }
  if (preferred) return {share(*preferred, 5), share(*preferred, 8)};
  // Nothing that will be extended: no point in asking before the end (section 18.3.4).
  if (valid) return {*valid, *valid};
  return {};
}

template <class Ia, class Answer>
Ia begin_ia(const Answer& answer, const RenewalSchedule& times) {
  Ia ia{.iaid = answer.iaid, .t1 = times.t1, .t2 = times.t2, .options = {}};
  ia.options.reserve(answer.grants.size() + answer.withdrawn.size() + (answer.status ? 1 : 0));
  return ia;
}

}  // namespace

Message Server::begin(const Query& query, MessageType type) const {
  Message message{.type = type, .transaction_id = query.message->transaction_id, .options = {}};
  message.options.reserve(kUsualOptions);
  if (query.duid != nullptr) message.options.push_back(ClientId{*query.duid});
  message.options.push_back(ServerId{*configuration_.duid});
  return message;
}

std::optional<Message> Server::answer_leases(const Query& query, Intent intent) {
  std::vector<Answer> answers;
  Given given;
  bool left_out = false;
  const auto take = [&](Answer answer) {
    for (const Grant& grant : answer.grants) {
      if (answer.type == AssociationType::kPrefixes) {
        given.prefixes.push_back(grant.prefix);
      } else {
        given.interface_ids.push_back(grant.on_link.interface_id(grant.prefix.address()));
      }
    }
    left_out = left_out || answer.empty();
    if (!answer.empty()) answers.push_back(std::move(answer));
  };
  for (const IaNa& ia : find_all<IaNa>(query.message->options))
    take(assign_addresses(query, ia, intent, given));
  for (const IaPd& ia : find_all<IaPd>(query.message->options))
    take(assign_prefixes(query, ia, intent, given));
  // Sections 18.3.3, 18.3.5: what cannot be judged is not answered.
  if (answers.empty() && left_out) return std::nullopt;

  const bool offer = intent == Intent::kOffer;
  Message message = begin(query, offer ? MessageType::kAdvertise : MessageType::kReply);
  if (intent == Intent::kRapidCommit) message.options.push_back(RapidCommit{});
  if ((offer || intent == Intent::kRapidCommit) && query.link->preference != 0)
    message.options.push_back(Preference{query.link->preference});
  add_associations(message, std::move(answers));
  add_settings(message, query);
  add_reconfigure(message, query, !offer);
  if (query.client != kNoNumber && !offer) reconfigure_.remove(query.client);
  return message;
}

// What a client does best with comes first, for there are some that take no more than one: what the world can reach,
// then what lives in the house alone, then what is running out.
void Server::add_associations(Message& message, std::vector<Answer> answers) const {
  const auto rank = [](const Grant& grant) {
    return (grant.preferred.is_zero() ? 2 : 0) + (grant.prefix.address().is_unique_local() ? 1 : 0);
  };
  const RenewalSchedule times = schedule(answers);
  for (Answer& answer : answers) {
    std::stable_sort(answer.grants.begin(), answer.grants.end(),
                     [&](const Grant& a, const Grant& b) { return rank(a) < rank(b); });
    // A status says that there is nothing to renew.
    const RenewalSchedule mine = answer.status ? RenewalSchedule{} : times;
    if (answer.type == AssociationType::kAddresses) {
      IaNa ia = begin_ia<IaNa>(answer, mine);
      for (const Grant& grant : answer.grants) {
        ia.options.push_back(IaAddress{.address = grant.prefix.address(),
                                       .preferred = grant.preferred,
                                       .valid = grant.valid,
                                       .options = {}});
      }
      for (const Prefix& gone : answer.withdrawn)
        ia.options.push_back(
            IaAddress{.address = gone.address(), .preferred = {}, .valid = {}, .options = {}});
      if (answer.status) ia.options.push_back(status_code(*answer.status));
      message.options.push_back(std::move(ia));
    } else {
      IaPd ia = begin_ia<IaPd>(answer, mine);
      for (const Grant& grant : answer.grants) {
        ia.options.push_back(IaPrefix{.prefix = grant.prefix,
                                      .preferred = grant.preferred,
                                      .valid = grant.valid,
                                      .options = {}});
      }
      for (const Prefix& gone : answer.withdrawn)
        ia.options.push_back(IaPrefix{.prefix = gone, .preferred = {}, .valid = {}, .options = {}});
      if (answer.status) ia.options.push_back(status_code(*answer.status));
      message.options.push_back(std::move(ia));
    }
  }
}

// Settings are those of the whole client: one of its IAs is enough to know it by.
const Reservation* Server::settings_for(const Query& query) const {
  const Options& said = query.message->options;
  for (const IaNa& ia : find_all<IaNa>(said)) {
    if (const Reservation* kept = reservation_for(query, ia.iaid)) return kept;
  }
  for (const IaPd& ia : find_all<IaPd>(said)) {
    if (const Reservation* kept = reservation_for(query, ia.iaid)) return kept;
  }
  return reservation_for(query, std::nullopt);
}

// What was asked for and is there, in the order it was asked for (sections 18.3 and 21.7).
void Server::add_settings(Message& message, const Query& query) const {
  const OptionRequest* asked = find<OptionRequest>(query.message->options);
  if (asked == nullptr) return;
  const Reservation* kept = settings_for(query);
  const auto add = [&](const Options& options, std::uint16_t code) {
    const std::size_t before = message.options.size();
    for (const Option& option : options) {
      if (option_code(option) == code) message.options.push_back(option);
    }
    return message.options.size() > before;
  };
  std::vector<std::uint16_t> done;
  for (const std::uint16_t code : asked->codes) {
    if (std::find(done.begin(), done.end(), code) != done.end()) continue;
    done.push_back(code);
    // Section 21.23: in no other message.
    if (code == InformationRefreshTime::kCode &&
        query.message->type == MessageType::kInformationRequest) {
      const bool own = kept != nullptr && kept->information_refresh;
      message.options.push_back(InformationRefreshTime{own ? *kept->information_refresh
                                                           : query.link->information_refresh});
    }
    if (code == kAddressRegistration && query.link->registers)
      message.options.push_back(UnknownOption{kAddressRegistration, {}});
    if (kept == nullptr || !add(kept->options, code)) add(query.link->options, code);
  }
  if (asked->contains(ClientFqdn::kCode)) add_name(message, query);
}

// Sections 18.3.2, 18.3.9 and 20.4.2.
void Server::add_reconfigure(Message& message, const Query& query, bool with_key) {
  if (!query.link->reconfigure || query.relayed || query.duid == nullptr ||
      !contains<ReconfigureAccept>(query.message->options))
    return;
  message.options.push_back(ReconfigureAccept{});
  if (!with_key) return;
  message.options.push_back(Authentication::with_reconfigure_key(
      reconfigure_key_of(configuration_.secret, *query.duid), next_replay_value()));
}

// Section 18.3.3.
std::optional<Message> Server::answer_confirm(const Query& query) const {
  bool any = false;
  bool all = true;
  for (const IaNa& ia : find_all<IaNa>(query.message->options)) {
    for (const IaAddress& address : find_all<IaAddress>(ia.options)) {
      any = true;
      all = all && std::any_of(query.link->prefixes.begin(), query.link->prefixes.end(),
                               [&](const ScopePrefix& prefix) {
                                 return prefix.valid_until > query.now &&
                                        prefix.prefix.contains(address.address);
                               });
    }
  }
  if (!any || (!all && !query.link->settled)) return std::nullopt;
  Message message = begin(query, MessageType::kReply);
  message.options.push_back(status_code(all ? Status::kSuccess : Status::kNotOnLink));
  return message;
}

// Section 18.3.6. Who only asks for settings is not remembered, and so never told to ask again.
Message Server::answer_information(const Query& query) const {
  Message message = begin(query, MessageType::kReply);
  add_settings(message, query);
  return message;
}

// Sections 18.3.7 and 18.3.8.
Message Server::answer_giving_back(const Query& query, bool declined) {
  Message message = begin(query, MessageType::kReply);
  message.options.push_back(status_code(Status::kSuccess));
  const auto give_back = [&](AssociationType type, std::uint32_t iaid,
                             const std::vector<Prefix>& named) {
    const BindingNumber number = table_.find(query.client, type, iaid);
    if (number == kNoNumber) return false;
    const std::vector<Prefix> held = table_.leases(table_.binding(number));
    std::vector<Prefix> left;
    for (const Prefix& lease : held) {
      if (std::find(named.begin(), named.end(), lease) == named.end()) left.push_back(lease);
    }
    if (left.size() == held.size()) return true;  // none of it is theirs
    if (declined) {
      // The identifier is somebody's, whatever the prefix.
      const Binding& binding = table_.binding(number);
      table_.decline(binding.link, binding.interface_id, query.now + kQuarantine, query.now);
      end(number, LeaseEvent::Kind::kDeclined, query.now);
    } else if (left.empty() || type == AssociationType::kAddresses) {
      end(number, LeaseEvent::Kind::kReleased, query.now);
    } else {
      LeaseEvent event = event_of(LeaseEvent::Kind::kReleased, number, query.now);
      std::erase_if(event.leases, [&](const Prefix& lease) {
        return std::find(left.begin(), left.end(), lease) != left.end();
      });
      out_.events.push_back(std::move(event));
      const Binding& binding = table_.binding(number);
      table_.put(query.client, type, iaid,
                 {binding.link, binding.interface_id, std::move(left), binding.valid_until},
                 query.now);
      out_.delegations_changed = true;
    }
    return true;
  };
  for (const IaNa& ia : find_all<IaNa>(query.message->options)) {
    std::vector<Prefix> named;
    for (const IaAddress& one : find_all<IaAddress>(ia.options))
      named.emplace_back(one.address, 128);
    if (give_back(AssociationType::kAddresses, ia.iaid, named)) continue;
    IaNa unknown{.iaid = ia.iaid, .t1 = {}, .t2 = {}, .options = {}};
    unknown.options.push_back(status_code(Status::kNoBinding));
    message.options.push_back(std::move(unknown));
  }
  if (declined) return message;  // prefixes are not declined (section 18.2.8)
  for (const IaPd& ia : find_all<IaPd>(query.message->options)) {
    std::vector<Prefix> named;
    for (const IaPrefix& one : find_all<IaPrefix>(ia.options)) named.push_back(one.prefix);
    if (give_back(AssociationType::kPrefixes, ia.iaid, named)) continue;
    IaPd unknown{.iaid = ia.iaid, .t1 = {}, .t2 = {}, .options = {}};
    unknown.options.push_back(status_code(Status::kNoBinding));
    message.options.push_back(std::move(unknown));
  }
  return message;
}

}  // namespace sixgate::dhcp6
