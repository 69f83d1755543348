// SPDX-License-Identifier: Apache-2.0
// The configuration as it is to be used: the file, with the command line laid over it.
#pragma once

#include "conf/command_line.h"
#include "conf/config.h"
#include "daemon/io/file.h"

namespace sixgate::daemon {

// The text of a configuration file, of a size that one may have.
Expected<std::string, FileError> read_config_text(const std::string& path);

// Reads the file anew, and the key of its IPsec knock. The result holds every error of the file and of the command line.
// A key that may not be read any more is that of the `running` configuration, with a warning.
conf::ReadResult load_config(const conf::CommandLine& command_line,
                             const conf::Config* running = nullptr);

}  // namespace sixgate::daemon
