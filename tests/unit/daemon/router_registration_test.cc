// SPDX-License-Identifier: Apache-2.0
// The whole Router where the provider's DHCPv6 server wants to know of addresses that we made ourselves (RFC 9686).
#include <gtest/gtest.h>

#include "router_run.h"

namespace sixgate::daemon {
namespace {

using namespace testing;

const Prefix kLink = prefix("2001:db8:fffe::/64");

ra::RouterAdvertisement isp_says(bool other = true, std::uint32_t valid = 7200) {
  ra::RouterAdvertisement said = isp_router(false, other);
  ra::PrefixInformation option;
  option.prefix = kLink;
  option.on_link = option.autonomous = true;
  option.preferred = Lifetime(valid / 2);
  option.valid = Lifetime(valid);
  said.options.emplace_back(option);
  return said;
}

class RouterRegistration : public ::testing::Test {
 protected:
  RouterRegistration() { server_asks(); }
  void server_asks() {
    run.server.configuration = {dhcp6::UnknownOption{dhcp6::kAddressRegistration, {}}};
  }
  void begin(const ra::RouterAdvertisement& said = isp_says()) {
    run.start();
    run.hear(said);
    run.run_for(seconds(8));
  }
  Ip6Address own() const {
    for (const KernelAddress* one : run.addresses_on("wan0")) {
      if (kLink.contains(one->address)) return one->address;
    }
    ADD_FAILURE() << "no address of our own making";
    return {};
  }
  void answer(const PacketOut& told, const Ip6Address& to) {
    auto message = dhcp6::Message::parse(told.payload);
    ASSERT_TRUE(message.has_value());
    message->type = dhcp6::MessageType::kAddrRegReply;
    message->options.push_back(dhcp6::ServerId{dhcp6::testing::test_duid(1)});
    const std::vector<std::uint8_t> bytes = message->to_bytes();
    run.router->receive({"wan0", Channel::kRegistration, address("fe80::1"), to, 64, bytes},
                        run.now);
    run.settle();
  }
  RouterRun run;
};

TEST_F(RouterRegistration, Row_9686_08_TheOwnAddressIsToldFromItself) {
  begin();
  ASSERT_FALSE(run.registrations.empty());
  for (const auto& [at, packet] : run.registrations) {
    EXPECT_EQ(packet.interface, "wan0");
    EXPECT_EQ(packet.destination, kAllDhcpRelayAgentsAndServers);
    EXPECT_EQ(packet.source, own());
    const auto message = dhcp6::Message::parse(packet.payload);
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(message->type, dhcp6::MessageType::kAddrRegInform);
    EXPECT_EQ(dhcp6::find_single<dhcp6::ClientId>(message->options)->duid,
              run.router->state().duid);
    EXPECT_EQ(dhcp6::find_single<dhcp6::IaAddress>(message->options)->address, own());
  }
  EXPECT_TRUE(run.router->status(run.now).uplinks[0].registered.empty());
  answer(run.registrations.back().second, own());
  EXPECT_EQ(run.router->status(run.now).uplinks[0].registered, std::vector{own()});
  // Every message that can asks whether it is wanted (section 4.1).
  for (const SentMessage& one : run.dhcp) {
    const auto* asked = dhcp6::find<dhcp6::OptionRequest>(one.message.options);
    if (asked != nullptr) {
      EXPECT_TRUE(asked->contains(dhcp6::kAddressRegistration));
    }
  }
}

TEST_F(RouterRegistration, Row_9686_08_WithoutTheOptionNothingIsTold) {
  run.server.configuration.clear();
  begin();
  run.run_for(hours(1));
  EXPECT_TRUE(run.registrations.empty());
  EXPECT_TRUE(run.firewall->registrations.empty());
  EXPECT_TRUE(run.router->wanted_sockets().registrations.empty());
  // It is seen with the next Renew.
  server_asks();
  run.hear(isp_says());
  run.run_for(minutes(30));
  EXPECT_FALSE(run.registrations.empty());
}

TEST_F(RouterRegistration, Row_9686_08_WhatTheServerLeasedItIsNotTold) {
  ra::RouterAdvertisement said = isp_says();
  said.managed = true;
  begin(said);
  ASSERT_EQ(run.addresses_on("wan0").size(), 2U);
  ASSERT_FALSE(run.registrations.empty());
  for (const auto& [at, packet] : run.registrations) EXPECT_EQ(packet.source, own());
  EXPECT_EQ(run.firewall->registrations.size(), 1U);
}

// Section 4.2: "SHOULD NOT send the ADDR-REG-INFORM message unless it has received a Router Advertisement message with
// either M or O flags set to 1."
TEST_F(RouterRegistration, WithoutMAndONothingIsTold) {
  begin(isp_says(false));
  EXPECT_TRUE(run.registrations.empty());
  run.hear(isp_says(true));
  run.run_for(seconds(8));
  EXPECT_FALSE(run.registrations.empty());
}

// Section 4.4: until the link is left, whatever is said later; and then it is found out anew.
TEST_F(RouterRegistration, ItGoesOnUntilTheLinkIsLeft) {
  begin();
  ASSERT_FALSE(run.registrations.empty());
  answer(run.registrations.back().second, own());
  run.registrations.clear();
  run.server.configuration.clear();
  for (int i = 0; i < 130; ++i) {
    run.hear(isp_says(false));
    run.run_for(minutes(1));
  }
  EXPECT_FALSE(run.registrations.empty()) << "the refresh of an address whose time was prolonged";
  run.registrations.clear();
  run.link("wan0").carrier = false;
  run.look();
  run.run_for(seconds(1));
  EXPECT_TRUE(run.router->wanted_sockets().registrations.empty());
  run.link("wan0").carrier = true;
  run.look();
  run.hear(isp_says());
  run.run_for(minutes(5));
  EXPECT_TRUE(run.registrations.empty());
  EXPECT_TRUE(run.firewall->registrations.empty());
}

TEST_F(RouterRegistration, CanBeSwitchedOff) {
  run.config.uplinks[0].register_addresses = false;
  begin();
  run.run_for(minutes(5));
  EXPECT_TRUE(run.registrations.empty());
  for (const SentMessage& one : run.dhcp) {
    const auto* asked = dhcp6::find<dhcp6::OptionRequest>(one.message.options);
    if (asked != nullptr) {
      EXPECT_FALSE(asked->contains(dhcp6::kAddressRegistration));
    }
  }
}

// It says nothing to anybody but us.
TEST_F(RouterRegistration, TheSignalIsNotPassedOnToTheLans) {
  begin();
  const StatusUplink uplink = run.router->status(run.now).uplinks[0];
  for (const dhcp6::Option& option : run.router->state().leases.at("wan").other_options)
    EXPECT_NE(dhcp6::option_code(option), dhcp6::kAddressRegistration);
  for (const dhcp6::ServerLink& link : run.router->desired().dhcp6_links) {
    for (const dhcp6::Option& option : link.options)
      EXPECT_NE(dhcp6::option_code(option), dhcp6::kAddressRegistration);
  }
}

}  // namespace
}  // namespace sixgate::daemon
