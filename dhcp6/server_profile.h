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

enum class Finding : std::uint8_t { kUnknown, kNo, kYes };
std::string_view to_string(Finding together);

struct ServerProfile {
  Duid server;
  std::vector<unsigned> lengths;  // of the prefixes it offers, ascending; at most 65
  HintBehaviour hints = HintBehaviour::kUnknown;
  Finding together = Finding::kUnknown;
  // A Request for several /64s made it fail: it is asked for one.
  bool fails_on_several = false;
  // T1 and T2 of its prefixes are 0: the times are ours (RFC 9915 section 14.2).
  bool leaves_times = false;
  // Whether it answers a Solicit that asks for rapid commit by a Reply. A survey does not ask.
  Finding rapid_commit = Finding::kUnknown;
  // It does not answer a Solicit that asks for rapid commit: it is not asked for it.
  bool fails_on_rapid_commit = false;
  // It fails, or does not answer, where our name is in the message (RFC 4704): it is not told.
  bool fails_on_name = false;
  // `offered`: the lengths of what it offers, in any order; `times`: whether a T1 or T2 came with them.
  void show(std::vector<unsigned> offered, bool times);
  bool operator==(const ServerProfile&) const = default;
};

// The servers of a link in the order in which they were first heard; the last few, for a stranger can forge any
// number.
class ServerProfiles {
 public:
  static constexpr std::size_t kMost = 8;

  // What is known of it already and a survey does not show stays; so do the lengths where only some were asked.
  void learn(ServerProfile seen, bool all_lengths);
  void mark(const Duid& server, bool ServerProfile::*what);
  const ServerProfile* find(const Duid& server) const;
  const std::vector<ServerProfile>& all() const { return all_; }
  bool operator==(const ServerProfiles&) const = default;

 private:
  std::vector<ServerProfile> all_;
};

}  // namespace sixgate::dhcp6
