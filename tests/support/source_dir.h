// SPDX-License-Identifier: Apache-2.0
// Where this tree lies, for tests that read files of it.
#pragma once

#include <string>
#include <string_view>

namespace sixgate::test {

std::string source_path(std::string_view relative);  // "tests/data/ra" -> "/.../tests/data/ra"

}  // namespace sixgate::test
