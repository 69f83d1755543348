// SPDX-License-Identifier: Apache-2.0
// Exchange: one message of the client, sent until it is answered or given up (RFC 9915 section 15), and the
// limit that all exchanges of one interface share (section 14.1).
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>

#include "dhcp6/duid.h"
#include "dhcp6/message.h"
#include "dhcp6/retransmission.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

// A wider prefix while another is bound.
struct Upgrade {
  std::uint32_t iaid = 0;   // the IA_PD it is to be in
  unsigned wider_than = 0;  // the length that is held
  bool moves = false;       // it comes from another server than what is held
};

// A Rebind answered with another prefix than what is held, by another server than whose it is. Ours may be a moment
// slower, and is waited for.
struct OtherAnswer {
  static constexpr Duration kWait = seconds(1);
  Message reply;
  Ip6Address from;
  Instant received;
  Instant taken_at() const { return received + kWait; }
};

// What some servers do not bear.
struct Extras {
  bool rapid_commit = false;  // in a Solicit
  bool name = false;          // Client FQDN (RFC 4704)
  bool any() const { return rapid_commit || name; }
};

struct Exchange {
  MessageType type{};
  std::uint32_t transaction_id = 0;  // the same in each retransmission (section 16.1)
  Retransmission timing;
  Instant starts_at;                   // after the initial random delay
  Instant ends_at = Instant::never();  // the earliest T2, for a Renew (section 18.2.4)
  std::optional<Duid> server;          // named in the message
  // A Rebind or Confirm that asks whether the leases are still good here (section 18.2.12).
  bool verifying = false;
  std::optional<Upgrade> upgrade;  // what a Request is for, besides what is bound
  // What it carries beyond what every server takes; see client_extras.cc.
  Extras extras;
  bool plain = false;           // nothing of these, for they may be why it was not answered
  std::optional<Duid> doubted;  // who answered a plain one, and is asked again with everything
  // Somebody answered "no" (NotOnLink to a Confirm, NoBinding to a Rebind, nothing for a Solicit). Acted
  // upon when RT is over: until then another server may say "yes" (section 18.2.10.3).
  std::optional<Duid> refused_by;
  std::optional<OtherAnswer> other;

  // When something is to be done, while no transmission is allowed before `free_at`.
  Instant next(Instant free_at) const {
    if (!timing.sent()) return std::min(std::max(starts_at, free_at), ends_at);
    const Instant sends = std::max(timing.timeout_at(), free_at);
    return std::min(
        {sends, timing.fails_at(), ends_at, other ? other->taken_at() : Instant::never()});
  }
  bool failed(Instant now) const { return timing.sent() && timing.fails_at() <= now; }
  // Section 18.2.1: Advertises are collected until the first RT is over.
  bool first_timeout_over(Instant now) const {
    return timing.transmissions() > 1 || (timing.sent() && timing.timeout_at() <= now);
  }
};

// At most `messages` transmissions in any span of `interval`: a token bucket would let through up to twice
// as many in the worst span.
class TransmissionLimit {
 public:
  TransmissionLimit(unsigned messages, Duration interval)
      : messages_(messages == 0 ? 1 : messages), interval_(interval) {}

  // The earliest time at which another message may go.
  Instant free_at() const {
    return sent_.size() < messages_ ? Instant() : sent_.front() + interval_;
  }
  void sent(Instant now) {
    sent_.push_back(now);
    if (sent_.size() > messages_) sent_.pop_front();
  }

 private:
  std::size_t messages_;
  Duration interval_;
  std::deque<Instant> sent_;
};

}  // namespace sixgate::dhcp6
