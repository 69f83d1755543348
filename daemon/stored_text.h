// SPDX-License-Identifier: Apache-2.0
// What the writer and the reader of the stored state have in common. Its text is a line for each thing, words separated
// by spaces, first a header, last a checksum of everything above it: a person can read it, and a torn or rotten file is
// known for what it is.
#pragma once

#include <string>
#include <string_view>

namespace sixgate::daemon {

inline constexpr std::string_view kStoredHeader = "sixgate-state 1\n";
inline constexpr std::string_view kStoredChecksum = "checksum ";

// The last line, of all that is above it.
std::string stored_checksum_line(std::string_view above);

}  // namespace sixgate::daemon
