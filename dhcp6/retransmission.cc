// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/retransmission.h"

namespace sixgate::dhcp6 {
namespace {

// RAND * base, RAND uniform in -0.1..+0.1.
Duration randomisation(Duration base, Rng& rng) { return rng.between(-(base / 10), base / 10); }

}  // namespace

void Retransmission::transmitted(Instant now, Rng& rng) {
  if (transmissions_ == 0) {
    first_sent_ = now;
    // RT = IRT + RAND*IRT; RAND strictly greater than 0 for Solicit.
    const Duration initial = parameters_.initial_timeout;
    timeout_ = initial + (parameters_.first_above_initial ? rng.between(Duration(1), initial / 10)
                                                          : randomisation(initial, rng));
  } else {
    // RT = 2*RTprev + RAND*RTprev
    timeout_ = 2 * timeout_ + randomisation(timeout_, rng);
  }
  // if (RT > MRT) RT = MRT + RAND*MRT
  const Duration maximum = parameters_.maximum_timeout;
  if (maximum > Duration::zero() && timeout_ > maximum) {
    timeout_ = maximum + randomisation(maximum, rng);
  }
  ++transmissions_;
  last_sent_ = now;
}

Instant Retransmission::fails_at() const {
  Instant at = Instant::never();
  if (parameters_.maximum_duration > Duration::zero()) {
    at = first_sent_ + parameters_.maximum_duration;
  }
  if (parameters_.maximum_count > 0 && transmissions_ >= parameters_.maximum_count) {
    at = std::min(at, timeout_at());
  }
  return at;
}

}  // namespace sixgate::dhcp6
