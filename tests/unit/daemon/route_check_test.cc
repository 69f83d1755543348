// SPDX-License-Identifier: Apache-2.0
#include "daemon/route_check.h"

#include <gtest/gtest.h>

#include "router_run.h"

namespace sixgate::daemon {
namespace {

using testing::address;
using testing::isp_router;
using testing::kNow;
using testing::prefix;
using testing::RouterRun;
using testing::two_lans;

const Prefix kDelegation = prefix("2001:db8:1::/56");
const Ip6Address kInside = address("2001:db8:1::1");
const Ip6Address kOnLink = address("2001:db8:ffff::7");
const Ip6Address kOwnLinkLocal = address("fe80::77");
const Ip6Address kRouter = address("fe80::1");

std::vector<std::uint8_t> reply_to(const EchoRequest& request) {
  std::vector<std::uint8_t> payload = request.payload;
  payload[0] = 129;
  return payload;
}

// A check in virtual time, with a router that answers to the addresses it is told to.
struct Checked {
  explicit Checked(const Ip6Address& control = kOnLink) {
    view.target = kRouter;
    view.controls = {control};
    view.subjects = {{kDelegation, kInside}};
    view.renewal = kNow + seconds(900);
    check.look(view, now);
  }
  void run_for(Duration time) {
    const Instant end = now + time;
    for (auto next = check.next_deadline(); next && *next <= end; next = check.next_deadline()) {
      now = std::max(now, *next);
      check.expire(now);
      take();
      ASSERT_GT(*check.next_deadline(), now);
    }
    now = end;
  }
  void take() {
    RouteCheckOutputs out = check.drain();
    log.insert(log.end(), out.log.begin(), out.log.end());
    questions += out.question ? 1 : 0;
    for (const EchoRequest& request : out.packets) {
      ++sent;
      if (std::find(answered.begin(), answered.end(), request.source) != answered.end())
        check.receive(reply_to(request), request.destination, request.source, now);
    }
    RouteCheckOutputs more = check.drain();
    log.insert(log.end(), more.log.begin(), more.log.end());
    questions += more.question ? 1 : 0;
  }
  // Another T1: bound anew, or renewed.
  void renew() {
    view.renewal = now + seconds(900);
    check.look(view, now);
  }
  Routed finding() const { return check.finding(kDelegation); }
  unsigned warnings() const {
    return static_cast<unsigned>(std::count_if(log.begin(), log.end(), [](const LogLine& line) {
      return line.level == LogLevel::kWarning;
    }));
  }

