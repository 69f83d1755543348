// SPDX-License-Identifier: Apache-2.0
// ShortList: a list that is nearly always short. Up to kInside elements lie in the object and need no memory beside
// it, which is what a packet that is answered can afford; more of them lie in a std::vector.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <vector>

namespace sixgate {

template <class T, std::size_t kInside>
class ShortList {
 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  ShortList() = default;
  ShortList(std::initializer_list<T> elements) : ShortList(std::span(elements)) {}
  explicit ShortList(std::span<const T> elements) {
    for (const T& one : elements) push_back(one);
  }

  std::size_t size() const { return more_.empty() ? inside_size_ : more_.size(); }
  bool empty() const { return size() == 0; }
  T* data() { return more_.empty() ? inside_.data() : more_.data(); }
  const T* data() const { return more_.empty() ? inside_.data() : more_.data(); }
  T* begin() { return data(); }
  T* end() { return data() + size(); }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size(); }
  T& operator[](std::size_t at) { return data()[at]; }
  const T& operator[](std::size_t at) const { return data()[at]; }
  const T& front() const { return *data(); }

  void push_back(const T& one) {
    if (more_.empty() && inside_size_ < kInside) {
      inside_[inside_size_++] = one;
      return;
    }
    if (more_.empty()) more_.assign(inside_.begin(), inside_.end());
    more_.push_back(one);
  }
  void clear() {
    inside_size_ = 0;
    more_.clear();
  }

  friend bool operator==(const ShortList& a, std::span<const T> b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }
  friend bool operator==(const ShortList& a, const ShortList& b) { return a == std::span(b); }
  friend auto operator<=>(const ShortList& a, const ShortList& b) {
    return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  std::size_t inside_size_ = 0;
  std::array<T, kInside> inside_{};
  std::vector<T> more_;  // empty, or all of them
};

}  // namespace sixgate
