// SPDX-License-Identifier: Apache-2.0
// Names for the addresses that hosts made themselves.
#include "daemon/named_hosts.h"

#include <gtest/gtest.h>

#include <array>
#include <utility>

#include "router_run.h"

namespace sixgate::daemon {
namespace {

using namespace testing;

const MacAddress kNas({2, 0, 0x5e, 0, 0x53, 1});
const MacAddress kLaptop({2, 0, 0x5e, 0, 0x53, 2});

conf::Config house() {
  conf::Config config = two_lans();
  for (conf::LanConfig& lan : config.lans) {
    lan.addressing = conf::Addressing::kSlaacDhcpv6;
    lan.dhcp6.domain = DomainName::parse("home.arpa");
  }
  return config;
}

void see(RouterRun& run, const MacAddress& mac, const Ip6Address& at, bool answers = true,
         const char* interface = "lan0") {
  run.router->neighbors({{interface, at, mac, run.now, answers, false}}, run.now);
  run.settle();
}

std::vector<std::string> names(RouterRun& run, const Ip6Address& at) {
  std::vector<std::string> out;
  for (const dhcp6::NamedAddress& one : run.router->named_addresses(run.now)) {
    if (one.address == at) out.push_back(one.link + "/" + one.name);
  }
  return out;
}

// The address that the host makes of its MAC address in the LAN's global prefix.
Ip6Address slaac(const RouterRun& run, const MacAddress& mac, const char* interface = "lan0") {
  for (const KernelAddress& one : run.kernel.addresses) {
    if (one.interface == interface && prefix("2001:db8::/32").contains(one.address))
      return Ip6Address::from_halves(one.address.high(), mac.eui64());
  }
  ADD_FAILURE() << "no global prefix";
  return {};
}

void lease(RouterRun& run, const dhcp6::Duid& duid, const char* name,
           const char* from = "fe80::c") {
  dhcp6::Message message{.type = dhcp6::MessageType::kSolicit, .transaction_id = 9, .options = {}};
  message.options.push_back(dhcp6::ClientId{duid});
  message.options.push_back(dhcp6::RapidCommit{});
  message.options.push_back(dhcp6::ClientFqdn{.flags = 1, .name = *DomainName::parse(name)});
  message.options.push_back(dhcp6::IaNa{.iaid = 1, .t1 = {}, .t2 = {}, .options = {}});
  ASSERT_TRUE(run.ask("lan0", message, from));
}

TEST(NamedHosts, WhoseMacIsReservedForANameHasItEverywhere) {
  RouterRun run(house());
  conf::ReservationConfig nas;
  nas.kept.mac = kNas;
  nas.kept.name = "nas";
  run.config.reservations = {nas};
  run.start_online();
  const Ip6Address made = slaac(run, kNas);
  EXPECT_TRUE(names(run, made).empty());
  run.names_changed = false;
  see(run, kNas, made, false);
  EXPECT_TRUE(names(run, made).empty()) << "somebody only spoke of it";
  see(run, kNas, made);
  EXPECT_TRUE(run.names_changed);
  EXPECT_EQ(names(run, made), std::vector<std::string>{"lan0/nas"});
  run.names_changed = false;
  see(run, kNas, made);
  EXPECT_FALSE(run.names_changed) << "the same again is no news";
  see(run, kNas, address("fe80::5eff:fe00:5301"));
  EXPECT_TRUE(names(run, address("fe80::5eff:fe00:5301")).empty());
  see(run, kNas, address("2001:db8:ffff::1"));
  EXPECT_TRUE(names(run, address("2001:db8:ffff::1")).empty()) << "not of this LAN";
  see(run, kLaptop, slaac(run, kLaptop));
  EXPECT_TRUE(names(run, slaac(run, kLaptop)).empty());
}

TEST(NamedHosts, ALeaseTellsWhoseMacItIs) {
  RouterRun run(house());
  run.start_online();
  const dhcp6::Duid by_mac = dhcp6::Duid::ll(kNas);
  lease(run, by_mac, "nas.example.org");
  see(run, kNas, slaac(run, kNas));
  EXPECT_EQ(names(run, slaac(run, kNas)), std::vector<std::string>{"lan0/nas"});
  // A DUID that says nothing: whoever answers for the leased address is it.
  const dhcp6::Duid uuid = dhcp6::Duid::uuid(std::array<std::uint8_t, 16>{1, 2, 3});
  lease(run, uuid, "laptop", "fe80::d");
  Ip6Address leased;
  for (const dhcp6::NamedAddress& one : run.router->named_addresses(run.now)) {
    if (one.name == "laptop") leased = one.address;
  }
  see(run, kLaptop, slaac(run, kLaptop));
  EXPECT_TRUE(names(run, slaac(run, kLaptop)).empty());
  see(run, kLaptop, leased);
  EXPECT_EQ(names(run, slaac(run, kLaptop)), std::vector<std::string>{"lan0/laptop"});
  EXPECT_EQ(names(run, leased).size(), 1U) << "not twice";
}

TEST(NamedHosts, WhoIsNotSeenForADayIsForgotten) {
  RouterRun run(house());
  conf::ReservationConfig nas;
  nas.kept.duid = dhcp6::Duid::ll(kNas);
  nas.kept.name = "nas";
  run.config.reservations = {nas};
  run.server.valid = Lifetime(1'000'000);
  run.server.preferred = Lifetime(900'000);
  run.start_online();
  const Ip6Address made = slaac(run, kNas);
  see(run, kNas, made);
  ASSERT_EQ(names(run, made).size(), 1U);
  run.names_changed = false;
  run.run_for(hours(23));
  EXPECT_EQ(names(run, made).size(), 1U);
  run.names_changed = false;
  run.run_for(hours(2));
  EXPECT_TRUE(run.names_changed) << "whoever writes them down is told";
  EXPECT_TRUE(names(run, made).empty());
}

TEST(NamedHosts, ManyInARowAreToldTogetherAndTheFirstAtOnce) {
  RouterRun run(house());
  run.start_online();
  run.run_for(seconds(10));
  const auto told = [&] { return std::exchange(run.names_changed, false); };
  told();
  lease(run, dhcp6::Duid::ll(kNas), "nas");
  EXPECT_TRUE(told());
  lease(run, dhcp6::Duid::ll(kLaptop), "laptop", "fe80::d");
  EXPECT_FALSE(told()) << "a file is not written for each";
  run.run_for(Router::kNamesGap);
  EXPECT_TRUE(told());
  run.run_for(Router::kNamesGap);
  EXPECT_FALSE(told()) << "nothing is new";
  lease(run, dhcp6::Duid::ll(kLaptop), "notebook", "fe80::d");
  EXPECT_TRUE(told());
  lease(run, dhcp6::Duid::ll(kLaptop), "laptop", "fe80::d");
  EXPECT_FALSE(told());
  run.router->stop(run.now);
  run.settle();
  EXPECT_TRUE(told()) << "what was to wait is told before the end";
}

TEST(NamedHosts, AnotherLanHasItsOwnNames) {
  RouterRun run(house());
  conf::ReservationConfig nas;
  nas.lan = "lan1";
  nas.kept.mac = kNas;
  nas.kept.name = "nas";
  run.config.reservations = {nas};
  run.start_online();
  see(run, kNas, slaac(run, kNas));
  see(run, kNas, slaac(run, kNas, "lan1"), true, "lan1");
  EXPECT_TRUE(names(run, slaac(run, kNas)).empty());
  EXPECT_EQ(names(run, slaac(run, kNas, "lan1")), std::vector<std::string>{"lan1/nas"});
}

}  // namespace
}  // namespace sixgate::daemon
