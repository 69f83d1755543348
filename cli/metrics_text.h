// SPDX-License-Identifier: Apache-2.0
// What sixgated counts, in the text format that Prometheus and its like read: for node_exporter's textfile collector, or
// whatever else takes it.
#pragma once

#include <string>

#include "cli/json.h"

namespace sixgate::cli {

// Of the answers to "status", "leases" and "firewall rules".
std::string metrics_text(const Json& status, const Json& leases, const Json& counters);

}  // namespace sixgate::cli
