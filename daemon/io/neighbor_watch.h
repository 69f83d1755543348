// SPDX-License-Identifier: Apache-2.0
// NeighborWatch: the kernel's neighbour table, by dump at the start and by its events since. It has a socket of its own,
// for nothing else depends on it: events of neighbours are many, and none is a reason to look at everything. Entries
// without an answer, of which a scan of a /64 makes thousands, are left in the kernel by a socket filter, but for
// link-local ones: a router's may be among them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/io/event_loop.h"
#include "daemon/io/netlink_socket.h"
#include "daemon/kernel_state.h"
#include "daemon/neighbor.h"

namespace sixgate::daemon {

class NeighborWatch {
 public:
  using Hear = std::function<void(const std::vector<Neighbor>&)>;
  static Expected<std::unique_ptr<NeighborWatch>> open(EventLoop& loop, Hear hear);

  // The links of the machine. The table is read when others are there than before.
  void links(const std::vector<LinkState>& links);

 private:
  NeighborWatch(EventLoop& loop, Hear hear, NetlinkSocket requests, NetlinkSocket events);
  void listen();
  void drain();
  void read_table();
  void take(const nlmsghdr* header, Instant now);
  void tell();

  EventLoop& loop_;
  Hear hear_;
  NetlinkSocket requests_;
  NetlinkSocket events_;
  std::vector<std::pair<unsigned, std::string>> names_;  // of links, by index
  std::vector<Neighbor> heard_;                          // and not yet told
  Instant read_again_;
  bool lost_ = false;  // something was missed: the table is to be read
  Watch watch_;
  Timer pause_;  // until the next events are looked at
};

}  // namespace sixgate::daemon
