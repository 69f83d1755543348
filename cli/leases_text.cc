// SPDX-License-Identifier: Apache-2.0
#include "cli/leases_text.h"

#include "cli/status_text.h"
#include "net/text.h"

namespace sixgate::cli {

std::string leases_text(const Json& leases) {
  std::string out;
  for (const Json& one : leases["leases"].elements()) {
    std::string held;
    for (const Json& lease : one["leases"].elements())
      held += cat(held.empty() ? "" : ", ", printable(lease.text()));
    const std::string name = printable(one["name"].text());
    out += cat(printable(one["lan"].text()), "  ", held, "  ",
               name.empty() ? cat("DUID ", printable(one["duid"].text())) : name,
               one["type"].text() == "registered" ? std::string(", its own")
                                                  : cat(", from ", printable(one["from"].text())),
               ", valid ",
               one["valid"].is_null() ? "forever" : duration_text(one["valid"].number()), '\n');
  }
  return out.empty() ? "no leases\n" : out;
}

}  // namespace sixgate::cli
