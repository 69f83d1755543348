// SPDX-License-Identifier: Apache-2.0
// The course of a probe, in virtual time.
#include "cli/probe.h"

#include <gtest/gtest.h>

#include "cli/pcap.h"
#include "dhcp6/message.h"
#include "net/byte_reader.h"

namespace sixgate::cli {
namespace {

using dhcp6::Message;
using dhcp6::MessageType;

const Ip6Address kServerAddress = *Ip6Address::parse("fe80::5");
const dhcp6::Duid kServer = *dhcp6::Duid::parse("0003000102000000000a");

// A probe on a link with one server, which delegates a /56 whatever it is asked for.
class ProbeTest : public ::testing::Test {
 protected:
  void start(ProbeSettings settings) {
    settings.interface = "wan0";
    probe.emplace(std::move(settings), rng, now);
    daemon::LinkState link{.name = "wan0", .index = 2, .up = true, .carrier = true};
    link.link_local = *Ip6Address::parse("fe80::1");
    probe->link(&link, now);
  }
  // Until it is over; answers what the server would.
  void run() {
    for (int i = 0; i < 500; ++i) {
      ProbeOutputs outputs = probe->drain();
      if (outputs.progress) progress.push_back(*outputs.progress);
      for (const daemon::PacketOut& packet : outputs.packets) sent(packet);
      if (outputs.finished) return;
      if (answers.empty()) {
        const auto next = probe->next_deadline();
        ASSERT_TRUE(next);
        now = std::max(now, *next);
        probe->expire(now);
      } else {
        const std::vector<std::uint8_t> answer = answers.front();
        answers.erase(answers.begin());
        probe->receive({.interface = "wan0",
                        .channel = daemon::Channel::kDhcp6Client,
                        .source = kServerAddress,
                        .destination = *Ip6Address::parse("fe80::1"),
                        .hop_limit = 64,
                        .payload = answer},
                       now);
      }
    }
    FAIL() << "never over";
  }
  void sent(const daemon::PacketOut& packet) {
    if (packet.channel != daemon::Channel::kDhcp6Client) {
      ++solicitations;
      return;
    }
    const auto message = Message::parse(packet.payload);
    ASSERT_TRUE(message);
    messages.push_back(*message);
    if (!there) return;
    Message answer{.type = message->type == MessageType::kSolicit ? MessageType::kAdvertise
                                                                  : MessageType::kReply,
                   .transaction_id = message->transaction_id};
    answer.options.push_back(*dhcp6::find<dhcp6::ClientId>(message->options));
    answer.options.push_back(dhcp6::ServerId{kServer});
    if (message->type != MessageType::kRelease) {
      unsigned number = 0;
      for (const dhcp6::IaPd& asked : dhcp6::find_all<dhcp6::IaPd>(message->options)) {
        dhcp6::IaPd ia{.iaid = asked.iaid, .t1 = Lifetime(10), .t2 = Lifetime(20)};
        ia.options.push_back(
            dhcp6::IaPrefix{.prefix = *Prefix::parse("2001:db8::/32")->subnet(56, number++),
                            .preferred = Lifetime(30),
                            .valid = Lifetime(40)});
        answer.options.push_back(std::move(ia));
      }
      for (const dhcp6::IaNa& asked : dhcp6::find_all<dhcp6::IaNa>(message->options)) {
        dhcp6::IaNa ia{.iaid = asked.iaid, .t1 = Lifetime(10), .t2 = Lifetime(20)};
        ia.options.push_back(dhcp6::IaAddress{.address = *Ip6Address::parse("2001:db8:f::1"),
                                              .preferred = Lifetime(30),
                                              .valid = Lifetime(40)});
        answer.options.push_back(std::move(ia));
      }
    }
    answers.push_back(answer.to_bytes());
  }
  std::size_t count(MessageType type) const {
    std::size_t n = 0;
    for (const Message& one : messages) n += one.type == type ? 1 : 0;
    return n;
  }

  Rng rng{std::uint64_t{1}};
  Instant now = Instant::from_micros(1'000'000);
  std::optional<Probe> probe;
  bool there = true;
  std::vector<std::vector<std::uint8_t>> answers;
  std::vector<Message> messages;
  std::vector<std::string> progress;
  unsigned solicitations = 0;
};

TEST_F(ProbeTest, AsksOnceAndRequestsNothing) {
  start({});
  run();
  EXPECT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].type, MessageType::kSolicit);
  EXPECT_GT(solicitations, 0U);
  const ProbeReport report = probe->report(now);
  ASSERT_EQ(report.survey.servers.size(), 1U);
  EXPECT_EQ(report.survey.widest()->prefix.length(), 56U);
  EXPECT_TRUE(report.survey.servers[0].gave_both);
  EXPECT_FALSE(report.commit);
  EXPECT_FALSE(report.timed_out);
  EXPECT_FALSE(probe->next_deadline());
}

