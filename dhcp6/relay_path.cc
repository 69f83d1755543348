// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/relay_path.h"

#include <utility>

namespace sixgate::dhcp6 {

RelayPath RelayPath::back(std::string_view link, std::uint16_t port, const RelayedExchange& query) {
  // Who does not say from where it speaks is answered where relay agents listen.
  const bool says_port =
      !query.relays.empty() && contains<RelaySourcePort>(query.relays.front().options);
  RelayPath path{
      .link = std::string(link), .port = says_port && port != 0 ? port : kServerPort, .relays = {}};
  for (const RelayMessage& relay : query.relays) {
    RelayMessage back{.type = MessageType::kRelayReply,
                      .hop_count = relay.hop_count,
                      .link_address = relay.link_address,
                      .peer_address = relay.peer_address,
                      .options = {}};
    if (const InterfaceId* id = find<InterfaceId>(relay.options)) back.options.push_back(*id);
    if (const RelaySourcePort* from = find<RelaySourcePort>(relay.options))
      back.options.push_back(*from);
    path.relays.push_back(std::move(back));
  }
  return path;
}

bool RelayPath::emit(ByteWriter& writer) const {
  const std::size_t start = writer.size();
  const std::string_view name = std::string_view(link).substr(0, 255);
  writer.u8(static_cast<std::uint8_t>(name.size()));
  for (const char c : name) writer.u8(static_cast<std::uint8_t>(c));
  writer.u16(port);
  writer.u8(static_cast<std::uint8_t>(relays.size()));
  for (const RelayMessage& relay : relays) {
    const std::size_t length_at = writer.size();
    writer.u16(0);
    if (!relay.emit(writer) || writer.size() - start > kLongest) {
      writer.truncate(start);
      return false;
    }
    writer.patch_u16(length_at, static_cast<std::uint16_t>(writer.size() - length_at - 2));
  }
  return true;
}

std::optional<RelayPath> RelayPath::read(ByteReader& reader) {
  RelayPath path;
  const auto name = reader.bytes(reader.u8());
  path.link.assign(name.begin(), name.end());
  path.port = reader.u16();
  const std::size_t count = reader.u8();
  if (count == 0 || count > kHopCountLimit + 1U) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i) {
    auto relay = RelayMessage::parse(reader.bytes(reader.u16()));
    if (!relay || relay->type != MessageType::kRelayReply) return std::nullopt;
    path.relays.push_back(std::move(*relay));
  }
  return path;
}

}  // namespace sixgate::dhcp6
