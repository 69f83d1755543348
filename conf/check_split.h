// SPDX-License-Identifier: Apache-2.0
// What cannot be on a LAN that has less than a /64, where hosts make no addresses of their own.
#pragma once

#include <cstddef>
#include <vector>

#include "conf/check.h"

namespace sixgate::conf {

bool is_assignable(const LanConfig& lan);
// Nothing, of a LAN that has a whole /64 or more.
std::vector<Problem> check_split(const Config& config, std::size_t lan);
// The suffix of a reservation, on every such LAN that it is for.
std::vector<Problem> check_suffix(const Config& config, std::size_t reservation);

}  // namespace sixgate::conf
