// SPDX-License-Identifier: Apache-2.0
#include "daemon/router.h"

#include <gtest/gtest.h>

#include <set>

#include "net/text.h"
#include "router_run.h"

namespace sixgate::daemon {
namespace {

using testing::address;
using testing::isp_router;
using testing::kForwarding;
using testing::kNow;
using testing::lan_config;
using testing::prefix;
using testing::prefix_said;
using testing::RouterRun;
using testing::two_lans;
using testing::uplink_config;

constexpr const char* kLans[] = {"lan0", "lan1"};

bool is_removal(const Change& change) {
  return std::holds_alternative<RemoveAddress>(change) ||
         std::holds_alternative<RemoveRoute>(change) || std::holds_alternative<RemoveRule>(change);
}

bool puts_address_on(const Change& change, const std::string& interface) {
  const auto* put = std::get_if<PutAddress>(&change);
  return put != nullptr && put->address.interface == interface;
}

bool is_firewall(const Change& change) { return std::holds_alternative<ApplyFirewall>(change); }

// The beginning.

TEST(Router, ChangesNothingBeforeItHasSeenLinksAndKernel) {
  Rng rng(1);
  RouterRun run;
  Router router(run.config, StoredState{}, rng, kNow);
  EXPECT_FALSE(router.drain().changes.has_value());
  router.links(run.links, kNow);
  EXPECT_FALSE(router.drain().changes.has_value());
  router.kernel(run.kernel, kNow);
  EXPECT_TRUE(router.drain().changes.has_value());
}

TEST(Router, RulesComeBeforeForwardingAndForwardingBeforeAnyWord) {
  RouterRun run;
  run.hold = true;
  run.start();
  ASSERT_TRUE(run.held.has_value());
  EXPECT_TRUE(std::any_of(run.held->begin(), run.held->end(), is_firewall));
  for (const Change& change : *run.held) EXPECT_NE(change, Change(SetSysctl{kForwarding, "1"}));
  EXPECT_TRUE(run.advertisements.empty());
  run.answer_held();
  ASSERT_TRUE(run.held.has_value());
  EXPECT_EQ(*run.held, (ChangeSet{SetSysctl{kForwarding, "1"}}));
  EXPECT_TRUE(run.advertisements.empty());
  run.answer_held();
  run.run_for(seconds(1));
  EXPECT_FALSE(run.advertisements.empty());
}

TEST(Router, ComesOnline) {
  RouterRun run;
  run.start_online();
  EXPECT_TRUE(run.has_default_route());
  EXPECT_EQ(run.kernel.sysctls[kForwarding], "1");
  EXPECT_TRUE(run.firewall->provisioned);
  EXPECT_TRUE(run.has_address("2001:db8:ffff::7"));
  EXPECT_TRUE(run.has_address("2001:db8:1::1"));
  EXPECT_TRUE(run.has_address("2001:db8:1:1::1"));
  for (const char* lan : kLans) {
    EXPECT_EQ(run.last_on(lan).router_lifetime, seconds(2700));
    EXPECT_EQ(ra::find_all<ra::PrefixInformation>(run.last_on(lan).options).size(), 2U);
  }
  EXPECT_EQ(run.router->wanted_sockets(), (WantedSockets{{"wan0"}, {"lan0", "lan1"}, {"wan0"}}));
}

TEST(Conformance, Row_7084_L_5_EveryLanAdvertisesByDefault) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(2));
  for (const char* lan : kLans) {
    EXPECT_GE(run.on(lan).size(), 3U) << lan;
    const Instant asked = run.now;
    run.solicit(lan);
    run.run_for(seconds(4));
    EXPECT_FALSE(run.on(lan, asked).empty()) << lan;
  }
}

// RouterRun fails when one is seen on an uplink.
TEST(Conformance, Row_4861_R_14_NoAdvertisementOnTheUplinkEver) {
  RouterRun run;
  run.start_online();
  for (int i = 0; i < 12; ++i) {
    run.run_for(minutes(30));
    run.solicit("wan0");
    run.hear(isp_router(true, true));
  }
  run.stop();
  run.run_for(minutes(1));
  EXPECT_GT(run.on("lan0").size(), 20U);
  EXPECT_TRUE(run.on("wan0").empty());
}

TEST(Conformance, Row_7084_W_3_TheDefaultRouteFollowsTheRouterLifetime) {
  RouterRun run;
  run.start_online();
  const auto route = [&run]() -> const KernelRoute* {
    for (const KernelRoute& r : run.kernel.routes) {
      if (r.destination.length() == 0) return &r;
    }
    return nullptr;
  };
  ASSERT_NE(route(), nullptr);
  EXPECT_EQ(route()->gateway, address("fe80::1"));
  EXPECT_EQ(route()->interface, "wan0");
  ra::RouterAdvertisement last = isp_router(true, true);
  last.router_lifetime = seconds(0);
  run.hear(last);
  EXPECT_EQ(route(), nullptr);

  last.router_lifetime = seconds(60);
  run.hear(last);
  ASSERT_NE(route(), nullptr);
  EXPECT_EQ(route()->expires, run.now + seconds(60));
  run.run_for(seconds(61));
  run.look();
  EXPECT_EQ(route(), nullptr);
}

