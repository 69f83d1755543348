// SPDX-License-Identifier: Apache-2.0
#include "firewall/nft_listing.h"

#include <gtest/gtest.h>

#include "firewall/nft.h"
#include "net/text.h"

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

// As nft 1.0.6 prints them.
TEST(NftListing, FindsWhoIsClosed) {
  const std::string by_policy =
      "table inet fw4 {\n"
      "\tset s {\n\t\ttype ifname\n\t}\n\n"
      "\tchain forward {\n"
      "\t\ttype filter hook forward priority filter; policy drop;\n"
      "\t}\n\n"
      "\tchain input {\n"
      "\t\ttype filter hook input priority filter; policy drop;\n"
      "\t\taccept\n"
      "\t}\n\n"
      "\tchain output {\n"
      "\t\ttype filter hook output priority filter; policy drop;\n"
      "\t}\n\n"
      "\tchain open {\n"
      "\t\ttype filter hook forward priority filter; policy accept;\n"
      "\t}\n\n"
      "\tchain refuse {\n"
      "\t\tdrop\n"
      "\t}\n"
      "}\n"
      "table ip filter {\n"
      "\tchain FORWARD {\n"
      "\t\ttype filter hook forward priority filter; policy drop;\n"
      "\t}\n"
      "}\n"
      "table ip6 sixgate {\n"
      "\tchain forward {\n"
      "\t\ttype filter hook forward priority filter - 1; policy drop;\n"
      "\t}\n"
      "}\n";
  EXPECT_EQ(nft_closed(by_policy),
            (std::vector<std::string>{"inet fw4 forward", "inet fw4 input"}));
  const auto last_rule = [](const std::string& rules) {
    return nft_closed(
        cat("table inet one {\n\tchain forward {\n"
            "\t\ttype filter hook forward priority filter + 10; policy accept;\n",
            rules, "\t}\n}\n"));
  };
  for (const char* closing : {
           "\t\tct state established accept\n\t\treject with icmpx admin-prohibited\n",
           "\t\tdrop\n",
           "\t\tcounter reject\n",
           "\t\tcounter xt target \"REJECT\"\n",
           "\t\tcounter log prefix \"a drop \" flags tcp sequence,options drop\n",
           "\t\tcounter name \"c\" log group 5 snaplen 20 drop comment \"why\"\n",
       }) {
    EXPECT_EQ(last_rule(closing), std::vector<std::string>{"inet one forward"}) << closing;
  }
  for (const char* open : {
           "",
           "\t\tdrop\n\t\taccept\n",
           "\t\ttcp dport 25 drop\n",
           "\t\tudp dport { 1, 2, 3 } drop comment \"why\"\n",
           "\t\tmeta l4proto tcp counter reject\n",
           "\t\tcounter log prefix \"drop\"\n",
           "\t\tlog prefix \"drop",
           "\t\tcounter xt target \"LOG\"\n",
       }) {
    EXPECT_TRUE(last_rule(open).empty()) << open;
  }
  EXPECT_EQ(nft_closed("# Warning: table ip6 filter is managed by iptables-nft, do not touch!\n"
                       "table ip6 filter {\n\tchain INPUT {\n"
                       "\t\ttype filter hook input priority filter; policy accept;\n"
                       "\t\tcounter reject\n\t}\n}\n"),
            std::vector<std::string>{"ip6 filter INPUT"});
  EXPECT_TRUE(nft_closed("").empty());
  // With a mark those that ask for one are not named.
  const auto with = [](std::string_view rule) {
    return nft_closed(cat("table inet fw4 {\n\tchain forward {\n\t\ttype filter hook forward "
                          "priority filter; policy drop;\n\t\t",
                          rule, "\n\t}\n}\n"),
                      true);
  };
  using Chains = std::vector<std::string>;
  EXPECT_EQ(with("meta mark & 0x10000000 == 0x10000000 accept"), Chains());
  EXPECT_EQ(with("xt match \"mark\" counter accept"), Chains());
  EXPECT_EQ(with("meta mark set 0x00000001"), Chains{"inet fw4 forward"});
  EXPECT_EQ(with("tcp dport 22 accept"), Chains{"inet fw4 forward"});
}

}  // namespace
}  // namespace sixgate::firewall
