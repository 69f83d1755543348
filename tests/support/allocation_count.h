// SPDX-License-Identifier: Apache-2.0
// How often memory was asked for. A test binary that calls this has an operator new that counts, or where
// AddressSanitizer has its own, a hook in that.
#pragma once

#include <cstddef>

namespace sixgate::testing {

// Since the start.
std::size_t allocation_count();

}  // namespace sixgate::testing
