// SPDX-License-Identifier: Apache-2.0
#include "daemon/hosts_file.h"

#include <algorithm>
#include <tuple>

#include "net/text.h"

namespace sixgate::daemon {

std::string hosts_text(const std::vector<dhcp6::NamedAddress>& named, const conf::LanConfig& lan) {
  if (!lan.dhcp6.domain) return {};
  std::vector<dhcp6::NamedAddress> hosts = named;
  std::erase_if(hosts, [&](const dhcp6::NamedAddress& one) { return one.link != lan.name; });
  std::sort(hosts.begin(), hosts.end(), [](const auto& a, const auto& b) {
    return std::tie(a.name, a.address) < std::tie(b.name, b.address);
  });
  std::string text = cat("# Written by sixgated for LAN ", lan.name, ".\n");
  for (const dhcp6::NamedAddress& one : hosts)
    text += cat(one.address, ' ', one.name, '.', *lan.dhcp6.domain, ' ', one.name, '\n');
  return text;
}

}  // namespace sixgate::daemon
