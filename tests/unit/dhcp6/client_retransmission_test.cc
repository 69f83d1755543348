// SPDX-License-Identifier: Apache-2.0
// Retransmission against the formulas of RFC 9915 section 15, and the exchanges of a client against the
// parameters of section 7.6.
#include "dhcp6/retransmission.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/support/dhcp6_client_run.h"

namespace sixgate::dhcp6::testing {
namespace {

constexpr std::uint64_t kSeeds = 3000;

double in_seconds(Duration d) { return static_cast<double>(d.count()) / 1e6; }

// What RAND must have been for `timeout` to come out; the caller says from which base.
double factor(Duration timeout, Duration base, double multiple) {
  return in_seconds(timeout) / in_seconds(base) - multiple;
}

struct Named {
  const char* name;
  RetransmissionParameters parameters;
};
const std::vector<Named> kAll{
    {"Solicit", kSolicitTiming}, {"Request", kRequestTiming},
    {"Confirm", kConfirmTiming}, {"Renew", kRenewTiming},
    {"Rebind", kRebindTiming},   {"Information-request", kInformationRequestTiming},
    {"Release", kReleaseTiming}, {"Decline", kDeclineTiming}};

TEST(Retransmission, FollowsTheFormulasForThousandsOfSeeds) {
  constexpr double kRounding = 1e-5;  // microseconds of a timeout of a second
  for (const Named& one : kAll) {
    SCOPED_TRACE(one.name);
    const RetransmissionParameters& p = one.parameters;
    double lowest = 1;
    double highest = -1;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      Rng rng(seed);
      Retransmission timing(p);
      Instant now = Instant::from_micros(static_cast<std::int64_t>(seed) * 977);
      Duration previous{};
      for (int n = 0; n < 16; ++n) {
        timing.transmitted(now, rng);
        const Duration timeout = timing.timeout();
        double rand = 0;
        if (n == 0) {
          rand = factor(timeout, p.initial_timeout, 1);  // RT = IRT + RAND*IRT
          if (p.first_above_initial) {
            ASSERT_GT(timeout, p.initial_timeout) << "seed " << seed;
          }
        } else if (p.maximum_timeout > Duration::zero() &&
                   timeout >= p.maximum_timeout - p.maximum_timeout / 10 &&
                   in_seconds(previous) * 2.1 > in_seconds(p.maximum_timeout)) {
          // Either RT = MRT + RAND*MRT, or the doubled value was just not above MRT.
          rand = factor(timeout, p.maximum_timeout, 1);
        } else {
          rand = factor(timeout, previous, 2);  // RT = 2*RTprev + RAND*RTprev
        }
        ASSERT_GE(rand, -0.1 - kRounding) << "seed " << seed << ", transmission " << n;
        ASSERT_LE(rand, 0.1 + kRounding) << "seed " << seed << ", transmission " << n;
        lowest = std::min(lowest, rand);
        highest = std::max(highest, rand);
        if (p.maximum_timeout > Duration::zero()) {
          ASSERT_LE(timeout, p.maximum_timeout + p.maximum_timeout / 10);
        }
        previous = timeout;
        now = timing.timeout_at();
      }
    }
    EXPECT_LT(lowest, -0.095);
    EXPECT_GT(highest, 0.095);
  }
}

TEST(Retransmission, RandomisationIsUniform) {
  double sum = 0;
  std::vector<int> tenths(10);
  for (std::uint64_t seed = 0; seed < 10000; ++seed) {
    Rng rng(seed);
    Retransmission timing(kRenewTiming);
    timing.transmitted(Instant(), rng);
    const double rand = factor(timing.timeout(), kRenewTiming.initial_timeout, 1);
    sum += rand;
    ++tenths[std::min<std::size_t>(9, static_cast<std::size_t>((rand + 0.1) / 0.02))];
  }
  EXPECT_NEAR(sum / 10000, 0, 0.002);
  for (const int count : tenths) EXPECT_NEAR(count, 1000, 150);
}

TEST(Retransmission, GivesUpAfterMrcTransmissionsAndTheLastTimeout) {
  Rng rng(1);
  Retransmission timing(kReleaseTiming);
  Instant now = Instant::from_micros(1000);
  for (int n = 0; n < 3; ++n) {
    timing.transmitted(now, rng);
    EXPECT_TRUE(timing.fails_at().is_never());
    now = timing.next();
  }
  timing.transmitted(now, rng);
  EXPECT_EQ(timing.transmissions(), 4U);
  EXPECT_EQ(timing.fails_at(), timing.timeout_at());
}

TEST(Retransmission, GivesUpWhenMrdIsOver) {
  Rng rng(1);
  Retransmission timing(kConfirmTiming);
  const Instant begin = Instant::from_micros(1000);
  Instant now = begin;
  timing.transmitted(now, rng);
  while (timing.next() < timing.fails_at()) {
    now = timing.next();
    timing.transmitted(now, rng);
  }
  EXPECT_EQ(timing.next(), begin + seconds(10));
  EXPECT_GE(timing.transmissions(), 4U);  // 1 + 2 + 4 s fit into 10 s
}

TEST(Retransmission, NewMaximumTakesEffectWithTheNextTimeout) {
  Rng rng(1);
  Retransmission timing(kSolicitTiming);
  Instant now = Instant::from_micros(0);
  for (int n = 0; n < 12; ++n) {
    timing.transmitted(now, rng);
    now = timing.timeout_at();
  }
  ASSERT_GT(timing.timeout(), seconds(1000));
  const Instant before = timing.timeout_at();
  timing.set_maximum_timeout(seconds(60));
  EXPECT_EQ(timing.timeout_at(), before);  // section 18.2.9: the running timer is not restarted
  timing.transmitted(now, rng);
  EXPECT_LE(timing.timeout(), seconds(66));
}

// --- whole exchanges ---

TEST(Conformance, Row_8415_C_02_FirstSolicitIsDelayedByUpToASecond) {
  Duration least = hours(1);
  Duration most{};
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    ClientRun run(both(), seed);
    const Instant start = run.now;
    run.client.start_stateful(std::nullopt, run.now);
    run.run_for(seconds(1));
    ASSERT_EQ(run.sent.size(), 1U) << "seed " << seed;
    least = std::min(least, run.sent[0].at - start);
    most = std::max(most, run.sent[0].at - start);
  }
  EXPECT_LT(least, milliseconds(50));
  EXPECT_GT(most, milliseconds(950));
  EXPECT_LE(most, seconds(1));
}

