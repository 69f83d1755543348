// SPDX-License-Identifier: Apache-2.0
// The configuration as it is to be used: the file, with the command line laid over it.
#pragma once

#include "conf/command_line.h"
#include "conf/config.h"

namespace sixgate::daemon {

// Reads the file anew, and the key of its IPsec knock. The result holds every error of the file and of the command line.
conf::ReadResult load_config(const conf::CommandLine& command_line);

}  // namespace sixgate::daemon
