// SPDX-License-Identifier: Apache-2.0
#include "tests/support/source_dir.h"

namespace sixgate::test {

// The one source file that is compiled with this definition: the others are the same in every clone, and so
// come from the compiler cache.
std::string source_path(std::string_view relative) {
  return std::string(SIXGATE_SOURCE_DIR "/").append(relative);
}

}  // namespace sixgate::test
