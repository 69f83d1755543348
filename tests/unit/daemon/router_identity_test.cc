// SPDX-License-Identifier: Apache-2.0
// Who the router is to DHCPv6 servers, and what it keeps of that and of what it said.
#include "daemon/router.h"

#include <gtest/gtest.h>

#include <set>

#include "net/text.h"
#include "router_run.h"

namespace sixgate::daemon {
namespace {

using testing::address;
using testing::isp_router;
using testing::kNow;
using testing::lan_config;
using testing::prefix;
using testing::RouterRun;
using testing::two_lans;
using testing::uplink_config;

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
  using DuidKind = conf::DuidConfig::Kind;
  const auto made = [](DuidKind kind, bool with_mac, std::vector<std::uint8_t> bytes = {}) {
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
  EXPECT_EQ(made(DuidKind::kAuto, true).substr(0, 8), "00010001");
  EXPECT_EQ(made(DuidKind::kLlt, true).substr(0, 8), "00010001");
  EXPECT_EQ(made(DuidKind::kLl, true), dhcp6::Duid::ll(testing::mac(1)).to_string());
  EXPECT_EQ(made(DuidKind::kUuid, true).substr(0, 4), "0004");
  EXPECT_EQ(made(DuidKind::kAuto, false).substr(0, 4), "0004");  // ppp and tun alone
  EXPECT_EQ(made(DuidKind::kExplicit, true, {0, 2, 0, 0, 0, 9, 1}), "00020000000901");
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
    config.ula.mode =
        conf::UlaConfig::Mode::kNone;  // thousands of /64s to carve are another test's
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

}  // namespace
}  // namespace sixgate::daemon
