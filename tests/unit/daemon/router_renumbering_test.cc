// SPDX-License-Identifier: Apache-2.0
// Router when a delegation is replaced or taken back.
#include "daemon/router.h"

#include <gtest/gtest.h>

#include "router_run.h"

namespace sixgate::daemon {
namespace {

using testing::kLans;
using testing::prefix;
using testing::prefix_said;
using testing::RouterRun;

TEST(Conformance, Row_7084_L_13_AReplacedDelegationIsDeprecatedWithinASecond) {
  RouterRun run;
  run.start_online();
  run.delegate({prefix("2001:db8:2::/56")});
  run.server.withdrawn = {prefix("2001:db8:1::/56")};
  run.run_for(seconds(995));  // T1 is 1000 s after the Reply
  const Instant renewed = run.now;
  run.run_for(seconds(10));
  ASSERT_TRUE(run.has_address("2001:db8:2::1"));
  const char* old_prefixes[] = {"2001:db8:1::/64", "2001:db8:1:1::/64"};
  const char* new_prefixes[] = {"2001:db8:2::/64", "2001:db8:2:1::/64"};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto told = run.on(kLans[i], renewed);
    ASSERT_FALSE(told.empty());
    const auto gone = prefix_said(told[0].said, prefix(old_prefixes[i]));
    const auto come = prefix_said(told[0].said, prefix(new_prefixes[i]));
    ASSERT_TRUE(gone.has_value());
    ASSERT_TRUE(come.has_value());
    EXPECT_TRUE(gone->preferred.is_zero());
    EXPECT_FALSE(come->preferred.is_zero());
    const auto renewal = std::find_if(run.dhcp.begin(), run.dhcp.end(), [](const auto& one) {
      return one.message.type == dhcp6::MessageType::kRenew;
    });
    ASSERT_NE(renewal, run.dhcp.end());
    EXPECT_LE(told[0].at, renewal->at + seconds(1));
  }
}

TEST(Conformance, Row_9096_L_13d_ADelegationTakenBackIsWithdrawnOnEveryLan) {
  RouterRun run;
  run.start_online();
  run.server.prefixes.clear();
  run.server.withdrawn = {prefix("2001:db8:1::/56")};
  run.run_for(seconds(995));
  const Instant renewed = run.now;
  run.run_for(seconds(10));
  const char* old_prefixes[] = {"2001:db8:1::/64", "2001:db8:1:1::/64"};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto told = run.on(kLans[i], renewed);
    ASSERT_FALSE(told.empty());
    const auto gone = prefix_said(told[0].said, prefix(old_prefixes[i]));
    ASSERT_TRUE(gone.has_value());
    EXPECT_TRUE(gone->preferred.is_zero());
    EXPECT_TRUE(gone->valid.is_zero());
    EXPECT_TRUE(gone->on_link);
    EXPECT_TRUE(gone->autonomous);
    EXPECT_EQ(told[0].said.router_lifetime, seconds(0));  // ULA alone is left
  }
}

// RFC 7084 L-14: the answer to a host that still uses a withdrawn prefix finds its way, until no host can.
TEST(Router, TheWayBackToAWithdrawnPrefixIsKeptAsLongAsAHostMayUseIt) {
  RouterRun run;
  run.start_online();
  run.delegate({prefix("2001:db8:2::/56")});
  run.server.withdrawn = {prefix("2001:db8:1::/56")};
  run.run_for(seconds(1010));
  const auto has_rule = [&] {
    return std::find(run.kernel.rules.begin(), run.kernel.rules.end(),
                     KernelRule{prefix("2001:db8:1::/64")}) != run.kernel.rules.end();
  };
  const auto has_way = [&] {
    return std::any_of(run.kernel.routes.begin(), run.kernel.routes.end(), [](const auto& r) {
      return r.table == kWithdrawnTable && r.destination == prefix("2001:db8:1::/64") &&
             r.interface == "lan0";
    });
  };
  EXPECT_TRUE(has_rule());
  EXPECT_TRUE(has_way());
  EXPECT_FALSE(run.has_address("2001:db8:1::1"));
  const Status status = run.router->status(run.now);
  EXPECT_TRUE(std::any_of(
      status.lans[0].prefixes.begin(), status.lans[0].prefixes.end(), [](const auto& p) {
        return p.prefix == prefix("2001:db8:1::/64") && p.standing == "withdrawn";
      }));
  run.run_for(seconds(5500));
  EXPECT_FALSE(has_rule());
  EXPECT_FALSE(has_way());
}

}  // namespace
}  // namespace sixgate::daemon
