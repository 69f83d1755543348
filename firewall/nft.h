// SPDX-License-Identifier: Apache-2.0
// The ruleset for nftables: table `ip6 sixgate`, a constant skeleton plus sets.
//
// Replacing a table, or flushing and refilling a set in one transaction, loses and leaks packets on
// Linux 6.1 and 6.12; differences of elements do not. So the skeleton is loaded once, every
// interface and prefix is an element, and a change of the Ruleset is a difference between two
// NftSets.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/ruleset.h"
#include "net/mac_address.h"
#include "net/prefix.h"

namespace sixgate::firewall {

inline constexpr std::string_view kNftTable = "sixgate";  // family ip6

enum class NftKey : std::uint8_t {
  kInterface,        // type ifname
  kInterfacePair,    // type ifname . ifname
  kInterfaceMark,    // type ifname . mark
  kInterface64,      // type ifname . ipv6_addr: the address of a /64
  kInterfacePrefix,  // type ifname . ipv6_addr, flags interval
  kPort,             // type ifname . ipv6_addr . inet_service
  kPorts,            // type ifname . ipv6_addr . ipv6_addr . inet_service, flags interval
  kProtocol,         // type ifname . ipv6_addr . ipv6_addr . inet_proto, flags interval
  kStation,          // type ifname . ipv6_addr . ether_addr, flags interval
};

// Ranges of keys instead of single ones: such sets take no elements that overlap.
constexpr bool is_interval(NftKey key) {
  return key == NftKey::kInterfacePrefix || key == NftKey::kPorts || key == NftKey::kProtocol ||
         key == NftKey::kStation;
}

enum class NftSetId : std::uint8_t {
  kWan,        // uplinks
  kCrossing,   // uplinks over which traffic may be forwarded (RFC 7084 G-3)
  kLan,        // every LAN
  kProtected,  // LANs of that zone
  kExposed,
  kClosed,
  kGuarded,     // LANs closed from outside that have the Internet: protected and isolated
  kEverywhere,  // LANs that may open connections to every other
  kReach,       // of the others: LAN . LAN that its hosts may open connections to
  // Of a /64, which nearly all are, and of other prefixes. Linux needs half a millisecond to take a prefix out of a
  // set of intervals, and a microsecond out of one of single keys.
  kAssigned64,  // LAN . prefix reachable from the Internet
  kAssigned,
  kAssignedOverlap,  // of the two before, as nft_stages has it; so are all that are called so
  kLocal64,          // LAN . prefix allowed as source
  kLocal,
  kLocalOverlap,
  kWithdrawn,  // LAN . prefix that hosts may still use, to be told that they must not
  kDelegated,  // uplink . delegation: never a source there, never sent out there
  kDelegatedOverlap,
  kForbidden,   // uplink . prefix of documentation: not on the Internet, unless we live in it (a
                // lab)
  kServers,     // interface . source of answers to our DHCPv6 relay agent
  kRegistered,  // uplink . own address that a DHCPv6 server is told of
  kDoorTcp,     // LAN . host . port that is open to everybody
  kDoorUdp,
  kPinholeTcp,  // LAN . source . host . ports
  kPinholeTcpOverlap,
  kPinholeUdp,
  kPinholeUdpOverlap,
  kPinholeOther,  // LAN . source . host . protocol
  kPinholeOtherOverlap,
  kOpen,  // LAN . prefix of a router behind it that the Internet may open anything to
  kOpenOverlap,
  kShut,  // the same of exposed LANs, to be guarded
  kShutOverlap,
  kKnockers,     // uplinks where IPsec AH is for us
  kKnock,        // LAN . mark of what came out of it
  kAnyEndpoint,  // LANs whose hosts anybody may answer
  kAsking,       // LANs whose programs may ask for pinholes
  kRefusing,     // guarded LANs whose TCP is to begin with its beginning
  kStations,     // LAN . delegated prefix . its router's station
  kStationed,    // LAN . prefix of the set before
};
inline constexpr std::size_t kNftSetCount = 40;

struct NftSetKind {
  NftSetId id;
  std::string_view name;
  NftKey key;
  std::string_view why;  // the set's comment
  bool counted = false;  // each element counts what it lets in
};
extern const std::array<NftSetKind, kNftSetCount> kNftSetKinds;  // in the order of NftSetId

// The fields that its set's key has; the others are as they are here.
struct NftElement {
  std::string interface;
  Prefix prefix = {};       // of pinholes and doors the host
  std::string other = {};   // of kInterfacePair
  Prefix source = {};       // of pinholes
  std::uint16_t first = 0;  // of pinholes: ports, or the protocol twice; of doors the port twice
  std::uint16_t last = 0;
  std::uint32_t mark = 0;   // of kInterfaceMark
  MacAddress station = {};  // of kStation
  friend auto operator<=>(const NftElement&, const NftElement&) = default;
};

// The contents of all sets; each vector is sorted and without duplicates.
struct NftSets {
  std::array<std::vector<NftElement>, kNftSetCount> elements;
  std::vector<NftElement>& operator[](NftSetId id) {
    return elements[static_cast<std::size_t>(id)];
  }
  const std::vector<NftElement>& operator[](NftSetId id) const {
    return elements[static_cast<std::size_t>(id)];
  }
  bool operator==(const NftSets&) const = default;
};

// One step of a difference; steps are to be sent in order, in one transaction.
struct NftStep {
  enum class Kind : std::uint8_t { kAdd, kRemove } kind;
  NftSetId set;
  std::vector<NftElement> elements;
  bool operator==(const NftStep&) const = default;
};

// Declares the table with its sets and writes its rules anew; sets keep their elements. The same
// text always: loading it over itself changes nothing but counters. Of the Ruleset it has the mark, the
// log, the translations and the user's rules.
std::string nft_skeleton(const Ruleset& ruleset = {});

// The table goes, if it is there.
std::string nft_removal();

NftSets nft_sets(const Ruleset& ruleset);

// What an element of a counted set stands for.
FirewallPinhole pinhole_of(NftSetId set, const NftElement& element);

// New elements before stale ones, except that a stale one goes first when a new one overlaps it (an
// interval set refuses overlaps).
std::vector<NftStep> nft_steps(const NftSets& from, const NftSets& to);
NftSets apply_steps(NftSets sets, const std::vector<NftStep>& steps);

// The contents to have one after the other, a transaction for each, so that what old and new elements both match is
// matched at each moment.
//
// One transaction is not enough where a new element overlaps an old one. An interval set takes them in turn only, and
// Linux 6.1 lets packets see it when the old is out and the new not yet in; and what is in another set now, a packet on
// its way through the rules may find in neither. So the new goes into a third set first, and stays there until the
// next change. The rules look into it last: who came too early or too late for the others finds it there.
std::vector<NftSets> nft_stages(const NftSets& from, const NftSets& to);

// The same as text for `nft -f`; empty when nothing differs.
std::string nft_difference(const NftSets& from, const NftSets& to);

}  // namespace sixgate::firewall
