// SPDX-License-Identifier: Apache-2.0
// The options that relay agents add beside the message itself (option_exchange.h has that and the
// Interface-Id).
#pragma once

#include <cstdint>
#include <optional>

#include "dhcp6/option_base.h"
#include "net/mac_address.h"

namespace sixgate::dhcp6 {

// RFC 6939 section 4: who sent the message, on the link layer, as the first relay agent saw it.
struct ClientLinkLayerAddress {
  static constexpr std::uint16_t kCode = 79;  // OPTION_CLIENT_LINKLAYER_ADDR
  static constexpr std::uint16_t kEthernet = 1;
  std::uint16_t type = 0;  // of ARP hardware types
  Octets link_layer;       // at least one octet
  static Parsed<ClientLinkLayerAddress> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  static ClientLinkLayerAddress of(const MacAddress& mac);
  std::optional<MacAddress> mac() const;  // none when it is no Ethernet address
  bool operator==(const ClientLinkLayerAddress&) const = default;
};

// RFC 8357 section 4.2: the UDP port of the relay agent below, where the answer is to go to; 0 when it is the
// usual one.
struct RelaySourcePort {
  static constexpr std::uint16_t kCode = 135;  // OPTION_RELAY_PORT
  std::uint16_t downstream = 0;
  static Parsed<RelaySourcePort> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const { writer.u16(downstream); }
  bool operator==(const RelaySourcePort&) const = default;
};

}  // namespace sixgate::dhcp6
