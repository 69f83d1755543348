// SPDX-License-Identifier: Apache-2.0
// A DHCPv6 server through any sequence of messages, relays, renumberings, restarts and jumps of time. Whatever
// comes, what it writes parses, nobody gets what another has, and its journal tells what it knows.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "dhcp6/server.h"
#include "net/byte_reader.h"

namespace {

using namespace sixgate;
using namespace sixgate::dhcp6;

void require(bool condition) {
  if (!condition) std::abort();
}

Duid duid(std::uint8_t number) {
  const std::uint8_t bytes[]{0, 2, 0, 0, 0xab, 0x11, number};
  return Duid::from_bytes(bytes).value();
}

class Run {
 public:
  explicit Run(std::span<const std::uint8_t> input) : input_(input), rng_(7) {
    begin();
    configure();
  }

  void play() {
    for (int events = 0; !input_.at_end() && events < 200; ++events) {
      event();
      settle();
      judge();
    }
    // What the journal tells is what is known.
    Server again(rng_);
    const JournalReading reading = again.restore(journal_, "boot", now_);
    require(reading.header == JournalReading::Header::kGood && reading.torn == 0 &&
            reading.rotten == 0);
    std::size_t alive = 0;
    server_->table().each([&](BindingNumber, const Binding& binding) {
      if (binding.valid_until > now_) ++alive;
    });
    require(again.table().binding_count() == alive);
  }

 private:
  // A run of the server after another one that was killed.
  void begin() {
    server_.emplace(rng_);
    (void)server_->restore(journal_, "boot", now_);
    journal_ = server_->snapshot(now_);
    server_->look_around([this](std::string_view, const Ip6Address& address, Instant) {
      return address.low() == 0x1000 ? std::optional(station(heard_)) : std::nullopt;
    });
    server_->configure(configuration_, now_);
  }

  static MacAddress station(std::uint8_t number) { return MacAddress({2, 0, 0, 0, 0, number}); }

  void configure() {
    const std::uint8_t bits = input_.u8();
    ServerConfiguration configuration;
    configuration.duid = duid(0);
    for (unsigned i = 0; i < 2; ++i) {
      ServerLink link{.name = i == 0 ? "a" : "b", .addresses = (bits & 1) == 0};
      const std::uint64_t high = 0x20010db800000000 | (std::uint64_t{bits} & 2) << 15;
      const Prefix mine(Ip6Address::from_halves(high + i, 0), 64);
      link.range = {0x1000, 0x1003};
      link.rapid_commit = (bits & 4) == 0;
      link.settled = (bits & 8) == 0;
      link.delegates = (bits & 16) == 0;
      link.shortest_delegation = 60 + (bits >> 6);
      if ((bits & 32) == 0) link.prefixes = {{mine, now_ + seconds(100), now_ + seconds(300)}};
      link.spaces = {{.prefix = Prefix(Ip6Address::from_halves(high, 0), 60), .taken = {mine}}};
      link.domain = DomainName::parse("home.arpa");
      link.registers = (bits & 64) == 0;
      link.reservations = {{.mac = station(3), .interface_id = 0x1001, .name = "desk"},
                           {.duid = duid(4), .iaid = 1, .subnet = 5}};
      configuration.links.push_back(link);
    }
    configuration_ = configuration;
    heard_ = bits & 7;
    server_->configure(std::move(configuration), now_);
  }

  void event() {
    switch (input_.u8() % 12) {
      case 0:
        receive(input_.bytes(std::min<std::size_t>(input_.u8(), input_.left())));
        break;
      case 1:
        now_ = now_ + seconds(input_.u16());
        server_->expire(now_);
        break;
      case 2:
        configure();
        break;
      case 3:
        relayed();
        break;
      case 4:
        if (const auto next = server_->next_deadline()) now_ = std::max(now_, *next);
        server_->expire(now_);
        break;
      case 5:
        begin();
        break;
      case 6:
        inform();
        break;
      default:
        receive(composed().to_bytes());
        break;
    }
  }

