// SPDX-License-Identifier: Apache-2.0
// Both engines of the room driven by a script of octets: configurations, packets, time. Whatever comes,
// deadlines move forward, multicasts stay 3 seconds apart, no packet is larger than the link carries, what
// is sent can be read and is consistent in itself, and memory stays bounded.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <span>

#include "net/byte_reader.h"
#include "ra/advertiser.h"
#include "ra/router_listener.h"

namespace {

using namespace sixgate;
using namespace sixgate::ra;

void require(bool condition) {
  if (!condition) std::abort();
}

Instant some_end(ByteReader& script, Instant now) {
  switch (script.u8() % 5) {
    case 0:
      return Instant::never();
    case 1:
      return now;
    case 2:
      return now + seconds(script.u8());
    case 3:
      return now + seconds(script.u16());
    default:
      return now - seconds(script.u8());
  }
}

Prefix some_prefix(ByteReader& script) {
  const std::uint8_t kind = script.u8();
  const std::uint64_t high = kind % 16 == 0   ? 0xfe80000000000000
                             : kind % 16 == 1 ? 0xff02000000000000
                                              : 0x20010db800000000;
  const unsigned length = kind < 200 ? 64 : script.u8() % 129U;
  return {Ip6Address::from_halves(high | script.u16(), script.u8()), length};
}

RouterPreference some_preference(ByteReader& script) {
  return preference_from_bits(script.u8()).value_or(RouterPreference::kLow);
}

Advertisement some_advertisement(ByteReader& script, Instant now) {
  Advertisement content;
  const std::uint8_t flags = script.u8();
  content.managed = (flags & 1) != 0;
  content.other = (flags & 2) != 0;
  content.default_router = (flags & 4) != 0;
  content.settings.unicast_solicited = (flags & 8) != 0;
  if ((flags & 16) != 0) content.link_layer = MacAddress({2, 0, 0, 0, 0, script.u8()});
  if ((flags & 32) != 0) content.settings.mtu = script.u16();
  if ((flags & 64) != 0) {
    content.settings.min_interval = seconds(script.u8());
    content.settings.max_interval = seconds(script.u16());
    content.settings.router_lifetime = Lifetime(script.u16());
    content.settings.max_preferred = Lifetime(script.u16());
    content.settings.max_valid = Lifetime(script.u32());
  }
  content.settings.preference = some_preference(script);
  content.link_mtu = 1280U + script.u8() * 4U;
  for (unsigned n = script.u8() % 64; n > 0; --n) {
    AdvertisedPrefix entry;
    entry.prefix = some_prefix(script);
    entry.on_link = (script.u8() & 1) != 0;
    entry.preferred_until = some_end(script, now);
    entry.valid_until = some_end(script, now);
    content.prefixes.push_back(entry);
  }
  for (unsigned n = script.u8() % 32; n > 0; --n) {
    content.routes.push_back({some_prefix(script), some_preference(script), some_end(script, now)});
  }
  for (unsigned n = script.u8() % 32; n > 0; --n) {
    content.dns_servers.push_back(Ip6Address::from_halves(0x20010db800000053, script.u8()));
  }
  for (unsigned n = script.u8() % 8; n > 0; --n) {
    const std::uint8_t octets[] = {1, static_cast<std::uint8_t>('a' + script.u8() % 26), 0};
    ByteReader name(octets);
    content.search_domains.push_back(*DomainName::parse(name));
  }
  content.dns_valid_until = some_end(script, now);
  return content;
}

class World {
 public:
  explicit World(std::uint64_t seed) : rng_(seed), advertiser_(rng_), listener_(rng_) {}

  void play(ByteReader& script) {
    while (!script.at_end() && script.ok()) {
      step(script);
      judge();
    }
    // Left alone, it goes on as it should.
    for (int i = 0; i < 20; ++i) {
      now_ = std::max(now_, advertiser_.next_deadline().value_or(now_));
      expire();
      judge();
    }
  }

