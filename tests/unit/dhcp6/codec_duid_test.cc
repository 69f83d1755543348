// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/duid.h"

#include "tests/unit/dhcp6/codec_support.h"

namespace sixgate::dhcp6 {
namespace {

const MacAddress kMac({0x02, 0x00, 0x5e, 0x00, 0x53, 0x01});

TEST(Duid, LltHasTypeHardwareTimeAndAddress) {
  const Duid duid = Duid::llt(kMac, 0x2a3b4c5d);
  EXPECT_EQ(duid.to_string(), "000100012a3b4c5d02005e005301");
  EXPECT_EQ(duid.link_layer(), kMac);
}

TEST(Duid, LlHasTypeHardwareAndAddress) {
  const Duid duid = Duid::ll(kMac);
  EXPECT_EQ(duid.to_string(), "0003000102005e005301");
  EXPECT_EQ(duid.link_layer(), kMac);
}

// RFC 9915 section 11.3 gives this DUID as its example.
TEST(Duid, EnIsTheOneOfTheRfc) {
  const auto duid = Duid::en(9, hex("0cc084d303000912"));
  ASSERT_TRUE(duid.has_value());
  EXPECT_EQ(duid->to_string(), "0002000000090cc084d303000912");
  EXPECT_EQ(duid->link_layer(), std::nullopt);
}

TEST(Duid, EnKeepsWithinTheLargestDuid) {
  EXPECT_EQ(Duid::en(9, {}), std::nullopt);
  const auto largest = Duid::en(9, Octets(124));
  ASSERT_TRUE(largest.has_value());
  EXPECT_EQ(largest->bytes().size(), Duid::kMaxSize);
  EXPECT_EQ(Duid::en(9, Octets(125)), std::nullopt);
}

TEST(Duid, UuidHasTypeAndSixteenOctets) {
  const std::array<std::uint8_t, 16> uuid{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  EXPECT_EQ(Duid::uuid(uuid).to_string(), "00040102030405060708090a0b0c0d0e0f10");
  EXPECT_EQ(Duid::uuid(uuid).link_layer(), std::nullopt);
}

TEST(Duid, AnyOneTo130OctetsAreOne) {
  EXPECT_EQ(Duid::from_bytes({}), std::nullopt);
  EXPECT_EQ(Duid::from_bytes(Octets(131)), std::nullopt);
  for (const std::size_t size : {std::size_t{1}, std::size_t{130}}) {
    const Octets bytes(size, 0xab);
    const auto duid = Duid::from_bytes(bytes);
    ASSERT_TRUE(duid.has_value()) << size;
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), duid->bytes().begin(), duid->bytes().end()));
  }
}

TEST(Duid, TextMayHaveSeparators) {
  const Duid duid = Duid::ll(kMac);
  EXPECT_EQ(Duid::parse("0003000102005e005301"), duid);
  EXPECT_EQ(Duid::parse("00:03:00:01:02:00:5e:00:53:01"), duid);
  EXPECT_EQ(Duid::parse("00-03-00-01-02-00-5E-00-53-01"), duid);
  EXPECT_EQ(Duid::parse(duid.to_string()), duid);
  for (const char* wrong : {"", "0", "000", "zz", "00:03:", ":0003", "0003 0001", "00::03"}) {
    EXPECT_EQ(Duid::parse(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(Duid::parse(std::string(2 * 131, '0')), std::nullopt);
}

TEST(Duid, LinkLayerOnlyOfCompleteEthernetOnes) {
  for (const char* other : {"0003000602005e005301",        // IEEE 802 hardware type
                            "0003000102005e0053",          // five octets
                            "0003000102005e00530102",      // seven
                            "000100012a3b4c5d02005e0053",  // LLT cut short
                            "0002000102005e005301", "00030001", "0003", "00"}) {
    const auto duid = Duid::parse(other);
    ASSERT_TRUE(duid.has_value()) << other;
    EXPECT_EQ(duid->link_layer(), std::nullopt) << other;
  }
}

TEST(Duid, ComparesOctetForOctet) {
  EXPECT_EQ(Duid::ll(kMac), Duid::ll(kMac));
  EXPECT_NE(Duid::ll(kMac), Duid::llt(kMac, 0));
  EXPECT_LT(*Duid::parse("01"), *Duid::parse("0100"));
  EXPECT_LT(*Duid::parse("0100"), *Duid::parse("02"));
}

// Section 11: a DUID of an unknown type, of one octet or of 130 comes out of an option as it went in.
TEST(Duid, IsOpaqueInItsOption) {
  for (const std::size_t size : {1U, 2U, 3U, 129U, 130U}) {
    const Octets payload(size, 0x7f);
    const Octets wire = framed(ServerId::kCode, payload);
    const auto options = parse_all(wire);
    ASSERT_TRUE(options.has_value());
    const ServerId* server = find<ServerId>(*options);
    ASSERT_NE(server, nullptr) << size;
    EXPECT_EQ(emitted({*server}), wire);
  }
  for (const std::size_t size : {0U, 131U}) {
    const auto options = parse_all(framed(ServerId::kCode, Octets(size)));
    ASSERT_TRUE(options.has_value());
    EXPECT_EQ(find<ServerId>(*options), nullptr) << size;
    EXPECT_EQ(count_malformed(*options), 1U) << size;
  }
}

}  // namespace
}  // namespace sixgate::dhcp6
