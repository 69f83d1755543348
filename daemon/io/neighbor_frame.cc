// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/neighbor_frame.h"

#include "net/byte_writer.h"
#include "net/internet_checksum.h"

namespace sixgate::daemon {
namespace {

constexpr std::uint8_t kIcmp6 = 58;
constexpr std::size_t kIp6Header = 40;
constexpr std::size_t kChecksumAt = 2;
constexpr std::size_t kShortest = 4;  // type, code, checksum

}  // namespace

//   |Version| Traffic Class |           Flow Label                  |
//   |         Payload Length        |  Next Header  |   Hop Limit   |
//   then source and destination (RFC 8200 section 3)
Parsed<NeighborFrame> parse_neighbor_frame(std::span<const std::uint8_t> octets) {
  ByteReader reader(octets);
  if (reader.left() < kIp6Header) return reader.error("header cut short");
  if (reader.u32() >> 28 != 6) return reader.error("not IPv6");
  const std::size_t size = reader.u16();
  if (reader.u8() != kIcmp6) return reader.error("not ICMPv6");
  NeighborFrame frame;
  frame.hop_limit = reader.u8();
  frame.source = reader.address();
  frame.destination = reader.address();
  if (size < kShortest || reader.left() < size) return reader.error("payload cut short");
  frame.payload = reader.bytes(size);
  if (internet_checksum(frame.source, frame.destination, kIcmp6, frame.payload) != 0)
    return reader.error("wrong checksum");
  return frame;
}

std::vector<std::uint8_t> neighbor_frame(const Ip6Address& source, const Ip6Address& destination,
                                         std::span<const std::uint8_t> payload) {
  std::vector<std::uint8_t> out;
  ByteWriter writer(out);
  writer.u32(6U << 28);
  writer.u16(static_cast<std::uint16_t>(payload.size()));
  writer.u8(kIcmp6);
  writer.u8(255);  // RFC 4861 section 7.1
  writer.address(source);
  writer.address(destination);
  writer.bytes(payload);
  if (payload.size() < kShortest) return out;
  writer.patch_u16(kIp6Header + kChecksumAt, 0);
  writer.patch_u16(kIp6Header + kChecksumAt, internet_checksum(source, destination, kIcmp6,
                                                               std::span(out).subspan(kIp6Header)));
  return out;
}

}  // namespace sixgate::daemon
