// SPDX-License-Identifier: Apache-2.0
// What the engines are told and never ask: the time, which boot this is, and randomness.
#pragma once

#include <cstdint>
#include <string>

#include "net/rng.h"
#include "net/time.h"

namespace sixgate::daemon {

// CLOCK_BOOTTIME: monotonic and counting suspended time, since lifetimes run on while a machine sleeps.
Instant clock_now();

// The kernel's name of this boot; Instants of another boot mean nothing. Empty when it cannot be read.
std::string boot_id();

// 32 octets of the kernel's randomness; waits at early boot until there are some.
Rng::Seed entropy();

// The words of an errno value.
std::string error_text(int error);

}  // namespace sixgate::daemon
