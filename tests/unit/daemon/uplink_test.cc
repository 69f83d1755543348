// SPDX-License-Identifier: Apache-2.0
#include "daemon/uplink.h"

#include <gtest/gtest.h>

#include "uplink_run.h"

namespace sixgate::daemon {
namespace {

using dhcp6::MessageType;
using testing::address;
using testing::asks_address;
using testing::asks_prefix;
using testing::isp_router;
using testing::isp_server;
using testing::kIaid;
using testing::kNow;
using testing::prefix;
using testing::uplink_config;
using testing::UplinkRun;

conf::UplinkConfig with(conf::RequestAddress address, bool prefix = true) {
  conf::UplinkConfig config = uplink_config("wan", "wan0");
  config.request_address = address;
  config.request_prefix.kind =
      prefix ? conf::PrefixRequest::Kind::kPlain : conf::PrefixRequest::Kind::kNone;
  return config;
}

// What to ask (RFC 7084 section 4.2).

TEST(Conformance, Row_7084_WAA_6_ManagedMakesTheClientAskForAnAddress) {
  UplinkRun run;
  run.begin();
  run.hear(isp_router(true, false));
  run.run_for(seconds(1));
  const auto solicits = run.of(MessageType::kSolicit);
  ASSERT_EQ(solicits.size(), 1U);
  EXPECT_TRUE(asks_address(solicits[0].message));
  EXPECT_TRUE(asks_prefix(solicits[0].message));
}

TEST(Uplink, WithoutManagedNoAddressIsAskedFor) {
  UplinkRun run;
  run.begin();
  run.hear(isp_router(false, true));
  run.run_for(minutes(1));
  EXPECT_GT(run.of(MessageType::kSolicit).size(), 3U);
  for (const auto& one : run.sent) EXPECT_FALSE(asks_address(one.message));
}

TEST(Conformance, Row_7084_WPD_4_OtherAloneStartsPrefixDelegation) {
  for (const bool managed : {true, false}) {
    UplinkRun run;
    run.begin();
    EXPECT_TRUE(run.sent.empty());
    run.hear(isp_router(managed, !managed));
    run.run_for(seconds(1));  // SOL_MAX_DELAY
    ASSERT_EQ(run.of(MessageType::kSolicit).size(), 1U);
    EXPECT_TRUE(asks_prefix(run.of(MessageType::kSolicit)[0].message));
  }
}

TEST(Conformance, Row_7084_WPD_4x_PrefixesAreAskedForWhateverTheRouterSays) {
  UplinkRun said_nothing;
  said_nothing.begin();
  said_nothing.run_for(Uplink::kAdvertisementPatience + seconds(1));
  ASSERT_EQ(said_nothing.of(MessageType::kSolicit).size(), 1U);
  EXPECT_TRUE(asks_prefix(said_nothing.sent[0].message));

  UplinkRun said_neither;
  said_neither.begin();
  said_neither.hear(isp_router(false, false));
  said_neither.run_for(seconds(1));
  ASSERT_EQ(said_neither.of(MessageType::kSolicit).size(), 1U);
  EXPECT_TRUE(asks_prefix(said_neither.sent[0].message));
  EXPECT_FALSE(asks_address(said_neither.sent[0].message));
}

TEST(Uplink, WaitsAWhileForTheFirstAdvertisement) {
  UplinkRun run;
  run.begin();
  run.run_for(Uplink::kAdvertisementPatience - Duration(1));
  EXPECT_TRUE(run.sent.empty());
  EXPECT_GE(run.solicitations, 1U);
  run.run_for(seconds(1) + Duration(1));
  ASSERT_EQ(run.sent.size(), 1U);
  // A server may give an address where no router speaks at all.
  EXPECT_TRUE(asks_address(run.sent[0].message));
  EXPECT_TRUE(asks_prefix(run.sent[0].message));
}

TEST(Uplink, PatienceIsNotNeededWhenTheConfigurationKnows) {
  for (const auto request : {conf::RequestAddress::kAlways, conf::RequestAddress::kNever}) {
    UplinkRun run(with(request));
    run.begin();
    run.run_for(seconds(1));
    ASSERT_EQ(run.sent.size(), 1U);
    EXPECT_EQ(asks_address(run.sent[0].message), request == conf::RequestAddress::kAlways);
    EXPECT_TRUE(asks_prefix(run.sent[0].message));
  }
}

TEST(Uplink, AlwaysAndNeverDoNotHeedTheRouter) {
  UplinkRun always(with(conf::RequestAddress::kAlways));
  always.begin();
  always.hear(isp_router(false, false));
  always.run_for(seconds(10));
  for (const auto& one : always.sent) EXPECT_TRUE(asks_address(one.message));

  UplinkRun never(with(conf::RequestAddress::kNever));
  never.begin();
  never.hear(isp_router(true, true));
  never.run_for(seconds(10));
  EXPECT_FALSE(never.sent.empty());
  for (const auto& one : never.sent) EXPECT_FALSE(asks_address(one.message));
}

TEST(Uplink, OnlyOtherAndNothingToLeaseIsStateless) {
  UplinkRun run(with(conf::RequestAddress::kNever, false));
  run.begin();
  run.run_for(minutes(1));
  EXPECT_TRUE(run.sent.empty());  // nobody said that there is anything to ask
  run.hear(isp_router(false, true));
  run.run_for(seconds(1));
  ASSERT_EQ(run.sent.size(), 1U);
  EXPECT_EQ(run.sent[0].message.type, MessageType::kInformationRequest);
}

TEST(Uplink, NothingIsAskedWhereNothingIsOffered) {
  UplinkRun run(with(conf::RequestAddress::kAuto, false));
  run.begin();
  run.hear(isp_router(false, false));
  run.run_for(hours(1));
  EXPECT_TRUE(run.sent.empty());
}

TEST(Uplink, AnAddressAloneIsAskedForWithoutAPrefix) {
  UplinkRun run(with(conf::RequestAddress::kAuto, false));
  run.begin();
  run.hear(isp_router(true, true));
  run.run_for(seconds(1));
  ASSERT_EQ(run.sent.size(), 1U);
  EXPECT_TRUE(asks_address(run.sent[0].message));
  EXPECT_FALSE(asks_prefix(run.sent[0].message));
}

TEST(Uplink, ManagedThatComesLateAddsAnAddressAndKeepsThePrefix) {
  const auto server = isp_server();
  UplinkRun run;
  run.servers = {&server};
  run.begin();
  run.hear(isp_router(false, true));
  run.run_for(seconds(5));
  ASSERT_TRUE(run.bound());
  ASSERT_EQ(run.uplink.lease().prefixes.size(), 1U);
  EXPECT_TRUE(run.uplink.lease().addresses.empty());
  const std::size_t before = run.sent.size();
  run.hear(isp_router(true, true));
  ASSERT_EQ(run.uplink.lease().prefixes.size(), 1U);
  run.run_for(seconds(5));
  ASSERT_GT(run.sent.size(), before);
  EXPECT_TRUE(asks_address(run.sent[before].message));
  // Held leases are verified, not asked for anew.
  EXPECT_EQ(run.sent[before].message.type, MessageType::kRebind);
  EXPECT_EQ(run.uplink.lease().prefixes.size(), 1U);
  EXPECT_EQ(run.uplink.lease().addresses.size(), 1U);
}

TEST(Uplink, ManagedThatGoesAwayTakesNothing) {
  const auto server = isp_server();
  UplinkRun run;
  run.servers = {&server};
  run.begin();
  run.hear(isp_router(true, true));
  run.run_for(seconds(5));
  ASSERT_TRUE(run.bound());
  const dhcp6::Lease lease = run.uplink.lease();
  ASSERT_EQ(lease.addresses.size(), 1U);
  const std::size_t before = run.sent.size();
  run.hear(isp_router(false, false));
  run.run_for(minutes(10));
  EXPECT_EQ(run.sent.size(), before);
  EXPECT_EQ(run.uplink.lease(), lease);
  run.run_for(minutes(10));  // T1 is 1000 s
  EXPECT_GT(run.of(MessageType::kRenew).size(), 0U);
  EXPECT_EQ(run.uplink.lease().addresses.size(), 1U);
}

// What was had.

dhcp6::Lease stored_lease() {
  dhcp6::Lease lease;
  lease.server = dhcp6::testing::test_duid(1);
  lease.prefixes.push_back(
      {kIaid, prefix("2001:db8:1::/56"), kNow + seconds(1500), kNow + seconds(2500), std::nullopt});
  lease.renew_at = kNow + seconds(500);
  lease.rebind_at = kNow + seconds(1000);
  lease.stateful = true;
  lease.verified = true;  // by the earlier run
  return lease;
}

TEST(Uplink, AStoredLeaseIsThereBeforeAnybodySpeaks) {
  UplinkRun run(uplink_config("wan", "wan0"), stored_lease());
  EXPECT_EQ(run.uplink.lease().prefixes, stored_lease().prefixes);
  EXPECT_FALSE(run.uplink.lease().verified);
  EXPECT_FALSE(run.uplink.verdict());
  run.begin();
  run.run_for(seconds(1));
  // Verified at once, without waiting for a router; and what was not leased is not asked for.
  ASSERT_FALSE(run.sent.empty());
  EXPECT_EQ(run.sent[0].message.type, MessageType::kRebind);
  EXPECT_TRUE(asks_prefix(run.sent[0].message));
  EXPECT_FALSE(asks_address(run.sent[0].message));
  EXPECT_FALSE(run.uplink.verdict());
  run.run_for(seconds(60));  // nobody answers
  EXPECT_EQ(run.uplink.lease().prefixes, stored_lease().prefixes);
}

TEST(Uplink, TheVerdictIsAServersOrARouters) {
  const auto server = isp_server();
  UplinkRun answered(uplink_config("wan", "wan0"), stored_lease());
  answered.servers = {&server};
  answered.begin();
  answered.run_for(seconds(3));
  EXPECT_TRUE(answered.uplink.lease().verified);
  EXPECT_TRUE(answered.uplink.verdict());
  EXPECT_EQ(answered.uplink.lease().prefixes[0].prefix, prefix("2001:db8:1::/56"));

  UplinkRun heard(uplink_config("wan", "wan0"), stored_lease());
  heard.begin();
  heard.hear(isp_router(false, false));
  EXPECT_TRUE(heard.uplink.verdict());
}

TEST(Uplink, AFlapKeepsEverythingAndVerifiesIt) {
  const auto server = isp_server();
  UplinkRun run;
  run.servers = {&server};
  run.begin();
  run.hear(isp_router(true, true));
  run.run_for(seconds(5));
  ASSERT_TRUE(run.bound());
  const std::size_t before = run.sent.size();
  const unsigned solicitations = run.solicitations;

  LinkState down = run.wan;
  down.carrier = false;
  run.link(&down);
  EXPECT_FALSE(run.uplink.ready());
  run.run_for(seconds(20));
  EXPECT_EQ(run.sent.size(), before);  // nobody would hear it
  EXPECT_EQ(run.solicitations, solicitations);
  EXPECT_EQ(run.uplink.lease().prefixes.size(), 1U);
  EXPECT_EQ(run.uplink.heard().routers.size(), 1U);

  run.link(&run.wan);
  run.run_for(seconds(3));
  ASSERT_GT(run.sent.size(), before);
  EXPECT_EQ(run.sent[before].message.type, MessageType::kRebind);
  EXPECT_GT(run.solicitations, solicitations);
  EXPECT_TRUE(run.uplink.lease().verified);
  for (const auto& one : run.sent) EXPECT_NE(one.message.type, MessageType::kRelease);
}

TEST(Uplink, AnAbsentInterfaceSaysNothing) {
  UplinkRun run;
  run.uplink.identify(testing::kOurDuid, kIaid, testing::kNeed, run.now);
  run.link(nullptr);
  run.run_for(hours(1));
  EXPECT_TRUE(run.sent.empty());
  EXPECT_EQ(run.solicitations, 0U);
  EXPECT_FALSE(run.uplink.next_deadline().has_value());
}

TEST(Uplink, SaysNothingBeforeItKnowsWhoItIs) {
  UplinkRun run;
  run.link(&run.wan);
  run.hear(isp_router(true, true));
  run.run_for(seconds(2));
  EXPECT_TRUE(run.sent.empty());
  run.uplink.identify(testing::kOurDuid, kIaid, testing::kNeed, run.now);
  run.settle();
  run.run_for(seconds(1));
  ASSERT_EQ(run.sent.size(), 1U);
  const auto* id = dhcp6::find<dhcp6::ClientId>(run.sent[0].message.options);
  ASSERT_NE(id, nullptr);
  EXPECT_EQ(id->duid, testing::kOurDuid);
}

// RFC 9915 section 18.2.4: the server sends its Reconfigure to the address that it knows.
TEST(Uplink, ANewLinkLocalAddressIsToldToAServerThatMayReconfigure) {
  auto server = isp_server();
  server.configuration.push_back(
      dhcp6::Authentication::with_reconfigure_key(dhcp6::Authentication::Key{1, 2, 3}, 1));
  server.configuration.push_back(dhcp6::ReconfigureAccept{});
  UplinkRun run;
  run.servers = {&server};
  run.begin();
  run.hear(isp_router(true, true));
  run.run_for(seconds(5));
  ASSERT_TRUE(run.bound());
  ASSERT_TRUE(run.uplink.lease().reconfigure_key.has_value());
  const std::size_t before = run.sent.size();
  run.link(&run.wan);  // the same address
  run.run_for(seconds(1));
  EXPECT_EQ(run.sent.size(), before);
  run.wan.link_local = address("fe80::abcd");
  run.link(&run.wan);
  run.run_for(seconds(1));
  ASSERT_EQ(run.sent.size(), before + 1);
  EXPECT_EQ(run.sent[before].message.type, MessageType::kRenew);
}

TEST(Uplink, ADeclinedAddressLeavesTheLease) {
  const auto server = isp_server();
  UplinkRun run;
  run.servers = {&server};
  run.begin();
  run.hear(isp_router(true, true));
  run.run_for(seconds(5));
  ASSERT_EQ(run.uplink.lease().addresses.size(), 1U);
  run.uplink.decline(address("2001:db8:ffff::7"), run.now);
  run.settle();
  run.run_for(seconds(1));
  EXPECT_EQ(run.of(MessageType::kDecline).size(), 1U);
  EXPECT_EQ(run.uplink.lease().prefixes.size(), 1U);
}

// The end.

TEST(Uplink, StopsSilentlyUnlessToldToRelease) {
  const auto server = isp_server();
  for (const bool release : {false, true}) {
    conf::UplinkConfig config = uplink_config("wan", "wan0");
    config.release_on_stop = release;
    UplinkRun run(config);
    run.servers = {&server};
    run.begin();
    run.hear(isp_router(true, true));
    run.run_for(seconds(5));
    ASSERT_TRUE(run.bound());
    run.uplink.stop(run.now);
    run.settle();
    EXPECT_EQ(run.uplink.stopped(), !release);
    run.run_for(seconds(5));
    EXPECT_TRUE(run.uplink.stopped());
    EXPECT_EQ(run.of(MessageType::kRelease).size(), release ? 1U : 0U);
    // What comes now is nobody's business any more.
    const std::size_t before = run.sent.size();
    run.hear(isp_router(false, true));
    run.run_for(hours(1));
    EXPECT_EQ(run.sent.size(), before);
  }
}

// Reload.

TEST(Uplink, AnotherHintAloneQuestionsNothing) {
  const auto server = isp_server();
  UplinkRun run;
  run.servers = {&server};
  run.begin();
  run.hear(isp_router(true, true));
  run.run_for(seconds(5));
  ASSERT_TRUE(run.bound());
  const std::size_t before = run.sent.size();
  run.uplink.reconfigure(run.uplink.config(), {.hint = prefix("::/52"), .slash64s = 1}, run.now);
  run.settle();
  run.run_for(seconds(5));
  EXPECT_EQ(run.sent.size(), before);
  EXPECT_TRUE(run.bound());
}

TEST(Uplink, AnotherWishIsFollowedWithTheLeaseInHand) {
  const auto server = isp_server();
  UplinkRun run(with(conf::RequestAddress::kNever));
  run.servers = {&server};
  run.begin();
  run.run_for(seconds(5));
  ASSERT_TRUE(run.bound());
  EXPECT_TRUE(run.uplink.lease().addresses.empty());
  run.uplink.reconfigure(with(conf::RequestAddress::kAlways), testing::kNeed, run.now);
  run.settle();
  EXPECT_EQ(run.uplink.lease().prefixes.size(), 1U);
  run.run_for(seconds(5));
  EXPECT_EQ(run.uplink.lease().addresses.size(), 1U);
  EXPECT_EQ(run.uplink.lease().prefixes.size(), 1U);
  for (const auto& one : run.sent) EXPECT_NE(one.message.type, MessageType::kRelease);
}

// It went on renewing a prefix that nobody wanted any more.
TEST(Uplink, WishingForNothingAnyMoreEndsTheSession) {
  const auto server = isp_server();
  UplinkRun run(with(conf::RequestAddress::kNever));
  run.servers = {&server};
  run.begin();
  run.hear(isp_router(false, false));
  run.run_for(seconds(5));
  ASSERT_TRUE(run.bound());
  const unsigned changes = run.changes;
  run.uplink.reconfigure(with(conf::RequestAddress::kNever, false), testing::kNeed, run.now);
  run.settle();
  EXPECT_EQ(run.uplink.client_state(), "idle");
  EXPECT_TRUE(run.uplink.lease().empty());
  EXPECT_GT(run.changes, changes);
  const std::size_t before = run.sent.size();
  run.run_for(hours(3));
  EXPECT_EQ(run.sent.size(), before);
}

TEST(Uplink, AskingOnlyForInformationNowForgetsTheLeases) {
  const auto server = isp_server();
  UplinkRun run(with(conf::RequestAddress::kNever));
  run.servers = {&server};
  run.begin();
  run.hear(isp_router(false, true));
  run.run_for(seconds(5));
  ASSERT_TRUE(run.bound());
  run.uplink.reconfigure(with(conf::RequestAddress::kNever, false), testing::kNeed, run.now);
  run.settle();
  run.run_for(seconds(5));
  EXPECT_TRUE(run.uplink.lease().empty());
  EXPECT_EQ(run.uplink.client_state(), "informed");
}

TEST(Uplink, TheHintOfTheConfigurationComesBeforeTheComputedOne) {
  conf::UplinkConfig config = uplink_config("wan", "wan0");
  for (const bool configured : {false, true}) {
    if (configured) config.request_prefix = {conf::PrefixRequest::Kind::kWishes, {prefix("::/48")}};
    UplinkRun run(config);
    run.begin();
    run.hear(isp_router(false, true));
    run.run_for(seconds(1));
    ASSERT_EQ(run.sent.size(), 1U);
    const auto asked = testing::all_of<dhcp6::IaPd>(run.sent[0].message.options);
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].iaid, kIaid);
    const auto hints = testing::all_of<dhcp6::IaPrefix>(asked[0].options);
    ASSERT_EQ(hints.size(), 1U);
    EXPECT_EQ(hints[0].prefix, configured ? prefix("::/48") : prefix("::/56"));
  }
}

