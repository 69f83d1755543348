// SPDX-License-Identifier: Apache-2.0
// Discovery by survey: everything that is on offer is looked at, then one Request takes the widest prefix.
#include <algorithm>
#include <utility>

#include "dhcp6/client.h"
#include "net/text.h"

namespace sixgate::dhcp6 {

void Client::begin_survey(Instant starts_at) {
  exchange_.reset();
  SurveyParameters parameters = survey_parameters(parameters_.survey_hints);
  parameters.address = parameters_.address_iaid.has_value();
  parameters.persistent = true;
  survey_.emplace(std::move(parameters), *rng_, limit_);
  survey_->start(starts_at);
}

SurveyParameters Client::survey_parameters(std::vector<Prefix> hints) const {
  SurveyParameters parameters{.duid = parameters_.duid, .hints = std::move(hints)};
  parameters.extra_options = parameters_.extra_options;
  parameters.accept_reconfigure = parameters_.accept_reconfigure;
  parameters.longest_prefix = parameters_.longest_prefix;
  return parameters;
}

bool Client::take_from(Survey& survey, LogLevel level) {
  SurveyOutputs said = survey.drain();
  counters_.sent += said.packets.size();
  for (Datagram& packet : said.packets) outputs_.packets.push_back(std::move(packet));
  for (LogLine& line : said.log)
    outputs_.log.push_back({std::max(line.level, level), std::move(line.text)});
  if (said.finished) counters_.held_back += survey.counters().held_back;
  return said.finished;
}

void Client::follow_survey(Instant now) {
  if (!take_from(*survey_, LogLevel::kError)) return;
  const SurveyResult result = survey_->result();
  survey_.reset();
  choose(result, now);
}

// What a server would give us, under our own IAIDs: its widest prefix, and of several the one that we had.
std::optional<Offer> Client::offer_of(const SurveyedServer& server) const {
  Offer offer{.server = server.server, .preference = server.preference};
  const OfferedAssociation* from = nullptr;
  const OfferedLease* best = nullptr;
  for (const SurveyAnswer& answer : server.prefixes) {
    for (const OfferedLease& lease : answer.offered.leases) {
      const bool held = bindings_.holds(lease.prefix);
      const unsigned length = lease.prefix.length();
      if (best && length > best->prefix.length()) continue;
      if (best && length == best->prefix.length() && (offer.held || !held)) continue;
      from = &answer.offered;
      best = &lease;
      offer.held = held;
    }
  }
  if (best) {
    OfferedAssociation delegation = *from;
    delegation.iaid = bindings_.main_delegation()->iaid;
    delegation.leases = {*best};
    offer.associations.push_back(std::move(delegation));
    offer.prefix_alone = server.together() == Finding::kNo;
    if (best->prefix.length() == 64) add_further(offer, server);
  }
  if (parameters_.address_iaid && server.address.usable() && !offer.prefix_alone) {
    OfferedAssociation addresses = server.address.offered;
    addresses.iaid = *parameters_.address_iaid;
    offer.associations.push_back(std::move(addresses));
  }
  if (offer.associations.empty()) return std::nullopt;
  return offer;
}

// Where there are only /64s, each LAN needs one of its own. What else the server showed is named; whether it
// gives as many is seen when it is asked.
void Client::add_further(Offer& offer, const SurveyedServer& server) const {
  const std::uint32_t main = offer.associations.front().iaid;
  std::vector<Prefix> named{offer.associations.front().leases.front().prefix};
  const auto next = [&]() -> const OfferedAssociation* {
    for (const SurveyAnswer& answer : server.prefixes) {
      if (!answer.usable()) continue;
      const Prefix& prefix = answer.offered.leases.front().prefix;
      if (std::find(named.begin(), named.end(), prefix) == named.end()) return &answer.offered;
    }
    return nullptr;
  };
  for (const Association& ia : bindings_.associations()) {
    if (named.size() >= parameters_.policy.slash64s) return;
    if (ia.type != AssociationType::kPrefixes || ia.iaid == main || ia.role == Role::kRetiring)
      continue;
    const OfferedAssociation* from = next();
    if (!from) return;
    OfferedAssociation further = *from;
    further.iaid = ia.iaid;
    further.leases = {from->leases.front()};
    named.push_back(further.leases.front().prefix);
    offer.associations.push_back(std::move(further));
  }
}

void Client::choose(const SurveyResult& result, Instant now) {
  solicit_max_ = result.solicit_max.value_or(kDefaultMaxRt);
  information_max_ = result.information_max.value_or(kDefaultMaxRt);
  discovery_.restart(true);
  for (const SurveyedServer& server : result.servers) {
    servers_.learn(server.profile(result.hints), true);
    if (auto offer = offer_of(server)) discovery_.add(*std::move(offer));
  }
  if (discovery_.empty()) return discover(now, true, "servers are there, and offer nothing");
  try_next_server(now, "the survey is over");
}

bool Client::names_held(const Offer& offer) const {
  return std::any_of(
      offer.associations.begin(), offer.associations.end(), [&](const OfferedAssociation& ia) {
        return ia.type == AssociationType::kPrefixes &&
               std::any_of(ia.leases.begin(), ia.leases.end(), [&](const OfferedLease& lease) {
                 return bindings_.holds(lease.prefix);
               });
      });
}

// Servers answer a Solicit that stood in for Rebind. Where somebody offers what we had, that is asked for; where
// all is new anyway, everything is looked at first.
void Client::take_offers(Instant now, std::string_view why) {
  const auto& offers = discovery_.offers();
  const bool known =
      std::any_of(offers.begin(), offers.end(), [](const Offer& offer) { return offer.held; });
  if (surveys(parameters_) && !known) return discover(now, false, why);
  try_next_server(now, why);
}

// Where an address costs the prefix, nothing is said of addresses. A Request for a wider prefix leaves alone what is
// bound, but for the address where another server is to have us as a whole (section 18.2.13).
std::vector<Association> Client::asked_associations() const {
  const Upgrade* upgrade = exchange_ && exchange_->upgrade ? &*exchange_->upgrade : nullptr;
  std::vector<Association> asked = bindings_.associations();
  std::erase_if(asked, [&](const Association& ia) {
    if (ia.type == AssociationType::kAddresses)
      return prefix_alone_ || (upgrade && !upgrade->moves);
    return upgrade ? ia.iaid != upgrade->iaid : ia.role != Role::kWanted;
  });
  return asked;
}

bool Client::lacks_any() const {
  const std::vector<Association> asked = asked_associations();
  return std::any_of(asked.begin(), asked.end(),
                     [](const Association& ia) { return !ia.has_bound(); });
}

}  // namespace sixgate::dhcp6
