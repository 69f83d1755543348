// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/event_loop.h"

#include <sys/timerfd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdlib>
#include <utility>

#include "daemon/io/clock.h"

namespace sixgate::daemon {
namespace asio = boost::asio;
using boost::system::error_code;

struct EventLoop::Impl {
  asio::io_context io{1};
  // Keeps run() waiting also when nothing is watched at the moment.
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(io);
  asio::signal_set signals{io};
  std::function<void(int)> on_signal;

  void wait_for_signal() {
    signals.async_wait([this](const error_code& error, int number) {
      if (error) return;
      on_signal(number);
      wait_for_signal();
    });
  }
};

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::~EventLoop() = default;

boost::asio::io_context& EventLoop::context() { return impl_->io; }
void EventLoop::run() { impl_->io.run(); }
void EventLoop::stop() { impl_->io.stop(); }

void EventLoop::run_for(Duration patience) {
  impl_->io.restart();
  impl_->io.run_one_for(patience);
}

void EventLoop::on_signals(std::span<const int> signals, std::function<void(int)> callback) {
  error_code error;
  for (const int number : signals) {
    impl_->signals.add(number, error);
    if (error) std::abort();  // only for a number that is no signal
  }
  impl_->on_signal = std::move(callback);
  impl_->wait_for_signal();
}

// Shared with the callbacks that are under way, which find `alive` false after the Watch has gone.
struct Watch::State : std::enable_shared_from_this<Watch::State> {
  explicit State(asio::io_context& io) : descriptor(io) {}
  asio::posix::stream_descriptor descriptor;
  EventLoop::Callback readable;
  bool alive = true;

  void wait_readable() {
    descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                          [self = shared_from_this()](const error_code& error) {
                            if (!self->alive || error) return;
                            self->readable();
                            if (self->alive) self->wait_readable();
                          });
  }
};

Watch::Watch(EventLoop& loop, int fd) : state_(std::make_shared<State>(loop.context())) {
  error_code error;
  state_->descriptor.assign(fd, error);
  if (error) std::abort();  // out of kernel memory, or not a descriptor that can be waited for
}

Watch::Watch(Watch&&) noexcept = default;

Watch& Watch::operator=(Watch&& other) noexcept {
  if (this != &other) {
    Watch old(std::move(*this));
    state_ = std::move(other.state_);
  }
  return *this;
}

Watch::~Watch() {
  if (!state_) return;
  state_->alive = false;
  state_->descriptor.release();
}

void Watch::on_readable(EventLoop::Callback callback) {
  state_->readable = std::move(callback);
  state_->wait_readable();
}

void Watch::once_writable(EventLoop::Callback callback) {
  state_->descriptor.async_wait(
      asio::posix::stream_descriptor::wait_write,
      [self = state_->shared_from_this(), callback = std::move(callback)](const error_code& error) {
        if (self->alive && !error) callback();
      });
}

Timer::Timer(EventLoop& loop, EventLoop::Callback callback)
    : callback_(std::move(callback)),
      fd_(::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC)) {
  if (!fd_) std::abort();
  watch_ = Watch(loop, fd_.get());
  watch_.on_readable([this] {
    std::uint64_t expirations = 0;
    // Set anew between its expiry and this callback: nothing to read, and not due.
    if (::read(fd_.get(), &expirations, sizeof expirations) != sizeof expirations) return;
    when_ = Instant::never();
    callback_();
  });
}

void Timer::at(Instant when) {
  if (when == when_) return;
  when_ = when;
  itimerspec spec{};  // all zero disarms
  if (!when.is_never()) {
    const std::int64_t micros = std::max<std::int64_t>(when.micros(), 1);
    spec.it_value.tv_sec = static_cast<time_t>(micros / 1000000);
    spec.it_value.tv_nsec = static_cast<long>(micros % 1000000 * 1000);
  }
  if (::timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &spec, nullptr) != 0) std::abort();
}

}  // namespace sixgate::daemon
