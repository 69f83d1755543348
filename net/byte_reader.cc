// SPDX-License-Identifier: Apache-2.0
#include "net/byte_reader.h"

#include <algorithm>
#include <string_view>

#include "net/text.h"

namespace sixgate {

std::string ParseError::to_string() const { return cat(what, " at octet ", offset); }

bool ParseError::operator==(const ParseError& other) const {
  return offset == other.offset && std::string_view(what) == other.what;
}

Ip6Address ByteReader::address() {
  Ip6Address::Bytes out{};
  const auto in = bytes(out.size());
  std::copy(in.begin(), in.end(), out.begin());
  return Ip6Address(out);
}

ByteReader ByteReader::sub(std::size_t count) {
  const std::size_t at = offset();
  ByteReader inner(bytes(count), at);
  inner.ok_ = ok_;
  return inner;
}

}  // namespace sixgate
