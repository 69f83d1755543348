// SPDX-License-Identifier: Apache-2.0
// A DHCPv6 relay agent between clients, other relay agents and a server that all say whatever they like, over
// restarts and jumps of time. Whatever comes, what it sends up holds what came, what it sends down was inside what
// came, and what it would route keeps to the limits.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <span>
#include <vector>

#include "dhcp6/relay.h"
#include "net/byte_reader.h"

namespace {

using namespace sixgate;
using namespace sixgate::dhcp6;

void require(bool condition) {
  if (!condition) std::abort();
}

const Ip6Address kServer = Ip6Address::from_halves(0x20010db800050000, 0x547);
constexpr RelayLimits kLimits{.per_client = 2, .per_link = 4};

bool holds(std::span<const std::uint8_t> whole, std::span<const std::uint8_t> part) {
  return std::search(whole.begin(), whole.end(), part.begin(), part.end()) != whole.end();
}

class Run {
 public:
  explicit Run(std::span<const std::uint8_t> input) : input_(input) { relay_.configure(links()); }

  void play() {
    for (int events = 0; !input_.at_end() && events < 200; ++events) {
      event();
      judge();
    }
  }

 private:
  static std::vector<RelayLink> links() {
    const std::vector<RelayServer> servers{{"wan", kServer}, {"wan", kAllDhcpServers}};
    std::vector<RelayLink> links;
    for (std::uint64_t i = 0; i < 2; ++i) {
      const std::uint64_t high = 0x20010db800010000 + i;
      links.push_back({.name = i == 0 ? "a" : "b",
                       .interface = i == 0 ? "lan0" : "lan1",
                       .servers = servers,
                       .address = Ip6Address::from_halves(high, 1),
                       .prefixes = {Prefix(Ip6Address::from_halves(high, 0), 64)},
                       .limits = kLimits});
    }
    return links;
  }

  void event() {
    switch (input_.u8() % 8) {
      case 0:
        now_ = now_ + seconds(input_.u16());
        relay_.expire(now_);
        break;
      case 1: {
        const std::vector<RelayedDelegation> kept = relay_.delegations();
        relay_ = Relay();
        relay_.restore(kept, now_);
        relay_.configure(links());
        break;
      }
      case 2:
        receive("lan0", taken());
        break;
      case 3:
        receive("wan", taken());
        break;
      case 4:
        receive("lan1", composed().to_bytes());
        break;
      default: {
        const Message message = composed();
        const RelayMessage reply = around(message);
        if (!(reply.peer_address.low() & 64)) ask(message, reply);
        receive("wan", reply.to_bytes());
        break;
      }
    }
  }

  std::vector<std::uint8_t> taken() {
    const auto bytes = input_.bytes(std::min<std::size_t>(input_.u8(), input_.left()));
    return {bytes.begin(), bytes.end()};
  }

  Message composed() {
    const std::uint8_t bits = input_.u8();
    Message message{.type = static_cast<MessageType>(bits & 16 ? 7 : 8), .transaction_id = 5};
    const std::uint8_t duid[]{0, 2, 0, 0, 0xab, 0x11, static_cast<std::uint8_t>(bits & 3)};
    message.options.push_back(ClientId{Duid::from_bytes(duid).value()});
    IaPd ia{.iaid = static_cast<std::uint32_t>(bits >> 7U)};
    const std::uint8_t what = input_.u8();
    ia.options.push_back(IaPrefix{
        .prefix =
            Prefix(Ip6Address::from_halves(0x20010db800880000 + (std::uint64_t{what} & 7) * 256, 0),
                   56U + what % 16),
        .preferred = Lifetime(0),
        .valid = Lifetime(bits & 32 ? 0 : what)});
    message.options.push_back(ia);
    return message;
  }

  RelayMessage around(const Message& message) {
    const std::uint8_t bits = input_.u8();
    RelayMessage reply{.type = MessageType::kRelayReply,
                       .hop_count = 0,
                       .link_address = {},
                       .peer_address = Ip6Address::from_halves(
                           bits & 1 ? 0xfe80000000000000 : 0x20010db800010000, bits),
                       .options = {}};
    if (bits & 2)
      reply.options.push_back(InterfaceId{{bits & 4 ? std::uint8_t{'a'} : std::uint8_t{'b'}}});
    reply.options.push_back(RelayedMessage{message.to_bytes()});
    return reply;
  }

  // What that is the answer to: little is learnt of others.
  void ask(Message message, const RelayMessage& reply) {
    message.type = MessageType::kRequest;
    const InterfaceId* id = find<InterfaceId>(reply.options);
    const bool b = id != nullptr && id->id == Octets{'b'};
    receive(b ? "lan1" : "lan0", message.to_bytes(), reply.peer_address);
  }

  void receive(std::string_view interface, const std::vector<std::uint8_t>& bytes,
               const Ip6Address& client = Ip6Address::from_halves(0xfe80000000000000, 12)) {
    relay_.receive({.interface = interface,
                    .payload = bytes,
                    .from = interface == "wan" ? kServer : client,
                    .port = kServerPort,
                    .to = kAllDhcpRelayAgentsAndServers,
                    .link_layer = MacAddress({2, 0, 0x5e, 0, 0x53, 1})},
                   now_);
    for (const RelayPacket& packet : relay_.drain().packets) {
      if (interface == "wan") {
        require(packet.interface != "wan");
        require(holds(bytes, packet.payload));
      } else {
        require(packet.interface == "wan" && packet.port == kServerPort);
        const auto forward = RelayMessage::parse(packet.payload);
        require(forward.has_value() && forward->hop_count <= kHopCountLimit);
        const RelayedMessage* inside = find_single<RelayedMessage>(forward->options);
        require(inside != nullptr && inside->message == bytes);
      }
    }
  }

  void judge() const {
    std::map<std::string, unsigned> of_link;
    std::map<std::pair<std::string, Duid>, unsigned> of_client;
    const Prefix* before = nullptr;
    for (const RelayedDelegation& one : relay_.delegations()) {
      require(before == nullptr || *before < one.prefix);
      before = &one.prefix;
      require(++of_link[one.link] <= kLimits.per_link);
      require(++of_client[{one.link, one.client}] <= kLimits.per_client);
      require(one.prefix.length() >= 32);
    }
    const auto next = relay_.next_deadline();
    require(!next || *next >= now_ - seconds(65536));
  }

  ByteReader input_;
  Relay relay_;
  Instant now_ = Instant::from_micros(1'000'000'000);
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Run(std::span(data, size)).play();
  return 0;
}