// Gaps of a doubling series: the first from IRT, then double, then around MRT.
void expect_series(const std::vector<Duration>& gaps, double initial, double maximum,
                   bool first_above = false) {
  ASSERT_FALSE(gaps.empty());
  double previous = 0;
  for (std::size_t n = 0; n < gaps.size(); ++n) {
    const double gap = in_seconds(gaps[n]);
    SCOPED_TRACE(n);
    if (n == 0) {
      EXPECT_GE(gap, first_above ? initial + 1e-6 : 0.9 * initial - 1e-6);
      EXPECT_LE(gap, 1.1 * initial + 1e-6);
    } else if (previous * 1.9 > maximum) {
      EXPECT_GE(gap, 0.9 * maximum - 1e-6);
      EXPECT_LE(gap, 1.1 * maximum + 1e-6);
    } else if (previous * 2.1 > maximum) {
      EXPECT_GE(gap, std::min(1.9 * previous, 0.9 * maximum) - 1e-6);
      EXPECT_LE(gap, 1.1 * maximum + 1e-6);
    } else {
      EXPECT_GE(gap, 1.9 * previous - 1e-6);
      EXPECT_LE(gap, 2.1 * previous + 1e-6);
    }
    previous = gap;
  }
}

TEST(Conformance, Row_8415_C_03_SolicitNeverStopsAndDoublesToAnHour) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    ClientRun run(both(), seed);
    run.client.start_stateful(std::nullopt, run.now);
    run.run_for(hours(48));
    const auto gaps = run.gaps(MessageType::kSolicit);
    ASSERT_GT(gaps.size(), 40U);
    EXPECT_GT(gaps[0], seconds(1));
    expect_series(gaps, 1, 3600, true);
    EXPECT_EQ(run.of(MessageType::kSolicit).size(), run.sent.size());
  }
}

