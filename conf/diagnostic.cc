// SPDX-License-Identifier: Apache-2.0
#include "conf/diagnostic.h"

#include "net/text.h"

namespace sixgate::conf {

std::string Diagnostic::to_string() const {
  const std::string place = line == 0 ? file : cat(file, ":", line, ":", column);
  return cat(place, is_error ? ": error: " : ": warning: ", text);
}

}  // namespace sixgate::conf
