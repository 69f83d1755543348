// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/control_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <optional>

#include "daemon/io/clock.h"
#include "daemon/io/state_directory.h"
#include "daemon/json.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

std::optional<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return {};
  ::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

bool somebody_answers(const sockaddr_un& address) {
  const OwnedFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return false;
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
         errno == EAGAIN;
}

}  // namespace

class ControlSocket::Client {
 public:
  Client(ControlSocket& owner, OwnedFd fd)
      : owner_(owner),
        fd_(std::move(fd)),
        until_(clock_now() + kPatience),
        watch_(owner.loop_, fd_.get()) {
    watch_.on_readable([this] { read(); });
  }
  bool done() const { return done_; }
  bool listens() const { return static_cast<bool>(stream_); }
  void wake() {
    if (listens() && !done_ && !blocked_) write();
  }
  Instant until() const { return until_; }

 private:
  void read() {
    char buffer[kLongestRequest];
    const ssize_t got = ::recv(fd_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0 || answered_) return finish();  // gone; or it goes on talking, which nobody hears
    request_.append(buffer, static_cast<std::size_t>(got));
    const std::size_t end = request_.find('\n');
    if (end == std::string::npos) {
      if (request_.size() >= kLongestRequest) reply(error_answer("the request is too long"));
      return;
    }
    const std::string_view line = std::string_view(request_).substr(0, end);
    if (line.starts_with(kControlGreeting)) {
      const std::string_view command = line.substr(kControlGreeting.size());
      if (owner_.open_stream_) stream_ = owner_.open_stream_(command);
      if (!stream_) {
        answered_ = true;
        return owner_.answer_(command, [this, alive = std::weak_ptr<bool>(alive_)](auto text) {
          if (!alive.expired() && !done_) reply(std::move(text));
        });
      }
      if (owner_.listeners() > kMostListeners) {
        stream_ = {};
        return reply(error_answer("too many are listening"));
      }
      answered_ = true;
      write();
    } else {
      reply(error_answer("this sixgated speaks version 1 of the protocol: sixgate 1 COMMAND"));
    }
  }

  void reply(std::string text) {
    answered_ = true;
    reply_ = std::move(text);
    reply_ += '\n';
    until_ = clock_now() + kPatience;
    write();
  }

  // The next line of a stream.
  bool refill() {
    if (!listens()) return false;
    auto line = stream_();
    if (!line) return false;
    reply_ = std::move(*line);
    reply_ += '\n';
    written_ = 0;
    return true;
  }

  void write() {
    blocked_ = false;
    while (written_ < reply_.size() || refill()) {
      const ssize_t wrote = ::send(fd_.get(), reply_.data() + written_, reply_.size() - written_,
                                   MSG_NOSIGNAL | MSG_DONTWAIT);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0 && errno == EAGAIN) {
        blocked_ = true;
        if (listens()) until_ = clock_now() + kListenerPatience;
        owner_.be_impatient_by(until_);
        watch_.once_writable([this] { write(); });
        return;
      }
      if (wrote < 0) return finish();
      written_ += static_cast<std::size_t>(wrote);
      until_ = clock_now() + kPatience;
    }
    if (listens()) {
      until_ = Instant::never();
      return;
    }
    ::shutdown(fd_.get(), SHUT_RDWR);
    finish();
  }

  // Our callbacks are on the stack: the owner takes us away in a turn of its own.
  void finish() {
    done_ = true;
    watch_ = Watch();
    owner_.be_impatient_by(clock_now());
  }

  ControlSocket& owner_;
  OwnedFd fd_;
  Instant until_;
  std::string request_;
  std::string reply_;
  std::size_t written_ = 0;
  Stream stream_;
  bool answered_ = false;
  bool blocked_ = false;  // waits until it can be written to
  bool done_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Watch watch_;
};

ControlSocket::ControlSocket(EventLoop& loop, OwnedFd listener, Answer answer,
                             OpenStream open_stream)
    : loop_(loop),
      answer_(std::move(answer)),
      open_stream_(std::move(open_stream)),
      listener_(std::move(listener)),
      impatience_(loop, [this] { sweep(); }),
      watch_(loop, listener_.get()) {
  watch_.on_readable([this] { accept(); });
}

ControlSocket::~ControlSocket() = default;

void ControlSocket::accept() {
  OwnedFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd) return;
  // Too many: the one that has waited longest makes room, but for those that are to wait.
  if (clients_.size() >= kMostClients) {
    clients_.erase(std::find_if(clients_.begin(), clients_.end(),
                                [](const auto& client) { return !client->listens(); }));
  }
  clients_.push_back(std::make_unique<Client>(*this, std::move(fd)));
  sweep();
}

void ControlSocket::wake() {
  for (const auto& client : clients_) client->wake();
}

std::size_t ControlSocket::listeners() const {
  return static_cast<std::size_t>(
      std::count_if(clients_.begin(), clients_.end(),
                    [](const auto& client) { return client->listens() && !client->done(); }));
}

void ControlSocket::sweep() {
  const Instant now = clock_now();
  std::erase_if(clients_,
                [&](const auto& client) { return client->done() || client->until() <= now; });
  Instant next = Instant::never();
  for (const auto& client : clients_) next = std::min(next, client->until());
  impatient_at_ = next;
  impatience_.at(next);
}

void ControlSocket::be_impatient_by(Instant when) {
  if (when >= impatient_at_) return;
  impatient_at_ = when;
  impatience_.at(when);
}

Expected<OwnedFd> listen_at(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return fail(cat("control socket ", path, ": the path is empty or too long"));
  const std::size_t slash = path.rfind('/');
  if (slash != std::string::npos && slash > 0) {
    if (const auto made = make_directories(path.substr(0, slash), 0755); !made) {
      return fail(cat("control socket: ", made.error().message));
    }
  }
  OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail(cat("control socket: ", error_text(errno)));
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) {
      return fail(cat("control socket ", path, ": there is something else by that name"));
    }
    if (somebody_answers(*address)) {
      return fail(cat("control socket ", path, ": another sixgated answers there"));
    }
    ::unlink(path.c_str());
  }
  // Never, not even for a moment, open to everybody.
  const mode_t before = ::umask(0117);
  const bool bound =
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0;
  const int code = errno;
  ::umask(before);
  if (!bound) return fail(cat("control socket ", path, ": ", error_text(code)));
  if (::listen(fd.get(), 64) != 0) {
    return fail(cat("control socket ", path, ": ", error_text(errno)));
  }
  return fd;
}

std::string error_answer(std::string_view text) {
  JsonWriter json;
  json.begin_object().member("schema", 1).member("error", text).end_object();
  return json.take();
}

}  // namespace sixgate::daemon
