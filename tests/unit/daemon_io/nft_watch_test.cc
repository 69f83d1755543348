// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/nft_watch.h"

#include <utility>

#include "daemon/io/nft_socket.h"
#include "tests/unit/daemon_io/namespace.h"

namespace sixgate::daemon {
namespace {

class NftWatchTest : public NamespaceTest {
 protected:
  // How often a change was told after a shell command.
  int told(const std::string& command) {
    run(command);
    for (int round = 0; round < 10; ++round) loop.run_for(milliseconds(1));
    return std::exchange(changes, 0);
  }
  EventLoop loop;
  int changes = 0;
  std::uint32_t own = 0;  // the port whose changes are our own
};

TEST_F(NftWatchTest, TellsWhenSomebodyChangesOurTable) {
  ASSERT_EQ(std::system("nft --version >/dev/null 2>&1"), 0) << "no program nft (./dev setup)";
  auto watch = NftWatch::open(
      loop,
      [this](std::string_view table, std::uint32_t port) {
        return table == "sixgate" && port != own;
      },
      [this] { ++changes; });
  ASSERT_TRUE(watch) << watch.error().message;
  const std::string make = "nft add table ip6 sixgate && nft add table ip6 other && ";
  EXPECT_EQ(told(make + "nft 'add chain ip6 sixgate c; add rule ip6 sixgate c accept'"), 1);
  EXPECT_EQ(told("nft 'add set ip6 sixgate s { type ifname; }'"), 1);
  EXPECT_EQ(told("nft add element ip6 sixgate s '{ lan0 }'"), 1);
  EXPECT_EQ(told("nft flush set ip6 sixgate s"), 1);
  EXPECT_EQ(told("nft flush table ip6 sixgate"), 1);
  // What we do ourselves through another socket.
  run("nft 'add set ip6 sixgate wan { type ifname; }'");
  EXPECT_EQ(told("true"), 1);
  auto socket = NftSocket::open();
  ASSERT_TRUE(socket) << socket.error().message;
  for (const std::uint32_t port : {socket->port(), 0U}) {
    own = port;
    using firewall::NftStep;
    ASSERT_TRUE(socket->send({{port == 0 ? NftStep::Kind::kRemove : NftStep::Kind::kAdd,
                               firewall::NftSetId::kWan,
                               {{"eth7"}}}}));
    EXPECT_EQ(told("true"), port == 0 ? 1 : 0);
  }
  EXPECT_EQ(told("nft 'add chain ip6 other c; add rule ip6 other c accept'"), 0);
  EXPECT_EQ(told("nft delete table ip6 other"), 0);
  EXPECT_EQ(told("nft add table ip sixgate && nft delete table ip sixgate"), 0);
  EXPECT_EQ(told("nft delete chain ip6 sixgate c"), 1);
  EXPECT_EQ(told("nft flush ruleset"), 1);
}

}  // namespace
}  // namespace sixgate::daemon
