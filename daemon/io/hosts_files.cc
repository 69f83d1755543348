// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/hosts_files.h"

#include <optional>
#include <utility>
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
      untold_.insert(lan.hosts_file);
    } else if (complaint != done.error().message) {
      complaint = done.error().message;
      log_({LogLevel::kWarning, cat("the hosts file of LAN ", lan.name, ": ", complaint)});
    }
  }
  hook_ = {config.hosts_hook, config.hook_timeout};
  run_hook();
}

void HostsFiles::run_hook() {
  if (running_ || untold_.empty()) return;
  const std::set<std::string> paths = std::exchange(untold_, {});
  if (hook_.path.empty()) return;
  Command command;
  command.arguments = {hook_.path};
  command.arguments.insert(command.arguments.end(), paths.begin(), paths.end());
  command.time_limit = hook_.time_limit;
  running_ = true;
  processes_.run(std::move(command), [this](const Expected<ProcessResult>& ended) {
    running_ = false;
    std::string complaint;
    if (!ended) {
      complaint = ended.error().message;
    } else {
      for (const LogLine& line : output_lines("hosts hook: ", ended->output)) log_(line);
      if (ended->exit_status != 0) complaint = cat("ended with status ", ended->exit_status);
    }
    if (!complaint.empty() && complaint != hook_complaint_)
      log_({LogLevel::kWarning,
            cat("hosts hook: ", complaint, "; the resolver may not know the newest names")});
    hook_complaint_ = std::move(complaint);
    run_hook();
  });
}

}  // namespace sixgate::daemon
