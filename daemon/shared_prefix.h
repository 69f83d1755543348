// SPDX-License-Identifier: Apache-2.0
// SharedPrefix: one /64 for several links, where there is no prefix for each (RFC 7278). Which one, whose, for
// which LANs and for how long, decided by one pure function of what is known of an uplink.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conf/config.h"
#include "ra/router_listener.h"

namespace sixgate::daemon {

struct SharedPrefix {
  enum class Source : std::uint8_t {
    kAdvertised,  // by the routers of the uplink's link, which is one of those that share
    kDelegated,   // to us, and given to the first LAN
  };
  Source source = Source::kAdvertised;
  Prefix prefix;
  std::vector<std::string> lans;  // names; who is served first comes first
  Instant preferred_until;
  Instant valid_until;
  // Something better is there: deprecated, so that what hosts have begun may end, and gone by then.
  std::optional<Instant> ends;
  // What else the uplink's link has, for LANs that its Router Advertisements are told on to.
  struct Further {
    Prefix prefix;
    Instant preferred_until;
    Instant valid_until;
    bool operator==(const Further&) const = default;
  };
  std::vector<Further> further;

  bool has(const std::string& lan) const;
  std::vector<Prefix> prefixes() const;  // the first one first
  bool operator==(const SharedPrefix&) const = default;
};

// What is known of one uplink.
struct SharingFacts {
  // A LAN that takes prefixes from this uplink.
  struct Lan {
    std::string name;
    int priority = 0;
    bool relays = false;        // it is told the uplink's own Router Advertisements
    bool able = true;           // it has link-layer addresses, no loop, and SLAAC
    std::optional<Prefix> own;  // what it has on link of a delegation of this uplink, which is live
    Instant preferred_until;    // of `own`
    Instant valid_until;
    bool operator==(const Lan&) const = default;
  };
  const conf::UplinkConfig* config = nullptr;
  const ra::Heard* heard = nullptr;
  std::vector<Lan> lans;          // in the order of the configuration
  bool relaying() const;          // one of them is told the uplink's Router Advertisements
  std::vector<Prefix> delegated;  // whoever delegates it
  Instant delegation_due;         // a delegation may yet come, or another one, before this
  bool upstream_able = true;      // no proxy has passed on its Router Advertisements
};

// How long what something better has replaced stays deprecated.
inline constexpr Duration kSharingFarewell = minutes(60);

std::optional<SharedPrefix> decide_sharing(const SharingFacts& facts,
                                           const std::optional<SharedPrefix>& before, Instant now);

// Why it is as it is, in words, sharing or not.
std::string why_shared(const SharingFacts& facts, const std::optional<SharedPrefix>& shared,
                       Instant now);

// When the same facts make another decision.
std::optional<Instant> sharing_deadline(const SharingFacts& facts,
                                        const std::optional<SharedPrefix>& shared, Instant now);

}  // namespace sixgate::daemon
