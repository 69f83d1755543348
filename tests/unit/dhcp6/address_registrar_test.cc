// SPDX-License-Identifier: Apache-2.0
// The client's side of RFC 9686, in virtual time.
#include "dhcp6/address_registrar.h"

#include <gtest/gtest.h>

#include "dhcp6/message.h"
#include "tests/support/dhcp6_test_server.h"

namespace sixgate::dhcp6 {
namespace {

using testing::address;
using testing::test_duid;

const Ip6Address kOne = *Ip6Address::parse("2001:db8:1::1234");
const Ip6Address kTwo = *Ip6Address::parse("2001:db8:1::5678");
const Instant kRegistrarStart = Instant::from_micros(1'000'000'000);

struct Sent {
  Instant at;
  Ip6Address source;
  Message message;
  const IaAddress& said() const { return *find_single<IaAddress>(message.options); }
};

class Registrar : public ::testing::Test {
 protected:
  void take() {
    auto out = registrar.drain();
    for (const RegistrationDatagram& packet : out.packets) {
      auto parsed = Message::parse(packet.payload);
      ASSERT_TRUE(parsed && count_malformed(parsed->options) == 0);
      sent.push_back({now, packet.source, std::move(*parsed)});
      if (answers) registrar.receive(reply_to(sent.back()).to_bytes(), packet.source, now);
    }
    log.insert(log.end(), out.log.begin(), out.log.end());
  }
  void run_for(Duration time) {
    const Instant end = now + time;
    for (auto next = registrar.next_deadline(); next && *next <= end;
         next = registrar.next_deadline()) {
      ASSERT_GE(*next, now) << "a deadline in the past";
      now = *next;
      registrar.expire(now);
      take();
    }
    now = end;
  }
  void begin() { registrar.start(test_duid(9)); }
  void look(std::vector<OwnAddress> addresses) {
    registrar.look(addresses, now);
    take();
  }
  static OwnAddress until(const Ip6Address& address, Instant valid, Instant preferred) {
    return {address, preferred, valid};
  }
  OwnAddress lasting(const Ip6Address& address, Duration valid) const {
    return until(address, now + valid, now + valid / 2);
  }
  Message reply_to(const Sent& one) const {
    Message reply{.type = MessageType::kAddrRegReply, .transaction_id = one.message.transaction_id};
    reply.options.push_back(ClientId{test_duid(9)});
    reply.options.push_back(ServerId{test_duid(1)});
    reply.options.push_back(one.said());
    return reply;
  }
  void hear(const Message& reply, const Ip6Address& to) {
    registrar.receive(reply.to_bytes(), to, now);
    take();
  }
  void answer() { hear(reply_to(sent.back()), sent.back().source); }

  Rng rng{1};
  AddressRegistrar registrar{rng};
  Instant now = kRegistrarStart;
  std::vector<Sent> sent;
  LogLines log;
  bool answers = false;  // a server does, at once
};

TEST_F(Registrar, NothingIsToldBeforeAServerAsks) {
  look({lasting(kOne, hours(1))});
  run_for(hours(2));
  EXPECT_TRUE(sent.empty());
  EXPECT_FALSE(registrar.next_deadline());
}

TEST_F(Registrar, Row_9686_08_OneMessageForEachAddressFromThatAddress) {
  begin();
  look({lasting(kOne, hours(1)), lasting(kTwo, hours(2))});
  run_for(milliseconds(500));
  ASSERT_EQ(sent.size(), 2U);
  for (const Sent& one : sent) {
    EXPECT_EQ(one.message.type, MessageType::kAddrRegInform);
    EXPECT_EQ(one.said().address, one.source);
    EXPECT_EQ(find_single<ClientId>(one.message.options)->duid, test_duid(9));
    EXPECT_FALSE(contains<ServerId>(one.message.options));
    EXPECT_FALSE(contains<OptionRequest>(one.message.options));
  }
  EXPECT_EQ(sent[0].source, kOne);
  EXPECT_EQ(sent[1].source, kTwo);
  EXPECT_NE(sent[0].message.transaction_id, sent[1].message.transaction_id);
  EXPECT_EQ(sent[0].said().valid, Lifetime(3599));  // of that moment
  EXPECT_EQ(sent[0].said().preferred, Lifetime(1799));
}

TEST_F(Registrar, OnlyValidAddressesOfGlobalScope) {
  begin();
  look({{.address = address("fe80::1")},
        {.address = address("ff02::1")},
        {.address = kOne, .valid_until = now},
        {.address = address("fd12:3456:789a::1")},
        // Deprecated ones are valid.
        until(kTwo, now + hours(1), now)});
  run_for(milliseconds(500));
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].source, kTwo);
  EXPECT_TRUE(sent[0].said().preferred.is_zero());
  EXPECT_EQ(sent[1].source, address("fd12:3456:789a::1"));
}

TEST_F(Registrar, Row_9686_09_ThreeTransmissionsOfOneTransactionWithLifetimesOfTheMoment) {
  begin();
  look({lasting(kOne, hours(1))});
  run_for(hours(1) - seconds(1));
  ASSERT_EQ(sent.size(), 3U);
  for (const Sent& one : sent)
    EXPECT_EQ(one.message.transaction_id, sent[0].message.transaction_id);
  // RFC 9915 section 15: RT = IRT + RAND*IRT, then 2*RT + RAND*RT.
  const Duration first = sent[1].at - sent[0].at;
  const Duration second = sent[2].at - sent[1].at;
  EXPECT_GE(first, milliseconds(900));
  EXPECT_LE(first, milliseconds(1100));
  EXPECT_GE(second, first * 19 / 10 - Duration(1));
  EXPECT_LE(second, first * 21 / 10 + Duration(1));
  EXPECT_GT(sent[0].said().valid, sent[2].said().valid);
  EXPECT_GT(find_single<ElapsedTime>(sent[2].message.options)->elapsed.count(), 0);
  EXPECT_TRUE(registrar.registered().empty());
}

TEST_F(Registrar, AnAnswerEndsIt) {
  begin();
  look({lasting(kOne, hours(1))});
  run_for(milliseconds(500));
  answer();
  EXPECT_EQ(registrar.registered(), std::vector{kOne});
  run_for(minutes(59));
  EXPECT_EQ(sent.size(), 1U);
}

TEST_F(Registrar, WhatIsNotTheAnswerIsDiscarded) {
  begin();
  look({lasting(kOne, hours(1)), lasting(kTwo, hours(1))});
  run_for(milliseconds(500));
  ASSERT_EQ(sent.size(), 2U);
  const Message good = reply_to(sent[0]);
  hear(good, kTwo);  // to another address
  hear(good, address("2001:db8:1::9"));
  Message other = good;
  other.transaction_id ^= 1;
  hear(other, kOne);
  other = good;
  std::get<IaAddress>(other.options[2]).address = kTwo;
  hear(other, kOne);
  other = good;
  other.options.pop_back();
  hear(other, kOne);
  other = good;
  other.options[0] = ClientId{test_duid(8)};
  hear(other, kOne);
  other = good;
  other.type = MessageType::kAddrRegInform;
  hear(other, kOne);
  registrar.receive(std::vector<std::uint8_t>{37, 1}, kOne, now);
  EXPECT_TRUE(registrar.registered().empty());
  hear(good, kOne);
  EXPECT_EQ(registrar.registered(), std::vector{kOne});
}

// Section 4.6.1: "If the network never changes the lifetime of an address ... then no refreshes occur."
TEST_F(Registrar, WithoutAChangeThereIsNoRefresh) {
  begin();
  const OwnAddress same = lasting(kOne, hours(2));
  look({same});
  run_for(milliseconds(500));
  answer();
  for (int i = 0; i < 110; ++i) {
    run_for(minutes(1));
    look({same});
  }
  EXPECT_EQ(sent.size(), 1U);
}

// A constant lifetime in each Router Advertisement: the refresh comes at 80% of it, times 0.9 to 1.1.
TEST_F(Registrar, AChangedLifetimeIsToldOncePerLifetime) {
  begin();
  answers = true;
  look({lasting(kOne, seconds(7200))});
  run_for(milliseconds(500));
  const Instant first = sent[0].at;
  for (int i = 0; i < 230; ++i) {
    run_for(seconds(60));
    look({lasting(kOne, seconds(7200))});
  }
  ASSERT_GE(sent.size(), 3U);
  EXPECT_GE(sent[1].at - first, seconds(7200) * 72 / 100 - seconds(1));
  EXPECT_LE(sent[1].at - first, seconds(7200) * 88 / 100 + seconds(1));
  EXPECT_NE(sent[1].message.transaction_id, sent[0].message.transaction_id);
  EXPECT_GE(sent[1].said().valid, Lifetime(7100));
  EXPECT_GE(sent[2].at - sent[1].at, seconds(7200) * 72 / 100 - seconds(1));
  EXPECT_LE(sent.size(), 4U);
}

TEST_F(Registrar, AMuchShorterLifetimeIsToldSooner) {
  begin();
  look({lasting(kOne, hours(24))});
  run_for(milliseconds(500));
  answer();
  look({lasting(kOne, minutes(10))});
  run_for(minutes(10) - seconds(1));
  ASSERT_EQ(sent.size(), 4U) << "the refresh and its retransmissions";
  EXPECT_LE(sent[1].at - sent[0].at, minutes(10) * 88 / 100 + seconds(1));
}

TEST_F(Registrar, LessThanOnePercentIsNoChange) {
  begin();
  const OwnAddress first = lasting(kOne, hours(1));
  look({first});
  run_for(milliseconds(500));
  answer();
  look({until(kOne, first.valid_until + seconds(30), first.preferred_until)});
  run_for(minutes(59));
  EXPECT_EQ(sent.size(), 1U);
}

// Section 4.6.2.
TEST_F(Registrar, WhatLastsForEverIsToldEveryFourHours) {
  begin();
  look({{.address = kOne}});
  run_for(milliseconds(500));
  answer();
  EXPECT_TRUE(sent[0].said().valid.is_infinite());
  EXPECT_TRUE(sent[0].said().preferred.is_infinite());
  run_for(hours(4));
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[1].at - sent[0].at, hours(4));
  answer();
  run_for(hours(4));
  EXPECT_EQ(sent.size(), 3U);
}

