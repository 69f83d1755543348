// SPDX-License-Identifier: Apache-2.0
// BackgroundSync: fsync of a file while everything else goes on, by the kernel's asynchronous I/O (io_submit(2),
// IOCB_CMD_FSYNC), so without a thread. A kernel that has none does it at once, in the caller's time.
#pragma once

#include <functional>

#include "daemon/io/event_loop.h"
#include "daemon/io/owned_fd.h"

namespace sixgate::daemon {

class BackgroundSync {
 public:
  explicit BackgroundSync(EventLoop& loop);
  // Waits for what is under way; its callback is not called.
  ~BackgroundSync();
  BackgroundSync(const BackgroundSync&) = delete;
  BackgroundSync& operator=(const BackgroundSync&) = delete;

  // `done` gets 0 or an errno value, later, never from within. One at a time.
  void sync(OwnedFd fd, std::function<void(int code)> done);
  bool busy() const { return static_cast<bool>(done_); }

 private:
  bool submit();
  void ready();

  unsigned long context_ = 0;  // aio_context_t of <linux/aio_abi.h>
  OwnedFd event_;              // readable when the kernel, or we in its stead, are done
  OwnedFd file_;
  std::function<void(int)> done_;
  int code_ = 0;  // of what was done at once
  bool at_once_ = false;
  Watch watch_;
};

}  // namespace sixgate::daemon
