// SPDX-License-Identifier: Apache-2.0
// StateDirectory: the one file that survives us, in a directory that only one sixgated uses at a time.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "daemon/io/file.h"
#include "daemon/io/owned_fd.h"
#include "net/expected.h"

namespace sixgate::daemon {

class StateDirectory {
 public:
  explicit StateDirectory(std::string path) : path_(std::move(path)) {}

  // Creates the directory (mode 0700) when it is missing and takes its lock. EWOULDBLOCK: another sixgated
  // has it, and starting would be wrong. Any other error: the state cannot be kept, and we go on without.
  Expected<Done, FileError> prepare();
  // For a process that is going to run as somebody else.
  Expected<Done, FileError> give_to(uid_t user, gid_t group);

  // None when there is no state yet.
  Expected<std::optional<std::string>, FileError> load() const;
  Expected<Done, FileError> store(std::string_view text) const;
  // Keeps a file that cannot be understood for a person to look at.
  void set_aside() const;

  std::string file() const { return path_ + "/state"; }

 private:
  std::string path_;
  OwnedFd lock_;
};

// mkdir -p, each missing part with `mode`.
Expected<Done, FileError> make_directories(const std::string& path, mode_t mode);

}  // namespace sixgate::daemon
