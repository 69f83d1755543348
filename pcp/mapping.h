// SPDX-License-Identifier: Apache-2.0
// A door in the firewall that a program asked for (RFC 6887).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/ip6_address.h"
#include "net/mac_address.h"
#include "net/prefix.h"
#include "net/time.h"
#include "pcp/message.h"

namespace sixgate::pcp {

struct Mapping {
  std::string interface;  // of the LAN
  Ip6Address host;
  std::uint8_t protocol = 6;  // as IANA numbers them
  std::uint16_t port = 0;     // 0: of a protocol without ports
  // Of PEER: with whom alone. The port only tells one mapping from another: the firewall does not look at it.
  Ip6Address peer;
  std::uint16_t peer_port = 0;
  std::vector<Prefix> sources;  // from where, of MAP with filters; none: from everywhere
  Nonce nonce{};
  Instant until;
  // Whose address it is, once the kernel found out by Neighbor Discovery. It is not kept over a restart.
  std::optional<MacAddress> station;

  bool is_peer() const { return peer_port != 0; }
  bool operator==(const Mapping&) const = default;
};

// What hosts of a LAN's own prefixes are on the Internet (RFC 6296): interface and inner prefix -> outer one.
using Externals = std::map<std::pair<std::string, Prefix>, Prefix>;

}  // namespace sixgate::pcp
