// SPDX-License-Identifier: Apache-2.0
#include "tests/support/random_dhcp6.h"

#include <set>

namespace sixgate::dhcp6 {
namespace {

template <class... Types>
std::set<std::uint16_t> codes_of(const std::variant<Types...>*) {
  std::set<std::uint16_t> codes;
  const auto add = [&]<class T>() {
    if constexpr (requires { T::kCode; }) codes.insert(T::kCode);
  };
  (add.template operator()<Types>(), ...);
  return codes;
}

}  // namespace

Octets RandomDhcp6::octets(std::size_t least, std::size_t most) {
  Octets out(least + count(most - least));
  rng_.fill(out);
  return out;
}

std::string RandomDhcp6::text(std::size_t most) {
  const Octets bytes = octets(0, most);
  return {bytes.begin(), bytes.end()};
}

Ip6Address RandomDhcp6::address() { return Ip6Address::from_halves(rng_.u64(), rng_.u64()); }

std::vector<Ip6Address> RandomDhcp6::addresses() {
  std::vector<Ip6Address> out(count(4));
  for (Ip6Address& one : out) one = address();
  return out;
}

DomainName RandomDhcp6::name() {
  Octets wire;
  for (std::size_t labels = 1 + count(3); labels > 0; --labels) {
    const Octets label = octets(1, labels == 1 ? 63 : 40);
    wire.push_back(static_cast<std::uint8_t>(label.size()));
    wire.insert(wire.end(), label.begin(), label.end());
  }
  wire.push_back(0);
  ByteReader reader(wire);
  return *DomainName::parse(reader);
}

std::vector<DomainName> RandomDhcp6::names() {
  std::vector<DomainName> out(count(3));
  for (DomainName& one : out) one = name();
  return out;
}

Prefix RandomDhcp6::prefix() { return {address(), static_cast<unsigned>(count(128))}; }

Lifetime RandomDhcp6::lifetime() {
  switch (rng_.below(4)) {
    case 0:
      return Lifetime(0);
    case 1:
      return Lifetime::infinite();
    default:
      return Lifetime(rng_.u32());
  }
}

Duid RandomDhcp6::duid() {
  switch (rng_.below(4)) {
    case 0:
      return Duid::llt(MacAddress({2, 0, 0x5e, u8(), u8(), u8()}), rng_.u32());
    case 1:
      return *Duid::en(rng_.u32(), octets(1, 124));
    default:
      return *Duid::from_bytes(octets(1, 130));
  }
}

std::uint16_t RandomDhcp6::unknown_code() {
  static const std::set<std::uint16_t> known = codes_of(static_cast<const Option*>(nullptr));
  for (;;) {
    const std::uint16_t code = coin() ? u16() : u8();
    if (!known.contains(code)) return code;
  }
}

std::vector<UnknownOption> RandomDhcp6::suboptions(std::uint16_t first_code) {
  std::vector<UnknownOption> out(count(3));
  for (UnknownOption& one : out) {
    one.code = static_cast<std::uint16_t>(first_code + rng_.below(200));
    one.bytes = octets(0, 30);
  }
  return out;
}

template <class T>
T RandomDhcp6::make(unsigned depth) {
  const unsigned deeper = depth == 0 ? 0 : depth - 1;
  T out{};
  if constexpr (requires { out.items; }) {
    out.items.resize(1 + count(3));
    for (Octets& item : out.items) item = octets(0, 20);
  }
  if constexpr (requires { out.addresses; }) out.addresses = addresses();
  if constexpr (requires { out.address; }) out.address = address();
  if constexpr (requires { out.names; }) out.names = names();
  if constexpr (requires { out.enterprise; }) out.enterprise = rng_.u32();
  if constexpr (requires { out.iaid; }) out.iaid = rng_.u32();
  if constexpr (requires { out.t1; }) {
    out.t1 = lifetime();
    out.t2 = lifetime();
  }
  if constexpr (requires { out.valid; }) {
    out.preferred = lifetime();
    out.valid = lifetime();
  }
  if constexpr (std::is_same_v<decltype(out), IaPrefix> || std::is_same_v<T, S46DefaultRule>) {
    out.prefix = prefix();
  }
  if constexpr (requires { out.options; }) {
    if (depth > 0) out.options = options(3, deeper);
  }
  if constexpr (std::is_same_v<T, UnknownOption>) {
    out.code = unknown_code();
    out.bytes = octets(0, 40);
  } else if constexpr (std::is_same_v<T, OptionRequest>) {
    out.codes.resize(count(12));
    for (std::uint16_t& code : out.codes) code = u16();
  } else if constexpr (std::is_same_v<T, Preference>) {
    out.value = u8();
  } else if constexpr (std::is_same_v<T, ElapsedTime>) {
    out.elapsed = ElapsedTime::Hundredths(u16());
  } else if constexpr (std::is_same_v<T, RelayedMessage>) {
    out.message = octets(0, 60);
  } else if constexpr (std::is_same_v<T, Authentication>) {
    out.protocol = u8();
    out.algorithm = u8();
    out.replay_method = u8();
    out.replay_value = rng_.u64();
    out.information = octets(0, 30);
  } else if constexpr (std::is_same_v<T, StatusCode>) {
    out.status = static_cast<Status>(coin() ? rng_.below(7) : u16());
    out.message = text(40);
  } else if constexpr (std::is_same_v<T, VendorOptions>) {
    out.suboptions = suboptions(0);
  } else if constexpr (std::is_same_v<T, InterfaceId>) {
    out.id = octets(0, 20);
  } else if constexpr (std::is_same_v<T, ReconfigureMessage>) {
    constexpr MessageType kTypes[] = {MessageType::kRenew, MessageType::kRebind,
                                      MessageType::kInformationRequest};
    out.type = kTypes[rng_.below(3)];
  } else if constexpr (std::is_same_v<T, InformationRefreshTime>) {
    out.time = lifetime();
  } else if constexpr (std::is_same_v<T, SolMaxRt> || std::is_same_v<T, InfMaxRt>) {
    out.value = seconds(rng_.u32());
  } else if constexpr (std::is_same_v<T, ClientFqdn>) {
    out.flags = u8();
    out.name = coin() ? name() : DomainName();
    out.partial = coin();
  } else if constexpr (std::is_same_v<T, NtpServers>) {
    out.multicast_addresses = addresses();
    out.others = suboptions(4);
  } else if constexpr (std::is_same_v<T, AftrName>) {
    out.name = name();
  } else if constexpr (std::is_same_v<T, PdExclude>) {
    out.length = static_cast<std::uint8_t>(1 + rng_.below(128));
    out.subnet_id = octets(1, 16);
  } else if constexpr (std::is_same_v<T, S46Rule>) {
    out.flags = u8();
    out.ea_length = static_cast<std::uint8_t>(rng_.below(49));
    out.ipv4_length = static_cast<std::uint8_t>(rng_.below(33));
    out.ipv4_prefix = rng_.u32();
    out.ipv6_prefix = prefix();
  } else if constexpr (std::is_same_v<T, S46Binding>) {
    out.ipv4_address = rng_.u32();
    out.bind_prefix = prefix();
  } else if constexpr (std::is_same_v<T, S46PortParameters>) {
    out.offset = static_cast<std::uint8_t>(rng_.below(16));
    out.psid_length = static_cast<std::uint8_t>(rng_.below(17));
    out.psid = u16();
  } else if constexpr (std::is_same_v<T, CaptivePortal>) {
    out.uri = text(80);
  } else if constexpr (std::is_same_v<T, ClientLinkLayerAddress>) {
    out.type = u16();
    out.link_layer = octets(1, 20);
  } else if constexpr (std::is_same_v<T, RelaySourcePort>) {
    out.downstream = u16();
  } else if constexpr (std::is_same_v<T, EncryptedDns>) {
    out.priority = u16();
    out.authentication_name = name();
    out.service_parameters = octets(0, 30);
  }
  return out;
}

template <std::size_t I>
Option RandomDhcp6::alternative(std::size_t index, unsigned depth) {
  if constexpr (I < std::variant_size_v<Option>) {
    if (index != I) return alternative<I + 1>(index, depth);
    using T = std::variant_alternative_t<I, Option>;
    if constexpr (std::is_same_v<T, MalformedOption>) {
      return UnknownOption{unknown_code(), octets(0, 40)};
    } else if constexpr (std::is_same_v<T, ClientId> || std::is_same_v<T, ServerId>) {
      return T{duid()};
    } else {
      return make<T>(depth);
    }
  } else {
    return UnknownOption{unknown_code(), {}};
  }
}

Option RandomDhcp6::option(unsigned depth) {
  return alternative<0>(static_cast<std::size_t>(rng_.below(std::variant_size_v<Option>)), depth);
}

Options RandomDhcp6::options(std::size_t most, unsigned depth) {
  Options out;
  for (std::size_t n = count(most); n > 0; --n) out.push_back(option(depth));
  return out;
}

Message RandomDhcp6::message() {
  Message out;
  do {
    out.type = static_cast<MessageType>(coin() ? 1 + rng_.below(11) : u8());
  } while (is_relay(out.type));
  out.transaction_id = rng_.u32() & kTransactionIdMask;
  out.options = options(12, 4);
  return out;
}

RelayMessage RandomDhcp6::relay_message() {
  RelayMessage out;
  out.type = coin() ? MessageType::kRelayForward : MessageType::kRelayReply;
  out.hop_count = u8();
  out.link_address = address();
  out.peer_address = address();
  out.options = options(4, 3);
  std::erase_if(out.options,
                [](const Option& one) { return std::holds_alternative<RelayedMessage>(one); });
  out.options.emplace_back(RelayedMessage{message().to_bytes()});
  return out;
}

RelayedExchange RandomDhcp6::relayed_exchange() {
  RelayedExchange out;
  const std::size_t relays = count(kHopCountLimit);
  for (std::size_t i = 0; i < relays; ++i) {
    RelayMessage relay = relay_message();
    relay.options.pop_back();
    if (i > 0) relay.type = out.relays.front().type;
    out.relays.push_back(std::move(relay));
  }
  out.message = message();
  out.inner = out.message.to_bytes();
  return out;
}

}  // namespace sixgate::dhcp6
