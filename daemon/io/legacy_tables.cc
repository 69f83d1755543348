// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/legacy_tables.h"

#include <netinet/in.h>
#include <sys/socket.h>
// After the C library's own, which then win.
#include <linux/netfilter_ipv6/ip6_tables.h>

#include <algorithm>
#include <string_view>

#include "daemon/io/owned_fd.h"

namespace sixgate::daemon {

std::vector<std::uint32_t> legacy_table_sizes() {
  std::vector<std::uint32_t> sizes;
  const OwnedFd fd(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return sizes;
  for (const std::string_view table : {"filter", "mangle", "raw"}) {
    ip6t_getinfo info{};
    socklen_t size = sizeof info;
    std::ranges::copy(table, info.name);
    if (::getsockopt(fd.get(), IPPROTO_IPV6, IP6T_SO_GET_INFO, &info, &size) != 0) continue;
    sizes.push_back(info.num_entries);
    sizes.push_back(info.size);
  }
  return sizes;
}

}  // namespace sixgate::daemon
