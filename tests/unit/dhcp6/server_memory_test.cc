// SPDX-License-Identifier: Apache-2.0
// A server that is asked at a steady rate allocates nothing: neither time nor an allocator's fragments are lost on a
// small router in the minutes after a power cut, when every device of a house asks at once.
#include "tests/support/allocation_count.h"
#include "tests/unit/dhcp6/server_run.h"

namespace sixgate::dhcp6::testing {
namespace {

// What several clients say at the same time, and what it costs to answer them.
class SteadyServer {
 public:
  SteadyServer() {
    run.home().prefixes.push_back({prefix("fd00:db8:0:1::/64")});
    run.configure();
  }

  void say(unsigned client, const Message& message) {
    said_.push_back({client, message.to_bytes()});
  }
  // Messages of this type that name what an earlier answer gave.
  void four_way(Asked asked) {
    asked.type = MessageType::kSolicit;
    say(asked.client, message_of(asked));
    const auto reply = run.four_way(asked);
    ASSERT_TRUE(reply);
    asked.server = run.configuration.duid;
    for (const MessageType type : {MessageType::kRequest, MessageType::kRenew}) {
      asked.type = type;
      Message message = message_of(asked);
      std::erase_if(message.options, [](const Option& option) {
        return std::holds_alternative<IaNa>(option) || std::holds_alternative<IaPd>(option);
      });
      for (const Option& option : reply->options) {
        if (std::holds_alternative<IaNa>(option) || std::holds_alternative<IaPd>(option))
          message.options.push_back(option);
      }
      say(asked.client, message);
    }
  }
  std::size_t allocations_of_a_round() {
    const std::size_t before = sixgate::testing::allocation_count();
    for (const auto& [client, bytes] : said_)
      run.server->receive("home", bytes, client_address(client), kAllDhcpRelayAgentsAndServers,
                          run.now);
    ServerOutputs out = run.server->drain();
    const std::size_t needed = sixgate::testing::allocation_count() - before;
    EXPECT_EQ(out.packets.size(), said_.size());
    run.server->reuse(std::move(out));
    return needed;
  }

  ServerRun run;

 private:
  struct Said {
    unsigned client;
    std::vector<std::uint8_t> bytes;
  };
  std::vector<Said> said_;
};

TEST(DhcpServerMemory, WhatIsAllocatedIsCounted) {
  const std::size_t before = sixgate::testing::allocation_count();
  const Octets octets(100);
  EXPECT_EQ(octets.size(), 100U);
  EXPECT_GE(sixgate::testing::allocation_count(), before + 1);
}

TEST(DhcpServerMemory, WhatIsAskedAgainAndAgainIsAnsweredWithoutAnAllocation) {
  SteadyServer steady;
  for (unsigned client = 1; client <= 8; ++client) {
    Asked asked{.client = client, .options = {DnsServers::kCode, DomainSearchList::kCode}};
    asked.addresses = {ia_na(1)};
    if (client % 2 == 0) asked.prefixes = {ia_pd(7)};
    steady.four_way(asked);
    asked.type = MessageType::kInformationRequest;
    asked.addresses.clear();
    asked.prefixes.clear();
    steady.say(client, message_of(asked));
  }
  // There is nothing yet to be used again, and the journal goes into two places in turn.
  for (int round = 0; round < 2; ++round) (void)steady.allocations_of_a_round();
  for (int round = 0; round < 20; ++round) {
    steady.run.now = steady.run.now + seconds(60);
    EXPECT_EQ(steady.allocations_of_a_round(), 0U) << "round " << round;
  }
}

TEST(DhcpServerMemory, ANameCostsAFew) {
  SteadyServer steady;
  steady.run.home().domain = DomainName::parse("home.arpa");
  steady.run.configure();
  Message message = message_of({.type = MessageType::kInformationRequest,
                                .options = {DnsServers::kCode, ClientFqdn::kCode}});
  message.options.push_back(ClientFqdn{
      .flags = ClientFqdn::kServerUpdates, .name = *DomainName::parse("laptop"), .partial = true});
  steady.say(1, message);
  for (int round = 0; round < 2; ++round) (void)steady.allocations_of_a_round();
  EXPECT_LE(steady.allocations_of_a_round(), 6U);
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
