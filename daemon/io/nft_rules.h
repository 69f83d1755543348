// SPDX-License-Identifier: Apache-2.0
// What a rule of nftables does, read from the kernel's message about it.
#pragma once

#include <linux/netlink.h>

namespace sixgate::daemon {

// Whether it refuses whatever comes to it: it counts or logs at most, and then drops or rejects.
bool refuses_everything(const nlmsghdr* rule);

}  // namespace sixgate::daemon
