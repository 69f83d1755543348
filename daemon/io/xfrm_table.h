// SPDX-License-Identifier: Apache-2.0
// XfrmTable: the IPsec knocks that the kernel has. A kernel without IPsec has none, and refuses what is put.
#pragma once

#include <memory>
#include <optional>

#include "daemon/change.h"
#include "daemon/io/event_loop.h"
#include "daemon/io/netlink_socket.h"
#include "daemon/kernel_state.h"

namespace sixgate::daemon {

class XfrmTable {
 public:
  // `changed` is called when states or policies did, ours or others'.
  XfrmTable(EventLoop& loop, EventLoop::Callback changed);

  // Fills in knocks and knock_policies. Of a kernel that had none, and told of no change since, nothing is asked.
  Expected<Done> read(KernelState& state);

  // None: the change is none of a knock.
  std::optional<NetlinkAnswer> apply(const Change& change);

 private:
  std::optional<NetlinkSocket> requests_;  // none: no IPsec here
  std::optional<NetlinkSocket> events_;
  std::unique_ptr<Watch> watch_;
  bool may_have_some_ = true;
};

}  // namespace sixgate::daemon