// RFC 9762: where the link would rather delegate.

ra::PrefixInformation on_the_link(const char* text, bool delegates, unsigned preferred = 1800) {
  ra::PrefixInformation option;
  option.prefix = prefix(text);
  option.on_link = option.autonomous = true;
  option.delegation_preferred = delegates;
  option.preferred = Lifetime(preferred);
  option.valid = Lifetime(3600);
  return option;
}

ra::RouterAdvertisement saying(const std::vector<ra::PrefixInformation>& prefixes) {
  ra::RouterAdvertisement said = isp_router(false, false);
  for (const ra::PrefixInformation& one : prefixes) said.options.push_back(one);
  return said;
}

// Bound on a link that would rather delegate.
void come_online(UplinkRun& run, const dhcp6::testing::TestServer& server) {
  run.servers = {&server};
  run.begin();
  run.hear(saying({on_the_link("2001:db8:a::/64", true)}));
  run.run_for(seconds(60));
  ASSERT_TRUE(run.bound());
}

TEST(Conformance, Row_9762_04_WithoutThePFlagAPrefixIsAskedForAllTheSame) {
  UplinkRun run;
  run.begin();
  run.hear(saying({on_the_link("2001:db8:a::/64", false)}));
  run.run_for(seconds(2));
  ASSERT_FALSE(run.of(MessageType::kSolicit).empty());
  EXPECT_TRUE(asks_prefix(run.of(MessageType::kSolicit)[0].message));
  EXPECT_TRUE(run.uplink.forms_address_in(prefix("2001:db8:a::/64")));
}

