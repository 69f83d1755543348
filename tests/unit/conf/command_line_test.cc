// SPDX-License-Identifier: Apache-2.0
#include "conf/command_line.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/conf/reading.h"

namespace sixgate::conf {
namespace {

Expected<CommandLine> parse(std::vector<const char*> arguments) {
  return parse_command_line(arguments);
}

std::string error_of(std::vector<const char*> arguments) {
  const auto parsed = parse(std::move(arguments));
  return parsed ? std::string() : parsed.error().message;
}

TEST(CommandLine, WanAndLanSuffice) {
  const auto line = parse({"--wan", "eth0", "--lan", "eth1", "--lan", "eth2=1f"});
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(line->file(), std::nullopt);
  const ReadResult result = apply(*line, Config());
  ASSERT_TRUE(result.config.has_value());
  ASSERT_EQ(result.config->uplinks.size(), 1U);
  EXPECT_EQ(result.config->uplinks[0].name, "eth0");
  EXPECT_EQ(result.config->uplinks[0].interface_id.kind,
            delegation::InterfaceIdPolicy::Kind::kStable);
  ASSERT_EQ(result.config->lans.size(), 2U);
  EXPECT_EQ(result.config->lans[0].request.hint, std::nullopt);
  EXPECT_EQ(result.config->lans[1].request.hint, 0x1fU);
  EXPECT_EQ(result.config->lans[1].request.interface, "eth2");
}

TEST(CommandLine, ReadsEveryOption) {
  const auto line =
      parse({"--config=/etc/x.toml", "--state-dir", "/s", "--socket=/r/s", "--user", "six",
             "--log-level", "debug", "--firewall", "nft", "--ula=fd12:3456:789a::/48"});
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(line->file(), "/etc/x.toml");
  EXPECT_EQ(line->log_level, LogLevel::kDebug);
  Config base;
  base.lans.push_back({.name = "a", .interface = "eth1"});
  const ReadResult result = apply(*line, base);
  ASSERT_TRUE(result.config.has_value());
  EXPECT_EQ(result.config->state_dir, "/s");
  EXPECT_EQ(result.config->socket, "/r/s");
  EXPECT_EQ(result.config->user, "six");
  EXPECT_EQ(result.config->firewall.backend, FirewallConfig::Choice::kNft);
  EXPECT_EQ(result.config->ula.prefix.to_string(), "fd12:3456:789a::/48");
}

TEST(CommandLine, DefaultFileWhenNoInterfaceIsNamed) {
  EXPECT_EQ(parse({})->file(), "/etc/sixgate/sixgate.toml");
  EXPECT_EQ(parse({"--log-level", "info"})->file(), "/etc/sixgate/sixgate.toml");
  EXPECT_EQ(parse({"--lan", "eth1", "--config", "/x"})->file(), "/x");
  EXPECT_TRUE(parse({"--help"})->help);
  EXPECT_TRUE(parse({"--version"})->version);
}

TEST(CommandLine, ErrorsSayWhatWasMeant) {
  EXPECT_TRUE(has(error_of({"--wna", "eth0"}), "did you mean \"--wan\"?"));
  EXPECT_TRUE(has(error_of({"--wan"}), "--wan needs a value"));
  EXPECT_TRUE(has(error_of({"eth0"}), "--wan and --lan"));
  EXPECT_TRUE(has(error_of({"--wan", "a/b"}), "no interface name"));
  EXPECT_TRUE(has(error_of({"--wan", ""}), "no interface name"));
  EXPECT_TRUE(has(error_of({"--lan", "eth1=xyz"}), "--lan: \"xyz\" is no subnet number"));
  EXPECT_TRUE(has(error_of({"--lan", "eth1="}), "eth1=10"));
  EXPECT_TRUE(has(error_of({"--lan", "eth1=1", "--lan", "eth1=2"}), "twice"));
  EXPECT_TRUE(has(error_of({"--log-level", "verbose"}), "\"debug\""));
  EXPECT_TRUE(has(error_of({"--ula", "fc00::/48"}), "fd00::/8"));
  EXPECT_TRUE(has(error_of({"--firewall", "iptables"}), "did you mean \"ip6tables\"?"));
  EXPECT_TRUE(has(error_of({"--help=x"}), "takes no value"));
  EXPECT_TRUE(has(error_of({"--user", ""}), "needs a value"));
}

TEST(CommandLine, LiesOverAFile) {
  Config file;
  UplinkConfig uplink;
  uplink.name = "wan";
  uplink.interface = "eth0";
  uplink.metric = 7;
  file.uplinks.push_back(uplink);
  LanConfig lan;
  lan.name = lan.request.name = "home";
  lan.interface = lan.request.interface = "eth1";
  file.lans.push_back(lan);

  const auto line = parse({"--wan", "eth0", "--lan", "eth1=5", "--lan", "eth2"});
  const ReadResult result = apply(*line, file);
  ASSERT_TRUE(result.config.has_value());
  ASSERT_EQ(result.config->uplinks.size(), 1U);
  EXPECT_EQ(result.config->uplinks[0], uplink);
  ASSERT_EQ(result.config->lans.size(), 2U);
  EXPECT_EQ(result.config->lans[0].name, "home");
  EXPECT_EQ(result.config->lans[0].request.hint, 5U);
  EXPECT_EQ(result.config->lans[1].name, "eth2");

  const ReadResult conflict = apply(*parse({"--wan", "eth1"}), file);
  ASSERT_EQ(conflict.errors.size(), 1U);
  EXPECT_EQ(
      conflict.errors[0].to_string(),
      "command line: error: LAN home: interface: eth1 is already the interface of uplink eth1");
}

TEST(CommandLine, ContradictionsAreErrors) {
  EXPECT_FALSE(apply(*parse({"--wan", "eth0", "--lan", "eth0"}), Config()).config.has_value());
  EXPECT_FALSE(apply(*parse({"--lan", "a=1", "--lan", "b=1"}), Config()).config.has_value());
  EXPECT_FALSE(apply(*parse({"--lan", "a", "--socket", "relative"}), Config()).config.has_value());
  EXPECT_FALSE(apply(*parse({"--config", "/x"}), Config()).config.has_value());
}

TEST(CommandLine, UsageNamesEveryOption) {
  for (const char* option :
       {"--config", "--state-dir", "--socket", "--user", "--hook", "--log-level", "--wan", "--lan",
        "--firewall", "--ula", "--help", "--version"}) {
    EXPECT_TRUE(has(usage(), option)) << option;
  }
}

}  // namespace
}  // namespace sixgate::conf
