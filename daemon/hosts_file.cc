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
  for (const dhcp6::NamedAddress& one : hosts) {
    const std::string name = cat(one.name, '.', *lan.dhcp6.domain);
    switch (lan.hosts_format) {
      case conf::HostsFormat::kHosts:
        text += cat(one.address, ' ', name, ' ', one.name, '\n');
        break;
      case conf::HostsFormat::kUnbound:
        text += cat("local-data: \"", name, ". AAAA ", one.address, "\"\nlocal-data-ptr: \"",
                    one.address, ' ', name, ".\"\n");
        break;
    }
  }
  return text;
}

}  // namespace sixgate::daemon
