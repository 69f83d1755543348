// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/message.h"

#include "net/text.h"

namespace sixgate::dhcp6 {

std::string to_string(MessageType type) {
  switch (type) {
    case MessageType::kSolicit:
      return "Solicit";
    case MessageType::kAdvertise:
      return "Advertise";
    case MessageType::kRequest:
      return "Request";
    case MessageType::kConfirm:
      return "Confirm";
    case MessageType::kRenew:
      return "Renew";
    case MessageType::kRebind:
      return "Rebind";
    case MessageType::kReply:
      return "Reply";
    case MessageType::kRelease:
      return "Release";
    case MessageType::kDecline:
      return "Decline";
    case MessageType::kReconfigure:
      return "Reconfigure";
    case MessageType::kInformationRequest:
      return "Information-request";
    case MessageType::kRelayForward:
      return "Relay-forward";
    case MessageType::kRelayReply:
      return "Relay-reply";
    case MessageType::kAddrRegInform:
      return "Address Registration Inform";
    case MessageType::kAddrRegReply:
      return "Address Registration Reply";
  }
  return cat("message type ", static_cast<unsigned>(type));
}

Parsed<Message> Message::parse(std::span<const std::uint8_t> bytes, std::size_t base) {
  ByteReader reader(bytes, base);
  Message message;
  message.type = static_cast<MessageType>(reader.u8());
  message.transaction_id = reader.u24();
  if (!reader.ok()) return reader.error("message header is cut short");
  if (is_relay(message.type)) return ByteReader(bytes, base).error("message of a relay agent");
  ParseBudget budget;
  auto options = parse_options(reader, budget);
  if (!options) return Unexpected<ParseError>(options.error());
  message.options = std::move(*options);
  return message;
}

bool Message::emit(ByteWriter& writer) const {
  const std::size_t start = writer.size();
  writer.u8(static_cast<std::uint8_t>(type));
  writer.u24(transaction_id & kTransactionIdMask);
  if (emit_options(writer, options) && writer.size() - start <= kMaxMessageSize) return true;
  writer.truncate(start);
  return false;
}

std::vector<std::uint8_t> Message::to_bytes() const {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(256);
  ByteWriter writer(bytes);
  (void)emit(writer);
  return bytes;
}

}  // namespace sixgate::dhcp6
