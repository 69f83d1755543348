// SPDX-License-Identifier: Apache-2.0
// sixgate import-identity: a router that changes to sixgate stays who it was to the provider, and so keeps its
// prefix.
#pragma once

#include <span>

#include "cli/command.h"

namespace sixgate::cli {

// `arguments` after "import-identity"; `socket` when one was named before it, else empty.
CommandResult import_identity(std::span<const char* const> arguments, const std::string& socket);

}  // namespace sixgate::cli
