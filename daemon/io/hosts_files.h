// SPDX-License-Identifier: Apache-2.0
// HostsFiles: the hosts file of each LAN that has one, replaced as a whole whenever its text is another.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "conf/config.h"
#include "dhcp6/server.h"
#include "net/log.h"

namespace sixgate::daemon {

class HostsFiles {
 public:
  explicit HostsFiles(LogSink log) : log_(std::move(log)) {}

  // `named` is asked when there is a file to write. One that cannot be written is said once, and tried again at the
  // next change.
  using Named = std::function<std::vector<dhcp6::NamedAddress>()>;
  void write(const conf::Config& config, const Named& named);

 private:
  LogSink log_;
  std::map<std::string, std::string> written_;  // path -> text
  std::map<std::string, std::string> complaints_;
};

}  // namespace sixgate::daemon
