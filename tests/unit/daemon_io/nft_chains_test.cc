// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/nft_chains.h"

#include "net/text.h"
#include "tests/unit/daemon_io/namespace.h"

namespace sixgate::daemon {
namespace {

class NftChainsTest : public NamespaceTest {
 protected:
  using Names = std::vector<std::string>;
  // What is found after a shell command.
  Names after(const std::string& command) {
    run(command);
    const auto found = closed_chains_of_others();
    EXPECT_TRUE(found) << found.error().message;
    return found.value_or(Names{});
  }
};

TEST_F(NftChainsTest, FindsBaseChainsOfOthersThatDropByPolicy) {
  ASSERT_EQ(std::system("nft --version >/dev/null 2>&1"), 0) << "no program nft (./dev setup)";
  EXPECT_EQ(after("nft list ruleset"), Names{});
  const auto chain = [](const char* table, const char* name, const char* hook, const char* policy) {
    return cat("nft 'add table ", table, "; add chain ", table, " ", name, " { type filter hook ",
               hook, " priority 0; policy ", policy, "; }' && ");
  };
  EXPECT_EQ(after(chain("inet fw4", "forward", "forward", "drop") +
                  chain("inet fw4", "input", "input", "drop") +
                  chain("inet fw4", "output", "output", "drop") +
                  chain("inet fw4", "open", "forward", "accept") +
                  chain("ip6 filter", "FORWARD", "forward", "drop") +
                  chain("ip6 sixgate", "forward", "forward", "drop") +
                  chain("ip filter", "FORWARD", "forward", "drop") + "true"),
            (Names{"inet fw4 forward", "inet fw4 input", "ip6 filter FORWARD"}));
  EXPECT_EQ(after("nft flush ruleset"), Names{});
  // Closed by a last rule, as firewalld's are.
  EXPECT_EQ(after(chain("inet firewalld", "forward", "forward", "accept") +
                  chain("inet firewalld", "input", "input", "accept") +
                  chain("inet mine", "forward", "forward", "accept") +
                  "nft 'add rule inet firewalld forward ct state established accept;"
                  " add rule inet firewalld forward reject with icmpx admin-prohibited;"
                  " add rule inet firewalld input drop; add rule inet firewalld input accept;"
                  " add rule inet mine forward tcp dport 25 drop'"),
            Names{"inet firewalld forward"});
  EXPECT_EQ(after("nft 'add rule inet mine forward counter log drop'"),
            (Names{"inet firewalld forward", "inet mine forward"}));
  EXPECT_EQ(after("nft flush ruleset; ip6tables-nft -A FORWARD -p tcp -j REJECT;"
                  " ip6tables-nft -A INPUT -j REJECT"),
            Names{"ip6 filter INPUT"});
}

}  // namespace
}  // namespace sixgate::daemon
