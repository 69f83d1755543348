// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/server.h"

#include <algorithm>
#include <array>
#include <utility>

#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

// Payloads that are kept to be written again: as many as are answered together (daemon/io has batches of 32), unless
// one was of unusual size.
constexpr std::size_t kMostSpare = 64;
constexpr std::size_t kUsualPayload = 256;
constexpr std::size_t kLargestSpare = 1024;

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
                               Instant now, std::uint32_t first) {
  const JournalReading reading = table_.restore(journal, boot, now, first);
  // Fewer than one a second are sent: also where the medium takes no journal a later run of this boot goes on higher.
  replay_ = static_cast<std::uint32_t>(now.micros() / 1'000'000);
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
std::optional<ServerDrop> Server::validate(const Query& query) const {
  const OptionsView& options = query.message.options;
  const bool has_client = query.duid != nullptr;
  const bool names_server = options.contains<ServerId>();
  const auto names_us = [&] {
    const auto server = options.find_single<ServerId>();
    return server && server->duid == *configuration_.duid;
  };
  switch (query.message.type) {
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
      if (!names_us()) return ServerDrop::kOtherServerId;
      return std::nullopt;
    case MessageType::kInformationRequest:
      if (names_server && !names_us()) return ServerDrop::kOtherServerId;
      if (options.contains<IaNaView>() || options.contains<IaTaView>() ||
          options.contains<IaPdView>())
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
      if (options.contains<OptionRequestView>()) return ServerDrop::kUnexpectedOro;
      return std::nullopt;
  }
  return ServerDrop::kUnknownType;
}

void Server::receive(std::string_view link, std::span<const std::uint8_t> payload,
                     const Ip6Address& from, const Ip6Address& to, Instant now, std::uint16_t port,
                     std::optional<MacAddress> station) {
  auto counters = counters_.find(link);
  if (counters == counters_.end()) counters = counters_.try_emplace(std::string(link)).first;
  ++counters->second.received;
  if (!configuration_.duid) return dropped(link, ServerDrop::kNotReady);
  Query query;
  query.now = now;
  query.from = from;
  RelayedExchange exchange;
  std::optional<WayBack> way;
  std::span<const std::uint8_t> said = payload;
  if (!payload.empty() && payload[0] == static_cast<std::uint8_t>(MessageType::kRelayForward)) {
    auto parsed = RelayedExchange::parse(payload);
    if (!parsed || parsed->relays.empty()) return dropped(link, ServerDrop::kMalformed);
    exchange = std::move(*parsed);
    way = way_back(link, port, exchange);
    query.way = &*way;
    said = exchange.inner;
  } else if (!payload.empty() &&
             payload[0] == static_cast<std::uint8_t>(MessageType::kRelayReply)) {
    // It has another header, and is not for servers anyway.
    return dropped(link, ServerDrop::kNotForServers);
  }
  const auto message = MessageView::parse(said);
  if (!message) return dropped(link, ServerDrop::kMalformed);
  query.message = *message;
  if (way) {
    query.link = link_of_relay(exchange, link);
    query.mac = mac_of(exchange);
    query.source = exchange.relays.back().peer_address;
  } else {
    if (!to.is_multicast()) return dropped(link, ServerDrop::kUnicast);
    // RFC 9686 section 4.2: sent from the address that it is about.
    if (!from.is_link_local() && message->type != MessageType::kAddrRegInform)
      return dropped(link, ServerDrop::kNotLinkLocal);
    query.link = link_named(link);
    query.station = station;
    query.mac = station ? station : mac_of(from);
    query.source = from;
  }
  if (query.link == nullptr) return dropped(link, ServerDrop::kUnknownLink);
  query.link_number = table_.link_number(query.link->name);
  const auto client = message->options.find_single<ClientId>();
  if (client) query.duid = &client->duid;
  std::optional<ServerDrop> drop = validate(query);
  if (drop) {
    if (*drop == ServerDrop::kOtherServerId && message->type == MessageType::kRequest && !way) {
      if (const auto named = message->options.find_single<ServerId>())
        out_.foreign_servers.emplace_back(link, named->duid);
    }
    return dropped(link, *drop);
  }
  ServerPacket packet{
      .link = std::string(link), .destination = from, .port = kClientPort, .payload = {}};
  packet.payload = spare_payload();
  ByteWriter reply(packet.payload);
  answer(query, reply, drop);
  if (reply.size() == 0) dropped(link, drop.value_or(ServerDrop::kNothingToSay));
  if (reply.size() > kMaxMessageSize) reply.truncate(0);
  if (reply.size() != 0 && way) {
    packet.port = way->port;
    Octets inner = std::exchange(packet.payload, {});
    (void)RelayedExchange::emit_around(way->relays, std::move(inner), reply);
  }
  if (packet.payload.empty()) return reuse(std::move(packet.payload));
  ++counters->second.sent;
  out_.packets.push_back(std::move(packet));
}

void Server::answer(Query& query, ByteWriter& reply, std::optional<ServerDrop>& drop) {
  const MessageView& message = query.message;
  if (query.duid != nullptr) {
    query.client = table_.find_client(*query.duid);
    // RFC 9915 section 11: not to be relied on, and still what a person knows a device by.
    if (const auto inside = query.duid->link_layer(); inside && !query.mac) query.mac = inside;
    if (message.type == MessageType::kRenew || message.type == MessageType::kRebind)
      released_.heard(*query.duid);
  }
  learn_name(query);
  const Reservation* reserved = reservation_for(query, std::nullopt);
  if (reserved != nullptr && reserved->ignore) {
    drop = ServerDrop::kIgnored;
    return;
  }
  switch (message.type) {
    case MessageType::kSolicit: {
      const bool commit = query.link->rapid_commit && message.options.contains<RapidCommit>();
      return answer_leases(query, commit ? Intent::kRapidCommit : Intent::kOffer, reply);
    }
    case MessageType::kRequest:
      return answer_leases(query, Intent::kRequest, reply);
    case MessageType::kRenew:
      return answer_leases(query, Intent::kRenew, reply);
    case MessageType::kRebind:
      return answer_leases(query, Intent::kRebind, reply);
    case MessageType::kConfirm:
      return answer_confirm(query, reply);
    case MessageType::kInformationRequest:
      return answer_information(query, reply);
    case MessageType::kRelease:
      return answer_giving_back(query, false, reply);
    case MessageType::kDecline:
      return answer_giving_back(query, true, reply);
    case MessageType::kAdvertise:
    case MessageType::kReply:
    case MessageType::kReconfigure:
    case MessageType::kRelayForward:
    case MessageType::kRelayReply:
    case MessageType::kAddrRegReply:
      return;
    case MessageType::kAddrRegInform:
      return answer_registration(query, reply, drop);
  }
}

void Server::expire(Instant now) {
  for (BindingNumber ended = table_.next_ended(now); ended != kNoNumber;
       ended = table_.next_ended(now))
    end(ended, LeaseEvent::Kind::kExpired, now);
  end_registrations(now);
  for (const ClientNumber client : reconfigure_.due(now)) send_reconfigure(client);
  for (const ReleasedLease& one : released_.due(now))
    send_reconfigure(one.link, one.client, one.address, one.path ? &*one.path : nullptr);
}

std::optional<Instant> Server::next_deadline() const {
  return earlier(earlier(table_.next_end(), reconfigure_.next()), released_.next());
}

ServerOutputs Server::drain() {
  out_.journal = table_.take_journal(std::move(out_.journal));
  return std::exchange(out_, ServerOutputs{});
}

void Server::reuse(ServerOutputs done) {
  for (ServerPacket& packet : done.packets) reuse(std::move(packet.payload));
  done.packets.clear();
  done.events.clear();
  done.journal.clear();
  if (out_.packets.empty()) out_.packets = std::move(done.packets);
  if (out_.events.empty()) out_.events = std::move(done.events);
  out_.journal = std::move(done.journal);
}

void Server::reuse(std::vector<std::uint8_t> payload) {
  // One that was moved away has nothing to give.
  if (payload.capacity() < kUsualPayload || payload.capacity() > kLargestSpare) return;
  if (spare_payloads_.size() >= kMostSpare) return;
  payload.clear();
  spare_payloads_.push_back(std::move(payload));
}

std::vector<std::uint8_t> Server::spare_payload() {
  std::vector<std::uint8_t> payload;
  if (spare_payloads_.empty()) {
    payload.reserve(kUsualPayload);
  } else {
    payload = std::move(spare_payloads_.back());
    spare_payloads_.pop_back();
  }
  return payload;
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
