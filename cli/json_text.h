// SPDX-License-Identifier: Apache-2.0
// What sixgated says in JSON, as a person reads it.
#pragma once

#include <cstdint>
#include <string>

#include "cli/json.h"

namespace sixgate::cli {

// A text that cannot steer the terminal.
std::string said(const Json& value);
// A list of texts: "a, b".
std::string joined(const Json& list);
// "2d 4h", "1h 30m", "29m 58s", "58s": the two largest units.
std::string duration_text(std::int64_t seconds);
// Seconds, or null for infinity.
std::string lifetime_text(const Json& value);

}  // namespace sixgate::cli
