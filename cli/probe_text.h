// SPDX-License-Identifier: Apache-2.0
// A probe's report, for a person and for a program.
#pragma once

#include <string>

#include "cli/probe_verdict.h"

namespace sixgate::cli {

std::string probe_text(const ProbeReport& report, const Verdict& verdict);

// One JSON document, "schema": 1. Lifetimes are seconds, null for infinity.
std::string probe_json(const ProbeReport& report, const Verdict& verdict);

}  // namespace sixgate::cli