TEST_F(ProbeTest, EachProbeIsSomebodyElse) {
  start({});
  const dhcp6::Duid first = probe->report(now).duid;
  start({});
  EXPECT_NE(probe->report(now).duid, first);
}

TEST_F(ProbeTest, TakesTheBestOfferInEarnestAndGivesItBack) {
  start({.interface = {}, .duid = {}, .iaid = {}, .request = true});
  run();
  EXPECT_EQ(count(MessageType::kRequest), 1U);
  EXPECT_EQ(count(MessageType::kRelease), 1U);
  const ProbeReport report = probe->report(now);
  ASSERT_TRUE(report.commit);
  ASSERT_EQ(report.commit->delegated.size(), 1U);
  EXPECT_EQ(report.commit->delegated[0].prefix.length(), 56U);
  EXPECT_TRUE(report.commit->released);
}

TEST_F(ProbeTest, AsksAsTheRouterHintByHint) {
  start({.interface = {},
         .duid = dhcp6::Duid::parse("000102030405"),
         .iaid = 7,
         .hints = {*Prefix::parse("::/48"), *Prefix::parse("::/60")}});
  run();
  ASSERT_EQ(messages.size(), 2U);
  for (const Message& one : messages) {
    EXPECT_EQ(dhcp6::find<dhcp6::ClientId>(one.options)->duid.to_string(), "000102030405");
    EXPECT_EQ(dhcp6::find_single<dhcp6::IaPd>(one.options)->iaid, 7U);
  }
  const ProbeReport report = probe->report(now);
  ASSERT_EQ(report.survey.servers.size(), 1U);
  EXPECT_EQ(report.survey.hints.size(), 2U);
  EXPECT_TRUE(report.survey.servers[0].prefixes.at(1).usable());
}

TEST_F(ProbeTest, EndsWhenNobodyAnswers) {
  there = false;
  start({});
  const Instant began = now;
  run();
  EXPECT_LE(now, began + seconds(90));
  EXPECT_TRUE(probe->report(now).survey.servers.empty());
}

TEST_F(ProbeTest, EndsInTimeWhateverIsLeftToAsk) {
  there = false;
  start({.interface = {}, .duid = {}, .iaid = {}, .timeout = seconds(3)});
  const Instant began = now;
  run();
  EXPECT_EQ(now, began + seconds(3));
  EXPECT_TRUE(probe->report(now).timed_out);
}

TEST_F(ProbeTest, WaitsForALinkThatIsNotReady) {
  probe.emplace(ProbeSettings{.interface = "wan0", .duid = {}, .iaid = {}, .timeout = seconds(5)},
                rng, now);
  daemon::LinkState link{.name = "wan0", .index = 2, .up = true};
  probe->link(&link, now);
  probe->link(nullptr, now);
  run();
  EXPECT_TRUE(messages.empty());
  EXPECT_FALSE(probe->report(now).link_ready);
}

TEST(Pcap, HoldsPacketsWithTheirHeaders) {
  Pcap pcap;
  const std::vector<std::uint8_t> payload{1, 2, 3, 4};
  pcap.sent({"wan0", daemon::Channel::kDhcp6Client, *Ip6Address::parse("ff02::1:2"), payload},
            *Ip6Address::parse("fe80::1"), 1'795'646'100'000'007);
  ByteReader reader(pcap.octets());
  EXPECT_EQ(reader.u32(), 0xa1b2c3d4U);
  reader.skip(16);
  EXPECT_EQ(reader.u32(), 229U);  // bare IPv6
  EXPECT_EQ(reader.u32(), 1'795'646'100U);
  EXPECT_EQ(reader.u32(), 7U);
  EXPECT_EQ(reader.u32(), 52U);
  EXPECT_EQ(reader.u32(), 52U);
  EXPECT_EQ(reader.u32(), 0x60000000U);
  EXPECT_EQ(reader.u16(), 12U);
  EXPECT_EQ(reader.u8(), 17U);
  EXPECT_EQ(reader.u8(), 1U);
  EXPECT_EQ(reader.address(), *Ip6Address::parse("fe80::1"));
  EXPECT_EQ(reader.address(), *Ip6Address::parse("ff02::1:2"));
  EXPECT_EQ(reader.u16(), 546U);
  EXPECT_EQ(reader.u16(), 547U);
  EXPECT_EQ(reader.u16(), 12U);
  // ff02::1:2 and fe80::1, 17 and 12, ports, length and payload: worked out by hand.
  EXPECT_EQ(reader.u16(), 0xfa03U);
  EXPECT_EQ(reader.left(), payload.size());
}

}  // namespace
}  // namespace sixgate::cli
