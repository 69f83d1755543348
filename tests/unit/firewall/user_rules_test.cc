// SPDX-License-Identifier: Apache-2.0
#include "firewall/user_rules.h"

#include <gtest/gtest.h>

#include "firewall/ip6tables.h"
#include "firewall/nft.h"

namespace sixgate::firewall {
namespace {

TEST(UserRules, LinesForIp6tablesAppendToOurChainsAlone) {
  const auto read = ip6tables_user_rules(
      "# mine\n\n  -A sixgate-user-forward -p tcp --dport 22 -j ACCEPT \r\n"
      "-A sixgate-user-input -s 2001:db8::/32 -j DROP");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read,
            "-A sixgate-user-forward -p tcp --dport 22 -j ACCEPT\n"
            "-A sixgate-user-input -s 2001:db8::/32 -j DROP\n");
  for (const char* wrong : {"COMMIT", "*nat", ":FORWARD ACCEPT", "-A FORWARD -j ACCEPT", "-F",
                            "-A sixgate-user-forwardX", "-A sixgate-through -j ACCEPT"}) {
    const auto refused = ip6tables_user_rules(std::string("# one\n") + wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().message.find("line 2: \""), 0U) << refused.error().message;
  }
}

TEST(UserRules, ComplaintsNameTheirOwnLines) {
  EXPECT_EQ(about_user_rules("-:72:3-9: Error: syntax error\n\t\tnonsense\n\t\t^^^", 70),
            "line 3: Error: syntax error\n\t\tnonsense\n\t\t^^^");
  EXPECT_EQ(about_user_rules("/dev/stdin:70:1-2: Error: no", 70), "line 1: Error: no");
  EXPECT_EQ(about_user_rules("-:60:3-9: Error: ours", 70), "-:60:3-9: Error: ours");
  EXPECT_EQ(about_user_rules("netlink: Error: no", 70), "netlink: Error: no");
}

// Without any, nothing of ours knows of them but empty chains.
TEST(UserRules, AreJumpedToWhereTheyAre) {
  Ruleset ruleset;
  ruleset.uplinks = {{"wan0"}};
  EXPECT_EQ(nft_skeleton(ruleset).find("user_"), std::string::npos);
  EXPECT_EQ(render_ip6tables(ruleset).find("-j sixgate-user"), std::string::npos);
  ruleset.user_rules = "chain user_forward {\n\ttcp dport 22 accept\n}";
  const std::string nft = nft_skeleton(ruleset);
  for (const UserChain& chain : kUserChains)
    EXPECT_NE(nft.find("\t\tjump " + std::string(chain.nft) + "\n"), std::string::npos) << nft;
  EXPECT_NE(nft.find(ruleset.user_rules), std::string::npos);
  // Before what is established is accepted, and after.
  const std::size_t established = nft.find("what is allowed already");
  EXPECT_LT(nft.find("jump user_before_established"), established);
  EXPECT_GT(nft.find("jump user_after_established"), established);
  ruleset.user_rules = "-A sixgate-user-forward -p tcp --dport 22 -j ACCEPT\n";
  const std::string ip6tables = render_ip6tables(ruleset);
  for (const UserChain& chain : kUserChains)
    EXPECT_NE(ip6tables.find("-j " + std::string(chain.ip6tables)), std::string::npos) << chain.nft;
  // In the filter table, before it is committed.
  EXPECT_LT(ip6tables.find(ruleset.user_rules), ip6tables.find("COMMIT"));
}

}  // namespace
}  // namespace sixgate::firewall