TEST(Conformance, Row_7084_G_5_LosingTheDefaultRouterIsToldOnEveryLanAtOnce) {
  enum class Loss { kSaid, kLink, kExpired };
  for (const Loss loss : {Loss::kSaid, Loss::kLink, Loss::kExpired}) {
    RouterRun run;
    run.start_online();
    run.run_for(minutes(5));
    ra::RouterAdvertisement said = isp_router(true, true);
    Instant lost = run.now;
    switch (loss) {
      case Loss::kSaid:
        said.router_lifetime = seconds(0);
        run.hear(said);
        break;
      case Loss::kLink:
        run.link("wan0").carrier = false;
        run.look();
        break;
      case Loss::kExpired:
        said.router_lifetime = seconds(10);
        run.hear(said);
        lost = run.now + seconds(10);
        run.run_for(seconds(10));
        break;
    }
    run.run_for(seconds(1));
    for (const char* lan : kLans) {
      const auto told = run.on(lan, lost);
      ASSERT_FALSE(told.empty()) << lan << ' ' << static_cast<int>(loss);
      EXPECT_EQ(told[0].said.router_lifetime, seconds(0));
      EXPECT_EQ(ra::find_all<ra::PrefixInformation>(told[0].said.options).size(), 2U);
    }
  }
}

TEST(Conformance, Row_ROB_04_AFlapOfTheUplinkDeprecatesNothing) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(5));
  const Instant down = run.now;
  run.link("wan0").carrier = false;
  run.look();
  run.run_for(seconds(20));
  for (const char* lan : kLans) EXPECT_EQ(run.last_on(lan).router_lifetime, seconds(0));
  const Instant up = run.now;
  run.link("wan0").carrier = true;
  run.look();
  run.hear(isp_router(true, true));
  run.run_for(seconds(1));
  for (const char* lan : kLans) {
    EXPECT_GT(run.last_on(lan).router_lifetime, seconds(0)) << lan;
    ASSERT_FALSE(run.on(lan, up).empty());
    for (const auto& one : run.on(lan, down)) {
      for (const auto& said : ra::find_all<ra::PrefixInformation>(one.said.options)) {
        EXPECT_FALSE(said.preferred.is_zero()) << said.prefix.to_string();
        if (kUniqueLocal.contains(said.prefix)) continue;
        // They go on counting.
        EXPECT_LE(said.valid,
                  remaining(run.router->state().leases.at("wan").prefixes[0].valid_until, one.at));
      }
    }
  }
}

// Renumbering.

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

// Identity.

TEST(Conformance, Row_7084_W_5_TheDuidIsTheSameAlways) {
  RouterRun run;
  run.start_online();
  const auto duids = [&run] {
    std::set<std::string> out;
    for (const auto& one : run.dhcp) {
      const auto* id = dhcp6::find<dhcp6::ClientId>(one.message.options);
      out.insert(id == nullptr ? "none" : id->duid.to_string());
    }
    return out;
  };
  ASSERT_EQ(duids().size(), 1U);
  // A flap.
  run.link("wan0").carrier = false;
  run.look();
  run.link("wan0").carrier = true;
  run.look();
  run.run_for(seconds(5));
  // A crash: what is in memory; a reboot: what is on flash, read on another clock. The card was changed.
  run.start(run.memory);
  run.run_for(seconds(5));
  const std::string text = serialise(run.disk, run.now, "boot 1");
  run.now = Instant::from_micros(15'000'000);
  run.link("wan0").mac = testing::mac(99);
  run.link("lan0").mac = testing::mac(98);
  const auto read = parse_stored_state(text, run.now, "boot 2");
  ASSERT_TRUE(read.has_value());
  run.start(*read);
  run.run_for(seconds(5));
  EXPECT_GE(run.dhcp.size(), 4U);
  EXPECT_EQ(duids().size(), 1U);
  EXPECT_EQ(*duids().begin(), run.router->state().duid->to_string());
}

TEST(Router, TheDuidIsMadeOfWhatThereIs) {
  using Kind = conf::DuidConfig::Kind;
  const auto made = [](Kind kind, bool with_mac, std::vector<std::uint8_t> bytes = {}) {
    conf::Config config = two_lans();
    config.duid.kind = kind;
    config.duid.bytes = std::move(bytes);
    RouterRun run(config);
    if (!with_mac) {
      for (LinkState& link : run.links) link.mac.reset();
    }
    run.start();
    return run.router->state().duid->to_string();
  };
  EXPECT_EQ(made(Kind::kAuto, true).substr(0, 8), "00010001");
  EXPECT_EQ(made(Kind::kLlt, true).substr(0, 8), "00010001");
  EXPECT_EQ(made(Kind::kLl, true), dhcp6::Duid::ll(testing::mac(1)).to_string());
  EXPECT_EQ(made(Kind::kUuid, true).substr(0, 4), "0004");
  EXPECT_EQ(made(Kind::kAuto, false).substr(0, 4), "0004");  // ppp and tun alone
  EXPECT_EQ(made(Kind::kExplicit, true, {0, 2, 0, 0, 0, 9, 1}), "00020000000901");
}

