// SPDX-License-Identifier: Apache-2.0
#include "daemon/reconcile.h"

#include <gtest/gtest.h>

#include <set>

#include "house_model.h"
#include "net/rng.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

using testing::address;
using testing::kNow;
using testing::prefix;

constexpr const char* kForwardingKey = "net/ipv6/conf/all/forwarding";
constexpr const char* kAcceptRaKey = "net/ipv6/conf/wan0/accept_ra";

KernelAddress some_address(const char* text, const char* interface = "lan0") {
  KernelAddress out;
  out.interface = interface;
  out.address = address(text);
  out.preferred_until = kNow + seconds(1800);
  out.valid_until = kNow + seconds(3600);
  out.ours = true;
  return out;
}

KernelRoute unreachable(const char* text) {
  KernelRoute out;
  out.kind = KernelRoute::Kind::kUnreachable;
  out.destination = prefix(text);
  return out;
}

KernelRoute on_link(const char* text, const char* interface = "lan0") {
  KernelRoute out;
  out.destination = prefix(text);
  out.interface = interface;
  out.expires = kNow + seconds(3600);
  return out;
}

KernelRoute via(const char* gateway, std::uint32_t metric = 1024) {
  KernelRoute out;
  out.interface = "wan0";
  out.gateway = address(gateway);
  out.metric = metric;
  out.expires = kNow + seconds(1800);
  return out;
}

firewall::Ruleset some_rules(const char* lan = "lan0") {
  firewall::Ruleset rules;
  rules.uplinks.push_back({"wan0"});
  firewall::FirewallLan one;
  one.interface = lan;
  rules.lans.push_back(one);
  return rules;
}

// Everything of one kind.
DesiredState everything() {
  DesiredState desired;
  desired.routes = {via("fe80::1"), on_link("2001:db8::/64"), unreachable("2001:db8::/56")};
  desired.addresses = {some_address("2001:db8::1")};
  desired.rules = {KernelRule{prefix("2001:db8:9::/64")}};
  desired.sysctls[kAcceptRaKey] = "0";
  desired.forwarding[kForwardingKey] = "1";
  desired.ruleset = some_rules();
  return desired;
}

KernelState fresh_kernel() {
  KernelState kernel;
  kernel.sysctls = {{kForwardingKey, "0"}, {kAcceptRaKey, "1"}};
  return kernel;
}

// Where in a set a change belongs (reconcile.h): make before break, and within each what others lean on
// first on the way in and last on the way out.
int step_of(const Change& change) {
  const auto of_route = [](const KernelRoute& route, int blackhole, int link, int gateway) {
    if (route.kind == KernelRoute::Kind::kUnreachable) return blackhole;
    return route.gateway ? gateway : link;
  };
  struct Step {
    decltype(of_route) route;
    int operator()(const PutRoute& c) const { return route(c.route, 0, 3, 7); }
    int operator()(const SetSysctl& c) const { return c.key == kForwardingKey ? 6 : 1; }
    int operator()(const PutAddress&) const { return 2; }
    int operator()(const PutRule&) const { return 4; }
    int operator()(const PutKnock&) const { return 4; }
    int operator()(const PutKnockPolicy&) const { return 4; }
    int operator()(const ApplyFirewall&) const { return 5; }
    int operator()(const RemoveRoute& c) const { return route(c.route, 12, 10, 8); }
    int operator()(const RemoveKnock&) const { return 8; }
    int operator()(const RemoveKnockPolicy&) const { return 8; }
    int operator()(const RemoveRule&) const { return 9; }
    int operator()(const RemoveAddress&) const { return 11; }
  };
  return std::visit(Step{of_route}, change);
}

std::string told(const ChangeSet& changes) {
  std::string out;
  for (const Change& change : changes) out += to_string(change) + '\n';
  return out;
}

bool is_removal(const Change& change) { return step_of(change) >= 8; }

bool in_order(const ChangeSet& changes) {
  return std::is_sorted(changes.begin(), changes.end(),
                        [](const Change& a, const Change& b) { return step_of(a) < step_of(b); });
}

