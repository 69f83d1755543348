// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/hosts_files.h"

#include <optional>
#include <vector>

#include "daemon/hosts_file.h"
#include "daemon/io/file.h"
#include "net/text.h"

namespace sixgate::daemon {

void HostsFiles::write(const conf::Config& config, const Named& named) {
  std::optional<std::vector<dhcp6::NamedAddress>> all;  // most houses write none
  for (const conf::LanConfig& lan : config.lans) {
    if (lan.hosts_file.empty()) continue;
    if (!all) all = named();
    std::string text = hosts_text(*all, lan);
    const auto known = written_.find(lan.hosts_file);
    if (known != written_.end() && known->second == text) continue;
    // Names in a LAN are no secret: the resolver runs as somebody else.
    const auto done = replace_file(lan.hosts_file, text, 0644);
    std::string& complaint = complaints_[lan.hosts_file];
    if (done) {
      complaint.clear();
      written_[lan.hosts_file] = std::move(text);
    } else if (complaint != done.error().message) {
      complaint = done.error().message;
      log_({LogLevel::kWarning, cat("the hosts file of LAN ", lan.name, ": ", complaint)});
    }
  }
}

}  // namespace sixgate::daemon
