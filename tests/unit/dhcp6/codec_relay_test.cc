// SPDX-License-Identifier: Apache-2.0
// Relay agents' messages and chains of them (RFC 9915 sections 9 and 19).
#include "tests/unit/dhcp6/codec_support.h"

namespace sixgate::dhcp6 {
namespace {

constexpr std::string_view kForward =
    "0c 03 20010db8000000000000000000000001 fe800000000000000000000000000002"
    "0012 0004 6c616e30 0009 0008 01 a1b2c3 000e 0000";

TEST(RelayMessage, HasItsOwnHeader) {
  const auto message = RelayMessage::parse(hex(kForward));
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->type, MessageType::kRelayForward);
  EXPECT_EQ(message->hop_count, 3);
  EXPECT_EQ(message->link_address, address("2001:db8::1"));
  EXPECT_EQ(message->peer_address, address("fe80::2"));
  EXPECT_EQ(message->options,
            (Options{InterfaceId{hex("6c616e30")}, RelayedMessage{hex("01 a1b2c3 000e 0000")}}));
  EXPECT_EQ(message->to_bytes(), hex(kForward));
}

TEST(RelayMessage, OtherTypesAndCutHeadersAreErrors) {
  Octets bytes = hex(kForward);
  bytes[0] = 1;
  EXPECT_FALSE(RelayMessage::parse(bytes).has_value());
  bytes[0] = 13;
  EXPECT_TRUE(RelayMessage::parse(bytes).has_value());
  for (std::size_t size = 0; size < 34; ++size) {
    EXPECT_FALSE(RelayMessage::parse(std::span(bytes).first(size)).has_value()) << size;
  }
}

TEST(RelayedExchange, DirectMessageHasNoRelays) {
  const auto exchange = RelayedExchange::parse(hex("0b 000001"));
  ASSERT_TRUE(exchange.has_value());
  EXPECT_TRUE(exchange->relays.empty());
  EXPECT_EQ(exchange->message, (Message{MessageType::kInformationRequest, 1, {}}));
}

TEST(RelayedExchange, OpensAndWrapsAChain) {
  const Message message{MessageType::kSolicit, 0xa1b2c3, {RapidCommit{}}};
  RelayedExchange chain;
  chain.message = message;
  chain.inner = message.to_bytes();
  for (std::uint8_t hop = 3; hop-- > 0;) {
    chain.relays.push_back({MessageType::kRelayForward,
                            hop,
                            address("2001:db8::1"),
                            address("fe80::2"),
                            {InterfaceId{Octets(1, hop)}}});
  }
  Octets bytes;
  ByteWriter writer(bytes);
  ASSERT_TRUE(chain.emit(writer));
  const auto outermost = RelayMessage::parse(bytes);
  ASSERT_TRUE(outermost.has_value());
  EXPECT_EQ(outermost->hop_count, 2);
  const auto read = RelayedExchange::parse(bytes);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, chain);
}

Octets wrapped(const Octets& inner, std::uint8_t type = 12) {
  const RelayMessage relay{static_cast<MessageType>(type), 0, {}, {}, {RelayedMessage{inner}}};
  return relay.to_bytes();
}

TEST(RelayedExchange, DepthIsBounded) {
  Octets bytes = hex("01 000001");
  for (int i = 0; i <= kHopCountLimit; ++i) bytes = wrapped(bytes);
  EXPECT_TRUE(RelayedExchange::parse(bytes).has_value());
  EXPECT_FALSE(RelayedExchange::parse(wrapped(bytes)).has_value());
  for (int i = 0; i < 1000; ++i) bytes = wrapped(bytes);
  EXPECT_FALSE(RelayedExchange::parse(bytes).has_value());
}

TEST(RelayedExchange, NeedsExactlyOneMessageInEachRelay) {
  const RelayMessage none{MessageType::kRelayForward, 0, {}, {}, {InterfaceId{}}};
  EXPECT_FALSE(RelayedExchange::parse(none.to_bytes()).has_value());
  const RelayedMessage inner{hex("01 000001")};
  const RelayMessage two{MessageType::kRelayForward, 0, {}, {}, {inner, inner}};
  EXPECT_FALSE(RelayedExchange::parse(two.to_bytes()).has_value());
  EXPECT_FALSE(RelayedExchange::parse(wrapped({})).has_value());
  EXPECT_FALSE(RelayedExchange::parse(wrapped(hex("01 00"))).has_value());
  EXPECT_FALSE(RelayedExchange::parse(wrapped(wrapped(hex("01 000001"), 13), 12)).has_value());
  EXPECT_FALSE(RelayedExchange::parse({}).has_value());
}

TEST(RelayedExchange, NothingIsWrittenWhenTheChainIsTooLong) {
  RelayedExchange chain;
  chain.message = {MessageType::kReply, 1, {UnknownOption{65000, Octets(65500)}}};
  chain.relays.resize(2);
  Octets out = hex("aa");
  ByteWriter writer(out);
  EXPECT_FALSE(chain.emit(writer));
  EXPECT_EQ(out, hex("aa"));
}

}  // namespace
}  // namespace sixgate::dhcp6
