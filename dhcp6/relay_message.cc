// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/relay_message.h"

#include <utility>

namespace sixgate::dhcp6 {
namespace {

// The octets of the only RelayedMessage, which leaves the options; none when there is not exactly
// one.
std::optional<Octets> take_inner(Options& options) {
  std::optional<std::size_t> at;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (!std::holds_alternative<RelayedMessage>(options[i])) continue;
    if (at) return std::nullopt;
    at = i;
  }
  if (!at) return std::nullopt;
  Octets inner = std::move(std::get_if<RelayedMessage>(&options[*at])->message);
  options.erase(options.begin() + static_cast<std::ptrdiff_t>(*at));
  return inner;
}

}  // namespace

Parsed<RelayMessage> RelayMessage::parse(std::span<const std::uint8_t> bytes, std::size_t base) {
  ByteReader reader(bytes, base);
  RelayMessage message;
  message.type = static_cast<MessageType>(reader.u8());
  message.hop_count = reader.u8();
  message.link_address = reader.address();
  message.peer_address = reader.address();
  if (!reader.ok()) return reader.error("message header is cut short");
  if (!is_relay(message.type)) return ByteReader(bytes, base).error("no message of a relay agent");
  ParseBudget budget;
  auto options = parse_options(reader, budget);
  if (!options) return Unexpected<ParseError>(options.error());
  message.options = std::move(*options);
  return message;
}

bool RelayMessage::emit(ByteWriter& writer) const {
  const std::size_t start = writer.size();
  writer.u8(static_cast<std::uint8_t>(type));
  writer.u8(hop_count);
  writer.address(link_address);
  writer.address(peer_address);
  if (emit_options(writer, options) && writer.size() - start <= kMaxMessageSize) return true;
  writer.truncate(start);
  return false;
}

std::vector<std::uint8_t> RelayMessage::to_bytes() const {
  std::vector<std::uint8_t> bytes;
  ByteWriter writer(bytes);
  (void)emit(writer);
  return bytes;
}

Parsed<RelayedExchange> RelayedExchange::parse(std::span<const std::uint8_t> bytes) {
  RelayedExchange exchange;
  exchange.inner.assign(bytes.begin(), bytes.end());
  while (!exchange.inner.empty() && is_relay(static_cast<MessageType>(exchange.inner.front()))) {
    if (exchange.relays.size() > kHopCountLimit) {
      return Unexpected<ParseError>(ParseError{0, "too many relay agents"});
    }
    auto relay = RelayMessage::parse(exchange.inner);
    if (!relay) return Unexpected<ParseError>(relay.error());
    if (!exchange.relays.empty() && relay->type != exchange.relays.front().type) {
      return Unexpected<ParseError>(ParseError{0, "Relay-forward and Relay-reply in one message"});
    }
    auto inner = take_inner(relay->options);
    if (!inner) {
      return Unexpected<ParseError>(ParseError{0, "relay agent without one relayed message"});
    }
    exchange.inner = std::move(*inner);
    exchange.relays.push_back(std::move(*relay));
  }
  auto message = Message::parse(exchange.inner);
  if (!message) return Unexpected<ParseError>(message.error());
  exchange.message = std::move(*message);
  return exchange;
}

bool RelayedExchange::emit(ByteWriter& writer) const {
  return emit_around(relays, message.to_bytes(), writer);
}

bool RelayedExchange::emit_around(const std::vector<RelayMessage>& relays, Octets bytes,
                                  ByteWriter& writer) {
  for (auto relay = relays.rbegin(); relay != relays.rend() && !bytes.empty(); ++relay) {
    RelayMessage around = *relay;
    around.options.emplace_back(RelayedMessage{std::move(bytes)});
    bytes = around.to_bytes();
  }
  if (bytes.empty()) return false;
  writer.bytes(bytes);
  return true;
}

}  // namespace sixgate::dhcp6
