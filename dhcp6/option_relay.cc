// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/option_relay.h"

#include <algorithm>

#include "dhcp6/option_codec.h"

namespace sixgate::dhcp6 {

Parsed<ClientLinkLayerAddress> ClientLinkLayerAddress::parse(ByteReader& reader) {
  ClientLinkLayerAddress option;
  option.type = reader.u16();
  option.link_layer = codec::octets(reader.rest());
  if (option.link_layer.empty()) return reader.error("no link-layer address");
  return codec::finish(reader, std::move(option));
}
void ClientLinkLayerAddress::emit(ByteWriter& writer) const {
  writer.u16(type);
  writer.bytes(link_layer);
}
ClientLinkLayerAddress ClientLinkLayerAddress::of(const MacAddress& mac) {
  return {kEthernet, codec::octets(mac.bytes())};
}
std::optional<MacAddress> ClientLinkLayerAddress::mac() const {
  MacAddress::Bytes bytes{};
  if (type != kEthernet || link_layer.size() != bytes.size()) return std::nullopt;
  std::copy(link_layer.begin(), link_layer.end(), bytes.begin());
  return MacAddress(bytes);
}

Parsed<RelaySourcePort> RelaySourcePort::parse(ByteReader& reader) {
  return codec::finish(reader, RelaySourcePort{reader.u16()});
}

}  // namespace sixgate::dhcp6
