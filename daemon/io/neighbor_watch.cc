// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/neighbor_watch.h"

#include <linux/filter.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "daemon/io/clock.h"
#include "daemon/io/netlink_codec.h"

namespace sixgate::daemon {
namespace {

constexpr std::array<int, 1> kNeighborGroups{RTNLGRP_NEIGH};
// Whoever makes the table change all the time has our ear this often, and this much of it.
constexpr Duration kPause = milliseconds(50);
constexpr std::size_t kMostAtOnce = 256;
constexpr Duration kTableGap = seconds(10);

// IPv6, and in a state in which somebody has spoken, or a link-local address that is asked in vain (the kernel writes the
// address first); of the single message that an event is.
bool leave_the_rest_in_the_kernel(int fd) {
  constexpr auto kFamily =
      static_cast<std::uint32_t>(sizeof(nlmsghdr) + offsetof(ndmsg, ndm_family));
  constexpr auto kState = static_cast<std::uint32_t>(sizeof(nlmsghdr) + offsetof(ndmsg, ndm_state));
  constexpr auto kFirst = static_cast<std::uint32_t>(sizeof(nlmsghdr) + sizeof(ndmsg));
  constexpr auto kFirstType = static_cast<std::uint32_t>(kFirst + offsetof(nlattr, nla_type));
  constexpr auto kFirstValue = static_cast<std::uint32_t>(kFirst + sizeof(nlattr));
  // Loads are in network order, the message is in the machine's.
  std::array<sock_filter, 12> program{{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFamily),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 9),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, kState),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, htons(kNeighborHeard), 6, 0),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, htons(NUD_FAILED), 0, 6),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, kFirstType),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(NDA_DST), 0, 4),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, kFirstValue),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xffc0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xfe80, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
  const sock_fprog all{static_cast<unsigned short>(program.size()), program.data()};
  return ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof all) == 0;
}

}  // namespace

Expected<std::unique_ptr<NeighborWatch>> NeighborWatch::open(EventLoop& loop, Hear hear) {
  auto requests = NetlinkSocket::open();
  if (!requests) return Unexpected<Error>(requests.error());
  auto events = NetlinkSocket::open(kNeighborGroups);
  if (!events) return Unexpected<Error>(events.error());
  // Without it everything is heard, and sorted out here.
  (void)leave_the_rest_in_the_kernel(events->fd());
  return std::unique_ptr<NeighborWatch>(
      new NeighborWatch(loop, std::move(hear), std::move(*requests), std::move(*events)));
}

NeighborWatch::NeighborWatch(EventLoop& loop, Hear hear, NetlinkSocket requests,
                             NetlinkSocket events)
    : loop_(loop),
      hear_(std::move(hear)),
      requests_(std::move(requests)),
      events_(std::move(events)),
      pause_(loop, [this] { listen(); }) {
  listen();
}

void NeighborWatch::listen() {
  if (lost_) read_table();
  watch_ = Watch();  // before the next one: a descriptor has one Watch at a time
  watch_ = Watch(loop_, events_.fd());
  watch_.on_readable([this] { drain(); });
}

void NeighborWatch::take(const nlmsghdr* header, Instant now) {
  auto message = parse_neighbor(header, now);
  if (!message) return;
  const auto name = std::find_if(names_.begin(), names_.end(),
                                 [&](const auto& one) { return one.first == message->index; });
  if (name == names_.end()) return;
  message->neighbor.interface = name->second;
  heard_.push_back(std::move(message->neighbor));
}

void NeighborWatch::tell() {
  if (!heard_.empty()) hear_(std::exchange(heard_, {}));
}

void NeighborWatch::drain() {
  const Instant now = clock_now();
  if (events_.drain([&](const nlmsghdr* header) {
        if (heard_.size() < kMostAtOnce)
          take(header, now);
        else
          lost_ = true;
      }))
    lost_ = true;
  watch_ = Watch();
  pause_.at(now + kPause);
  tell();
}

void NeighborWatch::links(const std::vector<LinkState>& links) {
  std::vector<std::pair<unsigned, std::string>> names;
  for (const LinkState& link : links) names.emplace_back(link.index, link.name);
  if (names == names_) return;
  names_ = std::move(names);
  lost_ = true;
  pause_.at(clock_now());
}

void NeighborWatch::read_table() {
  const Instant now = clock_now();
  if (now < read_again_) {
    pause_.at(read_again_);
    return;
  }
  read_again_ = now + kTableGap;
  lost_ = false;
  const NetlinkMessage request = neighbor_dump();
  const auto read = requests_.dump(
      request.get(), [this] { heard_.clear(); },
      [&](const nlmsghdr* header) { take(header, now); });
  // The next look tries again.
  if (!read) lost_ = true;
  tell();
}

}  // namespace sixgate::daemon
