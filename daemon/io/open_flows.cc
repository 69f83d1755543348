// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/open_flows.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "daemon/io/clock.h"
#include "daemon/io/netfilter_message.h"
#include "daemon/io/route_lookup.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

using firewall::Flow;
using firewall::TrackedFlow;

constexpr std::size_t kRequest = 4096;  // a request, with room to spare

bool read_address(const nlattr* attribute, Ip6Address& out) {
  Ip6Address::Bytes bytes;
  if (attribute == nullptr || mnl_attr_get_payload_len(attribute) != bytes.size()) return false;
  std::memcpy(bytes.data(), mnl_attr_get_payload(attribute), bytes.size());
  out = Ip6Address(bytes);
  return true;
}

std::uint16_t read_port(const nlattr* attribute) {
  if (attribute == nullptr || mnl_attr_get_payload_len(attribute) != 2) return 0;
  return ntohs(mnl_attr_get_u16(attribute));
}

bool read_flow(const nlattr* tuple, Flow& out) {
  const auto parts = attributes_in<CTA_TUPLE_MAX + 1>(tuple);
  const auto addresses = attributes_in<CTA_IP_MAX + 1>(parts.of[CTA_TUPLE_IP]);
  const auto protocol = attributes_in<CTA_PROTO_MAX + 1>(parts.of[CTA_TUPLE_PROTO]);
  const nlattr* number = protocol.of[CTA_PROTO_NUM];
  if (number == nullptr || mnl_attr_get_payload_len(number) != 1) return false;
  out.protocol = mnl_attr_get_u8(number);
  out.source_port = read_port(protocol.of[CTA_PROTO_SRC_PORT]);
  out.destination_port = read_port(protocol.of[CTA_PROTO_DST_PORT]);
  return read_address(addresses.of[CTA_IP_V6_SRC], out.source) &&
         read_address(addresses.of[CTA_IP_V6_DST], out.destination);
}

bool read_tracked(const NetfilterAttributes<CTA_MAX + 1>& entry, TrackedFlow& out) {
  Flow answers;
  if (!read_flow(entry.of[CTA_TUPLE_ORIG], out.flow) ||
      !read_flow(entry.of[CTA_TUPLE_REPLY], answers))
    return false;
  out.sent_to = std::exchange(out.flow.destination, answers.source);
  out.flow.destination_port = answers.source_port;
  out.answered_at = answers.destination;
  const nlattr* mark = entry.of[CTA_MARK];
  if (mark != nullptr && mnl_attr_get_payload_len(mark) == sizeof out.mark)
    out.mark = ntohl(mnl_attr_get_u32(mark));
  return true;
}

constexpr std::uint16_t conntrack_type(std::uint16_t message) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | message);
}

// What names an entry: its first direction, its zone, and its number, so that a later flow of the same name stays.
std::vector<char> deletion_of(const NetfilterAttributes<CTA_MAX + 1>& entry,
                              std::uint32_t sequence) {
  std::vector<char> block(kRequest);
  nlmsghdr* header =
      start_message(block, conntrack_type(IPCTNL_MSG_CT_DELETE), NLM_F_ACK, sequence, AF_INET6);
  for (const auto type : {CTA_TUPLE_ORIG, CTA_ZONE, CTA_ID}) {
    const nlattr* attribute = entry.of[type];
    if (attribute == nullptr) continue;
    // As it came, with the flags of a nest.
    mnl_attr_put(header, attribute->nla_type, mnl_attr_get_payload_len(attribute),
                 mnl_attr_get_payload(attribute));
  }
  // There may be tens of thousands: no more than it takes.
  return {block.begin(), block.begin() + header->nlmsg_len};
}

void put_flow(nlmsghdr* header, const Flow& flow) {
  nlattr* tuple = mnl_attr_nest_start(header, CTA_TUPLE_ORIG);
  nlattr* addresses = mnl_attr_nest_start(header, CTA_TUPLE_IP);
  const auto put_address = [&](std::uint16_t type, const Ip6Address& address) {
    mnl_attr_put(header, type, address.bytes().size(), address.bytes().data());
  };
  put_address(CTA_IP_V6_SRC, flow.source);
  put_address(CTA_IP_V6_DST, flow.destination);
  mnl_attr_nest_end(header, addresses);
  nlattr* protocol = mnl_attr_nest_start(header, CTA_TUPLE_PROTO);
  mnl_attr_put_u8(header, CTA_PROTO_NUM, flow.protocol);
  mnl_attr_put_u16(header, CTA_PROTO_SRC_PORT, htons(flow.source_port));
  mnl_attr_put_u16(header, CTA_PROTO_DST_PORT, htons(flow.destination_port));
  mnl_attr_nest_end(header, protocol);
  mnl_attr_nest_end(header, tuple);
}

Unexpected<Error> tracking_failed(int code) {
  return fail(cat("connection tracking: ", error_text(code)));
}

// Whether its answers go to an interface that is neither an uplink nor a LAN: a VPN's, say, which our rules say nothing of.
bool is_beside_us(const TrackedFlow& tracked, const firewall::Ruleset& rules,
                  const firewall::Whereabouts& where, const firewall::WayOut& way) {
  const Flow& flow = tracked.flow;
  const std::optional<std::string> lan = firewall::interface_of(rules, flow.destination, where);
  if (!lan) return false;
  const std::optional<std::string> out = way(flow.destination, *lan, flow.source, tracked.mark);
  return out && !firewall::has_interface(rules, *out);
}

}  // namespace

