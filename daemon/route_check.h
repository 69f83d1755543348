// SPDX-License-Identifier: Apache-2.0
// RouteCheck: is what a provider delegated really routed to us? An access node that rebooted, or a server that
// lost its leases, leaves a router with a prefix that looks well until T2. So after each bind and renewal, at T2,
// and now and then, the provider's router is sent an ICMPv6 Echo Request from an address inside the delegation: its
// answer finds the way back only when it routes the delegation to us. When none comes, the same from our own
// addresses on the link is the control.
//
//   answer to the delegated address           -> routed
//   none, while a control is answered         -> not routed (*)
//   none at all                               -> nothing is known: routers need not answer
//
// (*) With a link-local control only if this router has answered to the delegation before: it may have its own
// idea of answering across scopes (RFC 4007 section 9). A global one may have gone with the delegation.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "net/ip6_address.h"
#include "net/log.h"
#include "net/prefix.h"
#include "net/rng.h"
#include "net/time.h"

namespace sixgate::daemon {

enum class Routed : std::uint8_t { kUnknown, kYes, kNo };
std::string_view to_string(Routed routed);

struct EchoRequest {
  Ip6Address source;
  Ip6Address destination;
  std::vector<std::uint8_t> payload;  // from the ICMPv6 type on; the kernel computes the checksum
};

struct RouteCheckOutputs {
  std::vector<EchoRequest> packets;
  bool question = false;  // the lease is to be verified
  LogLines log;
};

class RouteCheck {
 public:
  struct Subject {
    Prefix delegation;
    Ip6Address source;  // ours, in it
    bool operator==(const Subject&) const = default;
  };
  // What there is to check.
  struct View {
    std::optional<Ip6Address> target;  // whom to ask; none: nobody is there
    std::vector<Ip6Address> controls;  // ours on the link
    std::vector<Subject> subjects;
    Instant
        renewal;  // T1 of the lease, or T2 once it is over: another one means that it was bound or renewed, or not
    bool operator==(const View&) const = default;
  };

  explicit RouteCheck(Rng& rng) : rng_(&rng) {}

  void look(View view, Instant now);
  void receive(std::span<const std::uint8_t> payload, const Ip6Address& from, const Ip6Address& to,
               Instant now);
  void expire(Instant now);
  std::optional<Instant> next_deadline() const;
  RouteCheckOutputs drain();

  Routed finding(const Prefix& delegation) const;

 private:
  struct Route {
    Subject subject;
    Routed routed = Routed::kUnknown;
    bool proven = false;  // the present target has answered to it
    Instant next_at;
    unsigned tries = 0;             // of the round under way
    bool link_local_heard = false;  // of the controls
    bool global_heard = false;
    std::uint64_t nonce = 0;
  };
  void begin(Route& route, Instant at);
  void send(Route& route, Instant now);
  void judge(Route& route, Instant now);
  void found(Route& route, Routed routed);
  Instant later(Instant now, Duration about);

  Rng* rng_;
  View view_;
  std::vector<Route> routes_;
  std::optional<Instant> question_at_;  // not before
  Duration question_after_{};
  RouteCheckOutputs out_;
};

}  // namespace sixgate::daemon
