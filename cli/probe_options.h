// SPDX-License-Identifier: Apache-2.0
// prefix-probe's command line.
#pragma once

#include <span>
#include <string>

#include "cli/probe.h"
#include "net/expected.h"

namespace sixgate::cli {

struct ProbeOptions {
  ProbeSettings settings;
  bool help = false;
  bool version = false;
  bool json = false;
  std::string pcap;  // a file; empty: none
};

// `arguments` without the program's name. The error is one line for a person.
Expected<ProbeOptions> parse_probe_options(std::span<const char* const> arguments);

std::string probe_usage();

}  // namespace sixgate::cli