  Rng rng{1};
  RouteCheck check{rng};
  RouteCheck::View view;
  Instant now = kNow;
  std::vector<Ip6Address> answered;
  unsigned sent = 0;
  unsigned questions = 0;
  LogLines log;
};

TEST(RouteCheck, AnAnswerToTheDelegatedAddressProvesIt) {
  Checked run;
  run.answered = {kInside, kOnLink};
  run.run_for(seconds(3));
  EXPECT_EQ(run.finding(), Routed::kYes);
  EXPECT_EQ(run.sent, 1U) << "a control is needed only when no answer comes";
  run.run_for(hours(1));
  EXPECT_LE(run.sent, 14U) << "not more than every four and a half minutes";
  EXPECT_EQ(run.warnings(), 0U);
}

TEST(RouteCheck, ARouterThatAnswersNobodyProvesNothing) {
  Checked run;
  run.run_for(hours(2));
  EXPECT_EQ(run.finding(), Routed::kUnknown);
  EXPECT_EQ(run.questions, 0U);
  EXPECT_LE(run.sent, 5U * 4) << "and is asked once in an hour";
}

TEST(RouteCheck, NotRoutedIsSaidOnceAndAskedAboutLessAndLess) {
  Checked run;
  run.answered = {kOnLink};
  run.run_for(seconds(4));
  EXPECT_EQ(run.finding(), Routed::kUnknown) << "three tries before the verdict";
  run.run_for(seconds(3));
  EXPECT_EQ(run.finding(), Routed::kNo);
  EXPECT_EQ(run.warnings(), 1U);
  EXPECT_EQ(run.questions, 1U);
  run.run_for(hours(1));
  EXPECT_LE(run.questions, 4U);
  run.run_for(hours(23));
  EXPECT_LE(run.questions, 10U);
  EXPECT_EQ(run.warnings(), 1U);
  run.answered.push_back(kInside);
  run.renew();
  run.run_for(seconds(3));
  EXPECT_EQ(run.finding(), Routed::kYes);
}

TEST(RouteCheck, ALostRouteIsNoticedLongBeforeT2) {
  Checked run;
  run.answered = {kInside, kOnLink};
  run.run_for(minutes(20));
  run.answered = {kOnLink};
  run.run_for(minutes(6));
  EXPECT_EQ(run.finding(), Routed::kNo);
  EXPECT_EQ(run.questions, 1U);
}

TEST(RouteCheck, ALinkLocalControlCountsOnlyAfterAProof) {
  Checked never(kOwnLinkLocal);
  never.answered = {kOwnLinkLocal};
  never.run_for(minutes(1));
  EXPECT_EQ(never.finding(), Routed::kUnknown);
  Checked once(kOwnLinkLocal);
  once.answered = {kOwnLinkLocal, kInside};
  once.run_for(minutes(1));
  EXPECT_EQ(once.finding(), Routed::kYes);
  once.answered = {kOwnLinkLocal};
  once.run_for(minutes(6));
  EXPECT_EQ(once.finding(), Routed::kNo);
  // Another router has proved nothing yet.
  once.view.target = address("fe80::2");
  once.check.look(once.view, once.now);
  once.run_for(minutes(1));
  EXPECT_EQ(once.finding(), Routed::kUnknown);
}

// The provider renumbered its own link as well.
TEST(RouteCheck, AGlobalControlThatIsGonePassesToTheLinkLocalOne) {
  Checked run;
  run.view.controls = {kOwnLinkLocal, kOnLink};
  run.check.look(run.view, run.now);
  run.answered = {kInside, kOnLink, kOwnLinkLocal};
  run.run_for(minutes(1));
  run.answered = {kOwnLinkLocal};
  run.run_for(minutes(6));
  EXPECT_EQ(run.finding(), Routed::kNo);
}

TEST(RouteCheck, OneLostAnswerIsNoLoss) {
  Checked run;
  run.answered = {kOnLink};
  run.run_for(milliseconds(2500));
  run.answered = {kInside, kOnLink};
  run.run_for(seconds(2));
  EXPECT_EQ(run.finding(), Routed::kYes);
  EXPECT_EQ(run.questions, 0U);
}

TEST(RouteCheck, OnlyTheRightAnswerCounts) {
  Checked run;
  run.run_for(milliseconds(2500));
  run.check.expire(run.now);
  std::vector<std::uint8_t> good{129, 0, 0, 0, 0x6a, 0x7e, 0, 1};
  good.resize(16);
  for (std::size_t cut = 0; cut <= good.size(); ++cut) {
    run.check.receive(std::span(good).first(cut), kRouter, kInside, run.now);
  }
  EXPECT_EQ(run.finding(), Routed::kUnknown) << "the nonce is another";
}

TEST(RouteCheck, WithoutARouterNothingIsSent) {
  Checked run;
  run.view.target.reset();
  run.check.look(run.view, run.now);
  EXPECT_FALSE(run.check.next_deadline().has_value());
}

// In the Router.
struct Online : RouterRun {
  explicit Online(conf::Config of = two_lans()) : RouterRun(std::move(of)) {
    answers = [this](const PacketOut& packet) { return routed || packet.source == kOnLink; };
    start_online();
    run_for(seconds(20));
  }
  bool routed = true;
  std::string finding() const { return router->status(now).uplinks.at(0).delegations.at(0).routed; }
};

TEST(RouteCheck, TheFindingIsInTheStatus) {
  Online run;
  EXPECT_EQ(run.finding(), "yes");
  EXPECT_TRUE(run.router->status(run.now).problems.empty());
}

// Today's clients wait for T2.
TEST(RouteCheck, AServerThatForgotUsIsNoticedWithinMinutes) {
  Online run;
  run.routed = false;
  const std::size_t before = run.dhcp.size();
  run.delegate({prefix("2001:db8:2::/56")});
  run.server.withdrawn = {kDelegation};
  run.run_for(minutes(6));
  ASSERT_GT(run.dhcp.size(), before);
  EXPECT_EQ(run.dhcp[before].message.type, dhcp6::MessageType::kRebind);
  EXPECT_TRUE(run.logged("2001:db8:1::/56 is not routed to us"));
  const auto old = testing::prefix_said(run.last_on("lan0"), prefix("2001:db8:1::/64"));
  ASSERT_TRUE(old.has_value());
  EXPECT_TRUE(old->valid.is_zero());
  EXPECT_TRUE(testing::prefix_said(run.last_on("lan0"), prefix("2001:db8:2::/64")).has_value());
}

// dibbler says nothing to a Rebind of what it does not know.
TEST(RouteCheck, AServerThatIsSilentUntilT2IsAReasonToAsk) {
  RouterRun run;
  run.server.t1 = Lifetime(60);
  run.server.t2 = Lifetime(96);
  run.answers = [&](const PacketOut& packet) {
    return !run.server.silent || packet.source == kOnLink;
  };
  run.start_online();
  run.run_for(seconds(20));
  EXPECT_FALSE(run.logged("is not routed to us"));
  run.server.silent = true;
  run.run_for(seconds(90));
  EXPECT_TRUE(run.logged("2001:db8:1::/56 is not routed to us")) << run.log_text();
}

TEST(RouteCheck, WhatIsNotRoutedStaysInUseAndIsAProblem) {
  Online run;
  run.routed = false;
  run.run_for(minutes(8));
  EXPECT_EQ(run.finding(), "no");
  ASSERT_EQ(run.router->status(run.now).problems.size(), 1U);
  const auto said = testing::prefix_said(run.last_on("lan0"), prefix("2001:db8:1::/64"));
  EXPECT_FALSE(said->preferred.is_zero());
  run.routed = true;
  run.run_for(minutes(6));
  EXPECT_EQ(run.finding(), "yes");
}

TEST(RouteCheck, OffMeansOff) {
  conf::Config config = two_lans();
  config.uplinks[0].route_check.mode = conf::RouteCheckConfig::Mode::kOff;
  Online run(config);
  EXPECT_EQ(run.echoes, 0U);
  EXPECT_EQ(run.finding(), "");
  EXPECT_TRUE(run.router->wanted_sockets().echo.empty());
}

}  // namespace
}  // namespace sixgate::daemon
