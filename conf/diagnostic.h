// SPDX-License-Identifier: Apache-2.0
// Diagnostic: one thing that is wrong with a configuration, and where.
#pragma once

#include <string>
#include <vector>

namespace sixgate::conf {

struct Diagnostic {
  std::string file;
  unsigned line = 0;  // from 1; 0: not in a file (the command line)
  unsigned column = 0;
  std::string text;
  bool is_error = true;  // a warning does not keep the configuration from being used

  std::string to_string() const;  // "FILE:LINE:COLUMN: error: TEXT"
  bool operator==(const Diagnostic&) const = default;
};

using Diagnostics = std::vector<Diagnostic>;

}  // namespace sixgate::conf
