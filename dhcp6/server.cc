// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/server.h"

#include <algorithm>
#include <array>
#include <utility>

#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

// What a link-local address was made of, when it was made of a MAC address (RFC 4291 appendix A).
std::optional<MacAddress> mac_of(const Ip6Address& address) {
  const Ip6Address::Bytes& b = address.bytes();
  if (!address.is_link_local() || b[11] != 0xff || b[12] != 0xfe) return std::nullopt;
  return MacAddress({static_cast<std::uint8_t>(b[8] ^ 2), b[9], b[10], b[13], b[14], b[15]});
}

// The Client Link-Layer Address option of the relay agent on the client's link (RFC 6939 section 4).
std::optional<MacAddress> mac_of(const RelayedExchange& exchange) {
  if (exchange.relays.empty()) return std::nullopt;
  for (const auto& said : find_all<ClientLinkLayerAddress>(exchange.relays.back().options)) {
    if (const auto mac = said.mac()) return mac;
  }
  return std::nullopt;
}

// The way back (RFC 9915 section 19.3): the same relay agents with the same addresses, their Interface-Id, and from
// which port they speak (RFC 8357 section 5).
RelayedExchange reply_through(const RelayedExchange& query, Message message) {
  RelayedExchange reply{.relays = {}, .inner = {}, .message = std::move(message)};
  for (const RelayMessage& relay : query.relays) {
    RelayMessage back{.type = MessageType::kRelayReply,
                      .hop_count = relay.hop_count,
                      .link_address = relay.link_address,
                      .peer_address = relay.peer_address,
                      .options = {}};
    if (const InterfaceId* id = find<InterfaceId>(relay.options)) back.options.push_back(*id);
    if (const RelaySourcePort* port = find<RelaySourcePort>(relay.options))
      back.options.push_back(*port);
    reply.relays.push_back(std::move(back));
  }
  return reply;
}

}  // namespace

std::string_view to_string(ServerDrop reason) {
  switch (reason) {
    case ServerDrop::kMalformed:
      return "malformed";
    case ServerDrop::kUnknownType:
      return "unknown-type";
    case ServerDrop::kNotForServers:
      return "not-for-servers";
    case ServerDrop::kUnicast:
      return "unicast";
    case ServerDrop::kNotLinkLocal:
      return "not-link-local";
    case ServerDrop::kNoClientId:
      return "no-client-id";
    case ServerDrop::kUnexpectedServerId:
      return "unexpected-server-id";
    case ServerDrop::kNoServerId:
      return "no-server-id";
    case ServerDrop::kOtherServerId:
      return "other-server-id";
    case ServerDrop::kUnexpectedIa:
      return "unexpected-ia";
    case ServerDrop::kUnexpectedOro:
      return "unexpected-oro";
    case ServerDrop::kNotItsAddress:
      return "not-its-address";
    case ServerDrop::kUnknownLink:
      return "unknown-link";
    case ServerDrop::kIgnored:
      return "ignored";
    case ServerDrop::kNothingToSay:
      return "nothing-to-say";
    case ServerDrop::kNotReady:
      return "not-ready";
  }
  return "malformed";
}

std::string_view to_string(LeaseEvent::Kind kind) {
  switch (kind) {
    case LeaseEvent::Kind::kAdded:
      return "added";
    case LeaseEvent::Kind::kRenewed:
      return "renewed";
    case LeaseEvent::Kind::kReleased:
      return "released";
    case LeaseEvent::Kind::kExpired:
      return "expired";
    case LeaseEvent::Kind::kDeclined:
      return "declined";
  }
  return "added";
}

JournalReading Server::restore(std::span<const std::uint8_t> journal, std::string_view boot,
                               Instant now) {
  const JournalReading reading = table_.restore(journal, boot, now);
  out_.delegations_changed = table_.binding_count() > 0;
  return reading;
}

const ServerLink* Server::link_named(std::string_view name) const {
  const auto found = std::find_if(configuration_.links.begin(), configuration_.links.end(),
                                  [&](const ServerLink& link) { return link.name == name; });
  return found == configuration_.links.end() ? nullptr : &*found;
}

// RFC 9915 section 13.1: the link-address of the relay agent that is nearest to the client and says one. One
// that only works on layer 2 says none (RFC 6221): then it is the link it came from.
const ServerLink* Server::link_of_relay(const RelayedExchange& exchange,
                                        std::string_view received_on) const {
  for (auto relay = exchange.relays.rbegin(); relay != exchange.relays.rend(); ++relay) {
    if (relay->link_address.is_unspecified()) continue;
    for (const ServerLink& link : configuration_.links) {
      for (const ScopePrefix& prefix : link.prefixes) {
        if (prefix.prefix.contains(relay->link_address)) return &link;
      }
    }
    return nullptr;
  }
  return link_named(received_on);
}

