// SPDX-License-Identifier: Apache-2.0
#include "conf/suggest.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "net/text.h"

namespace sixgate::conf {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Row i holds the distances of a's first i characters to each beginning of b; two rows back for swaps.
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::vector<std::size_t> next(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    next[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      next[j] = std::min({row[j] + 1, next[j - 1] + 1,
                          row[j - 1] + static_cast<std::size_t>(a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        next[j] = std::min(next[j], before[j - 2] + 1);
      }
    }
    before = row;
    row = next;
  }
  return row[b.size()];
}

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
  if (word.empty() || word.size() > 64) return {};
  const std::string small = lower_case(word);
  std::string_view best;
  // Two letters of four are another word.
  const std::size_t most = word.size() < 5 ? 1 : std::max<std::size_t>(2, word.size() / 3);
  std::pair<std::size_t, std::size_t> nearest{most + 1, 0};
  for (const std::string_view candidate : known) {
    const std::size_t distance = edit_distance(small, lower_case(candidate));
    // `mtu` for `ra_mtu`, `proto` for `protocol`: a part of the word counts as near.
    const bool part = word.size() >= 3 && candidate.find(small) != std::string_view::npos;
    const std::pair key{part ? std::min<std::size_t>(distance, 1) : distance, distance};
    if (key < nearest) {
      nearest = key;
      best = candidate;
    }
  }
  return best.empty() ? std::string() : cat("; did you mean \"", best, "\"?");
}

}  // namespace sixgate::conf
