// SPDX-License-Identifier: Apache-2.0
// Instant and Lifetime: the two kinds of time in this code.
//
// An Instant is a point on one monotonic clock that counts suspended time (CLOCK_BOOTTIME; the daemon
// reads it, everything else is told). A Lifetime is what the protocols carry: whole seconds in 32 bits,
// all ones meaning infinity (RFC 9915 section 7.7, RFC 4861 section 4.6.2). Lifetimes become instants
// when they are received and seconds again only when they are sent.
#pragma once

#include <algorithm>
#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>

namespace sixgate {

using Duration = std::chrono::microseconds;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class Instant {
 public:
  constexpr Instant() = default;
  static constexpr Instant from_micros(std::int64_t micros) { return Instant(micros); }
  // Later than every other instant: the expiry of what never expires.
  static constexpr Instant never() { return Instant(std::numeric_limits<std::int64_t>::max()); }

  constexpr std::int64_t micros() const { return micros_; }
  constexpr bool is_never() const { return micros_ == never().micros_; }

  // Arithmetic saturates at never() and keeps never() where it is.
  friend constexpr Instant operator+(Instant at, Duration d) {
    if (at.is_never() || (d.count() > 0 && at.micros_ > never().micros_ - d.count()))
      return never();
    return Instant(at.micros_ + d.count());
  }
  friend constexpr Instant operator-(Instant at, Duration d) { return at + (-d); }
  friend constexpr Duration operator-(Instant a, Instant b) {
    if (a.is_never() && !b.is_never()) return Duration::max();
    return Duration(a.micros_ - b.micros_);
  }
  friend constexpr auto operator<=>(Instant, Instant) = default;

 private:
  constexpr explicit Instant(std::int64_t micros) : micros_(micros) {}
  std::int64_t micros_ = 0;
};

class Lifetime {
 public:
  constexpr Lifetime() = default;
  // All ones is infinity, as on the wire.
  constexpr explicit Lifetime(std::uint32_t secs) : seconds_(secs) {}
  static constexpr Lifetime infinite() { return Lifetime(0xffffffffU); }

  constexpr std::uint32_t count() const { return seconds_; }
  constexpr bool is_infinite() const { return seconds_ == 0xffffffffU; }
  constexpr bool is_zero() const { return seconds_ == 0; }

  // Infinity compares greater than every number of seconds, so std::min does what is meant.
  friend constexpr auto operator<=>(Lifetime, Lifetime) = default;

 private:
  std::uint32_t seconds_ = 0;
};

// When something that lives for `lifetime` from `now` ends.
constexpr Instant expiry(Instant now, Lifetime lifetime) {
  return lifetime.is_infinite() ? Instant::never() : now + seconds(lifetime.count());
}

// What is left at `now` until `end`, rounded down so that nobody is promised more than there is.
constexpr Lifetime remaining(Instant end, Instant now) {
  if (end.is_never()) return Lifetime::infinite();
  if (end <= now) return Lifetime(0);
  const auto left = std::chrono::duration_cast<seconds>(end - now).count();
  return Lifetime(static_cast<std::uint32_t>(std::min<std::int64_t>(left, 0xfffffffe)));
}

// The earlier of two optional deadlines lives here because every engine has several.
template <class OptionalInstant>
constexpr OptionalInstant earlier(OptionalInstant a, OptionalInstant b) {
  if (!a) return b;
  if (!b) return a;
  return std::min(*a, *b);
}

}  // namespace sixgate
