// SPDX-License-Identifier: Apache-2.0
// Network settings under /proc/sys, named as in KernelState::sysctls: "net/ipv6/conf/wan0/accept_ra".
#pragma once

#include <optional>
#include <string>

#include "net/expected.h"

namespace sixgate::daemon {

// None when the kernel has no such setting, for instance because the interface is gone.
std::optional<std::string> read_sysctl(const std::string& key);

// Writes only what differs.
Expected<Done> write_sysctl(const std::string& key, const std::string& value);

}  // namespace sixgate::daemon
