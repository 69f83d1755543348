// SPDX-License-Identifier: Apache-2.0
// Relay: the relay agent of the links that another DHCPv6 server serves (RFC 9915 section 19). What clients and
// relay agents of those links say goes to the servers, what servers answer goes back, unmodified either way.
//
// Sans-I/O, as Server. Stateless as far as relaying goes: each Relay-forward carries in its Interface-Id the name
// of the link, and the server returns it. What it does remember are the prefixes that it saw servers delegate
// (relayed_delegations.h): it is the router that has to know the way to them. For that alone it remembers, too, what
// clients asked for (relayed_requests.h).
//
// What it decides where the RFC leaves the choice:
// - An answer is taken from the addresses that we relay to. All_DHCP_Servers means the servers of that link:
//   then link-local sources, which nobody beyond it can have. A server further away is named by its address.
// - Interface-Id is always there, so that the way back does not depend on a prefix that may be renumbered.
// - Relay agents below may use any port and say so (RFC 8357); we ourselves use 547.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dhcp6/message.h"
#include "dhcp6/relay_counters.h"
#include "dhcp6/relay_message.h"
#include "dhcp6/relayed_delegations.h"
#include "dhcp6/relayed_requests.h"
#include "net/log.h"
#include "net/mac_address.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

// Where to relay to: the address of a server, of a relay agent above, or a multicast group of them.
struct RelayServer {
  std::string interface;
  Ip6Address address;
  bool operator==(const RelayServer&) const = default;
};

// A link with clients.
struct RelayLink {
  std::string name;  // its Interface-Id
  std::string interface;
  std::vector<RelayServer> servers;
  Ip6Address address;            // ours there, for link-address; ::, when there is none
  std::vector<Prefix> prefixes;  // on link
  RelayLimits limits;
  bool operator==(const RelayLink&) const = default;
};

// A datagram to port 547.
struct RelayInput {
  std::string_view interface;
  std::span<const std::uint8_t> payload;
  Ip6Address from;
  std::uint16_t port = kServerPort;  // that it was sent from
  Ip6Address to;
  std::optional<MacAddress> link_layer;  // of the sender
};

// To be sent from port 547: from the link-local address when the destination is link-local or multicast, else
// from the one that fits the destination.
struct RelayPacket {
  std::string interface;
  Ip6Address destination;
  std::uint16_t port = kServerPort;
  std::vector<std::uint8_t> payload;
  bool operator==(const RelayPacket&) const = default;
};

struct RelayOutputs {
  bool delegations_changed = false;  // Relay::delegations() is another value
  std::vector<RelayPacket> packets;
  LogLines log;
};

class Relay {
 public:
  // Once, before anything else: what an earlier run saw.
  void restore(std::vector<RelayedDelegation> delegations, Instant now);
  void configure(std::vector<RelayLink> links, OwnPrefixes own = {});

  // Whether clients of this interface are relayed for.
  bool relays_for(std::string_view interface) const;
  // Whether a server may answer there.
  bool is_upstream(std::string_view interface) const;

  void receive(const RelayInput& input, Instant now);
  void expire(Instant now) { delegations_.expire(now); }
  std::optional<Instant> next_deadline() const { return delegations_.next_deadline(); }
  std::vector<RelayedDelegation> clear(const LeaseSelection& which) {
    return delegations_.clear(which);
  }
  RelayOutputs drain();

  const std::vector<RelayLink>& links() const { return links_; }
  const std::vector<RelayedDelegation>& delegations() const { return delegations_.all(); }
  std::uint64_t refused_delegations(const std::string& link) const {
    return delegations_.refused(link);
  }
  const RelayCounters& counters(std::string_view interface) const;

 private:
  using Dropped = std::optional<RelayDrop>;
  const RelayLink* link_on(std::string_view interface) const;
  const RelayLink* link_of(const RelayMessage& reply) const;
  Dropped relay_up(const RelayInput& input, MessageType type, Instant now);
  Dropped relay_down(const RelayInput& input, Instant now);
  void see_request(const RelayLink& link, const Ip6Address& next_hop,
                   std::span<const std::uint8_t> message, Instant now);
  void see_reply(const RelayLink& link, const Ip6Address& next_hop,
                 std::span<const std::uint8_t> message, Instant now);

  std::vector<RelayLink> links_;
  bool configured_ = false;
  RelayedDelegations delegations_;
  RelayedRequests requests_;
  std::map<std::string, RelayCounters, std::less<>> counters_;  // by interface
  RelayOutputs out_;
};

}  // namespace sixgate::dhcp6