TEST(Reconcile, BuildsFromNothingInTheOrderThatIsSafe) {
  const DesiredState desired = everything();
  const ChangeSet changes =
      difference(desired, fresh_kernel(), std::nullopt, Removal::kAllowed, kNow);
  const ChangeSet expected{
      PutRoute{unreachable("2001:db8::/56")},         SetSysctl{kAcceptRaKey, "0"},
      PutAddress{some_address("2001:db8::1")},        PutRoute{on_link("2001:db8::/64")},
      PutRule{KernelRule{prefix("2001:db8:9::/64")}}, ApplyFirewall{some_rules()}};
  EXPECT_EQ(changes, expected) << told(changes);
}

TEST(Reconcile, TakesDownInTheReverseOrder) {
  KernelState kernel = fresh_kernel();
  const DesiredState before = everything();
  kernel.routes = {unreachable("2001:db8::/56"), on_link("2001:db8::/64"), via("fe80::1")};
  kernel.addresses = before.addresses;
  kernel.rules = before.rules;
  DesiredState nothing;
  nothing.ruleset = before.ruleset;
  const ChangeSet changes = difference(nothing, kernel, before.ruleset, Removal::kAllowed, kNow);
  const ChangeSet expected{
      RemoveRoute{via("fe80::1")}, RemoveRule{KernelRule{prefix("2001:db8:9::/64")}},
      RemoveRoute{on_link("2001:db8::/64")}, RemoveAddress{some_address("2001:db8::1")},
      RemoveRoute{unreachable("2001:db8::/56")}};
  EXPECT_EQ(changes, expected) << told(changes);
}

// RFC 7084 G-3: forwarding is never on, nor a way out there, before a rule set is known to be in place.
TEST(Reconcile, ForwardingAndTheWayOutWaitForARuleSet) {
  const DesiredState desired = everything();
  KernelState kernel = fresh_kernel();
  for (const Change& change : difference(desired, kernel, std::nullopt, Removal::kAllowed, kNow)) {
    EXPECT_NE(change, Change(SetSysctl{kForwardingKey, "1"}));
    EXPECT_NE(change, Change(PutRoute{via("fe80::1")}));
    apply(change, kernel);
  }
  EXPECT_EQ(kernel.sysctls[kForwardingKey], "0");
  const ChangeSet then = difference(desired, kernel, desired.ruleset, Removal::kAllowed, kNow);
  EXPECT_EQ(then, (ChangeSet{SetSysctl{kForwardingKey, "1"}, PutRoute{via("fe80::1")}}))
      << told(then);
}

// With an older rule set in place the new one still comes first, in the same set.
TEST(Reconcile, ANewRuleSetComesBeforeForwarding) {
  const DesiredState desired = everything();
  const ChangeSet changes =
      difference(desired, fresh_kernel(), some_rules("lan7"), Removal::kAllowed, kNow);
  const auto rules = std::find(changes.begin(), changes.end(), Change(ApplyFirewall{some_rules()}));
  const auto on = std::find(changes.begin(), changes.end(), Change(SetSysctl{kForwardingKey, "1"}));
  ASSERT_NE(rules, changes.end());
  ASSERT_NE(on, changes.end());
  EXPECT_LT(rules - changes.begin(), on - changes.begin());
}

// To rules that do not know an interface, what it brings is not theirs to judge.
TEST(Reconcile, WhatTheRulesDoNotKnowGetsNoAddressAndNoRoute) {
  const DesiredState desired = everything();
  firewall::Ruleset other = some_rules("lan7");
  other.uplinks = {{"wan7"}};
  for (const Change& change : difference(desired, fresh_kernel(), other, Removal::kAllowed, kNow)) {
    EXPECT_TRUE(step_of(change) != 2 && step_of(change) != 3 && step_of(change) != 7)
        << to_string(change);
  }
  const ChangeSet known =
      difference(desired, fresh_kernel(), desired.ruleset, Removal::kAllowed, kNow);
  for (const Change& wanted :
       {Change(PutAddress{some_address("2001:db8::1")}), Change(PutRoute{on_link("2001:db8::/64")}),
        Change(PutRoute{via("fe80::1")})})
    EXPECT_NE(std::find(known.begin(), known.end(), wanted), known.end()) << to_string(wanted);
}

