// SPDX-License-Identifier: Apache-2.0
// NftWatch: notices that somebody changes nftables. `nft flush ruleset`, which is the first line of Debian's
// /etc/nftables.conf, takes everybody's tables away, and would leave the house open.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "daemon/io/event_loop.h"
#include "daemon/io/owned_fd.h"
#include "net/expected.h"

namespace sixgate::daemon {

class NftWatch {
 public:
  // Whether a change of that table of family ip6, by the owner of that netlink port, matters.
  using Concerns = std::function<bool(std::string_view table, std::uint32_t port)>;
  // `changed`: something that matters was made or deleted, a table, chain, rule, set or element; or so many events came
  // at once that nobody can tell. Once for all that is there to be read.
  static Expected<std::unique_ptr<NftWatch>> open(EventLoop& loop, Concerns concerns,
                                                  EventLoop::Callback changed);

 private:
  NftWatch(EventLoop& loop, OwnedFd fd, Concerns concerns, EventLoop::Callback changed);
  void drain();

  OwnedFd fd_;
  Concerns concerns_;
  EventLoop::Callback changed_;
  Watch watch_;
};

}  // namespace sixgate::daemon
