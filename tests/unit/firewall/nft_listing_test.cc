// SPDX-License-Identifier: Apache-2.0
#include "firewall/nft_listing.h"

#include <gtest/gtest.h>

#include "firewall/nft.h"

namespace sixgate::firewall {
namespace {

TEST(NftListing, FindsWhoDropsInvalid) {
  const std::vector<std::string> wanted{"inet fw4 forward", "inet fw4 input", "ip6 filter FORWARD"};
  EXPECT_EQ(
      nft_dropping_invalid("table inet fw4 {\n"
                           "\tchain forward {\n"
                           "\t\ttype filter hook forward priority filter; policy drop;\n"
                           "\t\tct state invalid counter packets 1 bytes 2 drop\n"
                           "\t\tct state { invalid, untracked } reject\n"
                           "\t}\n"
                           "\tchain input {\n"
                           "\t\tct state vmap { invalid : drop, established : accept }\n"
                           "\t}\n"
                           "\tchain fine {\n"
                           "\t\tct state vmap { invalid : jump told, established : accept }\n"
                           "\t\tct state established,related accept\n"
                           "\t\tct state != invalid drop\n"
                           "\t\tmeta nfproto ipv4 oifname \"wan\" ct state invalid drop\n"
                           "\t\ttcp dport 22 drop comment \"invalid\"\n"
                           "\t}\n"
                           "}\n"
                           "table ip old {\n\tchain c {\n\t\tct state invalid drop\n\t}\n}\n"
                           "table ip6 filter {\n\tchain FORWARD {\n\t\tct state invalid drop\n\t}\n"
                           "\tchain sixgate-through {\n\t\tct state invalid drop\n\t}\n}\n"),
      wanted);
  EXPECT_TRUE(nft_dropping_invalid("").empty());
  EXPECT_TRUE(nft_dropping_invalid("table {\nchain {\nct state invalid drop\n").empty());
  EXPECT_TRUE(nft_dropping_invalid(nft_skeleton()).empty()) << "ours";
}

}  // namespace
}  // namespace sixgate::firewall