TEST(Conformance, Row_9096_WPD_10_IaidsAreMadeOfTheUplinksName) {
  const auto asked = [](RouterRun& run) {
    std::set<std::uint32_t> out;
    for (const auto& one : run.dhcp) {
      for (const auto& ia : dhcp6::find_all<dhcp6::IaPd>(one.message.options)) out.insert(ia.iaid);
      for (const auto& ia : dhcp6::find_all<dhcp6::IaNa>(one.message.options)) out.insert(ia.iaid);
    }
    return out;
  };
  RouterRun run;
  run.start_online();
  ASSERT_EQ(asked(run), std::set<std::uint32_t>{RouterRun::iaid("wan")});
  // The interface is made anew: another index, another MAC address.
  const LinkState old = run.link("wan0");
  std::erase_if(run.links, [](const LinkState& link) { return link.name == "wan0"; });
  run.look();
  run.run_for(seconds(10));
  run.links.push_back(old);
  run.links.back().index = 44;
  run.links.back().mac = testing::mac(44);
  run.look();
  run.run_for(seconds(10));
  run.start(run.disk);
  run.run_for(seconds(10));
  // Even the state is lost, and the uplink has moved to another interface.
  conf::Config moved = two_lans();
  moved.uplinks[0].interface = "ppp0";
  RouterRun other(moved, 4711);
  other.start();
  other.hear(isp_router(true, true), "ppp0");
  other.run_for(seconds(10));
  EXPECT_EQ(asked(run), asked(other));
  EXPECT_NE(RouterRun::iaid("wan"), RouterRun::iaid("dsl"));
}

TEST(Conformance, Row_7084_WPD_2_TheHintHasASlash64ForEachLanRoundedToANibble) {
  const auto hint = [](std::size_t lans, std::optional<Prefix> configured = std::nullopt) {
    conf::Config config;
    config.uplinks.push_back(uplink_config("wan", "wan0"));
    if (configured) {
      config.uplinks[0].request_prefix = {conf::PrefixRequest::Kind::kWishes, {*configured}};
    }
    for (std::size_t i = 0; i < lans; ++i) config.lans.push_back(lan_config(cat("lan", i)));
    Rng rng(1);
    Router router(config, StoredState{}, rng, kNow);
    const LinkState link = testing::ready_link("wan0", 1);
    router.links({link}, kNow);
    const auto said = ra::to_bytes(isp_router(true, true));
    router.receive({"wan0", Channel::kIcmp6, address("fe80::1"), kAllNodes, 255, said}, kNow);
    router.expire(kNow + seconds(1));
    for (const PacketOut& packet : router.drain().packets) {
      if (packet.channel != Channel::kDhcp6Client) continue;
      const auto message = dhcp6::Message::parse(packet.payload);
      const auto asked = testing::all_of<dhcp6::IaPd>(message->options);
      const auto hints = testing::all_of<dhcp6::IaPrefix>(asked.at(0).options);
      return hints.at(0).prefix;
    }
    return prefix("::/128");
  };
  for (const std::size_t lans :
       {std::size_t{1}, std::size_t{3}, std::size_t{256}, std::size_t{257}, std::size_t{4096}}) {
    const Prefix asked = hint(lans);
    EXPECT_TRUE(asked.address().is_unspecified());
    EXPECT_EQ(asked.length() % 4, 0U);
    EXPECT_GE(asked.subnet_count(64), lans);
  }
  EXPECT_EQ(hint(3), prefix("::/56"));
  EXPECT_EQ(hint(257), prefix("::/52"));
  EXPECT_EQ(hint(3, prefix("::/48")), prefix("::/48"));
}

TEST(Conformance, Row_7084_ULA_2_KilledRightAfterTheFirstWordAboutIt) {
  RouterRun run;
  run.start();
  run.run_for(seconds(1));
  ASSERT_FALSE(run.advertisements.empty());
  const auto said_on = [](RouterRun& one, const char* lan) {
    std::set<Prefix> out;
    for (const auto& p : ra::find_all<ra::PrefixInformation>(one.last_on(lan).options)) {
      if (kUniqueLocal.contains(p.prefix) && !p.valid.is_zero()) out.insert(p.prefix);
    }
    return out;
  };
  const auto before = said_on(run, "lan1");
  ASSERT_EQ(before.size(), 1U);
  const StoredState kept = run.disk;
  RouterRun again(two_lans(), 99);
  again.start(kept);
  again.run_for(seconds(1));
  EXPECT_EQ(said_on(again, "lan1"), before);
  EXPECT_EQ(said_on(again, "lan0"), said_on(run, "lan0"));
}

// RouterRun checks at each packet that its prefixes are on stable storage already.
TEST(Conformance, Row_9096_L_13a_WhatIsAdvertisedIsStoredForEachLanFirst) {
  conf::Config config = two_lans();
  config.lans[1].addressing = conf::Addressing::kDhcpv6;
  RouterRun run(config);
  run.start_online();
  run.run_for(minutes(1));
  ASSERT_EQ(run.disk.advertised.size(), 2U);
  ASSERT_EQ(run.disk.advertised.at("lan0").size(), 2U);
  ASSERT_EQ(run.disk.advertised.at("lan1").size(), 2U);
  EXPECT_EQ(run.disk.advertised.at("lan0")[0].prefix, prefix("2001:db8:1::/64"));
  EXPECT_TRUE(run.disk.advertised.at("lan0")[0].autonomous);
  EXPECT_EQ(run.disk.advertised.at("lan1")[0].prefix, prefix("2001:db8:1:1::/64"));
  EXPECT_FALSE(run.disk.advertised.at("lan1")[0].autonomous);
  EXPECT_TRUE(run.disk.advertised.at("lan1")[0].on_link);
  const auto read = parse_stored_state(serialise(run.disk, run.now, "boot"), run.now, "boot");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->advertised, run.disk.advertised);
}

