// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/background_sync.h"

#include <errno.h>
#include <linux/aio_abi.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <utility>

namespace sixgate::daemon {

BackgroundSync::BackgroundSync(EventLoop& loop) : event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!event_) std::abort();                    // out of descriptors at start
  (void)::syscall(SYS_io_setup, 1, &context_);  // 0 stays where there is none
  watch_ = Watch(loop, event_.get());
  watch_.on_readable([this] { ready(); });
}

BackgroundSync::~BackgroundSync() {
  if (context_ != 0) (void)::syscall(SYS_io_destroy, context_);
}

bool BackgroundSync::submit() {
  if (context_ == 0) return false;
  iocb request{};
  request.aio_lio_opcode = IOCB_CMD_FSYNC;
  request.aio_fildes = static_cast<std::uint32_t>(file_.get());
  request.aio_flags = IOCB_FLAG_RESFD;
  request.aio_resfd = static_cast<std::uint32_t>(event_.get());
  iocb* requests[] = {&request};
  return ::syscall(SYS_io_submit, context_, 1, requests) == 1;
}

void BackgroundSync::sync(OwnedFd fd, std::function<void(int)> done) {
  if (busy()) std::abort();  // the caller's mistake
  file_ = std::move(fd);
  done_ = std::move(done);
  at_once_ = !submit();
  if (!at_once_) return;
  code_ = ::fsync(file_.get()) == 0 ? 0 : errno;
  const std::uint64_t one = 1;
  (void)!::write(event_.get(), &one, sizeof one);
}

void BackgroundSync::ready() {
  std::uint64_t count = 0;
  if (::read(event_.get(), &count, sizeof count) != sizeof count) return;
  if (!at_once_) {
    io_event event{};
    timespec now{};
    if (::syscall(SYS_io_getevents, context_, 1, 1, &event, &now) != 1) return;
    code_ = event.res < 0 ? static_cast<int>(-event.res) : 0;
  }
  file_ = OwnedFd();
  if (const auto done = std::exchange(done_, nullptr)) done(code_);
}

}  // namespace sixgate::daemon
