// SPDX-License-Identifier: Apache-2.0
// A program may be started with standard input, output or error closed. The next thing it opens then takes
// that number: the log would be written into the lock file, or to netlink.
#pragma once

namespace sixgate::daemon {

// Opens /dev/null in place of what is closed. Before anything else is opened. False: it cannot be done.
bool keep_standard_descriptors();

}  // namespace sixgate::daemon