const ServerCounters& Server::counters(std::string_view link) const {
  static constexpr ServerCounters kNothing;
  const auto found = counters_.find(link);
  return found == counters_.end() ? kNothing : found->second;
}

void Server::dropped(std::string_view link, ServerDrop reason) {
  const auto found = counters_.find(link);
  if (found != counters_.end()) ++found->second[reason];
}

// Section 16.
std::optional<ServerDrop> Server::validate(const Message& message) const {
  const bool has_client = find_single<ClientId>(message.options) != nullptr;
  const bool names_server = contains<ServerId>(message.options);
  const ServerId* server = find_single<ServerId>(message.options);
  const bool names_us = server != nullptr && server->duid == *configuration_.duid;
  switch (message.type) {
    case MessageType::kSolicit:
    case MessageType::kConfirm:
    case MessageType::kRebind:
      if (!has_client) return ServerDrop::kNoClientId;
      if (names_server) return ServerDrop::kUnexpectedServerId;
      return std::nullopt;
    case MessageType::kRequest:
    case MessageType::kRenew:
    case MessageType::kRelease:
    case MessageType::kDecline:
      if (!has_client) return ServerDrop::kNoClientId;
      if (!names_server) return ServerDrop::kNoServerId;
      if (!names_us) return ServerDrop::kOtherServerId;
      return std::nullopt;
    case MessageType::kInformationRequest:
      if (names_server && !names_us) return ServerDrop::kOtherServerId;
      if (contains<IaNa>(message.options) || contains<IaTa>(message.options) ||
          contains<IaPd>(message.options))
        return ServerDrop::kUnexpectedIa;
      return std::nullopt;
    case MessageType::kAdvertise:
    case MessageType::kReply:
    case MessageType::kReconfigure:
    case MessageType::kRelayForward:
    case MessageType::kRelayReply:
    case MessageType::kAddrRegReply:
      return ServerDrop::kNotForServers;
    case MessageType::kAddrRegInform:
      // RFC 9686 section 4.2.1
      if (!has_client) return ServerDrop::kNoClientId;
      if (names_server) return ServerDrop::kUnexpectedServerId;
      if (contains<OptionRequest>(message.options)) return ServerDrop::kUnexpectedOro;
      return std::nullopt;
  }
  return ServerDrop::kUnknownType;
}

void Server::receive(std::string_view link, std::span<const std::uint8_t> payload,
                     const Ip6Address& from, const Ip6Address& to, Instant now,
                     std::uint16_t port) {
  ++counters_[std::string(link)].received;
  if (!configuration_.duid) return dropped(link, ServerDrop::kNotReady);
  Query query;
  query.now = now;
  query.from = from;
  query.relayed =
      !payload.empty() && payload[0] == static_cast<std::uint8_t>(MessageType::kRelayForward);
  RelayedExchange exchange;
  if (query.relayed) {
    auto parsed = RelayedExchange::parse(payload);
    if (!parsed || parsed->relays.empty()) return dropped(link, ServerDrop::kMalformed);
    exchange = std::move(*parsed);
    query.link = link_of_relay(exchange, link);
    query.mac = mac_of(exchange);
  } else {
    // Relay-reply has another header, and is not for servers anyway.
    if (!payload.empty() && payload[0] == static_cast<std::uint8_t>(MessageType::kRelayReply))
      return dropped(link, ServerDrop::kNotForServers);
    auto parsed = Message::parse(payload);
    if (!parsed) return dropped(link, ServerDrop::kMalformed);
    exchange.message = std::move(*parsed);
    if (!to.is_multicast()) return dropped(link, ServerDrop::kUnicast);
    // RFC 9686 section 4.2: sent from the address that it is about.
    if (!from.is_link_local() && exchange.message.type != MessageType::kAddrRegInform)
      return dropped(link, ServerDrop::kNotLinkLocal);
    query.link = link_named(link);
    query.mac = mac_of(from);
  }
  if (query.link == nullptr) return dropped(link, ServerDrop::kUnknownLink);
  query.message = &exchange.message;
  query.source = query.relayed ? exchange.relays.back().peer_address : from;
  query.link_number = table_.link_number(query.link->name);
  std::optional<ServerDrop> drop = validate(exchange.message);
  if (drop) {
    const auto* named = find_single<ServerId>(exchange.message.options);
    if (*drop == ServerDrop::kOtherServerId && exchange.message.type == MessageType::kRequest &&
        named != nullptr && !query.relayed)
      out_.foreign_servers.emplace_back(link, named->duid);
    return dropped(link, *drop);
  }
  auto reply = answer(query, drop);
  if (!reply) return dropped(link, drop.value_or(ServerDrop::kNothingToSay));

  ServerPacket packet{
      .link = std::string(link), .destination = from, .port = kClientPort, .payload = {}};
  if (query.relayed) {
    // RFC 8357 section 5: who does not say so is answered where relay agents listen.
    const bool says_port = contains<RelaySourcePort>(exchange.relays.front().options);
    packet.port = says_port && port != 0 ? port : kServerPort;
    ByteWriter writer(packet.payload);
    if (!reply_through(exchange, std::move(*reply)).emit(writer)) return;
  } else {
    packet.payload = reply->to_bytes();
  }
  if (packet.payload.empty()) return;
  ++counters_[packet.link].sent;
  out_.packets.push_back(std::move(packet));
}

