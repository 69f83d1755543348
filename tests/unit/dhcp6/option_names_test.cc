// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/option_names.h"

#include <gtest/gtest.h>

#include "dhcp6/options.h"

namespace sixgate::dhcp6 {
namespace {

TEST(OptionNames, LeadToCodesAndBack) {
  std::uint16_t last = 0;
  for (const OptionName& one : option_names()) {
    EXPECT_GT(one.code, last) << one.name;
    last = one.code;
    EXPECT_EQ(option_code_of(one.name), one.code);
    EXPECT_EQ(option_name(one.code), one.name);
  }
  EXPECT_EQ(option_code_of("sntp"), SntpServers::kCode);
  EXPECT_EQ(option_code_of("dnr"), EncryptedDns::kCode);
  EXPECT_EQ(option_name(S46MapE::kCode), "map-e");
  EXPECT_FALSE(option_code_of("snpt"));
  EXPECT_FALSE(option_code_of(""));
  EXPECT_EQ(option_name(1), "");
}

}  // namespace
}  // namespace sixgate::dhcp6
