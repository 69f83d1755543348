// SPDX-License-Identifier: Apache-2.0
// Withdrawals: what hosts may still hold of what was once said on a link, and how it is taken back.
//
// A prefix, route, resolver, search domain or translation prefix that is no longer said is repeated with
// lifetime zero for as long as a host may hold it (RFC 9096 section 3.5, RFC 4191 section 4, RFC 8106
// section 5.1, RFC 8781 section 4.1, RFC 9463 section 6.1). A captive portal has no lifetime: that there
// is none any more is said in so many words (RFC 8910 section 2).
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "ra/advertisement.h"

namespace sixgate::ra {

// What is withdrawn at one time, of each kind; beyond it, what hosts hold the shortest is given up.
inline constexpr std::size_t kMaxWithdrawn = 64;

// Until when a host may hold a prefix: the latest of (time sent + valid lifetime sent).
struct AdvertisedRecord {
  Prefix prefix;
  bool on_link = true;
  bool autonomous = true;
  Instant host_valid_until;
  bool operator==(const AdvertisedRecord&) const = default;
};

// The same of anything else: the option that takes it back.
struct AdvertisedOption {
  Option withdrawal;
  Instant host_valid_until;
  bool operator==(const AdvertisedOption&) const = default;
};

class Withdrawals {
 public:
  // What an earlier life of this router said.
  void restore(const AdvertisedRecord& record);
  void restore(const AdvertisedOption& record);

  // Hosts hold these from now on.
  void note(const Options& sent, Instant now);
  // What note() lengthens for the same options, to be said again and again: where the end is kept, and for how
  // long a host holds it. Good while revision() stays.
  struct Hold {
    Instant* until;
    Lifetime lifetime;
  };
  std::vector<Hold> holds(const Options& sent);
  // Another number when anything was added, taken away or changed but its end.
  std::uint64_t revision() const { return revision_; }
  // The first end of anything.
  Instant first_end() const;
  bool knows(const Prefix& prefix) const { return prefixes_.contains(prefix); }

  // What has to be taken back while only `live` is said. RFC 9096 section 3.5 of prefixes: both
  // lifetimes zero, A and L as they were. A host does not shorten a valid lifetime below two hours on
  // our word (RFC 4862 section 5.5.3 e), but it follows the preferred one at once: the address is not
  // used for anything new.
  Options prefixes(const Options& live, Instant now) const;
  Options others(const Options& live, Instant now) const;

  // Lets go of what no host holds any more, then of the soonest to end where too much is withdrawn.
  void trim(const Options& live, Instant now);

  std::vector<AdvertisedRecord> prefix_records() const;  // ordered by prefix
  std::vector<AdvertisedOption> option_records() const;  // ordered by type, then by octets

 private:
  using Key =
      std::vector<std::uint8_t>;  // the withdrawing option on the wire: its type comes first
  struct Held {
    bool on_link = true;
    bool autonomous = true;
    Instant until;
  };
  struct HeldOption {
    Option withdrawal;
    Instant until;
  };

  std::map<Prefix, Held> prefixes_;
  std::map<Key, HeldOption> options_;
  std::uint64_t revision_ = 0;
};

}  // namespace sixgate::ra
