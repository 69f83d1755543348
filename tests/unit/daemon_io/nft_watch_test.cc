// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/nft_watch.h"

#include "tests/unit/daemon_io/namespace.h"

namespace sixgate::daemon {
namespace {

class NftWatchTest : public NamespaceTest {
 protected:
  // How often loss was told after a shell command.
  int told(const std::string& command) {
    run(command);
    lost = 0;
    for (int round = 0; round < 10; ++round) loop.run_for(milliseconds(1));
    return lost;
  }
  EventLoop loop;
  int lost = 0;
};

TEST_F(NftWatchTest, TellsWhenSomebodyTakesOurTableAway) {
  ASSERT_EQ(std::system("nft --version >/dev/null 2>&1"), 0) << "no program nft (./dev setup)";
  auto watch = NftWatch::open(loop, [this] { ++lost; });
  ASSERT_TRUE(watch) << watch.error().message;
  const std::string make = "nft add table ip6 sixgate && nft add table ip6 other && ";
  EXPECT_EQ(told(make + "nft 'add chain ip6 sixgate c; add rule ip6 sixgate c accept'"), 0);
  EXPECT_EQ(told("nft flush table ip6 sixgate"), 0);  // as a load of the skeleton does
  EXPECT_EQ(told("nft delete table ip6 other"), 0);
  EXPECT_EQ(told("nft add table ip sixgate && nft delete table ip sixgate"), 0);
  EXPECT_EQ(told("nft delete chain ip6 sixgate c"), 1);
  EXPECT_EQ(told("nft flush ruleset"), 1);
}

}  // namespace
}  // namespace sixgate::daemon
