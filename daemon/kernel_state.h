// SPDX-License-Identifier: Apache-2.0
// What the kernel has, as far as it concerns us: read by dump, compared with the DesiredState, and never
// edited step by step. The same value types say what is wanted (desired_state.h).
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "net/ip6_address.h"
#include "net/mac_address.h"
#include "net/prefix.h"
#include "net/secret.h"
#include "net/time.h"
#include "ra/options.h"

namespace sixgate::daemon {

// Our rtm_protocol and IFA_PROTO: what carries it is ours to change, everything else is not.
inline constexpr std::uint8_t kProtocol = 166;

// The private table for the way back to hosts that still use a withdrawn prefix (RFC 7084 L-14).
inline constexpr std::uint32_t kWithdrawnTable = 16600;
inline constexpr std::uint32_t kMainTable = 254;
// The reqid that says of xfrm's states and policies which are ours.
inline constexpr std::uint32_t kKnockRequest = 16600;

struct LinkState {
  std::string name;
  unsigned index = 0;
  bool up = false;                // IFF_UP
  bool carrier = false;           // IFF_LOWER_UP
  std::optional<MacAddress> mac;  // none on ppp and tun
  bool ppp = false;
  // Devices below it: of a VLAN its own, of PPP all that carry PPPoE. What they carry beside it comes from the same cable.
  std::vector<std::string> carriers{};
  std::uint32_t mtu = 1500;
  std::optional<Ip6Address> link_local;  // usable: not tentative, DAD not failed

  // Packets can be sent from here.
  bool ready() const { return up && carrier && link_local.has_value(); }
  bool operator==(const LinkState&) const = default;
};

struct KernelAddress {
  std::string interface;
  Ip6Address address;
  unsigned prefix_length = 64;
  Instant preferred_until;
  Instant valid_until;
  bool tentative = false;
  bool dad_failed = false;
  bool ours = false;  // by IFA_PROTO

  // What its interface identifier was made for: a /64 or longer, also where only the address itself is on link.
  Prefix link_prefix() const {
    return Prefix(address, prefix_length > 64 && prefix_length < 128 ? prefix_length : 64);
  }
  bool operator==(const KernelAddress&) const = default;
};

struct KernelRoute {
  enum class Kind : std::uint8_t { kUnicast, kUnreachable };
  Kind kind = Kind::kUnicast;
  Prefix destination;
  Prefix source;          // ::/0: any
  std::string interface;  // empty for unreachable
  std::optional<Ip6Address> gateway;
  std::uint32_t metric = 1024;
  std::uint32_t table = kMainTable;
  ra::RouterPreference preference = ra::RouterPreference::kMedium;
  std::uint32_t mtu = 0;  // 0: the interface's
  Instant expires = Instant::never();

  bool operator==(const KernelRoute&) const = default;
};

// "from the router itself, to destination: look in table" (iif lo).
struct KernelRule {
  Prefix destination;
  std::uint32_t table = kWithdrawnTable;
  std::uint32_t priority = 16600;

  auto operator<=>(const KernelRule&) const = default;
};

// What a receiver remembers of a sender's sequence numbers (RFC 4302 section 3.4.3).
struct KnockReplay {
  std::uint32_t sequence = 0;  // the highest seen
  std::uint32_t bitmap = 0;    // of those before it

  bool operator==(const KnockReplay&) const = default;
};

// An AH tunnel that ends here (a state of xfrm): what comes out of it carries a mark.
struct KernelKnock {
  Ip6Address address;  // ours, on an uplink
  std::uint32_t spi = 0;
  Prefix inner;           // where its packets may go
  std::string algorithm;  // as the kernel's crypto calls it
  unsigned icv_bits = 0;
  Secret key;
  std::uint32_t mark = 0;
  KnockReplay replay;

  bool operator==(const KernelKnock&) const = default;
};

// What goes to `inner` may have come by such a tunnel, and need not (a policy of xfrm, level use).
struct KernelKnockPolicy {
  Prefix inner;
  auto operator<=>(const KernelKnockPolicy&) const = default;
};

struct KernelState {
  std::vector<KernelAddress> addresses;  // global scope ones of every interface, ours and others'
  std::vector<KernelRoute> routes;       // only those of kProtocol
  std::vector<KernelRule> rules;         // only those of kProtocol
  std::vector<KernelKnock> knocks;       // only those of kKnockRequest
  std::vector<KernelKnockPolicy> knock_policies;
  // "net/ipv6/conf/wan0/accept_ra" -> "0": the keys that the daemon watches and the kernel has.
  std::map<std::string, std::string> sysctls;

  bool operator==(const KernelState&) const = default;
};

}  // namespace sixgate::daemon
