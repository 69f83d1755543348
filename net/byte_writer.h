// SPDX-License-Identifier: Apache-2.0
// ByteWriter: appends big-endian values to a buffer that its owner keeps and reuses, so that a hot path
// allocates nothing once the buffer has grown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "net/ip6_address.h"

namespace sixgate {

class ByteWriter {
 public:
  explicit ByteWriter(std::vector<std::uint8_t>& out) : out_(out), start_(out.size()) {}

  // Octets written by this writer so far.
  std::size_t size() const { return out_.size() - start_; }

  void u8(std::uint8_t v) { out_.push_back(v); }
  void u16(std::uint16_t v) { number(v, 2); }
  void u24(std::uint32_t v) { number(v, 3); }
  void u32(std::uint32_t v) { number(v, 4); }
  void u64(std::uint64_t v) { number(v, 8); }
  void address(const Ip6Address& a) { bytes(a.bytes()); }
  void bytes(std::span<const std::uint8_t> b) { out_.insert(out_.end(), b.begin(), b.end()); }
  void zeros(std::size_t count) { out_.insert(out_.end(), count, std::uint8_t{0}); }

  // Takes back everything after the first `size` octets: what turned out not to fit.
  void truncate(std::size_t size) {
    out_.erase(out_.begin() + static_cast<std::ptrdiff_t>(start_ + size), out_.end());
  }

  // Overwrites what was written at `at` (counted from this writer's start): lengths known only later.
  void patch_u8(std::size_t at, std::uint8_t v) { out_[start_ + at] = v; }
  void patch_u16(std::size_t at, std::uint16_t v) {
    patch_u8(at, static_cast<std::uint8_t>(v >> 8));
    patch_u8(at + 1, static_cast<std::uint8_t>(v));
  }

 private:
  void number(std::uint64_t v, unsigned width) {
    for (unsigned i = width; i-- > 0;) out_.push_back(static_cast<std::uint8_t>(v >> (8 * i)));
  }
  std::vector<std::uint8_t>& out_;
  std::size_t start_;
};

}  // namespace sixgate