TEST(Conformance, Row_9762_05_NoAddressOfAPrefixThatIsForDelegationUnlessThatFails) {
  const Prefix link = prefix("2001:db8:a::/64");
  auto server = isp_server();
  UplinkRun run(with(conf::RequestAddress::kAuto));
  come_online(run, server);
  EXPECT_TRUE(asks_prefix(run.of(MessageType::kSolicit)[0].message));
  EXPECT_FALSE(run.uplink.forms_address_in(link));

  UplinkRun alone(with(conf::RequestAddress::kAuto));
  alone.begin();
  alone.hear(saying({on_the_link("2001:db8:a::/64", true)}));
  alone.run_for(seconds(15));
  EXPECT_FALSE(alone.uplink.forms_address_in(link));
  const unsigned before = alone.changes;
  alone.run_for(seconds(10));
  EXPECT_TRUE(alone.uplink.forms_address_in(link)) << "nobody delegates";
  EXPECT_GT(alone.changes, before);
  // And keeps it when somebody does in the end.
  alone.servers = {&server};
  alone.run_for(minutes(30));
  alone.hear(saying({on_the_link("2001:db8:a::/64", true)}));
  EXPECT_TRUE(alone.bound());
  EXPECT_TRUE(alone.uplink.forms_address_in(link));
}

TEST(Conformance, Row_9762_06_AnotherListOfPrefixesForDelegationMeansRebind) {
  auto server = isp_server();
  UplinkRun run(with(conf::RequestAddress::kAuto));
  come_online(run, server);
  const auto rebinds = [&] { return run.of(MessageType::kRebind).size(); };
  const auto renews = run.of(MessageType::kRenew).size();
  ASSERT_EQ(rebinds(), 0U);
  run.hear(saying({on_the_link("2001:db8:a::/64", true), on_the_link("2001:db8:b::/64", true)}));
  run.run_for(seconds(60));
  EXPECT_EQ(rebinds(), 1U) << "added";
  run.hear(saying({on_the_link("2001:db8:a::/64", true), on_the_link("2001:db8:b::/64", true, 0)}));
  run.run_for(seconds(60));
  EXPECT_EQ(rebinds(), 2U) << "removed";
  run.hear(saying({on_the_link("2001:db8:a::/64", false)}));
  run.run_for(seconds(60));
  EXPECT_EQ(rebinds(), 2U) << "empty now";
  EXPECT_EQ(run.of(MessageType::kRenew).size(), renews);
  EXPECT_TRUE(run.bound());
}

}  // namespace
}  // namespace sixgate::daemon
