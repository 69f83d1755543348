// SPDX-License-Identifier: Apache-2.0
// T1, T2 and lifetimes (RFC 9915 sections 7.7, 14.2, 18.2.4, 21.4, 21.21).
#include "dhcp6/client_bindings.h"

#include <gtest/gtest.h>

#include "tests/support/dhcp6_client_run.h"

namespace sixgate::dhcp6::testing {
namespace {

constexpr std::uint32_t kInfinite = 0xffffffff;

RenewalTimes times(std::uint32_t t1, std::uint32_t t2, std::uint32_t preferred,
                   std::uint32_t valid) {
  return choose_renewal_times(
      Lifetime(t1), Lifetime(t2),
      {{prefix("2001:db8::/56"), Lifetime(preferred), Lifetime(valid), {}}});
}

RenewalTimes expected(std::uint32_t t1, std::uint32_t t2) { return {Lifetime(t1), Lifetime(t2)}; }

TEST(RenewalTimes, AreTheServersWhenItNamesThem) {
  EXPECT_EQ(times(1000, 1600, 2000, 3000), expected(1000, 1600));
  EXPECT_EQ(times(10, 10, 2000, 3000), expected(10, 10));
  EXPECT_EQ(times(2500, 2900, 2000, 3000), expected(2500, 2900));  // late, but before the end
}

TEST(RenewalTimes, AreHalfAndFourFifthsWhenLeftToUs) {
  EXPECT_EQ(times(0, 0, 100, 200), expected(50, 80));
  EXPECT_EQ(times(0, 0, 30, 30), expected(15, 24));
  EXPECT_EQ(times(0, 0, 0, 200), expected(100, 160));  // deprecated: by the valid lifetime
  EXPECT_EQ(times(0, 0, 1, 1), expected(1, 1));        // never 0
  EXPECT_EQ(times(0, 0, kInfinite, kInfinite), expected(kInfinite, kInfinite));
  EXPECT_EQ(times(0, 0, 1000, kInfinite), expected(500, 800));
  EXPECT_EQ(times(0, 0, 4000000000, 4100000000), expected(2000000000, 3200000000));
}

TEST(RenewalTimes, FitTheOneThatIsNamed) {
  EXPECT_EQ(times(100, 0, 1000, 2000), expected(100, 800));
  EXPECT_EQ(times(900, 0, 1000, 2000), expected(900, 1440));
  EXPECT_EQ(times(1800, 0, 1000, 2000), expected(1800, 2000));
  EXPECT_EQ(times(0, 160, 1000, 2000), expected(100, 160));
  EXPECT_EQ(times(0, kInfinite, 1000, 2000), expected(500, kInfinite));
}

TEST(RenewalTimes, BeyondTheEndOfTheLeaseAreChosenAnew) {
  EXPECT_EQ(times(5000, 8000, 1000, 2000), expected(500, 800));
  EXPECT_EQ(times(1000, 8000, 1000, 2000), expected(1000, 1600));
  // Infinity is the server's wish not to be asked (section 7.7).
  EXPECT_EQ(times(kInfinite, kInfinite, 1000, 2000), expected(kInfinite, kInfinite));
  EXPECT_EQ(times(500, kInfinite, 1000, 2000), expected(500, kInfinite));
}

TEST(RenewalTimes, HoldTheirOrderForAllValues) {
  Rng rng(1);
  const auto some = [&] {
    const std::uint32_t bits = static_cast<std::uint32_t>(rng.below(33));
    if (rng.below(8) == 0) return kInfinite;
    return bits == 0 ? 0 : rng.u32() >> (32 - bits);
  };
  for (int i = 0; i < 20000; ++i) {
    std::uint32_t t1 = some();
    std::uint32_t t2 = some();
    if (t2 != 0 && t1 > t2) std::swap(t1, t2);
    std::uint32_t valid = std::max<std::uint32_t>(some(), 1);
    const std::uint32_t preferred = std::min(some(), valid);
    const RenewalTimes chosen = times(t1, t2, preferred, valid);
    ASSERT_FALSE(chosen.t1.is_zero());
    ASSERT_LE(chosen.t1, chosen.t2) << t1 << ' ' << t2 << ' ' << preferred << ' ' << valid;
    if (!chosen.t1.is_infinite() && !chosen.t2.is_infinite()) {
      ASSERT_LE(chosen.t2.count(), valid);
    }
  }
}

TEST(Conformance, Row_8415_C_25_ZeroTimesAreChosenByUsAndNeverAtOnce) {
  TestServer server = good_server();
  server.t1 = server.t2 = Lifetime(0);
  server.preferred = Lifetime(100);
  server.valid = Lifetime(200);
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  const Instant bound = run.now;
  run.run_for(minutes(30));
  const auto renews = run.of(MessageType::kRenew);
  ASSERT_GE(renews.size(), 30U);
  EXPECT_LE(renews.size(), 36U);
  EXPECT_EQ(renews[0].at, bound + seconds(50));
  for (const Sent& one : renews) {  // one exchange for all
    EXPECT_TRUE(contains<IaNa>(one.message.options));
    EXPECT_TRUE(contains<IaPd>(one.message.options));
  }
}

TEST(Client, LifetimesOfHalfAMinuteWork) {
  TestServer server = good_server();
  server.t1 = server.t2 = Lifetime(0);
  server.preferred = server.valid = Lifetime(30);
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  run.run_for(hours(1));
  for (const Lease& lease : run.leases) EXPECT_EQ(lease.prefixes.size(), 1U);
  EXPECT_EQ(run.of(MessageType::kSolicit).size(), 1U);
}

TEST(Conformance, Row_8415_C_27_InfinityIsNeverRenewed) {
  TestServer server = good_server();
  server.t1 = server.t2 = server.preferred = server.valid = Lifetime::infinite();
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  EXPECT_TRUE(run.lease().prefixes[0].valid_until.is_never());
  EXPECT_TRUE(run.lease().renew_at.is_never());
  EXPECT_FALSE(run.client.next_deadline());
  const std::size_t sent = run.sent.size();
  run.run_for(hours(24 * 365 * 10));
  EXPECT_EQ(run.sent.size(), sent);
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
}

TEST(Conformance, Row_8415_C_28_TheEarliestT1OfAllIasRenewsAll) {
  TestServer server = good_server();
  server.edit = [](const Message&, Message& answer) {
    IaNa* na = find<IaNa>(answer.options);
    IaPd* pd = find<IaPd>(answer.options);
    if (!na || !pd) return;
    na->t1 = Lifetime(50);
    na->t2 = Lifetime(500);
    pd->t1 = Lifetime(100);
    pd->t2 = Lifetime(300);
  };
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  const Instant bound = run.now;
  EXPECT_EQ(run.lease().renew_at, bound + seconds(50));
  EXPECT_EQ(run.lease().rebind_at, bound + seconds(300));
  ASSERT_TRUE(run.run_to(ClientState::kRenewing));
  ASSERT_EQ(run.of(MessageType::kRenew).size(), 1U);
  EXPECT_EQ(run.now, bound + seconds(50));
  EXPECT_TRUE(contains<IaNa>(run.last().options));
  EXPECT_TRUE(contains<IaPd>(run.last().options));
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  server.silent = true;
  const Instant renewed = run.now;
  ASSERT_TRUE(run.run_to(ClientState::kRebinding));
  EXPECT_EQ(run.now, renewed + seconds(300));
}

TEST(Client, AfterT1WithoutT2RenewGoesOnToTheEndOfTheLease) {
  TestServer server = good_server();
  server.t2 = Lifetime::infinite();
  ClientRun run(both());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  server.silent = true;
  ASSERT_TRUE(run.run_to(ClientState::kSoliciting));
  EXPECT_TRUE(run.of(MessageType::kRebind).empty());
  EXPECT_GE(run.of(MessageType::kRenew).size(), 5U);
}

TEST(Conformance, Row_7084_WPD_1_AWholeLeaseCycle) {
  TestServer server = good_server();
  server.t1 = Lifetime(20);
  server.t2 = Lifetime(40);
  server.preferred = Lifetime(50);
  server.valid = Lifetime(60);
  ClientRun run(prefix_only());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  run.run_for(minutes(5));
  EXPECT_EQ(run.of(MessageType::kSolicit).size(), 1U);
  EXPECT_EQ(run.of(MessageType::kRequest).size(), 1U);
  EXPECT_GE(run.of(MessageType::kRenew).size(), 14U);
  server.deaf_to = {MessageType::kRenew};
  run.run_for(minutes(2));
  EXPECT_GE(run.of(MessageType::kRebind).size(), 2U);
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
  server.silent = true;
  run.run_for(seconds(61));
  EXPECT_TRUE(run.lease().prefixes.empty());
  EXPECT_TRUE(run.leases.back().prefixes.empty());
  EXPECT_EQ(run.client.state(), ClientState::kSoliciting);
  server.silent = false;
  ASSERT_TRUE(run.run_to(ClientState::kBound));
  EXPECT_EQ(run.lease().prefixes.size(), 1U);
}

TEST(Bindings, NeverGivesOnePrefixToTwoIas) {
  ClientParameters parameters{.duid = client_duid(), .delegations = {{1, {}}, {2, {}}}};
  TestServer server;
  server.prefixes[1] = {prefix("2001:db8:1::/64")};
  server.prefixes[2] = {prefix("2001:db8:1::/64")};
  ClientRun run(parameters);
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  ASSERT_EQ(run.lease().prefixes.size(), 1U);
  EXPECT_EQ(run.lease().prefixes[0].iaid, 1U);
}

TEST(Bindings, SeveralDelegationsAreOrderedByIaid) {
  ClientParameters parameters{.duid = client_duid(), .delegations = {{5, {}}, {2, {}}, {9, {}}}};
  TestServer server;
  server.prefixes[5] = {prefix("2001:db8:5::/64")};
  server.prefixes[2] = {prefix("2001:db8:7::/64"), prefix("2001:db8:2::/64")};
  ClientRun run(parameters);
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  ASSERT_EQ(run.lease().prefixes.size(), 3U);
  EXPECT_EQ(run.lease().prefixes[0].prefix, prefix("2001:db8:2::/64"));
  EXPECT_EQ(run.lease().prefixes[1].prefix, prefix("2001:db8:7::/64"));
  EXPECT_EQ(run.lease().prefixes[2].prefix, prefix("2001:db8:5::/64"));
}

TEST(Bindings, LeasesOfOneIaAreBounded) {
  TestServer server = good_server();
  ClientRun run(prefix_only());
  run.servers = {&server};
  ASSERT_TRUE(run.bind());
  for (unsigned n = 0; n < 100; ++n) {
    server.prefixes[kPrefixIaid] = {
        Prefix(Ip6Address::from_halves(0x20010db800000000 + (std::uint64_t{n} << 8), 0), 56)};
    run.client.link_changed(run.now);
    run.run_for(seconds(10));
  }
  EXPECT_EQ(run.lease().prefixes.size(), 32U);
}

TEST(Bindings, MalformedExclusionDoesNotSpoilThePrefix) {
  LogLines log;
  const IaPrefix lease{.prefix = prefix("2001:db8:100::/56"),
                       .preferred = Lifetime(1),
                       .valid = Lifetime(2),
                       .options = {PdExclude{.length = 40, .subnet_id = {1}}}};
  const auto read = read_associations({IaPd{.iaid = 1, .options = {lease}}}, 64, log);
  ASSERT_EQ(read.size(), 1U);
  ASSERT_EQ(read[0].leases.size(), 1U);
  EXPECT_FALSE(read[0].leases[0].excluded);
  EXPECT_FALSE(log.empty());
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
