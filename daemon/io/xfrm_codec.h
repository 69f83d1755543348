// SPDX-License-Identifier: Apache-2.0
// The IPsec knock in the words of NETLINK_XFRM: AH states in tunnel mode and forward policies of level use.
#pragma once

#include <optional>

#include "daemon/io/netlink_socket.h"
#include "daemon/kernel_state.h"

namespace sixgate::daemon {

// Of kKnockRequest; others are none.
std::optional<KernelKnock> parse_knock(const nlmsghdr* header);
std::optional<KernelKnockPolicy> parse_knock_policy(const nlmsghdr* header);

NetlinkMessage knock_dump();
NetlinkMessage knock_policy_dump();

NetlinkMessage put_knock(const KernelKnock& knock);
NetlinkMessage remove_knock(const KernelKnock& knock);
// Somebody else's policy of the same packets is not replaced: the kernel says EEXIST.
NetlinkMessage put_knock_policy(const KernelKnockPolicy& policy);
NetlinkMessage remove_knock_policy(const KernelKnockPolicy& policy);

}  // namespace sixgate::daemon
