// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/survey_result.h"

#include <algorithm>
#include <utility>

namespace sixgate::dhcp6 {
namespace {

const OfferedLease* wider(const OfferedLease* a, const OfferedLease* b) {
  if (!a || !b) return a ? a : b;
  return b->prefix.length() < a->prefix.length() ? b : a;
}

}  // namespace

const OfferedLease* SurveyAnswer::widest() const {
  const OfferedLease* best = nullptr;
  for (const OfferedLease& lease : offered.leases) best = wider(best, &lease);
  return best;
}

const OfferedLease* SurveyedServer::widest() const {
  const OfferedLease* best = nullptr;
  for (const SurveyAnswer& answer : prefixes) best = wider(best, answer.widest());
  return best;
}

// The lengths a server has are those it offers at all. It follows hints when each hint for one of them gets
// it; where all hints get the same, or the match is a matter of chance, it does not.
HintBehaviour SurveyedServer::hint_behaviour(const std::vector<Prefix>& hints) const {
  std::vector<unsigned> lengths;
  unsigned answered = 0;
  for (const SurveyAnswer& answer : prefixes) {
    const OfferedLease* lease = answer.widest();
    if (!lease) continue;
    ++answered;
    lengths.push_back(lease->prefix.length());
  }
  std::sort(lengths.begin(), lengths.end());
  lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  if (answered == 0 || prefixes.size() < 2) return HintBehaviour::kUnknown;
  bool all_exact = true;
  bool follows = lengths.size() > 1;
  for (std::size_t i = 0; i < prefixes.size() && i < hints.size(); ++i) {
    const OfferedLease* lease = prefixes[i].widest();
    if (!lease) continue;
    const unsigned wanted = hints[i].length();
    if (lease->prefix.length() == wanted) continue;
    all_exact = false;
    if (std::binary_search(lengths.begin(), lengths.end(), wanted)) follows = false;
  }
  // One answer that fits may be the only one the server gives at all, whatever is asked for: when it was
  // heard in a message of its own, the others were refused for their length.
  const bool alone = std::any_of(prefixes.begin(), prefixes.end(), [](const SurveyAnswer& answer) {
    return answer.usable() && !answer.together;
  });
  if (all_exact) {
    return answered > 1 || alone ? HintBehaviour::kExact : HintBehaviour::kUnknown;
  }
  if (follows) return HintBehaviour::kFollowed;
  return answered > 1 ? HintBehaviour::kIgnored : HintBehaviour::kUnknown;
}

Finding SurveyedServer::together() const {
  if (gave_both) return Finding::kYes;
  return refused_both && address.usable() && widest() ? Finding::kNo : Finding::kUnknown;
}

const OfferedLease* SurveyResult::widest() const {
  const OfferedLease* best = nullptr;
  for (const SurveyedServer& server : servers) best = wider(best, server.widest());
  return best;
}

ServerProfile SurveyedServer::profile(const std::vector<Prefix>& hints) const {
  ServerProfile profile{.server = server, .lengths = {}};
  std::vector<unsigned> offered;
  bool times = false;
  for (const SurveyAnswer& answer : prefixes) {
    for (const OfferedLease& lease : answer.offered.leases)
      offered.push_back(lease.prefix.length());
    times = times || !answer.t1.is_zero() || !answer.t2.is_zero();
  }
  profile.show(std::move(offered), times);
  profile.hints = hint_behaviour(hints);
  profile.together = together();
  return profile;
}

}  // namespace sixgate::dhcp6
