// SPDX-License-Identifier: Apache-2.0
// ServerProfile: what was learnt of a delegating server, kept with the lease and shown to people. Servers differ in
// ways that no RFC leaves them, and what has been found out once need not be tried again.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "dhcp6/duid.h"

namespace sixgate::dhcp6 {

enum class HintBehaviour : std::uint8_t {
  kUnknown,   // too little was offered to tell
  kIgnored,   // the same length, or an unrelated one, whatever is asked for
  kFollowed,  // what the server has it gives to whom asks for it, something else to the others
  kExact,     // and nothing to the others
};
std::string_view to_string(HintBehaviour behaviour);  // "ignored", ...

enum class Together : std::uint8_t { kUnknown, kNo, kYes };
std::string_view to_string(Together together);

struct ServerProfile {
  Duid server;
  std::vector<unsigned> lengths;  // of the prefixes it offers, ascending; at most 65
  HintBehaviour hints = HintBehaviour::kUnknown;
  Together together = Together::kUnknown;
  // A Request for several /64s made it fail: it is asked for one.
  bool fails_on_several = false;
  // T1 and T2 of its prefixes are 0: the times are ours (RFC 9915 section 14.2).
  bool leaves_times = false;
  bool operator==(const ServerProfile&) const = default;
};

// The servers of a link in the order in which they were first heard; the last few, for a stranger can forge any
// number.
class ServerProfiles {
 public:
  static constexpr std::size_t kMost = 8;

  // What is known of it already and a survey does not show stays; so do the lengths where only some were asked.
  void learn(ServerProfile seen, bool all_lengths);
  void mark_fails_on_several(const Duid& server);
  const ServerProfile* find(const Duid& server) const;
  const std::vector<ServerProfile>& all() const { return all_; }
  bool operator==(const ServerProfiles&) const = default;

 private:
  std::vector<ServerProfile> all_;
};

}  // namespace sixgate::dhcp6
