// SPDX-License-Identifier: Apache-2.0
// Prefixes that RFC 6092 REC-3 keeps off the Internet and that yet may be somebody's whole
// Internet: a laboratory's. They are forbidden unless a delegation lies in them.
#pragma once

#include <vector>

#include "firewall/ruleset.h"
#include "net/prefix.h"

namespace sixgate::firewall {

// Those of 2001:db8::/32 (RFC 3849) and 3fff::/20 (RFC 9637) that `ruleset` does not use itself.
std::vector<Prefix> forbidden_documentation(const Ruleset& ruleset);

}  // namespace sixgate::firewall
