// SPDX-License-Identifier: Apache-2.0
// ClientParameters: what a DHCPv6 client is told about itself.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dhcp6/duid.h"
#include "net/domain_name.h"
#include "net/prefix.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

// One IA_PD. IAIDs of IA_PDs are distinct (RFC 9915 section 12); that of the IA_NA has a number space of its
// own.
struct DelegationRequest {
  std::uint32_t iaid = 0;
  // ::/56 asks for a length, anything else for that very prefix (RFC 8168 section 3.1).
  std::optional<Prefix> hint;
  bool operator==(const DelegationRequest&) const = default;
};

// What is asked for beyond the first IA_PD; may change while a client is at work.
struct DelegationPolicy {
  // How many /64s the house has use for, where a survey finds nothing wider: as many IA_PDs.
  unsigned slash64s = 1;
  // How often a client that is bound looks whether a wider prefix is on offer: in vain twice as long, up to four
  // times. Zero: never.
  Duration probe_interval{};
  // How long a prefix that a wider one has replaced stays in use, deprecated, before it is released.
  Duration retire_after = hours(2);
  bool operator==(const DelegationPolicy&) const = default;
};

struct ClientParameters {
  Duid duid;
  std::optional<std::uint32_t> address_iaid;  // none: no IA_NA
  std::vector<DelegationRequest> delegations;
  // What is looked at before anything is requested for the first of `delegations` (survey.h); none: a Solicit
  // asks as `delegations` say, and so it does with rapid commit, which takes what comes.
  std::vector<Prefix> survey_hints;
  // IAIDs of further IA_PDs, asked for when there is a reason (DelegationPolicy).
  std::vector<std::uint32_t> spare_iaids;
  DelegationPolicy policy;
  // Option codes to ask for besides those of name, time and SIP servers, captive portal and encrypted DNS, and
  // what the protocol wants itself.
  // What an Option Request option must not hold (21.7) is left out silently.
  std::vector<std::uint16_t> extra_options;
  // Told to servers that do not fail on it, with the wish that they make its AAAA record (RFC 4704 section 5.2). One
  // label: the server completes it.
  std::optional<DomainName> name;
  bool rapid_commit = false;       // 18.2.1
  bool release_on_stop = false;    // RFC 9096 WPD-9: not by default
  bool accept_reconfigure = true;  // 21.20
  // A delegation longer than this is of no use and not taken.
  unsigned longest_prefix = 64;
  // At most this many messages in this time (14.1).
  unsigned rate_messages = 20;
  Duration rate_interval = seconds(20);
  // How long the first Release waits for the last Router Advertisements (18.2.7: prefixes are withdrawn
  // before the exchange begins).
  Duration release_delay = seconds(1);
  bool operator==(const ClientParameters&) const = default;
};

// Whether discovery is a survey.
inline bool surveys(const ClientParameters& parameters) {
  return !parameters.survey_hints.empty() && !parameters.delegations.empty() &&
         !parameters.rapid_commit;
}

}  // namespace sixgate::dhcp6
