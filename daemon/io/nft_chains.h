// SPDX-License-Identifier: Apache-2.0
// What other nftables tables do with packets that ours let pass: an accept in one table ends nothing in another.
#pragma once

#include <string>
#include <vector>

#include "net/expected.h"

namespace sixgate::daemon {

// Base chains of others at the hooks input and forward of IPv6 whose policy is drop, or whose last rule refuses all that
// comes to it (firewalld's), as `nft list` names them: "inet fw4 forward". ip6tables' own chains (table ip6 filter) are
// among them where ip6tables is nftables.
Expected<std::vector<std::string>> closed_chains_of_others();

}  // namespace sixgate::daemon
