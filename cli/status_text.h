// SPDX-License-Identifier: Apache-2.0
// The status document (schema 1, daemon/status.h) as a person reads it.
#pragma once

#include <cstdint>
#include <string>

#include "cli/json.h"

namespace sixgate::cli {

std::string status_text(const Json& status);

// "2d 4h", "1h 30m", "29m 58s", "58s": the two largest units.
std::string duration_text(std::int64_t seconds);

}  // namespace sixgate::cli