TEST(Reconcile, WithheldRemovalStillMakes) {
  KernelState kernel = fresh_kernel();
  kernel.addresses = {some_address("2001:db8:5::1")};
  kernel.routes = {via("fe80::9"), unreachable("2001:db8:5::/56"), on_link("2001:db8:5::/64")};
  kernel.rules = {KernelRule{prefix("2001:db8:6::/64")}};
  const DesiredState desired = everything();
  const ChangeSet held = difference(desired, kernel, std::nullopt, Removal::kWithheld, kNow);
  EXPECT_TRUE(std::none_of(held.begin(), held.end(), is_removal)) << told(held);
  const ChangeSet whole = difference(desired, kernel, std::nullopt, Removal::kAllowed, kNow);
  // The same beginning, and five objects that go.
  ASSERT_EQ(whole.size(), held.size() + 5) << told(whole);
  EXPECT_TRUE(std::equal(held.begin(), held.end(), whole.begin()));
}

TEST(Reconcile, AddressesOfOthersStay) {
  KernelState kernel = fresh_kernel();
  KernelAddress foreign = some_address("2001:db8:77::1");
  foreign.ours = false;
  kernel.addresses = {foreign};
  const DesiredState desired = everything();
  for (const Change& change : difference(desired, kernel, std::nullopt, Removal::kAllowed, kNow))
    apply(change, kernel);
  EXPECT_NE(testing::address_in(kernel.addresses, foreign.address), nullptr);
  EXPECT_FALSE(testing::address_in(kernel.addresses, foreign.address)->ours);
}

TEST(Reconcile, KeysThatTheKernelLacksAreLeftAlone) {
  DesiredState desired;
  desired.sysctls["net/ipv6/conf/lan0/accept_untracked_na"] = "1";  // before Linux 5.18
  desired.forwarding[kForwardingKey] = "1";
  EXPECT_EQ(difference(desired, KernelState{}, desired.ruleset, Removal::kAllowed, kNow),
            ChangeSet{});
}

TEST(Reconcile, LifetimesNeedOnlyBeClose) {
  DesiredState desired;
  desired.addresses = {some_address("2001:db8::1")};
  desired.routes = {on_link("2001:db8::/64")};
  const auto with = [&](Duration off) {
    KernelState kernel;
    kernel.addresses = desired.addresses;
    kernel.routes = desired.routes;
    for (KernelAddress& a : kernel.addresses) {
      a.preferred_until = a.preferred_until + off;
      a.valid_until = a.valid_until + off;
    }
    for (KernelRoute& r : kernel.routes) r.expires = r.expires + off;
    return difference(desired, kernel, desired.ruleset, Removal::kAllowed, kNow).size();
  };
  EXPECT_EQ(with(Duration{}), 0U);
  EXPECT_EQ(with(kLifetimeTolerance), 0U);
  EXPECT_EQ(with(-kLifetimeTolerance), 0U);
  EXPECT_EQ(with(kLifetimeTolerance + Duration(1)), 2U);
  EXPECT_EQ(with(-kLifetimeTolerance - Duration(1)), 2U);
}

TEST(Reconcile, NeverIsNotCloseToAnyNumber) {
  DesiredState desired;
  desired.addresses = {some_address("fd00::1")};
  desired.addresses[0].preferred_until = desired.addresses[0].valid_until = Instant::never();
  KernelState kernel;
  kernel.addresses = {some_address("fd00::1")};
  EXPECT_EQ(difference(desired, kernel, desired.ruleset, Removal::kAllowed, kNow),
            (ChangeSet{PutAddress{desired.addresses[0]}}));
  kernel.addresses = desired.addresses;
  EXPECT_EQ(difference(desired, kernel, desired.ruleset, Removal::kAllowed, kNow), ChangeSet{});
}

// The kernel shows zero for every preferred lifetime that is over.
TEST(Reconcile, EndsInThePastAreAllTheSame) {
  DesiredState desired;
  desired.addresses = {some_address("2001:db8::1")};
  desired.addresses[0].preferred_until = kNow - hours(5);
  KernelState kernel;
  kernel.addresses = desired.addresses;
  kernel.addresses[0].preferred_until = kNow;
  EXPECT_EQ(difference(desired, kernel, desired.ruleset, Removal::kAllowed, kNow), ChangeSet{});
}

