// SPDX-License-Identifier: Apache-2.0
// The tables of legacy ip6tables, of whose changes the kernel tells nobody.
#pragma once

#include <cstdint>
#include <vector>

namespace sixgate::daemon {

// What tells the rules of filter, mangle and raw, and of nat where something is translated, from others, without a process: of each table its size, and a hash of
// its rules without what they have counted. Only for tables that are there: to ask for one makes it.
std::vector<std::uint64_t> legacy_table_prints(bool translating);

// Whether there is a table filter, which is to be known before it is asked for. Who may not see the kernel's list of tables
// goes by whether the module was ever wanted.
bool may_have_legacy_tables();

}  // namespace sixgate::daemon
