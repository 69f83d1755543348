// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/legacy_tables.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
// After the C library's own, which then win.
#include <linux/netfilter_ipv6/ip6_tables.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/io/file.h"
#include "daemon/io/owned_fd.h"
#include "net/text.h"

namespace sixgate::daemon {

namespace {

// Of the kernel's rules, one after the other; those that it cannot give, for they have just changed: none.
std::optional<std::uint64_t> hash_of_rules(int fd, const ip6t_getinfo& info) {
  std::vector<char> block(sizeof(ip6t_get_entries) + info.size);
  std::ranges::copy(info.name, block.data() + offsetof(ip6t_get_entries, name));
  std::memcpy(block.data() + offsetof(ip6t_get_entries, size), &info.size, sizeof info.size);
  auto length = static_cast<socklen_t>(block.size());
  if (::getsockopt(fd, IPPROTO_IPV6, IP6T_SO_GET_ENTRIES, block.data(), &length) != 0)
    return std::nullopt;
  for (std::size_t at = sizeof(ip6t_get_entries); at + sizeof(ip6t_entry) <= block.size();) {
    std::uint16_t next = 0;
    std::memcpy(&next, block.data() + at + offsetof(ip6t_entry, next_offset), sizeof next);
    std::memset(block.data() + at + offsetof(ip6t_entry, counters), 0, sizeof(xt_counters));
    if (next == 0) break;
    at += next;
  }
  return std::hash<std::string_view>()({block.data(), block.size()});
}

}  // namespace

std::vector<std::uint64_t> legacy_table_prints(bool translating) {
  std::vector<std::uint64_t> prints;
  const OwnedFd fd(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return prints;
  for (const std::string_view table : {"filter", "mangle", "raw", "nat"}) {
    if (table == "nat" && !translating) continue;  // asking for it loads it
    ip6t_getinfo info{};
    socklen_t size = sizeof info;
    std::ranges::copy(table, info.name);
    if (::getsockopt(fd.get(), IPPROTO_IPV6, IP6T_SO_GET_INFO, &info, &size) != 0) continue;
    prints.push_back(info.size);
    prints.push_back(hash_of_rules(fd.get(), info).value_or(0));
  }
  return prints;
}

bool may_have_legacy_tables() {
  constexpr std::size_t kMostNames = 4096;
  const auto names = read_file("/proc/net/ip6_tables_names", kMostNames);
  if (names) return cat("\n", *names).find("\nfilter\n") != std::string::npos;
  return ::access("/sys/module/ip6_tables", F_OK) == 0;
}

}  // namespace sixgate::daemon
