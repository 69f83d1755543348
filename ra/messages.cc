// SPDX-License-Identifier: Apache-2.0
#include "ra/messages.h"

#include <algorithm>
#include <numeric>
#include <type_traits>

namespace sixgate::ra {

namespace {

constexpr std::uint8_t kManagedFlag = 0x80;    // M
constexpr std::uint8_t kOtherFlag = 0x40;      // O
constexpr std::uint8_t kHomeAgentFlag = 0x20;  // H
constexpr std::uint8_t kProxyFlag = 0x04;      // P
constexpr unsigned kPreferenceShift = 3;       // Prf, RFC 4191 section 2.2

constexpr std::uint8_t kRouterFlag = 0x80;     // R
constexpr std::uint8_t kSolicitedFlag = 0x40;  // S
constexpr std::uint8_t kOverrideFlag = 0x20;   // O

// The fixed part of each message: type, code and checksum included.
template <class Message>
constexpr std::size_t kFixedSize = std::is_same_v<Message, RouterSolicitation>    ? 8
                                   : std::is_same_v<Message, RouterAdvertisement> ? 16
                                                                                  : 24;

// Passes over type, code and checksum.
template <class Message>
Parsed<Done> open(ByteReader& reader) {
  if (reader.left() < kFixedSize<Message>) return reader.error("message cut short");
  if (reader.u8() != Message::kType) {
    return Unexpected<ParseError>(ParseError{0, "another type of message"});
  }
  reader.skip(3);
  return Done{};
}

template <class Message>
Parsed<Message> close(Message message, ByteReader& reader) {
  auto options = parse_options(reader);
  if (!options) return Unexpected<ParseError>(options.error());
  message.options = std::move(*options);
  return message;
}

void begin(ByteWriter& writer, std::uint8_t type) {
  writer.u8(type);
  writer.zeros(3);
}

template <class Message>
std::optional<Discard> outside(const ReceivedPacket& packet) {
  if (packet.payload.empty() || packet.payload[0] != Message::kType) return Discard::kType;
  if (packet.hop_limit != kRequiredHopLimit) return Discard::kHopLimit;
  if (packet.payload.size() < kFixedSize<Message>) return Discard::kTooShort;
  if (packet.payload[1] != 0) return Discard::kCode;
  return std::nullopt;
}

// What RFC 4861 sections 6.1.1, 6.1.2, 7.1.1 and 7.1.2 ask of every message, then the message.
template <class Message>
Expected<Message, Discard> accept(const ReceivedPacket& packet) {
  if (const auto reason = outside<Message>(packet)) return Unexpected<Discard>(*reason);
  auto message = Message::parse(packet.payload);
  if (!message) return Unexpected<Discard>(Discard::kOptionLength);
  return std::move(*message);
}

// RFC 4291 section 2.7.1: ff02::1:ff00:0/104
bool is_solicited_node(const Ip6Address& address) {
  return address.high() == 0xff02000000000000 && address.low() >> 24 == 0x1ff;
}

}  // namespace

Parsed<RouterSolicitation> RouterSolicitation::parse(std::span<const std::uint8_t> payload) {
  ByteReader reader(payload);
  if (auto opened = open<RouterSolicitation>(reader); !opened) {
    return Unexpected<ParseError>(opened.error());
  }
  reader.skip(4);
  return close(RouterSolicitation{}, reader);
}

void RouterSolicitation::emit(ByteWriter& writer) const {
  begin(writer, kType);
  writer.zeros(4);
  emit_options(options, writer);
}

//   |     Type      |     Code      |          Checksum             |
//   | Cur Hop Limit |M|O|H|Prf|P|R R|       Router Lifetime         |
//   |                         Reachable Time                        |
//   |                          Retrans Timer                        |
Parsed<RouterAdvertisement> RouterAdvertisement::parse(std::span<const std::uint8_t> payload) {
  ByteReader reader(payload);
  if (auto opened = open<RouterAdvertisement>(reader); !opened) {
    return Unexpected<ParseError>(opened.error());
  }
  RouterAdvertisement message;
  message.hop_limit = reader.u8();
  const std::uint8_t flags = reader.u8();
  message.managed = (flags & kManagedFlag) != 0;
  message.other = (flags & kOtherFlag) != 0;
  message.home_agent = (flags & kHomeAgentFlag) != 0;
  message.proxy = (flags & kProxyFlag) != 0;
  // RFC 4191 section 2.2: the reserved value is to be treated as if it were medium.
  message.preference = preference_from_bits(static_cast<std::uint8_t>(flags >> kPreferenceShift))
                           .value_or(RouterPreference::kMedium);
  message.router_lifetime = std::chrono::seconds(reader.u16());
  message.reachable = std::chrono::milliseconds(reader.u32());
  message.retrans = std::chrono::milliseconds(reader.u32());
  return close(std::move(message), reader);
}

void RouterAdvertisement::emit(ByteWriter& writer) const {
  begin(writer, kType);
  writer.u8(hop_limit);
  unsigned flags = static_cast<unsigned>(to_bits(preference)) << kPreferenceShift;
  if (managed) flags |= kManagedFlag;
  if (other) flags |= kOtherFlag;
  if (home_agent) flags |= kHomeAgentFlag;
  if (proxy) flags |= kProxyFlag;
  writer.u8(static_cast<std::uint8_t>(flags));
  writer.u16(
      static_cast<std::uint16_t>(std::clamp<std::int64_t>(router_lifetime.count(), 0, 0xffff)));
  writer.u32(
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(reachable.count(), 0, 0xffffffff)));
  writer.u32(static_cast<std::uint32_t>(std::clamp<std::int64_t>(retrans.count(), 0, 0xffffffff)));
  emit_options(options, writer);
}

