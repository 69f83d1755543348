// SPDX-License-Identifier: Apache-2.0
#include "cli/pcap.h"

#include "dhcp6/message.h"
#include "net/internet_checksum.h"

namespace sixgate::cli {
namespace {

constexpr std::uint8_t kIcmp6 = 58;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint32_t kLinkTypeIpv6 = 229;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kUdpHeader = 8;
constexpr std::size_t kIcmp6ChecksumAt = 2;
constexpr std::size_t kUdpChecksumAt = 6;
// More than a probe ever hears; a stranger who floods does not fill the memory.
constexpr std::size_t kLargestCapture = 16 << 20;

std::uint16_t checksum(const Ip6Address& source, const Ip6Address& destination,
                       std::uint8_t protocol, std::span<const std::uint8_t> segment) {
  const std::uint16_t sum = internet_checksum(source, destination, protocol, segment);
  // Zero would mean that there is none.
  return sum == 0 && protocol == kUdp ? std::uint16_t{0xffff} : sum;
}

}  // namespace

Pcap::Pcap() {
  ByteWriter writer(octets_);
  writer.u32(0xa1b2c3d4);  // big-endian, microseconds
  writer.u16(2);           // version 2.4
  writer.u16(4);
  writer.u32(0);       // UTC
  writer.u32(0);       // accuracy
  writer.u32(262144);  // the longest packet
  writer.u32(kLinkTypeIpv6);
}

void Pcap::sent(const daemon::PacketOut& packet, const Ip6Address& link_local, std::int64_t wall) {
  add(packet.channel,
      {link_local, packet.destination, packet.channel == daemon::Channel::kIcmp6 ? 255U : 1U,
       dhcp6::kClientPort, dhcp6::kServerPort},
      packet.payload, wall);
}

void Pcap::received(const daemon::PacketIn& packet, std::int64_t wall) {
  add(packet.channel,
      {packet.source, packet.destination, packet.hop_limit, dhcp6::kServerPort, dhcp6::kClientPort},
      packet.payload, wall);
}

void Pcap::add(daemon::Channel channel, const Ends& ends, std::span<const std::uint8_t> payload,
               std::int64_t wall) {
  const bool icmp = channel != daemon::Channel::kDhcp6Client;
  const std::size_t header = icmp ? 0 : kUdpHeader;
  const std::size_t size = header + payload.size();
  if (size > 0xffff || octets_.size() + kIpv6Header + size > kLargestCapture) return;
  std::vector<std::uint8_t> segment;
  ByteWriter inner(segment);
  if (!icmp) {
    inner.u16(ends.source_port);
    inner.u16(ends.destination_port);
    inner.u16(static_cast<std::uint16_t>(size));
    inner.u16(0);
  }
  inner.bytes(payload);
  // The kernel has the checksum of what a raw socket hands over still to make, and what it received it has
  // verified: both are what they come out as here.
  const std::size_t at = icmp ? kIcmp6ChecksumAt : kUdpChecksumAt;
  if (segment.size() < at + 2) return;
  inner.patch_u16(at, 0);
  inner.patch_u16(at, checksum(ends.source, ends.destination, icmp ? kIcmp6 : kUdp, segment));

  ByteWriter writer(octets_);
  writer.u32(static_cast<std::uint32_t>(wall / 1'000'000));
  writer.u32(static_cast<std::uint32_t>(wall % 1'000'000));
  writer.u32(static_cast<std::uint32_t>(kIpv6Header + size));
  writer.u32(static_cast<std::uint32_t>(kIpv6Header + size));
  writer.u32(6U << 28);
  writer.u16(static_cast<std::uint16_t>(size));
  writer.u8(icmp ? kIcmp6 : kUdp);
  writer.u8(static_cast<std::uint8_t>(ends.hop_limit));
  writer.address(ends.source);
  writer.address(ends.destination);
  writer.bytes(segment);
}

}  // namespace sixgate::cli
