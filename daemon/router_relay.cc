// SPDX-License-Identifier: Apache-2.0
// Router and its DHCPv6 relay agent: LANs that another server serves. Its links bear the names of LANs.
#include <algorithm>
#include <utility>

#include "daemon/router.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

// Which of our addresses tells the server where its clients are: of the prefix that hosts are to use, one that
// a person wrote down first, and a global one before a ULA.
const LanPrefix* best_prefix(const std::vector<LanPrefix>& prefixes) {
  const auto rank = [](const LanPrefix& prefix) {
    const bool live = prefix.standing == delegation::Standing::kLive;
    if (!live) return 3;
    if (prefix.origin == delegation::kOriginStatic) return 0;
    return kUniqueLocal.contains(prefix.prefix) ? 2 : 1;
  };
  const auto best =
      std::min_element(prefixes.begin(), prefixes.end(),
                       [&](const LanPrefix& a, const LanPrefix& b) { return rank(a) < rank(b); });
  return best == prefixes.end() ? nullptr : &*best;
}

}  // namespace

std::vector<dhcp6::RelayLink> Router::relay_links() const {
  std::vector<dhcp6::RelayLink> links;
  for (const conf::LanConfig& lan : config_.lans) {
    if (!lan.is_relayed()) continue;
    dhcp6::RelayLink out{.name = lan.name, .interface = lan.interface};
    for (const conf::RelayTo& to : lan.relay.servers) {
      if (const auto interface = conf::relay_interface(config_, to))
        out.servers.push_back({*interface, to.address});
    }
    const auto prefixes = prefixes_.find(lan.name);
    const LinkState* state = link(lan.interface);
    if (prefixes != prefixes_.end()) {
      for (const LanPrefix& prefix : prefixes->second) out.prefixes.push_back(prefix.prefix);
      if (const LanPrefix* best = best_prefix(prefixes->second)) out.address = best->address;
    }
    // RFC 9915 section 19.1.1: better than nothing.
    if (out.address.is_unspecified() && state != nullptr && state->link_local)
      out.address = *state->link_local;
    out.limits = {lan.dhcp6.delegations_per_client, lan.relay.limit};
    links.push_back(std::move(out));
  }
  return links;
}

// What no Reply to another's client can lead behind a LAN.
dhcp6::OwnPrefixes Router::own_prefixes() const {
  dhcp6::OwnPrefixes own;
  for (const auto& [lan, prefixes] : prefixes_) {
    for (const LanPrefix& one : prefixes) own.at_home.push_back(one.prefix);
  }
  // What our server gave before the LAN became another's, the other one may give anew.
  const auto is_relayed = [&](const std::string& lan) {
    return std::any_of(config_.lans.begin(), config_.lans.end(), [&](const conf::LanConfig& one) {
      return one.name == lan && one.is_relayed();
    });
  };
  for (const dhcp6::DelegatedPrefix& one : server_.delegations()) {
    if (!is_relayed(one.link)) own.at_home.push_back(one.prefix);
  }
  for (const delegation::Delegation& one : pool_.delegations()) {
    if (one.withdrawn) continue;
    own.delegated.push_back(one.prefix);
    if (one.excluded) own.uplinks.push_back(*one.excluded);
  }
  for (const auto& uplink : uplinks_) {
    for (const ra::HeardPrefix& one : uplink->heard().prefixes) own.uplinks.push_back(one.prefix);
    for (const dhcp6::LeasedAddress& one : uplink->lease().addresses)
      own.uplinks.emplace_back(one.address, 128);
  }
  return own;
}

void Router::configure_relay() {
  std::vector<dhcp6::RelayLink> links = relay_links();
  dhcp6::OwnPrefixes own = links.empty() ? dhcp6::OwnPrefixes() : own_prefixes();
  relay_.configure(std::move(links), std::move(own));
}

void Router::receive_for_servers(const PacketIn& packet, Lan* lan, Instant now) {
  const bool is_reply =
      !packet.payload.empty() &&
      packet.payload[0] == static_cast<std::uint8_t>(dhcp6::MessageType::kRelayReply);
  const auto station = lan == nullptr ? std::nullopt : lan->hosts().station_of(packet.source, now);
  if (lan != nullptr && !is_reply && !lan->may_ask(station.has_value(), now)) return;
  if (relay_.relays_for(packet.interface) || (is_reply && relay_.is_upstream(packet.interface))) {
    relay_.receive({.interface = packet.interface,
                    .payload = packet.payload,
                    .from = packet.source,
                    .port = packet.port,
                    .to = packet.destination,
                    .link_layer = packet.link_layer},
                   now);
  } else if (lan != nullptr) {
    server_.receive(lan->config().name, packet.payload, packet.source, packet.destination, now,
                    packet.port, packet.link_layer ? packet.link_layer : station);
  }
}

void Router::collect_relay(Instant now) {
  dhcp6::RelayOutputs said = relay_.drain();
  for (dhcp6::RelayPacket& packet : said.packets) {
    const bool near = packet.destination.is_link_local() || packet.destination.is_multicast();
    out_.packets.push_back(
        {.interface = std::move(packet.interface),
         .channel = Channel::kDhcp6Server,
         .destination = packet.destination,
         .payload = std::move(packet.payload),
         .source = near ? std::optional<Ip6Address>() : std::optional(Ip6Address()),
         .port = packet.port});
  }
  for (LogLine& line : said.log) out_.log.push_back(std::move(line));
  if (!said.delegations_changed) return;
  keep_ = true;
  subdelegations_changed(now);
}

StatusRelay Router::relay_status(const conf::LanConfig& lan, Instant now) const {
  StatusRelay out;
  for (const conf::RelayTo& to : lan.relay.servers) out.servers.push_back(to.to_string());
  for (const dhcp6::RelayLink& one : relay_.links()) {
    if (one.name == lan.name && !one.address.is_unspecified()) out.link_address = one.address;
  }
  for (const dhcp6::RelayedDelegation& one : relay_.delegations()) {
    if (one.link != lan.name) continue;
    out.delegations.push_back(
        {one.prefix, one.client.to_string(), one.next_hop, remaining(one.valid_until, now)});
  }
  return out;
}

// Of interfaces that have to do with it.
void Router::count_relayed(const std::string& interface,
                           std::map<std::string, std::uint64_t>& counters) const {
  const dhcp6::RelayCounters& relayed = relay_.counters(interface);
  if (relayed.received == 0 && !relay_.relays_for(interface)) return;
  counters["relay_received"] = relayed.received;
  counters["relay_relayed"] = relayed.relayed;
  for (std::size_t i = 0; i < dhcp6::kRelayDropCount; ++i) {
    const auto reason = static_cast<dhcp6::RelayDrop>(i);
    counters[cat("relay_dropped_", dhcp6::to_string(reason))] = relayed[reason];
  }
  for (const dhcp6::RelayLink& one : relay_.links()) {
    if (one.interface == interface)
      counters["relay_delegations_not_routed"] = relay_.refused_delegations(one.name);
  }
}

}  // namespace sixgate::daemon