TEST(Reconcile, AttributesThatDifferAreReplacedInPlace) {
  DesiredState desired;
  desired.addresses = {some_address("2001:db8::1")};
  desired.routes = {via("fe80::1")};
  KernelState kernel;
  kernel.addresses = desired.addresses;
  kernel.addresses[0].prefix_length = 128;
  kernel.routes = desired.routes;
  kernel.routes[0].preference = ra::RouterPreference::kHigh;
  const ChangeSet changes = difference(desired, kernel, desired.ruleset, Removal::kAllowed, kNow);
  EXPECT_EQ(changes, (ChangeSet{PutAddress{desired.addresses[0]}, PutRoute{desired.routes[0]}}));
  kernel.routes[0] = desired.routes[0];
  kernel.routes[0].mtu = 1400;
  kernel.addresses = desired.addresses;
  EXPECT_EQ(difference(desired, kernel, desired.ruleset, Removal::kAllowed, kNow),
            (ChangeSet{PutRoute{desired.routes[0]}}));
}

// Make before break: the new next hop is there before the old one goes.
TEST(Reconcile, ARouteThatMovesIsPutAnewBeforeTheOldOneGoes) {
  DesiredState desired;
  desired.routes = {via("fe80::2")};
  KernelState kernel;
  kernel.routes = {via("fe80::1")};
  EXPECT_EQ(difference(desired, kernel, desired.ruleset, Removal::kAllowed, kNow),
            (ChangeSet{PutRoute{via("fe80::2")}, RemoveRoute{via("fe80::1")}}));
}

TEST(Reconcile, AnAddressThatMovesToAnotherInterfaceIsThereFirst) {
  DesiredState desired;
  desired.addresses = {some_address("2001:db8::1", "lan1")};
  KernelState kernel;
  kernel.addresses = {some_address("2001:db8::1", "lan0")};
  EXPECT_EQ(difference(desired, kernel, desired.ruleset, Removal::kAllowed, kNow),
            (ChangeSet{PutAddress{some_address("2001:db8::1", "lan1")},
                       RemoveAddress{some_address("2001:db8::1", "lan0")}}));
}

TEST(Reconcile, AnEqualRuleSetIsNotAppliedAgain) {
  DesiredState desired;
  desired.ruleset = some_rules();
  EXPECT_EQ(difference(desired, KernelState{}, some_rules(), Removal::kAllowed, kNow), ChangeSet{});
  EXPECT_EQ(difference(desired, KernelState{}, some_rules("lan1"), Removal::kAllowed, kNow),
            (ChangeSet{ApplyFirewall{some_rules()}}));
}

TEST(Reconcile, ApplyingTwiceIsApplyingOnce) {
  const DesiredState desired = everything();
  KernelState once = fresh_kernel();
  const ChangeSet changes = difference(desired, once, std::nullopt, Removal::kAllowed, kNow);
  for (const Change& change : changes) apply(change, once);
  KernelState twice = once;
  for (const Change& change : changes) apply(change, twice);
  std::sort(twice.routes.begin(), twice.routes.end(),
            [](const auto& a, const auto& b) { return a.destination < b.destination; });
  std::sort(once.routes.begin(), once.routes.end(),
            [](const auto& a, const auto& b) { return a.destination < b.destination; });
  EXPECT_EQ(once, twice);
}

// Random pairs of what is wanted and what is there, from a world so small that they often meet.
class RandomPictures {
 public:
  explicit RandomPictures(std::uint64_t seed) : rng_(seed) {}

  DesiredState desired() {
    DesiredState out;
    out.addresses = addresses(true);
    out.routes = routes();
    out.rules = rules();
    for (const char* key : {"a", "b", "c"}) {
      if (rng_.chance(0.5)) out.sysctls[key] = rng_.chance(0.5) ? "0" : "1";
    }
    out.forwarding[kForwardingKey] = "1";
    out.ruleset = some_rules(rng_.chance(0.5) ? "lan0" : "lan1");
    return out;
  }
  KernelState kernel() {
    KernelState out;
    out.addresses = addresses(false);
    out.routes = routes();
    out.rules = rules();
    for (const char* key : {"a", "b", kForwardingKey}) {
      if (rng_.chance(0.7)) out.sysctls[key] = rng_.chance(0.5) ? "0" : "1";
    }
    return out;
  }
  std::optional<firewall::Ruleset> applied() {
    if (rng_.chance(0.3)) return std::nullopt;
    return some_rules(rng_.chance(0.5) ? "lan0" : "lan1");
  }

