// SPDX-License-Identifier: Apache-2.0
// The proxy of Neighbor Discovery driven by a script of octets: messages on three segments, well-formed and
// not, segments that come and go, time. Whatever comes, memory stays bounded, nothing goes back to where it
// came from, every advertisement follows one of the same target, and what is sent can be read.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "net/byte_reader.h"
#include "ra/nd_proxy.h"

namespace {

using namespace sixgate;
using namespace sixgate::ra;

void require(bool condition) {
  if (!condition) std::abort();
}

const std::array<std::string, 3> kSegments{"wan0", "lan0", "lan1"};
constexpr std::uint64_t kPrefix = 0x20010db800050000;

MacAddress station_of(std::uint8_t last) { return MacAddress({2, 0, 0, 0, 0, last}); }

Ip6Address some_address(ByteReader& script) {
  const std::uint8_t kind = script.u8();
  if (kind < 8) return {};
  if (kind < 40) return Ip6Address::from_halves(0xfe80000000000000, kind);
  if (kind < 50) return Ip6Address::from_halves(kPrefix + 1, kind);
  return Ip6Address::from_halves(kPrefix, kind < 200 ? kind : script.u16());
}

class World {
 public:
  explicit World(std::uint64_t seed) : rng_(seed), proxy_(rng_) {
    settings_.prefixes = {Prefix(Ip6Address::from_halves(kPrefix, 0), 64)};
    settings_.own[Ip6Address::from_halves(kPrefix, 60)] = {"lan0"};
    settings_.fixed.push_back({Ip6Address::from_halves(kPrefix, 61), "lan1"});
    settings_.excluded.emplace_back(Ip6Address::from_halves(kPrefix, 64), 124);
    place_segments(7, 7);
  }

  void play(ByteReader& script) {
    while (!script.at_end() && script.ok()) {
      step(script);
      judge();
    }
    for (int i = 0; i < 20; ++i) {
      now_ = std::max(now_, proxy_.next_deadline().value_or(now_));
      expire();
      judge();
    }
  }

 private:
  void place_segments(std::uint8_t there, std::uint8_t ready) {
    settings_.segments.clear();
    for (std::size_t i = 0; i < kSegments.size(); ++i) {
      if ((there >> i & 1) == 0) continue;
      const MacAddress station = station_of(static_cast<std::uint8_t>(0xa0 + i));
      settings_.segments.push_back({kSegments[i], station,
                                    Ip6Address::from_halves(0xfe80000000000000, station.eui64()),
                                    i == 0, (ready >> i & 1) != 0});
    }
    proxy_.configure(settings_, now_);
  }

  void step(ByteReader& script) {
    switch (script.u8() % 10) {
      case 0:
        place_segments(script.u8(), script.u8());
        break;
      case 1:
        proxy_.restore(some_address(script), kSegments[script.u8() % kSegments.size()], now_);
        break;
      case 2:
        now_ = now_ + milliseconds(script.u16());
        expire();
        break;
      case 3:
        now_ = now_ + seconds(script.u16());
        expire();
        break;
      case 4:
        now_ = std::max(now_, proxy_.next_deadline().value_or(now_));
        expire();
        break;
      case 5:
        hear(script, octets(script));
        break;
      case 6:
      case 7: {
        NeighborAdvertisement message;
        message.target = some_address(script);
        const std::uint8_t flags = script.u8();
        message.router = (flags & 1) != 0;
        message.solicited = (flags & 2) != 0;
        if ((flags & 4) != 0)
          message.options.emplace_back(TargetLinkLayerAddress(station_of(script.u8())));
        hear(script, to_bytes(message));
        break;
      }
      default: {
        NeighborSolicitation message;
        message.target = some_address(script);
        const std::uint8_t flags = script.u8();
        if ((flags & 1) != 0)
          message.options.emplace_back(SourceLinkLayerAddress(station_of(script.u8())));
        if ((flags & 2) != 0) {
          Nonce nonce;
          nonce.octets = {1, 2, 3, 4, 5, script.u8()};
          message.options.emplace_back(nonce);
        }
        hear(script, to_bytes(message));
        break;
      }
    }
  }

  static std::vector<std::uint8_t> octets(ByteReader& script) {
    const auto some = script.bytes(std::min<std::size_t>(script.u8(), script.left()));
    std::vector<std::uint8_t> packet(some.begin(), some.end());
    if (!packet.empty()) packet[0] = static_cast<std::uint8_t>(134 + packet[0] % 3);
    if (packet.size() > 1) packet[1] = 0;
    return packet;
  }

  void hear(ByteReader& script, const std::vector<std::uint8_t>& payload) {
    const std::string& segment = kSegments[script.u8() % kSegments.size()];
    const Ip6Address source = some_address(script);
    const std::uint8_t how = script.u8();
    const Ip6Address destination =
        (how & 1) != 0 ? some_address(script)
                       : Ip6Address::from_halves(0xff02000000000000, 0x1ff000000 | how);
    proxy_.receive({segment,
                    station_of(script.u8()),
                    (how & 2) != 0,
                    {payload, source, destination, how < 250 ? 255U : 64U}},
                   now_);
    for (const ProxyPacket& packet : judge()) {
      if (packet.payload[0] == NeighborAdvertisement::kType) {
        const auto message = NeighborAdvertisement::parse(packet.payload);
        // Of ours, or a host's that has just spoken somewhere else, or that has moved.
        require(settings_.own.contains(message->target) || proxy_.table().find(message->target));
        require(!message->override_cache);
      } else if (packet.segment == segment && !payload.empty() && payload[0] == 135) {
        // To see who is there, never to ask for somebody who is heard there.
        require(!packet.source.is_unspecified());
      }
    }
  }

  void expire() {
    proxy_.expire(now_);
    const auto next = proxy_.next_deadline();
    require(!next || *next > now_);
  }

  std::vector<ProxyPacket> judge() {
    ProxyOutputs out = proxy_.drain(now_);
    for (const ProxyPacket& packet : out.packets) {
      require(packet.payload[0] == 135 || packet.payload[0] == 136);
      if (packet.payload[0] == 135)
        require(NeighborSolicitation::parse(packet.payload).has_value());
      if (packet.payload[0] == 136)
        require(NeighborAdvertisement::parse(packet.payload).has_value());
      require(!proxy_.blocks().contains(packet.segment));
    }
    require(proxy_.hosts().size() <= kMaxProxiedHosts + settings_.fixed.size());
    require(proxy_.table().size() == proxy_.hosts().size());
    require(proxy_.table().candidates() <= kMaxProxyCandidates * kSegments.size());
    require(proxy_.blocks().size() <= kSegments.size());
    for (const ProxiedHost& host : proxy_.hosts()) {
      require(!settings_.own.contains(host.address) || host.fixed);
      require(settings_.prefixes.front().contains(host.address));
    }
    return out.packets;
  }

  Rng rng_;
  NdProxy proxy_;
  ProxySettings settings_;
  Instant now_ = Instant::from_micros(1'000'000'000'000);
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader script(std::span<const std::uint8_t>(data, size));
  World world(script.u8());
  world.play(script);
  return 0;
}
