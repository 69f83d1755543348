// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/standard_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

namespace sixgate::daemon {

bool keep_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    // Lower ones are open by now, so that open(2), which takes the lowest number, takes this one.
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != fd) return false;
  }
  return true;
}

}  // namespace sixgate::daemon
