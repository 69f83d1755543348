// SPDX-License-Identifier: Apache-2.0
// EventLoop: waiting for descriptors, instants and signals. Boost.Asio does it, and its headers stay in
// event_loop.cc: everything else in this room sees plain callbacks.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "daemon/io/owned_fd.h"
#include "net/time.h"

namespace boost::asio {
class io_context;
}

namespace sixgate::daemon {

class EventLoop {
 public:
  using Callback = std::function<void()>;

  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  boost::asio::io_context& context();
  void run();   // until stop()
  void stop();  // callbacks that are due already still come
  // One round of what is ready, waiting for it at most `patience`: for tests.
  void run_for(Duration patience);

  // `callback` for each of `signals`, from now on.
  void on_signals(std::span<const int> signals, std::function<void(int)> callback);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  friend class Watch;
};

// Tells when a descriptor can be read or written. The descriptor stays its owner's and must outlive the
// Watch. After destruction no callback comes; a callback may destroy its own Watch.
class Watch {
 public:
  Watch() = default;
  Watch(EventLoop& loop, int fd);
  ~Watch();
  Watch(Watch&&) noexcept;
  Watch& operator=(Watch&&) noexcept;

  // Again and again, as long as there is something to read, an error or the end.
  void on_readable(EventLoop::Callback callback);
  // Once.
  void once_writable(EventLoop::Callback callback);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Calls back at an Instant. The clock counts suspended time (CLOCK_BOOTTIME): a lease that ended while the
// machine slept is noticed when it wakes.
class Timer {
 public:
  Timer(EventLoop& loop, EventLoop::Callback callback);
  void at(Instant when);  // replaces what was set; Instant::never() cancels
  void cancel() { at(Instant::never()); }

 private:
  EventLoop::Callback callback_;
  OwnedFd fd_;
  Instant when_ = Instant::never();
  Watch watch_;
};

}  // namespace sixgate::daemon
