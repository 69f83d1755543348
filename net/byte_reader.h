// SPDX-License-Identifier: Apache-2.0
// ByteReader: the only way untrusted bytes are looked at.
//
// Reads big-endian values from a span. A read beyond the end returns zero (or an empty span) and makes
// the reader fail for good; parsers therefore read a whole structure and ask ok() once. Offsets count
// from the start of the outermost message, also in nested readers, so that an error can name the octet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "net/big_endian.h"
#include "net/expected.h"
#include "net/ip6_address.h"

namespace sixgate {

// Why bytes from a peer could not be read, and where.
struct ParseError {
  std::size_t offset = 0;
  const char* what = "";  // a literal: no allocation for a bad packet
  std::string to_string() const;
  bool operator==(const ParseError& other) const;
};

template <class T>
using Parsed = Expected<T, ParseError>;

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes, std::size_t base = 0)
      : bytes_(bytes), base_(base) {}

  bool ok() const { return ok_; }
  bool at_end() const { return position_ == bytes_.size(); }
  std::size_t left() const { return bytes_.size() - position_; }
  std::size_t offset() const { return base_ + position_; }

  std::uint8_t u8() { return static_cast<std::uint8_t>(number<1>()); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number<2>()); }
  std::uint32_t u24() { return static_cast<std::uint32_t>(number<3>()); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number<4>()); }
  std::uint64_t u64() { return number<8>(); }
  Ip6Address address();
  std::span<const std::uint8_t> bytes(std::size_t count) {
    if (!ok_ || count > left()) {
      ok_ = false;
      return {};
    }
    const auto taken = bytes_.subspan(position_, count);
    position_ += count;
    return taken;
  }
  std::span<const std::uint8_t> rest() { return bytes(left()); }
  void skip(std::size_t count) { (void)bytes(count); }

  // A reader of the next `count` octets, which this one passes over.
  ByteReader sub(std::size_t count);

  // Marks the reader failed, for a value that is there but not allowed.
  void fail() { ok_ = false; }

  // An error at the present position.
  Unexpected<ParseError> error(const char* what) const {
    return Unexpected<ParseError>(ParseError{offset(), what});
  }

 private:
  template <std::size_t kWidth>
  std::uint64_t number() {
    if (!ok_ || kWidth > left()) {
      ok_ = false;
      return 0;
    }
    const std::uint64_t value = load_big_endian<kWidth>(bytes_.data() + position_);
    position_ += kWidth;
    return value;
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t base_ = 0;
  std::size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace sixgate
