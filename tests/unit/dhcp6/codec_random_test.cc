// SPDX-License-Identifier: Apache-2.0
// Properties over random values and random octets. A failing seed is printed and can be put into kSeed.
#include <set>

#include "tests/support/random_dhcp6.h"
#include "tests/unit/dhcp6/codec_support.h"

namespace sixgate::dhcp6 {
namespace {

constexpr std::uint64_t kSeed = 9915;
constexpr std::uint64_t kRounds = 3000;

TEST(DhcpRandom, WhatIsWrittenIsReadAsTheSame) {
  std::set<std::size_t> seen;
  for (std::uint64_t seed = kSeed; seed < kSeed + kRounds; ++seed) {
    Rng rng(seed);
    const Message message = RandomDhcp6(rng).message();
    const Octets bytes = message.to_bytes();
    ASSERT_FALSE(bytes.empty()) << "seed " << seed;
    const auto read = Message::parse(bytes);
    ASSERT_TRUE(read.has_value()) << "seed " << seed << ": " << read.error().to_string();
    ASSERT_TRUE(*read == message) << "seed " << seed << ": " << to_hex(bytes);
    ASSERT_EQ(read->to_bytes(), bytes) << "seed " << seed;
    for (const Option& option : message.options) seen.insert(option.index());
  }
  // Every alternative took part, but the one that stands for what is malformed.
  EXPECT_EQ(seen.size(), std::variant_size_v<Option> - 1);
}

TEST(DhcpRandom, RelayChainsToo) {
  for (std::uint64_t seed = kSeed; seed < kSeed + 500; ++seed) {
    Rng rng(seed);
    RandomDhcp6 random(rng);
    const RelayMessage relay = random.relay_message();
    const auto read = RelayMessage::parse(relay.to_bytes());
    ASSERT_TRUE(read.has_value() && *read == relay) << "seed " << seed;
    const RelayedExchange exchange = random.relayed_exchange();
    Octets bytes;
    ByteWriter writer(bytes);
    ASSERT_TRUE(exchange.emit(writer)) << "seed " << seed;
    const auto chain = RelayedExchange::parse(bytes);
    ASSERT_TRUE(chain.has_value()) << "seed " << seed << ": " << chain.error().to_string();
    ASSERT_TRUE(*chain == exchange) << "seed " << seed;
  }
}

// Valid messages with octets changed, added and removed: a value or an error, and a value that survives.
TEST(DhcpRandom, DamagedMessagesAreReadOrRefused) {
  std::size_t read_count = 0;
  for (std::uint64_t seed = kSeed; seed < kSeed + kRounds; ++seed) {
    Rng rng(seed);
    Octets bytes = RandomDhcp6(rng).message().to_bytes();
    for (std::uint64_t changes = 1 + rng.below(6); changes > 0 && !bytes.empty(); --changes) {
      const auto at = static_cast<std::ptrdiff_t>(rng.below(bytes.size()));
      switch (rng.below(3)) {
        case 0:
          bytes[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(rng.u32());
          break;
        case 1:
          bytes.erase(bytes.begin() + at);
          break;
        default:
          bytes.insert(bytes.begin() + at, static_cast<std::uint8_t>(rng.u32()));
      }
    }
    const auto message = Message::parse(bytes);
    if (!message) {
      ASSERT_LE(message.error().offset, bytes.size()) << "seed " << seed;
      continue;
    }
    ++read_count;
    const auto again = Message::parse(message->to_bytes());
    ASSERT_TRUE(again.has_value() && *again == *message) << "seed " << seed;
  }
  EXPECT_GT(read_count, kRounds / 20);
}

}  // namespace
}  // namespace sixgate::dhcp6
