// SPDX-License-Identifier: Apache-2.0
// XfrmTable: the IPsec knocks that the kernel has. A kernel without IPsec has none, and refuses what is put.
#pragma once

#include <memory>
#include <optional>
#include <vector>

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

  // None: the change is none of a knock. One that is put again with the same key goes on from what its sender had sent by
  // the moment in which it was removed, however long ago the kernel was read: no packet that it let in is let in again.
  std::optional<NetlinkAnswer> apply(const Change& change);
  // Senders begin anew.
  void forget() { removed_.clear(); }

 private:
  void remember(const KernelKnock& going);
  KernelKnock recalled(KernelKnock wanted) const;

  std::vector<KernelKnock> removed_;
  std::optional<NetlinkSocket> requests_;  // none: no IPsec here
  std::optional<NetlinkSocket> events_;
  std::unique_ptr<Watch> watch_;
  bool may_have_some_ = true;
};

}  // namespace sixgate::daemon
