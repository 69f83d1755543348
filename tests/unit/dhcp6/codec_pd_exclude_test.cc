// SPDX-License-Identifier: Apache-2.0
// The excluded prefix (RFC 6603), relative to the delegated one.
#include "net/rng.h"
#include "tests/unit/dhcp6/codec_support.h"

namespace sixgate::dhcp6 {
namespace {

struct Vector {
  const char* delegated;
  const char* excluded;
  const char* payload;  // prefix-len and subnet ID
};

TEST(Conformance, Row_6603_03_ExcludedPrefixOfEveryAlignment) {
  const Vector vectors[] = {
      {"2001:db8:dead:bee0::/59", "2001:db8:dead:beef::/64", "40 78"},  // the RFC's own
      {"2001:db8:0:ab00::/56", "2001:db8:0:ab05::/64", "40 05"},
      {"2001:db8:0:ab00::/56", "2001:db8:0:ab00::/64", "40 00"},
      {"2001:db8:77::/48", "2001:db8:77:1234::/64", "40 1234"},
      {"2001:db8:77:10::/60", "2001:db8:77:1f::/64", "40 f0"},
      {"2001:db8:77:10::/63", "2001:db8:77:11::/64", "40 80"},
      {"2001:db8::/32", "2001:db8:8000::/33", "21 80"},
      {"2001:db8::/47", "2001:db8:1:8000::/64", "40 c000 00"},
      {"2001:db8::/64", "2001:db8::1/128", "80 0000000000000001"},
      {"::/0", "2001:db8::1/128", "80 20010db8000000000000000000000001"},
  };
  for (const Vector& vector : vectors) {
    const Prefix delegated = prefix(vector.delegated);
    const Prefix excluded = prefix(vector.excluded);
    const auto made = PdExclude::make(delegated, excluded);
    ASSERT_TRUE(made.has_value()) << vector.delegated;
    EXPECT_EQ(to_hex(emitted({*made})), to_hex(framed(67, hex(vector.payload))));
    const auto options = parse_all(framed(67, hex(vector.payload)));
    ASSERT_TRUE(options.has_value());
    const PdExclude* read = find<PdExclude>(*options);
    ASSERT_NE(read, nullptr) << vector.delegated;
    EXPECT_EQ(read->excluded(delegated), excluded) << vector.delegated;
  }
}

TEST(Conformance, Row_6603_03_InvalidOnesExcludeNothing) {
  const Prefix delegated = prefix("2001:db8:77:ab00::/56");
  for (const char* wrong : {"38 00", "37 00", "00 00",  // not longer than the delegated prefix
                            "40 0500",                  // two octets where eight bits fit one
                            "41 05"}) {                 // one octet where nine bits need two
    const auto options = parse_all(framed(67, hex(wrong)));
    ASSERT_TRUE(options.has_value());
    const PdExclude* read = find<PdExclude>(*options);
    if (read) {
      EXPECT_EQ(read->excluded(delegated), std::nullopt) << wrong;
    }
  }
  // Wrong whatever the delegated prefix: no such option.
  for (const char* wrong : {"", "40", "81 05", "00 05", "80 0000000000000000000000000000000000"}) {
    const auto options = parse_all(framed(67, hex(wrong)));
    ASSERT_TRUE(options.has_value());
    EXPECT_EQ(find<PdExclude>(*options), nullptr) << wrong;
    EXPECT_EQ(count_malformed(*options), 1U) << wrong;
  }
}

TEST(PdExclude, BitsBeyondTheExcludedLengthAreIgnored) {
  const PdExclude exclude{62, hex("ff")};
  EXPECT_EQ(exclude.excluded(prefix("2001:db8::/56")), prefix("2001:db8:0:fc::/62"));
}

TEST(PdExclude, IsMadeOnlyOfAPartOfTheDelegation) {
  EXPECT_FALSE(PdExclude::make(prefix("2001:db8::/56"), prefix("2001:db8::/56")));
  EXPECT_FALSE(PdExclude::make(prefix("2001:db8::/56"), prefix("2001:db8::/48")));
  EXPECT_FALSE(PdExclude::make(prefix("2001:db8::/56"), prefix("2001:db8:1::/64")));
}

TEST(PdExclude, MakingAndReadingAgreeForRandomPrefixes) {
  Rng rng(std::uint64_t{6603});
  for (int i = 0; i < 20000; ++i) {
    const Ip6Address random = Ip6Address::from_halves(rng.u64(), rng.u64());
    const auto length = static_cast<unsigned>(rng.below(128));
    const auto longer = length + 1 + static_cast<unsigned>(rng.below(128 - length));
    const Prefix delegated(random, length);
    const Prefix excluded(random, longer);
    const auto made = PdExclude::make(delegated, excluded);
    ASSERT_TRUE(made.has_value()) << delegated.to_string() << " " << excluded.to_string();
    ASSERT_EQ(made->subnet_id.size(), (longer - length - 1) / 8 + 1);
    ASSERT_EQ(made->excluded(delegated), excluded);
  }
}

}  // namespace
}  // namespace sixgate::dhcp6
