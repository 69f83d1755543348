// SPDX-License-Identifier: Apache-2.0
// The hot path of the codecs: what one packet of a usual exchange costs to read and to write.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "dhcp6/message.h"
#include "net/byte_writer.h"
#include "net/ip6_address.h"
#include "net/mac_address.h"
#include "net/prefix.h"
#include "net/text.h"
#include "ra/messages.h"
#include "tests/bench/harness.h"

namespace sixgate {
namespace {

Ip6Address address(std::string_view text) { return Ip6Address::parse(text).value(); }
Prefix prefix(std::string_view text) { return Prefix::parse(text).value(); }
MacAddress mac() { return MacAddress::parse("02:00:00:00:00:01").value(); }
DomainName name(std::string_view text) { return DomainName::parse(text).value(); }

dhcp6::Message solicit() {
  dhcp6::Message message{.type = dhcp6::MessageType::kSolicit, .transaction_id = 0x123456};
  message.options.emplace_back(dhcp6::ClientId{dhcp6::Duid::llt(mac(), 700'000'000)});
  message.options.emplace_back(dhcp6::OptionRequest{{23, 24, 56, 64, 82, 83, 94, 95, 103}});
  message.options.emplace_back(dhcp6::ElapsedTime{});
  message.options.emplace_back(dhcp6::IaNa{.iaid = 1});
  dhcp6::IaPd delegation{.iaid = 1};
  delegation.options.emplace_back(dhcp6::IaPrefix{.prefix = prefix("::/56")});
  message.options.emplace_back(delegation);
  return message;
}

dhcp6::Message advertise() {
  dhcp6::Message message{.type = dhcp6::MessageType::kAdvertise, .transaction_id = 0x123456};
  message.options.emplace_back(dhcp6::ClientId{dhcp6::Duid::llt(mac(), 700'000'000)});
  message.options.emplace_back(dhcp6::ServerId{dhcp6::Duid::llt(mac(), 600'000'000)});
  message.options.emplace_back(dhcp6::Preference{255});
  dhcp6::IaNa addresses{.iaid = 1, .t1 = Lifetime(1800), .t2 = Lifetime(2880)};
  addresses.options.emplace_back(dhcp6::IaAddress{
      .address = address("2001:db8::1234"), .preferred = Lifetime(3600), .valid = Lifetime(7200)});
  message.options.emplace_back(addresses);
  dhcp6::IaPd delegation{.iaid = 1, .t1 = Lifetime(1800), .t2 = Lifetime(2880)};
  delegation.options.emplace_back(dhcp6::IaPrefix{
      .prefix = prefix("2001:db8:100::/56"), .preferred = Lifetime(3600), .valid = Lifetime(7200)});
  message.options.emplace_back(delegation);
  message.options.emplace_back(
      dhcp6::DnsServers{{address("2001:db8::53"), address("2001:db8::5353")}});
  message.options.emplace_back(
      dhcp6::DomainSearchList{{name("example.org"), name("lan.example.org")}});
  return message;
}

ra::RouterAdvertisement advertisement() {
  ra::RouterAdvertisement message{.hop_limit = 64, .router_lifetime = std::chrono::seconds(2700)};
  message.options.emplace_back(ra::SourceLinkLayerAddress(mac()));
  message.options.emplace_back(ra::Mtu{1500});
  for (const std::string_view one : {"2001:db8:100::/64", "fd00:1:2::/64"}) {
    message.options.emplace_back(ra::PrefixInformation{.prefix = prefix(one),
                                                       .on_link = true,
                                                       .autonomous = true,
                                                       .valid = Lifetime(5400),
                                                       .preferred = Lifetime(2700)});
    message.options.emplace_back(
        ra::RouteInformation{.prefix = prefix(one), .lifetime = Lifetime(2700)});
  }
  message.options.emplace_back(ra::RecursiveDnsServers{Lifetime(2700), {address("fd00:1:2::1")}});
  message.options.emplace_back(ra::DnsSearchList{Lifetime(2700), {name("lan.example.org")}});
  return message;
}

template <class Message>
void codec(std::string_view name, const Message& message) {
  std::vector<std::uint8_t> bytes;
  ByteWriter first(bytes);
  message.emit(first);
  const auto parsed = Message::parse(bytes);
  if (!parsed || !(parsed.value() == message)) {
    std::fprintf(stderr, "%.*s does not survive the codec\n", static_cast<int>(name.size()),
                 name.data());
    std::exit(1);
  }
  bench::measure(cat("parse ", name), bytes, [&] { bench::keep(Message::parse(bytes)); });
  std::vector<std::uint8_t> out;
  bench::measure(cat("emit ", name), bytes, [&] {
    out.clear();
    ByteWriter writer(out);
    message.emit(writer);
    bench::keep(out[0]);
  });
}

}  // namespace
}  // namespace sixgate

int main() {
  sixgate::bench::print_header();
  sixgate::codec("Solicit", sixgate::solicit());
  sixgate::codec("Advertise", sixgate::advertise());
  sixgate::codec("RouterAdvertisement", sixgate::advertisement());
}
