// SPDX-License-Identifier: Apache-2.0
// What a probe's findings mean, in words, and what to do about it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/probe.h"

namespace sixgate::cli {

struct Verdict {
  std::optional<Prefix> largest;       // none: nobody offers a prefix
  std::vector<std::string> sentences;  // each a whole one
  std::string sixgate_toml;            // what to write; empty when there is nothing to be had
  std::optional<unsigned> reqprefix;   // of OpenWrt's `option reqprefix`, where one length gets it
  bool operator==(const Verdict&) const = default;
};

Verdict judge(const ProbeReport& report);

}  // namespace sixgate::cli
