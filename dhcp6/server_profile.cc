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

std::string_view to_string(Finding together) {
  switch (together) {
    case Finding::kUnknown:
      return "unknown";
    case Finding::kNo:
      return "no";
    case Finding::kYes:
      return "yes";
  }
  return "";
}

void ServerProfile::show(std::vector<unsigned> offered, bool times) {
  std::sort(offered.begin(), offered.end());
  offered.erase(std::unique(offered.begin(), offered.end()), offered.end());
  lengths = std::move(offered);
  leaves_times = !lengths.empty() && !times;
}

void ServerProfiles::learn(ServerProfile seen, bool all_lengths) {
  if (const ServerProfile* known = find(seen.server)) {
    for (const auto fails : {&ServerProfile::fails_on_several,
                             &ServerProfile::fails_on_rapid_commit, &ServerProfile::fails_on_name})
      seen.*fails = seen.*fails || known->*fails;
    if (seen.hints == HintBehaviour::kUnknown) seen.hints = known->hints;
    for (const auto finding : {&ServerProfile::together, &ServerProfile::rapid_commit})
      if (seen.*finding == Finding::kUnknown) seen.*finding = known->*finding;
    if (!all_lengths) {
      if (seen.lengths.empty()) seen.leaves_times = known->leaves_times;
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

void ServerProfiles::mark(const Duid& server, bool ServerProfile::*what) {
  ServerProfile profile{.server = server, .lengths = {}};
  profile.*what = true;
  learn(std::move(profile), false);
}

const ServerProfile* ServerProfiles::find(const Duid& server) const {
  const auto known = std::find_if(all_.begin(), all_.end(),
                                  [&](const ServerProfile& one) { return one.server == server; });
  return known == all_.end() ? nullptr : &*known;
}

}  // namespace sixgate::dhcp6
