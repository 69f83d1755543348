// SPDX-License-Identifier: Apache-2.0
// The two copies of the stored state: one in the state directory, which survives a reboot, and one beside the
// control socket (/run: memory), which is newer, and counts only within the boot it was written in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/io/state_directory.h"
#include "daemon/stored_state.h"

namespace sixgate::daemon {

// The directory of the copy in memory.
std::string memory_directory(const std::string& socket);

// The newer of the two; none when nothing was ever stored. An error with code 0: the file is there and cannot
// be understood.
Expected<std::optional<StoredState>, FileError> load_newest(const StateDirectory& durable,
                                                            const StateDirectory& memory,
                                                            std::string_view boot, Instant now);

}  // namespace sixgate::daemon
