// SPDX-License-Identifier: Apache-2.0
#include "cli/hosts_text.h"

#include "cli/json_text.h"
#include "cli/table.h"
#include "net/text.h"

namespace sixgate::cli {

std::string hosts_text(const Json& hosts) {
  std::string out;
  for (const Json& lan : hosts["lans"].elements()) {
    if (lan["hosts"].elements().empty()) continue;
    out += cat(out.empty() ? "" : "\n", "lan ", said(lan["name"]), " (", said(lan["interface"]),
               ")\n");
    Table table;
    for (const Json& host : lan["hosts"].elements()) {
      // The first row of a host says whose the others are.
      std::string name = said(host["name"]);
      if (name.empty()) name = host["router"].truth() ? "(router)" : "-";
      std::string mac = host["mac"].is_text() ? said(host["mac"]) : "no MAC address known";
      const auto row = [&](std::string what, std::string origin, std::string when) {
        table.row(
            {std::move(name), std::move(mac), std::move(what), std::move(origin), std::move(when)});
        name.clear();
        mac.clear();
      };
      for (const Json& one : host["addresses"].elements()) {
        std::string when;
        if (one["reachable"].truth())
          when = "now";
        else if (!one["seen_ago"].is_null())
          when = cat(lifetime_text(one["seen_ago"]), " ago");
        row(said(one["address"]),
            cat(said(one["origin"]), one["proxied"].truth() ? ", proxied" : ""), when);
      }
      for (const Json& prefix : host["delegated"].elements()) row(said(prefix), "delegated", "");
    }
    table.print(out, "  ");
  }
  return out.empty() ? "no hosts\n" : out;
}

}  // namespace sixgate::cli
