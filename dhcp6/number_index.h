// SPDX-License-Identifier: Apache-2.0
// NumberIndex: finds a thing by its hash, where things are known by their numbers in a table. Open addressing
// with linear probing; eight octets a slot, so that an index costs a lease less than a pointer of a tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sixgate::dhcp6 {

class NumberIndex {
 public:
  static constexpr std::uint32_t kNone = 0xffffffffU;

  // The number with this hash of which `is_it` is true, or kNone.
  template <class IsIt>
  std::uint32_t find(std::uint64_t hash, IsIt is_it) const {
    if (slots_.empty()) return kNone;
    const std::uint32_t mark = mark_of(hash);
    for (std::size_t i = place(mark); slots_[i].number != kNone; i = next(i)) {
      if (slots_[i].mark == mark && is_it(slots_[i].number)) return slots_[i].number;
    }
    return kNone;
  }

  void insert(std::uint64_t hash, std::uint32_t number) {
    if ((size_ + 1) * 4 > slots_.size() * 3) grow();
    put(Slot{number, mark_of(hash)});
    ++size_;
  }

  void erase(std::uint64_t hash, std::uint32_t number) {
    if (slots_.empty()) return;
    std::size_t hole = place(mark_of(hash));
    while (slots_[hole].number != number) {
      if (slots_[hole].number == kNone) return;
      hole = next(hole);
    }
    // Whatever could not have its own place because of this one moves up.
    for (std::size_t i = next(hole); slots_[i].number != kNone; i = next(i)) {
      const std::size_t wanted = place(slots_[i].mark);
      const bool stays = hole < i ? wanted > hole && wanted <= i : wanted > hole || wanted <= i;
      if (stays) continue;
      slots_[hole] = slots_[i];
      hole = i;
    }
    slots_[hole] = Slot{};
    --size_;
  }

  std::size_t size() const { return size_; }

 private:
  struct Slot {
    std::uint32_t number = kNone;
    std::uint32_t mark = 0;
  };
  static std::uint32_t mark_of(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> 32);
  }
  std::size_t place(std::uint32_t mark) const { return mark & (slots_.size() - 1); }
  std::size_t next(std::size_t at) const { return (at + 1) & (slots_.size() - 1); }
  void put(Slot slot) {
    std::size_t at = place(slot.mark);
    while (slots_[at].number != kNone) at = next(at);
    slots_[at] = slot;
  }
  void grow() {
    std::vector<Slot> old(slots_.empty() ? 16 : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.number != kNone) put(slot);
    }
  }

  std::vector<Slot> slots_;  // a power of two of them, never full
  std::size_t size_ = 0;
};

}  // namespace sixgate::dhcp6
