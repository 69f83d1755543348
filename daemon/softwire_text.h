// SPDX-License-Identifier: Apache-2.0
// The Softwire46 containers (RFC 7598) in the words of OpenWrt's map.sh, for status and for hook scripts:
// a rule a word, "type=map-e,ealen=16,prefix4len=24,...,br=2001:db8::1,".
#pragma once

#include <string>

#include "dhcp6/options.h"

namespace sixgate::daemon {

// Each word is followed by a space, as scripts written for odhcp6c know it. Empty without a usable rule.
std::string softwire_text(const dhcp6::S46MapE& map);
std::string softwire_text(const dhcp6::S46MapT& map);
std::string softwire_text(const dhcp6::S46Lightweight& lightweight);

}  // namespace sixgate::daemon
