// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/client_verify.h"

#include "net/byte_reader.h"
#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

enum class Audience : std::uint8_t { kClients, kOthers, kNobody };

Audience audience_of(std::uint8_t type) {
  switch (static_cast<MessageType>(type)) {
    case MessageType::kAdvertise:
    case MessageType::kReply:
    case MessageType::kReconfigure:
      return Audience::kClients;
    case MessageType::kSolicit:
    case MessageType::kRequest:
    case MessageType::kConfirm:
    case MessageType::kRenew:
    case MessageType::kRebind:
    case MessageType::kRelease:
    case MessageType::kDecline:
    case MessageType::kInformationRequest:
    case MessageType::kRelayForward:
    case MessageType::kRelayReply:
    case MessageType::kAddrRegInform:
    case MessageType::kAddrRegReply:
      return Audience::kOthers;
  }
  return Audience::kNobody;
}

}  // namespace

std::variant<Message, Refusal> verify_received(std::span<const std::uint8_t> payload,
                                               Arrival arrival, const Duid& client) {
  if (arrival == Arrival::kMulticast) return Refusal{ClientDrop::kMulticast, {}};
  if (payload.empty()) return Refusal{ClientDrop::kMalformed, {}};
  switch (audience_of(payload.front())) {
    case Audience::kClients:
      break;
    case Audience::kOthers:
      return Refusal{ClientDrop::kNotForClients, {}};
    case Audience::kNobody:
      return Refusal{ClientDrop::kUnknownType, {}};
  }
  Parsed<Message> parsed = Message::parse(payload);
  if (!parsed) return Refusal{ClientDrop::kMalformed, cat(parsed.error())};
  // Sections 16.3, 16.10, 16.11: the same for all three. Two of an identifier are none.
  if (!find_single<ServerId>(parsed->options)) return Refusal{ClientDrop::kNoServerId, {}};
  const ClientId* to = find_single<ClientId>(parsed->options);
  if (!to) return Refusal{ClientDrop::kNoClientId, {}};
  if (to->duid != client) return Refusal{ClientDrop::kOtherClientId, {}};
  return *std::move(parsed);
}

bool is_configuration(const Option& option) {
  switch (option_code(option)) {
    case ClientId::kCode:
    case ServerId::kCode:
    case IaNa::kCode:
    case IaTa::kCode:
    case IaAddress::kCode:
    case OptionRequest::kCode:
    case Preference::kCode:
    case ElapsedTime::kCode:
    case RelayedMessage::kCode:
    case Authentication::kCode:
    case ServerUnicast::kCode:
    case StatusCode::kCode:
    case RapidCommit::kCode:
    case UserClass::kCode:
    case VendorClass::kCode:
    case InterfaceId::kCode:
    case ReconfigureMessage::kCode:
    case ReconfigureAccept::kCode:
    case DnsServers::kCode:
    case DomainSearchList::kCode:
    case IaPd::kCode:
    case IaPrefix::kCode:
    case InformationRefreshTime::kCode:
    case PdExclude::kCode:
    case kAddressRegistration:
    case SolMaxRt::kCode:
    case InfMaxRt::kCode:
      return false;
  }
  return !std::holds_alternative<MalformedOption>(option);
}

}  // namespace sixgate::dhcp6