 private:
  Instant end() {
    if (rng_.chance(0.1)) return Instant::never();
    return kNow + rng_.between(seconds(-10), seconds(100));
  }
  std::vector<KernelAddress> addresses(bool ours) {
    std::vector<KernelAddress> out;
    for (const char* interface : {"lan0", "lan1"}) {
      for (std::uint64_t host = 1; host <= 4; ++host) {
        if (rng_.chance(0.5)) continue;
        KernelAddress a;
        a.interface = interface;
        a.address = Ip6Address::from_halves(0x20010db800000000, host);
        a.prefix_length = rng_.chance(0.8) ? 64 : 128;
        a.valid_until = end();
        a.preferred_until = std::min(end(), a.valid_until);
        a.ours = ours || rng_.chance(0.6);
        a.dad_failed = !ours && rng_.chance(0.1);
        out.push_back(a);
      }
    }
    return out;
  }
  std::vector<KernelRoute> routes() {
    std::vector<KernelRoute> out;
    for (std::uint64_t net = 0; net < 3; ++net) {
      for (int kind = 0; kind < 4; ++kind) {
        if (rng_.chance(0.6)) continue;
        KernelRoute r;
        r.destination =
            Prefix(Ip6Address::from_halves(0x20010db800000000 + (net << 8), 0), net == 0 ? 0 : 56);
        if (kind == 0) r.kind = KernelRoute::Kind::kUnreachable;
        if (kind > 0) r.interface = kind == 1 ? "lan0" : "wan0";
        if (kind > 1) r.gateway = Ip6Address::from_halves(0xfe80000000000000, rng_.below(2) + 1);
        r.metric = 100 * static_cast<std::uint32_t>(kind);
        r.preference =
            rng_.chance(0.8) ? ra::RouterPreference::kMedium : ra::RouterPreference::kLow;
        r.expires = end();
        out.push_back(r);
      }
    }
    return out;
  }
  std::vector<KernelRule> rules() {
    std::vector<KernelRule> out;
    for (std::uint64_t net = 0; net < 3; ++net) {
      if (rng_.chance(0.5))
        out.push_back(KernelRule{Prefix(Ip6Address::from_halves(0x20010db8 + net, 0), 64)});
    }
    return out;
  }
  Rng rng_;
};

std::set<std::string> names_of_foreign(const KernelState& kernel, const DesiredState& desired) {
  std::set<std::string> out;
  for (const KernelAddress& a : kernel.addresses) {
    const bool wanted = std::any_of(
        desired.addresses.begin(), desired.addresses.end(),
        [&](const auto& w) { return w.interface == a.interface && w.address == a.address; });
    if (!a.ours && !wanted)
      out.insert(cat(a.interface, ' ', a.address, '/', a.prefix_length, ' ', a.valid_until.micros(),
                     ' ', a.preferred_until.micros()));
  }
  return out;
}

bool is_unjudged(const Change& change, const firewall::Ruleset& wanted,
                 const firewall::Ruleset& applied) {
  const auto is = [&](const std::string& interface) {
    return has_interface(wanted, interface) && !has_interface(applied, interface);
  };
  if (const auto* put = std::get_if<PutAddress>(&change)) return is(put->address.interface);
  if (const auto* put = std::get_if<PutRoute>(&change)) return is(put->route.interface);
  return false;
}

TEST(ReconcileProperty, ApplyingEverythingLeavesNothingToDo) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(cat("seed ", seed));
    RandomPictures random(seed);
    const DesiredState desired = random.desired();
    KernelState kernel = random.kernel();
    const auto rules = random.applied();
    const auto foreign = names_of_foreign(kernel, desired);

    const ChangeSet first = difference(desired, kernel, rules, Removal::kAllowed, kNow);
    ASSERT_TRUE(in_order(first)) << told(first);
    ASSERT_EQ(difference(desired, kernel, rules, Removal::kAllowed, kNow), first);
    for (const Change& change : first) {
      if (const auto* removed = std::get_if<RemoveAddress>(&change)) {
        ASSERT_TRUE(removed->address.ours);
      }
      apply(change, kernel);
    }
    // Forwarding and routes to gateways may have waited for the first rule set, and what belongs to an interface for
    // rules that know it.
    const ChangeSet second = difference(desired, kernel, desired.ruleset, Removal::kAllowed, kNow);
    for (const Change& change : second) {
      ASSERT_TRUE(rules ? is_unjudged(change, desired.ruleset, *rules)
                        : step_of(change) == 6 || step_of(change) == 7)
          << told(second);
      apply(change, kernel);
    }
    ASSERT_EQ(difference(desired, kernel, desired.ruleset, Removal::kAllowed, kNow), ChangeSet{});
    ASSERT_EQ(names_of_foreign(kernel, desired), foreign);
  }
}

