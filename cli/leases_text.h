// SPDX-License-Identifier: Apache-2.0
// What a person reads of the leases of sixgated's DHCPv6 server.
#pragma once

#include <string>

#include "cli/json.h"

namespace sixgate::cli {

std::string leases_text(const Json& leases);

}  // namespace sixgate::cli
