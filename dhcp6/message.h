// SPDX-License-Identifier: Apache-2.0
// Message: what clients and servers say to each other (RFC 9915 section 8).
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |    msg-type   |               transaction-id                  |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   .                            options                            .
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// Parsing is total; what a broken option does is said in options.h.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dhcp6/options.h"

namespace sixgate::dhcp6 {

// Sections 7.3 and 24; a type that is not listed is kept as the number it is.
enum class MessageType : std::uint8_t {
  kSolicit = 1,
  kAdvertise = 2,
  kRequest = 3,
  kConfirm = 4,
  kRenew = 5,
  kRebind = 6,
  kReply = 7,
  kRelease = 8,
  kDecline = 9,
  kReconfigure = 10,
  kInformationRequest = 11,
  kRelayForward = 12,
  kRelayReply = 13,
  kAddrRegInform = 36,  // RFC 9686
  kAddrRegReply = 37,
};

// "Solicit"; "message type 99" for one that is not listed.
std::string to_string(MessageType type);

constexpr bool is_relay(MessageType type) {
  return type == MessageType::kRelayForward || type == MessageType::kRelayReply;
}

inline constexpr std::uint16_t kClientPort = 546;  // section 7.2
inline constexpr std::uint16_t kServerPort = 547;
inline constexpr std::uint32_t kTransactionIdMask = 0xffffff;

// What a UDP datagram without jumbo payload can carry.
inline constexpr std::size_t kMaxMessageSize = 65535 - 8;

struct Message {
  MessageType type{};
  std::uint32_t transaction_id = 0;  // 24 bits
  Options options;

  // Any type but the relay agents' two, whose header differs (relay_message.h).
  static Parsed<Message> parse(std::span<const std::uint8_t> bytes, std::size_t base = 0);
  // False, and nothing written, when the message or an option of it is too large for its length
  // field: then there is nothing to send.
  bool emit(ByteWriter& writer) const;
  // The same as octets of its own; empty when it does not fit.
  std::vector<std::uint8_t> to_bytes() const;

  bool operator==(const Message&) const = default;
};

}  // namespace sixgate::dhcp6
