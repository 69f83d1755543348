// SPDX-License-Identifier: Apache-2.0
// Retransmission: when a client sends its message again, and when it gives up (RFC 9915 section 15).
#pragma once

#include <algorithm>

#include "net/rng.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

// The parameters of section 7.6, by message. Zero means "no limit", as in section 15.
struct RetransmissionParameters {
  Duration initial_timeout{};   // IRT
  Duration maximum_timeout{};   // MRT
  unsigned maximum_count = 0;   // MRC: transmissions, the first one included
  Duration maximum_duration{};  // MRD, from the first transmission
  // The first RT is strictly longer than IRT (section 18.2.1, Solicit only).
  bool first_above_initial = false;
  bool operator==(const RetransmissionParameters&) const = default;
};

inline constexpr RetransmissionParameters kSolicitTiming{
    .initial_timeout = seconds(1),     // SOL_TIMEOUT
    .maximum_timeout = seconds(3600),  // SOL_MAX_RT
    .first_above_initial = true};
inline constexpr RetransmissionParameters kRequestTiming{
    .initial_timeout = seconds(1),   // REQ_TIMEOUT
    .maximum_timeout = seconds(30),  // REQ_MAX_RT
    .maximum_count = 10};            // REQ_MAX_RC
inline constexpr RetransmissionParameters kConfirmTiming{
    .initial_timeout = seconds(1),     // CNF_TIMEOUT
    .maximum_timeout = seconds(4),     // CNF_MAX_RT
    .maximum_duration = seconds(10)};  // CNF_MAX_RD
inline constexpr RetransmissionParameters kRenewTiming{
    .initial_timeout = seconds(10),    // REN_TIMEOUT
    .maximum_timeout = seconds(600)};  // REN_MAX_RT; MRD is the time left until T2
inline constexpr RetransmissionParameters kRebindTiming{
    .initial_timeout = seconds(10),  // REB_TIMEOUT
    .maximum_timeout =
        seconds(600)};  // REB_MAX_RT; MRD is the time left until every lease has expired
inline constexpr RetransmissionParameters kInformationRequestTiming{
    .initial_timeout = seconds(1),      // INF_TIMEOUT
    .maximum_timeout = seconds(3600)};  // INF_MAX_RT
inline constexpr RetransmissionParameters kReleaseTiming{
    .initial_timeout = seconds(1),  // REL_TIMEOUT
    .maximum_count = 4};            // REL_MAX_RC
inline constexpr RetransmissionParameters kDeclineTiming{
    .initial_timeout = seconds(1),  // DEC_TIMEOUT
    .maximum_count = 4};            // DEC_MAX_RC

// One exchange's sequence of timeouts. The owner reports each transmission when it really happens (it may
// have been held back), and asks what comes next.
class Retransmission {
 public:
  explicit Retransmission(const RetransmissionParameters& parameters) : parameters_(parameters) {}

  // The message is sent at `now`: chooses the next RT.
  void transmitted(Instant now, Rng& rng);

  unsigned transmissions() const { return transmissions_; }
  bool sent() const { return transmissions_ > 0; }
  Instant first_sent() const { return first_sent_; }
  Duration timeout() const { return timeout_; }  // RT
  // When RT has elapsed since the last transmission.
  Instant timeout_at() const { return last_sent_ + timeout_; }
  // When the exchange has failed: MRC transmissions made and the last RT over, or MRD over; never otherwise.
  Instant fails_at() const;
  // The earlier of the two: when the owner must act. Before the first transmission there is no such time.
  Instant next() const { return std::min(timeout_at(), fails_at()); }

  // SOL_MAX_RT or INF_MAX_RT has changed: takes effect with the next RT (sections 21.24, 21.25).
  void set_maximum_timeout(Duration maximum) { parameters_.maximum_timeout = maximum; }
  const RetransmissionParameters& parameters() const { return parameters_; }

 private:
  RetransmissionParameters parameters_;
  unsigned transmissions_ = 0;
  Instant first_sent_;
  Instant last_sent_;
  Duration timeout_{};
};

}  // namespace sixgate::dhcp6
