// SPDX-License-Identifier: Apache-2.0
// ByteWriter: appends big-endian values to a buffer that its owner keeps and reuses, so that a hot path
// allocates nothing once the buffer has grown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "net/big_endian.h"
#include "net/ip6_address.h"

namespace sixgate {

class ByteWriter {
 public:
  explicit ByteWriter(std::vector<std::uint8_t>& out) : out_(out), start_(out.size()) {}

  // Octets written by this writer so far.
  std::size_t size() const { return out_.size() - start_; }

  void u8(std::uint8_t v) { out_.push_back(v); }
  void u16(std::uint16_t v) { number<2>(v); }
  void u24(std::uint32_t v) { number<3>(v); }
  void u32(std::uint32_t v) { number<4>(v); }
  void u64(std::uint64_t v) { number<8>(v); }
  void address(const Ip6Address& a) {
    std::memcpy(grow(a.bytes().size()), a.bytes().data(), a.bytes().size());
  }
  void bytes(std::span<const std::uint8_t> b) {
    if (!b.empty()) std::memcpy(grow(b.size()), b.data(), b.size());
  }
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
  void patch_u32(std::size_t at, std::uint32_t v) {
    store_big_endian<4>(out_.data() + start_ + at, v);
  }

 private:
  // Room for so many octets at the end.
  std::uint8_t* grow(std::size_t count) {
    const std::size_t at = out_.size();
    out_.resize(at + count);
    return out_.data() + at;
  }
  template <std::size_t kWidth>
  void number(std::uint64_t v) {
    store_big_endian<kWidth>(grow(kWidth), v);
  }
  std::vector<std::uint8_t>& out_;
  std::size_t start_;
};

}  // namespace sixgate
