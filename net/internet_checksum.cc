// SPDX-License-Identifier: Apache-2.0
#include "net/internet_checksum.h"

namespace sixgate {

std::uint16_t internet_checksum(const Ip6Address& source, const Ip6Address& destination,
                                std::uint8_t protocol, std::span<const std::uint8_t> segment) {
  std::uint32_t sum = static_cast<std::uint32_t>(segment.size()) + protocol;
  const auto add = [&sum](std::span<const std::uint8_t> octets) {
    for (std::size_t i = 0; i < octets.size(); ++i) {
      sum += i % 2 == 0 ? std::uint32_t{octets[i]} << 8 : octets[i];
    }
  };
  add(source.bytes());
  add(destination.bytes());
  add(segment);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace sixgate
