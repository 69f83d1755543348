// SPDX-License-Identifier: Apache-2.0
// RouterWatch: the other routers of a link on which we advertise (RFC 4861 section 6.2.7). What they say is
// remembered, compared with what we say, and reported once and again when it changes. It is never used: a
// rogue's prefix stays the rogue's.
//
// Memory and log are bounded whatever arrives: so many routers, so many lines in an hour.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "net/line_budget.h"
#include "net/log.h"
#include "ra/messages.h"

namespace sixgate::ra {

inline constexpr std::size_t kMaxForeignRouters = 16;

struct ForeignRouter {
  Ip6Address address;
  RouterAdvertisement last;
  Instant heard;
  std::uint64_t advertisements = 0;
  std::vector<std::string> differences;  // from what we say, in words
  bool operator==(const ForeignRouter&) const = default;
};

class RouterWatch {
 public:
  // A valid advertisement of somebody else, and what we say at this moment. Returns how many values are
  // inconsistent.
  std::size_t hear(const RouterAdvertisement& theirs, const Ip6Address& from,
                   const RouterAdvertisement& ours, Instant now, LogLines& log);
  // Forgets those whose word has run out.
  void expire(Instant now);
  std::vector<ForeignRouter> routers() const;  // by address
  std::uint64_t crowded_out() const { return crowded_out_; }

 private:
  std::map<Ip6Address, ForeignRouter> routers_;
  std::uint64_t crowded_out_ = 0;  // advertisements of routers that the table had no room for
  LineBudget budget_;
};

// What would make hosts switch to and fro between two routers' values, in words; values of zero say nothing.
std::vector<std::string> inconsistencies(const RouterAdvertisement& theirs,
                                         const RouterAdvertisement& ours);

}  // namespace sixgate::ra
