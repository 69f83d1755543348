// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/clock.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <cstdlib>

#include "daemon/io/file.h"

namespace sixgate::daemon {

Instant clock_now() {
  timespec t{};
  ::clock_gettime(CLOCK_BOOTTIME, &t);
  return Instant::from_micros(static_cast<std::int64_t>(t.tv_sec) * 1000000 + t.tv_nsec / 1000);
}

std::string boot_id() {
  auto text = read_file("/proc/sys/kernel/random/boot_id", 64);
  if (!text) return {};
  while (!text->empty() && text->back() == '\n') text->pop_back();
  return std::move(*text);
}

Rng::Seed entropy() {
  Rng::Seed seed;
  std::size_t have = 0;
  while (have < seed.size()) {
    const ssize_t got = ::getrandom(seed.data() + have, seed.size() - have, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) std::abort();  // without randomness every identifier would be guessable
    have += static_cast<std::size_t>(got);
  }
  return seed;
}

std::string error_text(int error) {
  char buffer[128];
  return ::strerror_r(error, buffer, sizeof buffer);
}

}  // namespace sixgate::daemon
