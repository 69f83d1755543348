// SPDX-License-Identifier: Apache-2.0
// Prefix: an address range of 2^(128-length) addresses, always masked: bits beyond the length are zero.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/ip6_address.h"

namespace sixgate {

class Prefix {
 public:
  constexpr Prefix() = default;  // ::/0
  // Masks `address`; a length above 128 is taken as 128.
  constexpr Prefix(const Ip6Address& address, unsigned length)
      : address_(Ip6Address::from_halves(address.high() & high_mask(std::min(length, 128U)),
                                         address.low() & low_mask(std::min(length, 128U)))),
        length_(std::min(length, 128U)) {}
  // "2001:db8::/56". Bits beyond the length are masked; without "/LEN" it is not a prefix.
  static std::optional<Prefix> parse(std::string_view text);
  std::string to_string() const;

  const Ip6Address& address() const { return address_; }
  unsigned length() const { return length_; }

  // The other end of the range; address() is the first.
  constexpr Ip6Address last_address() const {
    return Ip6Address::from_halves(address_.high() | ~high_mask(length_),
                                   address_.low() | ~low_mask(length_));
  }

  constexpr bool contains(const Ip6Address& address) const {
    return (address.high() & high_mask(length_)) == address_.high() &&
           (address.low() & low_mask(length_)) == address_.low();
  }
  bool contains(const Prefix& other) const;  // also itself
  bool overlaps(const Prefix& other) const;

  // The `index`-th prefix of `length` inside this one, from 0; none when there are not that many or
  // when `length` is shorter than this one's. Index 2 of 2001:db8::/56 at 64 is 2001:db8:0:2::/64.
  std::optional<Prefix> subnet(unsigned length, std::uint64_t index) const;
  // How many prefixes of `length` fit; saturates at 2^64-1; 0 when `length` is shorter.
  std::uint64_t subnet_count(unsigned length) const;
  // Which subnet of its own length `inner` is; none when it lies outside.
  std::optional<std::uint64_t> subnet_index(const Prefix& inner) const;

  // The address in this prefix whose bits beyond the length are those of `suffix`.
  constexpr Ip6Address with_suffix(const Ip6Address& suffix) const {
    return Ip6Address::from_halves(address_.high() | (suffix.high() & ~high_mask(length_)),
                                   address_.low() | (suffix.low() & ~low_mask(length_)));
  }

  // Of an address in this prefix the bits beyond the length, of the lower half: the interface
  // identifier of an address on this link. with_suffix() is the way back.
  constexpr std::uint64_t interface_id(const Ip6Address& address) const {
    return address.low() & last_interface_id();
  }
  // The largest there is: all ones.
  constexpr std::uint64_t last_interface_id() const { return ~low_mask(length_); }

  // Orders by address, then by length: a prefix comes before its own subnets.
  friend constexpr auto operator<=>(const Prefix&, const Prefix&) = default;

  // Iteration over the subnets of one length: for (Prefix p : delegation.subnets(64)).
  class SubnetRange;
  SubnetRange subnets(unsigned length) const;

 private:
  // The first `length` bits of an address (0..128), half by half.
  static constexpr std::uint64_t mask(unsigned bits) {
    return bits == 0 ? 0 : ~std::uint64_t{0} << (64 - bits);
  }
  static constexpr std::uint64_t high_mask(unsigned length) { return mask(std::min(length, 64U)); }
  static constexpr std::uint64_t low_mask(unsigned length) {
    return mask(length > 64 ? length - 64 : 0);
  }

  Ip6Address address_;
  unsigned length_ = 0;
};

class Prefix::SubnetRange {
 public:
  class Iterator {
   public:
    Iterator(const Prefix& whole, unsigned length, std::uint64_t index)
        : whole_(whole), length_(length), index_(index) {}
    Prefix operator*() const { return *whole_.subnet(length_, index_); }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    Prefix whole_;
    unsigned length_;
    std::uint64_t index_;
  };
  SubnetRange(const Prefix& whole, unsigned length) : whole_(whole), length_(length) {}
  Iterator begin() const { return {whole_, length_, 0}; }
  Iterator end() const { return {whole_, length_, whole_.subnet_count(length_)}; }

 private:
  Prefix whole_;
  unsigned length_;
};

inline Prefix::SubnetRange Prefix::subnets(unsigned length) const { return {*this, length}; }

// Whether the address is in one of them.
bool any_contains(std::span<const Prefix> prefixes, const Ip6Address& address);

inline constexpr Prefix kUniqueLocal{Ip6Address::from_halves(0xfc00000000000000, 0), 7};
inline constexpr Prefix kLinkLocal{Ip6Address::from_halves(0xfe80000000000000, 0), 10};

}  // namespace sixgate
