// SPDX-License-Identifier: Apache-2.0
#include "delegation/space.h"

namespace sixgate::delegation {

namespace {
// The bits that count the /64s inside a block of `length`.
constexpr std::uint64_t within(unsigned length) {
  return length >= 64 ? 0 : ~std::uint64_t{0} >> length;
}
}  // namespace

Run Run::of(const Prefix& prefix) { return block(prefix.address().high(), prefix.length()); }

Run Run::block(std::uint64_t number, unsigned length) {
  return {number & ~within(length), number | within(length)};
}

void Space::take(const Run& run, std::size_t owner, bool free_for_owner) {
  taken_.push_back({run, owner, free_for_owner});
}

const Space::Taken* Space::in_the_way(const Run& run, std::size_t lan) const {
  for (const Taken& taken : taken_) {
    if (!taken.run.overlaps(run)) continue;
    if (taken.free_for_owner && taken.owner == lan) continue;
    return &taken;
  }
  return nullptr;
}

std::optional<std::size_t> Space::blocker(const Run& run, std::size_t lan) const {
  const Taken* taken = in_the_way(run, lan);
  if (taken == nullptr) return std::nullopt;
  return taken->owner;
}

std::optional<std::uint64_t> Space::upward(const Run& whole, unsigned length, std::uint64_t from,
                                           std::size_t lan) const {
  Run candidate = Run::block(from, length);
  while (whole.contains(candidate)) {
    const Taken* taken = in_the_way(candidate, lan);
    if (taken == nullptr) return candidate.first;
    const Run behind = Run::block(taken->run.last, length);
    if (behind.last >= whole.last) break;
    candidate = Run::block(behind.last + 1, length);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> Space::downward(const Run& whole, unsigned length, std::uint64_t from,
                                             std::size_t lan) const {
  Run candidate = Run::block(from, length);
  while (whole.contains(candidate)) {
    const Taken* taken = in_the_way(candidate, lan);
    if (taken == nullptr) return candidate.first;
    const Run before = Run::block(taken->run.first, length);
    if (before.first <= whole.first) break;
    candidate = Run::block(before.first - 1, length);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> Space::lowest(const Run& whole, unsigned length,
                                           std::size_t lan) const {
  return upward(whole, length, whole.first, lan);
}

std::optional<std::uint64_t> Space::nearest(const Run& whole, unsigned length, std::uint64_t to,
                                            std::size_t lan) const {
  const std::uint64_t from = Run::block(to, length).first;
  const auto above = upward(whole, length, from, lan);
  const auto below = downward(whole, length, from, lan);
  if (!above || !below) return above ? above : below;
  return *above - from < from - *below ? above : below;
}

}  // namespace sixgate::delegation
