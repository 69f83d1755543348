// SPDX-License-Identifier: Apache-2.0
// Kernel: reads the picture that the Router is told, applies what it wants, and notices that something
// changed. Events are only a reason to look again; what is, is always read by dump, so an overrun of the
// event socket costs nothing but the look.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "daemon/change.h"
#include "daemon/io/event_loop.h"
#include "daemon/io/netlink_socket.h"
#include "daemon/io/xfrm_table.h"
#include "daemon/kernel_state.h"
#include "net/log.h"

namespace sixgate::daemon {

struct KernelPicture {
  std::vector<LinkState> links;  // by index
  KernelState state;
};

class Kernel {
 public:
  // `changed` is called once for a burst of events: a few milliseconds after the first, later when bursts
  // do not end.
  static Expected<std::unique_ptr<Kernel>> open(EventLoop& loop, EventLoop::Callback changed,
                                                LogSink log);

  Expected<KernelPicture> read(std::span<const std::string> sysctls, Instant now);

  // In order, each change whether or not an earlier one failed. ApplyFirewall does not belong here.
  // Indexes of failures count from `first`.
  std::vector<ChangeFailure> apply(std::span<const Change> changes, std::size_t first, Instant now);

  // Calls `changed` as if an event had come.
  void look_again();
  // What senders of an IPsec knock have sent counts no more.
  void forget_knocks() { xfrm_.forget(); }

 private:
  class Batch;
  Kernel(EventLoop& loop, EventLoop::Callback changed, LogSink log, NetlinkSocket requests,
         NetlinkSocket events);
  void drain_events();
  void note_failed_address(const nlmsghdr* header);
  bool is_relevant(const nlmsghdr* header) const;
  bool is_echo(const nlmsghdr* header) const;
  unsigned index_of(const std::string& interface) const;  // 0: there is none

  LogSink log_;
  EventLoop::Callback changed_;
  NetlinkSocket requests_;
  NetlinkSocket events_;
  Timer coalesce_;
  bool pending_ = false;
  double credit_ = 0;  // looks that may be had at once
  Instant credited_;
  std::map<std::string, unsigned> indexes_;
  std::map<unsigned, Ip6Address> link_locals_;  // chosen before, kept while usable
  // Ours, as last read and changed since. The kernel tells routes of one place apart by their next hop alone.
  struct RoutePlace {
    Prefix destination;
    Prefix source;
    std::uint32_t table = 0;
    std::uint32_t metric = 0;
    auto operator<=>(const RoutePlace&) const = default;
  };
  struct RouteHop {
    KernelRoute::Kind kind;
    std::string interface;
    std::optional<Ip6Address> gateway;
    bool operator==(const RouteHop&) const = default;
  };
  static RoutePlace place_of(const KernelRoute& route);
  static RouteHop hop_of(const KernelRoute& route);
  std::map<RoutePlace, std::vector<RouteHop>> routes_;
  // The kernel deletes an address with a lifetime when duplicate address detection fails and says why only
  // in the event: such addresses stay in the picture until they are put or removed again.
  std::map<std::pair<unsigned, Ip6Address>, KernelAddress> failed_;
  Watch watch_;
  XfrmTable xfrm_;
};

}  // namespace sixgate::daemon
