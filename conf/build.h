// SPDX-License-Identifier: Apache-2.0
// From the tree of a file's values to a Config: unknown keys, wrong values and contradictions, all reported
// at once, each at its place.
#pragma once

#include <string_view>

#include "conf/config.h"
#include "conf/value.h"

namespace sixgate::conf {

ReadResult build(const Value& root, std::string_view file);

}  // namespace sixgate::conf
