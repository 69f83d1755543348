// SPDX-License-Identifier: Apache-2.0
// Flows that began while other rules were in force. Rules judge how a flow begins, connection tracking lets it go
// on: what would not be let in any more is to be ended by hand.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "firewall/ruleset.h"
#include "net/ip6_address.h"

namespace sixgate::firewall {

inline constexpr std::uint8_t kTcp = 6;  // as IANA numbers protocols

// As its first packet was, where rules see it.
struct Flow {
  std::uint8_t protocol = 0;
  Ip6Address source;
  Ip6Address destination;
  std::uint16_t source_port = 0;  // of protocols that have ports
  std::uint16_t destination_port = 0;
  bool operator==(const Flow&) const = default;
};

// As connection tracking has it, which translates between where rules are: destinations before, sources after them.
struct TrackedFlow {
  Flow flow;
  Ip6Address sent_to;      // at first: its destination, unless that was translated
  Ip6Address answered_at;  // its source, unless that was translated
  std::uint32_t mark = 0;  // for which somebody may have rules of policy routing
};

// By which interface the kernel reaches a host; none: it does not say.
using Whereabouts = std::function<std::optional<std::string>(const Ip6Address& host)>;
// By which interface a packet would leave that a host on interface `received_on` sends; none: by none.
using WayOut = std::function<std::optional<std::string>(
    const Ip6Address& source, const std::string& received_on, const Ip6Address& destination,
    std::uint32_t mark)>;

// Whether it came to a LAN of ours from outside, or from another LAN, and these rules (normalised) would not let it
// begin. Of a LAN that an IPsec knock opens nobody can tell how a flow came in: those go on. Where several links have
// one prefix, `where` tells on which of them a host is (RFC 7278).
bool is_no_longer_allowed(const Flow& flow, const Ruleset& rules, const Whereabouts& where = {});

// Of the LAN that has this host.
std::optional<std::string> interface_of(const Ruleset& rules, const Ip6Address& host,
                                        const Whereabouts& where = {});

// Whether flows may be open under `before` that `after` does not allow.
bool may_have_narrowed(const Ruleset& before, const Ruleset& after);

// Whether something is assigned only now, where flows may be open from an earlier run of ours with other rules.
bool has_more_assigned(const Ruleset& before, const Ruleset& after);

// What the Internet could reach under `before` and has gone by `after`.
std::vector<Prefix> no_longer_assigned(const Ruleset& before, const Ruleset& after);

// Whether it went between the Internet and something in `gone`: rules let nothing of it through any more, and it only
// fills the table of connections. What goes between LANs goes on, with old addresses too (RFC 7084 L-14).
bool is_of(const Flow& flow, const std::vector<Prefix>& gone, const Ruleset& rules,
           const Whereabouts& where = {});

// Whether its host is on the Internet (RFC 6296) with an address that `before` translated and `rules` do not, or which
// belongs to another uplink than its host's packets leave by. The rules refuse those, or a provider would, and connection
// tracking would go on with that address until its host is silent.
bool has_lost_its_address(const TrackedFlow& tracked, const Ruleset& before, const Ruleset& rules,
                          const Whereabouts& where, const WayOut& way);

// Whether TCP may begin from outside, to any host.
bool lets_tcp_in(const Ruleset& rules);

// Whether TCP could begin from outside under `before` that could not under `after`, to a host that is still where it
// was: what a renumbering takes away is judged by its address.
bool has_shut_tcp(const Ruleset& before, const Ruleset& after);

}  // namespace sixgate::firewall
