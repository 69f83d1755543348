// SPDX-License-Identifier: Apache-2.0
#include "daemon/route_check.h"

#include <algorithm>
#include <utility>

#include "net/byte_reader.h"
#include "net/byte_writer.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

// RFC 4443 sections 4.1 and 4.2.
constexpr std::uint8_t kEchoRequest = 128;
constexpr std::uint8_t kEchoReply = 129;
constexpr std::uint16_t kIdentifier = 0x6a7e;

// An access node learns a route from the Reply that passes by, and may take a moment.
constexpr Duration kSettling = seconds(2);
constexpr Duration kPatience = seconds(1);
constexpr unsigned kTries = 3;
// A packet in five minutes is a price for hearing of a lost route long before T2.
constexpr Duration kOften = minutes(5);
// Whoever does not answer is asked again, but not often.
constexpr Duration kSeldom = hours(1);
// A server is asked about a lease that leads nowhere at once, then less and less.
constexpr Duration kFirstQuestion = minutes(10);
constexpr Duration kLastQuestion = hours(6);

}  // namespace

std::string_view to_string(Routed routed) {
  switch (routed) {
    case Routed::kUnknown:
      return "unknown";
    case Routed::kYes:
      return "yes";
    case Routed::kNo:
      return "no";
  }
  return "";
}

void RouteCheck::look(View view, Instant now) {
  if (view == view_) return;
  const bool another_router = view.target != view_.target;
  const bool renewed = view.renewal != view_.renewal;
  view_ = std::move(view);
  std::vector<Route> before = std::exchange(routes_, {});
  for (const Subject& subject : view_.subjects) {
    const auto known = std::find_if(before.begin(), before.end(), [&](const Route& route) {
      return route.subject.delegation == subject.delegation;
    });
    const bool fresh = known == before.end();
    Route& route = routes_.emplace_back(fresh ? Route{} : *known);
    const bool moved = route.subject != subject;
    route.subject = subject;
    if (another_router) route.proven = false;
    if (fresh || moved || another_router || renewed) begin(route, now + kSettling);
  }
}

void RouteCheck::begin(Route& route, Instant at) {
  route.tries = 0;
  route.link_local_heard = route.global_heard = false;
  route.nonce = rng_->u64();
  route.next_at = at;
}

void RouteCheck::send(Route& route, Instant now) {
  ++route.tries;
  route.next_at = now + kPatience;
  std::vector<Ip6Address> sources{route.subject.source};
  if (route.tries > 1) sources.insert(sources.end(), view_.controls.begin(), view_.controls.end());
  for (const Ip6Address& source : sources) {
    EchoRequest request{source, *view_.target, {}};
    ByteWriter writer(request.payload);
    writer.u8(kEchoRequest);
    writer.u8(0);
    writer.u16(0);
    writer.u16(kIdentifier);
    writer.u16(static_cast<std::uint16_t>(route.tries));
    writer.u64(route.nonce);
    out_.packets.push_back(std::move(request));
  }
}

//   Type, Code, Checksum, Identifier, Sequence Number, and our nonce as the data.
void RouteCheck::receive(std::span<const std::uint8_t> payload, const Ip6Address& from,
                         const Ip6Address& to, Instant now) {
  ByteReader reader(payload);
  const std::uint8_t type = reader.u8();
  const std::uint8_t code = reader.u8();
  reader.u16();
  const std::uint16_t identifier = reader.u16();
  reader.u16();
  const std::uint64_t nonce = reader.u64();
  if (!reader.ok() || type != kEchoReply || code != 0 || identifier != kIdentifier) return;
  if (!view_.target || from != *view_.target) return;
  for (Route& route : routes_) {
    if (route.tries == 0 || route.nonce != nonce) continue;
    if (to == route.subject.source) {
      route.proven = true;
      found(route, Routed::kYes);
      begin(route, later(now, kOften));
    } else if (std::find(view_.controls.begin(), view_.controls.end(), to) !=
               view_.controls.end()) {
      (to.is_link_local() ? route.link_local_heard : route.global_heard) = true;
    }
    return;
  }
}

void RouteCheck::judge(Route& route, Instant now) {
  const bool answers = route.global_heard || (route.link_local_heard && route.proven);
  found(route, answers ? Routed::kNo : Routed::kUnknown);
  if (answers && (!question_at_ || now >= *question_at_)) {
    question_after_ = question_after_ == Duration{}
                          ? kFirstQuestion
                          : std::min(2 * question_after_, Duration(kLastQuestion));
    question_at_ = now + question_after_;
    out_.question = true;
  }
  begin(route, later(now, answers || route.proven ? kOften : kSeldom));
}

void RouteCheck::found(Route& route, Routed routed) {
  const Routed before = std::exchange(route.routed, routed);
  if (routed == Routed::kYes) {
    question_at_.reset();
    question_after_ = Duration{};
  }
  if (before == routed) return;
  switch (routed) {
    case Routed::kYes:
      out_.log.push_back(
          {LogLevel::kInfo, cat(route.subject.delegation, " is routed to us by ", *view_.target)});
      return;
    case Routed::kNo:
      out_.log.push_back({LogLevel::kWarning,
                          cat(route.subject.delegation, " is not routed to us: ", *view_.target,
                              " answers to our address on the link and not to ",
                              route.subject.source, "; asking the server")});
      return;
    case Routed::kUnknown:
      out_.log.push_back({LogLevel::kInfo, cat("whether ", route.subject.delegation,
                                               " is routed to us cannot be told")});
      return;
  }
}

// Ten homes that lost power together do not ask together.
Instant RouteCheck::later(Instant now, Duration about) {
  return now + rng_->between(about * 9 / 10, about * 11 / 10);
}

void RouteCheck::expire(Instant now) {
  if (!view_.target) return;
  for (Route& route : routes_) {
    if (route.next_at > now) continue;
    if (route.tries < kTries) {
      send(route, now);
    } else {
      judge(route, now);
    }
  }
}

std::optional<Instant> RouteCheck::next_deadline() const {
  std::optional<Instant> next;
  if (!view_.target) return next;
  for (const Route& route : routes_) next = earlier(next, std::optional(route.next_at));
  return next;
}

RouteCheckOutputs RouteCheck::drain() { return std::exchange(out_, RouteCheckOutputs{}); }

Routed RouteCheck::finding(const Prefix& delegation) const {
  for (const Route& route : routes_) {
    if (route.subject.delegation == delegation) return route.routed;
  }
  return Routed::kUnknown;
}

}  // namespace sixgate::daemon
