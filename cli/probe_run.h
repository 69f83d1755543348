// SPDX-License-Identifier: Apache-2.0
// A Probe on a real interface, with the daemon's own sockets.
#pragma once

#include <functional>

#include "cli/ask.h"
#include "cli/probe_options.h"
#include "cli/probe_text.h"

namespace sixgate::cli {

struct ProbeRun {
  ExitCode code = kOk;
  std::string trouble;  // why there is no report
  std::optional<ProbeReport> report;
};

// `progress` is told what is being done, for a person who waits; `warn`, what else a person should know.
ProbeRun run_probe(const ProbeOptions& options,
                   const std::function<void(const std::string&)>& progress,
                   const std::function<void(const std::string&)>& warn);

}  // namespace sixgate::cli