// An event that changes nothing is stored nowhere.
TEST(Router, SolicitationsCostNoWrite) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  const unsigned stores = run.stores;
  for (int i = 0; i < 20; ++i) {
    run.solicit("lan0");
    run.look();
    run.run_for(seconds(1));
  }
  EXPECT_EQ(run.stores, stores);
}

// Starting again.

TEST(Router, NothingOfAnEarlierRunIsRemovedBeforeTheUplinkSpeaks) {
  RouterRun first;
  first.start_online();
  first.run_for(minutes(1));

  RouterRun run;
  run.kernel = first.kernel;
  run.now = first.now;
  KernelAddress stale;
  stale.interface = "lan0";
  stale.address = address("2001:db8:dead::1");
  stale.preferred_until = stale.valid_until = run.now + hours(1);
  stale.ours = true;
  run.kernel.addresses.push_back(stale);
  run.server.silent = true;
  run.start(first.disk);
  run.run_for(seconds(29));
  for (const auto& [at, set] : run.sets)
    EXPECT_TRUE(std::none_of(set.begin(), set.end(), is_removal)) << (at - kNow).count();
  EXPECT_TRUE(run.has_default_route());
  EXPECT_TRUE(run.has_address("2001:db8:ffff::7"));
  EXPECT_TRUE(run.has_address("2001:db8:dead::1"));
  // And hosts keep their router meanwhile.
  EXPECT_EQ(run.last_on("lan0").router_lifetime, seconds(2700));

  run.run_for(seconds(2));  // the bounded wait is over
  EXPECT_FALSE(run.has_address("2001:db8:dead::1"));
  EXPECT_TRUE(run.has_address("2001:db8:1::1"));
  EXPECT_TRUE(run.has_default_route());  // until a router has spoken, or its own end
}

TEST(Router, WhatTheUplinkSaysTakesThePlaceOfWhatWasInherited) {
  RouterRun first;
  first.start_online();
  RouterRun run;
  run.kernel = first.kernel;
  run.now = first.now;
  run.server.silent = true;
  run.start(first.disk);
  ASSERT_TRUE(run.has_default_route());
  ra::RouterAdvertisement other = isp_router(true, true);
  other.router_lifetime = seconds(0);
  run.hear(other);
  EXPECT_FALSE(run.has_default_route());
}

// Linux before 5.18 does not say whose an address is; the state file does.
TEST(Router, KnowsItsAddressesOnAKernelThatDoesNot) {
  RouterRun first;
  first.start_online();
  RouterRun run;
  run.now = first.now;
  run.kernel = first.kernel;
  for (KernelAddress& a : run.kernel.addresses) a.ours = false;
  KernelAddress foreign = run.kernel.addresses[0];
  foreign.interface = "lan0";
  foreign.address = address("2001:db8:77::77");
  run.kernel.addresses.push_back(foreign);
  StoredState stored = first.disk;
  KernelAddress stale = foreign;  // ours, and nobody wants it any more
  stale.address = address("2001:db8:dead::1");
  run.kernel.addresses.push_back(stale);
  stored.addresses.push_back(stale);
  run.start(stored);
  run.hear(isp_router(true, true));
  run.run_for(minutes(1));
  EXPECT_FALSE(run.has_address("2001:db8:dead::1"));
  EXPECT_TRUE(run.has_address("2001:db8:77::77"));
  EXPECT_TRUE(run.has_address("2001:db8:1::1"));
}

// A set may wait for a slow firewall while the end of the bounded wait passes.
TEST(Router, NoDeadlineLiesInThePastWhileAChangeIsUnderWay) {
  RouterRun run;
  run.hold = true;
  run.server.silent = true;
  run.start();
  run.run_for(minutes(2));  // checks each deadline
  run.hold = false;
  run.answer_held();
  run.run_for(seconds(2));
  EXPECT_EQ(run.kernel.sysctls[kForwarding], "1");
}

// Trouble with the kernel.

TEST(Router, WhatTheKernelRefusesIsTriedAgainMoreAndMoreRarely) {
  RouterRun run;
  std::vector<Instant> tried;
  run.refuse = [&](const Change& change) {
    const bool it = puts_address_on(change, "lan1");
    if (it && (tried.empty() || tried.back() != run.now)) tried.push_back(run.now);
    return it;
  };
  run.start_online();
  run.run_for(minutes(6));
  ASSERT_GE(tried.size(), 8U);
  std::vector<Duration> gaps;
  for (std::size_t i = 1; i < tried.size(); ++i) gaps.push_back(tried[i] - tried[i - 1]);
  EXPECT_EQ(gaps.back(), seconds(60));
  for (std::size_t i = 1; i < gaps.size(); ++i) {
    if (gaps[i - 1] < seconds(1)) continue;  // another address was wanted meanwhile
    EXPECT_LE(gaps[i], seconds(60));
  }
  EXPECT_LE(tried.size(), 20U);
  EXPECT_TRUE(run.logged("cannot put address")) << run.log_text();
  // Everything else is as it should be.
  EXPECT_TRUE(run.has_address("2001:db8:1::1"));
  EXPECT_EQ(run.kernel.sysctls[kForwarding], "1");

  run.refuse = nullptr;
  run.run_for(seconds(61));
  EXPECT_TRUE(run.has_address("2001:db8:1:1::1"));
}

