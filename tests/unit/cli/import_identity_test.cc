// SPDX-License-Identifier: Apache-2.0
#include "cli/import_identity.h"

#include <gtest/gtest.h>
#include <utime.h>

#include <ctime>

#include "daemon/io/clock.h"
#include "daemon/io/file.h"
#include "daemon/io/state_copies.h"
#include "daemon/io/state_directory.h"
#include "tests/support/source_dir.h"
#include "tests/unit/daemon_io/temporary.h"

namespace sixgate::cli {
namespace {

using daemon::StateDirectory;

class ImportIdentityTest : public ::testing::Test {
 protected:
  // A file of tests/data/identity at a place below the root.
  void put(const std::string& name, const std::string& path) {
    const auto text = daemon::read_file(test::source_path("tests/data/identity/" + name), 1 << 20);
    ASSERT_TRUE(text);
    write(path, *text);
  }
  void write(const std::string& path, std::string_view text) {
    const std::string whole = root_ + path;
    ASSERT_TRUE(daemon::make_directories(whole.substr(0, whole.rfind('/')), 0755));
    ASSERT_TRUE(daemon::replace_file(whole, text));
  }
  CommandResult run(std::vector<std::string> more = {"--interface", "wan0"}) {
    std::vector<std::string> words{"import-identity", "--root",        root_, "--state-dir", state_,
                                   "--socket",        temporary_ / "s"};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<const char*> arguments;
    for (const std::string& word : words) arguments.push_back(word.c_str());
    return run_command(arguments);
  }
  daemon::StoredState stored() {
    const auto state =
        daemon::load_newest(StateDirectory(state_), StateDirectory(temporary_ / "s.state"),
                            daemon::boot_id(), daemon::clock_now());
    EXPECT_TRUE(state);
    return state && *state ? **state : daemon::StoredState();
  }

