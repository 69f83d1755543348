// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/relay.h"

#include <algorithm>
#include <utility>

namespace sixgate::dhcp6 {
namespace {

// msg-type and transaction-id: whatever a client sends has them (RFC 9915 section 8).
constexpr std::size_t kClientHeader = 4;

bool is_global(const Ip6Address& address) {
  return !address.is_unspecified() && !address.is_link_local() && !address.is_multicast();
}

bool can_be_answered(const Ip6Address& address) {
  return !address.is_unspecified() && !address.is_multicast() && !address.is_loopback() &&
         !address.is_v4_mapped();
}

bool is_on(const RelayLink& link, const Ip6Address& address) {
  return link.address == address ||
         std::any_of(link.prefixes.begin(), link.prefixes.end(),
                     [&](const Prefix& prefix) { return prefix.contains(address); });
}

bool may_answer(const RelayServer& server, std::string_view interface, const Ip6Address& from) {
  if (server.interface != interface) return false;
  return server.address.is_multicast() ? from.is_link_local() : from == server.address;
}

// The innermost message, through whatever relay agents are around it.
std::optional<Message> innermost(std::span<const std::uint8_t> bytes) {
  auto exchange = RelayedExchange::parse(bytes);
  if (!exchange) return std::nullopt;
  return std::move(exchange->message);
}

Octets name_octets(const std::string& name) { return {name.begin(), name.end()}; }

}  // namespace

std::string_view to_string(RelayDrop reason) {
  switch (reason) {
    case RelayDrop::kMalformed:
      return "malformed";
    case RelayDrop::kNotOfClients:
      return "not-of-clients";
    case RelayDrop::kUnicast:
      return "unicast";
    case RelayDrop::kNoSource:
      return "no-source";
    case RelayDrop::kTooManyHops:
      return "too-many-hops";
    case RelayDrop::kNotUpstream:
      return "not-upstream";
    case RelayDrop::kUnknownLink:
      return "unknown-link";
    case RelayDrop::kTooLarge:
      return "too-large";
  }
  return "malformed";
}

void Relay::restore(std::vector<RelayedDelegation> delegations, Instant now) {
  delegations_.restore(std::move(delegations), now);
}

void Relay::configure(std::vector<RelayLink> links, OwnPrefixes own) {
  delegations_.stay_off(std::move(own));
  if (configured_ && links == links_) return;
  configured_ = true;
  links_ = std::move(links);
  std::set<std::string> names;
  for (const RelayLink& link : links_) names.insert(link.name);
  delegations_.keep_only(names);
  requests_.keep_only(names);
}

const RelayLink* Relay::link_on(std::string_view interface) const {
  const auto found = std::find_if(links_.begin(), links_.end(), [&](const RelayLink& link) {
    return link.interface == interface;
  });
  return found == links_.end() ? nullptr : &*found;
}

bool Relay::relays_for(std::string_view interface) const { return link_on(interface) != nullptr; }

bool Relay::is_upstream(std::string_view interface) const {
  return std::any_of(links_.begin(), links_.end(), [&](const RelayLink& link) {
    return std::any_of(link.servers.begin(), link.servers.end(),
                       [&](const RelayServer& server) { return server.interface == interface; });
  });
}

const RelayCounters& Relay::counters(std::string_view interface) const {
  static constexpr RelayCounters kNothing;
  const auto found = counters_.find(interface);
  return found == counters_.end() ? kNothing : found->second;
}

void Relay::receive(const RelayInput& input, Instant now) {
  RelayCounters& counters = counters_[std::string(input.interface)];
  ++counters.received;
  Dropped dropped = RelayDrop::kMalformed;
  if (!input.payload.empty()) {
    const auto type = static_cast<MessageType>(input.payload.front());
    dropped =
        type == MessageType::kRelayReply ? relay_down(input, now) : relay_up(input, type, now);
  }
  if (dropped)
    ++counters[*dropped];
  else
    ++counters.relayed;
}

// Sections 19.1.1 and 19.1.2.
Relay::Dropped Relay::relay_up(const RelayInput& input, MessageType type, Instant now) {
  const RelayLink* link = link_on(input.interface);
  if (link == nullptr) return RelayDrop::kUnknownLink;
  if (type == MessageType::kAdvertise || type == MessageType::kReply ||
      type == MessageType::kReconfigure)
    return RelayDrop::kNotOfClients;
  if (!can_be_answered(input.from)) return RelayDrop::kNoSource;

  RelayMessage forward{.type = MessageType::kRelayForward,
                       .hop_count = 0,
                       .link_address = link->address,
                       .peer_address = input.from,
                       .options = {}};
  forward.options.push_back(InterfaceId{name_octets(link->name)});
  if (type == MessageType::kRelayForward) {
    const auto below = RelayMessage::parse(input.payload);
    if (!below || find_single<RelayedMessage>(below->options) == nullptr)
      return RelayDrop::kMalformed;
    if (below->hop_count >= kHopCountLimit) return RelayDrop::kTooManyHops;
    forward.hop_count = static_cast<std::uint8_t>(below->hop_count + 1);
    if (is_global(input.from)) forward.link_address = Ip6Address();
    // RFC 8357 section 5: whoever says it will be answered there.
    if (input.port != kServerPort && contains<RelaySourcePort>(below->options))
      forward.options.push_back(RelaySourcePort{input.port});
  } else {
    if (input.payload.size() < kClientHeader) return RelayDrop::kMalformed;
    if (!input.to.is_multicast()) return RelayDrop::kUnicast;
    if (input.link_layer) forward.options.push_back(ClientLinkLayerAddress::of(*input.link_layer));
  }
  forward.options.push_back(RelayedMessage{{input.payload.begin(), input.payload.end()}});
  const std::vector<std::uint8_t> bytes = forward.to_bytes();
  if (bytes.empty()) return RelayDrop::kTooLarge;
  see_request(*link, input.from, input.payload, now);
  for (const RelayServer& server : link->servers)
    out_.packets.push_back({server.interface, server.address, kServerPort, bytes});
  return std::nullopt;
}

// Section 19.2: by its Interface-Id, else by link-address; the relay agent below that has a global address, for
// which link-address is 0, is where its address is.
const RelayLink* Relay::link_of(const RelayMessage& reply) const {
  const InterfaceId* id = find<InterfaceId>(reply.options);
  const auto found = std::find_if(links_.begin(), links_.end(), [&](const RelayLink& link) {
    if (id != nullptr) return id->id == name_octets(link.name);
    return is_on(link,
                 reply.link_address.is_unspecified() ? reply.peer_address : reply.link_address);
  });
  return found == links_.end() ? nullptr : &*found;
}

Relay::Dropped Relay::relay_down(const RelayInput& input, Instant now) {
  if (!is_upstream(input.interface)) return RelayDrop::kNotUpstream;
  const auto reply = RelayMessage::parse(input.payload);
  if (!reply) return RelayDrop::kMalformed;
  const RelayedMessage* inside = find_single<RelayedMessage>(reply->options);
  if (inside == nullptr || inside->message.empty()) return RelayDrop::kMalformed;
  const RelayLink* link = link_of(*reply);
  if (link == nullptr) return RelayDrop::kUnknownLink;
  if (std::none_of(link->servers.begin(), link->servers.end(), [&](const RelayServer& server) {
        return may_answer(server, input.interface, input.from);
      }))
    return RelayDrop::kNotUpstream;
  if (!can_be_answered(reply->peer_address)) return RelayDrop::kNoSource;

  RelayPacket packet{link->interface, reply->peer_address, kClientPort, inside->message};
  if (inside->message.front() == static_cast<std::uint8_t>(MessageType::kRelayReply)) {
    const RelaySourcePort* below = find<RelaySourcePort>(reply->options);
    packet.port = below != nullptr && below->downstream != 0 ? below->downstream : kServerPort;
  }
  see_reply(*link, reply->peer_address, inside->message, now);
  out_.packets.push_back(std::move(packet));
  return std::nullopt;
}

void Relay::see_request(const RelayLink& link, const Ip6Address& next_hop,
                        std::span<const std::uint8_t> bytes, Instant now) {
  const auto message = innermost(bytes);
  if (!message) return;
  requests_.remember(link.name, next_hop, *message, now);
  const ClientId* client = find_single<ClientId>(message->options);
  if (client != nullptr && message->type == MessageType::kRelease)
    delegations_.release(link.name, client->duid, message->options);
}

// Only a Reply gives anything; an Address Registration Reply says nothing of what is reachable (RFC 9686
// section 4.3). It has to be relayed whatever it is (section 19.2); believed is what answers a client of ours.
void Relay::see_reply(const RelayLink& link, const Ip6Address& next_hop,
                      std::span<const std::uint8_t> bytes, Instant now) {
  if (!next_hop.is_link_local() && !is_on(link, next_hop)) return;
  const auto message = innermost(bytes);
  if (!message || message->type != MessageType::kReply) return;
  if (!requests_.has_answer(link.name, next_hop, *message, now)) return;
  if (const ClientId* client = find_single<ClientId>(message->options))
    delegations_.learn(link.name, client->duid, next_hop, message->options, link.limits, now);
}

RelayOutputs Relay::drain() {
  out_.delegations_changed = delegations_.take_changed();
  LogLines log = delegations_.take_log();
  out_.log.insert(out_.log.end(), std::make_move_iterator(log.begin()),
                  std::make_move_iterator(log.end()));
  return std::exchange(out_, RelayOutputs{});
}

}  // namespace sixgate::dhcp6
