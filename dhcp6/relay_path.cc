// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/relay_path.h"

#include <utility>

namespace sixgate::dhcp6 {

WayBack way_back(std::string_view link, std::uint16_t port, const RelayedExchange& query) {
  // Who does not say from where it speaks is answered where relay agents listen.
  const bool says_port =
      !query.relays.empty() && contains<RelaySourcePort>(query.relays.front().options);
  WayBack way{.link = link, .port = says_port && port != 0 ? port : kServerPort, .relays = {}};
  for (const RelayMessage& relay : query.relays) {
    RelayMessage back{.type = MessageType::kRelayReply,
                      .hop_count = relay.hop_count,
                      .link_address = relay.link_address,
                      .peer_address = relay.peer_address,
                      .options = {}};
    if (const InterfaceId* id = find<InterfaceId>(relay.options)) back.options.push_back(*id);
    if (const RelaySourcePort* from = find<RelaySourcePort>(relay.options))
      back.options.push_back(*from);
    way.relays.push_back(std::move(back));
  }
  return way;
}

std::optional<RelayPath> RelayPath::of(const WayBack& way) {
  RelayPath path{.link = std::string(way.link), .port = way.port, .relays = {}};
  ByteWriter writer(path.relays);
  for (const RelayMessage& relay : way.relays) {
    const std::size_t length_at = writer.size();
    writer.u16(0);
    if (!relay.emit(writer) || writer.size() > kLongest) return std::nullopt;
    writer.patch_u16(length_at, static_cast<std::uint16_t>(writer.size() - length_at - 2));
  }
  return path;
}

Octets RelayPath::around(Octets message) const {
  std::vector<RelayMessage> chain;
  ByteReader reader(relays);
  while (!reader.at_end()) {
    auto relay = RelayMessage::parse(reader.bytes(reader.u16()));
    if (!relay || chain.size() > kHopCountLimit) return {};
    chain.push_back(std::move(*relay));
  }
  Octets whole;
  ByteWriter writer(whole);
  if (chain.empty() || !RelayedExchange::emit_around(chain, std::move(message), writer)) return {};
  return whole;
}

}  // namespace sixgate::dhcp6
