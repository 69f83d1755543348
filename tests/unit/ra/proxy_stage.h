// SPDX-License-Identifier: Apache-2.0
// One shared /64 on three segments, an uplink and two LANs, in virtual time: hosts that answer for their
// addresses on their segment, and a record of what the proxy sent.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ra/nd_proxy.h"
#include "tests/unit/ra/support.h"

namespace sixgate::ra::test {

inline const std::string kWan = "wan0";
inline const std::string kLan = "lan0";
inline const std::string kGuests = "lan1";

inline MacAddress mac(std::uint8_t last) { return MacAddress({2, 0, 0x5e, 0, 0x53, last}); }
inline const MacAddress kWanMac = mac(0xa0);
inline const MacAddress kLanMac = mac(0xa1);
inline const MacAddress kGuestsMac = mac(0xa2);

inline Ip6Address link_local(const MacAddress& mac) {
  return Ip6Address::from_halves(0xfe80000000000000, mac.eui64());
}
inline Ip6Address group_of(const Ip6Address& target) {
  return Ip6Address::from_halves(0xff02000000000000, 0x1ff000000 | (target.low() & 0xffffff));
}

struct ProxyStage {
  explicit ProxyStage(std::uint64_t seed = 1) : rng(seed), proxy(rng) {
    settings.prefixes = {prefix("2001:db8:5::/64")};
    settings.segments = {{kWan, kWanMac, link_local(kWanMac), true, true},
                         {kLan, kLanMac, link_local(kLanMac), false, true},
                         {kGuests, kGuestsMac, link_local(kGuestsMac), false, true}};
    proxy.configure(settings, now);
  }

  // A host that answers for this address there, until it is taken away.
  void plug(const std::string& segment, std::string_view address, std::uint8_t station) {
    hosts[{segment, ip(address)}] = mac(station);
  }
  void unplug(const std::string& segment, std::string_view address) {
    hosts.erase({segment, ip(address)});
  }

  void hear(const std::string& segment, const MacAddress& station, const Ip6Address& source,
            const Ip6Address& destination, std::vector<std::uint8_t> payload,
            bool outgoing = false) {
    proxy.receive({segment, station, outgoing, {payload, source, destination, 255}}, now);
    collect();
  }

  NeighborSolicitation question(std::string_view target, const MacAddress& station) const {
    NeighborSolicitation message;
    message.target = ip(target);
    message.options.emplace_back(SourceLinkLayerAddress(station));
    return message;
  }
  void ask(const std::string& segment, std::uint8_t station, std::string_view target) {
    const MacAddress from = mac(station);
    hear(segment, from, link_local(from), group_of(ip(target)), to_bytes(question(target, from)));
  }
  void dad(const std::string& segment, std::uint8_t station, std::string_view target,
           std::vector<std::uint8_t> nonce = {}) {
    NeighborSolicitation message;
    message.target = ip(target);
    if (!nonce.empty()) {
      Nonce option;
      option.octets = std::move(nonce);
      message.options.emplace_back(option);
    }
    hear(segment, mac(station), Ip6Address(), group_of(message.target), to_bytes(message));
  }
  void answer(const std::string& segment, const MacAddress& station, const Ip6Address& target,
              const Ip6Address& to, bool router = false) {
    NeighborAdvertisement message;
    message.target = target;
    message.router = router;
    message.solicited = !to.is_multicast();
    message.override_cache = true;
    message.options.emplace_back(TargetLinkLayerAddress(station));
    hear(segment, station, target, to, to_bytes(message));
  }

  void collect() {
    ProxyOutputs out = proxy.drain(now);
    changes += out.changed ? 1U : 0U;
    log.insert(log.end(), out.log.begin(), out.log.end());
    for (ProxyPacket& packet : out.packets) {
      sent.push_back(packet);
      times.push_back(now);
      if (packet.payload[0] != NeighborSolicitation::kType) continue;
      const auto message = NeighborSolicitation::parse(packet.payload);
      const auto host = hosts.find({packet.segment, message->target});
      if (host == hosts.end() || mute) continue;
      answer(packet.segment, host->second, message->target,
             packet.source.is_unspecified() ? kAllNodes : packet.source, routers);
    }
  }

  void run_for(Duration time) {
    const Instant end = now + time;
    while (proxy.next_deadline() && *proxy.next_deadline() <= end) {
      now = std::max(now, *proxy.next_deadline());
      proxy.expire(now);
      collect();
    }
    now = end;
    proxy.expire(now);
    collect();
  }

  std::vector<NeighborSolicitation> solicitations(const std::string& segment) const {
    std::vector<NeighborSolicitation> out;
    for (const ProxyPacket& packet : sent) {
      if (packet.segment == segment && packet.payload[0] == NeighborSolicitation::kType)
        out.push_back(*NeighborSolicitation::parse(packet.payload));
    }
    return out;
  }
  std::vector<std::pair<ProxyPacket, NeighborAdvertisement>> advertisements(
      const std::string& segment) const {
    std::vector<std::pair<ProxyPacket, NeighborAdvertisement>> out;
    for (const ProxyPacket& packet : sent) {
      if (packet.segment == segment && packet.payload[0] == NeighborAdvertisement::kType)
        out.emplace_back(packet, *NeighborAdvertisement::parse(packet.payload));
    }
    return out;
  }
  // Where the proxy believes an address to be; empty: nowhere.
  std::string place(std::string_view address) const {
    const ProxiedHost* host = proxy.table().find(ip(address));
    return host == nullptr ? std::string() : host->segment;
  }
  bool said(std::string_view words) const {
    return std::any_of(log.begin(), log.end(), [&](const LogLine& line) {
      return line.text.find(words) != std::string::npos;
    });
  }

  Rng rng;
  NdProxy proxy;
  ProxySettings settings;
  Instant now = kStart;
  std::map<std::pair<std::string, Ip6Address>, MacAddress> hosts;
  bool routers = false;  // the R flag of what hosts answer
  bool mute = false;
  std::vector<ProxyPacket> sent;
  std::vector<Instant> times;
  LogLines log;
  unsigned changes = 0;
};

}  // namespace sixgate::ra::test
