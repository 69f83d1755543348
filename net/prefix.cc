// SPDX-License-Identifier: Apache-2.0
#include "net/prefix.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace sixgate {
namespace {

struct Wide {  // 128 bits as two host integers
  std::uint64_t high = 0, low = 0;
};

// `value` shifted left by `bits` (0..127) in 128 bits.
Wide shifted(std::uint64_t value, unsigned bits) {
  if (bits >= 64) return {value << (bits - 64), 0};
  return {bits == 0 ? 0 : value >> (64 - bits), value << bits};
}

}  // namespace

std::optional<Prefix> Prefix::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = Ip6Address::parse(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (!address || digits.empty() || ec != std::errc() || end != digits.data() + digits.size() ||
      length > 128)
    return std::nullopt;
  return Prefix(*address, length);
}

std::string Prefix::to_string() const {
  return address_.to_string() + '/' + std::to_string(length_);
}

bool Prefix::contains(const Prefix& other) const {
  return other.length_ >= length_ && contains(other.address_);
}

bool Prefix::overlaps(const Prefix& other) const {
  return contains(other) || other.contains(*this);
}

std::optional<Prefix> Prefix::subnet(unsigned length, std::uint64_t index) const {
  if (length < length_ || length > 128) return std::nullopt;
  const unsigned bits = length - length_;
  if (bits < 64 && index >= std::uint64_t{1} << bits) return std::nullopt;
  if (length == 0) return *this;  // the one subnet of ::/0 at length 0
  const Wide offset = index == 0 ? Wide{} : shifted(index, 128 - length);
  return Prefix(Ip6Address::from_halves(address_.high() | offset.high, address_.low() | offset.low),
                length);
}

std::uint64_t Prefix::subnet_count(unsigned length) const {
  if (length < length_ || length > 128) return 0;
  const unsigned bits = length - length_;
  return bits >= 64 ? std::numeric_limits<std::uint64_t>::max() : std::uint64_t{1} << bits;
}

std::optional<std::uint64_t> Prefix::subnet_index(const Prefix& inner) const {
  if (!contains(inner)) return std::nullopt;
  const unsigned bits = inner.length_ - length_;
  if (bits == 0) return 0;
  const unsigned down = 128 - inner.length_;
  const std::uint64_t high = inner.address_.high(), low = inner.address_.low();
  std::uint64_t index = 0;
  if (down >= 64) {
    index = high >> (down - 64);
  } else {
    index = (down == 0 ? low : low >> down) | (down == 0 ? 0 : high << (64 - down));
  }
  return bits >= 64 ? index : index & ((std::uint64_t{1} << bits) - 1);
}

bool any_contains(std::span<const Prefix> prefixes, const Ip6Address& address) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const Prefix& prefix) { return prefix.contains(address); });
}

}  // namespace sixgate
