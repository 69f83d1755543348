// SPDX-License-Identifier: Apache-2.0
// What the kernel's interval sets refuse is that two elements overlap.
#pragma once

#include <vector>

#include "firewall/ruleset.h"
#include "net/prefix.h"

namespace sixgate::firewall {

// Sorted, and without a prefix that lies inside another.
void keep_outermost(std::vector<Prefix>& prefixes);

// The same packets in pinholes of which no two overlap, sorted, ports that follow each other in one.
void make_disjoint(std::vector<FirewallPinhole>& pinholes);

}  // namespace sixgate::firewall
