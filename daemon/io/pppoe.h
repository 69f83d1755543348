// SPDX-License-Identifier: Apache-2.0
// The devices that carry PPPoE (RFC 2516). The kernel does not say which interface of PPP is over which of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sixgate::daemon {

// What /proc/net/pppoe lists: a line of headings, then number, address and device of each session.
std::vector<std::string> parse_pppoe_devices(std::string_view text);

// Of this network namespace; none where the kernel has no PPPoE.
std::vector<std::string> pppoe_devices();

}  // namespace sixgate::daemon