TEST(Conformance, Row_8415_C_04_RequestIsSentTenTimesThenDiscoveryRestarts) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    ClientRun run(both(), seed);
    TestServer server = good_server();
    server.deaf_to = {MessageType::kRequest};
    run.servers = {&server};
    run.client.start_stateful(std::nullopt, run.now);
    ASSERT_TRUE(run.run_to(ClientState::kRequesting));
    server.silent = true;
    ASSERT_TRUE(run.run_to(ClientState::kSoliciting));
    const auto gaps = run.gaps(MessageType::kRequest);
    ASSERT_EQ(gaps.size(), 9U);
    expect_series(gaps, 1, 30);
    // The tenth timeout is waited for, too.
    EXPECT_GE(run.now - run.of(MessageType::kRequest).back().at, seconds(27));
    run.run_for(seconds(60));
    EXPECT_EQ(run.last().type, MessageType::kSolicit);
  }
}

TEST(Conformance, Row_8415_C_05_RenewAtT1UntilT2) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    ClientRun run(both(), seed);
    TestServer server = good_server();
    server.t1 = Lifetime(20);
    server.t2 = Lifetime(100);
    run.servers = {&server};
    ASSERT_TRUE(run.bind());
    const Instant reply = run.now;
    server.silent = true;
    run.run_for(seconds(19) + milliseconds(999));
    EXPECT_TRUE(run.of(MessageType::kRenew).empty());
    run.run_until(reply + seconds(100) - milliseconds(1));
    const auto renews = run.of(MessageType::kRenew);
    ASSERT_FALSE(renews.empty());
    EXPECT_EQ(renews[0].at, reply + seconds(20));
    expect_series(run.gaps(MessageType::kRenew), 10, 600);
    EXPECT_TRUE(run.of(MessageType::kRebind).empty());
    run.run_until(reply + seconds(100));
    ASSERT_EQ(run.of(MessageType::kRebind).size(), 1U);
    EXPECT_EQ(run.of(MessageType::kRebind)[0].at, reply + seconds(100));
    run.run_for(seconds(500));
    EXPECT_EQ(run.of(MessageType::kRenew).size(), renews.size());
  }
}

TEST(Conformance, Row_8415_C_06_RebindWithoutServerIdUntilEveryLeaseIsOverThenSolicit) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    ClientRun run(both(), seed);
    TestServer server = good_server();
    run.servers = {&server};
    ASSERT_TRUE(run.bind());
    const Instant reply = run.now;
    server.silent = true;
    run.run_until(reply + seconds(3000) - milliseconds(1));
    EXPECT_EQ(run.client.state(), ClientState::kRebinding);
    EXPECT_FALSE(run.lease().empty());
    expect_series(run.gaps(MessageType::kRebind), 10, 600);
    for (const Sent& one : run.of(MessageType::kRebind)) {
      EXPECT_FALSE(contains<ServerId>(one.message.options));
      EXPECT_GE(one.at, reply + seconds(1600));
    }
    run.run_for(milliseconds(2));
    EXPECT_EQ(run.client.state(), ClientState::kSoliciting);
    EXPECT_TRUE(run.lease().empty());
    run.run_for(seconds(2));
    EXPECT_EQ(run.last().type, MessageType::kSolicit);
  }
}

TEST(Client, AnyServerMayAnswerARebind) {
  ClientRun run(both());
  TestServer first = good_server(1);
  TestServer second = good_server(2);
  run.servers = {&first};
  ASSERT_TRUE(run.bind());
  run.servers = {&second};
  ASSERT_TRUE(run.run_to(ClientState::kRebinding));
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  EXPECT_EQ(run.lease().server, second.duid);
}

