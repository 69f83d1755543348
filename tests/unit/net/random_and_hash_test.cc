// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "net/rng.h"
#include "net/sha256.h"
#include "net/siphash.h"
#include "net/text.h"

namespace sixgate {
namespace {

// ChaCha20 with a zero key and a zero nonce: RFC 8439 appendix A.1, test vectors 1 (block 0) and 2 (block 1).
TEST(Rng, IsChaCha20) {
  Rng rng(Rng::Seed{});
  std::array<std::uint8_t, 128> stream{};
  rng.fill(stream);
  EXPECT_EQ(to_hex(stream),
            "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
            "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"
            "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
            "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f");
}

TEST(Rng, SameSeedSameNumbers) {
  Rng one(std::uint64_t{7});
  Rng same(std::uint64_t{7});
  Rng other(std::uint64_t{8});
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t value = one.u64();
    EXPECT_EQ(value, same.u64());
    differs = differs || value != other.u64();
  }
  EXPECT_TRUE(differs);
}

TEST(Rng, BelowStaysBelowAndReachesAll) {
  Rng rng(std::uint64_t{1});
  EXPECT_EQ(rng.below(0), 0U);
  EXPECT_EQ(rng.below(1), 0U);
  std::array<int, 6> seen{};
  for (int i = 0; i < 6000; ++i) {
    const std::uint64_t value = rng.below(6);
    ASSERT_LT(value, 6U);
    ++seen[value];
  }
  for (const int count : seen) EXPECT_NEAR(count, 1000, 200);
}

TEST(Rng, BetweenHasBothEnds) {
  Rng rng(std::uint64_t{2});
  bool low = false, high = false;
  for (int i = 0; i < 1000; ++i) {
    const Duration value = rng.between(Duration(-1), Duration(1));
    ASSERT_TRUE(value >= Duration(-1) && value <= Duration(1));
    low = low || value == Duration(-1);
    high = high || value == Duration(1);
  }
  EXPECT_TRUE(low && high);
  EXPECT_EQ(rng.between(seconds(3), seconds(3)), seconds(3));
  EXPECT_EQ(rng.between(seconds(3), seconds(2)), seconds(3));
}

TEST(Rng, Chance) {
  Rng rng(std::uint64_t{3});
  int hits = 0;
  for (int i = 0; i < 10000; ++i) {
    EXPECT_FALSE(rng.chance(0));
    EXPECT_TRUE(rng.chance(1));
    hits += rng.chance(0.25) ? 1 : 0;
  }
  EXPECT_NEAR(hits, 2500, 300);
}

std::string sha256(std::string_view text) {
  return to_hex(Sha256::of(std::vector<std::uint8_t>(text.begin(), text.end())));
}

// FIPS 180-4 example messages of NIST.
TEST(Sha256, NistVectors) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesMakeTheSameDigest) {
  std::vector<std::uint8_t> bytes(300);
  Rng rng(std::uint64_t{180});
  rng.fill(bytes);
  for (std::size_t cut = 0; cut <= bytes.size(); cut += 7) {
    Sha256 hash;
    hash.update(std::span(bytes).first(cut));
    hash.update(std::span(bytes).subspan(cut));
    ASSERT_EQ(hash.finish(), Sha256::of(bytes)) << cut;
  }
}

// Appendix A of "SipHash: a fast short-input PRF", and two vectors of its authors' reference code.
TEST(SipHash, IsAsPublished) {
  std::array<std::uint8_t, 16> key{};
  std::array<std::uint8_t, 15> message{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i);
  for (std::size_t i = 0; i < message.size(); ++i) message[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(siphash24(key, message), 0xa129ca6149be45e5U);
  EXPECT_EQ(siphash24(key, {}), 0x726fdb47dd0e0e31U);
  EXPECT_EQ(siphash24(key, std::span(message).first(8)), 0x93f5f5799a932462U);
}

}  // namespace
}  // namespace sixgate
