// SPDX-License-Identifier: Apache-2.0
#include "cli/leases_text.h"

#include "cli/json_text.h"
#include "net/text.h"

namespace sixgate::cli {

std::string leases_text(const Json& leases) {
  std::string out;
  for (const Json& one : leases["leases"].elements()) {
    const std::string name = said(one["name"]);
    out += cat(said(one["lan"]), "  ", joined(one["leases"]), "  ",
               name.empty() ? cat("DUID ", said(one["duid"])) : name,
               one["type"].text() == "registered" ? std::string(", its own")
                                                  : cat(", from ", said(one["from"])),
               ", valid ", lifetime_text(one["valid"]), '\n');
  }
  return out.empty() ? "no leases\n" : out;
}

}  // namespace sixgate::cli
