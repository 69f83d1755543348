// SPDX-License-Identifier: Apache-2.0
// The kernel's sets of addresses and ports (ipset), which packets fill by rules of ip6tables; without a program.
#pragma once

#include <string_view>

#include "net/expected.h"

namespace sixgate::daemon {

// Makes a set of IPv6 address, protocol and port (hash:ip,port), unless it is there. What rules add to it without a
// time of its own stays for the default one (seconds). An error where the kernel has no such sets, or another set has
// that name.
Expected<Done> make_endpoint_set(std::string_view name, unsigned most_elements,
                                 unsigned default_time);

// It goes, unless a rule names it; what is not there is gone.
void remove_endpoint_set(std::string_view name);

}  // namespace sixgate::daemon
