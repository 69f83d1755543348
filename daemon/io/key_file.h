// SPDX-License-Identifier: Apache-2.0
// The file with the key of the IPsec knock.
#pragma once

#include <string>

#include "conf/knock.h"
#include "daemon/io/file.h"
#include "net/expected.h"
#include "net/secret.h"

namespace sixgate::daemon {

// A plain file that belongs to root or to us, or to `user` (none: empty) as whom we go on when we are root, and that nobody
// else can read or write; whatever else it is, the error says what to do about it, and nothing of its contents. Its code is
// EACCES where we may not open the file, else 0.
Expected<Secret, FileError> read_key_file(const std::string& path, conf::KnockAlgorithm algorithm,
                                          const std::string& user);

}  // namespace sixgate::daemon