// Of two servers the wrong one is faster: it withdraws what we have of the other and gives another prefix.
TEST(Client, AFasterServerWithAnotherPrefixDoesNotTakeOursAway) {
  ClientRun run(both());
  TestServer ours = good_server(1);
  ours.delay = milliseconds(300);
  TestServer other = good_server(2);
  other.prefixes[kPrefixIaid] = {prefix("2001:db8:900:1::/64")};
  other.withdrawn = {prefix("2001:db8:100::/56")};
  run.servers = {&ours};
  ASSERT_TRUE(run.bind());
  ours.deaf_to = {MessageType::kRenew};
  run.servers = {&other, &ours};
  ASSERT_TRUE(run.run_to(ClientState::kRebinding));
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  EXPECT_EQ(run.lease().server, ours.duid);
  ASSERT_EQ(run.lease().prefixes.size(), 1U);
  EXPECT_EQ(run.lease().prefixes[0].prefix, prefix("2001:db8:100::/56"));
  // When ours is gone, so is its prefix, a moment later.
  run.servers = {&other};
  ASSERT_TRUE(run.run_to(ClientState::kRebinding));
  const Instant asked = run.now;
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  EXPECT_EQ(run.lease().server, other.duid);
  EXPECT_GE(run.now - asked, seconds(1));
  EXPECT_LE(run.now - asked, milliseconds(1100));
  ASSERT_EQ(run.lease().prefixes.size(), 1U);
  EXPECT_EQ(run.lease().prefixes[0].prefix, prefix("2001:db8:900:1::/64"));
  EXPECT_LE(run.lease().prefixes[0].valid_until, asked + seconds(3000) + milliseconds(100))
      << "its time began when the Reply came";
}

TEST(Conformance, Row_8415_C_07_InformationRequestTiming) {
  Duration least = hours(1);
  Duration most{};
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    ClientRun run(both(), seed);
    const Instant start = run.now;
    run.client.start_stateless({}, run.now);
    run.run_for(hours(24));
    const auto sent = run.of(MessageType::kInformationRequest);
    ASSERT_GT(sent.size(), 20U);
    least = std::min(least, sent[0].at - start);
    most = std::max(most, sent[0].at - start);
    expect_series(run.gaps(MessageType::kInformationRequest), 1, 3600);
  }
  EXPECT_LT(least, milliseconds(50));
  EXPECT_GT(most, milliseconds(950));
  EXPECT_LE(most, seconds(1));
}

TEST(Conformance, Row_8415_C_08_ConfirmTimingAndSilenceKeepsTheLease) {
  Duration most{};
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    ClientRun run(address_only(), seed);
    TestServer server = good_server();
    run.servers = {&server};
    ASSERT_TRUE(run.bind());
    const Lease before = run.lease();
    server.silent = true;
    run.run_for(seconds(5));
    const Instant changed = run.now;
    run.client.link_changed(run.now);
    run.run_for(seconds(12));
    const auto confirms = run.of(MessageType::kConfirm);
    ASSERT_GE(confirms.size(), 4U);
    most = std::max(most, confirms[0].at - changed);
    ASSERT_LE(confirms[0].at - changed, seconds(1));
    expect_series(run.gaps(MessageType::kConfirm), 1, 4);
    ASSERT_LT(confirms.back().at - confirms[0].at, seconds(10));
    EXPECT_EQ(run.client.state(), ClientState::kSoliciting);
    EXPECT_EQ(run.lease().addresses, before.addresses);
    EXPECT_TRUE(run.of(MessageType::kRebind).empty());
  }
  EXPECT_GT(most, milliseconds(950));
}

