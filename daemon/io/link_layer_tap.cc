// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/link_layer_tap.h"

#include <netinet/in.h>

#include <array>
#include <utility>

#include "daemon/io/link_layer_socket.h"
#include "daemon/io/packet_socket.h"
#include "net/byte_reader.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

constexpr std::size_t kSource = 8;
// Datagrams that UDP refuses are heard here too and never asked for.
constexpr std::size_t kMostHeard = 256;

// UDP to port 547. Without extension headers, as clients send; a packet with some has no known sender.
constexpr std::array<sock_filter, 6> kToServers{{
    {BPF_LD | BPF_B | BPF_ABS, 0, 0, kIp6NextHeaderAt},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, IPPROTO_UDP},
    {BPF_LD | BPF_H | BPF_ABS, 0, 0, kIp6HeaderSize + 2},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, kDhcp6ServerPort},
    {BPF_RET | BPF_K, 0, 0, kIp6HeaderSize},
    {BPF_RET | BPF_K, 0, 0, 0},
}};

}  // namespace

Expected<LinkLayerTap> LinkLayerTap::open(const LinkState& link) {
  auto fd = make_link_layer_socket(link, kToServers);
  if (!fd) {
    return fail(
        cat(fd.error().message, "; DHCPv6 servers are not told clients' link-layer addresses"));
  }
  return LinkLayerTap(std::move(*fd));
}

void LinkLayerTap::read_all() {
  std::array<std::uint8_t, kIp6HeaderSize> header{};
  while (const auto got = receive_frame(fd_.get(), header)) {
    if (got->size < kIp6HeaderSize || got->outgoing || !got->station) continue;
    ByteReader reader(header);
    reader.skip(kSource);
    if (heard_.size() >= kMostHeard) heard_.clear();
    heard_.insert_or_assign(reader.address(), *got->station);
  }
}

std::optional<MacAddress> LinkLayerTap::of(const Ip6Address& source) {
  read_all();
  const auto found = heard_.find(source);
  if (found == heard_.end()) return std::nullopt;
  const MacAddress mac = found->second;
  heard_.erase(found);
  return mac;
}

}  // namespace sixgate::daemon
