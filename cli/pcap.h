// SPDX-License-Identifier: Apache-2.0
// Pcap: packets as they were sent and heard, in the file format that tshark reads (libpcap's, of bare IPv6
// packets). Sockets hand over payloads; the headers are made again around them.
#pragma once

#include <cstdint>
#include <vector>

#include "daemon/router.h"
#include "net/byte_writer.h"

namespace sixgate::cli {

class Pcap {
 public:
  Pcap();
  // `wall` counts microseconds since 1970. `link_local` is the interface's own address.
  void sent(const daemon::PacketOut& packet, const Ip6Address& link_local, std::int64_t wall);
  void received(const daemon::PacketIn& packet, std::int64_t wall);

  const std::vector<std::uint8_t>& octets() const { return octets_; }  // the whole file

 private:
  struct Ends {
    Ip6Address source;
    Ip6Address destination;
    unsigned hop_limit = 0;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
  };
  void add(daemon::Channel channel, const Ends& ends, std::span<const std::uint8_t> payload,
           std::int64_t wall);

  std::vector<std::uint8_t> octets_;
};

}  // namespace sixgate::cli