// One thing that the kernel refuses for good must not keep a new prefix waiting.
TEST(Router, ARefusedChangeHoldsUpNothingElse) {
  RouterRun run;
  run.refuse = [](const Change& change) {
    const auto* sysctl = std::get_if<SetSysctl>(&change);
    return sysctl != nullptr && sysctl->key == "net/ipv6/conf/lan0/accept_ra";
  };
  run.start();
  run.run_for(minutes(5));  // the back-off has reached its most
  run.hear(isp_router(true, true));
  run.run_for(seconds(3));
  EXPECT_TRUE(run.has_default_route());
  EXPECT_TRUE(run.has_address("2001:db8:1::1"));
}

TEST(Router, DoesNotFightSomebodyWhoUndoesItsWork) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  const std::size_t before = run.sets.size();
  run.meddle = [](KernelState& kernel) {
    std::erase_if(kernel.addresses, [](const auto& a) { return a.interface == "lan0"; });
  };
  std::erase_if(run.kernel.addresses, [](const auto& a) { return a.interface == "lan0"; });
  run.look();
  for (int i = 0; i < 100; ++i) {
    run.run_for(milliseconds(100));
    run.look();
  }
  EXPECT_GE(run.sets.size() - before, 2U);
  EXPECT_LE(run.sets.size() - before, 12U);  // ten seconds
  run.meddle = nullptr;
  run.run_for(minutes(2));
  EXPECT_TRUE(run.has_address("2001:db8:1::1"));
}

TEST(Router, PutsBackWhatSomebodyDeletes) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  const KernelState whole = run.kernel;
  run.kernel.addresses.clear();
  run.kernel.routes.clear();
  run.kernel.sysctls[kForwarding] = "0";
  run.look();
  EXPECT_EQ(run.kernel.addresses.size(), whole.addresses.size());
  EXPECT_EQ(run.kernel.routes.size(), whole.routes.size());
  EXPECT_EQ(run.kernel.sysctls, whole.sysctls);
}

// RFC 7084 G-3, and nobody is told otherwise.
TEST(Router, WithoutRulesNothingIsForwardedAndNobodyIsToldSo) {
  RouterRun run;
  run.refuse = is_firewall;
  run.start_online();
  run.run_for(minutes(3));
  EXPECT_EQ(run.kernel.sysctls[kForwarding], "0");
  for (const char* lan : kLans) {
    EXPECT_EQ(run.last_on(lan).router_lifetime, seconds(0));
    EXPECT_TRUE(prefix_said(run.last_on(lan), prefix("2001:db8:1::/64")) ||
                prefix_said(run.last_on(lan), prefix("2001:db8:1:1::/64")));
  }
  Status status = run.router->status(run.now);
  EXPECT_FALSE(status.firewall_applied);
  EXPECT_EQ(status.lans[0].router_lifetime_reason,
            "the firewall is not in place, so nothing is forwarded");
  run.refuse = nullptr;
  run.run_for(seconds(61));
  EXPECT_EQ(run.kernel.sysctls[kForwarding], "1");
  EXPECT_EQ(run.last_on("lan0").router_lifetime, seconds(2700));
  EXPECT_TRUE(run.router->status(run.now).firewall_applied);
}

// Duplicates (RFC 4862 section 5.4.5).

void collide(RouterRun& run, const Ip6Address& taken) {
  for (KernelAddress& a : run.kernel.addresses) {
    if (a.address == taken) a.dad_failed = true;
  }
  run.look();
}

std::set<Ip6Address> global_addresses(const RouterRun& run, const std::string& interface) {
  std::set<Ip6Address> out;
  for (const KernelAddress* a : run.addresses_on(interface)) {
    if (!a->address.is_unique_local()) out.insert(a->address);
  }
  return out;
}

TEST(Router, AFixedAddressInUseIsReplacedByAStableOneAndThatByAnother) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  std::set<Ip6Address> seen;
  for (int i = 0; i < 3; ++i) {
    const std::set<Ip6Address> mine = global_addresses(run, "lan0");
    ASSERT_EQ(mine.size(), 1U) << i;
    EXPECT_TRUE(seen.insert(*mine.begin()).second) << "the same again";
    EXPECT_TRUE(prefix("2001:db8:1::/64").contains(*mine.begin()));
    collide(run, *mine.begin());
  }
  EXPECT_EQ(*seen.begin(), address("2001:db8:1::1"));
  EXPECT_TRUE(run.logged("is in use by another host"));
  // It is remembered: the next run does not collide again.
  RouterRun again;
  again.start(run.disk);
  again.hear(isp_router(true, true));
  again.run_for(seconds(5));
  EXPECT_EQ(global_addresses(again, "lan0"), global_addresses(run, "lan0"));
  // Other prefixes and LANs are not touched.
  EXPECT_TRUE(run.has_address("2001:db8:1:1::1"));
}

