// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include "cli/json.h"

namespace sixgate::cli {

// What the daemon would have answered.
inline Json json(const char* text) {
  const auto parsed = Json::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : Json();
}

}  // namespace sixgate::cli
