// SPDX-License-Identifier: Apache-2.0
// The Neighbor Discovery codec and its engines at the command line, for tests that hold them against
// programs of others. A line is: SOURCE DESTINATION HEX (the ICMPv6 message, checksum zero).
//   ra_tool emit   messages with every option; then what an Advertiser and a RouterListener send through
//                  a boot, a renumbering, more prefixes than a packet holds, and a stop
//   ra_tool read   reads such lines and says what is in them, one line each
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "net/text.h"
#include "ra/advertiser.h"
#include "ra/router_listener.h"

namespace sixgate::ra {
namespace {

Ip6Address address(std::string_view text) { return Ip6Address::parse(text).value(); }
Prefix prefix(std::string_view text) { return Prefix::parse(text).value(); }
DomainName name(std::string_view text) { return DomainName::parse(text).value(); }

const MacAddress kMac({0x02, 0x00, 0x5e, 0x00, 0x53, 0x01});

void line(const Ip6Address& to, const std::vector<std::uint8_t>& payload) {
  std::puts(cat("fe80::5eff:fe00:5301 ", to, " ", to_hex(payload)).c_str());
}

void emit_every_option() {
  PrefixInformation information;
  information.prefix = prefix("2001:db8:1:2::/64");
  information.on_link = information.autonomous = true;
  information.preferred = Lifetime(2700);
  information.valid = Lifetime(5400);
  PrefixInformation of_router = information;
  of_router.router_address = address("2001:db8:1:2::1");
  of_router.delegation_preferred = true;
  of_router.valid = of_router.preferred = Lifetime::infinite();
  EncryptedDns encrypted;
  encrypted.priority = 1;
  encrypted.lifetime = Lifetime(1800);
  encrypted.name = name("resolver.example.org");
  encrypted.addresses = {address("2001:db8::53")};
  encrypted.service_parameters = {0, 1, 0, 4, 3, 'd', 'o', 't'};
  const Options options{
      SourceLinkLayerAddress(kMac),
      information,
      of_router,
      Mtu{1492},
      AdvertisementInterval{seconds(600)},
      HomeAgentInformation{10, seconds(1800)},
      RouteInformation{prefix("::/0"), RouterPreference::kLow, Lifetime(1800)},
      RouteInformation{prefix("2001:db8::/56"), RouterPreference::kMedium, Lifetime(5400)},
      RouteInformation{prefix("fd00:1:2:3:4::/80"), RouterPreference::kHigh, Lifetime::infinite()},
      RecursiveDnsServers{Lifetime(5400), {address("2001:db8:1:2::53"), address("fe80::53")}},
      DnsSearchList{Lifetime(5400), {name("lan.example.org"), name("home.arpa")}},
      CaptivePortal{"https://portal.example.org/api"},
      Pref64{prefix("64:ff9b::/96"), 225},
      Pref64{prefix("2001:db8:64::/48"), 0},
      encrypted,
      UnknownOption{250, std::vector<std::uint8_t>(6, 0xaa)}};
  for (const auto preference :
       {RouterPreference::kLow, RouterPreference::kMedium, RouterPreference::kHigh}) {
    RouterAdvertisement message;
    message.hop_limit = 64;
    message.managed = preference != RouterPreference::kLow;
    message.other = preference != RouterPreference::kHigh;
    message.preference = preference;
    message.router_lifetime = seconds(2700);
    message.reachable = seconds(30);
    message.retrans = seconds(1);
    message.options = options;
    line(kAllNodes, to_bytes(message));
    for (const Option& option : options) {
      message.options = {option};
      line(kAllNodes, to_bytes(message));
    }
  }
  NeighborAdvertisement neighbor;
  neighbor.router = neighbor.override_cache = true;
  neighbor.target = address("2001:db8:1:2::1");
  neighbor.options = {TargetLinkLayerAddress(kMac)};
  line(kAllNodes, to_bytes(neighbor));
  NeighborSolicitation probe;
  probe.target = address("2001:db8:1:2::1");
  probe.options = {SourceLinkLayerAddress(kMac), Nonce{{1, 2, 3, 4, 5, 6}}};
  line(address("ff02::1:ff00:1"), to_bytes(probe));
}

// Lets the advertiser live from `now` to `end`, writing down what it sends.
void live(Advertiser& advertiser, Instant& now, Instant end) {
  for (auto due = advertiser.next_deadline(); due && *due <= end;
       due = advertiser.next_deadline()) {
    now = std::max(now, *due);
    advertiser.expire(now);
    for (const Packet& packet : advertiser.drain().packets) {
      line(packet.destination, packet.payload);
    }
  }
  now = std::max(now, end);
}

void emit_engines() {
  Rng rng(1);
  Advertiser advertiser(rng);
  Instant now = Instant::from_micros(1'000'000'000);
  Advertisement content;
  content.default_router = content.other = true;
  content.link_layer = kMac;
  AdvertisedPrefix global;
  global.prefix = prefix("2001:db8:0:1::/64");
  global.preferred_until = now + hours(1);
  global.valid_until = now + hours(2);
  AdvertisedPrefix local;
  local.prefix = prefix("fd00:1:2:1::/64");
  local.preferred_until = local.valid_until = Instant::never();
  content.prefixes = {global, local};
  content.routes = {{prefix("2001:db8::/56"), RouterPreference::kMedium, now + hours(2)},
                    {prefix("fd00:1:2::/48"), RouterPreference::kMedium, Instant::never()}};
  content.dns_servers = {address("fd00:1:2:1::1")};
  content.search_domains = {name("home.arpa")};
  content.dns_valid_until = Instant::never();
  advertiser.configure(content, now);
  live(advertiser, now, now + hours(1));
  // The ISP renumbers, and every server and route is another.
  content.prefixes[0].prefix = prefix("2001:db8:ff:1::/64");
  content.routes[0].prefix = prefix("2001:db8:ff::/56");
  content.dns_servers = {address("fd00:1:2:1::2")};
  content.search_domains = {name("lan.example.org")};
  advertiser.configure(content, now);
  live(advertiser, now, now + hours(1));
  for (unsigned i = 0; i < 100; ++i) {
    local.prefix = *prefix("2001:db8:2::/48").subnet(64, i);
    content.prefixes.push_back(local);
    content.dns_servers.push_back(local.prefix.with_suffix(address("::1")));
    content.search_domains.push_back(name(cat("d", i, ".example.org")));
  }
  advertiser.configure(content, now);
  live(advertiser, now, now + minutes(1));
  const auto solicitation = to_bytes(RouterSolicitation{});
  advertiser.receive({solicitation, address("fe80::99"), kAllRouters, 255}, now);
  live(advertiser, now, now + seconds(1));
  advertiser.stop(now);
  live(advertiser, now, now + minutes(1));

  RouterListener listener(rng);
  listener.set_link_layer(kMac);
  listener.start(now);
  listener.expire(now + seconds(1));
  for (const Packet& packet : listener.drain().packets) line(packet.destination, packet.payload);
}

// Values of one kind, with commas between.
struct Column {
  const char* title;
  std::string text;
  template <class T>
  void add(const T& value) {
    if (!text.empty()) text += ',';
    text += cat(value);
  }
};

void describe(const RouterAdvertisement& message) {
  Column codes{"codes", {}}, prefixes{"prefixes", {}}, preferred{"preferred", {}},
      valid{"valid", {}}, routes{"routes", {}}, preferences{"preferences", {}}, mtu{"mtu", {}},
      servers{"rdnss", {}}, rdnss_lifetimes{"rdnss_lifetimes", {}}, domains{"dnssl", {}},
      dnssl_lifetimes{"dnssl_lifetimes", {}}, pref64{"pref64", {}}, portal{"portal", {}};
  std::size_t malformed = 0;
  for (const Option& option : message.options) {
    std::vector<std::uint8_t> octets;
    ByteWriter writer(octets);
    emit_option(option, writer);
    codes.add(unsigned{octets[0]});
    if (const auto* o = std::get_if<PrefixInformation>(&option)) {
      prefixes.add(cat(o->router_address.value_or(o->prefix.address()), "/", o->prefix.length()));
      preferred.add(o->preferred.count());
      valid.add(o->valid.count());
    } else if (const auto* route = std::get_if<RouteInformation>(&option)) {
      routes.add(route->lifetime.count());
      preferences.add(route->preference ? unsigned{to_bits(*route->preference)} : 2U);
    } else if (const auto* link = std::get_if<Mtu>(&option)) {
      mtu.add(link->mtu);
    } else if (const auto* rdnss = std::get_if<RecursiveDnsServers>(&option)) {
      for (const Ip6Address& server : rdnss->addresses) servers.add(server);
      rdnss_lifetimes.add(rdnss->lifetime.count());
    } else if (const auto* dnssl = std::get_if<DnsSearchList>(&option)) {
      for (const DomainName& domain : dnssl->names) domains.add(domain);
      dnssl_lifetimes.add(dnssl->lifetime.count());
    } else if (const auto* nat64 = std::get_if<Pref64>(&option)) {
      pref64.add(nat64->lifetime);
    } else if (const auto* captive = std::get_if<CaptivePortal>(&option)) {
      portal.add(captive->uri);
    } else if (std::holds_alternative<MalformedOption>(option)) {
      ++malformed;
    }
  }
  std::string out =
      cat("type=134 hop_limit=", unsigned{message.hop_limit}, " managed=", int{message.managed},
          " other=", int{message.other}, " preference=", unsigned{to_bits(message.preference)},
          " lifetime=", message.router_lifetime.count(), " reachable=", message.reachable.count(),
          " retrans=", message.retrans.count(), " malformed=", malformed);
  for (const Column* column :
       {&codes, &prefixes, &preferred, &valid, &routes, &preferences, &mtu, &servers,
        &rdnss_lifetimes, &domains, &dnssl_lifetimes, &pref64, &portal}) {
    out += cat(" ", column->title, "=", column->text);
  }
  std::puts(out.c_str());
}

bool read_line(std::string& text) {
  text.clear();
  for (int c = std::getchar(); c != EOF; c = std::getchar()) {
    if (c == '\n') return true;
    text += static_cast<char>(c);
  }
  return !text.empty();
}

int read() {
  for (std::string text; read_line(text);) {
    const auto bytes = parse_hex(std::string_view(text).substr(text.rfind(' ') + 1));
    if (!bytes || bytes->empty()) return 2;
    const auto message = RouterAdvertisement::parse(*bytes);
    if (message) {
      describe(*message);
    } else if (bytes->front() != RouterAdvertisement::kType) {
      std::puts(cat("type=", unsigned{bytes->front()}).c_str());
    } else {
      std::puts(cat("error: ", message.error()).c_str());
    }
  }
  return 0;
}

}  // namespace
}  // namespace sixgate::ra

int main(int argc, char** argv) {
  const std::string_view verb = argc == 2 ? argv[1] : "";
  if (verb == "emit") {
    sixgate::ra::emit_every_option();
    sixgate::ra::emit_engines();
    return 0;
  }
  if (verb == "read") return sixgate::ra::read();
  std::fprintf(stderr, "usage: ra_tool emit|read\n");
  return 2;
}
