// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/server_profile.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sixgate::dhcp6 {

std::string_view to_string(HintBehaviour behaviour) {
  switch (behaviour) {
    case HintBehaviour::kUnknown:
      return "unknown";
    case HintBehaviour::kIgnored:
      return "ignored";
    case HintBehaviour::kFollowed:
      return "followed";
    case HintBehaviour::kExact:
      return "exact";
  }
  return "";
}

std::string_view to_string(Together together) {
  switch (together) {
    case Together::kUnknown:
      return "unknown";
    case Together::kNo:
      return "no";
    case Together::kYes:
      return "yes";
  }
  return "";
}

void ServerProfiles::learn(ServerProfile seen, bool all_lengths) {
  if (const ServerProfile* known = find(seen.server)) {
    seen.fails_on_several = seen.fails_on_several || known->fails_on_several;
    if (seen.hints == HintBehaviour::kUnknown) seen.hints = known->hints;
    if (seen.together == Together::kUnknown) seen.together = known->together;
    if (!all_lengths) {
      std::vector<unsigned> both;
      std::set_union(seen.lengths.begin(), seen.lengths.end(), known->lengths.begin(),
                     known->lengths.end(), std::back_inserter(both));
      seen.lengths = std::move(both);
    }
    all_[static_cast<std::size_t>(known - all_.data())] = std::move(seen);
    return;
  }
  if (all_.size() == kMost) all_.erase(all_.begin());
  all_.push_back(std::move(seen));
}

void ServerProfiles::mark_fails_on_several(const Duid& server) {
  const ServerProfile* known = find(server);
  ServerProfile profile = known ? *known : ServerProfile{.server = server, .lengths = {}};
  profile.fails_on_several = true;
  learn(std::move(profile), false);
}

const ServerProfile* ServerProfiles::find(const Duid& server) const {
  const auto known = std::find_if(all_.begin(), all_.end(),
                                  [&](const ServerProfile& one) { return one.server == server; });
  return known == all_.end() ? nullptr : &*known;
}

}  // namespace sixgate::dhcp6
