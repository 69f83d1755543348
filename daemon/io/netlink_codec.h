// SPDX-License-Identifier: Apache-2.0
// rtnetlink messages to and from our own values (rtnetlink(7)). The kernel counts in remaining seconds and
// interface indexes, we in instants and names.
#pragma once

#include <linux/neighbour.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/io/netlink_socket.h"
#include "daemon/kernel_state.h"
#include "daemon/neighbor.h"

namespace sixgate::daemon {

// What a message is about; the interface still by index.
struct LinkMessage {
  bool gone = false;
  LinkState link;             // without link_local and carriers
  unsigned vlan_carrier = 0;  // the index of a VLAN's device
};
struct AddressMessage {
  unsigned index = 0;
  KernelAddress address;  // without interface
  bool link_scope = false;
  bool global_scope = false;
  bool usable = false;  // may be a source: not tentative (or optimistic), DAD not failed
};
struct RouteMessage {
  unsigned index = 0;
  KernelRoute route;  // without interface
  bool ours = false;
};
struct RuleMessage {
  KernelRule rule;
  bool ours = false;
};

// An entry of the neighbour table that somebody was heard for.
struct NeighborMessage {
  unsigned index = 0;
  Neighbor neighbor;  // without interface
};

std::optional<LinkMessage> parse_link(const nlmsghdr* header);
std::optional<AddressMessage> parse_address(const nlmsghdr* header, Instant now);
// One for each next hop: the kernel shows routes that differ in nothing else as one.
std::vector<RouteMessage> parse_routes(const nlmsghdr* header, Instant now);
std::optional<RuleMessage> parse_rule(const nlmsghdr* header);

// States of a neighbour from which something was heard.
inline constexpr std::uint16_t kNeighborHeard = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE;

// None for one that is gone, from which nothing was ever heard, or which is no host's; but a link-local address that was
// asked in vain may be a router's.
std::optional<NeighborMessage> parse_neighbor(const nlmsghdr* header, Instant now);

NetlinkMessage link_dump();
NetlinkMessage address_dump();
NetlinkMessage route_dump();  // of kProtocol, where the kernel filters
NetlinkMessage rule_dump();
NetlinkMessage neighbor_dump();

NetlinkMessage put_address(const KernelAddress& address, unsigned index, Instant now);
NetlinkMessage remove_address(const KernelAddress& address, unsigned index);

enum class RoutePut {
  kNew,      // refused when there is any route of this destination, source, table and metric
  kReplace,  // in place of the one there is, without a gap
  kBeside,   // one more next hop
};
NetlinkMessage put_route(const KernelRoute& route, unsigned index, RoutePut how, Instant now);
NetlinkMessage remove_route(const KernelRoute& route, unsigned index);
NetlinkMessage put_rule(const KernelRule& rule);
NetlinkMessage remove_rule(const KernelRule& rule);

}  // namespace sixgate::daemon
