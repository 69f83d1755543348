// SPDX-License-Identifier: Apache-2.0
// What tests of the configuration ask of a text.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "conf/config.h"

namespace sixgate::conf {

inline std::string errors_of(const ReadResult& result) {
  std::string all;
  for (const Diagnostic& error : result.errors) all += error.to_string() + "\n";
  return all;
}
inline std::string errors_of(const std::string& toml) { return errors_of(read_toml(toml, "f")); }

// The configuration; errors fail the test.
inline Config good(const std::string& toml) {
  ReadResult result = read_toml(toml, "f");
  EXPECT_TRUE(result.config.has_value()) << errors_of(result);
  return result.config.value_or(Config());
}

inline bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace sixgate::conf
