// SPDX-License-Identifier: Apache-2.0
// From root to a user that keeps exactly what a router needs: CAP_NET_ADMIN (addresses, routes, sysctls of
// the network, firewall), CAP_NET_RAW (ICMPv6) and CAP_NET_BIND_SERVICE (UDP 546), also for the programs it
// starts (ambient capabilities, capabilities(7)).
#pragma once

#include <sys/types.h>

#include <array>
#include <span>
#include <string>

#include "net/expected.h"

namespace sixgate::daemon {

struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

Expected<Account> find_account(const std::string& name);

// Irreversible. Also sets no_new_privs and empties the rest of the bounding set.
Expected<Done> become(const Account& account);

// What its sockets alone need, without the right to change anything.
inline constexpr std::array<unsigned, 2> kSocketCapabilities{
    13, 10};  // CAP_NET_RAW, CAP_NET_BIND_SERVICE

// The names of what is missing for the work to be done; empty: nothing.
std::string missing_capabilities();
std::string missing_capabilities(std::span<const unsigned> needed);

}  // namespace sixgate::daemon
