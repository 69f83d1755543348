// SPDX-License-Identifier: Apache-2.0
// The hosts of the LANs for a person to read.
#pragma once

#include <string>

#include "cli/json.h"

namespace sixgate::cli {

std::string hosts_text(const Json& hosts);  // the answer to "hosts"

}  // namespace sixgate::cli
