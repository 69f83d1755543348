// SPDX-License-Identifier: Apache-2.0
#include "delegation/pool.h"

#include <gtest/gtest.h>

#include "delegation/carve.h"

namespace sixgate::delegation {
namespace {

const Instant kStart = Instant::from_micros(1'000'000'000);

Prefix pool_prefix(const char* text) { return *Prefix::parse(text); }

Delegation lives(const char* text, seconds preferred, seconds valid) {
  return {.prefix = pool_prefix(text),
          .preferred_until = kStart + preferred,
          .valid_until = kStart + valid};
}

TEST(PrefixPool, KeepsTheOriginsApart) {
  PrefixPool pool;
  pool.update("wan", {lives("2001:db8:1::/56", seconds(100), seconds(200))}, kStart);
  pool.update("lte", {lives("2001:db8:2::/56", seconds(100), seconds(200))}, kStart);
  ASSERT_EQ(pool.delegations().size(), 2U);
  EXPECT_EQ(pool.delegations()[0].origin, "lte");
  EXPECT_EQ(pool.delegations()[1].origin, "wan");
  pool.update("lte", {}, kStart);
  EXPECT_TRUE(pool.delegations()[0].withdrawn);
  EXPECT_FALSE(pool.delegations()[1].withdrawn);
}

TEST(PrefixPool, WithdrawnStaysUntilHostsHaveForgotten) {
  PrefixPool pool(seconds(5400));
  pool.update("wan", {lives("2001:db8:1::/56", hours(24), hours(48))}, kStart);
  const Instant later = kStart + hours(1);
  pool.update("wan", {lives("2001:db8:2::/56", hours(24), hours(48))}, later);
  ASSERT_EQ(pool.delegations().size(), 2U);
  const Delegation& old = pool.delegations()[0];
  EXPECT_EQ(old.standing, Standing::kDeprecated);
  EXPECT_TRUE(old.withdrawn);
  EXPECT_EQ(old.preferred_until, later);
  EXPECT_EQ(old.valid_until, later + seconds(5400));
  EXPECT_EQ(pool.delegations()[1].standing, Standing::kLive);
  EXPECT_EQ(pool.next_deadline(), later + seconds(5400));

  pool.update("wan", {lives("2001:db8:2::/56", hours(24), hours(48))}, later + minutes(10));
  EXPECT_EQ(pool.delegations()[0].valid_until, later + seconds(5400)) << "no second grace";
  pool.expire(later + seconds(5399));
  EXPECT_EQ(pool.delegations().size(), 2U);
  pool.expire(later + seconds(5400));
  ASSERT_EQ(pool.delegations().size(), 1U);
  EXPECT_EQ(pool.delegations()[0].prefix, pool_prefix("2001:db8:2::/56"));
}

TEST(PrefixPool, WithdrawnNeverOutlivesItsOwnEnd) {
  PrefixPool pool(seconds(5400));
  pool.update("wan", {lives("2001:db8:1::/56", seconds(50), seconds(60))}, kStart);
  pool.update("wan", {}, kStart + seconds(10));
  EXPECT_EQ(pool.next_deadline(), kStart + seconds(60));
}

TEST(PrefixPool, ValidLifetimeZeroIsAWithdrawal) {
  PrefixPool pool;
  pool.update("wan", {lives("2001:db8:1::/56", hours(1), hours(2))}, kStart);
  pool.update("wan", {lives("2001:db8:1::/56", seconds(0), seconds(0))}, kStart);
  ASSERT_EQ(pool.delegations().size(), 1U);
  EXPECT_TRUE(pool.delegations()[0].withdrawn);
  EXPECT_EQ(pool.delegations()[0].valid_until, kStart + seconds(5400));

  PrefixPool fresh;
  fresh.update("wan", {lives("2001:db8:1::/56", seconds(0), seconds(0))}, kStart);
  EXPECT_TRUE(fresh.delegations().empty());
  EXPECT_EQ(fresh.next_deadline(), std::nullopt);
}

TEST(PrefixPool, PreferredLifetimeOverDeprecatesWithoutWithdrawing) {
  PrefixPool pool;
  pool.update("wan", {lives("2001:db8:1::/56", seconds(100), seconds(200))}, kStart);
  EXPECT_EQ(pool.next_deadline(), kStart + seconds(100));
  pool.expire(kStart + seconds(99));
  EXPECT_EQ(pool.delegations()[0].standing, Standing::kLive);
  pool.expire(kStart + seconds(100));
  EXPECT_EQ(pool.delegations()[0].standing, Standing::kDeprecated);
  EXPECT_FALSE(pool.delegations()[0].withdrawn);
  EXPECT_EQ(pool.next_deadline(), kStart + seconds(200));
}

TEST(PrefixPool, ComesBackToLife) {
  PrefixPool pool;
  const auto given = lives("2001:db8:1::/56", hours(1), hours(2));
  pool.update("wan", {given}, kStart);
  pool.update("wan", {}, kStart + seconds(1));
  pool.update("wan", {given}, kStart + seconds(2));
  ASSERT_EQ(pool.delegations().size(), 1U);
  EXPECT_EQ(pool.delegations()[0].standing, Standing::kLive);
  EXPECT_FALSE(pool.delegations()[0].withdrawn);
  EXPECT_EQ(pool.delegations()[0].valid_until, kStart + hours(2));
}

TEST(PrefixPool, RestoredStaysUntilItsOriginSpeaks) {
  PrefixPool before;
  before.update("wan", {lives("2001:db8:1::/56", hours(1), hours(2))}, kStart);
  before.update("lte", {lives("2001:db8:2::/56", hours(1), hours(2))}, kStart);
  PrefixPool after;
  after.restore(before.delegations(), kStart + seconds(5));
  EXPECT_EQ(after.delegations(), before.delegations());
  after.update("lte", {}, kStart + seconds(6));
  EXPECT_TRUE(after.delegations()[0].withdrawn);
  EXPECT_EQ(after.delegations()[1].standing, Standing::kLive);
}

TEST(PrefixPool, NeverEndingHasNoDeadline) {
  PrefixPool pool;
  pool.update(kOriginUla, {{.prefix = pool_prefix("fd12:3456:789a::/48")}}, kStart);
  EXPECT_EQ(pool.next_deadline(), std::nullopt);
  pool.update(kOriginUla, {}, kStart);
  EXPECT_EQ(pool.next_deadline(), kStart + seconds(5400));
}

TEST(PrefixPool, SamePrefixSaidTwiceKeepsTheLongerLife) {
  PrefixPool pool;
  pool.update("wan",
              {lives("2001:db8:1::/56", seconds(10), seconds(20)),
               lives("2001:db8:1::/56", seconds(30), seconds(40))},
              kStart);
  ASSERT_EQ(pool.delegations().size(), 1U);
  EXPECT_EQ(pool.delegations()[0].valid_until, kStart + seconds(40));
}

TEST(Conformance, Row_8415_C_48_PrefixIsGoneWhenItsValidLifetimeEnds) {
  PrefixPool pool;
  pool.update("wan", {lives("2001:db8:1::/56", seconds(100), seconds(200))}, kStart);
  const std::vector<LanRequest> lans{{.name = "lan", .interface = "eth1"}};
  CarveResult carved = carve(pool.delegations(), lans, {});
  ASSERT_EQ(carved.assignments.size(), 1U);

  pool.expire(kStart + seconds(150));  // deprecated: kept, not preferred
  carved = carve(pool.delegations(), lans, carved.memory);
  ASSERT_EQ(carved.assignments.size(), 1U);
  EXPECT_EQ(carved.assignments[0].standing, Standing::kDeprecated);

  ASSERT_EQ(pool.next_deadline(), kStart + seconds(200));
  pool.expire(kStart + seconds(200));
  EXPECT_TRUE(pool.delegations().empty());
  EXPECT_TRUE(carve(pool.delegations(), lans, carved.memory).assignments.empty());
}

}  // namespace
}  // namespace sixgate::delegation
