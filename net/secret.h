// SPDX-License-Identifier: Apache-2.0
// Secret: octets that no text, log or status of ours ever holds. It has no to_string(), and its memory is wiped
// when it goes.
#pragma once

#include <string.h>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace sixgate {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::span<const std::uint8_t> octets) : octets_(octets.begin(), octets.end()) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : octets_(std::exchange(other.octets_, {})) {}
  Secret& operator=(Secret other) noexcept {
    std::swap(octets_, other.octets_);
    return *this;
  }
  ~Secret() {
    if (!octets_.empty()) ::explicit_bzero(octets_.data(), octets_.size());
  }

  std::span<const std::uint8_t> octets() const { return octets_; }
  bool empty() const { return octets_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  std::vector<std::uint8_t> octets_;
};

}  // namespace sixgate
