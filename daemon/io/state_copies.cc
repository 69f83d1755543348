// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/state_copies.h"

#include "net/text.h"

namespace sixgate::daemon {

std::string memory_directory(const std::string& socket) { return socket + ".state"; }

Expected<std::optional<StoredState>, FileError> load_newest(const StateDirectory& durable,
                                                            const StateDirectory& memory,
                                                            std::string_view boot, Instant now) {
  if (const auto text = memory.load(); text && *text && is_of_boot(**text, boot)) {
    if (auto state = parse_stored_state(**text, now, boot)) return std::optional(std::move(*state));
  }
  auto text = durable.load();
  if (!text) return Unexpected<FileError>(text.error());
  if (!*text) return std::optional<StoredState>();
  auto state = parse_stored_state(**text, now, boot);
  if (state) return std::optional(std::move(*state));
  return Unexpected<FileError>(FileError{0, cat(durable.file(), ": ", state.error().message)});
}

}  // namespace sixgate::daemon
