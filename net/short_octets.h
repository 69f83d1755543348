// SPDX-License-Identifier: Apache-2.0
// ShortOctets: 0 to 255 octets that stay as they are. Up to kInside of them lie in the object, which is as large as a
// std::vector and needs no memory beside it: thousands of identifiers are kept, and some are made for every packet.
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace sixgate {

class ShortOctets {
 public:
  static constexpr std::size_t kInside = 23;
  static constexpr std::size_t kMost = 255;

  ShortOctets() = default;
  // What is beyond kMost is left out.
  explicit ShortOctets(std::span<const std::uint8_t> octets)
      : size_(static_cast<std::uint8_t>(std::min(octets.size(), kMost))) {
    if (size_ == 0) return;
    std::uint8_t* to = inside_;
    if (size_ > kInside) {
      to = new std::uint8_t[size_];
      std::memcpy(inside_ + kPointerAt, static_cast<const void*>(&to), sizeof to);
    }
    std::memcpy(to, octets.data(), size_);
  }
  ShortOctets(const ShortOctets& other) : ShortOctets(other.span()) {}
  ShortOctets(ShortOctets&& other) noexcept { take(other); }
  ShortOctets& operator=(const ShortOctets& other) {
    if (this != &other) *this = ShortOctets(other);
    return *this;
  }
  ShortOctets& operator=(ShortOctets&& other) noexcept {
    if (this == &other) return *this;
    release();
    take(other);
    return *this;
  }
  ~ShortOctets() { release(); }

  std::span<const std::uint8_t> span() const { return {data(), size_}; }

  friend bool operator==(const ShortOctets& a, const ShortOctets& b) {
    return a.size_ == b.size_ && std::memcmp(a.data(), b.data(), a.size_) == 0;
  }
  // Octet by octet; what is the beginning of another comes before it.
  friend std::strong_ordering operator<=>(const ShortOctets& a, const ShortOctets& b) {
    const int order = std::memcmp(a.data(), b.data(), std::min(a.size_, b.size_));
    return order != 0 ? order <=> 0 : a.size_ <=> b.size_;
  }

 private:
  // So that it is aligned in the object.
  static constexpr std::size_t kPointerAt = sizeof(std::uint8_t*) - 1;

  std::uint8_t* outside() const {
    std::uint8_t* at = nullptr;
    std::memcpy(static_cast<void*>(&at), inside_ + kPointerAt, sizeof at);
    return at;
  }
  const std::uint8_t* data() const { return size_ > kInside ? outside() : inside_; }
  void take(ShortOctets& other) {
    size_ = other.size_;
    std::memcpy(inside_, other.inside_, sizeof inside_);
    other.size_ = 0;
  }
  void release() {
    if (size_ > kInside) delete[] outside();
  }

  alignas(std::uint8_t*) std::uint8_t size_ = 0;
  std::uint8_t inside_[kInside] = {};
};

}  // namespace sixgate