TEST(Router, AStableAddressOfTheUplinkIsRetriedThreeTimes) {
  RouterRun run;
  run.start();
  ra::RouterAdvertisement said = isp_router(false, false);
  ra::PrefixInformation autonomous;
  autonomous.prefix = prefix("2001:db8:a::/64");
  autonomous.autonomous = autonomous.on_link = true;
  autonomous.valid = autonomous.preferred = Lifetime(86400);
  said.options.push_back(autonomous);
  run.hear(said);
  run.run_for(seconds(3));
  std::set<Ip6Address> seen;
  for (int i = 0; i < 4; ++i) {
    const std::set<Ip6Address> mine = global_addresses(run, "wan0");
    ASSERT_EQ(mine.size(), 1U) << i;
    EXPECT_TRUE(seen.insert(*mine.begin()).second) << "the same again";
    EXPECT_TRUE(autonomous.prefix.contains(*mine.begin()));
    collide(run, *mine.begin());
  }
  EXPECT_EQ(seen.size(), 4U);
  // RFC 7217 section 6: IDGEN_RETRIES. Somebody answers for every address.
  const std::set<Ip6Address> last = global_addresses(run, "wan0");
  EXPECT_TRUE(last.empty() || seen.contains(*last.begin()));
}

TEST(Router, ALeasedAddressInUseIsDeclined) {
  RouterRun run;
  run.start_online();
  ASSERT_TRUE(run.has_address("2001:db8:ffff::7"));
  run.server.addresses[RouterRun::iaid("wan")] = {address("2001:db8:ffff::8")};
  collide(run, address("2001:db8:ffff::7"));
  run.run_for(minutes(3));
  EXPECT_TRUE(std::any_of(run.dhcp.begin(), run.dhcp.end(), [](const auto& one) {
    return one.message.type == dhcp6::MessageType::kDecline;
  }));
  EXPECT_FALSE(run.has_address("2001:db8:ffff::7"));
  EXPECT_TRUE(run.logged("declined"));
  EXPECT_TRUE(run.has_address("2001:db8:1::1"));
}

// ip6ifaceid = "random": drawn once, not at every event.
TEST(Router, ARandomIdentifierStaysOverEventsAndARestart) {
  conf::Config config = two_lans();
  config.lans[0].interface_id.kind = delegation::InterfaceIdPolicy::Kind::kRandom;
  RouterRun run(config);
  run.start_online();
  const std::set<Ip6Address> drawn = global_addresses(run, "lan0");
  ASSERT_EQ(drawn.size(), 1U);
  EXPECT_NE(*drawn.begin(), address("2001:db8:1::1"));
  run.run_for(hours(1));
  EXPECT_EQ(global_addresses(run, "lan0"), drawn);
  run.start(run.disk);
  run.hear(isp_router(true, true));
  run.run_for(minutes(1));
  EXPECT_EQ(global_addresses(run, "lan0"), drawn);
}

// Reload.

TEST(Router, AnUnchangedConfigurationChangesNothing) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  const std::size_t sets = run.sets.size();
  const std::size_t said = run.advertisements.size();
  run.reload(run.config);
  run.run_for(seconds(3));
  EXPECT_EQ(run.sets.size(), sets);
  EXPECT_EQ(run.advertisements.size(), said);
  EXPECT_TRUE(run.logged("configuration unchanged"));
}

TEST(Router, ALanThatIsTakenAwayIsToldSoAndForgotten) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  conf::Config one = two_lans();
  one.lans.pop_back();
  const Instant reloaded = run.now;
  run.reload(one);
  EXPECT_FALSE(run.has_address("2001:db8:1:1::1"));
  // Its socket is needed for the last words.
  EXPECT_EQ(run.router->wanted_sockets().lans, (std::vector<std::string>{"lan0", "lan1"}));
  run.run_for(minutes(1));
  const auto told = run.on("lan1", reloaded);
  ASSERT_GE(told.size(), 2U);  // the withdrawal, and the last words
  for (const auto& words : told) EXPECT_EQ(words.said.router_lifetime, seconds(0));
  const auto gone = prefix_said(told[0].said, prefix("2001:db8:1:1::/64"));
  ASSERT_TRUE(gone.has_value());
  EXPECT_TRUE(gone->valid.is_zero());
  EXPECT_EQ(run.router->wanted_sockets().lans, std::vector<std::string>{"lan0"});
  // The other LAN has not noticed.
  for (const auto& words : run.on("lan0", reloaded))
    EXPECT_FALSE(prefix_said(words.said, prefix("2001:db8:1::/64"))->preferred.is_zero());
}

