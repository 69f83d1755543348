// SPDX-License-Identifier: Apache-2.0
// Whole messages: header, framing, limits, duplicates.
#include "tests/unit/dhcp6/codec_support.h"

namespace sixgate::dhcp6 {
namespace {

Octets operator+(Octets left, const Octets& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

TEST(DhcpMessage, HeaderIsTypeAndTransaction) {
  const auto message = Message::parse(hex("01 a1b2c3"));
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->type, MessageType::kSolicit);
  EXPECT_EQ(message->transaction_id, 0xa1b2c3U);
  EXPECT_TRUE(message->options.empty());
  EXPECT_EQ(message->to_bytes(), hex("01 a1b2c3"));
}

TEST(DhcpMessage, TransactionIdHas24Bits) {
  EXPECT_EQ((Message{MessageType::kRenew, 0xff123456, {}}.to_bytes()), hex("05 123456"));
}

TEST(DhcpMessage, EveryTypeButTheRelayAgentsIsRead) {
  for (unsigned type = 0; type < 256; ++type) {
    const Octets bytes{static_cast<std::uint8_t>(type), 0, 0, 1};
    const auto message = Message::parse(bytes);
    EXPECT_EQ(message.has_value(), type != 12 && type != 13) << type;
    if (message) {
      EXPECT_EQ(message->to_bytes(), bytes) << type;
    }
  }
  EXPECT_EQ(to_string(MessageType::kInformationRequest), "Information-request");
  EXPECT_EQ(to_string(static_cast<MessageType>(99)), "message type 99");
}

TEST(DhcpMessage, CutHeadersAreErrors) {
  for (const char* cut : {"", "01", "01 a1", "01 a1b2"}) {
    EXPECT_FALSE(Message::parse(hex(cut)).has_value()) << cut;
  }
}

TEST(DhcpMessage, BrokenFramingNamesTheOctet) {
  const auto beyond = Message::parse(hex("07 000001 0017 0010 20010db8"));
  ASSERT_FALSE(beyond.has_value());
  EXPECT_EQ(beyond.error().offset, 8U);
  EXPECT_EQ(beyond.error().to_string(), "option length beyond the end at octet 8");
  const auto header = Message::parse(hex("07 000001 000e 0000 00"));
  ASSERT_FALSE(header.has_value());
  EXPECT_EQ(std::string_view(header.error().what), "option header is cut short");
}

// Every prefix of a message is an error or a message, and a message only where an option ends.
TEST(DhcpMessage, CuttingAnywhereIsSafe) {
  const Octets whole = hex("07 000001") + framed(2, hex("00030001")) + framed(14, {}) +
                       framed(25, hex("00000001 00000000 00000000") +
                                      framed(26, hex("00000001 00000002 28"
                                                     "20010db8120000000000000000000000")));
  std::vector<std::size_t> readable;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    if (Message::parse(std::span(whole).first(size))) readable.push_back(size);
  }
  EXPECT_EQ(readable, (std::vector<std::size_t>{4, 12, 16, whole.size()}));
}

TEST(Conformance, Row_8415_C_46_BrokenFramingDiscardsTheMessage) {
  const Octets head = hex("07 000001") + framed(1, hex("00030001")) + framed(2, hex("00030002"));
  EXPECT_TRUE(Message::parse(head).has_value());
  for (const char* tail :
       {"00", "0017", "0017 00", "0017 0010", "0017 0011 00", "0003 ffff 0000", "fde8 0001"}) {
    EXPECT_FALSE(Message::parse(head + hex(tail)).has_value()) << tail;
  }
}

TEST(Conformance, Row_8415_C_46_GarbageInAnOptionDiscardsThatOption) {
  const Octets good_pd = framed(25, hex("00000002 00000000 00000000"));
  for (const char* garbage :
       {"", "00000001", "00000001 00000000 00000000 ff", "00000001 00000000 00000000 001a 0100 00",
        "00000001 00000000 00000000 001a 0000 00"}) {
    const auto message = Message::parse(hex("07 000001") + framed(25, hex(garbage)) + good_pd);
    ASSERT_TRUE(message.has_value()) << garbage;
    EXPECT_EQ(message->options.size(), 2U);
    const IaPd* only = find_single<IaPd>(message->options);
    ASSERT_NE(only, nullptr) << garbage;
    EXPECT_EQ(only->iaid, 2U);
    EXPECT_EQ(count_malformed(message->options), 1U) << garbage;
  }
}

TEST(Conformance, Row_8415_C_46_DuplicateSingletonsAreNotMerged) {
  const Octets bytes = hex("07 000001") + framed(2, hex("01")) + framed(23, Octets(16, 1)) +
                       framed(2, hex("02")) + framed(23, Octets(16, 2));
  const auto message = Message::parse(bytes);
  ASSERT_TRUE(message.has_value());
  EXPECT_TRUE(has_duplicate_singletons(message->options));
  ASSERT_NE(find<DnsServers>(message->options), nullptr);
  EXPECT_EQ(find<DnsServers>(message->options)->addresses.size(), 1U);
  EXPECT_EQ(find_single<ServerId>(message->options), nullptr);
  EXPECT_EQ(find<ServerId>(message->options)->duid, *Duid::parse("01"));
  EXPECT_EQ(message->to_bytes(), bytes);
}

TEST(DhcpMessage, SomeOptionsMayRepeat) {
  // RFC 9915 section 21: IA_NA, vendor class, vendor options, IA_PD; NTP and encrypted DNS by their RFCs.
  const Options repeated{IaNa{},
                         IaNa{},
                         VendorClass{},
                         VendorClass{},
                         VendorOptions{},
                         VendorOptions{},
                         IaPd{},
                         IaPd{},
                         NtpServers{},
                         NtpServers{},
                         EncryptedDns{},
                         EncryptedDns{},
                         UnknownOption{65000, {}},
                         UnknownOption{65000, {}},
                         ElapsedTime{}};
  EXPECT_FALSE(has_duplicate_singletons(repeated));
  Options with = repeated;
  with.push_back(ElapsedTime{});
  EXPECT_TRUE(has_duplicate_singletons(with));
  with.back() = MalformedOption{ElapsedTime::kCode, {}, {}};
  EXPECT_TRUE(has_duplicate_singletons(with));
}

TEST(DhcpMessage, FindsByType) {
  Options options{UnknownOption{65000, {}}, IaPd{.iaid = 1, .options = {}}, ElapsedTime{},
                  IaPd{.iaid = 2, .options = {}}, IaNa{.iaid = 3, .options = {}}};
  EXPECT_EQ(find<RapidCommit>(options), nullptr);
  EXPECT_FALSE(contains<RapidCommit>(options));
  EXPECT_TRUE(contains<ElapsedTime>(options));
  EXPECT_EQ(find_single<IaPd>(options), nullptr);
  EXPECT_NE(find_single<IaNa>(options), nullptr);
  std::vector<std::uint32_t> iaids;
  for (const IaPd& ia : find_all<IaPd>(options)) iaids.push_back(ia.iaid);
  EXPECT_EQ(iaids, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_TRUE(find_all<RapidCommit>(options).empty());
  find<IaPd>(options)->iaid = 9;
  EXPECT_EQ(std::get<IaPd>(options[1]).iaid, 9U);
}

TEST(DhcpMessage, StatusDefaultsToSuccess) {
  EXPECT_EQ(status_of({}), Status::kSuccess);
  EXPECT_EQ(status_of({StatusCode{Status::kNoBinding, "x"}}), Status::kNoBinding);
}

TEST(DhcpMessage, UnknownOptionsOnEveryLevelAreKept) {
  const Octets unknown = framed(65000, hex("aabb"));
  const Octets in_prefix = hex("00000001 00000002 28 20010db8120000000000000000000000") + unknown;
  const Octets in_pd = hex("00000001 00000000 00000000") + unknown + framed(26, in_prefix);
  const Octets bytes = hex("07 000001") + unknown + framed(25, in_pd);
  const auto message = Message::parse(bytes);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(count_malformed(message->options), 0U);
  const IaPd* pd = find<IaPd>(message->options);
  ASSERT_NE(pd, nullptr);
  const IaPrefix* delegated = find<IaPrefix>(pd->options);
  ASSERT_NE(delegated, nullptr);
  EXPECT_EQ(delegated->prefix, prefix("2001:db8:1200::/40"));
  for (const Options* level : {&message->options, &pd->options, &delegated->options}) {
    const UnknownOption* kept = find<UnknownOption>(*level);
    ASSERT_NE(kept, nullptr);
    EXPECT_EQ(*kept, (UnknownOption{65000, hex("aabb")}));
  }
  EXPECT_EQ(message->to_bytes(), bytes);
}

Octets nested_ia(unsigned levels) {
  Octets inner;
  for (unsigned i = 0; i < levels; ++i) inner = framed(3, Octets(12) + inner);
  return inner;
}

TEST(DhcpMessage, NestingIsBounded) {
  const auto shallow = Message::parse(hex("07 000001") + nested_ia(7));
  ASSERT_TRUE(shallow.has_value());
  EXPECT_EQ(count_malformed(shallow->options), 0U);
  const auto deep = Message::parse(hex("07 000001") + nested_ia(4000));
  ASSERT_TRUE(deep.has_value());
  EXPECT_EQ(count_malformed(deep->options), 1U);
  EXPECT_EQ(deep->to_bytes(), hex("07 000001") + nested_ia(4000));
}

TEST(DhcpMessage, NumberOfOptionsIsBounded) {
  Octets bytes = hex("07 000001");
  for (unsigned i = 0; i < ParseBudget().options; ++i) bytes = std::move(bytes) + framed(14, {});
  EXPECT_TRUE(Message::parse(bytes).has_value());
  EXPECT_FALSE(Message::parse(bytes + framed(14, {})).has_value());
  // Nested ones count against the same number.
  Octets inner(12);
  for (unsigned i = 0; i < 600; ++i) inner = std::move(inner) + framed(14, {});
  const auto two = Message::parse(hex("07 000001") + framed(3, inner) + framed(3, inner));
  ASSERT_TRUE(two.has_value());
  EXPECT_EQ(count_malformed(two->options), 1U);
  EXPECT_NE(find_single<IaNa>(two->options), nullptr);
}

TEST(DhcpMessage, NothingIsWrittenWhenAnOptionIsTooLong) {
  Octets out = hex("aa");
  const auto refused = [&](const Options& options) {
    ByteWriter writer(out);
    const bool written = Message{MessageType::kReply, 1, options}.emit(writer);
    return !written && out == hex("aa");
  };
  EXPECT_TRUE(refused({UnknownOption{65000, Octets(65536)}}));
  EXPECT_TRUE(refused({UserClass{{Octets(65536)}}}));
  EXPECT_TRUE(refused({IaPd{.options = {UnknownOption{65000, Octets(65536)}}}}));
  EXPECT_TRUE(refused({IaPd{.options = {UnknownOption{65000, Octets(65530)}}}}));
  EXPECT_TRUE(refused({DnsServers{std::vector<Ip6Address>(4096)}}));
  EXPECT_TRUE(refused({EncryptedDns{.addresses = std::vector<Ip6Address>(4096)}}));
  // Each fits its own length, both together no datagram.
  EXPECT_TRUE(refused({UnknownOption{65000, Octets(40000)}, UnknownOption{65000, Octets(40000)}}));
  EXPECT_TRUE(
      (Message{MessageType::kReply, 1, {UnknownOption{1000, Octets(65536)}}}.to_bytes().empty()));
}

TEST(DhcpMessage, TheLargestMessageIsWritten) {
  const std::size_t payload = kMaxMessageSize - 8;
  const Message message{MessageType::kReply, 1, {UnknownOption{65000, Octets(payload, 7)}}};
  const Octets bytes = message.to_bytes();
  ASSERT_EQ(bytes.size(), kMaxMessageSize);
  const auto read = Message::parse(bytes);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, message);
  const Message larger{MessageType::kReply, 1, {UnknownOption{65000, Octets(payload + 1, 7)}}};
  EXPECT_TRUE(larger.to_bytes().empty());
}

}  // namespace
}  // namespace sixgate::dhcp6