Parsed<NeighborSolicitation> NeighborSolicitation::parse(std::span<const std::uint8_t> payload) {
  ByteReader reader(payload);
  if (auto opened = open<NeighborSolicitation>(reader); !opened) {
    return Unexpected<ParseError>(opened.error());
  }
  NeighborSolicitation message;
  reader.skip(4);
  message.target = reader.address();
  return close(std::move(message), reader);
}

void NeighborSolicitation::emit(ByteWriter& writer) const {
  begin(writer, kType);
  writer.zeros(4);
  writer.address(target);
  emit_options(options, writer);
}

Parsed<NeighborAdvertisement> NeighborAdvertisement::parse(std::span<const std::uint8_t> payload) {
  ByteReader reader(payload);
  if (auto opened = open<NeighborAdvertisement>(reader); !opened) {
    return Unexpected<ParseError>(opened.error());
  }
  NeighborAdvertisement message;
  const std::uint8_t flags = reader.u8();
  message.router = (flags & kRouterFlag) != 0;
  message.solicited = (flags & kSolicitedFlag) != 0;
  message.override_cache = (flags & kOverrideFlag) != 0;
  reader.skip(3);
  message.target = reader.address();
  return close(std::move(message), reader);
}

void NeighborAdvertisement::emit(ByteWriter& writer) const {
  begin(writer, kType);
  unsigned flags = 0;
  if (router) flags |= kRouterFlag;
  if (solicited) flags |= kSolicitedFlag;
  if (override_cache) flags |= kOverrideFlag;
  writer.u8(static_cast<std::uint8_t>(flags));
  writer.zeros(3);
  writer.address(target);
  emit_options(options, writer);
}

std::string_view to_string(Discard reason) {
  switch (reason) {
    case Discard::kType:
      return "type";
    case Discard::kHopLimit:
      return "hop-limit";
    case Discard::kCode:
      return "code";
    case Discard::kTooShort:
      return "too-short";
    case Discard::kOptionLength:
      return "option-length";
    case Discard::kSourceNotLinkLocal:
      return "source-not-link-local";
    case Discard::kUnspecifiedWithLinkLayer:
      return "unspecified-with-link-layer";
    case Discard::kTarget:
      return "target";
    case Discard::kDestination:
      return "destination";
  }
  return "";
}

std::uint64_t DiscardCounters::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

Expected<RouterSolicitation, Discard> accept_router_solicitation(const ReceivedPacket& packet) {
  auto message = accept<RouterSolicitation>(packet);
  if (message && packet.source.is_unspecified() && find<SourceLinkLayerAddress>(message->options)) {
    return Unexpected<Discard>(Discard::kUnspecifiedWithLinkLayer);
  }
  return message;
}

Expected<RouterAdvertisement, Discard> accept_router_advertisement(const ReceivedPacket& packet) {
  auto message = accept<RouterAdvertisement>(packet);
  if (message && !packet.source.is_link_local()) {
    return Unexpected<Discard>(Discard::kSourceNotLinkLocal);
  }
  return message;
}

Expected<NeighborSolicitation, Discard> accept_neighbor_solicitation(const ReceivedPacket& packet) {
  auto message = accept<NeighborSolicitation>(packet);
  if (!message) return message;
  if (message->target.is_multicast()) return Unexpected<Discard>(Discard::kTarget);
  if (packet.source.is_unspecified()) {
    if (!is_solicited_node(packet.destination)) return Unexpected<Discard>(Discard::kDestination);
    if (find<SourceLinkLayerAddress>(message->options)) {
      return Unexpected<Discard>(Discard::kUnspecifiedWithLinkLayer);
    }
  }
  return message;
}

Expected<NeighborAdvertisement, Discard> accept_neighbor_advertisement(
    const ReceivedPacket& packet) {
  auto message = accept<NeighborAdvertisement>(packet);
  if (!message) return message;
  if (message->target.is_multicast()) return Unexpected<Discard>(Discard::kTarget);
  if (packet.destination.is_multicast() && message->solicited) {
    return Unexpected<Discard>(Discard::kDestination);
  }
  return message;
}

}  // namespace sixgate::ra