// The farewell of the removed LAN went on beside the advertisements of the new one, and had the last word.
TEST(Router, ALanThatComesBackDuringItsFarewellIsWelcome) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  conf::Config one = two_lans();
  one.lans.pop_back();
  run.reload(one);
  run.run_for(seconds(4));
  const Instant back = run.now;
  run.reload(two_lans());
  run.run_for(minutes(2));
  for (const auto& words : run.on("lan1", back)) {
    EXPECT_GT(words.said.router_lifetime, seconds(0)) << (words.at - back).count();
    const auto said = prefix_said(words.said, prefix("2001:db8:1:1::/64"));
    ASSERT_TRUE(said.has_value());
    EXPECT_FALSE(said->preferred.is_zero());
  }
  EXPECT_GE(run.on("lan1", back).size(), 3U);
  EXPECT_EQ(run.router->wanted_sockets().lans, (std::vector<std::string>{"lan0", "lan1"}));
}

TEST(Router, ARenamedLanKeepsItsPrefix) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  conf::Config renamed = two_lans();
  renamed.lans[1].name = renamed.lans[1].request.name = "guests";
  std::swap(renamed.lans[0], renamed.lans[1]);
  const Instant reloaded = run.now;
  run.reload(renamed);
  run.run_for(minutes(1));
  EXPECT_TRUE(run.has_address("2001:db8:1:1::1"));
  for (const auto& words : run.on("lan1", reloaded)) {
    EXPECT_TRUE(prefix_said(words.said, prefix("2001:db8:1:1::/64")).has_value());
    EXPECT_GT(words.said.router_lifetime, seconds(0));
  }
  EXPECT_TRUE(run.disk.advertised.contains("guests"));
}

TEST(Router, AnUplinkThatIsTakenAwayTakesItsRoutesAndPrefixesAlong) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  conf::Config none = two_lans();
  none.uplinks.clear();
  run.reload(none);
  run.run_for(seconds(5));
  EXPECT_FALSE(run.has_default_route());
  EXPECT_TRUE(run.addresses_on("wan0").empty());
  EXPECT_FALSE(run.has_address("2001:db8:1::1"));
  EXPECT_FALSE(run.disk.leases.contains("wan"));
  EXPECT_TRUE(run.router->wanted_sockets().uplinks.empty());
  EXPECT_EQ(run.last_on("lan0").router_lifetime, seconds(0));
  const auto gone = prefix_said(run.last_on("lan0"), prefix("2001:db8:1::/64"));
  ASSERT_TRUE(gone.has_value());
  EXPECT_TRUE(gone->valid.is_zero());
}

TEST(Router, AnotherAddressingIsSaidAtOnce) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  conf::Config managed = two_lans();
  managed.lans[0].addressing = conf::Addressing::kDhcpv6;
  run.reload(managed);
  run.run_for(seconds(1));
  EXPECT_TRUE(run.last_on("lan0").managed);
  EXPECT_FALSE(prefix_said(run.last_on("lan0"), prefix("2001:db8:1::/64"))->autonomous);
  EXPECT_FALSE(run.last_on("lan1").managed);
}

// The end.

TEST(Router, StopTellsHostsAndTouchesNothing) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  const KernelState before = run.kernel;
  const std::size_t sets = run.sets.size();
  const unsigned durable = run.durable_stores;
  const Instant stopped = run.now;
  run.stop();
  EXPECT_FALSE(run.finished);
  EXPECT_EQ(run.durable_stores, durable + 1);
  run.run_for(seconds(10));
  EXPECT_TRUE(run.finished);
  for (const char* lan : kLans) {
    const auto told = run.on(lan, stopped);
    ASSERT_GE(told.size(), 1U);
    EXPECT_LE(told.size(), 3U);
    for (const auto& words : told) EXPECT_EQ(words.said.router_lifetime, seconds(0));
  }
  EXPECT_EQ(run.sets.size(), sets);
  EXPECT_EQ(run.kernel, before);
  // What was stored last tells what remains now.
  EXPECT_EQ(run.disk.leases.at("wan").prefixes[0].valid_until,
            run.router->state().leases.at("wan").prefixes[0].valid_until);
}

// Links.

TEST(Router, AnAbsentInterfaceIsWaitedFor) {
  RouterRun run;
  const std::vector<LinkState> all = run.links;
  run.links = {all[0]};
  run.start_online();
  EXPECT_TRUE(run.advertisements.empty());
  const Status status = run.router->status(run.now);
  ASSERT_EQ(status.problems.size(), 2U);
  EXPECT_EQ(status.problems[0], "lan lan0: there is no interface lan0");
  EXPECT_FALSE(status.lans[0].present);
  run.links = all;
  run.look();
  run.run_for(seconds(1));
  EXPECT_EQ(run.last_on("lan0").router_lifetime, seconds(2700));
  EXPECT_TRUE(run.has_address("2001:db8:1::1"));
}

// A link that was away hears nothing stale when it comes back.
TEST(Router, ALanThatComesBackHearsOnlyWhatIsTrueNow) {
  RouterRun run;
  run.start_online();
  run.run_for(minutes(1));
  run.link("lan0").carrier = false;
  run.look();
  run.delegate({prefix("2001:db8:2::/56")});
  run.server.withdrawn = {prefix("2001:db8:1::/56")};
  run.run_for(seconds(1010));
  ASSERT_TRUE(run.has_address("2001:db8:2::1"));
  const Instant back = run.now;
  run.hold = true;
  run.link("lan0").carrier = true;
  run.look();
  run.run_for(seconds(2));
  run.hold = false;
  if (run.held) run.answer_held();
  run.run_for(seconds(4));
  ASSERT_FALSE(run.on("lan0", back).empty());
  for (const auto& words : run.on("lan0", back)) {
    const auto old = prefix_said(words.said, prefix("2001:db8:1::/64"));
    EXPECT_TRUE(!old || old->valid.is_zero()) << (words.at - back).count();
    EXPECT_TRUE(prefix_said(words.said, prefix("2001:db8:2::/64")).has_value());
  }
}