TEST(Conformance, Row_8415_C_09_PrefixesAreVerifiedByRebindWithTheTimingOfConfirm) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    ClientRun run(both(), seed);
    TestServer server = good_server();
    run.servers = {&server};
    ASSERT_TRUE(run.bind());
    const Lease before = run.lease();
    server.silent = true;
    run.run_for(seconds(5));
    run.sent.clear();
    const Instant changed = run.now;
    run.client.link_changed(run.now);
    run.run_for(seconds(12));
    const auto rebinds = run.of(MessageType::kRebind);
    ASSERT_GE(rebinds.size(), 4U);
    EXPECT_TRUE(run.of(MessageType::kConfirm).empty());
    for (const Sent& solicit : run.of(MessageType::kSolicit)) {
      EXPECT_GE(solicit.at - rebinds[0].at, seconds(10));  // not before it has failed
    }
    ASSERT_LE(rebinds[0].at - changed, seconds(1));
    expect_series(run.gaps(MessageType::kRebind), 1, 4);
    ASSERT_LT(rebinds.back().at - rebinds[0].at, seconds(10));
    for (const Sent& one : rebinds) {
      const IaNa* na = find<IaNa>(one.message.options);
      const IaPd* pd = find<IaPd>(one.message.options);
      ASSERT_TRUE(na && pd);
      EXPECT_EQ(find<IaAddress>(na->options)->address, address("2001:db8:ffff::7"));
      EXPECT_EQ(find<IaPrefix>(pd->options)->prefix, prefix("2001:db8:100::/56"));
    }
    EXPECT_EQ(run.lease().prefixes, before.prefixes);
    EXPECT_EQ(run.lease().addresses, before.addresses);
  }
}

TEST(Conformance, Row_8415_C_10_ReleaseIsSentFourTimesAfterTheLeaseIsGone) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    ClientParameters parameters = both();
    parameters.release_on_stop = true;
    ClientRun run(parameters, seed);
    TestServer server = good_server();
    run.servers = {&server};
    ASSERT_TRUE(run.bind());
    server.silent = true;
    run.run_for(seconds(5));
    const Instant stopped = run.now;
    run.client.stop(run.now);
    run.settle();
    EXPECT_EQ(run.client.state(), ClientState::kReleasing);
    ASSERT_TRUE(run.leases.back().empty());  // before the first Release
    EXPECT_TRUE(run.of(MessageType::kRelease).empty());
    run.run_for(minutes(5));
    const auto releases = run.of(MessageType::kRelease);
    ASSERT_EQ(releases.size(), 4U);
    EXPECT_EQ(releases[0].at, stopped + parameters.release_delay);
    expect_series(run.gaps(MessageType::kRelease), 1, 1e9);
    for (const Sent& one : releases) {
      EXPECT_EQ(find<ServerId>(one.message.options)->duid, server.duid);
      const IaNa* na = find<IaNa>(one.message.options);
      const IaPd* pd = find<IaPd>(one.message.options);
      ASSERT_TRUE(na && pd);
      EXPECT_EQ(find<IaAddress>(na->options)->address, address("2001:db8:ffff::7"));
      EXPECT_EQ(find<IaPrefix>(pd->options)->prefix, prefix("2001:db8:100::/56"));
      EXPECT_EQ(pd->options.size(), 1U);  // no hint in what is given back
    }
    EXPECT_EQ(run.client.state(), ClientState::kIdle);
    EXPECT_FALSE(run.client.next_deadline());
  }
}

TEST(Conformance, Row_8415_C_11_DeclineOfAnAddressKeepsThePrefix) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    ClientRun run(both(), seed);
    TestServer server = good_server();
    run.servers = {&server};
    ASSERT_TRUE(run.bind());
    server.silent = true;
    run.client.decline(address("2001:db8:ffff::7"), run.now);
    EXPECT_EQ(run.client.state(), ClientState::kDeclining);
    run.run_for(minutes(1) - seconds(8));
    const auto declines = run.of(MessageType::kDecline);
    ASSERT_EQ(declines.size(), 4U);
    expect_series(run.gaps(MessageType::kDecline), 1, 1e9);
    for (const Sent& one : declines) {
      EXPECT_FALSE(contains<IaPd>(one.message.options));
      EXPECT_EQ(find<ServerId>(one.message.options)->duid, server.duid);
      const IaNa* na = find<IaNa>(one.message.options);
      ASSERT_TRUE(na);
      EXPECT_EQ(find<IaAddress>(na->options)->address, address("2001:db8:ffff::7"));
    }
    EXPECT_EQ(run.client.state(), ClientState::kBound);
    EXPECT_TRUE(run.lease().addresses.empty());
    EXPECT_EQ(run.lease().prefixes.size(), 1U);
    EXPECT_TRUE(run.of(MessageType::kRelease).empty());
  }
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
