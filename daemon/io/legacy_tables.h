// SPDX-License-Identifier: Apache-2.0
// The tables of legacy ip6tables, of whose changes the kernel tells nobody.
#pragma once

#include <cstdint>
#include <vector>

namespace sixgate::daemon {

// Of filter, mangle and raw the number of rules and their octets, without a process. Only for tables that are there: to
// ask for one makes it.
std::vector<std::uint32_t> legacy_table_sizes();

}  // namespace sixgate::daemon
