// SPDX-License-Identifier: Apache-2.0
// "Did you mean": the known word nearest to a misspelt one.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace sixgate::conf {

// Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

// `; did you mean "WORD"?`, or nothing when no known word is near.
std::string suggestion(std::string_view word, std::span<const std::string_view> known);

}  // namespace sixgate::conf