// Status.

TEST(Router, StatusOfAHomeInOrder) {
  RouterRun run;
  run.start_online();
  run.run_for(seconds(100));
  const Status status = run.router->status(run.now);
  EXPECT_EQ(status.duid, run.router->state().duid->to_string());
  EXPECT_EQ(status.unique_local, run.router->state().unique_local);
  EXPECT_TRUE(status.firewall_applied);
  EXPECT_TRUE(status.provisioned);
  EXPECT_TRUE(status.problems.empty());
  ASSERT_EQ(status.uplinks.size(), 1U);
  const StatusUplink& uplink = status.uplinks[0];
  EXPECT_EQ(uplink.name, "wan");
  EXPECT_EQ(uplink.interface, "wan0");
  EXPECT_TRUE(uplink.present && uplink.ready && uplink.managed && uplink.other);
  EXPECT_EQ(uplink.client, "bound");
  EXPECT_EQ(uplink.server, run.server.duid.to_string());
  ASSERT_TRUE(uplink.renew_in.has_value());
  EXPECT_LE(*uplink.renew_in, Lifetime(900));
  EXPECT_GE(*uplink.renew_in, Lifetime(890));
  ASSERT_EQ(uplink.delegations.size(), 1U);
  EXPECT_EQ(uplink.delegations[0].prefix, prefix("2001:db8:1::/56"));
  EXPECT_EQ(uplink.delegations[0].standing, "live");
  EXPECT_GE(uplink.delegations[0].valid, Lifetime(3490));
  EXPECT_LE(uplink.delegations[0].valid, Lifetime(3500));
  ASSERT_EQ(uplink.addresses.size(), 1U);
  EXPECT_EQ(uplink.addresses[0].address, address("2001:db8:ffff::7"));
  ASSERT_EQ(uplink.routers.size(), 1U);
  EXPECT_EQ(uplink.routers[0].address, address("fe80::1"));
  EXPECT_EQ(uplink.counters.at("ra_received"), 1U);
  EXPECT_GE(uplink.counters.at("dhcp6_sent"), 2U);
  ASSERT_EQ(status.lans.size(), 2U);
  const StatusLan& lan = status.lans[1];
  EXPECT_EQ(lan.zone, "protected");
  EXPECT_EQ(lan.addressing, "slaac");
  EXPECT_EQ(lan.router_lifetime, Lifetime(2700));
  EXPECT_TRUE(lan.router_lifetime_reason.empty());
  ASSERT_EQ(lan.prefixes.size(), 2U);
  const auto global = std::find_if(lan.prefixes.begin(), lan.prefixes.end(),
                                   [](const auto& p) { return p.origin == "wan"; });
  ASSERT_NE(global, lan.prefixes.end());
  EXPECT_EQ(global->prefix, prefix("2001:db8:1:1::/64"));
  EXPECT_EQ(global->address, address("2001:db8:1:1::1"));
}

TEST(Router, StatusSaysWhyThereIsNoDefaultRouter) {
  RouterRun run;
  run.start();
  run.run_for(seconds(1));
  EXPECT_EQ(run.router->status(run.now).lans[0].router_lifetime_reason, "no prefix but ULA");
  run.hear(isp_router(true, true));
  run.run_for(seconds(5));
  EXPECT_EQ(run.router->status(run.now).lans[0].router_lifetime_reason, "");
  run.link("wan0").carrier = false;
  run.look();
  EXPECT_EQ(run.router->status(run.now).lans[0].router_lifetime_reason, "the uplink is down");
  run.link("wan0").carrier = true;
  run.look();
  ra::RouterAdvertisement last = isp_router(true, true);
  last.router_lifetime = seconds(0);
  run.hear(last);
  EXPECT_EQ(run.router->status(run.now).lans[0].router_lifetime_reason,
            "no uplink has a default router");
}

TEST(Router, StatusCountsWhatWasDropped) {
  RouterRun run;
  run.start_online();
  const std::vector<std::uint8_t> said = ra::to_bytes(isp_router(true, true));
  run.router->receive({"wan0", Channel::kIcmp6, address("fe80::1"), kAllNodes, 64, said}, run.now);
  run.router->receive({"wan0", Channel::kIcmp6, address("2001:db8::1"), kAllNodes, 255, said},
                      run.now);
  run.router->receive({"nowhere", Channel::kIcmp6, address("fe80::1"), kAllNodes, 255, said},
                      run.now);
  run.settle();
  std::uint64_t dropped = 0;
  const Status status = run.router->status(run.now);
  for (const auto& [name, count] : status.uplinks[0].counters) {
    if (name.starts_with("ra_dropped_")) dropped += count;
  }
  EXPECT_EQ(dropped, 2U);
}

}  // namespace
}  // namespace sixgate::daemon
