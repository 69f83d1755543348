// SPDX-License-Identifier: Apache-2.0
// Our rtnetlink against a real kernel in a namespace of its own, with `ip` as the judge.
#include "daemon/io/kernel.h"

#include <sys/socket.h>

#include <algorithm>

#include "daemon/io/clock.h"
#include "daemon/io/sysctl.h"
#include "tests/unit/daemon_io/namespace.h"

namespace sixgate::daemon {
namespace {

Ip6Address address(const char* text) { return *Ip6Address::parse(text); }
Prefix prefix(const char* text) { return *Prefix::parse(text); }

class KernelTest : public NamespaceTest {
 protected:
  void SetUp() override {
    NamespaceTest::SetUp();
    if (IsSkipped()) return;
    run("ip link set lo up && ip link add wan type veth peer name isp && "
        "sysctl -qw net.ipv6.conf.wan.accept_dad=0 net.ipv6.conf.wan.accept_ra=0 && "
        "ip link set wan up && ip link set isp up");
    auto opened = Kernel::open(
        loop_, [this] { ++changed_; }, [this](const LogLine& line) { log_.push_back(line); });
    ASSERT_TRUE(opened) << opened.error().message;
    kernel_ = std::move(*opened);
    now_ = clock_now();
    (void)read();
  }
  KernelPicture read(std::vector<std::string> sysctls = {}) {
    auto picture = kernel_->read(sysctls, clock_now());
    EXPECT_TRUE(picture);
    return std::move(*picture);
  }
  std::vector<ChangeFailure> apply(const ChangeSet& changes) {
    return kernel_->apply(changes, 0, clock_now());
  }
  void run_loop(Duration for_how_long) {
    const Instant until = clock_now() + for_how_long;
    while (clock_now() < until) loop_.run_for(until - clock_now());
  }
  KernelAddress lease(const char* text, Duration preferred, Duration valid) const {
    KernelAddress out;
    out.interface = "wan";
    out.address = address(text);
    out.preferred_until = clock_now() + preferred;
    out.valid_until = clock_now() + valid;
    return out;
  }
  static void expect_none(const std::vector<ChangeFailure>& failures) {
    for (const ChangeFailure& failure : failures) {
      ADD_FAILURE() << failure.index << ": " << failure.reason;
    }
  }

