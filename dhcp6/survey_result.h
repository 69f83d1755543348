// SPDX-License-Identifier: Apache-2.0
// SurveyResult: what the servers of a link would delegate, hint by hint, and what can be told from it. An
// Advertise is no commitment: nothing here is leased.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "dhcp6/client_bindings.h"
#include "dhcp6/duid.h"
#include "dhcp6/options.h"
#include "dhcp6/server_profile.h"
#include "net/ip6_address.h"
#include "net/prefix.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

// An IAPREFIX (or IAADDR, as 128 bits) as the server wrote it, bits beyond the length masked.
struct SurveyedLease {
  Prefix prefix;
  Lifetime preferred;
  Lifetime valid;
  Status status = Status::kSuccess;
  bool usable = false;  // by the rules of read_associations()
  bool operator==(const SurveyedLease&) const = default;
};

// One IA of an Advertise.
struct SurveyAnswer {
  bool heard = false;     // the server sent an Advertise to a Solicit that asked this
  bool present = false;   // and it had the IA
  bool together = false;  // beside all the other IAs, not in a Solicit of its own
  Status message_status = Status::kSuccess;
  Status status = Status::kSuccess;  // of the IA
  Lifetime t1;
  Lifetime t2;
  std::vector<SurveyedLease> leases;
  // As a Request would name it; its IAID is that of the survey. No leases: nothing usable.
  OfferedAssociation offered;

  bool usable() const { return !offered.leases.empty(); }
  // The shortest usable prefix; null when there is none.
  const OfferedLease* widest() const;
  bool operator==(const SurveyAnswer&) const = default;
};

struct SurveyedServer {
  Duid server;
  Ip6Address source;  // of the first Advertise
  std::uint8_t preference = 0;
  std::vector<SurveyAnswer> prefixes;  // one for each hint, in the order of SurveyResult::hints
  SurveyAnswer address;                // of the IA_NA
  Options options;                     // configuration in the last Advertise
  bool gave_both = false;              // an address and a prefix in one Advertise
  bool refused_both = false;           // only one of the two, or none, where both were asked for

  const OfferedLease* widest() const;
  HintBehaviour hint_behaviour(const std::vector<Prefix>& hints) const;
  // Whether an address and a prefix come in one session.
  Finding together() const;
  ServerProfile profile(const std::vector<Prefix>& hints) const;
  bool operator==(const SurveyedServer&) const = default;
};

struct SurveyResult {
  std::vector<Prefix> hints;
  bool address_asked = false;
  bool walked = false;                  // hints were asked one by one
  bool complete = false;                // the survey is over
  std::vector<SurveyedServer> servers;  // in the order in which they were heard
  // What the servers agree on (section 18.2.9); none when nobody said anything.
  std::optional<seconds> solicit_max;
  std::optional<seconds> information_max;

  // The widest prefix that anybody offers; null when nobody offers one.
  const OfferedLease* widest() const;
  bool operator==(const SurveyResult&) const = default;
};

}  // namespace sixgate::dhcp6
