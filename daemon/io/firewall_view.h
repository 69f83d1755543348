// SPDX-License-Identifier: Apache-2.0
// How our rules fare, and what those of others do to them and to what ours let pass.
#pragma once

#include <string>
#include <vector>

#include "firewall/counted.h"
#include "net/expected.h"

namespace sixgate::daemon {

struct FirewallView {
  Expected<firewall::Counts> counts = firewall::Counts{};
  std::vector<std::string> remarks{};  // for a person
  // Of others, as `nft list` names them: "inet fw4 forward".
  std::vector<std::string> closed{};            // what none of their rules accepts is dropped
  std::vector<std::string> dropping_invalid{};  // what conntrack calls so
};

}  // namespace sixgate::daemon
