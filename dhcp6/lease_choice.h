// SPDX-License-Identifier: Apache-2.0
// Choosing what a client that has nothing gets. Both choices begin where a keyed hash of the client says, so
// that the same client gets the same again, also when we have forgotten it or the prefix is another, and
// nobody can guess what others have (RFC 9915 section 13.1, RFC 7721 section 4.7); and both find what is
// free when only one is.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "dhcp6/client_bindings.h"
#include "dhcp6/lease_table.h"
#include "dhcp6/server_scope.h"
#include "net/prefix.h"

namespace sixgate::dhcp6 {

// Of one IA of one client.
std::uint64_t choice_seed(const std::array<std::uint8_t, 32>& secret, const Duid& duid,
                          AssociationType type, std::uint32_t iaid);

// An interface identifier of the range that is free, or none when none is. `is_free` is asked at most 2^20
// times: larger ranges than that are never full.
template <class IsFree>
std::optional<std::uint64_t> choose_interface_id(const InterfaceIdRange& range, std::uint64_t seed,
                                                 IsFree is_free) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 20;
  const std::uint64_t beyond = range.last - range.first;  // one less than there are
  const auto place = [&](std::uint64_t number) {
    return range.first + (beyond == ~std::uint64_t{0} ? number : number % (beyond + 1));
  };
  // A few jumps find a place in a pool that is not nearly full, and keep neighbours apart.
  std::uint64_t number = seed;
  for (int jump = 0; jump < 8; ++jump) {
    if (is_free(place(number))) return place(number);
    number = number * 6364136223846793005U + 1442695040888963407U;
  }
  // Then every one, in a circle.
  std::uint64_t at = place(number);
  for (std::uint64_t i = 0; i < kMost && i <= beyond; ++i) {
    if (is_free(at)) return at;
    at = at == range.last ? range.first : at + 1;
  }
  return std::nullopt;
}

// Whether `prefix` lies in the space and nothing of it is taken, delegated, or among `others`.
bool is_delegable(const DelegableSpace& space, const Prefix& prefix, const LeaseTable& table,
                  const std::vector<Prefix>& others);

// A free prefix of `length` in the space. The upper half comes first: our own links take what they need from
// the lower end.
std::optional<Prefix> choose_prefix(const DelegableSpace& space, unsigned length,
                                    std::uint64_t seed, const LeaseTable& table,
                                    const std::vector<Prefix>& others);

}  // namespace sixgate::dhcp6
