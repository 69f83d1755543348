// SPDX-License-Identifier: Apache-2.0
// What servers say to a survey.
#include <algorithm>

#include "dhcp6/client_verify.h"
#include "dhcp6/survey.h"

namespace sixgate::dhcp6 {
namespace {

// More than any link has: a stranger who forges DUIDs, or lists prefixes without end, does not fill the memory.
constexpr std::size_t kMaxServersKept = 16;
constexpr std::size_t kMaxLeasesKept = 32;
// After a late first answer, for those of other servers: section 18.2.1 lets the first answer count, but
// nobody is committed here, and a lost packet shall not hide the better server.
constexpr Duration kCollectLate = seconds(1);

unsigned length_of(const SurveyAnswer& answer) {
  const OfferedLease* widest = answer.widest();
  return widest ? widest->prefix.length() : 129;
}

SurveyedLease as_written(const IaPrefix& one) {
  return {one.prefix, one.preferred, one.valid, status_of(one.options)};
}
SurveyedLease as_written(const IaAddress& one) {
  return {Prefix(one.address, 128), one.preferred, one.valid, status_of(one.options)};
}

// One IA, read as if it were the only one: a server may offer the same prefix to several hints.
template <class Ia, class Lease>
SurveyAnswer read(const Options& options, std::uint32_t iaid, unsigned longest_prefix) {
  SurveyAnswer answer{.heard = true};
  answer.message_status = status_of(options);
  for (const Ia& ia : find_all<Ia>(options)) {
    if (ia.iaid != iaid) continue;
    answer.present = true;
    answer.status = status_of(ia.options);
    answer.t1 = ia.t1;
    answer.t2 = ia.t2;
    // NoAddrsAvail for the message as a whole may stand beside a good IA_PD (RFC 7084 WPD-6).
    if (answer.message_status == Status::kSuccess ||
        answer.message_status == Status::kNoAddrsAvail ||
        answer.message_status == Status::kNoPrefixAvail) {
      LogLines unsaid;  // the answer itself tells
      auto usable = read_associations({ia}, longest_prefix, unsaid);
      if (!usable.empty()) answer.offered = std::move(usable.front());
    }
    for (const Lease& one : find_all<Lease>(ia.options)) {
      if (answer.leases.size() == kMaxLeasesKept) break;
      SurveyedLease written = as_written(one);
      written.usable =
          std::any_of(answer.offered.leases.begin(), answer.offered.leases.end(),
                      [&](const OfferedLease& lease) { return lease.prefix == written.prefix; });
      answer.leases.push_back(written);
    }
    break;
  }
  return answer;
}

// The better answer stays: what was offered once can be had, and the later of equals is the fresher one. Of
// two refusals that of a Solicit of its own says more.
void merge(SurveyAnswer& known, SurveyAnswer said) {
  const unsigned was = length_of(known);
  const unsigned is = length_of(said);
  const bool refusal_again = was == 129 && is == 129 && known.heard && !known.together;
  if (is > was || (refusal_again && said.together)) return;
  known = std::move(said);
}

}  // namespace

bool Survey::asked(std::uint32_t transaction_id) const {
  return std::any_of(asked_.begin(), asked_.end(),
                     [&](const Asked& one) { return one.transaction_id == transaction_id; });
}

std::optional<ClientDrop> Survey::take(const Message& message, const Ip6Address& from,
                                       Instant now) {
  if (message.type == MessageType::kReply) return ClientDrop::kNoRapidCommit;  // never asked for
  if (message.type != MessageType::kAdvertise) return ClientDrop::kReconfigureRefused;
  const auto asked = std::find_if(asked_.begin(), asked_.end(), [&](const Asked& one) {
    return one.transaction_id == message.transaction_id;
  });
  if (finished() || asked == asked_.end()) return ClientDrop::kOtherTransaction;
  const Duid& duid = find_single<ServerId>(message.options)->duid;
  take_max_timeouts(message, duid);
  const std::size_t before = result_.servers.size();
  const std::size_t index = server(duid, from);
  if (index == result_.servers.size()) return ClientDrop::kNothingOffered;
  // Where one turns up late, so may another.
  if (phase_ == Phase::kWalk && index == before) wait_in_full_ = true;
  record(asked->question, message, result_.servers[index]);
  if (phase_ == Phase::kDiscovery && !collect_until_) {
    const bool first = discovery_.transmissions() == 1 && now < discovery_.timeout_at();
    collect_until_ = first ? discovery_.timeout_at() : now + kCollectLate;
  }
  if (phase_ == Phase::kWalk && asked->question == question_) answered_by_ |= 1U << index;
  run(now);
  return std::nullopt;
}

// Section 18.2.9: these two count even when the rest does not, but only if all servers agree.
void Survey::take_max_timeouts(const Message& message, const Duid& server) {
  if (const auto* option = find<SolMaxRt>(message.options); option && valid_max_rt(option->value)) {
    said_.report_solicit_max(server, option->value);
    result_.solicit_max = said_.solicit_max();
    discovery_.set_maximum_timeout(result_.solicit_max.value_or(kDefaultMaxRt));
  }
  if (const auto* option = find<InfMaxRt>(message.options); option && valid_max_rt(option->value)) {
    said_.report_information_max(server, option->value);
    result_.information_max = said_.information_max();
  }
}

std::size_t Survey::server(const Duid& duid, const Ip6Address& from) {
  auto& servers = result_.servers;
  const auto known = std::find_if(servers.begin(), servers.end(),
                                  [&](const SurveyedServer& one) { return one.server == duid; });
  if (known != servers.end()) return static_cast<std::size_t>(known - servers.begin());
  if (servers.size() == kMaxServersKept) return servers.size();
  SurveyedServer fresh{.server = duid, .source = from};
  fresh.prefixes.resize(parameters_.hints.size());
  servers.push_back(std::move(fresh));
  return servers.size() - 1;
}

void Survey::record(const Question& question, const Message& message, SurveyedServer& server) {
  const Options& options = message.options;
  const Preference* preference = find<Preference>(options);
  server.preference = preference ? preference->value : 0;
  server.options.clear();
  for (const Option& option : options) {
    if (is_configuration(option)) server.options.push_back(option);
  }
  const bool together = question.asking == SurveyProgress::Asking::kTogether && !one_question();
  bool prefix = false;
  bool address = false;
  for (std::size_t i = 0; i < parameters_.hints.size(); ++i) {
    if (!covers(question, i)) continue;
    auto said =
        read<IaPd, IaPrefix>(options, asking_as_.delegations[i].iaid, parameters_.longest_prefix);
    said.together = together;
    prefix = prefix || said.usable();
    merge(server.prefixes[i], std::move(said));
  }
  if (with_address(question)) {
    auto said = read<IaNa, IaAddress>(options, parameters_.first_iaid, parameters_.longest_prefix);
    said.together = together;
    address = said.usable();
    merge(server.address, std::move(said));
    if (question.asking != SurveyProgress::Asking::kAddress) {
      server.gave_both = server.gave_both || (prefix && address);
      server.refused_both = server.refused_both || !(prefix && address);
    }
  }
}

bool Survey::settled_together() const {
  return std::all_of(result_.servers.begin(), result_.servers.end(),
                     [&](const SurveyedServer& server) {
                       if (parameters_.address && !server.gave_both) return false;
                       return std::all_of(server.prefixes.begin(), server.prefixes.end(),
                                          [](const SurveyAnswer& one) { return one.usable(); });
                     });
}

}  // namespace sixgate::dhcp6
