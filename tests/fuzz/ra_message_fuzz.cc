// SPDX-License-Identifier: Apache-2.0
// Any octets are a Neighbor Discovery message or an error; what was read is the same after writing and
// reading it again, and never longer than it was.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "ra/messages.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

template <class Message>
void round_trip(std::span<const std::uint8_t> bytes) {
  const auto first = Message::parse(bytes);
  if (!first) {
    require(first.error().offset <= bytes.size());
    return;
  }
  const auto out = to_bytes(*first);
  require(out.size() <= bytes.size());
  const auto second = Message::parse(out);
  require(second.has_value());
  require(*second == *first);
  require(to_bytes(*second) == out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sixgate::ra;
  const std::span<const std::uint8_t> bytes(data, size);
  round_trip<RouterSolicitation>(bytes);
  round_trip<RouterAdvertisement>(bytes);
  round_trip<NeighborSolicitation>(bytes);
  round_trip<NeighborAdvertisement>(bytes);
  return 0;
}
