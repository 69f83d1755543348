// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/server_watch.h"

#include <gtest/gtest.h>

#include "dhcp6/message.h"
#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

const Duid kOwnDuid = Duid::ll(MacAddress({2, 0, 0x5e, 0, 0x53, 1}));
const Duid kOther = Duid::ll(MacAddress({2, 0, 0x5e, 0, 0x53, 2}));
const Ip6Address kThere = *Ip6Address::parse("fe80::2");

struct Watched {
  explicit Watched(Duration interval = hours(1)) {
    watch.configure(kOwnDuid, interval, now);
    watch.link(true, now);
  }
  void run_for(Duration time) {
    const Instant end = now + time;
    for (auto due = watch.next_deadline(); due && *due <= end; due = watch.next_deadline()) {
      now = std::max(now, *due);
      watch.expire(now);
      collect();
      ASSERT_GT(watch.next_deadline().value_or(Instant::never()), now);
    }
    now = end;
  }
  void collect() {
    ServerWatch::Outputs out = watch.drain();
    for (const Datagram& one : out.packets) {
      EXPECT_EQ(one.destination, kAllDhcpRelayAgentsAndServers);
      const auto parsed = Message::parse(one.payload);
      ASSERT_TRUE(parsed);
      questions.push_back(*parsed);
    }
    for (LogLine& line : out.log) log.push_back(line.text);
  }
  void answer(const Duid& server, const char* dns = "2001:db8::53",
              const Ip6Address& from = kThere) {
    Message reply{MessageType::kReply, questions.back().transaction_id, {}};
    reply.options.emplace_back(ServerId{server});
    reply.options.emplace_back(DnsServers{{*Ip6Address::parse(dns)}});
    hear(reply, from);
  }
  void hear(const Message& message, const Ip6Address& from = kThere) {
    watch.receive(message.to_bytes(), from, now);
    collect();
  }

  Rng rng{1};
  ServerWatch watch{rng};
  Instant now = Instant::from_micros(1'000'000'000);
  std::vector<Message> questions;
  std::vector<std::string> log;
};

TEST(ServerWatch, AsksWithoutAnIdentityAndForNothingThatWouldBeKept) {
  Watched lan;
  lan.run_for(seconds(1));
  ASSERT_EQ(lan.questions.size(), 1U) << "within INF_MAX_DELAY";
  const Message& question = lan.questions[0];
  EXPECT_EQ(question.type, MessageType::kInformationRequest);
  EXPECT_EQ(find<ClientId>(question.options), nullptr);
  EXPECT_EQ(find<IaNa>(question.options), nullptr);
  EXPECT_EQ(find<IaPd>(question.options), nullptr);
  EXPECT_NE(find<ElapsedTime>(question.options), nullptr);
  lan.run_for(seconds(20));
  EXPECT_EQ(lan.questions.size(), 2U) << "once more, for the first may be lost";
  lan.run_for(hours(24));
  EXPECT_GE(lan.questions.size(), 23U);
  EXPECT_LE(lan.questions.size(), 29U);
}

TEST(ServerWatch, AnotherServerIsSaidOnceAndAgainWhenItChanges) {
  Watched lan;
  for (int i = 0; i < 5; ++i) {
    lan.run_for(hours(1));
    lan.answer(kOther);
  }
  ASSERT_EQ(lan.log.size(), 1U);
  EXPECT_NE(lan.log[0].find(cat("another DHCPv6 server, ", kOther, " at fe80::2")),
            std::string::npos);
  EXPECT_NE(lan.log[0].find("2001:db8::53"), std::string::npos);
  lan.answer(kOther, "2001:db8::54");
  ASSERT_EQ(lan.log.size(), 2U);
  EXPECT_NE(lan.log[1].find("answers now"), std::string::npos);
  ASSERT_EQ(lan.watch.servers().size(), 1U);
  EXPECT_EQ(lan.watch.servers().begin()->second.answers, 6U);
  EXPECT_EQ(lan.watch.servers().begin()->second.address, kThere);
  lan.run_for(hours(6));
  EXPECT_TRUE(lan.watch.servers().empty());
  ASSERT_EQ(lan.log.size(), 3U);
  EXPECT_NE(lan.log[2].find("silent"), std::string::npos);
}

TEST(ServerWatch, OurselvesAndAnswersToOthersMeanNothing) {
  Watched lan;
  lan.run_for(seconds(1));
  lan.answer(kOwnDuid);
  Message reply{MessageType::kReply, lan.questions.back().transaction_id ^ 1, {}};
  reply.options.emplace_back(ServerId{kOther});
  lan.hear(reply);
  reply.transaction_id ^= 1;
  reply.type = MessageType::kAdvertise;
  lan.hear(reply);
  lan.hear({MessageType::kReply, lan.questions.back().transaction_id, {}});
  EXPECT_TRUE(lan.watch.servers().empty());
  EXPECT_TRUE(lan.log.empty());
}

TEST(ServerWatch, AClientsRequestTellsOfAServerThatSaysNothingToUs) {
  Watched lan(seconds(0));
  lan.watch.overhear(kOther, lan.now);
  lan.watch.overhear(kOther, lan.now);
  lan.watch.overhear(kOwnDuid, lan.now);
  lan.collect();
  EXPECT_EQ(lan.log.size(), 1U);
  ASSERT_EQ(lan.watch.servers().size(), 1U);
  EXPECT_EQ(lan.watch.servers().begin()->second.chosen, 2U);
  EXPECT_FALSE(lan.watch.servers().begin()->second.address);
  lan.run_for(hours(100));
  EXPECT_TRUE(lan.questions.empty()) << "asking is switched off";
}

TEST(ServerWatch, MemoryAndLogAreBounded) {
  Watched lan;
  lan.run_for(seconds(1));
  for (unsigned i = 0; i < 1000; ++i) {
    const auto octet = static_cast<std::uint8_t>(i);
    const Duid duid =
        Duid::ll(MacAddress({2, 0, 0x5e, 1, static_cast<std::uint8_t>(i >> 8), octet}));
    lan.answer(duid);
    lan.watch.overhear(duid, lan.now);
  }
  lan.collect();
  EXPECT_EQ(lan.watch.servers().size(), ServerWatch::kMostServers);
  EXPECT_LE(lan.log.size(), LineBudget::kMost);
}

TEST(ServerWatch, AsksAnewWhenTheLinkIsBackAndNotWhileItIsAway) {
  Watched lan;
  lan.run_for(minutes(1));
  lan.watch.link(false, lan.now);
  lan.run_for(hours(5));
  EXPECT_EQ(lan.questions.size(), 2U);
  lan.watch.link(true, lan.now);
  lan.run_for(seconds(1));
  EXPECT_EQ(lan.questions.size(), 3U);
}

}  // namespace
}  // namespace sixgate::dhcp6
