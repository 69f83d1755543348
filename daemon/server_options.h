// SPDX-License-Identifier: Apache-2.0
// What the providers tell, as the options that a DHCPv6 server of the house hands on to who asks for them (RFC
// 7084 L-12).
#pragma once

#include "daemon/services.h"

namespace sixgate::daemon {

dhcp6::Options server_options(const Services& services);

}  // namespace sixgate::daemon
