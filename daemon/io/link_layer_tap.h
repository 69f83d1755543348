// SPDX-License-Identifier: Apache-2.0
// LinkLayerTap: which link-layer address a datagram to port 547 came from, which a UDP socket does not tell and a
// relay agent has to (RFC 6939). The kernel hands a packet to a packet socket before it hands it to UDP: when the
// datagram is read, its sender is known here.
#pragma once

#include <map>
#include <optional>

#include "daemon/io/owned_fd.h"
#include "daemon/kernel_state.h"
#include "net/expected.h"
#include "net/mac_address.h"

namespace sixgate::daemon {

class LinkLayerTap {
 public:
  static Expected<LinkLayerTap> open(const LinkState& link);

  // Of whoever sent the last datagram with this source.
  std::optional<MacAddress> of(const Ip6Address& source);

 private:
  explicit LinkLayerTap(OwnedFd fd) : fd_(std::move(fd)) {}
  void read_all();

  OwnedFd fd_;
  std::map<Ip6Address, MacAddress> heard_;  // and not asked for yet
};

}  // namespace sixgate::daemon
