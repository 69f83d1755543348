// SPDX-License-Identifier: Apache-2.0
#include "cli/probe_options.h"

#include <gtest/gtest.h>

namespace sixgate::cli {
namespace {

Expected<ProbeOptions> parse(std::initializer_list<const char*> words) {
  return parse_probe_options(std::span<const char* const>(words.begin(), words.size()));
}

TEST(ProbeOptions, TheInterfaceWithAndWithoutAnOption) {
  EXPECT_EQ(parse({"wan0"})->settings.interface, "wan0");
  EXPECT_EQ(parse({"-i", "wan0"})->settings.interface, "wan0");
  EXPECT_EQ(parse({"--interface=wan0", "--json"})->settings.interface, "wan0");
  EXPECT_FALSE(parse({}));
  EXPECT_FALSE(parse({"wan0", "wan1"}));
  EXPECT_FALSE(parse({"-i"}));
}

TEST(ProbeOptions, AllOfThem) {
  const auto read =
      parse({"wan0", "--serial", "--request", "--duid", "00:01:02:03", "--iaid", "0x10", "--hint",
             "48,/56,2001:db8::/60", "--timeout", "5", "--pcap", "/tmp/x"});
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->settings.serial);
  EXPECT_TRUE(read->settings.request);
  EXPECT_FALSE(read->json);
  EXPECT_EQ(read->settings.duid->to_string(), "00010203");
  EXPECT_EQ(read->settings.iaid, 16U);
  ASSERT_EQ(read->settings.hints.size(), 3U);
  EXPECT_EQ(read->settings.hints[1].to_string(), "::/56");
  EXPECT_EQ(read->settings.hints[2].to_string(), "2001:db8::/60");
  EXPECT_EQ(read->settings.timeout, seconds(5));
  EXPECT_EQ(read->pcap, "/tmp/x");
}

TEST(ProbeOptions, WhatMakesNoSenseIsRefused) {
  EXPECT_FALSE(parse({"wan0", "--iaid", "1"}));
  EXPECT_FALSE(parse({"wan0", "--duid", "xyz"}));
  EXPECT_FALSE(parse({"wan0", "--duid", "00", "--iaid", "-1"}));
  EXPECT_FALSE(parse({"wan0", "--hint", "65"}));
  EXPECT_FALSE(parse({"wan0", "--hint", "48,"}));
  EXPECT_FALSE(parse({"wan0", "--timeout", "0"}));
  EXPECT_FALSE(parse({"wan0", "--verbose"}));
  EXPECT_TRUE(parse({"--help"})->help);
  EXPECT_TRUE(parse({"--version"})->version);
}

}  // namespace
}  // namespace sixgate::cli