TEST(ReconcileProperty, WithheldIsAllowedWithoutItsRemovals) {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    SCOPED_TRACE(cat("seed ", seed));
    RandomPictures random(seed);
    const DesiredState desired = random.desired();
    const KernelState kernel = random.kernel();
    const auto rules = random.applied();
    ChangeSet whole = difference(desired, kernel, rules, Removal::kAllowed, kNow);
    std::erase_if(whole, is_removal);
    ASSERT_EQ(difference(desired, kernel, rules, Removal::kWithheld, kNow), whole);
  }
}

// A set of which only some took effect is followed by what is left of it, and by nothing else.
TEST(ReconcileProperty, WhatFailedIsLeftToDo) {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    SCOPED_TRACE(cat("seed ", seed));
    RandomPictures random(seed);
    Rng dice(seed + 5'000'000);
    const DesiredState desired = random.desired();
    KernelState kernel = random.kernel();
    ChangeSet failed;
    for (const Change& change :
         difference(desired, kernel, desired.ruleset, Removal::kAllowed, kNow)) {
      if (dice.chance(0.5))
        failed.push_back(change);
      else
        apply(change, kernel);
    }
    ASSERT_EQ(difference(desired, kernel, desired.ruleset, Removal::kAllowed, kNow).size(),
              failed.size());
    for (const Change& change : failed) apply(change, kernel);
    ASSERT_EQ(difference(desired, kernel, desired.ruleset, Removal::kAllowed, kNow), ChangeSet{});
  }
}

TEST(ReconcileProperty, AllAtOnceIsOneAfterTheOther) {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    SCOPED_TRACE(cat("seed ", seed));
    RandomPictures random(seed);
    const DesiredState desired = random.desired();
    KernelState kernel = random.kernel();
    ChangeSet changes = difference(desired, kernel, random.applied(), Removal::kAllowed, kNow);
    // Some of them twice, and what was put gone again.
    Rng dice(seed + 6'000'000);
    for (std::size_t i = changes.size(); i-- > 0;) {
      const Change again = changes[i];
      if (const auto* put = std::get_if<PutRoute>(&again); put != nullptr && dice.chance(0.3))
        changes.push_back(RemoveRoute{put->route});
      else if (dice.chance(0.3))
        changes.push_back(again);
    }
    KernelState together = kernel;
    for (const Change& change : changes) apply(change, kernel);
    apply_all(changes, together);
    ASSERT_EQ(together, kernel);
  }
}

TEST(Change, SaysWhatItDoes) {
  EXPECT_EQ(to_string(PutAddress{some_address("2001:db8::1")}),
            "put address 2001:db8::1/64 on lan0");
  EXPECT_EQ(to_string(RemoveAddress{some_address("2001:db8::1")}),
            "remove address 2001:db8::1/64 on lan0");
  EXPECT_EQ(to_string(PutRoute{via("fe80::1")}), "put route ::/0 via fe80::1 on wan0");
  EXPECT_EQ(to_string(RemoveRoute{unreachable("2001:db8::/56")}),
            "remove unreachable route 2001:db8::/56");
  KernelRoute back = on_link("2001:db8::/64");
  back.table = kWithdrawnTable;
  back.source = prefix("2001:db8:1::/56");
  EXPECT_EQ(to_string(PutRoute{back}),
            "put route 2001:db8::/64 from 2001:db8:1::/56 on lan0 in table 16600");
  EXPECT_EQ(to_string(PutRule{KernelRule{prefix("2001:db8::/64")}}),
            "put rule to 2001:db8::/64 look in table 16600");
  EXPECT_EQ(to_string(SetSysctl{kForwardingKey, "1"}), "set net/ipv6/conf/all/forwarding = 1");
  EXPECT_EQ(to_string(ApplyFirewall{}), "apply the firewall rules");
}

}  // namespace
}  // namespace sixgate::daemon
