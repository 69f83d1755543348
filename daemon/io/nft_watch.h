// SPDX-License-Identifier: Apache-2.0
// NftWatch: notices that somebody deleted our nftables table. `nft flush ruleset`, which is the first line of
// Debian's /etc/nftables.conf, takes everybody's tables away, and would leave the house open.
#pragma once

#include <functional>
#include <memory>

#include "daemon/io/event_loop.h"
#include "daemon/io/owned_fd.h"
#include "net/expected.h"

namespace sixgate::daemon {

class NftWatch {
 public:
  // `lost`: our table, or a chain or set of it, was deleted, by whomever; or so many events came at once that
  // nobody can tell. Once for all that is there to be read.
  static Expected<std::unique_ptr<NftWatch>> open(EventLoop& loop, EventLoop::Callback lost);

 private:
  NftWatch(EventLoop& loop, OwnedFd fd, EventLoop::Callback lost);
  void drain();

  OwnedFd fd_;
  EventLoop::Callback lost_;
  Watch watch_;
};

}  // namespace sixgate::daemon
