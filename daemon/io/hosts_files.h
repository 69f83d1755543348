// SPDX-License-Identifier: Apache-2.0
// HostsFiles: the hosts file of each LAN that has one, replaced as a whole whenever its text is another, and the
// script that has the resolver read them. One run of it at a time: what is written meanwhile is told by the next.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "conf/config.h"
#include "daemon/hook.h"
#include "daemon/io/process.h"
#include "dhcp6/server.h"
#include "net/log.h"

namespace sixgate::daemon {

class HostsFiles {
 public:
  // `processes` must outlive the object.
  HostsFiles(ProcessRunner& processes, LogSink log) : processes_(processes), log_(std::move(log)) {}

  // `named` is asked when there is a file to write. One that cannot be written is said once, and tried again at the
  // next change.
  using Named = std::function<std::vector<dhcp6::NamedAddress>()>;
  void write(const conf::Config& config, const Named& named);

 private:
  void run_hook();

  ProcessRunner& processes_;
  LogSink log_;
  std::map<std::string, std::string> written_;  // path -> text
  std::map<std::string, std::string> complaints_;
  std::set<std::string> untold_;  // paths
  HookScript hook_;
  bool running_ = false;
  std::string hook_complaint_;  // as last said
};

}  // namespace sixgate::daemon