Expected<bool> is_tracked(const Flow& flow) {
  const NetfilterSocket socket = open_netfilter();
  if (!socket) return tracking_failed(errno);
  std::vector<char> block(kRequest);
  nlmsghdr* request =
      start_message(block, conntrack_type(IPCTNL_MSG_CT_GET), NLM_F_ACK, 1, AF_INET6);
  put_flow(request, flow);
  if (mnl_socket_sendto(socket.get(), request, request->nlmsg_len) < 0)
    return tracking_failed(errno);
  const int code = read_answer(socket.get(), 1, false, [](const nlmsghdr*) {});
  if (code != 0 && code != ENOENT) return tracking_failed(code);
  return code == 0;
}

Expected<std::size_t> end_flows(const std::function<bool(const TrackedFlow&)>& wrong) {
  const NetfilterSocket socket = open_netfilter();
  if (!socket) return tracking_failed(errno);
  std::uint32_t sequence = 1;
  std::vector<char> block(kRequest);
  const nlmsghdr* request =
      start_message(block, conntrack_type(IPCTNL_MSG_CT_GET), NLM_F_DUMP, sequence, AF_INET6);
  if (mnl_socket_sendto(socket.get(), request, request->nlmsg_len) < 0)
    return tracking_failed(errno);
  std::vector<std::vector<char>> deletions;
  int code = read_answer(socket.get(), sequence, true, [&](const nlmsghdr* header) {
    const auto entry = attributes_of<CTA_MAX + 1>(header);
    TrackedFlow tracked;
    if (read_tracked(entry, tracked) && wrong(tracked))
      deletions.push_back(deletion_of(entry, ++sequence));
  });
  if (code != 0) return tracking_failed(code);
  std::size_t ended = 0;
  int refusal = 0;
  std::vector<char> answer;
  for (const std::vector<char>& deletion : deletions) {
    if (mnl_socket_sendto(socket.get(), deletion.data(), deletion.size()) < 0)
      return tracking_failed(errno);
    code = read_answer(socket.get(), first_message(deletion)->nlmsg_seq, false, answer,
                       [](const nlmsghdr*) {});
    // ENOENT: over by itself. Linux before 6.4 keeps what is in a flow table (EBUSY); the others are to end all the same.
    if (code == 0) ++ended;
    if (code != 0 && code != ENOENT) refusal = code;
  }
  if (refusal != 0) return tracking_failed(refusal);
  return ended;
}

OpenFlows::OpenFlows(EventLoop& loop, LogSink log)
    : log_(std::move(log)), later_(loop, [this] { look({}, {}); }) {}

void OpenFlows::rules_changed(const firewall::Ruleset& rules, bool included) {
  const bool narrowed = !rules_ || firewall::may_have_narrowed(*rules_, rules);
  const bool more = rules_ && firewall::has_more_assigned(*rules_, rules);
  std::vector<Prefix> gone;
  if (rules_) gone = firewall::no_longer_assigned(*rules_, rules);
  const std::optional<firewall::Ruleset> before = std::exchange(rules_, rules);
  included_ = included;
  if (narrowed || !gone.empty()) {
    look(gone, before);
  } else if (more && !waiting_) {
    waiting_ = true;
    later_.at(clock_now() + kPatience);
  }
}

void OpenFlows::rules_came_back() {
  if (rules_) look({}, {});
}

void OpenFlows::ways_changed() {
  if (rules_ && !rules_->translations.empty()) look({}, {});
}

void OpenFlows::look(const std::vector<Prefix>& gone,
                     const std::optional<firewall::Ruleset>& before) {
  waiting_ = false;
  later_.cancel();
  const RouteLookup routes;
  const firewall::WayOut way = [&](const Ip6Address& source, const std::string& received_on,
                                   const Ip6Address& destination, std::uint32_t mark) {
    return routes.way_out(source, received_on, destination, mark);
  };
  std::map<Ip6Address, std::optional<std::string>> found;  // a host may have many flows
  const firewall::Whereabouts where = [&](const Ip6Address& host) {
    const auto [at, is_new] = found.try_emplace(host);
    if (is_new) at->second = routes.way_out(Ip6Address(), "lo", host);
    return at->second;
  };
  const auto may_be_of_others = [&](const Flow& flow) {
    return included_ && (!before || firewall::is_no_longer_allowed(flow, *before, where));
  };
  const firewall::Ruleset& had = before ? *before : *rules_;
  const auto ended = end_flows([&](const TrackedFlow& tracked) {
    const Flow& flow = tracked.flow;
    return (firewall::is_no_longer_allowed(flow, *rules_, where) && !may_be_of_others(flow) &&
            !is_beside_us(tracked, *rules_, where, way)) ||
           firewall::is_of(flow, gone, *rules_, where) ||
           firewall::has_lost_its_address(tracked, had, *rules_, where, way);
  });
  if (!ended) {
    // A kernel without ctnetlink: what is open stays open until it is quiet.
    log_({LogLevel::kWarning, ended.error().message});
  } else if (*ended > 0) {
    log_({LogLevel::kInfo,
          cat("firewall: ", *ended, " open connections ended that the rules allow no longer")});
  }
}

}  // namespace sixgate::daemon
