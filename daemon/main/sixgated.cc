// SPDX-License-Identifier: Apache-2.0
// sixgated: from the command line to a running Daemon, in the order that privileges allow.
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

#include "conf/command_line.h"
#include "daemon/io/config_file.h"
#include "daemon/io/control_socket.h"
#include "daemon/io/daemon.h"
#include "daemon/io/event_loop.h"
#include "daemon/io/privileges.h"
#include "daemon/io/standard_descriptors.h"
#include "daemon/io/state_copies.h"
#include "daemon/io/state_directory.h"
#include "daemon/io/stderr_log.h"
#include "daemon/io/supervisor.h"
#include "daemon/version.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

enum ExitCode : int { kOk = 0, kFailure = 1, kUsage = 2, kNoPermission = 4 };

void print(int fd, const std::string& text) {
  // To a terminal or a pipe that may be gone; there is nobody else to tell.
  [[maybe_unused]] const ssize_t wrote = ::write(fd, text.data(), text.size());
}

void unset_for_children() {
  // They are for us: a child that inherited them could speak in our name (sd_notify(3)).
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
}

// glibc keeps for itself what was once needed for a moment, such as to write 10,000 leases anew: the larger the pieces
// that come and go, the more. With a fixed limit they go back to the system each time. Other C libraries do that anyway.
void give_memory_back() {
#ifdef __GLIBC__
  constexpr int kLarge = 128 << 10;
  (void)::mallopt(M_MMAP_THRESHOLD, kLarge);
#endif
}

// Everything that needs root for a moment; then the user that stays.
Expected<Done> give_up_root(const conf::Config& config,
                            std::span<StateDirectory* const> directories, bool has_control,
                            StderrLog& log) {
  if (config.user.empty()) return Done{};
  if (::geteuid() != 0) {
    log.say(LogLevel::kInfo,
            cat("not started by root: staying who we are instead of becoming ", config.user));
    return Done{};
  }
  const auto account = find_account(config.user);
  if (!account) return Unexpected<Error>(account.error());
  for (StateDirectory* directory : directories) {
    if (const auto given = directory->give_to(account->uid, account->gid); !given) {
      log.say(LogLevel::kWarning, given.error().message);
    }
  }
  if (has_control && ::chown(config.socket.c_str(), account->uid, account->gid) != 0) {
    log.say(LogLevel::kWarning, cat("cannot change the owner of ", config.socket));
  }
  return become(*account);
}

int run(int argc, char** argv) {
  if (!keep_standard_descriptors()) return kFailure;
  give_memory_back();
  const auto parsed = conf::parse_command_line(
      std::span<const char* const>(argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)));
  if (!parsed) {
    print(STDERR_FILENO, cat("sixgated: ", parsed.error().message, "\nTry: sixgated --help\n"));
    return kUsage;
  }
  if (parsed->help) {
    print(STDOUT_FILENO, conf::usage());
    return kOk;
  }
  if (parsed->version) {
    print(STDOUT_FILENO, cat("sixgated ", kVersion, '\n'));
    return kOk;
  }
  conf::ReadResult read = load_config(*parsed);
  StderrLog log(LogLevel::kInfo);
  for (const conf::Diagnostic& warning : read.warnings) {
    log.say(LogLevel::kWarning, warning.to_string());
  }
  for (const conf::Diagnostic& error : read.errors) log.say(LogLevel::kError, error.to_string());
  if (!read.config) return kFailure;
  const conf::Config& config = *read.config;
  log.set_level(config.log_level);

  if (const std::string missing = missing_capabilities(); !missing.empty()) {
    log.say(LogLevel::kError, cat("sixgated needs to be root, or ", missing));
    return kNoPermission;
  }

  Supervisor supervisor(::getenv("NOTIFY_SOCKET"), ::getenv("WATCHDOG_USEC"),
                        ::getenv("WATCHDOG_PID"));
  unset_for_children();
  ::signal(SIGPIPE, SIG_IGN);

  StateDirectory state(config.state_dir);
  StateDirectory memory(memory_directory(config.socket));
  const std::array<StateDirectory*, 2> directories{&state, &memory};
  for (StateDirectory* directory : directories) {
    const auto prepared = directory->prepare();
    if (prepared) continue;
    const bool taken = prepared.error().code == EWOULDBLOCK;
    log.say(taken ? LogLevel::kError : LogLevel::kWarning, prepared.error().message);
    if (taken) return kFailure;
  }
  OwnedFd control;
  if (auto listening = listen_at(config.socket)) {
    control = std::move(*listening);
  } else {
    log.say(LogLevel::kWarning, listening.error().message);
  }
  const bool has_control = static_cast<bool>(control);
  if (const auto given_up = give_up_root(config, directories, has_control, log); !given_up) {
    log.say(LogLevel::kError, given_up.error().message);
    return kFailure;
  }

  log.say(LogLevel::kInfo, cat("sixgated ", kVersion, " starts"));
  EventLoop loop;
  Daemon daemon(loop, log, supervisor,
                {*parsed, config, std::move(state), std::move(memory), std::move(control)});
  if (const auto started = daemon.start(); !started) {
    log.say(LogLevel::kError, started.error().message);
    return kFailure;
  }
  loop.run();
  log.say(LogLevel::kInfo, "sixgated ends");
  if (has_control) ::unlink(config.socket.c_str());
  return kOk;
}

}  // namespace
}  // namespace sixgate::daemon

int main(int argc, char** argv) { return sixgate::daemon::run(argc, argv); }
