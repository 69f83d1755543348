// SPDX-License-Identifier: Apache-2.0
// What does not go with the firewall's backend.
#pragma once

#include <vector>

#include "conf/check.h"

namespace sixgate::conf {

std::vector<Problem> check_firewall(const Config& config);

}  // namespace sixgate::conf
