// SPDX-License-Identifier: Apache-2.0
// Whole small files.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "daemon/io/owned_fd.h"
#include "net/expected.h"

namespace sixgate::daemon {

// An errno value with what was tried.
struct FileError {
  int code = 0;
  std::string message;  // "cannot read /etc/x: Permission denied"
};

// The whole file; one larger than `limit` is an error (EFBIG).
Expected<std::string, FileError> read_file(const std::string& path, std::size_t limit);

// Replaces the file so that a reader, also one after a power cut, sees the old text or the new one: a
// temporary file beside it, fsync, rename, fsync of the directory. `mode` as in open().
Expected<Done, FileError> replace_file(const std::string& path, std::string_view text,
                                       unsigned mode = 0600);

// Its steps, for whoever does not wait in between: the temporary file's name, all of `text` into `fd` (0, or an errno
// value), and the directory, whose fsync gets a rename onto the medium.
std::string temporary_beside(const std::string& path);
int write_all(int fd, std::string_view text);
OwnedFd open_directory_of(const std::string& path);

// One write() into a file that exists, such as one in /proc/sys.
Expected<Done, FileError> write_existing(const std::string& path, std::string_view text);

}  // namespace sixgate::daemon
