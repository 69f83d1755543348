// SPDX-License-Identifier: Apache-2.0
#include "cli/json_text.h"

#include <gtest/gtest.h>

namespace sixgate::cli {
namespace {

TEST(JsonText, DurationsHaveTheirTwoLargestUnits) {
  EXPECT_EQ(duration_text(0), "0s");
  EXPECT_EQ(duration_text(58), "58s");
  EXPECT_EQ(duration_text(60), "1m");
  EXPECT_EQ(duration_text(1798), "29m 58s");
  EXPECT_EQ(duration_text(5400), "1h 30m");
  EXPECT_EQ(duration_text(86400 + 59), "1d");
  EXPECT_EQ(duration_text(2 * 86400 + 4 * 3600 + 59), "2d 4h");
}

}  // namespace
}  // namespace sixgate::cli
