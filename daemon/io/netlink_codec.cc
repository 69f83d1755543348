// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/netlink_codec.h"

#include <arpa/inet.h>  // before linux/if.h
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include "daemon/io/netlink_message.h"

namespace sixgate::daemon {
namespace {

constexpr unsigned kLowerUp = 1U << 16;  // IFF_LOWER_UP
constexpr int kIfaProto = 11;            // IFA_PROTO, Linux 5.18
constexpr int kFraProtocol = 21;         // FRA_PROTOCOL
constexpr std::int64_t kTicks = 100;     // USER_HZ, what rtnetlink counts time in

std::uint8_t preference_bits(ra::RouterPreference preference) {  // RFC 4191 section 2.1
  switch (preference) {
    case ra::RouterPreference::kLow:
      return 3;
    case ra::RouterPreference::kMedium:
      return 0;
    case ra::RouterPreference::kHigh:
      return 1;
  }
  return 0;
}

ra::RouterPreference preference_of(std::uint8_t bits) {
  if (bits == 1) return ra::RouterPreference::kHigh;
  if (bits == 3) return ra::RouterPreference::kLow;
  return ra::RouterPreference::kMedium;
}

Instant instant_of(std::uint32_t remaining_seconds, Instant now) {
  return expiry(now, Lifetime(remaining_seconds));
}

ifaddrmsg address_header(const KernelAddress& address, unsigned index) {
  ifaddrmsg fixed{};
  fixed.ifa_family = AF_INET6;
  fixed.ifa_prefixlen = static_cast<std::uint8_t>(address.prefix_length);
  fixed.ifa_index = index;
  return fixed;
}

rtmsg route_header(const KernelRoute& route) {
  rtmsg fixed{};
  fixed.rtm_family = AF_INET6;
  fixed.rtm_dst_len = static_cast<unsigned char>(route.destination.length());
  fixed.rtm_src_len = static_cast<unsigned char>(route.source.length());
  fixed.rtm_table = RT_TABLE_UNSPEC;  // RTA_TABLE says it in 32 bits
  fixed.rtm_protocol = kProtocol;
  fixed.rtm_scope = RT_SCOPE_UNIVERSE;
  fixed.rtm_type = route.kind == KernelRoute::Kind::kUnreachable ? RTN_UNREACHABLE : RTN_UNICAST;
  return fixed;
}

void put_route_key(NetlinkBuilder& message, const KernelRoute& route, unsigned index) {
  if (route.destination.length() > 0) message.address(RTA_DST, route.destination.address());
  if (route.source.length() > 0) message.address(RTA_SRC, route.source.address());
  message.put(RTA_TABLE, route.table).put(RTA_PRIORITY, route.metric);
  if (route.kind == KernelRoute::Kind::kUnreachable) return;
  message.put(RTA_OIF, index);
  if (route.gateway) message.address(RTA_GATEWAY, *route.gateway);
}

NetlinkMessage rule_message(int type, int flags, const KernelRule& rule) {
  fib_rule_hdr fixed{};
  fixed.family = AF_INET6;
  fixed.dst_len = static_cast<std::uint8_t>(rule.destination.length());
  fixed.action = FR_ACT_TO_TBL;
  NetlinkBuilder message(type, flags, fixed);
  if (rule.destination.length() > 0) message.address(FRA_DST, rule.destination.address());
  message.text(FRA_IIFNAME, "lo")
      .put(FRA_TABLE, rule.table)
      .put(FRA_PRIORITY, rule.priority)
      .put(kFraProtocol, kProtocol);
  return message.take();
}

// RTA_MULTIPATH: a row of rtnexthop, each followed by attributes of its own.
std::vector<RouteMessage> each_hop(const RouteMessage& common, const nlattr* hops) {
  std::vector<RouteMessage> out;
  const auto* at = static_cast<const unsigned char*>(nla_data(hops));
  auto left = static_cast<std::size_t>(nla_len(hops));
  rtnexthop hop{};
  while (left >= sizeof hop) {
    std::memcpy(&hop, at, sizeof hop);
    if (hop.rtnh_len < sizeof hop || hop.rtnh_len > left) break;
    RouteMessage one = common;
    one.index = static_cast<unsigned>(hop.rtnh_ifindex);
    nlattr* table[RTA_MAX + 1] = {};
    const void* attributes = at + sizeof hop;
    if (nla_parse(table, RTA_MAX, static_cast<nlattr*>(const_cast<void*>(attributes)),
                  static_cast<int>(hop.rtnh_len - sizeof hop), nullptr) >= 0 &&
        table[RTA_GATEWAY] != nullptr && nla_len(table[RTA_GATEWAY]) == 16) {
      Ip6Address::Bytes bytes;
      std::memcpy(bytes.data(), nla_data(table[RTA_GATEWAY]), bytes.size());
      one.route.gateway = Ip6Address(bytes);
    }
    out.push_back(std::move(one));
    const std::size_t step = std::min(left, static_cast<std::size_t>(RTNH_ALIGN(hop.rtnh_len)));
    at += step;
    left -= step;
  }
  return out;
}

}  // namespace

std::optional<LinkMessage> parse_link(const nlmsghdr* header) {
  const auto* fixed = fixed_part<ifinfomsg>(header);
  if (fixed == nullptr || fixed->ifi_index <= 0) return {};
  const NetlinkAttributes<IFLA_LINKINFO> attributes(header, sizeof(ifinfomsg));
  const nlattr* name = attributes.good() ? attributes.get(IFLA_IFNAME) : nullptr;
  // Events of the wireless extensions tell of scans, not of the link.
  if (name == nullptr || attributes.get(IFLA_WIRELESS) != nullptr) return {};
  LinkMessage out;
  out.gone = header->nlmsg_type == RTM_DELLINK;
  const auto* text = static_cast<const char*>(nla_data(name));
  out.link.name.assign(text, ::strnlen(text, static_cast<std::size_t>(nla_len(name))));
  out.link.index = static_cast<unsigned>(fixed->ifi_index);
  out.link.up = (fixed->ifi_flags & IFF_UP) != 0;
  out.link.carrier = (fixed->ifi_flags & kLowerUp) != 0;
  out.link.mtu = attributes.value<std::uint32_t>(IFLA_MTU).value_or(1500);
  const nlattr* hardware = attributes.get(IFLA_ADDRESS);
  if (fixed->ifi_type == ARPHRD_ETHER && hardware != nullptr && nla_len(hardware) == 6) {
    out.link.mac = MacAddress(*attributes.value<MacAddress::Bytes>(IFLA_ADDRESS));
  }
  out.link.ppp = fixed->ifi_type == ARPHRD_PPP;
  nlattr* about[IFLA_INFO_MAX + 1] = {};
  if (const nlattr* info = attributes.get(IFLA_LINKINFO);
      info != nullptr &&
      nla_parse_nested(about, IFLA_INFO_MAX, const_cast<nlattr*>(info), nullptr) >= 0 &&
      about[IFLA_INFO_KIND] != nullptr && nla_strcmp(about[IFLA_INFO_KIND], "vlan") == 0)
    out.vlan_carrier = attributes.value<std::uint32_t>(IFLA_LINK).value_or(0);
  return out;
}

std::optional<AddressMessage> parse_address(const nlmsghdr* header, Instant now) {
  const auto* fixed = fixed_part<ifaddrmsg>(header);
  if (fixed == nullptr || fixed->ifa_family != AF_INET6) return {};
  const NetlinkAttributes<kIfaProto> attributes(header, sizeof(ifaddrmsg));
  if (!attributes.good()) return {};
  // On a point-to-point interface IFA_ADDRESS is the peer's and IFA_LOCAL ours.
  auto address = attributes.address(IFA_LOCAL);
  if (!address) address = attributes.address(IFA_ADDRESS);
  if (!address) return {};
  AddressMessage out;
  out.index = fixed->ifa_index;
  out.link_scope = fixed->ifa_scope == RT_SCOPE_LINK;
  out.global_scope = fixed->ifa_scope == RT_SCOPE_UNIVERSE;
  const std::uint32_t flags = attributes.value<std::uint32_t>(IFA_FLAGS).value_or(fixed->ifa_flags);
  KernelAddress& to = out.address;
  to.address = *address;
  to.prefix_length = fixed->ifa_prefixlen;
  to.tentative = (flags & IFA_F_TENTATIVE) != 0;
  to.dad_failed = (flags & IFA_F_DADFAILED) != 0;
  out.usable = !to.dad_failed && (!to.tentative || (flags & IFA_F_OPTIMISTIC) != 0);
  to.ours = attributes.value<std::uint8_t>(kIfaProto) == kProtocol;
  to.preferred_until = to.valid_until = Instant::never();
  if (const auto times = attributes.value<ifa_cacheinfo>(IFA_CACHEINFO)) {
    to.preferred_until = instant_of(times->ifa_prefered, now);
    to.valid_until = instant_of(times->ifa_valid, now);
  }
  return out;
}

std::vector<RouteMessage> parse_routes(const nlmsghdr* header, Instant now) {
  const auto* fixed = fixed_part<rtmsg>(header);
  if (fixed == nullptr || fixed->rtm_family != AF_INET6 || (fixed->rtm_flags & RTM_F_CLONED) != 0) {
    return {};
  }
  if (fixed->rtm_type != RTN_UNICAST && fixed->rtm_type != RTN_UNREACHABLE) return {};
  const NetlinkAttributes<RTA_MAX> attributes(header, sizeof(rtmsg));
  if (!attributes.good()) return {};
  RouteMessage out;
  out.ours = fixed->rtm_protocol == kProtocol;
  KernelRoute& to = out.route;
  to.kind = fixed->rtm_type == RTN_UNREACHABLE ? KernelRoute::Kind::kUnreachable
                                               : KernelRoute::Kind::kUnicast;
  to.destination = Prefix(attributes.address(RTA_DST).value_or(Ip6Address()), fixed->rtm_dst_len);
  to.source = Prefix(attributes.address(RTA_SRC).value_or(Ip6Address()), fixed->rtm_src_len);
  if (to.kind == KernelRoute::Kind::kUnicast) {
    out.index = attributes.value<std::uint32_t>(RTA_OIF).value_or(0);
    to.gateway = attributes.address(RTA_GATEWAY);
  }
  to.metric = attributes.value<std::uint32_t>(RTA_PRIORITY).value_or(0);
  to.table = attributes.value<std::uint32_t>(RTA_TABLE).value_or(fixed->rtm_table);
  to.preference = preference_of(attributes.value<std::uint8_t>(RTA_PREF).value_or(0));
  if (const auto times = attributes.value<rta_cacheinfo>(RTA_CACHEINFO);
      times && times->rta_expires != 0) {
    to.expires = now + Duration(static_cast<std::int64_t>(times->rta_expires) * (1000000 / kTicks));
  }
  if (const nlattr* metrics = attributes.get(RTA_METRICS)) {
    nlattr* table[RTAX_MAX + 1] = {};
    if (nla_parse_nested(table, RTAX_MAX, const_cast<nlattr*>(metrics), nullptr) >= 0 &&
        table[RTAX_MTU] != nullptr && nla_len(table[RTAX_MTU]) >= 4) {
      to.mtu = nla_get_u32(table[RTAX_MTU]);
    }
  }
  if (const nlattr* hops = attributes.get(RTA_MULTIPATH)) return each_hop(out, hops);
  return {std::move(out)};
}

std::optional<RuleMessage> parse_rule(const nlmsghdr* header) {
  const auto* fixed = fixed_part<fib_rule_hdr>(header);
  if (fixed == nullptr || fixed->family != AF_INET6) return {};
  const NetlinkAttributes<kFraProtocol> attributes(header, sizeof(fib_rule_hdr));
  if (!attributes.good()) return {};
  RuleMessage out;
  out.ours = attributes.value<std::uint8_t>(kFraProtocol) == kProtocol;
  out.rule.destination = Prefix(attributes.address(FRA_DST).value_or(Ip6Address()), fixed->dst_len);
  out.rule.table = attributes.value<std::uint32_t>(FRA_TABLE).value_or(fixed->table);
  out.rule.priority = attributes.value<std::uint32_t>(FRA_PRIORITY).value_or(0);
  return out;
}

std::optional<NeighborMessage> parse_neighbor(const nlmsghdr* header, Instant now) {
  const auto* fixed = fixed_part<ndmsg>(header);
  if (header->nlmsg_type != RTM_NEWNEIGH || fixed == nullptr || fixed->ndm_family != AF_INET6 ||
      (fixed->ndm_state & (kNeighborHeard | NUD_FAILED)) == 0 ||
      (fixed->ndm_flags & NTF_PROXY) != 0)
    return {};
  const NetlinkAttributes<NDA_MAX> attributes(header, sizeof(ndmsg));
  if (!attributes.good()) return {};
  const auto address = attributes.address(NDA_DST);
  const auto mac = attributes.value<MacAddress::Bytes>(NDA_LLADDR);
  if (!address || address->is_multicast()) return {};
  NeighborMessage out;
  out.index = static_cast<unsigned>(fixed->ndm_ifindex);
  out.neighbor.address = *address;
  if ((fixed->ndm_state & NUD_FAILED) != 0) {
    if (!address->is_link_local()) return {};
    out.neighbor.failed = true;
    return out;
  }
  if (!mac) return {};
  out.neighbor.mac = MacAddress(*mac);
  out.neighbor.reachable = (fixed->ndm_state & NUD_REACHABLE) != 0;
  out.neighbor.router = (fixed->ndm_flags & NTF_ROUTER) != 0;
  out.neighbor.seen = now;
  // STALE, DELAY and PROBE say of themselves since when nobody has answered.
  const auto times = attributes.value<nda_cacheinfo>(NDA_CACHEINFO);
  if (times && !out.neighbor.reachable)
    out.neighbor.seen = now - milliseconds(std::int64_t{times->ndm_confirmed} * 1000 / kTicks);
  return out;
}

NetlinkMessage link_dump() {
  // Without the counters: they are most of a dump and nobody reads them here.
  constexpr std::uint32_t kSkipStatistics = 1U << 3;  // RTEXT_FILTER_SKIP_STATS
  return NetlinkBuilder(RTM_GETLINK, 0, ifinfomsg{}).put(IFLA_EXT_MASK, kSkipStatistics).take();
}

NetlinkMessage address_dump() {
  ifaddrmsg fixed{};
  fixed.ifa_family = AF_INET6;
  return NetlinkBuilder(RTM_GETADDR, 0, fixed).take();
}

NetlinkMessage route_dump() {
  rtmsg fixed{};
  fixed.rtm_family = AF_INET6;
  fixed.rtm_protocol = kProtocol;
  return NetlinkBuilder(RTM_GETROUTE, 0, fixed).take();
}

NetlinkMessage rule_dump() {
  fib_rule_hdr fixed{};
  fixed.family = AF_INET6;
  return NetlinkBuilder(RTM_GETRULE, 0, fixed).take();
}

NetlinkMessage neighbor_dump() {
  ndmsg fixed{};
  fixed.ndm_family = AF_INET6;
  return NetlinkBuilder(RTM_GETNEIGH, 0, fixed).take();
}

NetlinkMessage put_address(const KernelAddress& address, unsigned index, Instant now) {
  ifa_cacheinfo times{};
  // The kernel refuses a valid lifetime of zero and a preferred one beyond the valid.
  times.ifa_valid = std::max(remaining(address.valid_until, now), Lifetime(1)).count();
  times.ifa_prefered =
      std::min(remaining(address.preferred_until, now), Lifetime(times.ifa_valid)).count();
  // The on-link route is ours to make, with our protocol and our lifetimes.
  constexpr std::uint32_t kFlags = IFA_F_NOPREFIXROUTE;
  return NetlinkBuilder(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, address_header(address, index))
      .address(IFA_LOCAL, address.address)
      .address(IFA_ADDRESS, address.address)
      .put(IFA_FLAGS, kFlags)
      .put(IFA_CACHEINFO, times)
      .put(kIfaProto, kProtocol)
      .take();
}

NetlinkMessage remove_address(const KernelAddress& address, unsigned index) {
  return NetlinkBuilder(RTM_DELADDR, 0, address_header(address, index))
      .address(IFA_LOCAL, address.address)
      .take();
}

NetlinkMessage put_route(const KernelRoute& route, unsigned index, RoutePut how, Instant now) {
  int flags = NLM_F_CREATE;
  switch (how) {
    case RoutePut::kNew:
      flags |= NLM_F_EXCL;
      break;
    case RoutePut::kReplace:
      flags |= NLM_F_REPLACE;
      break;
    case RoutePut::kBeside:
      flags |= NLM_F_APPEND;
      break;
  }
  NetlinkBuilder message(RTM_NEWROUTE, flags, route_header(route));
  put_route_key(message, route, index);
  if (!route.expires.is_never()) {
    const std::uint32_t left = std::max(remaining(route.expires, now), Lifetime(1)).count();
    message.put(RTA_EXPIRES, left);
  }
  message.put(RTA_PREF, preference_bits(route.preference));
  if (route.mtu != 0) {
    nlattr* metrics = message.begin_nest(RTA_METRICS);
    message.put(RTAX_MTU, route.mtu);
    message.end_nest(metrics);
  }
  return message.take();
}

NetlinkMessage remove_route(const KernelRoute& route, unsigned index) {
  NetlinkBuilder message(RTM_DELROUTE, 0, route_header(route));
  put_route_key(message, route, index);
  return message.take();
}

NetlinkMessage put_rule(const KernelRule& rule) {
  return rule_message(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, rule);
}

NetlinkMessage remove_rule(const KernelRule& rule) { return rule_message(RTM_DELRULE, 0, rule); }

}  // namespace sixgate::daemon