  EventLoop loop_;
  std::unique_ptr<Kernel> kernel_;
  int changed_ = 0;
  LogLines log_;
  Instant now_;
};

TEST_F(KernelTest, ReadsLinksWithTheirUsableLinkLocalAddress) {
  const Instant until = clock_now() + seconds(5);  // the address takes the kernel a moment
  const auto ready = [&] {
    const auto links = read().links;
    return std::any_of(links.begin(), links.end(),
                       [](const LinkState& l) { return l.name == "wan" && l.ready(); });
  };
  while (!ready() && clock_now() < until) loop_.run_for(milliseconds(5));
  const KernelPicture picture = read();
  const auto wan = std::find_if(picture.links.begin(), picture.links.end(),
                                [](const LinkState& l) { return l.name == "wan"; });
  ASSERT_NE(wan, picture.links.end());
  EXPECT_TRUE(wan->up);
  EXPECT_TRUE(wan->carrier);
  EXPECT_TRUE(wan->mac);
  EXPECT_EQ(wan->mtu, 1500U);
  ASSERT_TRUE(wan->link_local);
  EXPECT_TRUE(contains(output_of("ip -6 addr show dev wan"), wan->link_local->to_string()));
  EXPECT_TRUE(wan->ready());
}

TEST_F(KernelTest, PutsReplacesAndRemovesAnAddress) {
  expect_none(apply({PutAddress{lease("2001:db8::1", seconds(1000), seconds(2000))}}));
  std::string shown = output_of("ip -6 addr show dev wan scope global");
  EXPECT_TRUE(contains(shown, "2001:db8::1/64")) << shown;
  EXPECT_TRUE(contains(shown, "noprefixroute")) << shown;
  EXPECT_TRUE(contains(shown, "valid_lft 2000sec preferred_lft 1000sec") ||
              contains(shown, "valid_lft 1999sec preferred_lft 999sec"))
      << shown;

  expect_none(apply({PutAddress{lease("2001:db8::1", seconds(0), seconds(500))}}));
  shown = output_of("ip -6 addr show dev wan scope global");
  EXPECT_TRUE(contains(shown, "deprecated")) << shown;
  const KernelPicture picture = read();
  ASSERT_EQ(picture.state.addresses.size(), 1U);
  const KernelAddress& there = picture.state.addresses[0];
  EXPECT_EQ(there.interface, "wan");
  EXPECT_EQ(there.address, address("2001:db8::1"));
  EXPECT_TRUE(there.ours);
  EXPECT_LE(there.preferred_until, clock_now());
  const Duration left = there.valid_until - clock_now();
  EXPECT_GT(left, seconds(497));
  EXPECT_LE(left, seconds(501));

  expect_none(apply({RemoveAddress{there}}));
  EXPECT_EQ(output_of("ip -6 addr show dev wan scope global"), "");
  expect_none(apply({RemoveAddress{there}}));  // idempotent
}

TEST_F(KernelTest, TellsForeignAddressesFromOurs) {
  run("ip -6 addr add 2001:db8:f::1/64 dev wan");
  expect_none(apply({PutAddress{lease("2001:db8::1", seconds(1000), seconds(2000))}}));
  const KernelPicture picture = read();
  ASSERT_EQ(picture.state.addresses.size(), 2U);
  for (const KernelAddress& there : picture.state.addresses) {
    EXPECT_EQ(there.ours, there.address == address("2001:db8::1"));
  }
  const auto foreign = std::find_if(picture.state.addresses.begin(), picture.state.addresses.end(),
                                    [](const KernelAddress& a) { return !a.ours; });
  EXPECT_TRUE(foreign->valid_until.is_never());
}

TEST_F(KernelTest, PutsReplacesAndRemovesRoutes) {
  KernelRoute unreachable;
  unreachable.kind = KernelRoute::Kind::kUnreachable;
  unreachable.destination = prefix("2001:db8::/56");
  KernelRoute on_link;
  on_link.destination = prefix("2001:db8:0:1::/64");
  on_link.interface = "wan";
  on_link.metric = 256;
  on_link.expires = clock_now() + seconds(300);
  KernelRoute default_route;
  default_route.source = prefix("2001:db8::/56");
  default_route.interface = "wan";
  default_route.gateway = address("fe80::1");
  default_route.preference = ra::RouterPreference::kHigh;
  default_route.mtu = 1400;
  default_route.expires = clock_now() + seconds(1800);
  const ChangeSet changes{PutRoute{unreachable}, PutRoute{on_link}, PutRoute{default_route}};
  expect_none(apply(changes));

  const std::string shown = output_of("ip -6 route show proto 166");
  EXPECT_TRUE(contains(shown, "unreachable 2001:db8::/56 dev lo")) << shown;
  EXPECT_TRUE(contains(shown, "2001:db8:0:1::/64 dev wan metric 256 expires")) << shown;
  EXPECT_TRUE(contains(shown, "default from 2001:db8::/56 via fe80::1 dev wan")) << shown;
  EXPECT_TRUE(contains(shown, "mtu 1400")) << shown;
  EXPECT_TRUE(contains(shown, "pref high")) << shown;

  auto ours = [&](KernelRoute wanted) {
    const KernelPicture picture = read();
    for (KernelRoute there : picture.state.routes) {
      const Duration apart = there.expires.is_never() && wanted.expires.is_never()
                                 ? Duration(0)
                                 : there.expires - wanted.expires;
      there.expires = wanted.expires;
      if (there == wanted) return apart > seconds(-2) && apart < seconds(2);
    }
    return false;
  };
  EXPECT_TRUE(ours(unreachable));
  EXPECT_TRUE(ours(on_link));
  EXPECT_TRUE(ours(default_route));

  default_route.expires = clock_now() + seconds(600);
  default_route.mtu = 1280;
  expect_none(apply({PutRoute{default_route}, PutRoute{unreachable}}));
  EXPECT_TRUE(ours(default_route));
  EXPECT_EQ(read().state.routes.size(), 3U);

  expect_none(apply({RemoveRoute{default_route}, RemoveRoute{on_link}, RemoveRoute{unreachable}}));
  EXPECT_EQ(output_of("ip -6 route show proto 166"), "");
  expect_none(apply({RemoveRoute{default_route}, RemoveRoute{unreachable}}));  // idempotent
}

TEST_F(KernelTest, ReplacesARouteWhoseExpiryComesOrGoes) {
  KernelRoute route;
  route.destination = prefix("2001:db8:0:1::/64");
  route.interface = "wan";
  expect_none(apply({PutRoute{route}}));
  route.expires = clock_now() + seconds(300);
  expect_none(apply({PutRoute{route}}));
  EXPECT_TRUE(contains(output_of("ip -6 route show proto 166"), "expires"));
  route.expires = Instant::never();
  expect_none(apply({PutRoute{route}}));
  EXPECT_FALSE(contains(output_of("ip -6 route show proto 166"), "expires"));
  EXPECT_TRUE(read().state.routes.at(0).expires.is_never());
}

TEST_F(KernelTest, NeverReplacesSomebodyElsesRoute) {
  run("ip -6 route add default via fe80::9 dev wan metric 1024 proto static");
  KernelRoute route;
  route.interface = "wan";
  route.gateway = address("fe80::1");
  const auto failures = apply({PutRoute{route}});
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_TRUE(contains(failures[0].reason, "File exists")) << failures[0].reason;
  EXPECT_TRUE(contains(output_of("ip -6 route show default"), "via fe80::9"));
  EXPECT_TRUE(read().state.routes.empty());
  expect_none(apply({RemoveRoute{route}}));
  EXPECT_TRUE(contains(output_of("ip -6 route show default"), "via fe80::9"));
}

TEST_F(KernelTest, KeepsSeveralNextHopsOfOneDestination) {
  KernelRoute one;
  one.interface = "wan";
  one.gateway = address("fe80::1");
  one.expires = clock_now() + seconds(100);
  KernelRoute two = one;
  two.gateway = address("fe80::2");
  expect_none(apply({PutRoute{one}, PutRoute{two}}));
  EXPECT_EQ(read().state.routes.size(), 2U) << output_of("ip -6 route show default");
  one.expires = clock_now() + seconds(900);
  expect_none(apply({PutRoute{one}}));
  EXPECT_EQ(read().state.routes.size(), 2U) << output_of("ip -6 route show default");
  EXPECT_GT(read().state.routes.at(0).expires - clock_now(), seconds(800));
  expect_none(apply({RemoveRoute{one}}));
  ASSERT_EQ(read().state.routes.size(), 1U);
  EXPECT_EQ(read().state.routes[0].gateway, two.gateway);
}

TEST_F(KernelTest, PutsAndRemovesRulesOfOurOwn) {
  run("ip -6 rule add to 2001:db8:9::/48 lookup 77 priority 500");
  const KernelRule rule{prefix("2001:db8:1::/64")};
  expect_none(apply({PutRule{rule}, PutRule{rule}}));
  const std::string shown = output_of("ip -6 rule show");
  EXPECT_TRUE(contains(shown, "16600:\tfrom all to 2001:db8:1::/64 iif lo lookup 16600")) << shown;
  EXPECT_EQ(read().state.rules, std::vector<KernelRule>{rule});
  expect_none(apply({RemoveRule{rule}, RemoveRule{rule}}));
  EXPECT_TRUE(read().state.rules.empty());
  EXPECT_TRUE(contains(output_of("ip -6 rule show"), "2001:db8:9::/48"));
}

TEST_F(KernelTest, SetsSysctlsInTheirPlaceAmongTheChanges) {
  const std::string key = "net/ipv6/conf/wan/accept_ra";
  EXPECT_EQ(read({key, "net/ipv6/conf/absent/accept_ra"}).state.sysctls,
            (std::map<std::string, std::string>{{key, "0"}}));
  expect_none(
      apply({SetSysctl{key, "2"}, PutAddress{lease("2001:db8::1", seconds(9), seconds(9))}}));
  EXPECT_EQ(read_sysctl(key), "2");
  const auto failures =
      apply({SetSysctl{"net/ipv6/conf/absent/accept_ra", "0"}, SetSysctl{"../../etc/passwd", "x"}});
  ASSERT_EQ(failures.size(), 2U);
  EXPECT_EQ(failures[0].reason, "No such file or directory");
}

TEST_F(KernelTest, SaysWhichOfManyChangesFailedAndWhy) {
  ChangeSet changes;
  for (unsigned i = 1; i <= 200; ++i) {
    KernelAddress one = lease("2001:db8::", seconds(1000), seconds(2000));
    one.address = Ip6Address::from_halves(0x20010db800000000, i);
    if (i == 78) one.address = address("ff02::1");  // multicast: the kernel refuses
    if (i == 100) one.interface = "absent";
    changes.push_back(PutAddress{one});
  }
  const auto failures = kernel_->apply(changes, 1000, clock_now());
  ASSERT_EQ(failures.size(), 2U);
  EXPECT_EQ(failures[0].index, 1077U);
  EXPECT_TRUE(contains(failures[0].reason, "annot assign")) << failures[0].reason;
  EXPECT_EQ(failures[1].index, 1099U);
  EXPECT_EQ(failures[1].reason, "there is no interface absent");
  EXPECT_EQ(read().state.addresses.size(), 198U);
}

TEST_F(KernelTest, CallsOnceForABurstOfEvents) {
  run_loop(milliseconds(30));
  changed_ = 0;
  // One process, so that the hundred events come together.
  std::string batch;
  for (int i = 0; i < 50; ++i) batch += "link set wan down\nlink set wan up\n";
  run("printf '" + batch + "' | ip -batch -");
  run_loop(milliseconds(100));
  EXPECT_GE(changed_, 1);
  EXPECT_LE(changed_, 3);
}

TEST_F(KernelTest, IgnoresRoutesOfOthers) {
  run_loop(milliseconds(30));
  changed_ = 0;
  run("ip -6 route add 2001:db8:77::/48 via fe80::9 dev wan");
  run_loop(milliseconds(30));
  EXPECT_EQ(changed_, 0);
}

TEST_F(KernelTest, NoticesTentativeAndFailedAddresses) {
  const Elsewhere elsewhere;  // a neighbour that has the address already
  run("ip link set isp netns " + elsewhere.pid() + " && sysctl -qw net.ipv6.conf.wan.accept_dad=1");
  elsewhere.run("ip link set isp up && ip -6 addr add 2001:db8::7/64 dev isp nodad");
  expect_none(apply({PutAddress{lease("2001:db8::7", seconds(1000), seconds(2000))}}));
  const auto ours = [&] {
    for (const KernelAddress& there : read().state.addresses) {
      if (there.interface == "wan") return there;
    }
    return KernelAddress{};
  };
  EXPECT_TRUE(ours().tentative);
  const Instant until = clock_now() + seconds(5);
  // News are gathered for a moment before they are told.
  while ((!ours().dad_failed || changed_ == 0) && clock_now() < until)
    loop_.run_for(milliseconds(100));
  EXPECT_TRUE(ours().dad_failed);
  EXPECT_TRUE(ours().ours);
  EXPECT_GE(changed_, 1);
  expect_none(apply({RemoveAddress{ours()}}));
  EXPECT_TRUE(read().state.addresses.empty());
}

TEST_F(KernelTest, LooksAgainAfterAnOverrun) {
  run_loop(milliseconds(30));
  changed_ = 0;
  // More events than the buffer holds, while nobody reads.
  run("seq 6000 | sed 's/.*/route add 2001:db8:1:&::\\/64 dev wan proto 166/' | ip -6 -batch -");
  run_loop(milliseconds(100));
  EXPECT_GE(changed_, 1);
  const bool said = std::any_of(log_.begin(), log_.end(), [](const LogLine& line) {
    return contains(line.text, "events were lost");
  });
  EXPECT_TRUE(said);
  EXPECT_EQ(read().state.routes.size(), 6000U);
}

TEST_F(KernelTest, FollowsAnInterfaceReplacedUnderTheSameName) {
  const auto index = [&] {
    for (const LinkState& link : read().links) {
      if (link.name == "wan") return link.index;
    }
    return 0U;
  };
  const unsigned before = index();
  run("ip link del wan && ip link add wan type veth peer name isp && ip link set wan up");
  EXPECT_NE(index(), before);
  expect_none(apply({PutAddress{lease("2001:db8::1", seconds(1000), seconds(2000))}}));
  EXPECT_TRUE(contains(output_of("ip -6 addr show dev wan"), "2001:db8::1"));
}

// The policies of the IPsec knock. This kernel may have no AH: then the state is refused, with the reason.
TEST_F(KernelTest, KnowsItsIpsecPoliciesAndNoOthers) {
  run("ip xfrm policy add dst 2001:db8:9::/48 dir fwd tmpl proto ah reqid 1 mode tunnel level use");
  run_loop(milliseconds(30));
  changed_ = 0;
  const KernelKnockPolicy policy{prefix("2001:db8:1::/48")};
  expect_none(apply({PutKnockPolicy{policy}}));
  EXPECT_EQ(read().state.knock_policies, std::vector<KernelKnockPolicy>{policy});
  const std::string shown = output_of("ip xfrm policy list dir fwd dst 2001:db8:1::/48");
  for (const char* part :
       {"src ::/0 dst 2001:db8:1::/48", "dir fwd", "proto ah reqid 16600 mode tunnel", "level use"})
    EXPECT_TRUE(contains(shown, part)) << shown;
  run_loop(milliseconds(30));
  EXPECT_GE(changed_, 1) << "somebody else's hand would be noticed";
  // A second one of the same packets is refused, whoever has the first.
  EXPECT_EQ(apply({PutKnockPolicy{{prefix("2001:db8:9::/48")}}}).size(), 1U);
  expect_none(apply({RemoveKnockPolicy{policy}, RemoveKnockPolicy{policy}}));
  EXPECT_TRUE(read().state.knock_policies.empty());

  KernelKnock knock;
  knock.address = address("2001:db8::1");
  knock.spi = 0x1234;
  knock.inner = policy.inner;
  knock.algorithm = "hmac(sha256)";
  knock.icv_bits = 128;
  knock.key = Secret(std::vector<std::uint8_t>(32, 7));
  knock.mark = 0x6a7e0000;
  const auto failures = apply({PutKnock{knock}});
  if (failures.empty()) {
    EXPECT_EQ(read().state.knocks, std::vector<KernelKnock>{knock});
    expect_none(apply({RemoveKnock{knock}}));
  } else {
    EXPECT_TRUE(contains(failures[0].reason, "AH for IPv6 (ah6)?")) << failures[0].reason;
  }
  EXPECT_TRUE(read().state.knocks.empty());
  expect_none(apply({RemoveKnock{knock}}));
}

TEST_F(KernelTest, WhatWeAskedForOurselvesIsNoNews) {
  run_loop(milliseconds(100));
  KernelRoute route;
  route.destination = *Prefix::parse("2001:db8:0:1::/64");
  route.interface = "wan";
  route.metric = 207;
  changed_ = 0;
  expect_none(apply({PutRoute{route}}));
  run_loop(milliseconds(50));
  EXPECT_EQ(changed_, 0);
  run("ip -6 route del 2001:db8:0:1::/64 dev wan proto 166");
  run_loop(milliseconds(50));
  EXPECT_EQ(changed_, 1) << "what somebody else does is";
  (void)read();
  expect_none(apply({PutRoute{route}}));
  expect_none(apply({RemoveRoute{route}}));
  run_loop(milliseconds(50));
  EXPECT_EQ(changed_, 1);
  expect_none(apply({PutAddress{lease("2001:db8::1", seconds(1000), seconds(2000))}}));
  run_loop(milliseconds(50));
  EXPECT_GE(changed_, 2) << "of an address the kernel may yet say more";
}

}  // namespace
}  // namespace sixgate::daemon
