// SPDX-License-Identifier: Apache-2.0
#include "cli/monitor_ra.h"

#include <gtest/gtest.h>

namespace sixgate::cli {
namespace {

const Ip6Address kRouter = *Ip6Address::parse("fe80::1");

ra::RouterAdvertisement home() {
  ra::RouterAdvertisement message;
  message.hop_limit = 64;
  message.other = true;
  message.router_lifetime = seconds(2700);
  ra::PrefixInformation prefix;
  prefix.prefix = *Prefix::parse("2001:db8:1::/64");
  prefix.on_link = prefix.autonomous = true;
  prefix.preferred = Lifetime(2700);
  prefix.valid = Lifetime::infinite();
  message.options = {prefix, ra::Mtu{1492}, ra::UnknownOption{253, {10, 11}}};
  return message;
}

std::string hear(RaMonitor& monitor, const ra::RouterAdvertisement& message,
                 unsigned hop_limit = 255) {
  const auto bytes = ra::to_bytes(message);
  return monitor.hear({bytes, kRouter, kAllNodes, hop_limit}, "12:34:56.789");
}

TEST(MonitorRa, SaysAllOfItOnceAndAgainWhenItChanges) {
  RaMonitor monitor(false);
  EXPECT_EQ(hear(monitor, home()),
            "12:34:56.789 fe80::1 -> ff02::1: new: router lifetime 2700 s, other, prefixes "
            "2001:db8:1::/64\n"
            "    router lifetime: 2700 s\n"
            "    preference: medium\n"
            "    flags: other\n"
            "    hop limit: 64\n"
            "    reachable time: unspecified\n"
            "    retransmission timer: unspecified\n"
            "    prefix 2001:db8:1::/64: on-link, autonomous, preferred 2700 s, valid infinite\n"
            "    MTU: 1492\n"
            "    option 253: 0a0b00000000\n");
  EXPECT_EQ(hear(monitor, home()), "12:34:56.789 fe80::1 -> ff02::1: the same again\n");
  ra::RouterAdvertisement gone = home();
  gone.router_lifetime = seconds(0);
  EXPECT_EQ(hear(monitor, gone).substr(0, 70),
            "12:34:56.789 fe80::1 -> ff02::1: changed: router lifetime 0 s, other, ");
  EXPECT_EQ(hear(monitor, home(), 64), "12:34:56.789 fe80::1 -> ff02::1: not valid (hop-limit)\n");
}

TEST(MonitorRa, OneDocumentInALine) {
  RaMonitor monitor(true);
  const std::string line = hear(monitor, home());
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_NE(line.find(R"({"name":"MTU","value":"1492"})"), std::string::npos) << line;
  EXPECT_NE(hear(monitor, home(), 1).find(R"("discarded":"hop-limit")"), std::string::npos);
}

TEST(MonitorRa, NeedsAnInterface) {
  const auto run = [](std::initializer_list<const char*> arguments) {
    return run_command(std::span<const char* const>(arguments.begin(), arguments.size()));
  };
  EXPECT_EQ(run({"monitor"}).code, kUsage);
  EXPECT_EQ(run({"monitor", "dhcp", "x"}).code, kUsage);
  EXPECT_EQ(run({"monitor", "ra", "lo", "--count", "0"}).code, kUsage);
  EXPECT_EQ(run({"monitor", "ra", "no-such-if"}).code, kFailure);
  EXPECT_EQ(run({"status", "--count", "3"}).code, kUsage);
}

}  // namespace
}  // namespace sixgate::cli
