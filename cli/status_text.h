// SPDX-License-Identifier: Apache-2.0
// The status document (schema 1, daemon/status.h) as a person reads it.
#pragma once

#include <string>

#include "cli/json.h"

namespace sixgate::cli {

std::string status_text(const Json& status);

// Of `sixgate firewall counters`.
std::string firewall_counters_text(const Json& answer);
std::string firewall_rules_text(const Json& answer);  // --rules

}  // namespace sixgate::cli