std::optional<Message> Server::answer(Query& query, std::optional<ServerDrop>& drop) {
  const Message& message = *query.message;
  if (const ClientId* client = find_single<ClientId>(message.options)) {
    query.duid = &client->duid;
    query.client = table_.find_client(client->duid);
    // RFC 9915 section 11: not to be relied on, and still what a person knows a device by.
    if (const auto inside = client->duid.link_layer(); inside && !query.mac) query.mac = inside;
    if (message.type == MessageType::kRenew || message.type == MessageType::kRebind)
      released_.heard(client->duid);
  }
  learn_name(query);
  const Reservation* reserved = reservation_for(query, std::nullopt);
  if (reserved != nullptr && reserved->ignore) {
    drop = ServerDrop::kIgnored;
    return std::nullopt;
  }
  switch (message.type) {
    case MessageType::kSolicit: {
      const bool commit = query.link->rapid_commit && contains<RapidCommit>(message.options);
      return answer_leases(query, commit ? Intent::kRapidCommit : Intent::kOffer);
    }
    case MessageType::kRequest:
      return answer_leases(query, Intent::kRequest);
    case MessageType::kRenew:
      return answer_leases(query, Intent::kRenew);
    case MessageType::kRebind:
      return answer_leases(query, Intent::kRebind);
    case MessageType::kConfirm:
      return answer_confirm(query);
    case MessageType::kInformationRequest:
      return answer_information(query);
    case MessageType::kRelease:
      return answer_giving_back(query, false);
    case MessageType::kDecline:
      return answer_giving_back(query, true);
    case MessageType::kAdvertise:
    case MessageType::kReply:
    case MessageType::kReconfigure:
    case MessageType::kRelayForward:
    case MessageType::kRelayReply:
    case MessageType::kAddrRegReply:
      break;
    case MessageType::kAddrRegInform:
      return answer_registration(query, drop);
  }
  return std::nullopt;
}

void Server::expire(Instant now) {
  for (BindingNumber ended = table_.next_ended(now); ended != kNoNumber;
       ended = table_.next_ended(now))
    end(ended, LeaseEvent::Kind::kExpired, now);
  end_registrations(now);
  for (const ClientNumber client : reconfigure_.due(now)) send_reconfigure(client);
  for (const ReleasedLease& one : released_.due(now))
    send_reconfigure(one.link, one.client, one.address);
}

std::optional<Instant> Server::next_deadline() const {
  return earlier(earlier(table_.next_end(), reconfigure_.next()), released_.next());
}

ServerOutputs Server::drain() {
  out_.journal = table_.take_journal();
  ServerOutputs out = std::exchange(out_, ServerOutputs{});
  // Where many ask at once, as many will next time.
  out_.packets.reserve(out.packets.size());
  out_.events.reserve(out.events.size());
  return out;
}

std::vector<DelegatedPrefix> Server::delegations() const {
  std::vector<DelegatedPrefix> delegations;
  table_.each([&](BindingNumber, const Binding& binding) {
    for (const Prefix& prefix : binding.delegated) {
      delegations.push_back({prefix, table_.link_name(binding.link),
                             table_.client(binding.client).address, binding.valid_until});
    }
  });
  return delegations;
}

}  // namespace sixgate::dhcp6
