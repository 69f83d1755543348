// SPDX-License-Identifier: Apache-2.0
#include "delegation/space.h"

namespace sixgate::delegation {

namespace {
// The bits that count the addresses inside a block of `length`.
constexpr Place within(unsigned length) {
  constexpr std::uint64_t kAll = ~std::uint64_t{0};
  if (length >= 128) return {};
  return length >= 64 ? Place{0, kAll >> (length - 64)} : Place{kAll >> length, kAll};
}
}  // namespace

Run Run::of(const Prefix& prefix) { return block(Place::of(prefix.address()), prefix.length()); }

Run Run::block(const Place& place, unsigned length) {
  return {place & ~within(length), place | within(length)};
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

std::optional<Place> Space::upward(const Run& whole, unsigned length, const Place& from,
                                   std::size_t lan) const {
  Run candidate = Run::block(from, length);
  while (whole.contains(candidate)) {
    const Taken* taken = in_the_way(candidate, lan);
    if (taken == nullptr) return candidate.first;
    const Run behind = Run::block(taken->run.last, length);
    if (behind.last >= whole.last) break;
    candidate = Run::block(behind.last + kNextPlace, length);
  }
  return std::nullopt;
}

std::optional<Place> Space::downward(const Run& whole, unsigned length, const Place& from,
                                     std::size_t lan) const {
  Run candidate = Run::block(from, length);
  while (whole.contains(candidate)) {
    const Taken* taken = in_the_way(candidate, lan);
    if (taken == nullptr) return candidate.first;
    const Run before = Run::block(taken->run.first, length);
    if (before.first <= whole.first) break;
    candidate = Run::block(before.first - kNextPlace, length);
  }
  return std::nullopt;
}

std::optional<Place> Space::lowest(const Run& whole, unsigned length, std::size_t lan) const {
  return upward(whole, length, whole.first, lan);
}

std::optional<Place> Space::nearest(const Run& whole, unsigned length, const Place& to,
                                    std::size_t lan) const {
  const Place from = Run::block(to, length).first;
  const auto above = upward(whole, length, from, lan);
  const auto below = downward(whole, length, from, lan);
  if (!above || !below) return above ? above : below;
  return *above - from < from - *below ? above : below;
}

}  // namespace sixgate::delegation
