// SPDX-License-Identifier: Apache-2.0
// RelayRun: a relay agent in virtual time, on two LANs that servers beyond "wan0" serve, and what it sends.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codec_support.h"
#include "dhcp6/relay.h"

namespace sixgate::dhcp6::testing {

inline const Instant kRelayStart = Instant::from_micros(1'000'000'000);
inline const MacAddress kClientMac({2, 0, 0x5e, 0, 0x53, 7});

inline Duid relayed_client(std::uint8_t number = 1) {
  const std::uint8_t bytes[]{0, 3, 0, 1, 2, 0, 0, 0, 0, number};
  return Duid::from_bytes(bytes).value();
}

struct Forwarded {
  RelayPacket packet;
  RelayMessage message;
  Octets inner;
};

class RelayRun {
 public:
  RelayRun() { relay.configure(links); }

  static std::vector<RelayLink> two_lans() {
    const RelayServer server{"wan0", address("2001:db8:5::547")};
    RelayLink home{.name = "home",
                   .interface = "lan0",
                   .servers = {server},
                   .address = address("2001:db8:1::1"),
                   .prefixes = {prefix("2001:db8:1::/64"), prefix("fd00:1::/64")},
                   .limits = {}};
    RelayLink guests = home;
    guests.name = "guests";
    guests.interface = "lan1";
    guests.address = address("2001:db8:1:1::1");
    guests.prefixes = {prefix("2001:db8:1:1::/64")};
    return {home, guests};
  }

  static Message of_client(MessageType type, std::uint8_t client = 1) {
    return {type, 0x123456, {ClientId{relayed_client(client)}}};
  }
  static IaPd delegating(const char* text, std::uint32_t valid = 3600, std::uint32_t iaid = 1) {
    return {
        .iaid = iaid,
        .options = {IaPrefix{
            .prefix = prefix(text), .preferred = Lifetime(valid / 2), .valid = Lifetime(valid)}}};
  }

  // A client, or a relay agent, of a LAN speaks.
  void up(const std::vector<std::uint8_t>& bytes, const std::string& lan = "lan0",
          const char* from = "fe80::c", Ip6Address to = kAllDhcpRelayAgentsAndServers,
          std::uint16_t port = kClientPort) {
    relay.receive({.interface = lan,
                   .payload = bytes,
                   .from = address(from),
                   .port = port,
                   .to = to,
                   .link_layer = link_layer},
                  now);
    settle();
  }
  // The server speaks.
  void down(const std::vector<std::uint8_t>& bytes, const std::string& interface = "wan0",
            const char* from = "2001:db8:5::547") {
    relay.receive({.interface = interface,
                   .payload = bytes,
                   .from = address(from),
                   .port = kServerPort,
                   .to = address("2001:db8:5::1"),
                   .link_layer = {}},
                  now);
    settle();
  }
  // What the server would say to a client behind `id`.
  static RelayMessage around(const Message& message, const char* id = "home",
                             const char* peer = "fe80::c") {
    RelayMessage reply{.type = MessageType::kRelayReply,
                       .hop_count = 0,
                       .link_address = address("2001:db8:1::1"),
                       .peer_address = address(peer),
                       .options = {}};
    if (id != nullptr) {
      const std::string name(id);
      reply.options.push_back(InterfaceId{{name.begin(), name.end()}});
    }
    reply.options.push_back(RelayedMessage{message.to_bytes()});
    return reply;
  }
  // A client asks for a prefix; nobody looks at what goes up.
  void ask(std::uint8_t client = 1, const char* id = "home", const char* peer = "fe80::c",
           MessageType type = MessageType::kRequest) {
    Message request = of_client(type, client);
    request.options.push_back(IaPd{.iaid = 1});
    auto before = std::exchange(sent, {});
    up(request.to_bytes(), std::string_view(id) == "home" ? "lan0" : "lan1", peer);
    sent = std::move(before);
  }
  void delegate(const char* text, std::uint32_t valid = 3600, std::uint8_t client = 1,
                std::uint32_t iaid = 1, const char* id = "home", const char* peer = "fe80::c") {
    ask(client, id, peer);
    answer(text, valid, client, iaid, id, peer);
  }
  // The server delegates, asked or not.
  void answer(const char* text, std::uint32_t valid = 3600, std::uint8_t client = 1,
              std::uint32_t iaid = 1, const char* id = "home", const char* peer = "fe80::c") {
    Message reply = of_client(MessageType::kReply, client);
    reply.options.push_back(delegating(text, valid, iaid));
    down(around(reply, id, peer).to_bytes());
  }
  void run_until(Instant end) {
    for (auto next = relay.next_deadline(); next && *next <= end; next = relay.next_deadline()) {
      ASSERT_GE(*next, now) << "a deadline lies in the past";
      now = *next;
      relay.expire(now);
      settle();
    }
    now = end;
  }

  void settle() {
    RelayOutputs out = relay.drain();
    for (RelayPacket& packet : out.packets) sent.push_back(std::move(packet));
    changes += out.delegations_changed ? 1 : 0;
    for (const LogLine& line : out.log) log += line.text + '\n';
  }

  // The only packet since the last call, as a Relay-forward to the server.
  std::optional<Forwarded> forwarded() {
    const auto packets = std::exchange(sent, {});
    if (packets.size() != 1) return std::nullopt;
    auto message = RelayMessage::parse(packets[0].payload);
    if (!message || message->type != MessageType::kRelayForward) return std::nullopt;
    const RelayedMessage* inside = find_single<RelayedMessage>(message->options);
    if (inside == nullptr) return std::nullopt;
    return Forwarded{packets[0], *message, inside->message};
  }
  std::vector<Prefix> routed(const std::string& link = "home") const {
    std::vector<Prefix> prefixes;
    for (const RelayedDelegation& one : relay.delegations()) {
      if (one.link == link) prefixes.push_back(one.prefix);
    }
    return prefixes;
  }
  std::uint64_t dropped(RelayDrop reason, const char* interface = "lan0") const {
    return relay.counters(interface)[reason];
  }

  Relay relay;
  std::vector<RelayLink> links = two_lans();
  Instant now = kRelayStart;
  std::optional<MacAddress> link_layer = kClientMac;
  std::vector<RelayPacket> sent;
  unsigned changes = 0;
  std::string log;
};

}  // namespace sixgate::dhcp6::testing