 private:
  void step(ByteReader& script) {
    switch (script.u8() % 12) {
      case 0:
      case 1:
        content_ = some_advertisement(script, now_);
        advertiser_.configure(content_, now_);
        break;
      case 2:
        advertiser_.restore({{some_prefix(script), true, true, some_end(script, now_)}}, now_);
        break;
      case 3:
        advertiser_.stop(now_);
        break;
      case 4:
        advertiser_.announce(now_);
        break;
      case 5:
        listener_.start(now_);
        break;
      case 6:
        listener_.stop();
        listener_.set_link_mtu(1280U + script.u8());
        break;
      case 7:
      case 8:
        hear(script);
        break;
      case 9:
        now_ = now_ + milliseconds(script.u16());
        expire();
        break;
      case 10:
        now_ = now_ + seconds(script.u16());
        expire();
        break;
      default:
        now_ = std::max(
            now_, earlier(advertiser_.next_deadline(), listener_.next_deadline()).value_or(now_));
        expire();
        break;
    }
  }

  void hear(ByteReader& script) {
    const auto octets = script.bytes(std::min<std::size_t>(script.u16() % 1500U, script.left()));
    std::vector<std::uint8_t> packet(octets.begin(), octets.end());
    const std::uint8_t how = script.u8();
    if (!packet.empty() && how < 240) packet[0] = how % 2 == 0 ? 133 : 134;
    if (packet.size() > 1 && how < 230) packet[1] = 0;
    const Ip6Address from =
        how % 16 == 0 ? Ip6Address() : Ip6Address::from_halves(0xfe80000000000000, script.u8());
    const ReceivedPacket received{packet, from, kAllNodes, how < 250 ? 255U : 64U};
    advertiser_.receive(received, now_);
    listener_.receive(received, now_);
    const Heard& heard = listener_.heard();
    require(heard.routers.size() <= kMaxHeardRouters);
    require(heard.prefixes.size() <= kMaxHeardPrefixes);
    require(heard.routes.size() <= kMaxHeardRoutes);
    require(heard.rdnss.size() <= kMaxHeardServers);
    require(heard.dnssl.size() <= kMaxHeardDomains);
    for (const HeardPrefix& prefix : heard.prefixes) {
      require(std::max(prefix.valid_until, prefix.on_link_until) > now_);
      require(!prefix.autonomous || prefix.prefix.length() == 64);
      require(!prefix.autonomous || prefix.preferred_until <= prefix.valid_until);
    }
  }

  void expire() {
    advertiser_.expire(now_);
    listener_.expire(now_);
    const auto next = earlier(advertiser_.next_deadline(), listener_.next_deadline());
    require(!next || *next > now_);
  }

  void judge() {
    require(listener_.drain().packets.size() <= 1);
    require(advertiser_.advertised().size() <= kMaxWithdrawn + content_.prefixes.size() + 1);
    for (const Packet& packet : advertiser_.drain().packets) {
      require(packet.payload.size() + 40 <= content_.link_mtu);
      if (packet.destination == kAllNodes) {
        require(!last_multicast_ || now_ >= *last_multicast_ + seconds(3));
        last_multicast_ = now_;
      }
      const auto message = RouterAdvertisement::parse(packet.payload);
      require(message.has_value());
      require(message->router_lifetime > seconds(0) ||
              message->preference == RouterPreference::kMedium);
      std::set<Prefix> prefixes;
      std::set<Prefix> routes;
      for (const Option& option : message->options) {
        require(!std::holds_alternative<MalformedOption>(option));
        if (const auto* prefix = std::get_if<PrefixInformation>(&option)) {
          require(prefix->preferred <= prefix->valid);
          require(!prefix->prefix.address().is_link_local());
          require(prefixes.insert(prefix->prefix).second);
        } else if (const auto* route = std::get_if<RouteInformation>(&option)) {
          require(routes.insert(route->prefix).second);
        }
      }
      require(routes.size() <= kMaxRoutes);
    }
  }

  Rng rng_;
  Advertiser advertiser_;
  RouterListener listener_;
  Instant now_ = Instant::from_micros(1'000'000'000'000);
  Advertisement content_;
  std::optional<Instant> last_multicast_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader script(std::span<const std::uint8_t>(data, size));
  World world(script.u8());
  world.play(script);
  return 0;
}
