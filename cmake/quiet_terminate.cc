// SPDX-License-Identifier: Apache-2.0
// The `small` profile only: libstdc++'s own handler prints the name of an uncaught exception, and for that
// brings a demangler of 45 kB into a static program. Ours ends the process; the supervisor restarts it.
#include <cstdlib>

namespace __gnu_cxx {
void __verbose_terminate_handler();
void __verbose_terminate_handler() { std::abort(); }
}  // namespace __gnu_cxx
