// SPDX-License-Identifier: Apache-2.0
// PrefixPool: every prefix the house may use, who delegated it, and how long it is still good for.
// A delegation that ends does not vanish: hosts still hold addresses in it, so it stays as
// deprecated until their copies have run out (RFC 9096 section 3.5).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/prefix.h"
#include "net/time.h"

namespace sixgate::delegation {

// Deprecated: withdrawn, or its preferred lifetime is over. It takes no new assignments and keeps
// those it has.
enum class Standing : std::uint8_t { kLive, kDeprecated };

std::string_view to_string(Standing standing);

// Origins that are not the name of an uplink.
inline constexpr std::string_view kOriginUla = "ula";  // netifd calls it "local"
inline constexpr std::string_view kOriginStatic = "static";

struct Delegation {
  Prefix prefix;
  std::string origin;  // the uplink's name, kOriginUla or kOriginStatic
  Standing standing = Standing::kLive;
  Instant preferred_until = Instant::never();
  Instant valid_until = Instant::never();
  std::optional<Prefix> excluded;  // RFC 6603: used on the delegating router's link, never on ours
  // Its origin delegates it no longer: advertised with both lifetimes zero. A deprecated one that
  // is not withdrawn has only outlived its preferred lifetime and is advertised with what is left
  // of the valid one.
  bool withdrawn = false;

  bool operator==(const Delegation&) const = default;
};

class PrefixPool {
 public:
  // `host_memory`: how long a host may hold what the last Router Advertisement told it, which is
  // the largest valid lifetime that is ever sent (RFC 9096 section 3.4: 5400 s).
  explicit PrefixPool(Duration host_memory = seconds(5400)) : host_memory_(host_memory) {}
  void set_host_memory(Duration host_memory) { host_memory_ = host_memory; }

  // What was known before a restart. Until update() speaks for an origin its delegations stay as
  // they are: unconfirmed is not unwanted.
  void restore(std::vector<Delegation> stored, Instant now);

  // Replaces what `origin` delegates. One that is missing now, or whose valid lifetime is over, is
  // withdrawn: deprecated, and valid until the earlier of its own end and now + host_memory.
  void update(std::string_view origin, std::vector<Delegation> now_delegated, Instant now);

  // Preferred lifetimes that are over deprecate; valid lifetimes that are over remove (RFC 9915
  // section 18.2.10.1: the use of a prefix stops there).
  void expire(Instant now);
  std::optional<Instant> next_deadline() const;

  // Ordered by origin, then prefix.
  const std::vector<Delegation>& delegations() const { return delegations_; }

  bool operator==(const PrefixPool&) const = default;

 private:
  void settle(Instant now);

  std::vector<Delegation> delegations_;
  Duration host_memory_;
};

}  // namespace sixgate::delegation
