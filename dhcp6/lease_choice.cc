// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/lease_choice.h"

#include <algorithm>

#include "net/big_endian.h"
#include "net/byte_reader.h"
#include "net/sha256.h"

namespace sixgate::dhcp6 {
namespace {

struct Block {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

Block block_of(const Prefix& prefix) {
  const std::uint64_t first = prefix.address().high();
  if (prefix.length() >= 64) return {first, first};
  return {first, first + ((std::uint64_t{1} << (64 - prefix.length())) - 1)};
}

// The last /64 of whatever is in the way of this block.
std::optional<std::uint64_t> obstacle(const DelegableSpace& space, const Block& block,
                                      const LeaseTable& table, const std::vector<Prefix>& others) {
  std::optional<std::uint64_t> last = table.delegated_after(block.first, block.last);
  const auto meet = [&](const Prefix& prefix) {
    const Block taken = block_of(prefix);
    if (taken.first <= block.last && block.first <= taken.last)
      last = std::max(last.value_or(0), taken.last);
  };
  for (const Prefix& prefix : space.taken) meet(prefix);
  for (const Prefix& prefix : others) meet(prefix);
  return last;
}

}  // namespace

std::uint64_t choice_seed(const std::array<std::uint8_t, 32>& secret, const Duid& duid,
                          AssociationType type, std::uint32_t iaid) {
  std::array<std::uint8_t, 5> association{static_cast<std::uint8_t>(type)};
  store_big_endian<4>(association.data() + 1, iaid);
  Sha256 hash;
  hash.update(secret);
  hash.update(association);
  hash.update(duid.bytes());
  const Sha256::Digest digest = hash.finish();
  return ByteReader(digest).u64();
}

bool is_delegable(const DelegableSpace& space, const Prefix& prefix, const LeaseTable& table,
                  const std::vector<Prefix>& others) {
  return prefix.length() <= 64 && space.prefix.contains(prefix) &&
         !obstacle(space, block_of(prefix), table, others);
}

std::optional<Prefix> choose_prefix(const DelegableSpace& space, unsigned length,
                                    std::uint64_t seed, const LeaseTable& table,
                                    const std::vector<Prefix>& others) {
  if (length > 64 || length < space.prefix.length() || length == 0) return std::nullopt;
  const Block whole = block_of(space.prefix);
  const std::uint64_t size = std::uint64_t{1} << (64 - length);
  const std::uint64_t count = (whole.last - whole.first) / size + 1;
  const std::uint64_t upper = count / 2;
  const std::uint64_t start = whole.first + (upper + seed % (count - upper)) * size;
  // Upward from `from`, from obstacle to obstacle.
  const auto look = [&](std::uint64_t from, std::uint64_t end) -> std::optional<Prefix> {
    for (std::uint64_t at = from;;) {
      if (at > end || end - at < size - 1) return std::nullopt;
      const auto last = obstacle(space, {at, at + size - 1}, table, others);
      if (!last) return Prefix(Ip6Address::from_halves(at, 0), length);
      const std::uint64_t blocks = (*last - whole.first) / size + 1;  // from the beginning
      if (blocks >= count) return std::nullopt;
      at = whole.first + blocks * size;
    }
  };
  if (auto found = look(start, whole.last)) return found;
  if (auto found = look(whole.first + upper * size, whole.last)) return found;
  return look(whole.first, whole.last);
}

}  // namespace sixgate::dhcp6
