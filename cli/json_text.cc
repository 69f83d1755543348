// SPDX-License-Identifier: Apache-2.0
#include "cli/json_text.h"

#include <array>

#include "net/text.h"

namespace sixgate::cli {

std::string said(const Json& value) { return printable(value.text()); }

std::string lifetime_text(const Json& value) {
  return value.is_null() ? "forever" : duration_text(value.number());
}

std::string joined(const Json& list) {
  std::string out;
  for (const Json& element : list.elements()) {
    if (!out.empty()) out += ", ";
    out += said(element);
  }
  return out;
}

std::string duration_text(std::int64_t seconds) {
  struct Unit {
    std::int64_t seconds;
    char name;
  };
  static constexpr std::array<Unit, 4> kUnits{{{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}}};
  for (std::size_t i = 0; i + 1 < kUnits.size(); ++i) {
    if (seconds < kUnits[i].seconds) continue;
    const std::int64_t rest = seconds % kUnits[i].seconds / kUnits[i + 1].seconds;
    std::string out = cat(seconds / kUnits[i].seconds, kUnits[i].name);
    if (rest > 0) out += cat(' ', rest, kUnits[i + 1].name);
    return out;
  }
  return cat(seconds, 's');
}

}  // namespace sixgate::cli
