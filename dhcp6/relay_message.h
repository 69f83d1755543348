// SPDX-License-Identifier: Apache-2.0
// RelayMessage: what relay agents and servers say to each other (RFC 9915 section 9), and a whole
// chain of them around a client's or server's message.
#pragma once

#include <span>
#include <vector>

#include "dhcp6/message.h"
#include "net/ip6_address.h"

namespace sixgate::dhcp6 {

// HOP_COUNT_LIMIT of section 7.6.
inline constexpr std::uint8_t kHopCountLimit = 8;

struct RelayMessage {
  MessageType type = MessageType::kRelayForward;
  std::uint8_t hop_count = 0;
  Ip6Address link_address;
  Ip6Address peer_address;
  Options options;  // the inner message is in RelayedMessage

  static Parsed<RelayMessage> parse(std::span<const std::uint8_t> bytes, std::size_t base = 0);
  // As Message::emit.
  bool emit(ByteWriter& writer) const;
  std::vector<std::uint8_t> to_bytes() const;

  bool operator==(const RelayMessage&) const = default;
};

// A client's or server's message with the relay agents around it, outermost first; `relays` is
// empty for one that came directly. RelayedMessage is taken out of the options of each and stands
// in `inner` once: a chain does not hold the innermost octets eight times.
struct RelayedExchange {
  std::vector<RelayMessage> relays;
  Octets inner;     // as the innermost relay sent it, for authentication and for logging
  Message message;  // `inner`, parsed

  // An error when there are more than HOP_COUNT_LIMIT + 1 relays, when one carries no message or
  // two, or when Relay-forward and Relay-reply are mixed.
  static Parsed<RelayedExchange> parse(std::span<const std::uint8_t> bytes);
  // Wraps `message` (not `inner`) in `relays`. As Message::emit.
  bool emit(ByteWriter& writer) const;
  // The same of a message as octets; none, or empty ones, do not fit.
  static bool emit_around(const std::vector<RelayMessage>& relays, Octets message,
                          ByteWriter& writer);

  bool operator==(const RelayedExchange&) const = default;
};

}  // namespace sixgate::dhcp6