// Section 4.6.3.
TEST_F(Registrar, RefreshesOfTheSameMinuteGoTogether) {
  begin();
  look({{.address = kOne}});
  run_for(seconds(40));
  look({{.address = kOne}, {.address = kTwo}});
  run_for(milliseconds(500));
  ASSERT_GE(sent.size(), 2U);
  for (std::size_t i = 0; i < sent.size(); ++i) hear(reply_to(sent[i]), sent[i].source);
  sent.clear();
  run_for(hours(4));
  ASSERT_GE(sent.size(), 2U);
  EXPECT_EQ(sent[0].at, sent[1].at);
  EXPECT_NE(sent[0].source, sent[1].source);
}

TEST_F(Registrar, AnAddressThatIsGoneIsForgottenAndOneThatIsBackIsNew) {
  begin();
  look({lasting(kOne, hours(1))});
  run_for(milliseconds(500));
  answer();
  look({});
  EXPECT_TRUE(registrar.registered().empty());
  EXPECT_FALSE(registrar.next_deadline());
  look({lasting(kOne, hours(1))});
  run_for(milliseconds(500));
  EXPECT_EQ(sent.size(), 2U);
}

// Section 4.4: "every time it connects to a network ... without utilizing any prior knowledge".
TEST_F(Registrar, AnAddressThatRunsOutWhileItIsToldIsForgotten) {
  answers = false;
  begin();
  look({lasting(kOne, milliseconds(1500))});
  run_for(minutes(1));
  EXPECT_GE(sent.size(), 1U);
  EXPECT_FALSE(registrar.next_deadline());
}

TEST_F(Registrar, AnotherLinkIsAskedAnew) {
  begin();
  look({lasting(kOne, hours(1))});
  run_for(milliseconds(500));
  answer();
  registrar.stop();
  look({lasting(kOne, hours(1))});
  run_for(hours(1));
  EXPECT_EQ(sent.size(), 1U);
  begin();
  look({lasting(kOne, hours(1))});
  run_for(milliseconds(500));
  EXPECT_EQ(sent.size(), 2U);
  // Asked again it is no new beginning.
  answer();
  begin();
  EXPECT_EQ(registrar.registered(), std::vector{kOne});
}

}  // namespace
}  // namespace sixgate::dhcp6
