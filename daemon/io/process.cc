// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include "daemon/io/clock.h"
#include "daemon/io/owned_fd.h"
#include "net/text.h"

namespace sixgate::daemon {

namespace {

constexpr std::array<std::string_view, 6> kDirectories{
    "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/", "/usr/local/sbin/", "/usr/local/bin/"};
constexpr const char* kPath = "PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin";

// Empty: there is none that can be run.
std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return ::access(name.c_str(), X_OK) == 0 ? name : "";
  for (const std::string_view directory : kDirectories) {
    std::string path = cat(directory, name);
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return "";
}

// A file without a name that holds the input: the child reads it at its own pace, and a child that does
// not read cannot block us or raise SIGPIPE.
Expected<OwnedFd> input_file(const std::string& text) {
  if (text.empty()) {
    OwnedFd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!nothing) return fail(cat("/dev/null: ", error_text(errno)));
    return nothing;
  }
  OwnedFd fd(static_cast<int>(::syscall(SYS_memfd_create, "input", MFD_CLOEXEC)));
  if (!fd) return fail(cat("memfd_create: ", error_text(errno)));
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = ::write(fd.get(), text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return fail(cat("input: ", error_text(errno)));
    written += static_cast<std::size_t>(count);
  }
  if (::lseek(fd.get(), 0, SEEK_SET) != 0) return fail(cat("input: ", error_text(errno)));
  return fd;
}

// One child, from its start to its end. Destroying it kills the child.
class Child {
 public:
  Child(EventLoop& loop, ProcessRunner::Callback callback, std::function<void(Child*)> ended)
      : callback_(std::move(callback)),
        ended_(std::move(ended)),
        limit_(loop, [this] { too_slow(); }) {}
  ~Child() { end_it(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void start(EventLoop& loop, const Command& command) {
    most_output_ = command.most_output;
    name_ = command.arguments.empty() ? "" : command.arguments.front();
    if (const Expected<Done> done = spawn(command); !done) {
      result_ = Unexpected<Error>(done.error());
      limit_.at(clock_now());  // the callback comes from the loop, never from within run()
      return;
    }
    pidfd_ = OwnedFd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    if (pidfd_) {
      exit_watch_ = Watch(loop, pidfd_.get());
      exit_watch_.on_readable([this] { exited(); });
    }
    output_watch_ = Watch(loop, output_.get());
    output_watch_.on_readable([this] { read_output(); });
    limit_.at(clock_now() + command.time_limit);
  }

 private:
  Expected<Done> spawn(const Command& command) {
    const std::string path = find_program(name_);
    if (path.empty()) {
      const bool there = name_.find('/') != std::string::npos && ::access(name_.c_str(), F_OK) == 0;
      return fail(cat(name_, there ? ": is not executable" : ": no such program"));
    }
    Expected<OwnedFd> input = input_file(command.input);
    if (!input) return Unexpected<Error>(input.error());
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(cat("pipe: ", error_text(errno)));
    output_ = OwnedFd(ends[0]);
    const OwnedFd writing(ends[1]);
    if (::fcntl(output_.get(), F_SETFL, O_NONBLOCK) != 0) {  // our end only
      return fail(cat("pipe: ", error_text(errno)));
    }

    std::vector<std::string> environment{kPath, "LC_ALL=C"};
    environment.insert(environment.end(), command.environment.begin(), command.environment.end());
    std::vector<std::string> arguments = command.arguments;
    const auto pointers = [](std::vector<std::string>& strings) {
      std::vector<char*> out;
      for (std::string& one : strings) out.push_back(one.data());
      out.push_back(nullptr);
      return out;
    };
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input->get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, writing.get(), STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    const int problem = ::posix_spawn(&pid_, path.c_str(), &actions, &attributes,
                                      pointers(arguments).data(), pointers(environment).data());
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (problem != 0) {
      pid_ = -1;
      return fail(cat(path, ": ", error_text(problem)));
    }
    return Done{};
  }

  // With its whole group. Its number is not another's before we have waited for it.
  void end_it() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
  }

  void read_output() {
    std::array<char, 1024> buffer{};
    for (;;) {
      const ssize_t count = ::read(output_.get(), buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) return;
      if (count <= 0) {
        output_watch_ = Watch();
        if (!pidfd_)
          exited();  // without pidfd_open (Linux before 5.3): the end of output is the end
        return;
      }
      const std::size_t room = most_output_ - std::min(most_output_, result_text_.size());
      result_text_.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
    }
  }

  void exited() {
    if (pid_ <= 0) return;
    int status = 0;
    pid_t waited = 0;
    while ((waited = ::waitpid(pid_, &status, pidfd_ ? WNOHANG : 0)) < 0 && errno == EINTR) {
    }
    if (waited == 0) return;
    pid_ = -1;
    read_output();  // what came since the loop last looked
    if (waited < 0) {
      // Somebody else took its status: nothing says that it did its work.
      result_ = Unexpected<Error>(Error{cat(name_, ": ended, nobody knows how")});
    }
    if (!result_) {
      const int code = WIFEXITED(status)     ? WEXITSTATUS(status)
                       : WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                                             : 128;
      result_ = Expected<ProcessResult>(ProcessResult{code, std::move(result_text_)});
    }
    finish();
  }

  void too_slow() {
    if (pid_ > 0) {
      result_ = Unexpected<Error>(Error{cat(name_, ": did not end in time")});
      end_it();
    }
    finish();
  }

  void finish() {
    // What the callback does may be the end of the runner, and so of this.
    const ProcessRunner::Callback callback = std::move(callback_);
    const Expected<ProcessResult> result = std::move(*result_);
    ended_(this);
    callback(result);
  }

  ProcessRunner::Callback callback_;
  std::function<void(Child*)> ended_;
  std::string name_;
  pid_t pid_ = -1;
  OwnedFd pidfd_;
  OwnedFd output_;
  std::size_t most_output_ = 0;
  std::string result_text_;
  std::optional<Expected<ProcessResult>> result_;
  Watch exit_watch_;
  Watch output_watch_;
  Timer limit_;
};

class SpawningRunner final : public ProcessRunner {
 public:
  // Whoever started us may have left SIGCHLD ignored, which execve(2) keeps: then the kernel throws away how
  // children ended (wait(2)), and a rule set that was refused would look like one that was taken.
  explicit SpawningRunner(EventLoop& loop) : loop_(loop) { ::signal(SIGCHLD, SIG_DFL); }

  void run(Command command, Callback callback) override {
    children_.push_back(std::make_unique<Child>(loop_, std::move(callback), [this](Child* child) {
      std::erase_if(children_, [&](const auto& one) { return one.get() == child; });
    }));
    children_.back()->start(loop_, command);
  }

  bool available(const std::string& program) const override {
    return !find_program(program).empty();
  }

 private:
  EventLoop& loop_;
  std::vector<std::unique_ptr<Child>> children_;
};

}  // namespace

std::unique_ptr<ProcessRunner> make_process_runner(EventLoop& loop) {
  return std::make_unique<SpawningRunner>(loop);
}

}  // namespace sixgate::daemon