  const daemon::TemporaryDirectory temporary_;
  const std::string root_ = temporary_ / "root";
  const std::string state_ = temporary_ / "state";
};

TEST_F(ImportIdentityTest, StoresWhatDhcpcdLeft) {
  put("dhcpcd-duid", "/var/lib/dhcpcd/duid");
  put("wan0.lease6", "/var/lib/dhcpcd/wan0.lease6");
  const CommandResult result = run();
  EXPECT_EQ(result.code, kOk) << result.errors;
  EXPECT_NE(result.out.find("dhcpcd on wan0"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("2001:db8:1000::/56"), std::string::npos) << result.out;
  const daemon::StoredState state = stored();
  EXPECT_EQ(state.duid->to_string(), "00010001329a1ec402a1b2c30004");
  EXPECT_EQ(state.iaids.at("wan0"), 2U);
  ASSERT_EQ(state.leases.at("wan0").prefixes.size(), 1U);
  EXPECT_EQ(state.leases.at("wan0").prefixes[0].prefix.to_string(), "2001:db8:1000::/56");
}

TEST_F(ImportIdentityTest, DoesNotHoldALeaseThatRanOutWhileTheFileLay) {
  put("wan0.lease6", "/var/lib/dhcpcd/wan0.lease6");
  const utimbuf old{std::time(nullptr) - 100000, std::time(nullptr) - 100000};
  ASSERT_EQ(::utime((root_ + "/var/lib/dhcpcd/wan0.lease6").c_str(), &old), 0);
  const CommandResult result = run();
  EXPECT_EQ(result.code, kOk) << result.errors;
  EXPECT_NE(result.out.find("expired"), std::string::npos) << result.out;
  EXPECT_TRUE(stored().leases.empty());
  EXPECT_TRUE(stored().duid);
}

TEST_F(ImportIdentityTest, OfTheUplinkOfTheConfiguration) {
  put("dhcp6c_duid", "/var/lib/dhcpv6/dhcp6c_duid");
  put("dhcp6c.conf", "/etc/wide-dhcpv6/dhcp6c.conf");
  write("/c.toml", "[uplink.fibre]\ninterface = \"wan0\"\n[lan.home]\ninterface = \"lan0\"\n");
  EXPECT_EQ(run({"--config", root_ + "/c.toml"}).code, kOk);
  EXPECT_EQ(stored().iaids.at("fibre"), 3U);
  EXPECT_EQ(run({"--config", root_ + "/c.toml", "--uplink", "dsl"}).code, kUsage);
}

TEST_F(ImportIdentityTest, ADuidOfTheConfigurationIsNotSilentlyPutBeforeIt) {
  put("dhcp6c_duid", "/var/lib/dhcpv6/dhcp6c_duid");
  put("dhcp6c.conf", "/etc/wide-dhcpv6/dhcp6c.conf");
  write("/c.toml",
        "duid = \"0001020304\"\n[uplink.wan]\ninterface = \"wan0\"\n"
        "[lan.home]\ninterface = \"lan0\"\n");
  const CommandResult result = run({"--config", root_ + "/c.toml"});
  EXPECT_EQ(result.code, kFailure);
  EXPECT_NE(result.errors.find("duid = \"00010001329a1ed902a1b2c30004\""), std::string::npos)
      << result.errors;
}

TEST_F(ImportIdentityTest, ADryRunStoresNothing) {
  put("dhclient6.leases", "/var/lib/dhcp/dhclient6.wan0.leases");
  const CommandResult result = run({"--interface", "wan0", "--dry-run"});
  EXPECT_EQ(result.code, kOk) << result.errors;
  EXPECT_NE(result.out.find("b2c30004"), std::string::npos) << result.out;
  EXPECT_EQ(stored(), daemon::StoredState());
}

TEST_F(ImportIdentityTest, SeveralClientsNeedAWord) {
  put("dhclient6.leases", "/var/lib/dhcp/dhclient6.leases");
  put("wan0.lease6", "/var/lib/dhcpcd/wan0.lease6");
  const CommandResult result = run();
  EXPECT_EQ(result.code, kFailure);
  EXPECT_NE(result.errors.find("--from"), std::string::npos) << result.errors;
  EXPECT_EQ(run({"--interface", "wan0", "--from", "dhclient"}).code, kOk);
  EXPECT_EQ(stored().duid->to_string(), "00010001329a1ecb02a1b2c30004");
}

TEST_F(ImportIdentityTest, ComputesWhatNetworkdDoesOnlyWhenAskedForNetworkd) {
  write("/sys/class/net/wan0/address", "02:a1:b2:c3:00:04\n");
  write("/sys/class/net/wan0/ifindex", "2\n");
  write("/etc/machine-id", "3d1219c7c4c5404aaa1f6d2a48adfda4\n");
  const CommandResult unasked = run();
  EXPECT_EQ(unasked.code, kFailure);
  EXPECT_NE(unasked.errors.find("--from networkd"), std::string::npos) << unasked.errors;
  EXPECT_EQ(run({"--interface", "wan0", "--from", "networkd"}).code, kOk);
  EXPECT_EQ(stored().duid->to_string(), "00020000ab110033bdebf95e192c");
  EXPECT_EQ(stored().iaids.at("wan0"), 0x7b90afd1U);
  put("networkd-link", "/run/systemd/netif/links/2");
  EXPECT_EQ(run().code, kOk);
}

TEST_F(ImportIdentityTest, MakesOdhcp6csDuidOfTheMacAddress) {
  write("/sys/class/net/eth1/address", "02:a1:b2:c3:00:04\n");
  write("/etc/config/network",
        "config interface 'wan'\n\toption device 'eth1'\n"
        "config interface 'wan6'\n\toption device '@wan'\n\toption proto 'dhcpv6'\n");
  const CommandResult result = run({"--interface", "eth1"});
  EXPECT_EQ(result.code, kOk) << result.errors;
  EXPECT_EQ(stored().duid->to_string(), "0003000102a1b2c30004");
  EXPECT_EQ(stored().iaids.at("eth1"), 1U);
  EXPECT_NE(result.out.find("6f1799c8"), std::string::npos) << result.out;
}

TEST_F(ImportIdentityTest, RefusesWhileSixgatedRuns) {
  put("wan0.lease6", "/var/lib/dhcpcd/wan0.lease6");
  StateDirectory running(state_);
  ASSERT_TRUE(running.prepare());
  const CommandResult result = run();
  EXPECT_EQ(result.code, kFailure);
  EXPECT_NE(result.errors.find("another sixgated"), std::string::npos) << result.errors;
}

TEST_F(ImportIdentityTest, ReplacesTheCopyInMemoryToo) {
  put("wan0.lease6", "/var/lib/dhcpcd/wan0.lease6");
  daemon::StoredState before;
  before.unique_local = *Prefix::parse("fd00:1::/48");
  StateDirectory memory(temporary_ / "s.state");
  ASSERT_TRUE(daemon::make_directories(temporary_ / "s.state", 0700));
  ASSERT_TRUE(memory.store(daemon::serialise(before, daemon::clock_now(), daemon::boot_id())));
  EXPECT_EQ(run().code, kOk);
  EXPECT_EQ(stored().unique_local, before.unique_local);
  EXPECT_TRUE(stored().duid);
}

TEST_F(ImportIdentityTest, NamedFilesMustBeThereAndBelongToSomebody) {
  EXPECT_EQ(run({"--interface", "wan0", "/nowhere/duid"}).code, kUsage);
  EXPECT_EQ(run({"--interface", "wan0", "--from", "wide", "/nowhere/duid"}).code, kFailure);
  EXPECT_EQ(run({"--interface", "wan0", "--from", "pump"}).code, kUsage);
  EXPECT_EQ(run({"--interface"}).code, kUsage);
  EXPECT_EQ(run({}).code, kUsage);
  EXPECT_EQ(run({"--help"}).code, kOk);
}

}  // namespace
}  // namespace sixgate::cli