  Message composed() {
    static constexpr MessageType kTypes[]{MessageType::kSolicit, MessageType::kRequest,
                                          MessageType::kConfirm, MessageType::kRenew,
                                          MessageType::kRebind,  MessageType::kRelease,
                                          MessageType::kDecline, MessageType::kInformationRequest};
    Message message{.type = kTypes[input_.u8() % 8], .transaction_id = 5, .options = {}};
    const std::uint8_t bits = input_.u8();
    client_ = static_cast<std::uint8_t>(1 + (bits & 7));
    message.options.push_back(ClientId{duid(client_)});
    if (message.type != MessageType::kSolicit && message.type != MessageType::kRebind &&
        message.type != MessageType::kConfirm)
      message.options.push_back(ServerId{duid(0)});
    if (bits & 8) message.options.push_back(RapidCommit{});
    if (bits & 16) message.options.push_back(ReconfigureAccept{});
    message.options.push_back(OptionRequest{{23, 24, 32, 39, 148}});
    if (message.type == MessageType::kInformationRequest) return message;
    const std::uint8_t more = input_.u8();
    if (more & 1)
      message.options.push_back(
          ClientFqdn{.flags = 1, .name = *DomainName::parse(more & 2 ? "desk" : "other.example")});
    // One of the two, or both in either order.
    if (bits & 32) add_addresses(message, bits);
    if (!(bits & 32) || (more & 4)) add_prefixes(message, bits);
    if (!(bits & 32) && (more & 8)) add_addresses(message, bits);
    return message;
  }

  void add_addresses(Message& message, std::uint8_t bits) {
    IaNa ia{.iaid = static_cast<std::uint32_t>(bits >> 7U)};
    if (bits & 64)
      ia.options.push_back(IaAddress{
          .address = Ip6Address::from_halves(0x20010db800000000, 0x1000U + input_.u8() % 5)});
    message.options.push_back(ia);
  }

  void add_prefixes(Message& message, std::uint8_t bits) {
    IaPd ia{.iaid = static_cast<std::uint32_t>(bits >> 7U)};
    const std::uint8_t what = input_.u8();
    if (bits & 64)
      ia.options.push_back(IaPrefix{
          .prefix =
              Prefix(Ip6Address::from_halves(what & 128 ? 0 : 0x20010db800000000 | (what & 15), 0),
                     56U + what % 12)});
    message.options.push_back(ia);
  }

  // RFC 9686, from the address or from another one.
  void inform() {
    const std::uint8_t bits = input_.u8();
    client_ = static_cast<std::uint8_t>(1 + (bits & 7));
    const Ip6Address address = Ip6Address::from_halves(0x20010db800000000, 0x1000U + bits % 6);
    Message message{.type = MessageType::kAddrRegInform, .transaction_id = 6, .options = {}};
    message.options.push_back(ClientId{duid(client_)});
    message.options.push_back(IaAddress{
        .address = address, .preferred = Lifetime(bits), .valid = Lifetime(bits & 16 ? 0 : bits)});
    server_->receive(client_ & 1 ? "a" : "b", message.to_bytes(),
                     bits & 32 ? address : Ip6Address::from_halves(0x20010db800000000, bits),
                     kAllDhcpRelayAgentsAndServers, now_);
  }

  void relayed() {
    RelayedExchange exchange{.relays = {}, .inner = {}, .message = composed()};
    for (unsigned i = input_.u8() % 4; i > 0; --i)
      exchange.relays.push_back(
          {.link_address = Ip6Address::from_halves(input_.u8() & 1 ? 0x20010db800000001 : 0, 0)});
    std::vector<std::uint8_t> bytes;
    ByteWriter writer(bytes);
    if (!exchange.relays.empty() && exchange.emit(writer)) receive(bytes);
  }

  void receive(std::span<const std::uint8_t> bytes) {
    server_->receive(client_ & 1 ? "a" : "b", bytes,
                     Ip6Address::from_halves(0xfe80000000000000, client_),
                     kAllDhcpRelayAgentsAndServers, now_, kServerPort,
                     client_ & 2 ? std::optional(station(client_)) : std::nullopt);
  }

  void settle() {
    ServerOutputs out = server_->drain();
    journal_.insert(journal_.end(), out.journal.begin(), out.journal.end());
    for (const ServerPacket& packet : out.packets) {
      if (packet.port == kServerPort) {
        require(RelayedExchange::parse(packet.payload).has_value());
      } else {
        const auto message = Message::parse(packet.payload);
        require(message.has_value());
        require(count_malformed(message->options) == 0);
      }
    }
  }

  void judge() const {
    std::set<std::pair<LinkNumber, std::uint64_t>> addresses;
    std::vector<Prefix> prefixes;
    server_->table().each([&](BindingNumber, const Binding& binding) {
      if (binding.type == AssociationType::kAddresses)
        require(addresses.insert({binding.link, binding.interface_id}).second);
      for (const Prefix& one : binding.delegated) {
        for (const Prefix& other : prefixes) require(!one.overlaps(other));
        prefixes.push_back(one);
      }
    });
  }

  ByteReader input_;
  Rng rng_;
  std::optional<Server> server_;
  ServerConfiguration configuration_;
  std::uint8_t heard_ = 0;  // whose station was heard with the first address
  Instant now_ = Instant::from_micros(1'000'000'000);
  std::vector<std::uint8_t> journal_;
  std::uint8_t client_ = 1;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Run(std::span(data, size)).play();
  return 0;
}
